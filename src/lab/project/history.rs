//! A table of events becomes a history that decisions can be made over: contacts, clicks, purchases, each with its time.
//!
//! What an event does not say (channel, group, issue, tags, cost) is taken from the policy's action of that name; the semantics ask
//! for what held when it happened, so a table that says it is believed.

use super::contacts::{Reader, RowEvent};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::contact::EventKind;
use attune_policy::history::{EventDefaults, PartialEvent};
use attune_policy::{Document, MemoryHistory, Type, Value};

/// Columns of an events table, by the names they go by; the first is the canonical one.
const SUBJECT: &[&str] = &["subject", "customer_id", "customerid", "customer", "user_id", "client_id", "id"];
const TIME: &[&str] = &["time", "timestamp", "event_time", "date", "datetime", "sent_at", "at"];

/// Rows read between two ticks of the task.
const CHUNK: usize = 4096;

/// A history, and what is to be said of how it was read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The events.
    pub history: MemoryHistory,
    /// One sentence each: what rows count as, which were left out.
    pub notes: Vec<String>,
}

/// The events of a table. `subject` and `time` columns are needed; `action`, `treatment`, `channel`, `group`, `issue`, `cost` and
/// `tags` (separated by `|` or `;`) are read when they are there. `roles`, when given, say which columns are the subject and the time;
/// `events` which event a row is, by default what a column called `event` says, in any words, and sent without such a column. A row of a
/// contact that names no action was one all the same: caps count it.
///
/// # Errors
/// When a needed column is missing or of the wrong type, a row lacks its subject or time, or its event is a word that was not declared;
/// rows are named.
pub fn history(
    dataset: &Dataset,
    roles: Option<&Roles>,
    events: Option<&RowEvent>,
    policy: &Document,
    task: &Task,
) -> Result<Known> {
    task.stage("Reading the history")?;
    let by_role = roles.and_then(|r| r.first(Role::Subject)).and_then(|name| dataset.position(name));
    let subject = match by_role {
        Some(position) => position,
        None => needed(dataset, SUBJECT)?,
    };
    let by_role = roles.and_then(|r| r.first(Role::Time)).and_then(|name| dataset.position(name));
    let time = by_role.map_or_else(|| needed(dataset, TIME), Ok)?;
    let mut reader = Reader::new(dataset, events)?;
    let time_type = dataset.columns()[time].type_;
    if !matches!(time_type, Type::Time | Type::Integer) {
        return Err(Error::new(format!("is {time_type} where times are needed"))
            .in_column(&dataset.columns()[time].source)
            .hint("write times as 2026-03-02T09:00:00Z, or as milliseconds since 1970"));
    }
    let optional = ["action", "treatment", "channel", "group", "issue", "tags"].map(|name| column(dataset, name));
    let cost = column(dataset, "cost");
    let defaults = EventDefaults::of(policy);
    let mut events = Vec::with_capacity(dataset.rows());
    for row in 0..dataset.rows() {
        if row % CHUNK == 0 {
            task.tick(row as f32 / dataset.rows() as f32)?;
        }
        let Some(kind) = reader.kind(row)? else { continue };
        let lacks = |position: usize| {
            Error::new("is empty").at_row(dataset.row_number(row)).in_column(&dataset.columns()[position].source)
        };
        let text = |position: usize| crate::data::cells::render(&dataset.value_at(row, position));
        let [action, treatment, channel, group, issue, tags] =
            optional.map(|position| position.and_then(text).unwrap_or_default());
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let split =
            |tags: String| tags.split(['|', ';']).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
        let contact = !matches!(kind, EventKind::Custom(_)) && action.is_empty();
        let made = defaults.complete(PartialEvent {
            time: match dataset.value_at(row, time) {
                Value::Time(ms) | Value::Integer(ms) => ms,
                _ => return Err(lacks(time)),
            },
            kind,
            action,
            treatment,
            channel: said(channel),
            group: said(group),
            issue: said(issue),
            tags: said(tags).map(split),
            counts: contact.then_some(true),
            cost: cost.and_then(|position| dataset.value_at(row, position).as_f64()),
        });
        events.push((text(subject).ok_or_else(|| lacks(subject))?, made));
    }
    // In order of time, so that none has to be moved when it is added.
    events.sort_by_key(|(_, event)| event.time);
    let mut history = MemoryHistory::default();
    for (subject, event) in events {
        history.push(&subject, event);
    }
    Ok(Known { history, notes: reader.notes() })
}

/// A column by the name it has in the table; its identifier differs where rules reserve the word, as they do `action`.
fn column(dataset: &Dataset, name: &str) -> Option<usize> {
    let named = dataset.columns().iter().position(|c| c.source.trim().eq_ignore_ascii_case(name));
    named.or_else(|| dataset.position(name))
}

