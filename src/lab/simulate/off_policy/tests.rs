//! Every estimator against the reference logs, its definition written out again, worlds whose truth is known, and the bootstrap
//! against resampling row by row.

use super::bootstrap::bootstrap;
use super::cressie_read::{Range, cressie_read};
use super::slate::{Assumption, Slates, slate};
use super::tuning::{Tuning, tune};
use super::*;
use crate::data::import::{ImportOptions, import};
use crate::random::Random;
use crate::simulate::tests::shared;
use crate::task::Task;

struct Log {
    weights: Vec<f64>,
    rewards: Vec<f64>,
    q: Vec<f64>,
    q_target: Vec<f64>,
}

impl Log {
    fn read(name: &str) -> Option<Log> {
        let path = shared(&format!("reference/off_policy/{name}.csv"))?;
        let dataset = import(&path, &ImportOptions::default(), &Task::default()).unwrap().dataset;
        let column = |name: &str| dataset.cells(name).unwrap().numbers().unwrap();
        Some(Log {
            weights: weights(&column("pi_e"), &column("pscore")).unwrap(),
            rewards: column("reward"),
            q: column("q_hat"),
            q_target: column("q_hat_pi_e"),
        })
    }

    fn logged(&self) -> Logged<'_> {
        let model = Some(Predictions { logged: &self.q, target: &self.q_target });
        Logged { weights: &self.weights, rewards: &self.rewards, model, clusters: None }
    }
}

