//! What is known of a window while it slides over the events of a subject: each event enters once and leaves once.

use super::exact::Sum;
use std::collections::{BTreeSet, VecDeque};

/// The events of a subject in a window, by their places in the track.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    pub from: usize,
    pub to: usize,
}

/// An aggregate that follows a window.
pub trait Slide {
    /// The event at a place of the track enters, after those already inside.
    fn enter(&mut self, at: usize);
    /// The first event inside leaves; `left` are still inside.
    fn leave(&mut self, at: usize, left: usize);
    /// What it comes to; NaN is unknown.
    fn value(&self, inside: Inside) -> f64;
}

/// Number of events.
pub struct Count;

impl Slide for Count {
    fn enter(&mut self, _: usize) {}
    fn leave(&mut self, _: usize, _: usize) {}
    fn value(&self, inside: Inside) -> f64 {
        (inside.to - inside.from) as f64
    }
}

/// Sum or mean of the known values.
pub struct Total<'a> {
    /// Per place of the track; NaN is unknown.
    pub values: &'a [f64],
    pub sum: Sum,
    pub known: usize,
    pub mean: bool,
}

impl<'a> Total<'a> {
    pub fn new(values: &'a [f64], mean: bool) -> Total<'a> {
        Total { values, sum: Sum::default(), known: 0, mean }
    }
}

impl Slide for Total<'_> {
    fn enter(&mut self, at: usize) {
        let x = self.values[at];
        if !x.is_nan() {
            self.sum.add(x);
            self.known += 1;
        }
    }

    fn leave(&mut self, at: usize, _: usize) {
        let x = self.values[at];
        if !x.is_nan() {
            self.sum.add(-x);
            self.known -= 1;
        }
        if self.known == 0 {
            self.sum = Sum::default();
        }
    }

    fn value(&self, _: Inside) -> f64 {
        match (self.mean, self.known) {
            (true, 0) => f64::NAN,
            (true, n) => self.sum.value() / n as f64,
            // 0.0 for an empty window, and never -0.0.
            (false, _) => self.sum.value() + 0.0,
        }
    }
}

/// Part of a whole: the sum of `parts` over that of `wholes`.
pub struct Share<'a> {
    part: Total<'a>,
    whole: Total<'a>,
}

impl<'a> Share<'a> {
    pub fn new(parts: &'a [f64], wholes: &'a [f64]) -> Share<'a> {
        Share { part: Total::new(parts, false), whole: Total::new(wholes, false) }
    }
}

impl Slide for Share<'_> {
    fn enter(&mut self, at: usize) {
        self.part.enter(at);
        self.whole.enter(at);
    }

    fn leave(&mut self, at: usize, left: usize) {
        self.part.leave(at, left);
        self.whole.leave(at, left);
    }

    fn value(&self, inside: Inside) -> f64 {
        ratio(self.part.value(inside), self.whole.value(inside))
    }
}

/// Unknown where the divisor is 0.
pub fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { f64::NAN } else { a / b }
}

/// Least or greatest known value: candidates in order, each better than all before it are gone.
pub struct Extreme<'a> {
    values: &'a [f64],
    greatest: bool,
    candidates: VecDeque<usize>,
}

impl<'a> Extreme<'a> {
    pub fn new(values: &'a [f64], greatest: bool) -> Extreme<'a> {
        Extreme { values, greatest, candidates: VecDeque::new() }
    }
}

impl Slide for Extreme<'_> {
    fn enter(&mut self, at: usize) {
        let x = self.values[at];
        if x.is_nan() {
            return;
        }
        while let Some(last) = self.candidates.back() {
            let other = self.values[*last];
            if if self.greatest { other > x } else { other < x } {
                break;
            }
            self.candidates.pop_back();
        }
        self.candidates.push_back(at);
    }

    fn leave(&mut self, at: usize, _: usize) {
        if self.candidates.front() == Some(&at) {
            self.candidates.pop_front();
        }
    }

    fn value(&self, _: Inside) -> f64 {
        self.candidates.front().map_or(f64::NAN, |at| self.values[*at])
    }
}

/// What is asked of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Distinct,
    Top,
    TopShare,
}

/// Different labels, and the most frequent one.
pub struct Labels<'a> {
    /// Per place of the track; the greatest code is unknown.
    codes: &'a [u32],
    /// Place of each label in alphabetical order, and back.
    rank: &'a [u32],
    label: &'a [u32],
    asked: Asked,
    counts: Vec<u32>,
    known: usize,
    distinct: usize,
    /// Labels by falling count, then by rank; kept only where the first is asked for.
    order: BTreeSet<(std::cmp::Reverse<u32>, u32)>,
}

