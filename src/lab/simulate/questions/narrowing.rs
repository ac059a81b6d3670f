//! Is contact getting narrower: fewer actions, fewer people, more of it to the same people, week by week.
//!
//! From a log of contacts in plain columns. Everything is resampled by subject, so that a person's contacts stay together.

use super::{Figure, notes};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::simulate::report::Note;
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A log of contacts, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Contacts<'a> {
    /// Subject, numbered from 0.
    pub subject: &'a [u32],
    /// Instant (ms since 1970).
    pub time: &'a [i64],
    /// Action, a position in `actions`; `None` where nobody was contacted.
    pub action: &'a [Option<u32>],
    /// Names of the actions.
    pub actions: &'a [String],
}

/// How narrow contact is, week by week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NarrowingReport {
    /// Contacts.
    pub contacts: u64,
    /// Subjects of the log.
    pub subjects: u64,
    /// Actions that occur.
    pub actions: u64,
    /// Whose share is reached: subjects with a row in the week, where the log has rows without contact, else all of the log.
    pub reached_of: String,
    /// The weeks, sevens of days from the first row; weeks without a contact are left out.
    pub weeks: Vec<Week>,
    /// Change per week of each measure over the weeks of enough contacts.
    pub trends: Vec<Trend>,
    /// What it comes to.
    pub verdict: String,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// A week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// Number from 0.
    pub number: u32,
    /// Its begin (ms).
    pub start: i64,
    /// Contacts.
    pub contacts: u64,
    /// Whether it counts in the trend: it has contacts enough, and is not a last week that the data end in.
    pub in_trend: bool,
    /// The measures, in the order of [`MEASURES`].
    pub measures: Vec<Figure>,
}

/// The change of a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Key of the measure.
    pub measure: String,
    /// Change per week.
    pub per_week: Figure,
    /// Whether the change, if it is one, makes contact narrower.
    pub narrower: bool,
}

/// Keys of the measures, and whether more of them is narrower.
pub const MEASURES: [(&str, bool); 5] = [
    ("effective_actions", false),
    ("action_gini", true),
    ("reached", false),
    ("contact_gini", true),
    ("top_tenth", true),
];

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
/// Contacts of a week below which it does not count in the trend.
const FEW: u64 = 30;
/// Weeks told.
const MOST_WEEKS: i64 = 520;

const NOTES: &[(&str, &str)] = &[
    (
        "effective_actions",
        "exp(H), H = −Σ p ln p over the shares of the week's contacts by action, with Miller and Madow's correction (K − 1)/2n: how many equally frequent actions would be as varied.",
    ),
    (
        "action_gini",
        "Gini coefficient of the week's contacts over all actions of the log: 0 all alike, near 1 one action only.",
    ),
    ("reached", "Subjects contacted in the week ÷ subjects who could have been."),
    (
        "contact_gini",
        "Gini coefficient of the week's contacts over the subjects who could have been contacted: near 1 few people get all.",
    ),
    ("top_tenth", "Share of the week's contacts that go to the tenth of these subjects who get most."),
    ("interval", "Value ± 1.96 bootstrap standard errors; whole subjects are resampled."),
    (
        "trend",
        "Least-squares slope per week over the weeks of at least 30 contacts, with the same bootstrap; a last week whose last day the data do not reach is left out: fewer days look narrower.",
    ),
];

