//! When do budgets and stocks run dry, at the pace at which the policy itself spends them.
//!
//! Each limit is taken away by itself and the policy decides every row without it: what it would spend, in order of time, says when the
//! limit is reached. Subjects are drawn anew for the interval: who comes, and when, is chance too.

mod periods;

use self::periods::{begin, following};
use super::choices::{Choices, Variants};
use super::sweep::title;
use super::{Figure, notes};
use crate::data::{Dataset, Requests, Role, Roles};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::simulate::bootstrap::percentile_interval;
use crate::simulate::log::DecisionLog;
use crate::simulate::report::Note;
use crate::simulate::run::compile;
use crate::simulate::{Keep, Options};
use crate::task::Task;
use attune_policy::contact::{Budget, EventKind, Measure, Period};
use attune_policy::document::Document;
use attune_policy::policy::Policy;
use attune_policy::rule::Scope;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// When limits are reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetReport {
    /// Name of the policy.
    pub policy: String,
    /// Its revision.
    pub revision: String,
    /// Decisions.
    pub decisions: u64,
    /// First and last instant (ms).
    pub span: (i64, i64),
    /// The limits.
    pub limits: Vec<LimitReport>,
    /// Seed of the resamples.
    pub seed: u64,
    /// Definitions.
    pub notes: Vec<Note>,
}

/// A budget or a stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitReport {
    /// `budget` or `stock`.
    pub kind: String,
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The limit, per period where it begins anew.
    pub limit: f64,
    /// `day`, `week` or `month` where it begins anew.
    pub reset: Option<String>,
    /// What the policy would spend without it from the first to the last decision, while it is open.
    pub spent: Figure,
    /// The same per day.
    pub per_day: Figure,
    /// When it runs dry; `None` where it begins anew, or nothing is spent.
    pub dry: Option<Dry>,
    /// How often it runs dry, where it begins anew.
    pub periods: Option<Periods>,
    /// Why there is no answer, when there is none.
    pub not_answered: Option<String>,
}

/// When a limit that does not begin anew runs dry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dry {
    /// Instant (ms).
    pub at: i64,
    /// Earliest and latest at 95 %; no latest where it may never happen.
    pub low: i64,
    /// See `low`.
    pub high: Option<i64>,
    /// Week of the log, from 1.
    pub week: u32,
    /// Whether the log ends before: the pace of the log is then taken to go on.
    pub beyond_the_log: bool,
    /// Share of the resamples in which it happens before the limit closes, or before the log ends where it never closes.
    pub probability: f64,
}

/// How often a limit that begins anew runs dry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Periods {
    /// Periods that the log covers, the first and the last perhaps in part.
    pub periods: u64,
    /// Of these, run dry.
    pub dry: u64,
    /// Share that runs dry.
    pub share: Figure,
    /// Mean share of the period that has gone by when it runs dry; `None` where it never does.
    pub elapsed: Option<Figure>,
}

const NOTES: &[(&str, &str)] = &[
    (
        "spent",
        "What the policy spends in order of time when this one limit is taken away and everything else stays; nothing is spent before the first decision. Intervals at 95 %, from resampled subjects.",
    ),
    (
        "runs dry",
        "The first decision that the limit no longer covers. Beyond the end of the log the mean pace of the log goes on.",
    ),
    (
        "probability",
        "Share of the resamples in which it runs dry before it closes, or before the log ends where it never closes.",
    ),
    ("period", "Days, weeks and months by universal time, in which a budget begins anew."),
    ("pacing", "A paced budget slows down on purpose: here is told when it would be spent without pacing."),
];

const DAY: i64 = 86_400_000;

