//! The best rule of one line, as a yardstick: what somebody would write down after looking at one column. A model that does not
//! clearly beat it is not worth its trouble.

use crate::data::Dataset;
use crate::data::cells::{Cells, Dictionary};
use crate::error::Result;
use crate::explain::intervals::{auc_difference, mean_interval, top};
use crate::models::metrics::auc;
use crate::models::report::Estimate;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// Fewest rows a category needs for a rule about it.
const LEAST: usize = 10;

/// One line that chooses rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// At least this.
    AtLeast(String, f64),
    /// Below this.
    Below(String, f64),
    /// This value.
    Is(String, String),
    /// Known, and another value.
    IsNot(String, String),
    /// Not known.
    Missing(String),
    /// Known.
    Known(String),
}

/// A model beside the best rule of one line, both on rows that neither learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleContest {
    /// The rule with the largest difference of true and false positive rate on the rows to learn from.
    pub rule: Rule,
    /// In words.
    pub words: String,
    /// Rows compared on.
    pub rows: u64,
    /// Rows that the rule chooses.
    pub chosen: u64,
    /// Outcomes among them.
    pub rule_hits: u64,
    /// Outcomes among as many rows of the model's highest scores; a fraction where ties are shared.
    pub model_hits: f64,
    /// Outcomes that the model finds more, with the paired normal 95 % interval.
    pub more: Estimate,
    /// AUC of the rule.
    pub rule_auc: f64,
    /// AUC of the model less that of the rule, with DeLong's paired 95 % interval.
    pub auc_gap: Estimate,
    /// Whether the model finds clearly more: the interval of `more` lies above 0.
    pub clearly_better: bool,
    /// What it means, for people.
    pub sentence: String,
}

impl Rule {
    /// As a person would say it.
    pub fn words(&self) -> String {
        match self {
            Rule::AtLeast(field, x) => format!("{field} is at least {}", short(*x)),
            Rule::Below(field, x) => format!("{field} is below {}", short(*x)),
            Rule::Is(field, value) => format!("{field} is {value}"),
            Rule::IsNot(field, value) => format!("{field} is not {value}"),
            Rule::Missing(field) => format!("{field} is missing"),
            Rule::Known(field) => format!("{field} is known"),
        }
    }

    fn field(&self) -> &str {
        match self {
            Rule::AtLeast(f, _)
            | Rule::Below(f, _)
            | Rule::Is(f, _)
            | Rule::IsNot(f, _)
            | Rule::Missing(f)
            | Rule::Known(f) => f,
        }
    }

    /// 1 for each of some rows that it chooses, else 0; nothing of a column that is not there.
    pub fn chosen(&self, dataset: &Dataset, rows: &[u32]) -> Vec<f64> {
        let Some(cells) = dataset.cells(self.field()) else { return vec![0.0; rows.len()] };
        let number = |row: usize| cells.value(row).as_f64().unwrap_or(f64::NAN);
        let one = |row: usize| match self {
            Rule::AtLeast(_, x) => number(row) >= *x,
            Rule::Below(_, x) => number(row) < *x,
            Rule::Is(_, value) => cells.text(row).is_some_and(|text| text == *value),
            Rule::IsNot(_, value) => cells.text(row).is_some_and(|text| text != *value),
            Rule::Missing(_) => cells.is_missing(row),
            Rule::Known(_) => !cells.is_missing(row),
        };
        rows.iter().map(|&row| f64::from(u8::from(one(row as usize)))).collect()
    }
}

/// A number short enough to say.
fn short(x: f64) -> String {
    let exact = x.to_string();
    match x.abs() {
        _ if exact.len() <= 9 => exact,
        size if size < 1e-3 => format!("{x:.3e}"),
        _ => format!("{x:.4}"),
    }
}

