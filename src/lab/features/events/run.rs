//! The features of one table for all rows: expressions once per event, then windows that slide, subject by subject, on both cores.

use super::expression::{self, Kind, Values};
use super::order::{Rows, Track};
use super::slide::{Asked, Count, Extreme, Gap, Gaps, Inside, Labels, Mode, Share, Since, Slide, Total, ratio};
use super::{Declared, EventTable, Moments, Used, about, cells};
use crate::data::cells::{Cells, Dictionary};
use crate::error::{Error, Result};
use crate::task::Cancelled;
use attune_policy::clock::{DAY, LocalClock, Unit};
use attune_policy::schema::{Aggregate, Window};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Subjects that are worked on in one piece.
const PIECE: usize = 2_048;

/// Computes features of one table; `tick` hears the share done.
pub fn table(
    table: &EventTable<'_>,
    features: &[&Declared],
    rows: &Rows,
    moments: &Moments,
    tick: &(dyn Fn(f32) -> std::result::Result<(), Cancelled> + Sync),
) -> Result<(Vec<Cells>, Used, Vec<String>)> {
    let (track, used) = rows.events(table, moments)?;
    tick(0.0)?;
    let mut notes = Vec::new();
    if used.unplaced > 0 {
        notes.push(format!("`{}`: {} events have no key or no time and count nowhere", table.name, used.unplaced));
    }
    let mut asked: HashMap<(&str, Kind), Values> = HashMap::new();
    for feature in features {
        for (text, kind) in wanted(feature) {
            if asked.contains_key(&(text, kind)) {
                continue;
            }
            let (values, failed) = expression::evaluate(table, feature, text, kind)?;
            if failed > 0 {
                notes.push(format!("`{}`: `{text}` failed for {failed} events, where it is unknown", table.name));
            }
            asked.insert((text, kind), values);
            tick(0.0)?;
        }
    }
    let mut tracks: HashMap<Option<&str>, Track> = HashMap::new();
    for filter in features.iter().map(|feature| feature.of.filter.as_deref()) {
        if let (Some(text), false) = (filter, tracks.contains_key(&filter))
            && let Some(Values::Truth(truths)) = asked.get(&(text, Kind::Truth))
        {
            tracks.insert(filter, track.filter(|event| truths[event as usize] == Some(true)));
        }
    }
    tracks.insert(None, track);
    let done = AtomicUsize::new(0);
    let pieces: Vec<usize> = (0..rows.subjects()).step_by(PIECE).collect();
    let total = (pieces.len() * features.len()).max(1);
    let tick = || tick(done.fetch_add(1, Ordering::Relaxed) as f32 / total as f32);
    // Features one after the other, each on both cores: what a feature needs beside the table is let go of after it.
    let mut columns = Vec::with_capacity(features.len());
    for feature in features {
        let track = &tracks[&feature.of.filter.as_deref()];
        let job = Job::new(table, feature, track, rows, moments, &asked)?;
        let found: Vec<Vec<f64>> = pieces
            .par_iter()
            .map(|from| {
                tick()?;
                Ok(job.piece(*from, (from + PIECE).min(rows.subjects())))
            })
            .collect::<Result<_>>()?;
        let mut numbers = vec![f64::NAN; moments.len()];
        for (row, x) in rows.rows.iter().zip(found.into_iter().flatten()) {
            numbers[*row as usize] = x;
        }
        columns.push(cells(feature.of.type_(), numbers, job.dictionary()));
    }
    Ok((columns, used, notes))
}