/// Tells of every enabled budget with a maximum, and of every stock.
///
/// # Errors
/// When the rows have no times, the log cannot be read, a field of the policy is missing in the data, or the task is cancelled.
pub fn budgets(
    policy: &Policy,
    dataset: &Dataset,
    roles: &Roles,
    options: &Options,
    keep: &dyn Keep,
    task: &Task,
) -> Result<BudgetReport> {
    task.stage("Reading the log")?;
    if roles.first(Role::Time).is_none() {
        return Err(Error::new("no column has the role time: nothing says when something is spent")
            .hint("give the column of the decision's instant the role time"));
    }
    let document = policy.document();
    let log = DecisionLog::read(dataset, roles, options.goal.as_deref(), task)?;
    let limits = limits(document);
    let variants = Variants::new(dataset, roles, &log, options, keep, &[], limits.len())?;
    let requests = Requests::new(dataset, roles, &document.schema)?;
    let times: Vec<i64> = variants.rows.iter().map(|row| requests.now(*row as usize)).collect();
    let subjects: Vec<u32> = variants.rows.iter().map(|row| requests.subjects().code(*row as usize) as u32).collect();
    let span = (times.iter().copied().min().unwrap_or(0), times.iter().copied().max().unwrap_or(0));
    let mut found = Vec::new();
    for limit in limits {
        let mut report = limit.report();
        if report.not_answered.is_none() {
            let mut without = document.clone();
            (limit.remove)(&mut without);
            let choices = variants.choices(&format!("the policy without {}", limit.name), &compile(without)?, task)?;
            let spends = Spends::new(&limit, document, &choices, &times, &subjects, span);
            task.stage(&format!("When {} runs dry", limit.name))?;
            spends.answer(&mut report, options, task)?;
        }
        found.push(report);
    }
    Ok(BudgetReport {
        policy: title(policy),
        revision: policy.revision().to_owned(),
        decisions: variants.rows.len() as u64,
        span,
        limits: found,
        seed: options.seed,
        notes: notes(NOTES),
    })
}

/// A limit of the policy.
struct Limit {
    kind: &'static str,
    id: String,
    name: String,
    most: f64,
    measure: Measure,
    scope: Scope,
    event: EventKind,
    reset: Option<Period>,
    from: Option<i64>,
    until: Option<i64>,
    remove: Box<dyn Fn(&mut Document)>,
}

fn limits(document: &Document) -> Vec<Limit> {
    let budget = |(i, b): (usize, &Budget)| {
        Some(Limit {
            kind: "budget",
            id: b.id.clone(),
            name: if b.name.is_empty() { b.id.clone() } else { b.name.clone() },
            most: b.max.filter(|_| b.enabled)?,
            measure: b.measure,
            scope: b.scope.clone(),
            event: b.event.clone(),
            reset: b.reset.map(|r| r.0),
            from: b.from,
            until: b.until,
            remove: Box::new(move |d| d.budgets[i].enabled = false),
        })
    };
    let budgets = document.budgets.iter().enumerate().filter_map(budget);
    let stocks = document.stocks.iter().enumerate().map(|(i, s)| Limit {
        kind: "stock",
        id: s.id.clone(),
        name: s.id.clone(),
        most: s.units as f64,
        measure: Measure::Count,
        scope: Scope::Action(s.action.clone()),
        event: s.event.clone(),
        reset: None,
        from: s.since,
        until: None,
        remove: Box::new(move |d| drop(d.stocks.remove(i))),
    });
    budgets.chain(stocks).collect()
}

impl Limit {
    fn report(&self) -> LimitReport {
        let known = matches!(self.event, EventKind::Decision | EventKind::Sent | EventKind::Impression);
        LimitReport {
            kind: self.kind.to_owned(),
            id: self.id.clone(),
            name: self.name.clone(),
            limit: self.most,
            reset: self.reset.map(|period| {
                match period {
                    Period::Day => "day",
                    Period::Week(_) => "week",
                    Period::Month => "month",
                }
                .to_owned()
            }),
            spent: Figure::default(),
            per_day: Figure::default(),
            dry: None,
            periods: None,
            not_answered: (!known).then(|| {
                format!(
                    "it is spent by {:?}, which a replay knows only where the logged action is the chosen one",
                    self.event
                )
            }),
        }
    }
}