/// Measures a log of contacts. `replicates` resamples from 20 up; replicate b depends on `seed` and b alone.
///
/// # Errors
/// When no row is a contact, or the task is cancelled.
pub fn narrowing(contacts: Contacts<'_>, replicates: usize, seed: u64, task: &Task) -> Result<NarrowingReport> {
    task.stage("Measuring contacts")?;
    let table = Table::new(contacts)?;
    let ones = vec![1u32; table.subjects.len()];
    let point = table.measure(&ones);
    let replicates = replicates.max(20);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let draws: Vec<Measured> = (0..replicates as u64)
        .into_par_iter()
        .map(|b| {
            let at = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            task.tick(at as f32 / replicates as f32)?;
            let mut random = Random::stream(seed, b);
            let mut times = vec![0u32; table.subjects.len()];
            for _ in 0..times.len() {
                times[random.below(table.subjects.len())] += 1;
            }
            Ok(table.measure(&times))
        })
        .collect::<Result<_>>()?;
    let deviation = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<f64> = values.filter(|x| x.is_finite()).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt()
    };
    let weeks = (0..table.weeks).filter(|w| point.contacts[*w] > 0).map(|w| Week {
        number: w as u32,
        start: table.start + w as i64 * WEEK,
        contacts: point.contacts[w],
        in_trend: table.in_trend[w],
        measures: (0..MEASURES.len())
            .map(|m| {
                let se = deviation(&mut draws.iter().map(|d| d.values[w][m]));
                Figure::normal(point.values[w][m], se, point.contacts[w])
            })
            .collect(),
    });
    let weeks: Vec<Week> = weeks.collect();
    let used = table.in_trend.iter().filter(|x| **x).count() as u64;
    let trends: Vec<Trend> = MEASURES
        .iter()
        .enumerate()
        .filter(|_| used >= 3)
        .map(|(m, (key, more_is_narrower))| {
            let slope = table.slope(&point, m);
            let se = deviation(&mut draws.iter().map(|d| table.slope(d, m)));
            Trend {
                measure: (*key).to_owned(),
                per_week: Figure::normal(slope, se, used),
                narrower: (slope > 0.0) == *more_is_narrower && slope != 0.0,
            }
        })
        .collect();
    let clear = |narrower: bool| -> Vec<&str> {
        trends.iter().filter(|t| t.narrower == narrower && t.per_week.is_clear()).map(|t| t.measure.as_str()).collect()
    };
    let (narrower, wider) = (clear(true), clear(false));
    let verdict = match (trends.is_empty(), narrower.is_empty(), wider.is_empty()) {
        (true, ..) => format!("fewer than three weeks have {FEW} contacts: no trend can be told"),
        (_, true, true) => "no measure changes by more than chance".to_owned(),
        (_, false, true) => format!("contact is getting narrower: {}", narrower.join(", ")),
        (_, true, false) => format!("contact is getting wider: {}", wider.join(", ")),
        _ => format!("narrower in {}, wider in {}", narrower.join(", "), wider.join(", ")),
    };
    Ok(NarrowingReport {
        contacts: point.contacts.iter().sum(),
        subjects: table.subjects.len() as u64,
        actions: table.actions as u64,
        reached_of: match table.by_presence {
            true => "subjects with a row in the week, contacted or not".into(),
            false => "all subjects of the log: it has no rows without contact".into(),
        },
        weeks,
        trends,
        verdict,
        notes: notes(NOTES),
    })
}

/// What one subject got in one week.
struct Cell {
    week: usize,
    contacts: u32,
    /// Contacts by action.
    by_action: Vec<(u32, u32)>,
}

/// The log by subject and week.
struct Table {
    start: i64,
    weeks: usize,
    /// Actions that occur, renumbered.
    actions: usize,
    subjects: Vec<Vec<Cell>>,
    by_presence: bool,
    in_trend: Vec<bool>,
}

/// Measures of every week; NaN where a week has no contact.
struct Measured {
    contacts: Vec<u64>,
    values: Vec<[f64; MEASURES.len()]>,
}

impl Table {
    fn new(contacts: Contacts<'_>) -> Result<Table> {
        let rows = contacts.subject.len().min(contacts.time.len()).min(contacts.action.len());
        let start = contacts.time[..rows].iter().copied().min().unwrap_or(0);
        if contacts.action[..rows].iter().all(Option::is_none) {
            return Err(
                Error::new("no row is a contact").hint("name the column of the action, and what in it means none")
            );
        }
        let mut renumbered = vec![None; contacts.actions.len()];
        let mut actions = 0;
        let mut by_subject: std::collections::BTreeMap<u32, std::collections::BTreeMap<usize, Vec<Option<u32>>>> =
            std::collections::BTreeMap::new();
        for row in 0..rows {
            let week = ((contacts.time[row] - start) / WEEK).min(MOST_WEEKS - 1) as usize;
            let action = contacts.action[row].and_then(|a| {
                let slot = renumbered.get_mut(a as usize)?;
                Some(*slot.get_or_insert_with(|| {
                    actions += 1;
                    actions as u32 - 1
                }))
            });
            by_subject.entry(contacts.subject[row]).or_default().entry(week).or_default().push(action);
        }
        let cell = |(week, rows): (usize, Vec<Option<u32>>)| {
            let mut own: Vec<u32> = rows.iter().copied().flatten().collect();
            own.sort_unstable();
            let mut by_action: Vec<(u32, u32)> = Vec::new();
            for action in &own {
                match by_action.last_mut() {
                    Some((last, n)) if last == action => *n += 1,
                    _ => by_action.push((*action, 1)),
                }
            }
            Cell { week, contacts: own.len() as u32, by_action }
        };
        let subjects: Vec<Vec<Cell>> =
            by_subject.into_values().map(|weeks| weeks.into_iter().map(cell).collect()).collect();
        let weeks = subjects.iter().flatten().map(|c| c.week + 1).max().unwrap_or(0);
        let mut table = Table {
            start,
            weeks,
            actions,
            by_presence: contacts.action[..rows].iter().any(Option::is_none),
            in_trend: Vec::new(),
            subjects,
        };
        let mut counts = vec![0u64; weeks];
        table.subjects.iter().flatten().for_each(|c| counts[c.week] += u64::from(c.contacts));
        table.in_trend = counts.into_iter().map(|n| n >= FEW).collect();
        let last = contacts.time[..rows].iter().copied().max().unwrap_or(start) - start;
        if last % WEEK < WEEK - DAY
            && let Some(cut) = table.in_trend.last_mut().filter(|_| last / WEEK + 1 == weeks as i64)
        {
            *cut = false;
        }
        Ok(table)
    }

