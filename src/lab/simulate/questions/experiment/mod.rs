//! What a finished A/B test says: sample ratio first, then differences and lifts with their intervals.
//!
//! Lift = (t − c)/c with SE = (1/c)·√(SE_t² + (t/c)²·SE_c²). At small n Newcombe's interval, Fisher's test and the bootstrap take
//! the place of normal ones. A number known before the test makes the intervals narrower (CUPED: Deng, Xu, Kohavi and Walker,
//! WSDM 2013). Several arms are compared with one control after Holm. Where the arms have not the sizes of the design nothing is
//! read: whoever is missing may be missing because of the treatment.

mod small;
mod table;

#[cfg(test)]
mod tests;

pub use table::{Columns, Read};

use crate::distributions::{normal_cdf, student_quantile, student_two_sided};
use crate::error::{Error, Result};
use crate::simulate::estimate::{around, sum};
use crate::simulate::questions::dunnett::holm;
use crate::simulate::questions::proportions::{fisher, newcombe, wilson, z_test};
use crate::simulate::questions::{Figure, notes};
use crate::simulate::report::{Note, Refusal, SampleRatio};
use crate::simulate::srm::sample_ratio;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// A finished test: one entry per subject.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    /// Names of the arms, the control first.
    pub arms: &'a [String],
    /// Arm of each subject, a position in `arms`.
    pub arm: &'a [u32],
    /// Outcomes by name: one value per subject, none missing. Values of 0 and 1 alone are a share.
    pub outcomes: &'a [(String, Vec<f64>)],
    /// A number known of each subject before the test, NaN where unknown, and its name.
    pub before: Option<(&'a str, &'a [f64])>,
    /// Share of each arm by design; all alike when absent.
    pub design: Option<&'a [f64]>,
}

/// How a test is read.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Resamples where n is small.
    pub replicates: usize,
    /// Their seed.
    pub seed: u64,
    /// Read a test whose arms have not the sizes of the design.
    pub even_so: bool,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { replicates: 4_000, seed: 1, even_so: false }
    }
}

/// What a test says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Subjects.
    pub n: u64,
    /// The arms, the control first.
    pub arms: Vec<ArmSize>,
    /// Whether the arms have the sizes of the design.
    pub sample_ratio: SampleRatio,
    /// Why the test must not be read; its outcomes are then left out unless they were asked for even so.
    pub refusal: Option<Refusal>,
    /// Whether the arms were alike before the test.
    pub before: Option<Before>,
    /// One per outcome.
    pub outcomes: Vec<OutcomeReading>,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// Size of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmSize {
    /// Name.
    pub name: String,
    /// Subjects.
    pub n: u64,
    /// Share of all.
    pub share: f64,
    /// Share by design.
    pub design: f64,
}

/// The number known before the test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Its name.
    pub column: String,
    /// Subjects of whom it is unknown; the mean of the others stands in.
    pub missing: u64,
    /// Mean in each treated arm less that of the control.
    pub differences: Vec<Figure>,
    /// Smallest two-sided p-value of these, after Holm.
    pub p: f64,
    /// Whether the arms differed before the test by more than chance (p < 0.001).
    pub suspicious: bool,
}

/// An outcome of the test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeReading {
    /// Name.
    pub outcome: String,
    /// Whether it is 0 or 1 for everybody.
    pub is_share: bool,
    /// Mean of each arm: Wilson's interval for a share, Student's for an amount.
    pub means: Vec<Figure>,
    /// Each treated arm against the control.
    pub effects: Vec<EffectReading>,
}

/// A treated arm against the control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectReading {
    /// The treated arm.
    pub arm: String,
    /// Mean of the arm less that of the control.
    pub difference: Figure,
    /// Its standard error.
    pub se: f64,
    /// The difference as a share of the control's mean; `None` unless that is above 0.
    pub lift: Option<Figure>,
    /// Standard error of the lift.
    pub lift_se: Option<f64>,
    /// Two-sided p-value of no difference.
    pub p: f64,
    /// The same after Holm over the arms.
    pub adjusted_p: f64,
    /// How interval and p-value were made.
    pub method: String,
    /// The same with the number known before.
    pub cuped: Option<Cuped>,
    /// What it comes to.
    pub verdict: String,
}