/// The expressions that a feature needs, and what of them.
pub fn wanted(feature: &Declared) -> Vec<(&str, Kind)> {
    let mut wanted: Vec<(&str, Kind)> =
        feature.of.filter.as_deref().map(|filter| (filter, Kind::Truth)).into_iter().collect();
    match &feature.of.aggregate {
        Aggregate::Share { of, by } => {
            wanted.push((of, Kind::Truth));
            wanted.extend(by.as_deref().map(|by| (by, Kind::Number)));
        }
        Aggregate::Distinct(of) | Aggregate::Top(of) | Aggregate::TopShare(of) => wanted.push((of, Kind::Label)),
        _ => wanted.extend(feature.of.expressions().map(|text| (text, Kind::Number))),
    }
    wanted
}

/// One feature, ready to be computed for any subjects.
struct Job<'a> {
    feature: &'a Declared,
    track: &'a Track,
    rows: &'a Rows,
    moments: &'a Moments,
    clock: LocalClock,
    /// Per place of the track, as the aggregate needs them.
    numbers: Vec<f64>,
    wholes: Vec<f64>,
    codes: Vec<u32>,
    shown: Vec<u8>,
    dates: Vec<i64>,
    labels: Option<&'a Dictionary>,
    /// Alphabetical place of each label, and the label at each place.
    rank: Vec<u32>,
    label: Vec<u32>,
}