impl<'a> Labels<'a> {
    pub fn new(codes: &'a [u32], rank: &'a [u32], label: &'a [u32], asked: Asked) -> Labels<'a> {
        let counts = vec![0; rank.len()];
        Labels { codes, rank, label, asked, counts, known: 0, distinct: 0, order: BTreeSet::new() }
    }

    fn count(&mut self, at: usize, up: bool) {
        let code = self.codes[at] as usize;
        let Some(count) = self.counts.get_mut(code) else { return };
        let before = *count;
        *count = if up { before + 1 } else { before - 1 };
        let after = *count;
        self.known = if up { self.known + 1 } else { self.known - 1 };
        if before == 0 {
            self.distinct += 1;
        }
        if after == 0 {
            self.distinct -= 1;
        }
        if self.asked != Asked::Distinct {
            let rank = self.rank[code];
            self.order.remove(&(std::cmp::Reverse(before), rank));
            if after > 0 {
                self.order.insert((std::cmp::Reverse(after), rank));
            }
        }
    }
}

impl Slide for Labels<'_> {
    fn enter(&mut self, at: usize) {
        self.count(at, true);
    }

    fn leave(&mut self, at: usize, _: usize) {
        self.count(at, false);
    }

    fn value(&self, _: Inside) -> f64 {
        match (self.asked, self.order.first()) {
            (Asked::Distinct, _) => self.distinct as f64,
            (_, None) => f64::NAN,
            (Asked::Top, Some((_, rank))) => f64::from(self.label[*rank as usize]),
            (Asked::TopShare, Some((count, _))) => f64::from(count.0) / self.known as f64,
        }
    }
}

/// The most frequent of a few numbers, such as hours.
pub struct Mode<'a> {
    /// Per place of the track.
    shown: &'a [u8],
    share: bool,
    counts: [u32; 24],
}

impl<'a> Mode<'a> {
    pub fn new(shown: &'a [u8], share: bool) -> Mode<'a> {
        Mode { shown, share, counts: [0; 24] }
    }
}

impl Slide for Mode<'_> {
    fn enter(&mut self, at: usize) {
        self.counts[usize::from(self.shown[at]) % 24] += 1;
    }

    fn leave(&mut self, at: usize, _: usize) {
        self.counts[usize::from(self.shown[at]) % 24] -= 1;
    }

    fn value(&self, inside: Inside) -> f64 {
        // The first of equals: `max_by_key` would give the last.
        let best = (0..24).rev().max_by_key(|hour| self.counts[*hour]).unwrap_or(0);
        match (self.counts[best], self.share) {
            (0, _) => f64::NAN,
            (count, true) => f64::from(count) / (inside.to - inside.from) as f64,
            (_, false) => best as f64,
        }
    }
}

/// What is asked of the days between events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    ActiveDays,
    Mean,
    Sd,
    Cv,
}

/// Days between one local date with an event and the next, in whole numbers, so that nothing is rounded before the end.
pub struct Gaps<'a> {
    /// Per place of the track.
    dates: &'a [i64],
    asked: Gap,
    /// Number of gaps, their sum and the sum of their squares.
    count: i128,
    sum: i128,
    squares: i128,
    inside: usize,
}

impl<'a> Gaps<'a> {
    pub fn new(dates: &'a [i64], asked: Gap) -> Gaps<'a> {
        Gaps { dates, asked, count: 0, sum: 0, squares: 0, inside: 0 }
    }

    fn gap(&mut self, before: usize, after: usize, sign: i128) {
        let gap = i128::from(self.dates[after]) - i128::from(self.dates[before]);
        // A clock that is put back over midnight brings a date twice.
        if gap != 0 {
            self.count += sign;
            self.sum += sign * gap.abs();
            self.squares += sign * gap * gap;
        }
    }
}

impl Slide for Gaps<'_> {
    fn enter(&mut self, at: usize) {
        if self.inside > 0 {
            self.gap(at - 1, at, 1);
        }
        self.inside += 1;
    }

    fn leave(&mut self, at: usize, left: usize) {
        if left > 0 {
            self.gap(at, at + 1, -1);
        }
        self.inside = left;
    }

    fn value(&self, inside: Inside) -> f64 {
        let (n, sum) = (self.count, self.sum as f64);
        if self.asked == Gap::ActiveDays {
            return if inside.from == inside.to { 0.0 } else { (n + 1) as f64 };
        }
        if n == 0 {
            return f64::NAN;
        }
        let mean = sum / n as f64;
        // n Σ g² − (Σ g)², exactly, over n (n − 1): the sample variance.
        let sd = || match n {
            1 => f64::NAN,
            _ => ((n * self.squares - self.sum * self.sum) as f64 / (n * (n - 1)) as f64).sqrt(),
        };
        match self.asked {
            Gap::Mean | Gap::ActiveDays => mean,
            Gap::Sd => sd(),
            Gap::Cv => sd() / mean,
        }
    }
}

/// What is asked of the first or last event: days with their fraction, or calendar days.
pub struct Since<'a> {
    /// Per place of the track: its time (ms), or its local date.
    pub at: &'a [i64],
    pub last: bool,
}

impl Since<'_> {
    /// From the event to `now`, in the unit of the events.
    pub fn value(&self, inside: Inside, now: i64) -> f64 {
        if inside.from == inside.to {
            return f64::NAN;
        }
        let at = if self.last { inside.to - 1 } else { inside.from };
        (i128::from(now) - i128::from(self.at[at])) as f64
    }
}