/// A comparison adjusted by what was known before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cuped {
    /// Slope of the outcome on what was known before, within arms.
    pub theta: f64,
    /// Adjusted difference.
    pub difference: Figure,
    /// Its standard error.
    pub se: f64,
    /// The adjusted difference as a share of the control's adjusted mean.
    pub lift: Option<Figure>,
    /// Two-sided p-value.
    pub p: f64,
    /// Variance of the adjusted difference as a share of that of the plain one: 0.8 is what a fifth more subjects would have brought.
    pub variance_kept: f64,
}

/// Outcomes or non-outcomes in an arm below which a share is read by Newcombe, Fisher and the bootstrap.
const FEW_HITS: f64 = 10.0;
/// Subjects in an arm below which an amount is read by the bootstrap.
const FEW_SUBJECTS: usize = 200;

const NOTES: &[(&str, &str)] = &[
    ("sample ratio", "χ² test of the arms' sizes against the design; below p = 0.001 the test is not read."),
    ("mean", "Of a share with Wilson's interval, of an amount with Student's, at 95 %."),
    (
        "difference",
        "Mean of the arm less that of the control; standard error √(s_t²/n_t + s_c²/n_c), n − 1 in the variances; normal interval at 95 %, p by the z-test with the pooled share, or by Welch's t.",
    ),
    ("lift", "(t − c)/c with standard error (1/c)·√(SE_t² + (t/c)²·SE_c²); given where c is above 0."),
    (
        "small n",
        "A share with fewer than 10 outcomes or non-outcomes in an arm: Newcombe's interval, Fisher's exact test, percentile bootstrap of the lift. An amount with fewer than 200 subjects in an arm: bootstrap of both, expanded percentiles.",
    ),
    (
        "adjusted p",
        "Holm's, over the arms of an outcome. Outcomes are not adjusted for each other: name the one that decides before the test.",
    ),
    (
        "CUPED",
        "Outcome less θ·(known before − its mean), θ the pooled slope within arms: the same effect with less noise.",
    ),
    (
        "read once",
        "Intervals and p-values hold for a test whose end was set beforehand, not for one watched until it looked good.",
    ),
];

/// Reads a finished test.
///
/// # Errors
/// When there are fewer than two arms, an arm has fewer than two subjects, a design gives an arm no share, or the task is cancelled.
pub fn read(test: Test<'_>, ask: Ask, task: &Task) -> Result<Reading> {
    task.stage("Reading the test")?;
    let sizes = sizes(&test)?;
    let counts: Vec<u64> = sizes.iter().map(|a| a.n).collect();
    let shares: Vec<f64> = sizes.iter().map(|a| a.design).collect();
    let sample_ratio = sample_ratio(&counts, &shares);
    let refusal = sample_ratio.suspicious.then(|| Refusal {
        reasons: vec![format!(
            "the arms do not have the sizes of the design: χ² = {:.1}, p = {:.1e}; {}",
            sample_ratio.chi_square,
            sample_ratio.p_value,
            sizes
                .iter()
                .map(|a| format!("{} has {:.2} % where {:.2} % was meant", a.name, 100.0 * a.share, 100.0 * a.design))
                .collect::<Vec<_>>()
                .join(", ")
        )],
        advice: "Find out who is missing before reading the test: a redirect that fails, a bot filter, a trigger that the \
                 treatment itself moves, rows lost in a join. If the shares were not meant to be these, give the design."
            .into(),
    });
    let covariate = test.before.map(|(name, values)| Covariate::new(name, values, &test));
    let mut reading = Reading {
        n: test.arm.len() as u64,
        before: covariate.as_ref().map(|c| c.report.clone()),
        arms: sizes,
        sample_ratio,
        outcomes: Vec::new(),
        notes: notes(NOTES),
        refusal,
    };
    if reading.refusal.is_some() && !ask.even_so {
        return Ok(reading);
    }
    for (i, (name, values)) in test.outcomes.iter().enumerate() {
        task.tick(i as f32 / test.outcomes.len() as f32)?;
        reading.outcomes.push(outcome(name, values, &test, covariate.as_ref(), ask));
    }
    Ok(reading)
}