impl<'a> Job<'a> {
    fn new(
        table: &EventTable<'_>,
        feature: &'a Declared,
        track: &'a Track,
        rows: &'a Rows,
        moments: &'a Moments,
        asked: &'a HashMap<(&str, Kind), Values>,
    ) -> Result<Job<'a>> {
        let zone = feature.of.zone.as_deref();
        let clock = LocalClock::new(zone).ok_or_else(|| about(feature, "its zone is not known"))?;
        let missing =
            |text: &str| -> Error { about(feature, format!("`{text}` was not evaluated over `{}`", table.name)) };
        let number = |text: &String| match asked.get(&(text.as_str(), Kind::Number)) {
            Some(Values::Number(values)) => Ok(track.events.iter().map(|event| values[*event as usize]).collect()),
            _ => Err(missing(text)),
        };
        let mut job = Job {
            feature,
            track,
            rows,
            moments,
            clock,
            numbers: Vec::new(),
            wholes: Vec::new(),
            codes: Vec::new(),
            shown: Vec::new(),
            dates: Vec::new(),
            labels: None,
            rank: Vec::new(),
            label: Vec::new(),
        };
        match &feature.of.aggregate {
            Aggregate::Sum(of) | Aggregate::Mean(of) | Aggregate::Min(of) | Aggregate::Max(of) => {
                job.numbers = number(of)?
            }
            Aggregate::Slope { of: Some(of), .. } | Aggregate::Change(Some(of)) => job.numbers = number(of)?,
            Aggregate::Distinct(of) | Aggregate::Top(of) | Aggregate::TopShare(of) => {
                let Some(Values::Label(labels)) = asked.get(&(of.as_str(), Kind::Label)) else {
                    return Err(missing(of));
                };
                job.codes = track.events.iter().map(|event| labels.codes[*event as usize]).collect();
                job.label = (0..labels.values.len() as u32).collect();
                job.label.sort_by(|a, b| labels.values[*a as usize].cmp(&labels.values[*b as usize]));
                job.rank = vec![0; job.label.len()];
                for (rank, label) in (0u32..).zip(&job.label) {
                    job.rank[*label as usize] = rank;
                }
                job.labels = Some(labels);
            }
            Aggregate::Share { of, by } => {
                let Some(Values::Truth(truths)) = asked.get(&(of.as_str(), Kind::Truth)) else {
                    return Err(missing(of));
                };
                let weights: Vec<f64> = match by {
                    Some(by) => number(by)?,
                    None => vec![1.0; track.events.len()],
                };
                // Events whose condition is unknown are in neither.
                let truth = |event: &u32| truths[*event as usize];
                let events = || track.events.iter().zip(&weights);
                job.wholes = events().map(|(event, w)| if truth(event).is_some() { *w } else { f64::NAN }).collect();
                job.numbers =
                    events().map(|(event, w)| if truth(event) == Some(true) { *w } else { f64::NAN }).collect();
            }
            Aggregate::Hour | Aggregate::HourShare => job.shown = job.show(|moment| moment.hour),
            Aggregate::Weekday | Aggregate::WeekdayShare => job.shown = job.show(|moment| moment.weekday()),
            Aggregate::Recency | Aggregate::Tenure | Aggregate::ActiveDays => job.dates = job.dates(),
            Aggregate::IntervalMean | Aggregate::IntervalSd | Aggregate::IntervalCv => job.dates = job.dates(),
            Aggregate::Count | Aggregate::DaysSinceLast | Aggregate::DaysSinceFirst => {}
            Aggregate::Slope { of: None, .. } | Aggregate::Change(None) => {}
        }
        Ok(job)
    }

    fn show(&self, of: impl Fn(attune_policy::clock::Moment) -> u8 + Sync) -> Vec<u8> {
        self.track.times.par_iter().map(|time| of(self.clock.at(*time))).collect()
    }

    fn dates(&self) -> Vec<i64> {
        self.track.times.par_iter().map(|time| self.clock.at(*time).date).collect()
    }

    fn dictionary(&self) -> &Dictionary {
        static NONE: std::sync::LazyLock<Dictionary> = std::sync::LazyLock::new(Dictionary::default);
        self.labels.unwrap_or(&NONE)
    }

    /// The values of the rows of some subjects, in the order of the rows.
    fn piece(&self, from: usize, to: usize) -> Vec<f64> {
        let window = self.feature.of.window;
        let one =
            |job: &Self, slide: &mut dyn Slide| job.slide(from, to, &[slide_window(window)], &mut [slide], |v| v[0]);
        match &self.feature.of.aggregate {
            Aggregate::Count => one(self, &mut Count),
            Aggregate::Sum(_) => one(self, &mut Total::new(&self.numbers, false)),
            Aggregate::Mean(_) => one(self, &mut Total::new(&self.numbers, true)),
            Aggregate::Min(_) => one(self, &mut Extreme::new(&self.numbers, false)),
            Aggregate::Max(_) => one(self, &mut Extreme::new(&self.numbers, true)),
            Aggregate::Distinct(_) => one(self, &mut self.labels(Asked::Distinct)),
            Aggregate::Top(_) => one(self, &mut self.labels(Asked::Top)),
            Aggregate::TopShare(_) => one(self, &mut self.labels(Asked::TopShare)),
            Aggregate::Share { .. } => one(self, &mut Share::new(&self.numbers, &self.wholes)),
            Aggregate::Hour | Aggregate::Weekday => one(self, &mut Mode::new(&self.shown, false)),
            Aggregate::HourShare | Aggregate::WeekdayShare => one(self, &mut Mode::new(&self.shown, true)),
            Aggregate::ActiveDays => one(self, &mut Gaps::new(&self.dates, Gap::ActiveDays)),
            Aggregate::IntervalMean => one(self, &mut Gaps::new(&self.dates, Gap::Mean)),
            Aggregate::IntervalSd => one(self, &mut Gaps::new(&self.dates, Gap::Sd)),
            Aggregate::IntervalCv => one(self, &mut Gaps::new(&self.dates, Gap::Cv)),
            Aggregate::DaysSinceLast => self.since(from, to, &self.track.times, true, |now| now, DAY as f64),
            Aggregate::DaysSinceFirst => self.since(from, to, &self.track.times, false, |now| now, DAY as f64),
            Aggregate::Recency => self.since(from, to, &self.dates, true, |now| self.clock.at(now).date, 1.0),
            Aggregate::Tenure => self.since(from, to, &self.dates, false, |now| self.clock.at(now).date, 1.0),
            Aggregate::Change(of) => {
                let windows = [slide_window(window), before(window)];
                self.sums(from, to, &windows, of.is_some(), |v| ratio(v[0], v[1]))
            }
            Aggregate::Slope { of, periods } => {
                let [first, last] = slide_window(window);
                let edge = |k: u32| match k {
                    0 => first,
                    k if k == *periods => last,
                    k => Edge::Part(first.into(), last.into(), k, *periods),
                };
                let windows: Vec<[Edge; 2]> = (0..*periods).map(|k| [edge(k), edge(k + 1)]).collect();
                self.sums(from, to, &windows, of.is_some(), slope)
            }
        }
    }

    fn labels(&self, asked: Asked) -> Labels<'_> {
        Labels::new(&self.codes, &self.rank, &self.label, asked)
    }

    /// Counts or sums in several windows, made into one value.
    fn sums(
        &self,
        from: usize,
        to: usize,
        windows: &[[Edge; 2]],
        summed: bool,
        make: impl Fn(&[f64]) -> f64,
    ) -> Vec<f64> {
        if summed {
            let mut totals: Vec<Total<'_>> = windows.iter().map(|_| Total::new(&self.numbers, false)).collect();
            let mut slides: Vec<&mut dyn Slide> = totals.iter_mut().map(|total| total as &mut dyn Slide).collect();
            self.slide(from, to, windows, &mut slides, make)
        } else {
            let mut counts: Vec<Count> = windows.iter().map(|_| Count).collect();
            let mut slides: Vec<&mut dyn Slide> = counts.iter_mut().map(|count| count as &mut dyn Slide).collect();
            self.slide(from, to, windows, &mut slides, make)
        }
    }

    fn since(&self, from: usize, to: usize, at: &[i64], last: bool, now: impl Fn(i64) -> i64, unit: f64) -> Vec<f64> {
        let since = Since { at, last };
        let mut values = Vec::new();
        self.each(
            from,
            to,
            &[slide_window(self.feature.of.window)],
            |_, _| {},
            |inside, as_of| {
                values.push(since.value(inside[0], now(as_of)) / unit);
            },
        );
        values
    }

    /// Slides one aggregate over each window.
    fn slide(
        &self,
        from: usize,
        to: usize,
        windows: &[[Edge; 2]],
        slides: &mut [&mut dyn Slide],
        make: impl Fn(&[f64]) -> f64,
    ) -> Vec<f64> {
        let slides = std::cell::RefCell::new(slides);
        let (mut values, mut found) = (Vec::new(), vec![0.0; windows.len()]);
        self.each(
            from,
            to,
            windows,
            |window, step| {
                let slide = &mut slides.borrow_mut()[window];
                match step {
                    Step::Enter(at) => slide.enter(at),
                    Step::Leave(at, left) => slide.leave(at, left),
                }
            },
            |inside, _| {
                let slides = slides.borrow();
                for ((place, slide), inside) in found.iter_mut().zip(slides.iter()).zip(inside) {
                    *place = slide.value(*inside);
                }
                values.push(make(&found));
            },
        );
        values
    }

    /// Moves windows over the events of some subjects, row by row.
    fn each(
        &self,
        from: usize,
        to: usize,
        windows: &[[Edge; 2]],
        mut step: impl FnMut(usize, Step),
        mut row: impl FnMut(&[Inside], i64),
    ) {
        let mut inside = vec![Inside { from: 0, to: 0 }; windows.len()];
        for subject in from..to {
            let (first, end) = (self.track.start[subject], self.track.start[subject + 1]);
            let own = &self.rows.rows[self.rows.start[subject]..self.rows.start[subject + 1]];
            inside.fill(Inside { from: first, to: first });
            for at in own {
                let as_of = self.moments.as_of[*at as usize];
                for (window, ([open, close], inside)) in windows.iter().zip(&mut inside).enumerate() {
                    let (open, close) = (open.instant(as_of, &self.clock), close.instant(as_of, &self.clock));
                    while inside.to < end && self.track.times[inside.to] < close {
                        step(window, Step::Enter(inside.to));
                        inside.to += 1;
                    }
                    while inside.from < inside.to && self.track.times[inside.from] < open {
                        inside.from += 1;
                        step(window, Step::Leave(inside.from - 1, inside.to - inside.from));
                    }
                }
                row(&inside, as_of);
            }
            // The next subject begins with nothing inside.
            for (window, inside) in inside.iter_mut().enumerate() {
                while inside.from < inside.to {
                    inside.from += 1;
                    step(window, Step::Leave(inside.from - 1, inside.to - inside.from));
                }
            }
        }
    }
}

