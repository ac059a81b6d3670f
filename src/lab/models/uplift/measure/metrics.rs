//! Qini and AUUC in both conventions, uplift at k, weighted average uplift.
//!
//! scikit-uplift 0.5.1: areas with ties merged, over the area of the perfect ranking. causalml: the curve over its last value, averaged
//! over the points, ties in sort order; undefined lift is interpolated before it is multiplied by k.

use super::curve::{Kind, Ranking, Tally, area};

/// Normalised area of a curve, scikit-uplift's convention: (area − random)/(perfect − random). 0/1 outcomes only. The perfect Qini
/// curve counts people whom treatment drove away when `negative_effect`. `None` for other outcomes, or when the perfect ranking
/// is the random one.
pub fn sklift_auc(ranking: Ranking<'_>, kind: Kind, negative_effect: bool) -> Option<f64> {
    if !ranking.trial.is_binary() {
        return None;
    }
    let total = ranking.total();
    let rows = total.rows();
    let perfect = if kind == Kind::Qini && !negative_effect {
        let most = total.treated_outcomes - total.treated * total.control_outcomes / total.control;
        vec![(0.0, 0.0), (most, most), (rows, most)]
    } else {
        perfect(kind, &total)
    };
    let random = rows * perfect.last()?.1 / 2.0;
    let below = area(&perfect) - random;
    (below != 0.0).then(|| (area(&ranking.points(kind)) - random) / below)
}

/// The curve of the best possible ranking of a trial with these counts.
fn perfect(kind: Kind, total: &Tally) -> Vec<(f64, f64)> {
    // Everyone of one arm and outcome has one score.
    let cells = [(true, 1.0), (true, 0.0), (false, 1.0), (false, 0.0)].map(|(treated, y)| {
        let (all, yes) =
            if treated { (total.treated, total.treated_outcomes) } else { (total.control, total.control_outcomes) };
        (treated, y, if y == 1.0 { yes } else { all - yes })
    });
    let control_yes = total.control_outcomes;
    let treated_no = total.treated - total.treated_outcomes;
    let score = |treated: bool, y: f64| {
        let t = f64::from(u8::from(treated));
        match kind {
            Kind::Qini => y * t - y * (1.0 - t),
            Kind::Gain => 2.0 * f64::from(u8::from(y == t)) + if control_yes > treated_no { y } else { t },
        }
    };
    let mut ranked: Vec<(f64, bool, f64, f64)> = cells.map(|(t, y, count)| (score(t, y), t, y, count)).to_vec();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut tally = Tally::default();
    let mut points = vec![(0.0, 0.0)];
    for (at, &(score, treated, y, count)) in ranked.iter().enumerate() {
        tally.add(treated, y, count);
        if ranked.get(at + 1).is_none_or(|next| next.0 != score) && tally.rows() > 0.0 {
            points.push((tally.rows(), tally.height(kind)));
        }
    }
    points
}

/// causalml's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Causalml {
    /// Mean of the gain curve over |its last value|.
    pub auuc_norm: f64,
    /// Mean of the Qini curve over |its last value|, less that of the random line.
    pub qini_norm: f64,
    /// Last value of the gain curve: average effect times rows.
    pub auuc_raw_last: f64,
}

/// AUUC and Qini in causalml's convention. `None` when a curve ends at 0.
pub fn causalml(ranking: Ranking<'_>) -> Option<Causalml> {
    let mut gain = Interpolated::default();
    let mut qini = Interpolated::default();
    let mut before = 0.0;
    ranking.walk(|tally, _| {
        // A row drawn several times is several ties: the steps between stand on the same line, only their ends are kept.
        if tally.rows() > before {
            before = tally.rows();
            gain.push(before, tally.has_both().then(|| tally.effect()));
            qini.push(before, (tally.control > 0.0).then(|| tally.height(Kind::Qini)));
        }
    });
    let (gain, qini) = (gain.mean_and_last(|k, lift| k * lift)?, qini.mean_and_last(|_, height| height)?);
    Some(Causalml { auuc_norm: gain.0 / gain.1.abs(), qini_norm: qini.0 / qini.1.abs() - 0.5, auuc_raw_last: gain.1 })
}

