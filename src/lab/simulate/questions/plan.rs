//! How big must a holdout be, how long must it run, and what is the smallest effect it can see.
//!
//! A share f of the subjects is held out; the others are treated. Sizes are those of the two-sided test of a difference at level
//! α with the given power, by the normal approximation (METHODS, "Experiments"):
//! N = (z_{α/2} + z_β)²·[v₁/f + v₂/(1 − f)]/δ², v = p(1 − p) for a share and sd² for an amount, over all arms together.

use crate::distributions::normal_quantile;
use crate::error::{Error, Result};
use crate::simulate::estimate::relative;
use crate::simulate::questions::dunnett::critical;
use crate::simulate::questions::notes;
use crate::simulate::report::Note;
use serde::{Deserialize, Serialize};

/// What a planner is asked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The outcome without treatment.
    pub outcome: Outcome,
    /// The effect that must not be missed.
    pub lift: Lift,
    /// Share of the subjects held out, in (0, 1).
    pub holdout: f64,
    /// Treated arms, each compared with the holdout; they divide the rest of the subjects equally.
    pub arms: u32,
    /// How several comparisons share the level.
    pub correction: Correction,
    /// Two-sided level of all comparisons together.
    pub alpha: f64,
    /// Probability of seeing the effect in an arm that has it.
    pub power: f64,
    /// New subjects per day.
    pub per_day: Option<f64>,
    /// How many times as many are needed because those of one subject are alike: 1 where every subject comes once.
    pub design_effect: f64,
}

/// What is known of the outcome without treatment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// It happens to this share of the subjects.
    Share {
        /// In (0, 1).
        base: f64,
    },
    /// An amount per subject.
    Amount {
        /// Its mean.
        mean: f64,
        /// Its standard deviation, the same in every arm.
        sd: f64,
    },
}

/// An effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Lift {
    /// As a share of the outcome without treatment: 0.05 is + 5 %.
    Relative(f64),
    /// In the unit of the outcome.
    Absolute(f64),
}

/// How several comparisons with one holdout share the level α.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Correction {
    /// Dunnett's critical value, which knows that all comparisons share the holdout.
    #[default]
    Dunnett,
    /// α divided by the number of comparisons.
    Bonferroni,
    /// None: each comparison at level α by itself.
    None,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What was asked.
    pub ask: Ask,
    /// Outcome without treatment.
    pub base: f64,
    /// Outcome with the effect.
    pub treated: f64,
    /// Critical value of |z| for each comparison.
    pub critical: f64,
    /// What was asked for.
    pub asked: Size,
    /// The same at other shares held out.
    pub shares: Vec<Size>,
    /// Smallest effects that are seen with the asked power, by duration; empty without a volume.
    pub smallest: Vec<Smallest>,
    /// Where the arithmetic stands on thin ice, in words.
    pub cautions: Vec<String>,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// How many subjects are needed at a share held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Share held out.
    pub holdout: f64,
    /// Subjects in all.
    pub total: u64,
    /// Of these, held out.
    pub held_out: u64,
    /// Of these, in each treated arm.
    pub per_arm: u64,
    /// Days until they have come.
    pub days: Option<f64>,
    /// Outcome given up by not treating those held out, if the effect is real: held out × effect; 0 where it does harm.
    pub given_up: f64,
}

/// The smallest effect that is seen with the asked power.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Smallest {
    /// Days.
    pub days: f64,
    /// Subjects by then.
    pub subjects: u64,
    /// Effect in the unit of the outcome, of the sign of the effect asked for; `None` when none is large enough.
    pub absolute: Option<f64>,
    /// The same as a share of the outcome without treatment.
    pub relative: Option<f64>,
}

/// Shares shown beside the one asked for.
const SHARES: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
/// Weeks shown.
const WEEKS: [u32; 6] = [1, 2, 4, 8, 13, 26];
/// Outcomes and non-outcomes expected in an arm below which the normal approximation is named.
const FEW: f64 = 10.0;