/// The rule of one line with the largest difference of true and false positive rate; `None` when no column tells anything.
///
/// # Errors
/// When the task is cancelled.
pub fn best_rule(dataset: &Dataset, fields: &[String], rows: &[u32], y: &[bool], task: &Task) -> Result<Option<Rule>> {
    let (hits, misses) =
        (y.iter().filter(|&&y| y).count().max(1) as f64, y.iter().filter(|&&y| !y).count().max(1) as f64);
    let mut best: Option<(f64, Rule)> = None;
    let mut offer = |with: f64, without: f64, rule: &dyn Fn() -> Rule| {
        let gap = with / hits - without / misses;
        if gap > best.as_ref().map_or(1e-12, |(gap, _)| *gap) {
            best = Some((gap, rule()));
        }
    };
    for (i, field) in fields.iter().enumerate() {
        task.tick(i as f32 / fields.len() as f32)?;
        let Some(cells) = dataset.cells(field) else { continue };
        let count = |class: bool, known: bool| {
            let of = rows.iter().zip(y).filter(|(row, y)| **y == class && cells.is_missing(**row as usize) != known);
            of.count() as f64
        };
        let (with, without) = (count(true, true), count(false, true));
        offer(with, without, &|| Rule::Known(field.clone()));
        offer(count(true, false), count(false, false), &|| Rule::Missing(field.clone()));
        if let Cells::Integer(_) | Cells::Number(_) = cells {
            let number = |row: u32| cells.value(row as usize).as_f64().unwrap_or(f64::NAN);
            let mut known: Vec<(f64, bool)> =
                rows.iter().zip(y).map(|(&row, &y)| (number(row), y)).filter(|(x, _)| !x.is_nan()).collect();
            known.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (mut below_with, mut below_without) = (0.0, 0.0);
            for same in known.chunk_by(|a, b| a.0 == b.0) {
                let x = same[0].0;
                offer(below_with, below_without, &|| Rule::Below(field.clone(), x));
                offer(with - below_with, without - below_without, &|| Rule::AtLeast(field.clone(), x));
                let own = same.iter().filter(|(_, y)| *y).count() as f64;
                below_with += own;
                below_without += same.len() as f64 - own;
            }
            continue;
        }
        let Dictionary { codes, values } = cells.dictionary();
        let mut counts = vec![(0.0, 0.0); values.len()];
        for (&row, &y) in rows.iter().zip(y) {
            if let Some(count) = codes.get(row as usize).and_then(|&code| counts.get_mut(code as usize)) {
                if y { count.0 += 1.0 } else { count.1 += 1.0 }
            }
        }
        for (value, (own_with, own_without)) in values.iter().zip(counts) {
            if own_with + own_without >= LEAST as f64 {
                offer(own_with, own_without, &|| Rule::Is(field.clone(), value.to_string()));
                offer(with - own_with, without - own_without, &|| Rule::IsNot(field.clone(), value.to_string()));
            }
        }
    }
    Ok(best.map(|(_, rule)| rule))
}