/// What a window does on its way.
enum Step {
    Enter(usize),
    /// The place that is left, and how many are still inside.
    Leave(usize, usize),
}

/// Where a window begins or ends, from the instant of a row. Each moves forward with that instant.
#[derive(Clone, Copy, Debug)]
enum Edge {
    Start,
    /// So many milliseconds before.
    Ago(i64),
    /// The beginning of the calendar unit so many units before the current one.
    Unit(Unit, u32),
    /// So many parts of the way from the first to the second, cut to milliseconds.
    Part(End, End, u32, u32),
}

/// An edge that is no part of another.
#[derive(Clone, Copy, Debug)]
enum End {
    Ago(i64),
    Unit(Unit, u32),
}

impl From<Edge> for End {
    fn from(edge: Edge) -> End {
        match edge {
            Edge::Unit(unit, back) => End::Unit(unit, back),
            Edge::Ago(ms) => End::Ago(ms),
            Edge::Start | Edge::Part(..) => End::Ago(i64::MAX),
        }
    }
}

impl Edge {
    fn instant(self, as_of: i64, clock: &LocalClock) -> i64 {
        let end = |end: End| match end {
            End::Ago(ms) => as_of.saturating_sub(ms),
            End::Unit(unit, back) => clock.start_of(unit, as_of, back),
        };
        match self {
            Edge::Start => i64::MIN,
            Edge::Ago(ms) => end(End::Ago(ms)),
            Edge::Unit(unit, back) => end(End::Unit(unit, back)),
            Edge::Part(a, b, k, n) => {
                let (a, b) = (i128::from(end(a)), i128::from(end(b)));
                i64::try_from(a + (b - a) * i128::from(k) / i128::from(n)).unwrap_or(i64::MAX)
            }
        }
    }
}

