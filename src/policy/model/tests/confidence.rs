//! Evidence and spread: told with the score, not with what stands in for it.

use super::*;

#[test]
fn a_score_tells_its_evidence_and_its_spread() {
    let bands = Spread::Bands { edges: vec![0.2, 0.5], half_widths: vec![0.01, 0.02, 0.04] };
    let table = [
        (None, None, 0.3, None),
        (Some(Spread::Constant(0.05)), Some(120.0), 0.3, Some(0.05)),
        (Some(bands.clone()), None, 0.1, Some(0.01)),
        (Some(bands.clone()), None, 0.2, Some(0.02)),
        (Some(bands.clone()), None, 0.49, Some(0.02)),
        (Some(bands.clone()), Some(0.0), 0.5, Some(0.04)),
    ];
    for (spread, evidence, output, expected) in table {
        let m = model(vec![], Function::Constant(output), Calibration::Identity);
        let m = Model { spread, evidence, ..m };
        assert_eq!(score(&m, &[]), Scored { raw: Some(output), value: output, evidence, spread: expected });
        assert_eq!(ron::from_str::<Model>(&ron::to_string(&m).unwrap()).unwrap(), m);
    }
    // Of the calibrated score, not the raw one.
    let calibration = Calibration::Isotonic { raw: vec![0.0, 1.0], calibrated: vec![0.0, 0.5] };
    let m = Model { spread: Some(bands), ..model(vec![], Function::Constant(0.3), calibration) };
    assert_eq!(score(&m, &[]).spread, Some(0.01));
    let linear = Function::Linear { intercept: 0.0, coefficients: vec![1.0], link: Link::Identity };
    let m = Model { inputs: vec![input("x", Encode::Number)], function: linear, evidence: Some(9.0), ..m };
    assert_eq!(score(&m, &[]), stand_in(0.25));
}

#[test]
fn strange_confidence_is_refused_in_words() {
    let with = |spread, evidence| {
        let m = model(vec![], Function::Constant(0.5), Calibration::Identity);
        Model { spread, evidence, ..m }
    };
    let bands = |edges: &[f64], half_widths: &[f64]| {
        with(Some(Spread::Bands { edges: edges.into(), half_widths: half_widths.into() }), None)
    };
    let table = [
        (with(None, Some(-1.0)), "evidence"),
        (with(None, Some(f64::NAN)), "evidence"),
        (with(Some(Spread::Constant(-0.1)), None), "half-widths"),
        (with(Some(Spread::Constant(f64::INFINITY)), None), "half-widths"),
        (bands(&[0.1], &[0.1]), "1 edges and 1 half-widths"),
        (bands(&[0.1, 0.1], &[0.1; 3]), "ascend"),
        (bands(&[f64::NAN], &[0.1; 2]), "ascend"),
        (bands(&[0.5], &[0.1, f64::NAN]), "half-widths"),
    ];
    for (m, words) in table {
        refused(&m, words);
    }
}
