//! Recency, frequency and monetary value: a table small enough to count by hand, and every customer of a real shop.

use super::super::testing::{imported, shared};
use super::super::transactions::{Amount, Wanted};
use super::*;
use crate::data::cells::Cells;

const NOON: i64 = DAY / 2;

fn shop() -> Dataset {
    // Who, day, invoice, quantity, price.
    type Row = (Option<&'static str>, i64, Option<&'static str>, i64, f64);
    let rows: [Row; 10] = [
        (Some("b"), 1, Some("1"), 2, 5.0),
        (Some("b"), 1, Some("1"), 2, 5.0), // a duplicate stays
        (Some("b"), 3, Some("2"), 1, 1.5),
        (Some("a"), 4, Some("3"), 1, 100.0),
        (None, 5, Some("4"), 1, 1.0),
        (Some("a"), 6, Some("5"), -1, 100.0),
        (Some("a"), 7, Some("6"), 1, 0.0),
        (Some("c"), 8, None, 1, 1.0),
        (Some("c"), Cells::MISSING, Some("7"), 1, 1.0),
        (Some("b"), 9, Some("8"), 1, 2.0),
    ];
    let time = |day: i64| if day == Cells::MISSING { day } else { day * DAY + NOON };
    Dataset::from_columns(
        "shop",
        vec![
            ("Customer ID".into(), Cells::from_texts(rows.iter().map(|r| r.0))),
            ("Order date".into(), Cells::Time(rows.iter().map(|r| time(r.1)).collect())),
            ("Invoice no.".into(), Cells::from_texts(rows.iter().map(|r| r.2))),
            ("Quantity".into(), Cells::Integer(rows.iter().map(|r| r.3).collect())),
            ("Unit price".into(), Cells::Number(rows.iter().map(|r| r.4).collect())),
        ],
    )
    .unwrap()
}

fn count(snapshot: Option<i64>) -> Rfm {
    let shop = shop();
    let (columns, _) = PurchaseColumns::find(&shop, &Wanted::default()).unwrap();
    rfm(&shop, &columns, snapshot, &Task::default()).unwrap()
}

fn plain(rfm: &Rfm) -> Vec<(String, i64, u64, f64)> {
    rfm.customers.iter().map(|c| (c.customer.to_string(), c.recency, c.frequency, c.monetary)).collect()
}

#[test]
fn customers_are_counted_and_what_is_left_out_is_said() {
    let all = count(None);
    assert_eq!(all.snapshot_day, 10, "the day after the last purchase");
    assert_eq!(plain(&all), [("a".into(), 6, 1, 100.0), ("b".into(), 1, 3, 23.5)]);
    let expected = LeftOut {
        no_customer: 1,
        no_date: 1,
        no_invoice: 1,
        quantity_not_positive: 1,
        price_not_positive: 1,
        after_the_end: 0,
    };
    assert_eq!(all.left_out, expected);
    // Any instant of a day names the day; that day itself is not seen.
    for instant in [9 * DAY, 9 * DAY + NOON] {
        let past = count(Some(instant));
        assert_eq!(plain(&past), [("a".into(), 5, 1, 100.0), ("b".into(), 6, 2, 21.5)]);
        assert_eq!(past.left_out.after_the_end, 1);
    }
    assert_eq!(all.bands()[2].iter().map(|band| band.customers).sum::<u64>(), 2);
}

#[test]
fn free_lines_are_purchases_where_asked() {
    let shop = shop();
    let (columns, _) = PurchaseColumns::find(&shop, &Wanted::default()).unwrap();
    let read = |free| transactions::purchases(&shop, &columns, free, None, &Task::default()).unwrap();
    let (without, with) = (read(Free::LeaveOut), read(Free::Count));
    assert_eq!((without.lines.len(), with.lines.len()), (5, 6));
    assert_eq!((without.left_out.price_not_positive, with.left_out.price_not_positive), (1, 0));
    assert_eq!(with.lines[4].amount, Some(0.0));
}

