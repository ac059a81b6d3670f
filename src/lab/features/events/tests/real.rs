//! Online retail and CDNOW: features of customers that Python's standard library was asked for, from the raw files.

use super::{Computed, Declared, EventTable, Moments, START, compute};
use crate::features::events::{Buyers, Columns, end_of, suggest};
use crate::features::testing::{imported, shared};
use crate::task::Task;
use attune_policy::schema::{Aggregate, EventFeature, Window};
use attune_policy::value::Value;

fn check(features: &[Declared], table: &EventTable<'_>, as_of: i64, expected: &[(&str, &[Value])]) -> Computed {
    let moments = Moments::subjects_of(table, as_of).unwrap();
    let found = compute(features, &[*table], &moments, &Task::default()).unwrap();
    for (customer, values) in expected {
        let row = moments.keys.values.iter().position(|key| **key == **customer).unwrap();
        for ((feature, cells), expected) in features.iter().zip(&found.cells).zip(*values) {
            assert_eq!(cells.value(row), *expected, "{} of {customer} at {as_of}", feature.name);
        }
    }
    found
}

/// Invoice lines with returns (negative quantities), gifts (price 0) and lines of nobody.
#[test]
fn online_retail_has_the_values_of_another_program() {
    let Some(data) = imported("data/online_retail/online_retail.csv") else { return };
    let table = EventTable { name: "lines", dataset: &data, key: "CustomerID", time: "InvoiceDate" };
    let of = |name: &str, aggregate, window| {
        let feature = EventFeature::new("lines", aggregate).within(window).only("Quantity > 0 && UnitPrice > 0.0");
        Declared::new(name, feature)
    };
    let worth = || Aggregate::Sum("Quantity * UnitPrice".into());
    let quarter = Window::Days(90);
    let mut features = vec![
        of("recency", Aggregate::Recency, Window::All),
        of("tenure", Aggregate::Tenure, Window::All),
        of("invoices", Aggregate::Distinct("InvoiceNo".into()), Window::All),
        of("lines_90", Aggregate::Count, quarter),
        of("money_90", worth(), quarter),
        of("money", worth(), Window::All),
        of("interval_mean", Aggregate::IntervalMean, Window::All),
        of("interval_sd", Aggregate::IntervalSd, Window::All),
        of("hour", Aggregate::Hour, Window::All),
        of("weekday", Aggregate::Weekday, Window::All),
        of("weekday_share", Aggregate::WeekdayShare, Window::All),
        of("change_90", Aggregate::Change(None), quarter),
        of("top", Aggregate::Top("StockCode".into()), Window::All),
        of("products", Aggregate::Distinct("StockCode".into()), Window::All),
    ];
    features.push(Declared::new("returns", EventFeature::new("lines", Aggregate::Count).only("Quantity < 0")));
    let (i, x, t, none) = (Value::Integer, Value::Number, |s: &str| Value::text(s), Value::Unknown);
    let december = [
        (
            "12347",
            &[
                i(3),
                i(368),
                i(7),
                i(58),
                x(1519.14),
                x(4310.0),
                x(60.833333333333336),
                x(18.389308487995592),
                i(14),
                i(2),
                x(0.29120879120879123),
                x(2.6363636363636362),
                t("22375"),
                i(103),
                i(0),
            ][..],
        ),
        (
            "17850",
            &[
                i(373),
                i(374),
                i(34),
                i(0),
                x(0.0),
                x(5391.21),
                x(1.0),
                none.clone(),
                i(9),
                i(4),
                x(0.7171717171717171),
                none.clone(),
                t("21730"),
                i(21),
                i(15),
            ],
        ),
        (
            "14911",
            &[
                i(2),
                i(374),
                i(201),
                i(2717),
                x(61847.38),
                x(143825.06),
                x(2.8396946564885495),
                x(2.9504023034498186),
                i(14),
                i(1),
                x(0.20651982378854625),
                x(2.1736),
                t("C2"),
                i(1787),
                i(226),
            ],
        ),
        (
            "12346",
            &[
                i(326),
                i(326),
                i(1),
                i(0),
                x(0.0),
                x(77183.6),
                none.clone(),
                none.clone(),
                i(10),
                i(2),
                x(1.0),
                none,
                t("23166"),
                i(1),
                i(1),
            ],
        ),
    ];
    // 2011-12-10T00:00Z, the day after the last invoice.
    let end = end_of(&table).unwrap();
    assert_eq!(end, 1_323_475_200_000);
    let found = check(&features, &table, end, &december);
    assert_eq!((found.used[0].events, found.used[0].unplaced, found.used[0].later), (541_909, 135_080, 0));
    // 2011-09-01T12:00Z: the instant lies within a day.
    let september = [(
        "14911",
        &[
            i(6),
            i(274),
            i(106),
            i(1172),
            x(35637.27),
            x(74437.05),
            x(3.392405063291139),
            x(3.439654579851294),
            i(12),
            i(5),
            x(0.23965141612200436),
            x(1.1696606786427146),
            t("C2"),
            i(1190),
            i(118),
        ][..],
    )];
    check(&features, &table, 1_314_878_400_000, &september);

    let columns = Columns::of(&table);
    assert_eq!(columns.amount.as_deref(), Some("Quantity * UnitPrice"));
    assert_eq!(columns.basket.as_deref(), Some("InvoiceNo"));
    assert_eq!(columns.purchase.as_deref(), Some("Quantity > 0 && UnitPrice > 0"));
    assert_eq!(columns.returned.as_deref(), Some("Quantity < 0"));
    let suggested = suggest(&table, &columns, "");
    let names: Vec<&str> = suggested.iter().map(|f| f.name.as_str()).collect();
    for name in
        ["recency", "frequency", "monetary", "frequency_30d", "monetary_365d", "interval_cv", "returns", "usual_hour"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    let rfm = [("12347", &[i(3), i(7), x(4310.0), i(368)][..]), ("12346", &[i(326), i(1), x(77183.6), i(326)])];
    let found = check(&suggested[..4], &table, end, &rfm);
    // Recency, frequency and money of every customer who bought, as the reference has them.
    let Some(reference) = shared("reference/rfm/rfm_reference.csv") else { return };
    let reference = std::fs::read_to_string(reference).unwrap();
    let keys = Moments::subjects_of(&table, end).unwrap().keys.values;
    let place: std::collections::HashMap<&str, usize> = keys.iter().map(|key| &**key).zip(0..).collect();
    let mut compared = 0;
    for line in reference.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let row = place[cells[0].split('.').next().unwrap()];
        for (cells_of, expected) in found.cells.iter().zip(&cells[1..4]) {
            let (found, expected) = (cells_of.value(row).as_f64().unwrap(), expected.parse::<f64>().unwrap());
            assert!((found - expected).abs() <= 0.005 + 1e-9 * expected.abs(), "{line}: {found}");
        }
        compared += 1;
    }
    let bought = (0..keys.len()).filter(|row| !found.cells[0].is_missing(*row)).count();
    assert_eq!((compared, bought), (4_338, 4_338));
    // They are the customers that the table makes; 34 others have only returns and gifts.
    let buyers = Buyers::of(&table, Some(end), columns.purchase.as_deref()).unwrap();
    assert_eq!((buyers.first.len(), buyers.only_others, buyers.later), (4_338, 34, 0));
}