/// Plans.
///
/// # Errors
/// Names the number that is out of range: a share or power outside (0, 1), an effect of 0 or beyond what an outcome can be.
pub fn plan(ask: Ask) -> Result<Plan> {
    check(&ask)?;
    let (base, treated) = (ask.base(), ask.base() + ask.effect());
    let asked = ask.size(ask.holdout);
    let mut shares: Vec<f64> = SHARES.to_vec();
    if !shares.contains(&ask.holdout) {
        shares.push(ask.holdout);
        shares.sort_by(f64::total_cmp);
    }
    let critical = ask.critical(ask.holdout);
    let smallest = |days: f64, per_day: f64| {
        let subjects = days * per_day;
        let absolute = ask.smallest(critical, subjects);
        let relative = absolute.and_then(|own| relative(own, base));
        Smallest { days, subjects: subjects as u64, absolute, relative }
    };
    let smallest = ask.per_day.map_or(Vec::new(), |per_day| {
        let mut days: Vec<f64> = WEEKS.iter().map(|w| f64::from(7 * w)).collect();
        days.extend(asked.days.map(f64::ceil));
        days.sort_by(f64::total_cmp);
        days.dedup();
        days.into_iter().map(|d| smallest(d, per_day)).collect()
    });
    let mut cautions = Vec::new();
    if let Outcome::Share { .. } = ask.outcome {
        for (name, share, n) in [("holdout", base, asked.held_out), ("treated arm", treated, asked.per_arm)] {
            let least = n as f64 * share.min(1.0 - share);
            if least < FEW {
                cautions.push(format!(
                    "only {least:.1} outcomes are expected in the {name}: the normal approximation is rough below {FEW}, \
                     plan for more"
                ));
            }
        }
    }
    if asked.days.is_some_and(|days| days < 7.0) {
        cautions.push("run whole weeks: weekdays and weekends differ".into());
    }
    if asked.days.is_some_and(|days| days > 182.0) {
        cautions.push("it would run for more than half a year: hold out more, or look for a larger effect".into());
    }
    Ok(Plan {
        base,
        treated,
        critical,
        asked,
        shares: shares.into_iter().map(|f| ask.size(f)).collect(),
        smallest,
        cautions,
        notes: notes(NOTES),
        ask,
    })
}

const NOTES: &[(&str, &str)] = &[
    (
        "subjects",
        "N = (z_{α/2} + z_β)²·[v₁/f + v₂/g]/δ² for a share f held out and g in a treated arm, v = p(1 − p) of a share, sd² of an amount, δ the effect: all arms together, for a two-sided test read once, at the end.",
    ),
    (
        "design effect",
        "Where subjects come several times, N is multiplied by (clustered standard error ÷ plain standard error)² of the log's mean.",
    ),
    (
        "several arms",
        "Dunnett: the critical value of the largest of correlated comparisons with one holdout. Bonferroni: α divided by their number.",
    ),
    ("smallest effect", "The effect for which N is the number of subjects there are by then."),
    ("given up", "Held out × effect: what treating everybody would have brought more, if the effect is real."),
    ("days", "Subjects needed ÷ new subjects per day. A subject who comes again is not a new one."),
];

impl Ask {
    fn base(&self) -> f64 {
        match self.outcome {
            Outcome::Share { base } => base,
            Outcome::Amount { mean, .. } => mean,
        }
    }

    fn effect(&self) -> f64 {
        match self.lift {
            Lift::Relative(share) => share * self.base(),
            Lift::Absolute(effect) => effect,
        }
    }

    fn variance(&self, mean: f64) -> f64 {
        match self.outcome {
            Outcome::Share { .. } => mean * (1.0 - mean),
            Outcome::Amount { sd, .. } => sd * sd,
        }
    }

    /// Critical value of each comparison when a share `f` is held out.
    fn critical(&self, f: f64) -> f64 {
        let arms = f64::from(self.arms);
        match self.correction {
            _ if self.arms == 1 => normal_quantile(1.0 - self.alpha / 2.0),
            Correction::None => normal_quantile(1.0 - self.alpha / 2.0),
            Correction::Bonferroni => normal_quantile(1.0 - self.alpha / (2.0 * arms)),
            Correction::Dunnett => {
                let arm = (1.0 - f) / arms;
                critical(self.arms, arm / (arm + f), self.alpha)
            }
        }
    }

    /// N for an effect when a share `f` is held out, not rounded; `critical` is that of `f`.
    fn needed(&self, f: f64, critical: f64, effect: f64) -> f64 {
        let z = critical + normal_quantile(self.power);
        let arm = (1.0 - f) / f64::from(self.arms);
        let base = self.base();
        self.design_effect * z * z * (self.variance(base) / f + self.variance(base + effect) / arm) / (effect * effect)
    }

