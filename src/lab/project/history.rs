//! A table of events becomes a history that decisions can be made over: contacts, clicks, purchases, each with its time.
//!
//! What an event does not say (channel, group, issue, tags, cost) is taken from the policy's action of that name; the semantics ask
//! for what held when it happened, so a table that says it is believed.

use super::contacts::{NAMED, Reader, RowEvent};
use crate::data::cells::Cells;
use crate::data::import::dates;
use crate::data::{Dataset, Role, Roles, Table};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::contact::EventKind;
use attune_policy::history::{EventDefaults, PartialEvent};
use attune_policy::{Document, MemoryHistory, Type, Value};
use std::collections::HashSet;

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
    /// Rows left out because they say not whom they are about, or not when.
    pub lacking: Vec<Lacking>,
}

/// Rows without a value in a column that they need one in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// The column (source name).
    pub column: String,
    /// How many rows.
    pub count: u64,
    /// Numbers of the first of them in the file.
    pub rows: Vec<u64>,
}

impl Lacking {
    fn add(&mut self, row: u64) {
        self.count += 1;
        if self.rows.len() < NAMED {
            self.rows.push(row);
        }
    }

    fn words(&self) -> String {
        let Lacking { column, count, .. } = self;
        let rows = listed(&self.rows, *count);
        match count {
            1 => format!("1 row has no `{column}` that can be read ({rows}); it is left out and counts for nothing."),
            _ => format!(
                "{count} rows have no `{column}` that can be read ({rows}); they are left out and count for nothing."
            ),
        }
    }
}

/// "rows 3, 9, …": the first rows of so many.
fn listed(rows: &[u64], count: u64) -> String {
    let numbers: Vec<String> = rows.iter().map(u64::to_string).collect();
    let more = if count > rows.len() as u64 { ", …" } else { "" };
    format!("row{} {}{more}", if count == 1 { "" } else { "s" }, numbers.join(", "))
}

/// The events of a table. `subject` and `time` columns are needed; `action`, `treatment`, `channel`, `group`, `issue`, `cost` and
/// `tags` (separated by `|` or `;`) are read when they are there. `roles`, when given, say which columns are the subject and the time;
/// `events` which event a row is, by default what a column called `event` says, in any words, and sent without such a column. A row of a
/// contact that names no action was one all the same: caps count it. Rows without a subject or a time are left out and told.
///
/// # Errors
/// When a needed column is missing or of the wrong type, or an event is a word that was not declared; rows are named.
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
    let lacking =
        |position: usize| Lacking { column: dataset.columns()[position].source.clone(), ..Lacking::default() };
    let (mut timeless, mut nobodys) = (lacking(time), lacking(subject));
    for row in 0..dataset.rows() {
        if row % CHUNK == 0 {
            task.tick(row as f32 / dataset.rows() as f32)?;
        }
        let Some(kind) = reader.kind(row)? else { continue };
        let at = match dataset.value_at(row, time) {
            Value::Time(ms) | Value::Integer(ms) => ms,
            _ => {
                timeless.add(dataset.row_number(row));
                continue;
            }
        };
        let text = |position: usize| crate::data::cells::render(&dataset.value_at(row, position));
        let Some(whose) = text(subject) else {
            nobodys.add(dataset.row_number(row));
            continue;
        };
        let [action, treatment, channel, group, issue, tags] =
            optional.map(|position| position.and_then(text).unwrap_or_default());
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let split =
            |tags: String| tags.split(['|', ';']).map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
        let contact = !matches!(kind, EventKind::Custom(_)) && action.is_empty();
        let made = defaults.complete(PartialEvent {
            time: at,
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
        events.push((whose, made));
    }
    // In order of time, so that none has to be moved when it is added.
    events.sort_by_key(|(_, event)| event.time);
    let mut history = MemoryHistory::default();
    for (subject, event) in events {
        history.push(&subject, event);
    }
    let lacking: Vec<Lacking> = [timeless, nobodys].into_iter().filter(|lacking| lacking.count > 0).collect();
    let notes = reader.notes().into_iter().chain(lacking.iter().map(Lacking::words)).collect();
    Ok(Known { history, notes, lacking })
}

/// What the contacts of a table do not share with the customers, one sentence each: subjects who are none of them, and contacts after
/// the last instant at which a customer stands, which no decision sees.
pub fn strangers(contacts: &Table, customers: &Dataset, roles: &Roles) -> Vec<String> {
    let (Some(key), Some(subject)) = (contacts.key.as_deref(), roles.first(Role::Subject)) else { return Vec::new() };
    let (Ok(keys), Ok(subjects)) = (contacts.dataset.dictionary(key), customers.dictionary(subject)) else {
        return Vec::new();
    };
    let known: HashSet<&str> = subjects.values.iter().map(|value| &**value).collect();
    let is_known: Vec<bool> = keys.values.iter().map(|value| known.contains(&**value)).collect();
    let times = |dataset: &'_ Dataset, name: Option<&str>| match name.and_then(|name| dataset.cells(name)) {
        Some(Cells::Time(times)) => Some(times.clone()),
        _ => None,
    };
    let stand = times(customers, roles.first(Role::Time));
    let last = stand.map_or(roles.as_of, |times| times.into_iter().filter(|time| *time != Cells::MISSING).max());
    let happened = times(&contacts.dataset, contacts.time.as_deref());
    let (mut unknown, mut later) = (Lacking::default(), Lacking::default());
    let mut whose: HashSet<u32> = HashSet::new();
    for (row, code) in keys.codes.iter().enumerate() {
        let number = contacts.dataset.row_number(row);
        if is_known.get(*code as usize) == Some(&false) {
            unknown.add(number);
            whose.insert(*code);
        }
        let at = happened.as_ref().map(|times| times[row]);
        if at.zip(last).is_some_and(|(at, last)| at > last) {
            later.add(number);
        }
    }
    let mut notes = Vec::new();
    if unknown.count > 0 {
        let mut names: Vec<&str> = whose.iter().map(|code| &*keys.values[*code as usize]).collect();
        names.sort_unstable();
        let more = if names.len() > NAMED { ", …" } else { "" };
        let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        notes.push(format!(
            "{} of {} who are no customers ({}{more}; {}): no decision sees them.",
            counted(unknown.count),
            names.len(),
            named.join(", "),
            listed(&unknown.rows, unknown.count)
        ));
    }
    if let (Some(last), true) = (last, later.count > 0) {
        notes.push(format!(
            "{} after {}, when the last customer stands ({}): no decision sees them.",
            counted(later.count),
            dates::render(last),
            listed(&later.rows, later.count)
        ));
    }
    notes
}