#[test]
fn every_setting_of_the_reference_logs() {
    let Some(path) = shared("reference/off_policy/expected.json") else { return };
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for log in ["men_random_to_bts", "men_bts_to_random"] {
        let own = Log::read(log).unwrap();
        let found = evaluate(&own.logged(), Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
        let near = |key: &str, field: &str, value: f64| {
            let reference = expected[log][key][field].as_f64().unwrap_or_else(|| panic!("{log}: no {key}.{field}"));
            assert!((value - reference).abs() <= 1e-9, "{log} {key} {field}: {value}, expected {reference}");
        };
        let mut keys: Vec<String> = vec!["bounds_ipw".into(), "diagnostics".into()];
        for estimated in &found.estimates {
            let key = estimated.estimator.key();
            near(&key, "value", estimated.answer.value);
            near(&key, "se", estimated.answer.se);
            keys.push(key);
        }
        let bounds = found.bounds.unwrap();
        near("bounds_ipw", "bernstein", bounds.bernstein);
        near("bounds_ipw", "hoeffding", bounds.hoeffding);
        near("bounds_ipw", "student_t", bounds.student_t.unwrap());
        let d = found.diagnostics;
        for (field, value) in [
            ("n", d.n as f64),
            ("v_behaviour", d.v_behaviour),
            ("w_mean", d.w_mean),
            ("w_max", d.w_max),
            ("w_min", d.w_min),
            ("ess", d.ess),
            ("share_w_gt_10", d.share_w_gt_10),
            ("zero_pi_e", d.zero_pi_e),
        ] {
            near("diagnostics", field, value);
        }
        let missing: Vec<&String> =
            expected[log].as_object().unwrap().keys().filter(|key| !keys.contains(key)).collect();
        assert!(missing.is_empty(), "not estimated: {missing:?}");
        assert_eq!(found.refusal, None, "{log}");
    }
}

#[test]
fn a_log_without_support_is_refused_and_a_blend_offered() {
    let Some(log) = Log::read("women_bts_to_random") else { return };
    let found = evaluate(&log.logged(), Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
    assert!((found.diagnostics.ess - 2.1).abs() < 0.1, "{}", found.diagnostics.ess);
    let refusal = found.refusal.unwrap();
    assert!(refusal.reasons.iter().any(|reason| reason.contains("effective sample size is 2.1")), "{refusal:?}");
    let value = |estimator| found.estimates.iter().find(|e| e.estimator == estimator).unwrap().answer.value;
    assert!(value(Estimator::Dr) < 0.0, "doubly robust claims a negative click rate here");
    let instead = found.instead.unwrap();
    assert!(instead.effective_sample_size >= 100.0 && instead.share < 0.5, "{instead:?}");
    assert!(instead.value.low < found.diagnostics.v_behaviour && found.diagnostics.v_behaviour < instead.value.high);
}

/// `vw-estimators` 0.2.2: (log, largest possible weight, point, low, high).
const CRESSIE_READ: &[(&str, f64, f64, f64, f64)] = &[
    ("men_random_to_bts", f64::INFINITY, 0.004604167203199417, 0.0022120352852814987, 0.053574376329552816),
    ("men_random_to_bts", 50.0, 0.004590779736027013, 0.002250760004020699, 0.02003828921958366),
    ("men_bts_to_random", f64::INFINITY, 0.003399762309096836, 0.001491784613050454, 0.12949010689715684),
    ("men_bts_to_random", 50.0, 0.003192639275813694, 0.0014992093612272287, 0.05992209340185242),
    ("women_bts_to_random", f64::INFINITY, 0.007430227270125331, 0.0, 1.0),
];

#[test]
fn cressie_read_of_vw_estimators() {
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    for (log, most, value, low, high) in CRESSIE_READ {
        let Some(log) = Log::read(log) else { return };
        let range = Range { weights: (0.0, *most), rewards: (0.0, 1.0) };
        let found = cressie_read(&log.weights, &log.rewards, None, range, 0.05).unwrap();
        near(found.value, *value);
        near(found.low, *low);
        near(found.high, *high);
    }
    let (w, r) = ([0.5, 2.0, 0.0, 1.5, 3.0, 0.2], [1.0, 0.0, 2.0, 1.0, 0.5, 0.0]);
    for (most, low, high) in
        [(f64::INFINITY, 0.04882820780243324, 1.5551317653325811), (10.0, 0.005805487938321807, 1.8166186314177193)]
    {
        let found = cressie_read(&w, &r, None, Range { weights: (0.0, most), rewards: (0.0, 2.0) }, 0.05).unwrap();
        near(found.value, 0.4880576044959607);
        near(found.low, low);
        near(found.high, high);
    }
    // Weights of 1: the ordinary mean, whatever the range; the interval is the package's too, where it has one.
    let (ones, r) = ([1.0; 6], [1.0, 0.0, 0.0, 1.0, 0.5, 0.0]);
    for (most, expected) in [
        (f64::INFINITY, Some((0.0324168557543239, 0.8009164775790094))),
        (10.0, Some((0.0324168557543239, 0.8009164775790115))),
        (1.0, None),
    ] {
        let least = if most == 1.0 { 1.0 } else { 0.0 };
        let range = Range { weights: (least, most), rewards: (0.0, 1.0) };
        let found = cressie_read(&ones, &r, None, range, 0.05).unwrap();
        near(found.value, 2.5 / 6.0);
        assert!(found.low <= found.value && found.value <= found.high, "{found:?}");
        if let Some((low, high)) = expected {
            near(found.low, low);
            near(found.high, high);
        }
    }
    let range = Range { weights: (0.0, 2.0), rewards: (0.0, 1.0) };
    assert_eq!(cressie_read(&[], &[], None, range, 0.05), None);
    let all = evaluate(&Logged::new(&ones, &r), Ask { replicates: 0, ..Ask::default() }, &Task::default()).unwrap();
    near(all.cressie_read.unwrap().value, 2.5 / 6.0);
}

/// A world with three contexts and four actions, where the logger, the target and the truth are known.
struct World {
    logger: [[f64; 4]; 3],
    target: [[f64; 4]; 3],
    rate: [[f64; 4]; 3],
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Random::stream(99, seed);
        let mut shares = |least: f64| {
            [0; 3].map(|_| {
                let raw = [0; 4].map(|_| least + random.uniform());
                let total: f64 = raw.iter().sum();
                raw.map(|x| x / total)
            })
        };
        let (logger, target) = (shares(0.4), shares(0.05));
        World { logger, target, rate: [0; 3].map(|_| [0; 4].map(|_| 0.05 + 0.4 * random.uniform())) }
    }

    fn truth(&self) -> f64 {
        let own = |(pi, rate): (&[f64; 4], &[f64; 4])| pi.iter().zip(rate).map(|(p, r)| p * r).sum::<f64>();
        self.target.iter().zip(&self.rate).map(own).sum::<f64>() / 3.0
    }

    /// Rounds, with a reward model that is off by a tenth.
    fn log(&self, rounds: usize, seed: u64) -> Log {
        let mut random = Random::stream(7, seed);
        let mut log = Log { weights: vec![], rewards: vec![], q: vec![], q_target: vec![] };
        for _ in 0..rounds {
            let x = random.below(3);
            let a = random.pick(&self.logger[x]);
            log.weights.push(self.target[x][a] / self.logger[x][a]);
            log.rewards.push(f64::from(u8::from(random.chance(self.rate[x][a]))));
            log.q.push(0.9 * self.rate[x][a]);
            log.q_target.push(0.9 * self.target[x].iter().zip(&self.rate[x]).map(|(p, r)| p * r).sum::<f64>());
        }
        log
    }
}

/// 2,000 worlds: 95 % intervals must cover the truth in 93.5 to 96.5 % of them.
#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let estimators = [Estimator::Ips, Estimator::SnIps, Estimator::Dr, Estimator::SnDr];
    let mut covered = [0u32; 4];
    let worlds = 2_000;
    for seed in 0..worlds {
        let world = World::new(seed);
        let log = world.log(400, seed);
        let truth = world.truth();
        for (estimator, covered) in estimators.iter().zip(&mut covered) {
            let answer = estimator.estimate(&log.logged()).unwrap();
            *covered += u32::from(answer.low <= truth && truth <= answer.high);
        }
    }
    for (estimator, covered) in estimators.iter().zip(covered) {
        let share = f64::from(covered) / worlds as f64;
        assert!((0.935..=0.965).contains(&share), "{}: {share}", estimator.key());
    }
}

