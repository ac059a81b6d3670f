//! The gain curve and the Qini curve: what treating the first k by score would have brought.

use super::Trial;

/// Rows by descending score with how often each stands there: once each, or as a resample drew them.
#[derive(Clone, Copy)]
pub struct Ranking<'a> {
    /// The trial.
    pub trial: Trial<'a>,
    /// Positions of its rows by descending score.
    pub order: &'a [u32],
    /// How often each row (not position in the order) is drawn; `None`: once.
    pub counts: Option<&'a [u32]>,
}

/// Which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// (Y^T/N^T − Y^C/N^C)·k.
    Gain,
    /// Y^T − Y^C·N^T/N^C.
    Qini,
}

/// Counts and outcomes of the rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// N^T.
    pub treated: f64,
    /// N^C.
    pub control: f64,
    /// Y^T.
    pub treated_outcomes: f64,
    /// Y^C.
    pub control_outcomes: f64,
}

impl Tally {
    /// Adds rows of one arm.
    pub fn add(&mut self, treated: bool, outcome: f64, times: f64) {
        if treated {
            self.treated += times;
            self.treated_outcomes += times * outcome;
        } else {
            self.control += times;
            self.control_outcomes += times * outcome;
        }
    }

    /// Rows so far.
    pub fn rows(&self) -> f64 {
        self.treated + self.control
    }

    /// Difference of the arms' means; an empty arm's mean counts as 0 (scikit-uplift), so it is no effect there.
    pub fn effect(&self) -> f64 {
        ratio(self.treated_outcomes, self.treated) - ratio(self.control_outcomes, self.control)
    }

    /// Whether both arms have rows.
    pub fn has_both(&self) -> bool {
        self.treated > 0.0 && self.control > 0.0
    }

    /// Height of a curve here.
    pub fn height(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Gain => self.effect() * self.rows(),
            Kind::Qini => self.treated_outcomes - self.control_outcomes * ratio(self.treated, self.control),
        }
    }
}

impl Ranking<'_> {
    /// Calls `each` with the tally after every row that is drawn, and whether the next row has another score.
    pub fn walk(&self, mut each: impl FnMut(&Tally, bool)) {
        let mut tally = Tally::default();
        let score = |at: usize| self.order.get(at).map(|row| self.trial.scores[*row as usize]);
        for (at, row) in self.order.iter().enumerate() {
            let row = *row as usize;
            let times = self.counts.map_or(1, |counts| counts[row]);
            let last = score(at + 1) != score(at);
            if times > 0 {
                tally.add(self.trial.treated[row], self.trial.outcomes[row], f64::from(times));
            }
            if times > 0 || last {
                each(&tally, last);
            }
        }
    }

    /// The curve from (0, 0), one point after each distinct score.
    pub fn points(&self, kind: Kind) -> Vec<(f64, f64)> {
        let mut points = vec![(0.0, 0.0)];
        self.walk(|tally, last| {
            // A score that no resample drew adds no point.
            if last && points.last().is_none_or(|before| tally.rows() > before.0) {
                points.push((tally.rows(), tally.height(kind)));
            }
        });
        points
    }

    /// How often a row is drawn.
    pub fn times(&self, row: usize) -> u64 {
        self.counts.map_or(1, |counts| u64::from(counts[row]))
    }

    /// Rows of the control and of the treated.
    pub fn sizes(&self) -> [u64; 2] {
        let mut sizes = [0; 2];
        for (row, treated) in self.trial.treated.iter().enumerate() {
            sizes[usize::from(*treated)] += self.times(row);
        }
        sizes
    }

    /// The whole trial.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.walk(|tally, _| total = *tally);
        total
    }
}

/// Area under a piecewise linear curve.
pub fn area(points: &[(f64, f64)]) -> f64 {
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum()
}

/// Height of a piecewise linear curve at `x`.
pub fn height(points: &[(f64, f64)], x: f64) -> f64 {
    let above = points.partition_point(|point| point.0 < x);
    match (above.checked_sub(1).and_then(|i| points.get(i)), points.get(above)) {
        (Some(a), Some(b)) if b.0 > a.0 => a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0),
        (_, Some(b)) => b.1,
        (Some(a), None) => a.1,
        (None, None) => 0.0,
    }
}

/// a/b, 0 when b is 0.
pub fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}