    /// The measures when each subject counts so many times.
    fn measure(&self, times: &[u32]) -> Measured {
        let mut by_action = vec![vec![0u64; self.actions]; self.weeks];
        // Subjects by number of contacts, per week.
        let mut by_count: Vec<std::collections::BTreeMap<u32, u64>> =
            vec![std::collections::BTreeMap::new(); self.weeks];
        let mut seen = vec![0u64; self.weeks];
        let mut all = 0u64;
        for (cells, times) in self.subjects.iter().zip(times) {
            let times = u64::from(*times);
            if times == 0 {
                continue;
            }
            all += times;
            for cell in cells {
                seen[cell.week] += times;
                *by_count[cell.week].entry(cell.contacts).or_default() += times;
                for (action, n) in &cell.by_action {
                    by_action[cell.week][*action as usize] += times * u64::from(*n);
                }
            }
        }
        if !self.by_presence {
            for (counts, seen) in by_count.iter_mut().zip(&seen) {
                *counts.entry(0).or_default() += all - seen;
            }
        }
        let contacts: Vec<u64> = by_action.iter().map(|a| a.iter().sum()).collect();
        let values = (0..self.weeks).map(|w| self.week(&by_action[w], &by_count[w])).collect();
        Measured { contacts, values }
    }

    fn week(&self, by_action: &[u64], by_count: &std::collections::BTreeMap<u32, u64>) -> [f64; MEASURES.len()] {
        let n = by_action.iter().sum::<u64>() as f64;
        if n == 0.0 {
            return [f64::NAN; MEASURES.len()];
        }
        let used = by_action.iter().filter(|x| **x > 0);
        let entropy: f64 = used.clone().map(|x| *x as f64 / n).map(|p| -p * libm::log(p)).sum();
        let entropy = entropy + (used.count() as f64 - 1.0) / (2.0 * n);
        let mut actions: Vec<(f64, f64)> = by_action.iter().map(|x| (*x as f64, 1.0)).collect();
        actions.sort_by(|a, b| a.0.total_cmp(&b.0));
        let people: Vec<(f64, f64)> = by_count.iter().map(|(count, n)| (f64::from(*count), *n as f64)).collect();
        let could: f64 = people.iter().map(|p| p.1).sum();
        let reached: f64 = people.iter().filter(|p| p.0 > 0.0).map(|p| p.1).sum();
        [libm::exp(entropy), gini(&actions), reached / could, gini(&people), top(&people, 0.1)]
    }

    /// Least-squares slope of a measure over the weeks in the trend.
    fn slope(&self, measured: &Measured, measure: usize) -> f64 {
        let points: Vec<(f64, f64)> = (0..self.weeks)
            .filter(|w| self.in_trend[*w] && measured.values[*w][measure].is_finite())
            .map(|w| (w as f64, measured.values[w][measure]))
            .collect();
        let n = points.len() as f64;
        let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
        let sxx: f64 = points.iter().map(|p| (p.0 - mx) * (p.0 - mx)).sum();
        points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum::<f64>() / sxx
    }
}

/// Gini coefficient of ascending values with their frequencies: 1 − 2 × the area under the Lorenz curve.
fn gini(values: &[(f64, f64)]) -> f64 {
    let total: f64 = values.iter().map(|(x, n)| x * n).sum();
    let people: f64 = values.iter().map(|v| v.1).sum();
    let (mut before, mut area) = (0.0, 0.0);
    for (x, n) in values {
        let after = before + x * n / total;
        area += n / people * (before + after) / 2.0;
        before = after;
    }
    1.0 - 2.0 * area
}