#[test]
fn shrinking_weights_trades_bias_for_spread_as_defined() {
    let log = World::new(1).log(500, 1);
    let logged = log.logged();
    let answer = |e: Estimator| e.estimate(&logged).unwrap();
    // The ends of each family are other estimators.
    for (a, b) in [
        (Estimator::ClippedIps(1e9), Estimator::Ips),
        (Estimator::SgIps(0.0), Estimator::Ips),
        (Estimator::SwitchDr(0.0), Estimator::Dm),
        (Estimator::SwitchDr(f64::INFINITY), Estimator::Dr),
        (Estimator::DrOs(0.0), Estimator::Dm),
        (Estimator::DrOs(f64::INFINITY), Estimator::Dr),
        (Estimator::SgDr(0.0), Estimator::Dr),
        (Estimator::ClippedDr(1e9), Estimator::Dr),
    ] {
        assert_eq!(answer(a), answer(b), "{} and {}", a.key(), b.key());
    }
    assert!(answer(Estimator::ClippedIps(0.5)).se < answer(Estimator::Ips).se);
    // Without a model the estimators that need one have no answer.
    let bare = Logged { model: None, ..logged };
    for estimator in Estimator::all(true) {
        assert_eq!(estimator.estimate(&bare).is_none(), estimator.needs_model(), "{}", estimator.key());
        assert!(!estimator.method().definition().is_empty());
    }
}

#[test]
fn the_bootstrap_is_the_one_row_by_row() {
    // Spread and centre of block-wise multinomial resamples against drawing every row by itself.
    let log = World::new(3).log(700, 3);
    let logged = log.logged();
    let all = Estimator::all(true);
    let found = bootstrap(&all, &logged, 4_000, 5, &Task::default()).unwrap();
    let mut naive: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
    let mut random = Random::new(17);
    for _ in 0..1_000 {
        let rows: Vec<usize> = (0..700).map(|_| random.below(700)).collect();
        let pick = |values: &[f64]| rows.iter().map(|i| values[*i]).collect::<Vec<f64>>();
        let drawn = Log {
            weights: pick(&log.weights),
            rewards: pick(&log.rewards),
            q: pick(&log.q),
            q_target: pick(&log.q_target),
        };
        for (estimator, values) in all.iter().zip(&mut naive) {
            values.push(estimator.estimate(&drawn.logged()).unwrap().value);
        }
    }
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt())
    };
    for ((estimator, ours), naive) in all.iter().zip(&found).zip(&naive) {
        let ((a, s), (b, t)) = (moments(ours), moments(naive));
        assert!((a - b).abs() < 4.0 * t / (1_000f64).sqrt(), "{}: centre {a} and {b}", estimator.key());
        assert!((s / t - 1.0).abs() < 0.12, "{}: spread {s} and {t}", estimator.key());
    }
}

#[test]
fn resamples_do_not_depend_on_how_many_are_asked_or_on_threads() {
    let log = World::new(4).log(300, 4);
    let all = [Estimator::Ips, Estimator::SnDr];
    let run = |replicates, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bootstrap(&all, &log.logged(), replicates, 9, &Task::default()).unwrap())
    };
    let (few, many) = (run(10, 1), run(40, 2));
    assert!(few.iter().zip(&many).all(|(few, many)| few[..] == many[..10]));
    let stopped = Task::default();
    stopped.cancel();
    assert_eq!(bootstrap(&all, &log.logged(), 10, 9, &stopped), Err(crate::Error::Cancelled));
}

