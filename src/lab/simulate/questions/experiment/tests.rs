//! Hillstrom's trial beside numbers of scipy, worlds with a known lift, and tests that must not be read.

use super::*;
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::data::import::{ImportOptions, import};
use crate::random::Random;
use crate::simulate::tests::shared;

fn columns(arm: &str, control: &str, outcomes: &[&str]) -> Columns {
    Columns {
        arm: arm.into(),
        control: control.into(),
        outcomes: outcomes.iter().map(|o| (*o).into()).collect(),
        ..Columns::default()
    }
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{what}: {found}, expected {expected}");
}

/// Expected values: numpy 2 (means, ddof 1, the formula of the lift, the pooled slope of CUPED) and scipy 1.17 (`chisquare`,
/// `ttest_ind(equal_var=False)`, `norm.sf` of the pooled z) on the same file.
#[test]
fn hillstrom_reads_as_by_hand() {
    let Some(file) = shared("data/hillstrom/hillstrom.csv") else { return };
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let read_columns =
        Columns { before: Some("history".into()), ..columns("segment", "No E-Mail", &["visit", "spend"]) };
    let table = Read::new(&dataset, &read_columns).unwrap();
    let found = read(table.test(None), Ask::default(), &Task::default()).unwrap();
    assert_eq!(found.arms.iter().map(|a| a.n).collect::<Vec<_>>(), [21_306, 21_307, 21_387]);
    close(found.sample_ratio.chi_square, 0.202_531_25, "χ²");
    close(found.sample_ratio.p_value, 0.903_692_957_560_419_6, "p of the sample ratio");
    assert!(found.refusal.is_none() && !found.before.as_ref().unwrap().suspicious);
    let [visit, spend] = &found.outcomes[..] else { panic!("two outcomes") };
    assert!(visit.is_share && !spend.is_share);
    for (outcome, arm, t, c, difference, se, lift, lift_se, p, theta, adjusted, adjusted_se) in [
        (
            visit,
            0,
            0.182_756_840_474_961_27,
            0.106_167_276_823_430_02,
            0.076_589_563_651_531_25,
            0.003_385_887_811_728_365_7,
            0.721_404_616_781_399,
            0.042_342_785_901_392_55,
            5.685_165_482_802_317e-112,
            8.961_680_054_280_959e-5,
            0.076_414_517_156_039_24,
            0.003_378_361_411_986_105_3,
        ),
        (
            visit,
            1,
            0.151_400_383_410_483,
            0.106_167_276_823_430_02,
            0.045_233_106_587_052_985,
            0.003_234_462_099_090_750_4,
            0.426_055_070_266_910_14,
            0.036_559_823_425_209_206,
            3.182_403_159_334_921_4e-44,
            8.961_680_054_280_959e-5,
            0.045_084_882_171_063_59,
            0.003_228_019_018_326_592,
        ),
        (
            spend,
            0,
            1.422_616_511_005_773,
            0.652_789_355_111_236_1,
            0.769_827_155_894_536_8,
            0.145_246_560_248_686_76,
            1.179_288_770_362_006_3,
            0.323_976_897_418_467_25,
            1.163_814_968_225_482e-7,
            0.001_271_596_027_647_336_5,
            0.767_343_375_766_558_4,
            0.145_215_104_504_131_97,
        ),
        (
            spend,
            1,
            1.077_201_571_047_832_9,
            0.652_789_355_111_236_1,
            0.424_412_215_936_596_7,
            0.130_332_858_529_191_16,
            0.650_151_863_864_686_2,
            0.255_629_323_046_550_2,
            0.001_129_397_102_363_249_5,
            0.001_271_596_027_647_336_5,
            0.422_309_021_251_774_16,
            0.130_309_566_116_110_94,
        ),
    ] {
        let (effect, name) = (&outcome.effects[arm], format!("{} {arm}", outcome.outcome));
        close(outcome.means[arm + 1].value, t, &name);
        close(outcome.means[0].value, c, &name);
        close(effect.difference.value, difference, &name);
        close(effect.se, se, &name);
        close(effect.lift.unwrap().value, lift, &name);
        close(effect.lift_se.unwrap(), lift_se, &name);
        assert!((effect.p.ln() - f64::ln(p)).abs() < 1e-6, "{name}: p {}, expected {p}", effect.p);
        assert!(effect.adjusted_p <= 2.0 * effect.p + 1e-300 && effect.adjusted_p >= effect.p);
        let cuped = effect.cuped.unwrap();
        close(cuped.theta, theta, &name);
        close(cuped.difference.value, adjusted, &name);
        close(cuped.se, adjusted_se, &name);
    }
}

/// A test of `n` subjects: arms of the shares, outcome with the lift, before correlated with the outcome.
fn drawn(random: &mut Random, n: usize, shares: &[f64], means: &[f64], amount: bool) -> (Vec<u32>, Vec<f64>, Vec<f64>) {
    let (mut arm, mut outcome, mut before) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let own = random.pick(shares);
        let x = random.normal();
        arm.push(own as u32);
        before.push(x);
        outcome.push(if amount {
            means[own] + 2.0 * x + random.normal()
        } else {
            f64::from(u8::from(random.chance(means[own])))
        });
    }
    (arm, outcome, before)
}

fn names(k: usize) -> Vec<String> {
    (0..k).map(|i| format!("arm {i}")).collect()
}

