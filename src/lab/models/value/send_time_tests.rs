//! Preferences against generated subjects whose preferences are known, scipy's numbers, and counts by hand.

use super::super::testing::gamma;
use super::*;
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::data::import::{DateOrder, dates};
use crate::features::transactions::{Amount, Free, PurchaseColumns, purchases};
use crate::random::Random;
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[test]
fn shares_are_drawn_towards_everybodys() {
    // 2024-01-01 was a Monday. Subject 0 acts at 9 on Mondays, 1 once at 20 on a Sunday, 2 never; the others at 9.
    let monday = 1_704_067_200_000;
    let mut acts: Vec<(u32, i64)> = (0..8).map(|week| (0, monday + week * 7 * DAY + 9 * HOUR + 59_000)).collect();
    acts.push((1, monday + 6 * DAY + 20 * HOUR));
    acts.extend((3..40).map(|s| (s, monday + i64::from(s % 5) * DAY + i64::from(8 + s % 3) * HOUR)));
    acts.extend((3..40).map(|s| (s, monday + i64::from(s % 4) * DAY + 9 * HOUR)));
    let found = send_time(&acts, 41, &Task::default()).unwrap();
    let [hours, days] = [&found.hours, &found.weekdays];
    assert_eq!((hours.subjects[0].slot, days.subjects[0].slot), (9, 0));
    let nobody = hours.subjects[2];
    assert_eq!((nobody.observations, nobody.slot, nobody.confidence), (0, 9, 0.5), "everybody's best hour");
    assert!((nobody.share - hours.population[9]).abs() < 1e-12);
    // All eight acts were at 9 on a Monday: the share is between that and everybody's.
    for slot in [hours.subjects[0], days.subjects[0]] {
        assert!(slot.observations == 8 && slot.share < 1.0 && slot.share > slot.population_share, "{slot:?}");
    }
    // One act at 20 makes 9 a little less likely, no more.
    let once = hours.subjects[1];
    assert!(
        once.slot == 9 && once.share < once.population_share && once.share > 0.5 * once.population_share,
        "{once:?}"
    );
    assert!((hours.population.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // Before 1970 the clock runs the same way.
    let past = send_time(&[(0, -HOUR)], 1, &Task::default()).unwrap();
    assert_eq!((past.hours.subjects[0].slot, past.weekdays.subjects[0].slot), (23, 2), "Wednesday, 1969-12-31");
}

#[test]
fn concentration_and_confidence_are_those_of_the_world() {
    let mut random = Random::new(9);
    let population: Vec<f64> = (0..24).map(|h| if (8..20).contains(&h) { 0.07 } else { 0.16 / 12.0 }).collect();
    for kappa in [2.0, 20.0] {
        let (mut acts, mut truths) = (Vec::new(), Vec::new());
        for subject in 0..1_500u32 {
            let weights: Vec<f64> = population.iter().map(|m| gamma(&mut random, kappa * m, 1.0)).collect();
            for _ in 0..12 {
                acts.push((subject, random.pick(&weights) as i64 * HOUR));
            }
            truths.push(weights);
        }
        let hours = send_time(&acts, 1_500, &Task::default()).unwrap().hours;
        assert!((hours.concentration / kappa - 1.0).abs() < 0.1, "{}, truth {kappa}", hours.concentration);
        // Shares and confidences come true on the average.
        let best = first_highest(&hours.population);
        let (mut said, mut seen, mut sure, mut right) = (0.0, 0.0, 0.0, 0.0);
        for (slot, truth) in hours.subjects.iter().zip(&truths) {
            let chosen = usize::from(slot.slot);
            said += slot.share;
            seen += truth[chosen] / truth.iter().sum::<f64>();
            if chosen != best {
                sure += slot.confidence;
                right += f64::from(u8::from(truth[chosen] > truth[best]));
            }
        }
        assert!((said / seen - 1.0).abs() < 0.05, "{said} {seen}");
        assert!((sure / right - 1.0).abs() < 0.05, "{sure} {right}");
    }
}

#[test]
fn the_incomplete_beta_function_is_scipys() {
    for (a, b, expected) in [
        (3.2, 1.1, 0.875_649_963_068_335_9),
        (1.1, 3.2, 0.124_350_036_931_664_12),
        (50.5, 40.25, 0.860_397_367_818_403_3),
        (0.3, 0.2, 0.605_829_318_247_332_7),
        (400.0, 100.0, 1.0),
        (7.0, 7.0, 0.5),
    ] {
        assert!((more_likely(a, b) - expected).abs() < 1e-12, "{a} {b}: {}", more_likely(a, b));
    }
}

#[test]
fn a_long_invoice_is_one_act() {
    use crate::features::transactions::{Line, Purchases};
    let line = |customer, time| Line { customer, time, invoice: 0, amount: None, row: 0 };
    let lines = vec![line(1, HOUR), line(0, 5), line(1, HOUR), line(1, 2 * HOUR), line(0, HOUR)];
    let purchases = Purchases { lines, ..Purchases::default() };
    let utc = Clocks::of("UTC").unwrap();
    assert_eq!(acts(&purchases, &utc), [(0, 5), (0, HOUR), (1, HOUR), (1, 2 * HOUR)]);
}

#[test]
fn an_act_is_at_the_hour_that_the_clock_of_its_row_shows() {
    let at = |text: &str| dates::parse(text, DateOrder::DayFirst).unwrap();
    let times =
        ["2024-01-15T11:00Z", "2024-07-15T10:00Z", "2024-07-15T04:00Z", "2024-07-15T05:00Z", "2024-07-15T02:30Z"];
    let zones = [Some("America/New_York"), Some("America/New_York"), Some("east"), None, Some("Asia/Kolkata")];
    let columns = vec![
        ("who".into(), Cells::from_texts(["a", "a", "a", "a", "b"].map(Some))),
        ("at".into(), Cells::Time(times.map(at).to_vec())),
        ("tz".into(), Cells::from_texts(zones)),
    ];
    let dataset = Dataset::from_columns("opens", columns).unwrap();
    let columns = PurchaseColumns { customer: "who".into(), date: "at".into(), invoice: None, amount: Amount::None };
    let purchases = purchases(&dataset, &columns, Free::Count, None, &Task::default()).unwrap();
    let regions = BTreeMap::from([("east".to_owned(), "Europe/Berlin".to_owned())]);
    let clocks = Clocks::of_column(&dataset, "tz", &regions, "Europe/London").unwrap();
    let hours: Vec<(u32, i64)> = acts(&purchases, &clocks).iter().map(|act| (act.0, act.1 / HOUR % 24)).collect();
    // By customer, then by instant.
    assert_eq!(hours, [(0, 6), (0, 6), (0, 6), (0, 6), (1, 8)]);
    let zones = ["America/New_York", "Asia/Kolkata", "Europe/Berlin", "Europe/London"];
    let clock = clocks.used(0..5);
    assert_eq!((clock.column.as_deref(), clock.zones.as_slice()), (Some("tz"), &zones.map(str::to_owned)[..]));
    assert_eq!(clocks.used(2..3).zones, ["Europe/Berlin"]);
    let refused = Clocks::of_column(&dataset, "tz", &BTreeMap::new(), "UTC").unwrap_err().to_string();
    for words in ["tz", "row 3", "`east` is no time zone", "--region east=Europe/Berlin"] {
        assert!(refused.contains(words), "{refused}");
    }
    assert!(Clocks::of("Europe/Berln").unwrap_err().to_string().contains("did you mean `Europe/Berlin`"));
}

#[test]
fn nothing_to_count_is_refused() {
    assert!(send_time(&[], 3, &Task::default()).unwrap_err().to_string().contains("nothing was done"));
    let task = Task::default();
    task.cancel();
    assert_eq!(send_time(&[(0, 0)], 1, &task), Err(Error::Cancelled));
}