/// What each candidate of a policy spends of what a scope and measure limit, in the policy's order.
pub(in crate::simulate) fn spends(document: &Document, scope: &Scope, measure: Measure) -> Vec<f64> {
    let mut list = Vec::new();
    for action in &document.actions {
        let issue = document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group));
        for treatment in &action.treatments {
            let inside = match scope {
                Scope::All => true,
                Scope::Issue(id) => issue.is_some_and(|i| i.id == *id),
                Scope::Group(id) => action.group == *id,
                Scope::Action(id) => action.id == *id,
                Scope::Treatment(of, id) => action.id == *of && treatment.id == *id,
                Scope::Channel(id) => treatment.channel == *id,
            };
            list.push(match measure {
                _ if !inside => 0.0,
                Measure::Count => 1.0,
                Measure::Cost => treatment.cost.unwrap_or(action.cost),
            });
        }
    }
    list
}

/// Periods of universal time that a span touches, the first and the last perhaps in part.
pub(in crate::simulate) fn periods_in(period: Period, span: (i64, i64)) -> u64 {
    calendar(period, span).len() as u64
}

/// Begin and end of each period that a span touches.
fn calendar(period: Period, span: (i64, i64)) -> Vec<(i64, i64)> {
    let mut periods = Vec::new();
    let mut at = begin(period, span.0);
    while at <= span.1 && periods.len() < 100_000 {
        let next = following(period, at);
        periods.push((at, next));
        at = next;
    }
    periods
}

/// What is spent, in order of time.
struct Spends {
    /// Instant, subject, amount, period.
    list: Vec<(i64, u32, f64, usize)>,
    /// Begin and end of each period; one where the limit does not begin anew.
    periods: Vec<(i64, i64)>,
    subjects: usize,
    limit: f64,
    resets: bool,
    until: Option<i64>,
    /// Begin of the pace, and end of the log.
    span: (i64, i64),
}

impl Spends {
    fn new(
        limit: &Limit,
        document: &Document,
        choices: &Choices,
        times: &[i64],
        subjects: &[u32],
        span: (i64, i64),
    ) -> Spends {
        let amounts = spends(document, &limit.scope, limit.measure);
        let open = |t: i64| limit.from.is_none_or(|from| t > from) && limit.until.is_none_or(|until| t < until);
        let mut list: Vec<(i64, u32, f64, usize)> = Vec::new();
        for (at, chosen) in choices.chosen.iter().enumerate() {
            let amount = amounts.get(*chosen as usize).copied().unwrap_or(0.0);
            if amount > 0.0 && open(times[at]) {
                list.push((times[at], subjects[at], amount, 0));
            }
        }
        // Rows of one instant keep the order of the log.
        list.sort_by_key(|s| s.0);
        let span = (span.0.max(limit.from.unwrap_or(span.0)), span.1.min(limit.until.unwrap_or(span.1)));
        let periods = limit.reset.map_or(vec![span], |period| calendar(period, span));
        if limit.reset.is_some() {
            for spend in &mut list {
                spend.3 = periods.partition_point(|p| p.1 <= spend.0).min(periods.len().saturating_sub(1));
            }
        }
        Spends {
            list,
            periods,
            subjects: subjects.iter().max().map_or(0, |m| *m as usize + 1),
            limit: limit.most,
            resets: limit.reset.is_some(),
            until: limit.until,
            span,
        }
    }

    /// Total, and the instant at which each period runs dry, when each subject comes so many times.
    fn path(&self, times: Option<&[u32]>) -> (f64, Vec<Option<i64>>) {
        let mut spent = vec![0.0; self.periods.len()];
        let mut dry = vec![None; self.periods.len()];
        for (time, subject, amount, period) in &self.list {
            let own = amount * times.map_or(1.0, |t| f64::from(t[*subject as usize]));
            spent[*period] += own;
            if own > 0.0 && dry[*period].is_none() && spent[*period] > self.limit + 1e-9 {
                dry[*period] = Some(*time);
            }
        }
        (spent.iter().sum(), dry)
    }