fn slide_window(window: Window) -> [Edge; 2] {
    let ago = |days: i64| Edge::Ago(days * DAY);
    match window {
        Window::All => [Edge::Start, ago(0)],
        Window::Days(days) => [ago(i64::from(days)), ago(0)],
        Window::Between { from, to } => [ago(i64::from(from)), ago(i64::from(to))],
        Window::Current(unit) => [Edge::Unit(unit, 0), ago(0)],
        Window::Last { count, of } => [Edge::Unit(of, count), Edge::Unit(of, 0)],
    }
}

/// The window of the same length before a window that has a beginning.
fn before(window: Window) -> [Edge; 2] {
    let ago = |days: i64| Edge::Ago(days * DAY);
    match window {
        Window::Days(days) => [ago(2 * i64::from(days)), ago(i64::from(days))],
        Window::Between { from, to } => [ago(2 * i64::from(from) - i64::from(to)), ago(i64::from(from))],
        Window::Last { count, of } => [Edge::Unit(of, count.saturating_mul(2)), Edge::Unit(of, count)],
        Window::All | Window::Current(_) => [Edge::Start, Edge::Start],
    }
}

/// Least-squares slope of values at 0, 1, 2 …: Σ(t − t̄) y / Σ(t − t̄)², with doubled, whole t − t̄.
fn slope(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for (t, y) in values.iter().enumerate() {
        let u = 2.0 * t as f64 - (n - 1.0);
        sum += u * y;
        squares += u * u;
    }
    2.0 * sum / squares
}