    fn size(&self, f: f64) -> Size {
        let (needed, arms) = (self.needed(f, self.critical(f), self.effect()), f64::from(self.arms));
        let (held_out, per_arm) = ((needed * f).ceil(), (needed * (1.0 - f) / arms).ceil());
        let total = held_out + arms * per_arm;
        Size {
            holdout: f,
            total: total as u64,
            held_out: held_out as u64,
            per_arm: per_arm as u64,
            days: self.per_day.map(|per_day| total / per_day),
            given_up: held_out * self.effect().max(0.0),
        }
    }

    /// The effect of the asked sign for which `needed` is `subjects`, by bisection: it falls as the effect grows.
    fn smallest(&self, critical: f64, subjects: f64) -> Option<f64> {
        let needed = |effect: f64| self.needed(self.holdout, critical, effect);
        let sign = self.effect().signum();
        let room = match self.outcome {
            Outcome::Share { base } => {
                if sign > 0.0 {
                    1.0 - base
                } else {
                    base
                }
            }
            Outcome::Amount { sd, .. } => 1e6 * sd,
        };
        if subjects <= 0.0 || needed(sign * room) > subjects {
            return None;
        }
        let (mut low, mut high) = (0.0, room);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if needed(sign * middle) > subjects { low = middle } else { high = middle }
        }
        Some(sign * high)
    }
}