#[test]
fn subjects_that_repeat_are_drawn_whole() {
    // Every round ten times: clustered errors and resamples must be those of the single rounds.
    let once = World::new(5).log(200, 5);
    let many = |values: &[f64]| values.iter().flat_map(|x| [*x; 10]).collect::<Vec<f64>>();
    let ten = Log {
        weights: many(&once.weights),
        rewards: many(&once.rewards),
        q: many(&once.q),
        q_target: many(&once.q_target),
    };
    let clusters: Vec<u32> = (0..2_000).map(|i| i / 10).collect();
    let clustered = Logged { clusters: Some(&clusters), ..ten.logged() };
    for estimator in Estimator::all(true) {
        let (a, b) = (estimator.estimate(&once.logged()).unwrap(), estimator.estimate(&clustered).unwrap());
        assert!((a.se - b.se).abs() < 1e-12 && (a.low - b.low).abs() < 1e-12, "{}", estimator.key());
    }
    // So must bounds, intervals, empirical likelihood and the chosen λ.
    let ask = Ask { replicates: 0, ..Ask::default() };
    let of = |logged: &Logged<'_>| evaluate(logged, ask, &Task::default()).unwrap();
    let (a, b) = (of(&once.logged()), of(&clustered));
    let same = |what: &str, a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{what}: {a} and {b}");
    let pair = |what: &str, a: (f64, f64), b: (f64, f64)| {
        same(what, a.0, b.0);
        same(what, a.1, b.1);
    };
    let (one, ten) = (a.bounds.unwrap(), b.bounds.unwrap());
    same("bernstein", one.bernstein, ten.bernstein);
    same("hoeffding", one.hoeffding, ten.hoeffding);
    same("student_t", one.student_t.unwrap(), ten.student_t.unwrap());
    let (one, ten) = (a.intervals.unwrap(), b.intervals.unwrap());
    pair("normal", one.normal.unwrap(), ten.normal.unwrap());
    pair("student_t", one.student_t.unwrap(), ten.student_t.unwrap());
    pair("bernstein", one.bernstein.unwrap(), ten.bernstein.unwrap());
    pair("hoeffding", one.hoeffding.unwrap(), ten.hoeffding.unwrap());
    let (one, ten) = (a.cressie_read.unwrap(), b.cressie_read.unwrap());
    same("cressie_read", one.value, ten.value);
    pair("cressie_read", (one.low, one.high), (ten.low, ten.high));
    for ((_, one), (_, ten)) in a.tuned.iter().zip(&b.tuned) {
        assert_eq!(one.chosen, ten.chosen);
        one.candidates.iter().zip(&ten.candidates).for_each(|(one, ten)| same("tuning", one.1, ten.1));
    }
    let spread = |logged: &Logged<'_>| {
        let values = &bootstrap(&[Estimator::Ips], logged, 2_000, 1, &Task::default()).unwrap()[0];
        let mean = values.iter().sum::<f64>() / 2_000.0;
        (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2_000.0).sqrt()
    };
    assert!((spread(&clustered) / spread(&once.logged()) - 1.0).abs() < 0.1);
}

#[test]
fn lambda_follows_the_log() {
    // With mild weights nothing is gained by clipping: the tuned value stays near IPS.
    let limits = [0.1, 0.5, 1.0, 5.0, 1_000.0].map(Estimator::ClippedIps);
    let mild = World::new(6).log(20_000, 6);
    let value = |e: Estimator| e.estimate(&mild.logged()).unwrap();
    let answers = limits.map(|e| (e, value(e)));
    let tuned = tune(Tuning::Slope, &answers, &mild.logged()).unwrap();
    let gap = (value(tuned.chosen).value - value(Estimator::Ips).value).abs();
    assert!(gap < 4.0 * value(Estimator::Ips).se, "{tuned:?}");
    assert!(tuned.chosen != Estimator::ClippedIps(0.1), "{tuned:?}");
    assert_eq!(tuned.candidates.len(), limits.len());
    // The bound of the squared error, written out again.
    let (n, w, r) = (mild.weights.len() as f64, &mild.weights, &mild.rewards);
    let deviation = {
        let squares = w.iter().map(|w| w * w).sum::<f64>() / n;
        let most = w.iter().copied().fold(0.0, f64::max);
        (2.0 * squares * 40f64.ln() / n).sqrt() + 2.0 * most * 40f64.ln() / (3.0 * n)
    };
    let tuned = tune(Tuning::MseBound, &answers, &mild.logged()).unwrap();
    for (estimator, bound) in &tuned.candidates {
        let Estimator::ClippedIps(limit) = *estimator else { panic!("{estimator:?}") };
        let cut = w.iter().zip(r).map(|(w, r)| (w - w.min(limit)) * r).sum::<f64>() / n;
        let expected = (cut.abs() + deviation).powi(2) + value(*estimator).se.powi(2);
        assert!((bound - expected).abs() < 1e-12, "{estimator:?}: {bound}, expected {expected}");
    }
    let least = tuned.candidates.iter().map(|(_, bound)| *bound).fold(f64::INFINITY, f64::min);
    assert!(tuned.candidates.iter().any(|(estimator, bound)| *estimator == tuned.chosen && *bound == least));
}

