//! A second reading of the definitions: every event of the subject is looked at for every row, sums are the exact ones rounded
//! once, dates come from the calendar library through another door. It shares nothing with the code it checks but the data.

use super::{Event, HOUR};
use attune_policy::clock::{DAY, LocalClock, Unit};
use attune_policy::schema::{Aggregate, EventFeature, Window};
use attune_policy::value::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The value of a feature for a subject at an instant. Expressions are those that the tests use, written out again.
pub fn value(feature: &EventFeature, events: &[Event], key: Option<&str>, as_of: i64) -> Value {
    let (Some(key), true) = (key, as_of != i64::MIN) else { return Value::Unknown };
    let clock = LocalClock::new(feature.zone.as_deref()).unwrap();
    let mut own: Vec<&Event> = events.iter().filter(|e| e.0 == Some(key) && e.1.is_some_and(|t| t < as_of)).collect();
    own.sort_by_key(|e| e.1);
    own.retain(|e| feature.filter.as_deref().is_none_or(|filter| truth(filter, e) == Some(true)));
    let within = |(from, to): (i64, i64)| -> Vec<&Event> {
        own.iter().copied().filter(|e| e.1.is_some_and(|t| from <= t && t < to)).collect()
    };
    let (from, to) = bounds(feature.window, as_of, &clock);
    let inside = within((from, to));
    let times = || inside.iter().filter_map(|e| e.1);
    let known = |text: &str| inside.iter().map(|e| number(text, e)).filter(|x| !x.is_nan()).collect::<Vec<f64>>();
    let kinds = || inside.iter().filter_map(|e| e.3);
    let dates: BTreeSet<i64> = times().map(|t| clock.at(t).date).collect();
    let gaps: Vec<i64> = dates.iter().zip(dates.iter().skip(1)).map(|(a, b)| b - a).collect();
    let amount = |events: &[&Event], of: &Option<String>| match of {
        None => events.len() as f64,
        Some(of) => exact(&events.iter().map(|e| number(of, e)).filter(|x| !x.is_nan()).collect::<Vec<f64>>()),
    };
    let or_unknown = |x: Option<f64>| x.map_or(Value::Unknown, Value::number);
    let sd = || {
        let (n, sum) = (gaps.len() as i64, gaps.iter().sum::<i64>());
        let squares: i64 = gaps.iter().map(|gap| gap * gap).sum();
        (n > 1).then(|| ((n * squares - sum * sum) as f64 / (n * (n - 1)) as f64).sqrt())
    };
    let mean_gap = || (!gaps.is_empty()).then(|| gaps.iter().sum::<i64>() as f64 / gaps.len() as f64);
    match &feature.aggregate {
        Aggregate::Count => Value::Integer(inside.len() as i64),
        Aggregate::Sum(of) => Value::Number(exact(&known(of))),
        Aggregate::Mean(of) => or_unknown((!known(of).is_empty()).then(|| exact(&known(of)) / known(of).len() as f64)),
        Aggregate::Min(of) => or_unknown(known(of).into_iter().reduce(f64::min)),
        Aggregate::Max(of) => or_unknown(known(of).into_iter().reduce(f64::max)),
        Aggregate::Distinct(_) => Value::Integer(kinds().collect::<BTreeSet<_>>().len() as i64),
        Aggregate::Top(_) => mode(kinds()).map_or(Value::Unknown, |(kind, _)| Value::text(kind)),
        Aggregate::TopShare(_) => or_unknown(mode(kinds()).map(|(_, share)| share)),
        Aggregate::DaysSinceLast => or_unknown(times().max().map(|t| (as_of - t) as f64 / DAY as f64)),
        Aggregate::DaysSinceFirst => or_unknown(times().min().map(|t| (as_of - t) as f64 / DAY as f64)),
        Aggregate::Recency => dates.last().map_or(Value::Unknown, |date| Value::Integer(clock.at(as_of).date - date)),
        Aggregate::Tenure => dates.first().map_or(Value::Unknown, |date| Value::Integer(clock.at(as_of).date - date)),
        Aggregate::ActiveDays => Value::Integer(dates.len() as i64),
        Aggregate::IntervalMean => or_unknown(mean_gap()),
        Aggregate::IntervalSd => or_unknown(sd()),
        Aggregate::IntervalCv => or_unknown(sd().zip(mean_gap()).map(|(sd, mean)| sd / mean)),
        Aggregate::Slope { of, periods } => {
            let n = i64::from(*periods);
            let edge = |k: i64| from + (to - from) * k / n;
            let ys: Vec<f64> = (0..n).map(|k| amount(&within((edge(k), edge(k + 1))), of)).collect();
            // Twice the distance from the middle, so that it is whole.
            let us: Vec<f64> = (0..n).map(|k| (2 * k - (n - 1)) as f64).collect();
            let sum: f64 = us.iter().zip(&ys).map(|(u, y)| u * y).sum();
            Value::number(2.0 * sum / us.iter().map(|u| u * u).sum::<f64>())
        }
        Aggregate::Change(of) => {
            let before = match feature.window {
                Window::Last { count, of } => (clock.start_of(of, as_of, 2 * count), from),
                _ => (from - (to - from), from),
            };
            let (now, then) = (amount(&inside, of), amount(&within(before), of));
            if then == 0.0 { Value::Unknown } else { Value::number(now / then) }
        }
        Aggregate::Share { of, by } => {
            let judged: Vec<&Event> = inside.iter().copied().filter(|e| truth(of, e).is_some()).collect();
            let part: Vec<&Event> = judged.iter().copied().filter(|e| truth(of, e) == Some(true)).collect();
            let whole = amount(&judged, by);
            if whole == 0.0 { Value::Unknown } else { Value::number(amount(&part, by) / whole) }
        }
        Aggregate::Hour | Aggregate::Weekday | Aggregate::HourShare | Aggregate::WeekdayShare => {
            let hours = matches!(feature.aggregate, Aggregate::Hour | Aggregate::HourShare);
            let shown = times().map(|t| {
                let midnight = clock.start_of(Unit::Day, t, 0);
                // No zone of the tests changes its clock at midnight, and events stand on full hours.
                let hour = i64::from(clock.at(t).hour);
                assert!((t - midnight) / HOUR - hour <= 1);
                if hours { hour } else { (clock.at(t).date + 3).rem_euclid(7) + 1 }
            });
            let share = matches!(feature.aggregate, Aggregate::HourShare | Aggregate::WeekdayShare);
            match mode(shown) {
                None => Value::Unknown,
                Some((_, x)) if share => Value::Number(x),
                Some((shown, _)) => Value::Integer(shown),
            }
        }
    }
}

