//! What a table of contacts speaks for: how subjects answered, and what was sent to them.

use super::{Cells, DAY, Dataset, EventTable, Moments, START, compute};
use crate::features::events::{Columns, suggest};
use crate::task::Task;
use attune_policy::value::Value;

#[test]
fn contacts_speak_for_answers_and_for_what_was_sent() {
    // Days before the instant, campaign, channel, opened, clicks, what became of it.
    let contacts = [
        ("ann", 200, "spring", "email", true, 2, "delivered"),
        ("ann", 40, "spring", "email", true, 0, "delivered"),
        ("ann", 10, "sale", "push", false, 0, "bounced"),
        ("bob", 5, "sale", "email", false, 0, "delivered"),
    ];
    let texts = |of: &dyn Fn(usize) -> &'static str| Cells::from_texts((0..4).map(|row| Some(of(row))));
    let dataset = Dataset::from_columns(
        "contacts",
        vec![
            ("who".into(), texts(&|row| contacts[row].0)),
            ("at".into(), Cells::Time(contacts.iter().map(|c| START - c.1 * DAY).collect())),
            ("campaign".into(), texts(&|row| contacts[row].2)),
            ("channel".into(), texts(&|row| contacts[row].3)),
            ("opened".into(), Cells::Bool(contacts.iter().map(|c| Some(c.4)).collect())),
            ("clicks".into(), Cells::Integer(contacts.iter().map(|c| c.5).collect())),
            ("state".into(), texts(&|row| contacts[row].6)),
        ],
    )
    .unwrap();
    let table = EventTable { name: "contacts", dataset: &dataset, key: "who", time: "at" };
    let columns = Columns::of(&table);
    let responses: Vec<&str> = columns.responses.iter().map(|(_, condition)| condition.as_str()).collect();
    assert_eq!(responses, ["opened", "clicks > 0", "state == \"bounced\""]);
    assert_eq!(columns.actions, ["campaign", "channel"]);
    let features = suggest(&table, &columns, "");
    let moments = Moments::subjects_of(&table, START).unwrap();
    let found = compute(&features, &[table], &moments, &Task::default()).unwrap();
    let (i, none) = (Value::Integer, Value::Unknown);
    let expected = [
        ("opened_count", i(2), i(0)),
        ("opened_count_90d", i(1), i(0)),
        ("opened_since", i(40), none.clone()),
        ("clicks_count", i(1), i(0)),
        ("clicks_since", i(200), none.clone()),
        ("bounced_count", i(1), i(0)),
        ("bounced_since", i(10), none),
        ("campaign_spring_count", i(2), i(0)),
        ("campaign_sale_count", i(1), i(1)),
        ("campaign_spring_count_90d", i(1), i(0)),
        ("channel_email_count", i(2), i(1)),
        ("channel_push_count_90d", i(1), i(0)),
    ];
    for (name, ann, bob) in expected {
        let at = features.iter().position(|feature| feature.name == name);
        let at = at.unwrap_or_else(|| panic!("{name} is not suggested: {features:#?}"));
        assert_eq!((found.cells[at].value(0), found.cells[at].value(1)), (ann, bob), "{name}");
    }
    let at = features.iter().position(|feature| feature.name == "opened_rate_365d").unwrap();
    assert_eq!(found.cells[at].value(1), Value::Number(0.0));
}