fn needed(dataset: &Dataset, names: &[&str]) -> Result<usize> {
    names.iter().find_map(|name| column(dataset, name)).ok_or_else(|| {
        Error::new(format!("the events in `{}` have no column `{}`", dataset.name(), names[0]))
            .hint(format!("name it {}", names.join(", or ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;
    use crate::project::samples;
    use attune_policy::{Event, History};

    fn table(columns: &[(&str, &[&str])], times: &[i64]) -> Dataset {
        let texts = |values: &[&str]| Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)));
        let mut cells: Vec<(String, Cells)> =
            columns.iter().map(|(name, values)| ((*name).to_owned(), texts(values))).collect();
        cells.push(("time".into(), Cells::Time(times.to_vec())));
        Dataset::from_columns("events", cells).unwrap()
    }

    #[test]
    fn events_take_what_they_do_not_say_from_the_policy() {
        let policy = samples::parts(200).unwrap().draft;
        let dataset = table(
            &[
                ("customer_id", &["a", "b", "a"]),
                ("event", &["Sent", "purchase", "click"]),
                ("action", &["discount_email", "", "leaflet"]),
                ("treatment", &["email", "", "print"]),
            ],
            &[20, 5, 10],
        );
        let history = history(&dataset, None, None, &policy, &Task::default()).unwrap().history;
        let events = history.events("a");
        assert_eq!(events.iter().map(|e| e.time).collect::<Vec<_>>(), [10, 20]);
        assert_eq!((&events[0].kind, events[0].channel.as_str(), events[0].counts), (&EventKind::Click, "", true));
        let sent = &events[1];
        assert_eq!(
            (sent.channel.as_str(), sent.group.as_str(), sent.issue.as_str(), sent.tags.as_slice()),
            ("email", "offers", "sales", &["discount".to_owned()][..])
        );
        let purchase = &history.events("b")[0];
        assert_eq!((&purchase.kind, purchase.counts), (&EventKind::Custom("purchase".into()), false));
    }

    #[test]
    fn a_table_that_lacks_something_is_refused_with_its_place() {
        let policy = Document::default();
        let no_time = table(&[("customer_id", &["a", "b"]), ("event", &["Sent", "Sent"])], &[1, Cells::MISSING]);
        let no_subject = table(&[("customer_id", &["a", ""]), ("event", &["Sent", "Sent"])], &[1, 2]);
        for (dataset, expected) in [(no_time, "row 2, column `time`: is empty"), (no_subject, "row 2")] {
            let words = history(&dataset, None, None, &policy, &Task::default()).unwrap_err().to_string();
            assert!(words.contains(expected), "{words}");
        }
    }

    #[test]
    fn a_list_of_what_was_sent_is_contacts_whoever_sent_them() {
        let policy = samples::parts(200).unwrap().draft;
        let list = table(&[("customer_id", &["a", "b"]), ("action", &["", "discount_email"])], &[1, 2]);
        let known = history(&list, None, None, &policy, &Task::default()).unwrap();
        for subject in ["a", "b"] {
            let event = &known.history.events(subject)[0];
            assert_eq!((&event.kind, event.counts), (&EventKind::Sent, true), "{subject}");
        }
        assert!(known.notes[0].contains("every row counts as sent"), "{:?}", known.notes);
        let bought = RowEvent::Every(EventKind::Custom("purchase".into()));
        let known = history(&list, None, Some(&bought), &policy, &Task::default()).unwrap();
        assert!(!known.history.events("a")[0].counts, "what belongs to no action and is no contact counts for no cap");
    }

    #[test]
    fn a_generated_world_written_as_a_table_gives_its_own_history() {
        let world = crate::world::generate(&crate::world::WorldSpec { customers: 200, ..Default::default() }).unwrap();
        let own = world.history();
        // Whether or not the policy knows the actions: the table itself says everything but the cost.
        let free = |events: &[Event]| -> Vec<Event> {
            events.iter().map(|event| Event { cost: 0.0, ..event.clone() }).collect()
        };
        for policy in [&Document::default(), &*samples::parts(200).unwrap().draft] {
            let read = history(&world.events, None, None, policy, &Task::default()).unwrap().history;
            assert_eq!(read.len(), own.len());
            for customer in 1..=200 {
                let customer = format!("C{customer:06}");
                assert_eq!(free(read.events(&customer)), own.events(&customer), "{customer}");
            }
            let costs = (1..=200).flat_map(|n| read.events(&format!("C{n:06}"))).any(|event| event.cost > 0.0);
            assert_eq!(costs, !policy.actions.is_empty(), "a known action's cost is its event's");
        }
    }
}
