//! ROC points, deciles and reliability bins against small tables.

use super::*;

#[test]
fn tenths_lift_and_gain_by_hand() {
    // Twenty rows, scores 0.95 down to 0; outcomes in rows 1, 2, 3 and 11.
    let p: Vec<f64> = (0..20).map(|i| f64::from(19 - i) / 20.0).collect();
    let y: Vec<f64> = (0..20).map(|i| f64::from(u8::from(matches!(i, 0 | 1 | 2 | 10)))).collect();
    let parts = deciles(&p, &y);
    let rates: Vec<f64> = parts.iter().map(|part| part.rate).collect();
    assert_eq!(rates, [1.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!((parts[0].lift, parts[1].lift), (5.0, 2.5));
    assert_eq!((parts[0].gain, parts[1].gain, parts[4].gain, parts[9].gain), (0.5, 0.75, 0.75, 1.0));
    assert!((parts[0].predicted - 0.925).abs() < 1e-12);
}

#[test]
fn tied_rows_are_shared_between_tenths() {
    let parts = deciles(&[0.5; 25], &std::array::from_fn::<f64, 25, _>(|i| if i < 5 { 1.0 } else { 0.0 }));
    for part in &parts {
        assert!((part.rows - 2.5).abs() < 1e-12 && (part.rate - 0.2).abs() < 1e-12 && (part.lift - 1.0).abs() < 1e-12);
    }
}

#[test]
fn roc_runs_from_corner_to_corner_in_few_points() {
    assert_eq!(roc(&[0.1, 0.9], &[false, true]), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]);
    let p: Vec<f64> = (0..5000).map(|i| f64::from(i) / 5000.0).collect();
    let y: Vec<bool> = (0..5000).map(|i| i % 7 == 0).collect();
    let curve = roc(&p, &y);
    assert_eq!(curve.len(), ROC_POINTS);
    assert_eq!((curve[0], curve[ROC_POINTS - 1]), ((0.0, 0.0), (1.0, 1.0)));
    assert!(curve.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1));
}

#[test]
fn reliability_bins_hold_every_row_and_wilsons_interval() {
    let p: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
    let y: Vec<bool> = (0..100).map(|i| i % 10 < i / 10).collect();
    let bins = evaluate(&p, &y).reliability;
    assert_eq!(bins.len(), 10);
    assert_eq!(bins.iter().map(|b| b.rows).sum::<u64>(), 100);
    for (i, bin) in bins.iter().enumerate() {
        assert!((bin.observed.value - i as f64 / 10.0).abs() < 1e-12);
        assert!((bin.predicted - (i as f64 / 10.0 + 0.045)).abs() < 1e-12);
    }
    // Wilson, 5 of 10: 0.2366 to 0.7634.
    assert!((bins[5].observed.low - 0.236_59).abs() < 1e-4 && (bins[5].observed.high - 0.763_41).abs() < 1e-4);
    assert_eq!(evaluate(&[0.5; 30], &[true; 30]).reliability.len(), 1);
    assert!(evaluate(&[], &[]).reliability.is_empty() && deciles(&[], &[]).is_empty());
}

#[test]
fn amounts_have_tenths_and_reliability_in_their_own_units() {
    let p: Vec<f64> = (0..100).map(f64::from).collect();
    let y: Vec<f64> = (0..100).map(|i| f64::from(2 * (i / 10))).collect();
    let evaluation = evaluate_amounts(&p, &y);
    assert_eq!((evaluation.rows, evaluation.positives), (100, 90));
    assert_eq!((evaluation.deciles[0].rate, evaluation.deciles[0].lift), (18.0, 2.0));
    assert!((evaluation.deciles[0].gain - 0.2).abs() < 1e-12 && evaluation.roc.is_empty());
    assert_eq!(evaluation.reliability[3].observed, Estimate { value: 6.0, low: 6.0, high: 6.0 });
}