#[test]
fn intervals_hold_the_true_lift() {
    let mut random = Random::new(3);
    let worlds = 400;
    for (n, means, amount) in
        [(2_000, [0.2, 0.25], false), (60, [0.1, 0.2], false), (80, [10.0, 11.0], true), (1_000, [10.0, 11.0], true)]
    {
        let (mut plain, mut lifts, mut narrow) = (0, 0, 0);
        for world in 0..worlds {
            let (arm, outcome, before) = drawn(&mut random, n, &[0.5, 0.5], &means, amount);
            if arm.iter().filter(|a| **a == 0).count() < 2 {
                continue;
            }
            let arms = names(2);
            let outcomes = [("y".to_owned(), outcome)];
            let test = Test { arms: &arms, arm: &arm, outcomes: &outcomes, before: Some(("x", &before)), design: None };
            let found = read(test, Ask { replicates: 400, seed: world, even_so: true }, &Task::default()).unwrap();
            let effect = &found.outcomes[0].effects[0];
            let holds = |figure: &Figure, truth: f64| u32::from(figure.low <= truth && truth <= figure.high);
            plain += holds(&effect.difference, means[1] - means[0]);
            lifts += effect.lift.map_or(1, |lift| holds(&lift, means[1] / means[0] - 1.0));
            let cuped = effect.cuped.unwrap();
            narrow += holds(&cuped.difference, means[1] - means[0]);
            if amount && n >= 1_000 {
                // The outcome has variance 5, of which 4 are known before.
                assert!((cuped.variance_kept - 0.2).abs() < 0.06, "{}", cuped.variance_kept);
            }
        }
        for (what, hits) in [("difference", plain), ("lift", lifts), ("CUPED", narrow)] {
            let covered = f64::from(hits) / worlds as f64;
            assert!((0.915..=0.985).contains(&covered), "n = {n}, {what}: {covered}");
        }
    }
}

/// With five arms and no effect at all, some arm is called better or worse in at most 5 % of the tests.
#[test]
fn several_arms_are_not_called_different_by_chance() {
    let mut random = Random::new(5);
    let worlds = 800;
    let arms = names(6);
    let wrong = (0..worlds)
        .filter(|_| {
            let (arm, outcome, _) = drawn(&mut random, 600, &[1.0; 6], &[0.3; 6], false);
            let outcomes = [("y".to_owned(), outcome)];
            let test = Test { arms: &arms, arm: &arm, outcomes: &outcomes, before: None, design: None };
            let found = read(test, Ask { even_so: true, ..Ask::default() }, &Task::default()).unwrap();
            found.outcomes[0].effects.iter().any(|e| e.adjusted_p <= 0.05)
        })
        .count() as f64
        / f64::from(worlds);
    assert!((0.02..=0.065).contains(&wrong), "{wrong}");
}

#[test]
fn a_test_off_its_design_is_not_read() {
    let mut random = Random::new(9);
    let arms = names(2);
    let (arm, outcome, _) = drawn(&mut random, 20_000, &[0.53, 0.47], &[0.2, 0.3], false);
    let outcomes = [("y".to_owned(), outcome)];
    let test = Test { arms: &arms, arm: &arm, outcomes: &outcomes, before: None, design: None };
    let refused = read(test, Ask::default(), &Task::default()).unwrap();
    assert!(refused.refusal.as_ref().is_some_and(|r| r.reasons[0].contains("sizes of the design")));
    assert!(refused.outcomes.is_empty());
    let even_so = read(test, Ask { even_so: true, ..Ask::default() }, &Task::default()).unwrap();
    assert!(even_so.refusal.is_some() && even_so.outcomes.len() == 1);
    let design = [0.53, 0.47];
    assert!(read(Test { design: Some(&design), ..test }, Ask::default(), &Task::default()).unwrap().refusal.is_none());
}

fn text(cells: &[&str]) -> Cells {
    Cells::from_texts(cells.iter().map(|c| (!c.is_empty()).then_some(*c)))
}

#[test]
fn tables_are_read_and_their_mistakes_named() {
    let dataset = Dataset::from_columns(
        "test",
        vec![
            ("arm".into(), text(&["b", "a", "a", "c", "b", "c", "", "a"])),
            ("y".into(), Cells::Number(vec![1.0, 0.0, 2.0, 1.0, f64::NAN, 3.0, 1.0, 5.0])),
            ("z".into(), Cells::Integer(vec![1, 0, 1, 1, 0, 1, 0, 0])),
            ("who".into(), text(&["1", "2", "2", "3", "1", "4", "5", "3"])),
        ],
    )
    .unwrap();
    let read = Read::new(&dataset, &columns("arm", "a", &["z"])).unwrap();
    assert_eq!((read.arms(), read.left_out), (&["a".to_owned(), "b".into(), "c".into()][..], 1));
    assert_eq!(read.test(None).arm, [1, 0, 0, 2, 1, 2, 0]);
    // Subject 3 is in two arms; subject 2 has two rows of one arm.
    let by_subject = Columns { subject: Some("who".into()), ..columns("arm", "a", &["z"]) };
    let read = Read::new(&dataset, &by_subject).unwrap();
    assert_eq!((read.in_several_arms, read.test(None).arm), (1, &[1, 0, 2][..]));
    assert_eq!(read.test(None).outcomes[0].1, [1.0, 1.0, 1.0]);
    for (columns, word) in [
        (columns("arm", "d", &["z"]), "never holds `d`"),
        (columns("arm", "a", &["y"]), "row 5"),
        (columns("arms", "a", &["z"]), "did you mean `arm`"),
        (Columns { treated: vec!["b".into(), "b".into()], ..columns("arm", "a", &["z"]) }, "named twice"),
    ] {
        let found = Read::new(&dataset, &columns).unwrap_err().to_string();
        assert!(found.contains(word), "{found}");
    }
    // Only the arms that were asked for must be complete.
    let only = Columns { treated: vec!["c".into()], ..columns("arm", "a", &["y"]) };
    assert_eq!(Read::new(&dataset, &only).unwrap().left_out, 3);
}