#[test]
fn the_columns_are_found_or_asked_for() {
    let find = |dataset: &Dataset, wanted: Wanted| PurchaseColumns::find(dataset, &wanted);
    let named = |name: &str| Some(name.to_owned());
    let (columns, notes) = find(&shop(), Wanted::default()).unwrap();
    assert_eq!((columns.customer.as_str(), columns.date.as_str()), ("Customer_ID", "Order_date"));
    assert_eq!(columns.amount, Amount::Product { quantity: "Quantity".into(), price: "Unit_price".into() });
    assert_eq!(notes.len(), 5, "{notes:?}");

    let (columns, _) = find(&shop(), Wanted { amount: named("Unit price"), ..Wanted::default() }).unwrap();
    assert_eq!(columns.amount, Amount::Column("Unit_price".into()));

    let unnamed = Dataset::from_columns(
        "unnamed",
        vec![
            ("column_1".into(), Cells::from_texts([Some("00001"), Some("00002")])),
            ("column_2".into(), Cells::Integer(vec![19_970_101, 19_970_201])),
            ("column_3".into(), Cells::Integer(vec![1, 2])),
            ("column_4".into(), Cells::Number(vec![11.77, 12.0])),
        ],
    )
    .unwrap();
    let (columns, _) = find(&unnamed, Wanted::default()).unwrap();
    let expected = PurchaseColumns {
        customer: "column_1".into(),
        date: "column_2".into(),
        invoice: None,
        amount: Amount::Column("column_4".into()),
    };
    assert_eq!(columns, expected);
    let counted = rfm(&unnamed, &columns, None, &Task::default()).unwrap();
    assert_eq!(plain(&counted), [("00001".into(), 32, 1, 11.77), ("00002".into(), 1, 1, 12.0)]);

    for (wanted, words) in [
        (Wanted { customer: named("Custmer ID"), ..Wanted::default() }, "did you mean `Customer ID`?"),
        (
            Wanted { amount: named("Unit price"), price: named("Unit price"), ..Wanted::default() },
            "an amount was named",
        ),
    ] {
        let error = find(&shop(), wanted).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let (mut columns, _) = find(&shop(), Wanted::default()).unwrap();
    columns.date = "Quantity".into();
    let error = rfm(&shop(), &columns, None, &Task::default()).unwrap_err().to_string();
    assert!(error.contains("column `Quantity`: is a whole number where a date is needed"), "{error}");
    let error = rfm(&shop(), &find(&shop(), Wanted::default()).unwrap().0, Some(DAY), &Task::default()).unwrap_err();
    assert!(error.to_string().contains("none of the 10 rows is a purchase"), "{error}");
}

#[test]
fn fifths_treat_equal_values_alike() {
    for (values, scores) in [
        (vec![], vec![]),
        (vec![7.0], vec![3]),
        (vec![1.0, 2.0, 3.0, 4.0, 5.0], vec![1, 2, 3, 4, 5]),
        (vec![5.0, 1.0, 3.0, 2.0, 4.0], vec![5, 1, 3, 2, 4]),
        (vec![1.0; 6], vec![3; 6]),
        (vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0], vec![3, 3, 3, 3, 3, 3, 3, 3, 5, 5]),
        ((0..10).map(f64::from).collect(), vec![1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
    ] {
        assert_eq!(quintiles(&values), scores, "{values:?}");
    }
}

#[test]
fn a_snapshot_in_the_past_sees_no_future() {
    // The same table cut off at the snapshot gives the same answer.
    let whole = count(Some(5 * DAY));
    let shop = shop();
    let past: Vec<u32> = (0..4).collect();
    let cut = shop.select(&past);
    let (columns, _) = PurchaseColumns::find(&cut, &Wanted::default()).unwrap();
    let cut = rfm(&cut, &columns, Some(5 * DAY), &Task::default()).unwrap();
    assert_eq!((plain(&whole), whole.customers), (plain(&cut), cut.customers));
}

#[test]
fn every_customer_of_online_retail_is_as_in_the_reference() {
    let (Some(data), Some(file)) =
        (imported("data/online_retail/online_retail.csv"), shared("reference/rfm/rfm_reference.csv"))
    else {
        return;
    };
    let (columns, notes) = PurchaseColumns::find(&data, &Wanted::default()).unwrap();
    assert_eq!(notes.len(), 5, "{notes:?}");
    let found = rfm(&data, &columns, None, &Task::default()).unwrap();
    assert_eq!(crate::data::import::dates::render(found.snapshot()), "2011-12-10");
    let text = std::fs::read_to_string(file).unwrap();
    let expected: Vec<Vec<f64>> =
        text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert_eq!((found.customers.len(), expected.len()), (4_338, 4_338));
    for (customer, row) in found.customers.iter().zip(&expected) {
        let id: f64 = customer.customer.to_string().parse().unwrap();
        assert_eq!((id, customer.recency as f64, customer.frequency as f64), (row[0], row[1], row[2]));
        assert!((customer.monetary - row[3]).abs() <= 0.005 + 1e-9, "{customer:?} {row:?}");
    }
    assert_eq!(found.left_out.total() + 397_884, 541_909, "{:?}", found.left_out);
}