fn sizes(test: &Test<'_>) -> Result<Vec<ArmSize>> {
    if test.arms.len() < 2 {
        return Err(Error::new("a test has a control and at least one other arm"));
    }
    let mut counts = vec![0u64; test.arms.len()];
    for arm in test.arm {
        counts[*arm as usize] += 1;
    }
    if let Some(at) = counts.iter().position(|n| *n < 2) {
        return Err(Error::new(format!(
            "the arm `{}` has {} subjects; two are needed at least",
            test.arms[at], counts[at]
        )));
    }
    let even = vec![1.0 / test.arms.len() as f64; test.arms.len()];
    let design = test.design.unwrap_or(&even);
    let total: f64 = design.iter().sum();
    if design.len() != test.arms.len() || design.iter().any(|p| p.is_nan() || *p <= 0.0) || !total.is_finite() {
        return Err(Error::new("the design gives every arm a share above 0"));
    }
    let n = test.arm.len() as f64;
    let size = |((name, n_arm), share): ((&String, u64), &f64)| ArmSize {
        name: name.clone(),
        n: n_arm,
        share: n_arm as f64 / n,
        design: share / total,
    };
    Ok(test.arms.iter().zip(counts).zip(design).map(size).collect())
}

/// Values of an arm and their moments.
struct Arm {
    values: Vec<f64>,
    mean: f64,
    variance: f64,
}

impl Arm {
    fn of(test: &Test<'_>, values: &[f64]) -> Vec<Arm> {
        let mut arms: Vec<Vec<f64>> = vec![Vec::new(); test.arms.len()];
        for (arm, value) in test.arm.iter().zip(values) {
            arms[*arm as usize].push(*value);
        }
        let moments = |values: Vec<f64>| {
            let n = values.len() as f64;
            let mean = sum(values.iter().copied()) / n;
            let variance = sum(values.iter().map(|x| (x - mean) * (x - mean))) / (n - 1.0);
            Arm { values, mean, variance }
        };
        arms.into_iter().map(moments).collect()
    }

    fn n(&self) -> f64 {
        self.values.len() as f64
    }

    /// Squared standard error of the mean.
    fn error(&self) -> f64 {
        self.variance / self.n()
    }

    fn hits(&self) -> (u64, u64) {
        (self.values.iter().filter(|x| **x == 1.0).count() as u64, self.values.len() as u64)
    }
}

/// Difference of two means: value, standard error, p of Welch's t.
fn difference(t: &Arm, c: &Arm) -> (f64, f64, f64) {
    let (et, ec) = (t.error(), c.error());
    let se = libm::sqrt(et + ec);
    let value = t.mean - c.mean;
    if se == 0.0 {
        return (value, 0.0, if value == 0.0 { 1.0 } else { 0.0 });
    }
    let degrees = (et + ec) * (et + ec) / (et * et / (t.n() - 1.0) + ec * ec / (c.n() - 1.0));
    (value, se, student_two_sided(value / se, degrees))
}

/// Lift and its standard error.
fn lift(t: &Arm, c: &Arm) -> Option<(f64, f64)> {
    let ratio = t.mean / c.mean;
    (c.mean > 0.0).then(|| (ratio - 1.0, libm::sqrt(t.error() + ratio * ratio * c.error()) / c.mean))
}