fn check(ask: &Ask) -> Result<()> {
    let inside = |name: &str, x: f64| {
        if x > 0.0 && x < 1.0 { Ok(()) } else { Err(Error::new(format!("the {name} is {x}; it lies between 0 and 1"))) }
    };
    inside("share held out", ask.holdout)?;
    inside("level", ask.alpha)?;
    inside("power", ask.power)?;
    if ask.power <= ask.alpha / 2.0 {
        return Err(Error::new(format!("a power of {} is no more than chance", ask.power)).hint("ask for 0.8"));
    }
    if !(ask.design_effect > 0.0 && ask.design_effect.is_finite()) {
        return Err(Error::new(format!(
            "a design effect of {}; it is 1 where every subject comes once",
            ask.design_effect
        )));
    }
    if ask.arms == 0 || ask.arms > 100 {
        return Err(Error::new(format!("{} treated arms; give 1 to 100", ask.arms)));
    }
    match ask.outcome {
        Outcome::Share { base } => inside("base rate", base)?,
        Outcome::Amount { mean, sd } => {
            if !(mean.is_finite() && sd > 0.0 && sd.is_finite()) {
                return Err(Error::new(format!(
                    "an amount of mean {mean} and standard deviation {sd}; the deviation is above 0"
                )));
            }
        }
    }
    let effect = ask.effect();
    if effect == 0.0 || !effect.is_finite() {
        return Err(Error::new("the effect is 0; no experiment is large enough to see it")
            .hint("give the smallest effect that would be worth having"));
    }
    if let Outcome::Share { base } = ask.outcome
        && !(0.0..=1.0).contains(&(base + effect))
    {
        return Err(Error::new(format!(
            "with the effect the share would be {}; it lies between 0 and 1",
            base + effect
        )));
    }
    match ask.per_day {
        Some(n) if !(n > 0.0 && n.is_finite()) => {
            Err(Error::new(format!("{n} subjects per day; give a number above 0")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn ask(base: f64, lift: f64, holdout: f64) -> Ask {
        Ask {
            outcome: Outcome::Share { base },
            lift: Lift::Relative(lift),
            holdout,
            arms: 1,
            correction: Correction::default(),
            alpha: 0.05,
            power: 0.8,
            per_day: None,
            design_effect: 1.0,
        }
    }

    /// METHODS, "Experiments": 1 % base, + 5 % relative, 80 % power.
    #[test]
    fn the_published_sizes() {
        for (holdout, millions, digits) in [(0.5, 1.27, 0.005), (0.02, 15.9, 0.05)] {
            let found = plan(ask(0.01, 0.05, holdout)).unwrap().asked;
            let total = found.total as f64 / 1e6;
            assert!((total - millions).abs() <= digits, "f = {holdout}: {total} M, published {millions} M");
            assert!((found.held_out as f64 / found.total as f64 - holdout).abs() < 1e-6);
        }
        // Amounts: 2·(1.96 + 0.8416)²·sd²/δ² in each of two equal groups; 0.2 deviations need the textbook's 392.4 (Cohen, 1988: 393).
        let amount =
            Ask { outcome: Outcome::Amount { mean: 10.0, sd: 5.0 }, lift: Lift::Absolute(1.0), ..ask(0.5, 0.1, 0.5) };
        assert_eq!(plan(amount).unwrap().asked.per_arm, 393);
    }

    #[test]
    fn the_smallest_effect_is_the_inverse_of_the_size() {
        for lift in [0.05, -0.05, 0.5] {
            for arms in [1, 3] {
                let ask = Ask { arms, per_day: Some(20_000.0), ..ask(0.01, lift, 0.1) };
                let plan = plan(ask).unwrap();
                let days = plan.asked.days.unwrap().ceil();
                let at = plan.smallest.iter().find(|s| s.days == days).unwrap();
                let relative = at.relative.unwrap();
                assert!(relative.signum() == lift.signum() && relative.abs() <= lift.abs(), "{relative}");
                let back = ask.needed(0.1, plan.critical, at.absolute.unwrap());
                assert!((back / at.subjects as f64 - 1.0).abs() < 1e-6, "{back} {}", at.subjects);
            }
        }
        let hopeless = Ask { per_day: Some(0.1), ..ask(0.01, 0.05, 0.1) };
        assert_eq!(plan(hopeless).unwrap().smallest[0].absolute, None);
    }

    #[test]
    fn several_arms_need_more_and_dunnett_less_than_bonferroni() {
        let at = |arms, correction| plan(Ask { arms, correction, ..ask(0.05, 0.1, 0.25) }).unwrap();
        let (none, dunnett, bonferroni) =
            (at(3, Correction::None), at(3, Correction::Dunnett), at(3, Correction::Bonferroni));
        assert!(at(1, Correction::Dunnett).asked.total < none.asked.total);
        assert!(none.asked.total < dunnett.asked.total && dunnett.asked.total < bonferroni.asked.total);
        // A quarter in each of four groups: the published value of three comparisons with an equal control.
        assert!((dunnett.critical - 2.35).abs() < 0.005, "{}", dunnett.critical);
    }

    /// Trials of the planned size, drawn from a world with the planned effect, see it as often as planned.
    #[test]
    fn planned_trials_have_the_planned_power() {
        let mut random = Random::new(11);
        for (arms, holdout) in [(1, 0.5), (1, 0.2), (3, 0.25)] {
            let ask = Ask { arms, ..ask(0.1, 0.2, holdout) };
            let plan = plan(ask).unwrap();
            let (c, t) = (plan.asked.held_out, plan.asked.per_arm);
            let share = |random: &mut Random, n: u64, p: f64| random.binomial(n, p) as f64 / n as f64;
            let seen = (0..4_000)
                .filter(|_| {
                    let (p1, p2) = (share(&mut random, c, plan.base), share(&mut random, t, plan.treated));
                    let se = (p1 * (1.0 - p1) / c as f64 + p2 * (1.0 - p2) / t as f64).sqrt();
                    (p2 - p1) / se > plan.critical
                })
                .count() as f64
                / 4_000.0;
            assert!((seen - 0.8).abs() < 0.025, "{arms} arms, {holdout} held out: seen in {seen}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        for (ask, word) in [
            (ask(0.0, 0.05, 0.5), "base rate"),
            (ask(0.01, 0.0, 0.5), "effect is 0"),
            (ask(0.6, 1.0, 0.5), "between 0 and 1"),
            (ask(0.01, 0.05, 1.0), "share held out"),
            (Ask { arms: 0, ..ask(0.01, 0.05, 0.5) }, "treated arms"),
            (Ask { per_day: Some(0.0), ..ask(0.01, 0.05, 0.5) }, "per day"),
            (Ask { power: f64::NAN, ..ask(0.01, 0.05, 0.5) }, "power"),
        ] {
            let found = plan(ask).unwrap_err().to_string();
            assert!(found.contains(word), "{found}");
        }
    }
}
