//! When do budgets and stocks run dry, at the pace at which the policy itself spends them.
//!
//! Each limit is taken away by itself and the policy decides every row without it: what it would spend, in order of time, says when the
//! limit is reached. Subjects are drawn anew for the interval: who comes, and when, is chance too.

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
    let log = DecisionLog::new(dataset, roles, options.goal.as_deref())?;
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

    /// What each candidate of the policy spends of it.
    fn spends(&self, document: &Document) -> Vec<f64> {
        let mut list = Vec::new();
        for action in &document.actions {
            let issue = document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group));
            for treatment in &action.treatments {
                let inside = match &self.scope {
                    Scope::All => true,
                    Scope::Issue(id) => issue.is_some_and(|i| i.id == *id),
                    Scope::Group(id) => action.group == *id,
                    Scope::Action(id) => action.id == *id,
                    Scope::Treatment(of, id) => action.id == *of && treatment.id == *id,
                    Scope::Channel(id) => treatment.channel == *id,
                };
                list.push(match self.measure {
                    _ if !inside => 0.0,
                    Measure::Count => 1.0,
                    Measure::Cost => treatment.cost.unwrap_or(action.cost),
                });
            }
        }
        list
    }
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
        let amounts = limit.spends(document);
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
        let mut periods = Vec::new();
        match limit.reset {
            None => periods.push(span),
            Some(period) => {
                let mut at = begin(period, span.0);
                while at <= span.1 && periods.len() < 100_000 {
                    let next = following(period, at);
                    periods.push((at, next));
                    at = next;
                }
                for spend in &mut list {
                    spend.3 = periods.partition_point(|p| p.1 <= spend.0).min(periods.len().saturating_sub(1));
                }
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

/// Begin of the period that an instant is in, by universal time.
fn begin(period: Period, t: i64) -> i64 {
    let day = t.div_euclid(DAY);
    match period {
        Period::Day => day * DAY,
        // 1970-01-01 was a Thursday; weekdays count from Monday as 1.
        Period::Week(first) => (day - (day + 3 - (i64::from(first).max(1) - 1)).rem_euclid(7)) * DAY,
        Period::Month => {
            let (year, month) = month_of(day);
            days_to(year, month) * DAY
        }
    }
}

fn following(period: Period, begin: i64) -> i64 {
    match period {
        Period::Day => begin + DAY,
        Period::Week(_) => begin + 7 * DAY,
        Period::Month => {
            let (year, month) = month_of(begin.div_euclid(DAY));
            let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            days_to(year, month) * DAY
        }
    }
}

/// Year and month of a day since 1970 (Hinnant's `civil_from_days`).
fn month_of(day: i64) -> (i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month)
}

/// Days from 1970 to the first of a month (Hinnant's `days_from_civil`).
fn days_to(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era_year = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + of_era_year * 365 + of_era_year / 4 - of_era_year / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::import::{DateOrder, dates};
    use crate::simulate::KeepNothing;
    use crate::simulate::tests::{compile, document, plain, world};
    use crate::world::{World, WorldSpec};
    use attune_policy::contact::{Clock, Stock};

    fn instant(text: &str) -> i64 {
        dates::parse(text, DateOrder::DayFirst).unwrap()
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        for (period, of, expected, next) in [
            (Period::Day, "2026-03-02T09:00:00Z", "2026-03-02", "2026-03-03"),
            (Period::Week(1), "2026-03-02T00:00:00Z", "2026-03-02", "2026-03-09"),
            (Period::Week(1), "2026-03-01T23:00:00Z", "2026-02-23", "2026-03-02"),
            (Period::Week(7), "2026-03-02T09:00:00Z", "2026-03-01", "2026-03-08"),
            (Period::Month, "2024-02-29T12:00:00Z", "2024-02-01", "2024-03-01"),
            (Period::Month, "2025-12-31T23:59:59Z", "2025-12-01", "2026-01-01"),
        ] {
            let found = begin(period, instant(of));
            assert_eq!(found, instant(expected), "{period:?} {of}");
            assert_eq!(following(period, found), instant(next), "{period:?} {of}");
        }
    }

    fn budget(id: &str, max: f64, reset: Option<Period>) -> Budget {
        Budget {
            id: id.into(),
            name: String::new(),
            scope: Scope::All,
            measure: Measure::Cost,
            event: EventKind::Sent,
            max: Some(max),
            min: None,
            reset: reset.map(|p| (p, Clock::Utc)),
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        }
    }

    /// Everybody gets the first action at every decision, at a cost of 0.5.
    fn asked(world: &World, change: impl FnOnce(&mut Document)) -> BudgetReport {
        let mut document = document(world.roles.schema(&world.trial), &[("style_email", 3.0), ("home_email", 2.0)]);
        document.actions.iter_mut().for_each(|a| a.cost = 0.5);
        change(&mut document);
        let options = Options { bootstrap: 200, ..plain() };
        budgets(&compile(document), &world.trial, &world.roles, &options, &KeepNothing, &Task::default()).unwrap()
    }

    #[test]
    fn limits_run_dry_when_the_rows_say_so() {
        let world = world(WorldSpec { customers: 400, decisions: 8, gap_days: 5, ..WorldSpec::default() });
        let mut times: Vec<f64> = world.trial.numbers("decided_at").unwrap();
        times.sort_by(f64::total_cmp);
        let budgets = [
            budget("half", 800.0, None),
            budget("ample", 3_200.0, None),
            budget("weekly", 300.0, Some(Period::Week(1))),
            Budget { event: EventKind::Click, ..budget("clicks", 1.0, None) },
            Budget { enabled: false, ..budget("off", 1.0, None) },
        ];
        let stock = Stock {
            id: "gifts".into(),
            action: "style_email".into(),
            units: 1_000,
            event: EventKind::Sent,
            since: None,
        };
        // One limit at a time: where several are declared, the others still bind while one is taken away.
        let mut report = asked(&world, |d| d.stocks = vec![stock.clone()]);
        for budget in &budgets {
            report.limits.extend(asked(&world, |d| d.budgets = vec![budget.clone()]).limits);
        }
        let both = asked(&world, |d| {
            d.stocks = vec![stock.clone()];
            d.budgets = vec![budgets[0].clone()];
        });
        let spent = |id: &str| both.limits.iter().find(|l| l.id == id).unwrap().spent.value;
        // 1,000 gifts and then the other action; 1,600 of either when the budget binds, and no end of gifts.
        assert!((spent("half") - 1_600.0).abs() < 1e-9 && (spent("gifts") - 1_600.0).abs() < 1e-9);
        let of = |id: &str| report.limits.iter().find(|l| l.id == id).unwrap();
        assert_eq!(report.limits.len(), 5);
        // 3,200 decisions at 0.5: half is gone with number 1,601, the stock with number 1,001.
        assert!((of("half").spent.value - 1_600.0).abs() < 1e-9);
        for (id, number) in [("half", 1_600), ("gifts", 1_000)] {
            let dry = of(id).dry.as_ref().unwrap();
            assert_eq!((dry.at, dry.beyond_the_log), (times[number] as i64, false), "{id}");
            assert!(dry.low <= dry.at && dry.at <= dry.high.unwrap() && dry.probability == 1.0, "{dry:?}");
            assert_eq!(i64::from(dry.week), 1 + (dry.at - report.span.0) / (7 * DAY));
        }
        // Twice what the log spends: as many days again, at the same pace.
        let ample = of("ample").dry.as_ref().unwrap();
        assert!(ample.beyond_the_log && ample.probability == 0.0);
        let days = (ample.at - report.span.0) as f64 / DAY as f64;
        let logged = (report.span.1.div_euclid(DAY) - report.span.0.div_euclid(DAY) + 1) as f64;
        assert!((days - 2.0 * logged).abs() < 1e-6, "{days} days, the log has {logged}");
        // Weeks counted again by hand.
        let mut spent = std::collections::BTreeMap::new();
        times.iter().for_each(|t| *spent.entry(begin(Period::Week(1), *t as i64)).or_insert(0.0) += 0.5);
        let weekly = of("weekly").periods.as_ref().unwrap();
        assert_eq!(weekly.periods as usize, spent.len());
        assert_eq!(weekly.dry as usize, spent.values().filter(|s| **s > 300.0).count());
        assert!(of("clicks").not_answered.as_ref().is_some_and(|why| why.contains("Click")));
        assert!(of("weekly").dry.is_none() && of("half").periods.is_none());
    }

    /// Worlds that differ by chance alone: the interval of one holds the date of most others.
    #[test]
    fn the_interval_holds_the_date_of_other_worlds() {
        let date = |seed: u64| {
            let world = world(WorldSpec { customers: 300, decisions: 6, gap_days: 6, seed, ..WorldSpec::default() });
            let report = asked(&world, |d| {
                d.budgets = vec![budget("spring", 200.0, None)];
                d.rules = vec![crate::simulate::tests::rule(
                    "known",
                    attune_policy::rule::Stage::Eligibility,
                    Scope::All,
                    "frequency >= 2",
                )];
            });
            let dry = report.limits[0].dry.clone().unwrap();
            (dry.at, dry.low, dry.high.unwrap_or(i64::MAX))
        };
        let found: Vec<(i64, i64, i64)> = (1..=12).map(date).collect();
        // Two worlds both vary: their difference is √2 as wide as either, so about 83 % of pairs agree.
        let pairs = || (0..12).flat_map(|a| (0..12).map(move |b| (a, b))).filter(|(a, b)| a != b);
        let held = pairs().filter(|(a, b)| found[*a].1 <= found[*b].0 && found[*b].0 <= found[*a].2).count();
        let share = held as f64 / pairs().count() as f64;
        assert!((0.62..=0.97).contains(&share), "{share} of the pairs: {found:?}");
        assert!(found.iter().any(|f| f.1 < f.2));
    }

    #[test]
    fn without_times_nothing_says_when() {
        let world = world(WorldSpec { customers: 200, ..WorldSpec::default() });
        let mut roles = world.roles.clone();
        roles.columns.remove("decided_at");
        let policy = compile(document(roles.schema(&world.trial), &[("style_email", 3.0)]));
        let found = budgets(&policy, &world.trial, &roles, &plain(), &KeepNothing, &Task::default()).unwrap_err();
        assert!(found.to_string().contains("no column has the role time"), "{found}");
    }
}