fn outcome(name: &str, values: &[f64], test: &Test<'_>, covariate: Option<&Covariate>, ask: Ask) -> OutcomeReading {
    let arms = Arm::of(test, values);
    let is_share = values.iter().all(|x| *x == 0.0 || *x == 1.0);
    let adjusted = covariate.map(|c| (c.theta(values, test), c));
    let adjusted = adjusted.map(|(theta, c)| {
        let mean = sum(c.values.iter().copied()) / c.values.len() as f64;
        let values: Vec<f64> = values.iter().zip(&c.values).map(|(y, x)| y - theta * (x - mean)).collect();
        (theta, Arm::of(test, &values))
    });
    let mut effects: Vec<EffectReading> = Vec::new();
    for (i, t) in arms.iter().enumerate().skip(1) {
        let mut effect = compare(&test.arms[i], t, &arms[0], is_share, ask, i as u64);
        effect.cuped = adjusted.as_ref().map(|(theta, arms)| cuped(*theta, &arms[i], &arms[0], effect.se));
        effects.push(effect);
    }
    let adjusted_p = holm(&effects.iter().map(|e| e.p).collect::<Vec<_>>());
    for (effect, p) in effects.iter_mut().zip(adjusted_p) {
        effect.adjusted_p = p;
        effect.verdict = verdict(effect, name, &test.arms[0]);
    }
    let mean = |arm: &Arm| {
        let (low, high) = if is_share {
            let (hits, n) = arm.hits();
            wilson(hits, n)
        } else {
            around(arm.mean, libm::sqrt(arm.error()), student_quantile(0.975, arm.n() - 1.0))
        };
        Figure { value: arm.mean, low, high, n: arm.values.len() as u64 }
    };
    OutcomeReading { outcome: name.to_owned(), is_share, means: arms.iter().map(mean).collect(), effects }
}

fn compare(name: &str, t: &Arm, c: &Arm, is_share: bool, ask: Ask, stream: u64) -> EffectReading {
    let n = (t.values.len() + c.values.len()) as u64;
    let (value, se, welch) = difference(t, c);
    let lift = lift(t, c);
    let mut effect = EffectReading {
        arm: name.to_owned(),
        difference: Figure::normal(value, se, n),
        se,
        lift: lift.map(|(value, se)| Figure::normal(value, se, n)),
        lift_se: lift.map(|(_, se)| se),
        p: welch,
        adjusted_p: 1.0,
        method: "normal interval, Welch's t".into(),
        cuped: None,
        verdict: String::new(),
    };
    if se == 0.0 && !is_share {
        effect.p = 1.0;
        effect.method = "none: no amount varies".into();
        return effect;
    }
    let interval = |figure: &mut Figure, ends: Option<(f64, f64)>| {
        if let Some((low, high)) = ends {
            (figure.low, figure.high) = (low, high);
        }
    };
    if is_share {
        let (ht, hc) = (t.hits(), c.hits());
        let least = [ht, hc].into_iter().flat_map(|(hits, n)| [hits, n - hits]).min().unwrap_or(0);
        if (least as f64) < FEW_HITS {
            interval(&mut effect.difference, Some(newcombe(ht, hc)));
            effect.p = fisher(ht, hc);
            effect.method = "Newcombe's interval, Fisher's exact test".into();
            if let Some(figure) = &mut effect.lift {
                interval(figure, small::share_lift(ht, hc, ask, stream));
            }
        } else {
            effect.p = z_test(ht, hc);
            effect.method = "normal interval, pooled z-test".into();
        }
    } else if t.values.len().min(c.values.len()) < FEW_SUBJECTS {
        let (difference, lift) = small::amounts(&t.values, &c.values, ask, stream);
        interval(&mut effect.difference, difference);
        effect.method = "bootstrap, expanded percentiles; Welch's t".into();
        if let Some(figure) = &mut effect.lift {
            interval(figure, lift);
        }
    }
    effect
}