/// Share of the sum that goes to the largest `share` of the values, the last of them in part.
fn top(values: &[(f64, f64)], share: f64) -> f64 {
    let total: f64 = values.iter().map(|(x, n)| x * n).sum();
    let mut left = share * values.iter().map(|v| v.1).sum::<f64>();
    let mut sum = 0.0;
    for (x, n) in values.iter().rev() {
        let taken = n.min(left);
        sum += x * taken;
        left -= taken;
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of `weeks` weeks: per week each of `people` is contacted with probability `reach`, by an action of the weights.
    fn log(
        random: &mut Random,
        people: u32,
        weeks: i64,
        reach: impl Fn(i64) -> f64,
        weights: impl Fn(i64) -> Vec<f64>,
    ) -> (Vec<u32>, Vec<i64>, Vec<Option<u32>>) {
        let (mut subject, mut time, mut action) = (Vec::new(), Vec::new(), Vec::new());
        for week in 0..weeks {
            let weights = weights(week);
            for person in 0..people {
                subject.push(person);
                time.push(week * 7 * DAY + i64::from(person % 7) * DAY);
                action.push(random.chance(reach(week)).then(|| random.pick(&weights) as u32));
            }
        }
        (subject, time, action)
    }

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("action {i}")).collect()
    }

    fn report(log: &(Vec<u32>, Vec<i64>, Vec<Option<u32>>), seed: u64) -> NarrowingReport {
        let actions = names(4);
        let contacts = Contacts { subject: &log.0, time: &log.1, action: &log.2, actions: &actions };
        narrowing(contacts, 60, seed, &Task::default()).unwrap()
    }

    #[test]
    fn measures_are_those_of_the_definitions() {
        // One week, four people with 0, 1, 1 and 2 contacts; actions 0, 0, 1, 2 of four names.
        let log = (vec![0, 1, 2, 3, 3], vec![0, DAY, 2 * DAY, 0, DAY], vec![None, Some(0), Some(0), Some(1), Some(2)]);
        let week = &report(&log, 1).weeks[0];
        // Σ −p ln p = ½ ln 2 + ½ ln 4; three actions occur. Gini by the mean absolute difference: Σ|x−y| / (2 n² mean).
        let expected = [(1.5 * 2f64.ln() + 2.0 / 8.0).exp(), 4.0 / (2.0 * 9.0 * (4.0 / 3.0)), 0.75, 12.0 / 32.0, 0.2];
        for (found, (expected, key)) in week.measures.iter().zip(expected.iter().zip(MEASURES)) {
            assert!((found.value - expected).abs() < 1e-12, "{}: {}, expected {expected}", key.0, found.value);
        }
        assert_eq!((week.contacts, week.in_trend), (4, false));
    }

    #[test]
    fn narrowing_is_seen_and_steadiness_is_not_called_narrowing() {
        let mut random = Random::new(2);
        let narrower = log(&mut random, 300, 10, |w| 0.5 - 0.03 * w as f64, |w| vec![1.0 + w as f64, 1.0, 1.0, 1.0]);
        let found = report(&narrower, 1);
        assert!(found.verdict.contains("narrower") && found.verdict.contains("reached"), "{}", found.verdict);
        let reached = found.trends.iter().find(|t| t.measure == "reached").unwrap();
        assert!(reached.per_week.low <= -0.03 && -0.03 <= reached.per_week.high && reached.narrower, "{reached:?}");
        let worlds = 120;
        let mut wrong = [0; MEASURES.len()];
        for seed in 0..worlds {
            let steady = log(&mut random, 120, 6, |_| 0.4, |_| vec![4.0, 2.0, 1.0, 1.0]);
            for (wrong, trend) in wrong.iter_mut().zip(report(&steady, seed).trends) {
                *wrong += i32::from(trend.per_week.is_clear());
            }
        }
        for (n, (key, _)) in wrong.into_iter().zip(MEASURES) {
            // 5 % and three standard errors of 120 worlds.
            assert!(f64::from(n) / worlds as f64 <= 0.11, "{key}: {n} of {worlds} steady worlds called changing");
        }
        // A last week that the data end in has fewer contacts, and is no trend.
        for days in [2, 4] {
            let mut narrower = 0;
            for seed in 0..40 {
                let (mut people, mut times, mut actions) =
                    log(&mut random, 120, 6, |_| 0.4, |_| vec![4.0, 2.0, 1.0, 1.0]);
                let end = times.iter().min().unwrap() + 5 * WEEK + days * DAY;
                let stays: Vec<bool> = times.iter().map(|time| *time < end).collect();
                let mut of = stays.iter();
                people.retain(|_| *of.next().unwrap());
                let mut of = stays.iter();
                actions.retain(|_| *of.next().unwrap());
                times.retain(|time| *time < end);
                let found = report(&(people, times, actions), seed);
                assert!(!found.weeks.last().unwrap().in_trend && found.weeks[4].in_trend);
                narrower += i32::from(found.verdict.contains("getting narrower"));
            }
            assert!(narrower <= 8, "{days} days: {narrower} of 40 steady worlds called narrower");
        }
    }

    #[test]
    fn a_log_without_contacts_is_named() {
        let contacts = Contacts { subject: &[0], time: &[0], action: &[None], actions: &[] };
        assert!(narrowing(contacts, 20, 1, &Task::default()).unwrap_err().to_string().contains("no row is a contact"));
    }
}
