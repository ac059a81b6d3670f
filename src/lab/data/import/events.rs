//! A table of events as history: who, when, what, and of which action.
//!
//! Group, issue and tags are the policy's own for the action unless the table says otherwise; a table that knows what they
//! were when the event happened should say so.

use super::{ImportOptions, import};
use crate::data::{Dataset, cells::Dictionary};
use crate::error::{Error, Result};
use crate::task::Task;
use attune_policy::contact::EventKind;
use attune_policy::document::Document;
use attune_policy::history::{Event, MemoryHistory};
use attune_policy::value::{Type, Value};
use std::path::Path;

/// Names under which each column of an events table is looked for.
const COLUMNS: &[(&str, &[&str])] = &[
    ("subject", &["subject", "subject_id", "customer_id", "customer", "user_id", "id"]),
    ("time", &["time", "timestamp", "date", "at"]),
    ("event", &["event", "kind", "type", "type_", "event_type"]),
    ("action", &["action", "action_", "action_id", "offer"]),
    ("treatment", &["treatment", "treatment_id", "variant"]),
    ("channel", &["channel"]),
    ("group", &["group", "group_"]),
    ("issue", &["issue"]),
    ("tags", &["tags", "tag"]),
];

/// Reads a history for deciding with a policy.
///
/// The table needs the columns `subject`, `time`, `event` and `action`; `treatment`, `channel`, `group`, `issue` and `tags`
/// (divided by spaces) may be there too.
///
/// # Errors
/// When the file cannot be read, or lacks a column or a value.
pub fn read(path: &Path, options: &ImportOptions, document: &Document, task: &Task) -> Result<MemoryHistory> {
    let mut options = options.clone();
    // Ids are text, whatever they look like.
    let detected = super::detect_with(path, &options)?;
    for column in detected.columns {
        let named =
            |wanted: &str| COLUMNS.iter().any(|(key, names)| *key == wanted && names.contains(&column.name.as_str()));
        let type_ = if named("time") { Type::Time } else { Type::Text };
        options.types.insert(column.source, type_);
    }
    let imported = import(path, &options, task)?;
    if let Some(bad) = imported.bad_rows.first() {
        return Err(Error::new(bad.reason.clone()).in_file(path).at_row(bad.row).at_line(bad.line));
    }
    if let Some(bad) = imported.bad_cells.first() {
        return Err(Error::new(format!("`{}` is not {}", bad.text, bad.expected))
            .in_file(path)
            .at_row(bad.row)
            .at_line(bad.line)
            .in_column(&bad.column));
    }
    events(&imported.dataset, document).map_err(|error| error.in_file(path))
}

/// The events of a table as history.
///
/// # Errors
/// When it lacks a column or a value.
pub fn events(dataset: &Dataset, document: &Document) -> Result<MemoryHistory> {
    let column = |wanted: &str| {
        let names = COLUMNS.iter().find(|(key, _)| *key == wanted).map_or(&[][..], |(_, names)| names);
        names.iter().find_map(|name| dataset.columns().iter().find(|c| c.name.to_lowercase() == *name))
    };
    let texts = |wanted: &str| column(wanted).and_then(|c| dataset.dictionary(&c.name).ok());
    let needed = |wanted: &str| {
        texts(wanted).ok_or_else(|| {
            Error::new("a table of events needs this column").in_column(wanted).hint(
                "its columns are subject, time, event, action; treatment, channel, group, issue and tags may follow",
            )
        })
    };
    let (subjects, kinds, actions) = (needed("subject")?, needed("event")?, needed("action")?);
    needed("time")?;
    let time = column("time").map(|c| c.name.clone()).unwrap_or_default();
    let (treatments, channels) = (texts("treatment"), texts("channel"));
    let (groups, issues, tags) = (texts("group"), texts("issue"), texts("tags"));
    let mut history = MemoryHistory::default();
    for row in 0..dataset.rows() {
        let required = |texts: &Dictionary, wanted: &str| {
            texts.get(row).map(|text| text.to_string()).ok_or_else(|| absent(dataset, row, wanted))
        };
        let Value::Time(at) = dataset.value(row, &time) else { return Err(absent(dataset, row, "time")) };
        let action = required(&actions, "action")?;
        let known = document.actions.iter().find(|a| a.id == action);
        let given = |texts: &Option<Dictionary>| texts.as_ref().and_then(|t| t.get(row)).map(|t| t.to_string());
        let treatment =
            given(&treatments).or_else(|| known?.treatments.first().map(|t| t.id.clone())).unwrap_or_default();
        let own_channel = || Some(known?.treatments.iter().find(|t| t.id == treatment)?.channel.clone());
        let group = given(&groups).or_else(|| known.map(|a| a.group.clone())).unwrap_or_default();
        let own_issue =
            || document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == group)).map(|i| i.id.clone());
        history.push(
            &required(&subjects, "subject")?,
            Event {
                time: at,
                kind: kind(&required(&kinds, "event")?),
                channel: given(&channels).or_else(own_channel).unwrap_or_default(),
                issue: given(&issues).or_else(own_issue).unwrap_or_default(),
                tags: match given(&tags) {
                    Some(tags) => tags.split_whitespace().map(str::to_owned).collect(),
                    None => known.map(|a| a.tags.clone()).unwrap_or_default(),
                },
                counts: known.is_none_or(|a| a.counts_toward_caps),
                action,
                treatment,
                group,
            },
        );
    }
    Ok(history)
}

fn absent(dataset: &Dataset, row: usize, column: &str) -> Error {
    Error::new("an event needs this value").at_row(dataset.row_number(row)).in_column(column)
}

fn kind(text: &str) -> EventKind {
    match text.to_lowercase().as_str() {
        "decision" => EventKind::Decision,
        "sent" | "send" => EventKind::Sent,
        "delivered" => EventKind::Delivered,
        "impression" | "open" | "opened" => EventKind::Impression,
        "click" | "clicked" => EventKind::Click,
        "accept" | "accepted" => EventKind::Accept,
        "reject" | "rejected" => EventKind::Reject,
        _ => EventKind::Custom(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::history::History;

    fn read_text(text: &str) -> Result<MemoryHistory> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, &ImportOptions::default(), &Document::default(), &Task::default())
    }

    #[test]
    fn events_are_read_in_order_of_time() {
        let history = read_text(
            "subject,time,event,action,channel,tags\n007,2024-01-02,Sent,offer,email,a b\n007,2024-01-01,bought,offer,email,\n",
        )
        .unwrap();
        let events = history.events("007");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].kind, EventKind::Custom("bought".into()));
        assert_eq!((&events[1].kind, events[1].time), (&EventKind::Sent, 1_704_153_600_000));
        assert_eq!(events[1].tags, ["a", "b"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, parts) in [
            ("subject,time,event\n1,2024-01-01,Sent\n", &["column `action`", "needs this column"][..]),
            ("subject,time,event,action\n1,,Sent,a\n", &["row 1", "column `time`"]),
            ("subject,time,event,action\n1,soon,Sent,a\n", &["row 1", "line 2", "`soon` is not a date or time"]),
            ("subject,time,event,action\n1,2024-01-01,Sent\n", &["line 2"]),
        ] {
            let message = read_text(text).unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