fn cuped(theta: f64, t: &Arm, c: &Arm, plain: f64) -> Cuped {
    let n = (t.values.len() + c.values.len()) as u64;
    let (value, se, _) = difference(t, c);
    Cuped {
        theta,
        difference: Figure::normal(value, se, n),
        se,
        lift: lift(t, c).map(|(value, se)| Figure::normal(value, se, n)),
        p: if se > 0.0 { 2.0 * normal_cdf(-(value / se).abs()) } else { 1.0 },
        variance_kept: if plain > 0.0 { (se / plain) * (se / plain) } else { 1.0 },
    }
}

/// A difference in four digits, with its sign.
fn short(x: f64) -> String {
    let digits = if x == 0.0 { 0 } else { (3 - libm::floor(libm::log10(x.abs())) as i64).clamp(0, 9) as usize };
    format!("{x:+.digits$}")
}

fn verdict(effect: &EffectReading, outcome: &str, control: &str) -> String {
    let d = &effect.difference;
    if d.low == f64::NEG_INFINITY && d.high == f64::INFINITY {
        return format!(
            "nothing can be said of {outcome} against {control}: it varies in neither arm, so that there is no interval"
        );
    }
    let words = match effect.adjusted_p <= 0.05 {
        true if d.value > 0.0 => format!("more {outcome} than {control}"),
        true if d.value < 0.0 => format!("less {outcome} than {control}"),
        _ => format!("no difference in {outcome} from {control} can be told from chance"),
    };
    // The test is of the difference, and so is the interval beside it: that of the lift has the control's error in it, too.
    let [value, low, high] = [d.value, d.low, d.high].map(short);
    match (effect.adjusted_p <= 0.05, &effect.lift) {
        (true, Some(lift)) => format!("{words}, by {value} [{low}, {high}], a lift of {:+.1} %", 100.0 * lift.value),
        (true, None) => format!("{words}, by {value} [{low}, {high}]"),
        (false, _) => format!("{words}; a difference between {low} and {high} is compatible with it"),
    }
}

/// A number known before the test, missing values filled by the mean.
struct Covariate {
    values: Vec<f64>,
    report: Before,
}

impl Covariate {
    fn new(name: &str, values: &[f64], test: &Test<'_>) -> Covariate {
        let known: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
        let mean = if known.is_empty() { 0.0 } else { sum(known.iter().copied()) / known.len() as f64 };
        let filled: Vec<f64> = values.iter().map(|x| if x.is_nan() { mean } else { *x }).collect();
        let arms = Arm::of(test, &filled);
        let found: Vec<(f64, f64, f64)> = arms[1..].iter().map(|t| difference(t, &arms[0])).collect();
        let p = holm(&found.iter().map(|f| f.2).collect::<Vec<_>>()).into_iter().fold(1.0, f64::min);
        let n = |i: usize| (arms[0].values.len() + arms[i + 1].values.len()) as u64;
        let report = Before {
            column: name.to_owned(),
            missing: (values.len() - known.len()) as u64,
            differences: found
                .iter()
                .enumerate()
                .map(|(i, (value, se, _))| Figure::normal(*value, *se, n(i)))
                .collect(),
            p,
            suspicious: p < crate::simulate::srm::SUSPICIOUS,
        };
        Covariate { values: filled, report }
    }

    /// Pooled slope within arms: Σ_arms Σ (y − ȳ)(x − x̄) / Σ_arms Σ (x − x̄)²; 0 when x never varies.
    fn theta(&self, values: &[f64], test: &Test<'_>) -> f64 {
        let (xs, ys) = (Arm::of(test, &self.values), Arm::of(test, values));
        let pairs = || {
            xs.iter()
                .zip(&ys)
                .flat_map(|(x, y)| x.values.iter().map(|v| v - x.mean).zip(y.values.iter().map(|v| v - y.mean)))
        };
        let squares = sum(pairs().map(|(x, _)| x * x));
        if squares > 0.0 { sum(pairs().map(|(x, y)| x * y)) / squares } else { 0.0 }
    }
}