/// The most frequent item, of equals the least, and its share.
fn mode<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Option<(T, f64)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    items.for_each(|item| *counts.entry(item).or_default() += 1);
    let total: usize = counts.values().sum();
    let most = counts.values().max().copied()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(item, count)| (item, count as f64 / total as f64))
}

fn bounds(window: Window, as_of: i64, clock: &LocalClock) -> (i64, i64) {
    match window {
        // Far enough back, and no overflow.
        Window::All => (i64::MIN / 4, as_of),
        Window::Days(days) => (as_of - i64::from(days) * DAY, as_of),
        Window::Between { from, to } => (as_of - i64::from(from) * DAY, as_of - i64::from(to) * DAY),
        Window::Current(unit) => (clock.start_of(unit, as_of, 0), as_of),
        Window::Last { count, of } => (clock.start_of(of, as_of, count), clock.start_of(of, as_of, 0)),
    }
}

fn truth(text: &str, event: &Event) -> Option<bool> {
    match text {
        "amount > 2.0" => (!event.2.is_nan()).then_some(event.2 > 2.0),
        r#"kind == "a""# => event.3.map(|kind| kind == "a"),
        "good" => event.4,
        r#"good || kind == "b""# => match (event.4, event.3.map(|kind| kind == "b")) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        other => panic!("the naive model knows no `{other}`"),
    }
}

fn number(text: &str, event: &Event) -> f64 {
    match text {
        "amount" => event.2,
        "amount * 2.0 - 1.0" => event.2 * 2.0 - 1.0,
        other => panic!("the naive model knows no `{other}`"),
    }
}

/// The exact sum, rounded once [Shewchuk 1997, as in `math.fsum`].
fn exact(values: &[f64]) -> f64 {
    let mut parts: Vec<f64> = Vec::new();
    for value in values {
        let mut x = *value;
        let mut kept = Vec::new();
        for y in &parts {
            let (a, b) = if x.abs() < y.abs() { (*y, x) } else { (x, *y) };
            let high = a + b;
            let low = b - (high - a);
            if low != 0.0 {
                kept.push(low);
            }
            x = high;
        }
        kept.push(x);
        parts = kept;
    }
    // The parts do not overlap; from the greatest down, two of them decide the rounding but for a tie, which cents never make.
    parts.iter().rev().sum::<f64>() + 0.0
}