fn counted(contacts: u64) -> String {
    if contacts == 1 { "1 contact is".to_owned() } else { format!("{contacts} contacts are") }
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
    use crate::data::TableKind;
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
    fn rows_that_say_not_who_or_when_are_left_out_and_named() {
        let policy = Document::default();
        let dataset = table(
            &[("customer_id", &["a", "b", "", "c"]), ("event", &["Sent", "Sent", "Sent", "Sent"])],
            &[1, Cells::MISSING, 3, 4],
        );
        let known = history(&dataset, None, None, &policy, &Task::default()).unwrap();
        assert_eq!((known.history.len(), known.history.events("c").len()), (2, 1));
        let lacking: Vec<(&str, &[u64])> = known.lacking.iter().map(|l| (&*l.column, &*l.rows)).collect();
        assert_eq!(lacking, [("time", &[2][..]), ("customer_id", &[3])]);
        let notes = known.notes.join("\n");
        for part in ["1 row has no `time` that can be read (row 2)", "no `customer_id` that can be read (row 3)"] {
            assert!(notes.contains(part), "{notes}");
        }
    }

    #[test]
    fn contacts_of_nobody_and_of_later_are_told() {
        let customers = Dataset::from_columns(
            "customers",
            vec![("id".into(), Cells::from_texts([Some("a"), Some("b")])), ("at".into(), Cells::Time(vec![10, 20]))],
        )
        .unwrap();
        let contacts = table(&[("who", &["a", "x", "b", "y", "x"])], &[1, 2, 25, 4, 20]);
        let contacts = Table::new("history", TableKind::Contacts, Some("who"), Some("time"), contacts);
        let roles = |time: bool| {
            let mut roles = Roles { as_of: Some(15), ..Roles::default() };
            roles.columns.insert("id".into(), Role::Subject);
            if time {
                roles.columns.insert("at".into(), Role::Time);
            }
            roles
        };
        let strangers = |time: bool| strangers(&contacts, &customers, &roles(time));
        let nobody = "3 contacts are of 2 who are no customers (`x`, `y`; rows 2, 4, 5): no decision sees them.";
        assert_eq!(strangers(true)[0], nobody);
        assert!(strangers(true)[1].starts_with("1 contact is after 1970-01-01T00:00:00.020Z"), "{:?}", strangers(true));
        assert!(strangers(false)[1].contains("(rows 3, 5)"), "{:?}", strangers(false));
    }

    #[test]
    fn a_row_without_a_time_stops_decisions_and_is_named_with_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mails.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            crate::project::load_history(&path, &Document::default(), &Task::default()).map(|known| known.history.len())
        };
        let rows = "who,time\na,2024-01-01\n".replace("who", "customer_id");
        assert_eq!(read(&format!("{rows}b,2024-01-02\n")), Ok(2));
        // Where few rows say what the column is, and where many do.
        for good in [2, 40] {
            let text = format!(
                "{}b,notadate\nc,2024-01-03\n",
                rows.replacen("a,2024-01-01\n", &"a,2024-01-01\n".repeat(good), 1)
            );
            let words = read(&text).unwrap_err().to_string();
            for part in [&format!("row {}", good + 1), "column `time`", "`notadate` is not a date or time"] {
                assert!(words.contains(part), "{part}: {words}");
            }
        }
        let words = read(&format!("{rows},2024-01-02\n")).unwrap_err().to_string();
        assert!(words.contains("row 2") && words.contains("is empty"), "{words}");
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