/// Whole days, several purchases on some of them; columns that blanks divide.
#[test]
fn cdnow_has_the_values_of_another_program() {
    let Some(data) = imported("data/cdnow/CDNOW_master.txt") else { return };
    assert_eq!(data.rows(), 69_659);
    let table = EventTable { name: "cdnow", dataset: &data, key: "customer_id", time: "date_" };
    let of = |aggregate, window| Declared::new("f", EventFeature::new("cdnow", aggregate).within(window));
    let year = Window::Days(365);
    let features = [
        of(Aggregate::Count, Window::All),
        of(Aggregate::Sum("number_of_cds".into()), Window::All),
        of(Aggregate::Sum("dollar_value".into()), Window::All),
        of(Aggregate::Max("dollar_value".into()), Window::All),
        of(Aggregate::Min("dollar_value".into()), year),
        of(Aggregate::Recency, Window::All),
        of(Aggregate::ActiveDays, Window::All),
        of(Aggregate::IntervalMean, Window::All),
        of(Aggregate::Count, year),
        of(Aggregate::Slope { of: Some("number_of_cds".into()), periods: 4 }, Window::Days(360)),
    ];
    let (i, x, none) = (Value::Integer, Value::Number, Value::Unknown);
    const OCTOBER: i64 = 875_664_000_000;
    const JULY: i64 = 899_251_200_000;
    const { assert!(OCTOBER < JULY && JULY < START) };
    let october = [
        ("00001", &[i(1), x(1.0), x(11.77), x(11.77), x(11.77), i(273), i(1), none.clone(), i(1), x(-0.3)][..]),
        ("00003", &[i(3), x(6.0), x(61.06), x(20.76), x(19.54), i(182), i(3), x(45.0), i(3), x(-1.0)]),
        ("21023", &[i(4), x(20.0), x(233.89000000000001), x(112.92), x(33.92), i(62), i(4), x(46.0), i(4), x(1.4)]),
        ("04032", &[i(4), x(7.0), x(120.92), x(47.92), x(14.96), i(72), i(4), x(61.666666666666664), i(4), x(0.5)]),
    ];
    check(&features, &table, OCTOBER, &october);
    let july = [
        ("00001", &[i(1), x(1.0), x(11.77), x(11.77), none.clone(), i(546), i(1), none, i(0), x(0.0)][..]),
        ("00003", &[i(6), x(16.0), x(156.46), x(57.45), x(16.99), i(34), i(6), x(102.2), i(3), x(-0.6)]),
        ("21023", &[i(6), x(22.0), x(266.87), x(112.92), x(11.49), i(189), i(6), x(56.8), i(3), x(-1.1)]),
        ("04032", &[i(6), x(16.0), x(240.42000000000002), x(67.54), x(47.92), i(45), i(6), x(97.0), i(3), x(0.8)]),
    ];
    check(&features, &table, JULY, &july);
}