/// Compares scores of rows (positions in the dataset) with a rule.
pub fn contest(rule: Rule, dataset: &Dataset, rows: &[u32], y: &[bool], scores: &[f64]) -> RuleContest {
    let chosen = rule.chosen(dataset, rows);
    let k: f64 = chosen.iter().sum();
    let model = top(scores, k);
    let hits = |part: &[f64]| -> f64 { part.iter().zip(y).filter(|(_, y)| **y).map(|(part, _)| part).sum() };
    let gaps: Vec<f64> =
        model.iter().zip(&chosen).zip(y).map(|((model, rule), &y)| if y { model - rule } else { 0.0 }).collect();
    let (n, per_row) = (rows.len() as f64, mean_interval(&gaps));
    let more = Estimate { value: per_row.value * n, low: per_row.low * n, high: per_row.high * n };
    let (rule_hits, model_hits) = (hits(&chosen), hits(&model));
    let clearly_better = more.low > 0.0;
    let words = rule.words();
    let verdict = if clearly_better {
        "The model is clearly better than one line"
    } else if more.high < 0.0 {
        "One line is clearly better than the model"
    } else {
        "The model is not clearly better than one line"
    };
    let sentence = format!(
        "{verdict}: choosing where {words} takes {k:.0} of {n:.0} rows and finds {rule_hits:.0} outcomes, the model's best {k:.0} \
         rows hold {model_hits:.0} ({:+.0}, 95 % interval {:+.0} to {:+.0})",
        more.value, more.low, more.high
    );
    RuleContest {
        words,
        rows: rows.len() as u64,
        chosen: k as u64,
        rule_hits: rule_hits as u64,
        model_hits,
        more,
        rule_auc: auc(&chosen, y),
        auc_gap: auc_difference(scores, &chosen, y),
        clearly_better,
        sentence,
        rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// The outcome follows one line, `age ≥ 40`, and two numbers add to it by `more`.
    fn world(more: f64, seed: u64) -> (Dataset, Vec<bool>, Vec<f64>) {
        let mut random = Random::new(seed);
        let (mut ages, mut bs, mut plans, mut y, mut truth) = (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..4000 {
            let age = 20 + random.below(50) as i64;
            let b = random.normal();
            let z = -2.0 + if age >= 40 { 1.5 } else { 0.0 } + more * b;
            y.push(random.chance(1.0 / (1.0 + (-z).exp())));
            truth.push(z);
            ages.push(if random.chance(0.05) { Cells::MISSING } else { age });
            bs.push(b);
            plans.push(["x", "y", "z"][random.below(3)]);
        }
        let columns = vec![
            ("age".into(), Cells::Integer(ages)),
            ("b".into(), Cells::Number(bs)),
            ("plan".into(), Cells::from_texts(plans.into_iter().map(Some))),
        ];
        (Dataset::from_columns("d", columns).unwrap(), y, truth)
    }

    #[test]
    fn the_rule_behind_the_data_is_found_and_hard_to_beat() {
        let rows: Vec<u32> = (0..4000).collect();
        let fields = ["b", "plan", "age"].map(String::from);
        for (more, better) in [(0.0, false), (1.5, true)] {
            let (dataset, y, truth) = world(more, 3);
            let rule = best_rule(&dataset, &fields, &rows[..2000], &y[..2000], &Task::default()).unwrap().unwrap();
            if more == 0.0 {
                assert!(
                    matches!(&rule, Rule::AtLeast(field, x) if field == "age" && (*x - 40.0).abs() <= 2.0),
                    "{rule:?}"
                );
            }
            let out = contest(rule, &dataset, &rows[2000..], &y[2000..], &truth[2000..]);
            assert_eq!(out.clearly_better, better, "{}", out.sentence);
            assert!(out.sentence.contains(if better { "is clearly better" } else { "not clearly better" }));
            let naive = (2000..4000).filter(|&i| y[i] && out.rule.chosen(&dataset, &[i as u32])[0] == 1.0).count();
            assert_eq!(out.rule_hits, naive as u64);
            assert!((out.more.value - (out.model_hits - out.rule_hits as f64)).abs() < 1e-9);
        }
    }

    #[test]
    fn categories_and_missing_cells_make_rules_too() {
        let n = 400;
        let y: Vec<bool> = (0..n).map(|i| i % 4 == 0).collect();
        let text = Cells::from_texts(y.iter().map(|&y| Some(if y { "gold" } else { "tin" })));
        let gaps = Cells::Number(y.iter().map(|&y| if y { f64::NAN } else { 1.0 }).collect());
        let dataset = Dataset::from_columns("d", vec![("plan".into(), text), ("gaps".into(), gaps)]).unwrap();
        let rows: Vec<u32> = (0..n as u32).collect();
        let best =
            |field: &str| best_rule(&dataset, &[field.to_owned()], &rows, &y, &Task::default()).unwrap().unwrap();
        assert!(matches!(best("plan"), Rule::Is(_, value) if value == "gold"));
        assert_eq!(best("gaps"), Rule::Missing("gaps".into()));
        assert_eq!(contest(best("gaps"), &dataset, &rows, &y, &vec![0.0; n]).rule_auc, 1.0);
        assert_eq!(best_rule(&dataset, &[], &rows, &y, &Task::default()).unwrap(), None);
    }
}