/// Points at k = 0, 1, …; undefined ones lie on the line between their neighbours, the first is 0.
#[derive(Default)]
struct Interpolated {
    known: Vec<(f64, f64)>,
    last: f64,
}

impl Interpolated {
    fn push(&mut self, k: f64, value: Option<f64>) {
        if self.known.is_empty() {
            self.known.push((0.0, 0.0));
        }
        self.last = k;
        self.known.extend(value.map(|value| (k, value)));
    }

    /// Mean over k = 0..=last of `curve(k, value)`, and its last value; `None` when that is 0.
    fn mean_and_last(&self, curve: impl Fn(f64, f64) -> f64) -> Option<(f64, f64)> {
        let mut sum = 0.0;
        for pair in self.known.windows(2) {
            let ((from, a), (to, b)) = (pair[0], pair[1]);
            let mut k = from + 1.0;
            while k <= to {
                sum += curve(k, a + (b - a) * (k - from) / (to - from));
                k += 1.0;
            }
        }
        // After the last known point the value stays.
        let (from, value) = *self.known.last()?;
        let mut k = from + 1.0;
        while k <= self.last {
            sum += curve(k, value);
            k += 1.0;
        }
        let end = curve(self.last, value);
        (end != 0.0).then(|| (sum / (self.last + 1.0), end))
    }
}

/// Whose top k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopOf {
    /// The first k of all rows.
    Overall,
    /// The first k of each arm.
    ByGroup,
}

/// Difference of the arms' means among the top share `k`; `None` when an arm has nobody there. A row that a resample drew several
/// times is several rows.
pub fn uplift_at(ranking: Ranking<'_>, k: f64, top: TopOf) -> Option<f64> {
    let mut tally = Tally::default();
    each_of_top(ranking, k, top, |row, times| {
        tally.add(ranking.trial.treated[row], ranking.trial.outcomes[row], times as f64);
    });
    tally.has_both().then(|| tally.effect())
}

/// Calls `each` with every row among the top share `k` and how often it stands there.
pub(super) fn each_of_top(ranking: Ranking<'_>, k: f64, top: TopOf, mut each: impl FnMut(usize, u64)) {
    let of = |size: f64| (size * k) as u64;
    let all = ranking.sizes();
    // Left of all rows, or of the control and the treated.
    let mut left = match top {
        TopOf::Overall => [of((all[0] + all[1]) as f64), 0],
        TopOf::ByGroup => all.map(|size| of(size as f64)),
    };
    for row in ranking.order {
        if left == [0, 0] {
            break;
        }
        let row = *row as usize;
        let own = &mut left[usize::from(ranking.trial.treated[row] && top == TopOf::ByGroup)];
        let times = ranking.times(row).min(*own);
        *own -= times;
        if times > 0 {
            each(row, times);
        }
    }
}

/// Mean over ten parts of equal size, by score, of the difference between the arms, weighted by the treated of each part
/// (scikit-uplift's weighted average uplift, overall). `None` when a part lacks an arm.
pub fn weighted_average_uplift(ranking: Ranking<'_>) -> Option<f64> {
    let all = ranking.sizes();
    let n = all[0] + all[1];
    let size = |part: u64| n / 10 + u64::from(part < n % 10);
    let (mut sum, mut treated) = (0.0, 0.0);
    let mut part = 0;
    let (mut left, mut tally) = (size(0), Tally::default());
    for row in ranking.order {
        let row = *row as usize;
        let mut times = ranking.times(row);
        while times > 0 {
            let here = times.min(left);
            tally.add(ranking.trial.treated[row], ranking.trial.outcomes[row], here as f64);
            (times, left) = (times - here, left - here);
            if left == 0 {
                if !tally.has_both() {
                    return None;
                }
                sum += tally.treated * tally.effect();
                treated += tally.treated;
                part += 1;
                // Rows end with the last part; below ten of them a part is empty, which lacks both arms.
                (left, tally) = (size(part), Tally::default());
                if left == 0 && part < 10 {
                    return None;
                }
            }
        }
    }
    (treated > 0.0).then(|| sum / treated)
}