    /// Days of the log in which the limit is open: whole days, as rows of one day came in one day.
    fn days(&self) -> f64 {
        ((self.span.1.div_euclid(DAY) - self.span.0.div_euclid(DAY)) as f64 + 1.0).max(1.0)
    }

    /// When it runs dry, beyond the log at the mean pace; infinite when nothing is spent.
    fn dry(&self, total: f64, dry: &[Option<i64>]) -> f64 {
        match dry.first().copied().flatten() {
            Some(at) => at as f64,
            None if total > 0.0 => self.span.0 as f64 + self.limit / (total / self.days()) * DAY as f64,
            None => f64::INFINITY,
        }
    }

    fn answer(&self, report: &mut LimitReport, options: &Options, task: &Task) -> Result<()> {
        let (total, dry) = self.path(None);
        let n = self.list.len() as u64;
        let replicates = options.bootstrap.max(20);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let draws: Vec<(f64, Vec<Option<i64>>)> = (0..replicates as u64)
            .into_par_iter()
            .map(|b| {
                let at = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                task.tick(at as f32 / replicates as f32)?;
                let mut random = Random::stream(options.seed, b);
                let mut times = vec![0u32; self.subjects];
                (0..self.subjects).for_each(|_| times[random.below(self.subjects)] += 1);
                Ok(self.path(Some(&times)))
            })
            .collect::<Result<_>>()?;
        let figure = |value: f64, draws: &mut dyn Iterator<Item = f64>| {
            let (low, high) = percentile_interval(draws).unwrap_or((value, value));
            Figure { value, low, high, n }
        };
        report.spent = figure(total, &mut draws.iter().map(|d| d.0));
        report.per_day = figure(total / self.days(), &mut draws.iter().map(|d| d.0 / self.days()));
        if self.resets {
            report.periods = Some(self.begun_anew(&dry, &draws));
            return Ok(());
        }
        let at = self.dry(total, &dry);
        if !at.is_finite() {
            return Ok(());
        }
        let mut when: Vec<f64> = draws.iter().map(|d| self.dry(d.0, &d.1)).collect();
        when.sort_by(f64::total_cmp);
        let point = |q: f64| when[((when.len() - 1) as f64 * q).round() as usize];
        let closes = self.until.unwrap_or(self.span.1) as f64;
        report.dry = Some(Dry {
            at: at as i64,
            low: point(0.025) as i64,
            high: Some(point(0.975)).filter(|x| x.is_finite()).map(|x| x as i64),
            week: ((at as i64 - self.span.0) / (7 * DAY)).clamp(0, i64::from(u32::MAX) - 1) as u32 + 1,
            beyond_the_log: dry.first().copied().flatten().is_none(),
            probability: when.iter().filter(|w| **w <= closes).count() as f64 / when.len() as f64,
        });
        Ok(())
    }

    fn begun_anew(&self, dry: &[Option<i64>], draws: &[(f64, Vec<Option<i64>>)]) -> Periods {
        let share = |dry: &[Option<i64>]| dry.iter().flatten().count() as f64 / dry.len().max(1) as f64;
        let elapsed = |dry: &[Option<i64>]| {
            let own = self
                .periods
                .iter()
                .zip(dry)
                .filter_map(|((from, to), at)| Some(((*at)? - from) as f64 / (to - from) as f64));
            let own: Vec<f64> = own.collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        let n = self.periods.len() as u64;
        let figure = |value: f64, draws: &mut dyn Iterator<Item = f64>| {
            let (low, high) = percentile_interval(draws).unwrap_or((value, value));
            Figure { value, low, high, n }
        };
        let found = elapsed(dry);
        Periods {
            periods: n,
            dry: dry.iter().flatten().count() as u64,
            share: figure(share(dry), &mut draws.iter().map(|d| share(&d.1))),
            elapsed: found.is_finite().then(|| figure(found, &mut draws.iter().map(|d| elapsed(&d.1)))),
        }
    }
}

#[cfg(test)]
mod tests;