#[test]
fn lists_worked_by_hand() {
    // Two lists of two positions: weights (2, 0.5) and (1, 3); rewards (1, 1) and (0, 2).
    let slates = Slates { list: &[0, 0, 1, 1], weights: &[2.0, 0.5, 1.0, 3.0], rewards: &[1.0, 1.0, 0.0, 2.0] };
    let value = |assumption, normalised| slate(slates, assumption, normalised).unwrap().value;
    // Independent: (2·1 + 0.5·1) and (0 + 3·2).
    assert_eq!(value(Assumption::Independent, false), (2.5 + 6.0) / 2.0);
    // Cascade: (2·1 + 1·1) and (0 + 3·2).
    assert_eq!(value(Assumption::Cascade, false), (3.0 + 6.0) / 2.0);
    // Standard: list weights 1 and 3.
    assert_eq!(value(Assumption::Standard, false), (1.0 * 2.0 + 3.0 * 2.0) / 2.0);
    // Normalised, independent: position means 1.5 and 1.75.
    assert!((value(Assumption::Independent, true) - (2.0 / 1.5 + 0.5 / 1.75 + 6.0 / 1.75) / 2.0).abs() < 1e-15);
    let unsorted = Slates { list: &[1, 0, 1, 1], ..slates };
    assert!(slate(unsorted, Assumption::Cascade, false).unwrap_err().to_string().contains("ascending"));
    assert!(slate(Slates { list: &[0; 4], ..slates }, Assumption::Cascade, false).is_err());
}

#[test]
fn lists_of_a_known_world() {
    // Two positions; the reader looks at the second only when the first was not clicked. Cascade and standard find the truth.
    let (logger, target) = ([0.5, 0.5], [0.8, 0.2]);
    let rates = [0.3, 0.1];
    let mut random = Random::new(12);
    let (mut list, mut weights, mut rewards) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..60_000u32 {
        let mut seen = true;
        for _ in 0..2 {
            let a = random.pick(&logger);
            let clicked = seen && random.chance(rates[a]);
            list.push(i);
            weights.push(target[a] / logger[a]);
            rewards.push(f64::from(u8::from(clicked)));
            seen &= !clicked;
        }
    }
    let p = target[0] * rates[0] + target[1] * rates[1];
    let truth = p + (1.0 - p) * p;
    let slates = Slates { list: &list, weights: &weights, rewards: &rewards };
    for assumption in [Assumption::Standard, Assumption::Cascade] {
        let found = slate(slates, assumption, false).unwrap();
        assert!((found.value - truth).abs() < 4.0 * found.se, "{assumption:?}: {found:?}, truth {truth}");
    }
    let independent = slate(slates, Assumption::Independent, false).unwrap();
    assert!(
        (independent.value - truth).abs() > 2.0 * independent.se,
        "the clicked first position is ignored: {independent:?}"
    );
}

#[test]
fn rounds_that_make_no_sense_are_named() {
    let message = |result: Result<()>| result.unwrap_err().to_string();
    for (target, propensity, expected) in [
        (vec![0.5, 0.5], vec![0.5, 0.0], "row 2"),
        (vec![0.5, 1.5], vec![0.5, 0.5], "row 2"),
        (vec![0.5], vec![0.5, 0.5], "one entry per round"),
        (vec![f64::NAN, 0.1], vec![0.5, 0.5], "row 1"),
    ] {
        let found = weights(&target, &propensity).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    }
    assert!(message(Logged::new(&[1.0, -1.0], &[0.0, 0.0]).check()).contains("row 2"));
    assert!(message(Logged::new(&[1.0, 1.0], &[0.0, f64::NAN]).check()).contains("reward"));
    assert!(message(Logged::new(&[1.0], &[0.0]).check()).contains("1 logged round is too few"));
    assert!(message(Logged::new(&[], &[]).check()).contains("no logged round is too few"));
    assert!(message(Logged::new(&[1.0, 1.0, 1.0], &[0.0, 1.0]).check()).contains("one entry per round"));
}
