//! What the rows of a table of contacts say happened: one event for all of them, or a column of words, each of which stands for an event.
//!
//! A word that stands for nothing is refused with its row: an event under a name that no cap counts is a contact that nobody sees. It
//! reads no other column; [`super::history`] does.

use crate::data::import::boolean;
use crate::data::{Dataset, table};
use crate::error::{Error, Result};
use attune_policy::contact::EventKind;
use attune_policy::suggest::nearest;
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names of columns that say what happened; the first is the canonical one.
pub(super) const EVENT: &[&str] = &["event", "event_type", "kind", "type"];

/// Words for the events that caps and rules know, as they are written in files.
const WORDS: [(&str, EventKind); 7] = [
    ("decision", EventKind::Decision),
    ("sent", EventKind::Sent),
    ("delivered", EventKind::Delivered),
    ("impression", EventKind::Impression),
    ("click", EventKind::Click),
    ("accept", EventKind::Accept),
    ("reject", EventKind::Reject),
];

/// Before the name of an event of its own that is close to one of the engine's: `own:react` is no slip of `reject`.
const OWN: &str = "own:";

/// Rows, or words, that a note names.
pub(super) const NAMED: usize = 5;

/// Names of columns that say what became of a contact as often as something else; without a word they are not taken to.
const PERHAPS: [&str; 7] = ["status", "state", "action", "activity", "result", "response", "outcome"];

/// Different words of a column that may say what happened, at most.
const FEW_WORDS: usize = 30;

/// Which event a row of a table of contacts is; declared once, with the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowEvent {
    /// Every row is this one: a list of what was sent.
    Every(EventKind),
    /// A column says it.
    Said {
        /// The column (identifier).
        column: String,
        /// What words beside the engine's own stand for, in lower case. A word may stand for an event of its own name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        words: BTreeMap<String, EventKind>,
    },
}

/// What is asked of a table of contacts when it is imported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AskedEvent {
    /// A column, by identifier or source name, or a word for the event that every row is; found by its name when `None`.
    pub event: Option<String>,
    /// What words of the column stand for: a word and an event, or a name for one that the engine has not.
    pub words: Vec<(String, String)>,
    /// What was declared of the table of this name before; it holds where nothing else is asked.
    pub before: Option<RowEvent>,
    /// The columns (identifiers) that the table had then: one that came since and is called `event` is read.
    pub columns: BTreeSet<String>,
}

impl RowEvent {
    /// What a freshly imported table is declared to say. `taken` are its key and time, which cannot say what happened.
    ///
    /// # Errors
    /// When what is asked for is neither a column nor an event, or words are given where there is no column of them.
    pub fn declared(dataset: &Dataset, asked: &AskedEvent, taken: &[Option<&str>]) -> Result<RowEvent> {
        let is_free = |name: &str| !taken.contains(&Some(name));
        let found = || EVENT.iter().find_map(|name| column(dataset, name)).filter(|name| is_free(name));
        let before = asked.before.clone().filter(|before| match before {
            RowEvent::Every(_) => found().is_none_or(|name| asked.columns.contains(&name)),
            RowEvent::Said { column, .. } => dataset.column(column).is_some(),
        });
        let declared = match &asked.event {
            Some(text) => match (table::named(dataset, text).ok().filter(|name| is_free(name)), known(text)) {
                (Some(column), _) => RowEvent::Said { column, words: BTreeMap::new() },
                (None, Some(kind)) => RowEvent::Every(kind),
                (None, None) => return Err(neither(dataset, text)),
            },
            None => before.clone().unwrap_or_else(|| match found() {
                Some(column) => RowEvent::Said { column, words: BTreeMap::new() },
                None => RowEvent::Every(EventKind::Sent),
            }),
        };
        match (declared, before) {
            (RowEvent::Said { column, mut words }, before) => {
                if let Some(RowEvent::Said { column: old, words: known }) = before
                    && old == column
                {
                    words.extend(known);
                }
                words.extend(told(&asked.words)?);
                Ok(RowEvent::Said { column, words })
            }
            (RowEvent::Every(_), _) if !asked.words.is_empty() => Err(unplaced(dataset, asked)),
            (every, _) => Ok(every),
        }
    }

    /// The column (source name) of words that are not read as they are written in the file: `yes` as true, `1.50` as 1.5.
    pub(super) fn not_as_written(&self, dataset: &Dataset) -> Option<String> {
        let RowEvent::Said { column, .. } = self else { return None };
        dataset.column(column).filter(|column| column.type_ != Type::Text).map(|column| column.source.clone())
    }

    /// What is to be said of it beside what was asked: words that stand nowhere in the table, a column that may say what happened where none
    /// is read, and what it replaces. One sentence each.
    pub fn remarks(&self, dataset: &Dataset, asked: &AskedEvent) -> Vec<String> {
        let mut remarks = Vec::new();
        if let RowEvent::Said { column, .. } = self {
            let source = source_name(dataset, column);
            let there = dataset.dictionary(column).map(|dictionary| dictionary.values).unwrap_or_default();
            let is_there = |word: &str| there.iter().any(|text| is_same(&folded(text), &folded(word)));
            let unused: Vec<String> =
                asked.words.iter().filter(|(word, _)| !is_there(word)).map(|(word, _)| format!("`{word}`")).collect();
            if !unused.is_empty() {
                let mut held: Vec<String> = there.iter().take(NAMED).map(|text| format!("`{text}`")).collect();
                held.extend((there.len() > NAMED).then(|| "…".to_owned()));
                remarks.push(format!(
                    "No row has {} in `{source}`, whose words are {}: check what is told of words (--event-word).",
                    unused.join(" or "),
                    held.join(", ")
                ));
            }
        }
        if let (RowEvent::Every(_), None, None) = (self, &asked.event, &asked.before)
            && let Some((column, words)) = perhaps(dataset)
        {
            remarks.push(format!(
                "The column `{column}` may say what happened (it holds {words}); if it does, import the table again with --event {column}."
            ));
        }
        match (&asked.before, self) {
            (Some(RowEvent::Said { column: old, words: known }), RowEvent::Said { column, words }) if old == column => {
                let changed = known.iter().filter_map(|(word, was)| Some((word, was, words.get(word)?)));
                remarks.extend(changed.filter(|(_, was, is)| was != is).map(|(word, was, is)| {
                    format!("`{word}` stands for {} from now on; before, it stood for {}.", label(is), label(was))
                }));
            }
            (Some(before), now) if before != now => {
                remarks.push(format!("This replaces what was declared before: {}", before.words(dataset)));
            }
            _ => {}
        }
        remarks
    }

    /// What it says of the table, for people.
    pub fn words(&self, dataset: &Dataset) -> String {
        match self {
            RowEvent::Every(kind) => format!("Every row counts as {}.", label(kind)),
            RowEvent::Said { column, words } => {
                let others: Vec<String> =
                    words.iter().map(|(word, kind)| format!("{word} as {}", label(kind))).collect();
                let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
                format!("What happened is said by the column `{}`{others}.", source_name(dataset, column))
            }
        }
    }
}

/// The word for an event.
pub(super) fn label(kind: &EventKind) -> &str {
    match kind {
        EventKind::Custom(name) => name,
        kind => WORDS.iter().find(|(_, known)| known == kind).map_or("an event", |(word, _)| word),
    }
}

/// The events of the rows of a table, word by word, and what is to be said of them.
pub(super) struct Reader<'a> {
    dataset: &'a Dataset,
    /// Position of the column; `None` where every row is `every`.
    column: Option<usize>,
    every: EventKind,
    words: &'a BTreeMap<String, EventKind>,
    /// Whether words that nobody declared are events of their own name.
    lenient: bool,
    /// What each word met so far stands for.
    met: HashMap<String, EventKind>,
    /// Events of their own names, and how many there are of each.
    own: BTreeMap<String, u64>,
    empty: Vec<u64>,
    empties: u64,
}

impl<'a> Reader<'a> {
    /// A reader of a table; without a declaration a column is found by its name, and any word stands for an event.
    pub(super) fn new(dataset: &'a Dataset, declared: Option<&'a RowEvent>) -> Result<Reader<'a>> {
        static NONE: BTreeMap<String, EventKind> = BTreeMap::new();
        let (name, every, words) = match declared {
            Some(RowEvent::Every(kind)) => (None, kind.clone(), &NONE),
            Some(RowEvent::Said { column, words }) => (Some(column.clone()), EventKind::Sent, words),
            None => (EVENT.iter().find_map(|name| column(dataset, name)), EventKind::Sent, &NONE),
        };
        let column = match &name {
            Some(name) => Some(dataset.position(name).ok_or_else(|| {
                Error::new("says what happened in the table of contacts, and is not there any more")
                    .in_column(name)
                    .hint("import the table again, with --event COLUMN, or --event sent where every row was sent")
            })?),
            None => None,
        };
        let lenient = declared.is_none();
        let (met, own) = (HashMap::new(), BTreeMap::new());
        Ok(Reader { dataset, column, every, words, lenient, met, own, empty: Vec::new(), empties: 0 })
    }

    /// The event of a row; `None` where its cell is empty.
    ///
    /// # Errors
    /// When its word stands for nothing; the row, the column, and what would do are named.
    pub(super) fn kind(&mut self, row: usize) -> Result<Option<EventKind>> {
        let Some(position) = self.column else { return Ok(Some(self.every.clone())) };
        let word = crate::data::cells::render(&self.dataset.value_at(row, position)).unwrap_or_default();
        let word = word.trim();
        if word.is_empty() {
            self.empties += 1;
            if self.empty.len() < NAMED {
                self.empty.push(self.dataset.row_number(row));
            }
            return Ok(None);
        }
        let kind = match self.met.get(word) {
            Some(kind) => kind.clone(),
            None => {
                let kind = stands_for(self.words, word).cloned().or_else(|| known(word));
                let kind = match kind {
                    Some(kind) => kind,
                    None if self.lenient => EventKind::Custom(word.to_owned()),
                    None => return Err(self.unknown(word, row, position)),
                };
                self.met.insert(word.to_owned(), kind.clone());
                kind
            }
        };
        if let EventKind::Custom(name) = &kind {
            *self.own.entry(name.clone()).or_default() += 1;
        }
        Ok(Some(kind))
    }

    fn unknown(&self, word: &str, row: usize, position: usize) -> Error {
        // All of them at once, so that nobody has to try again for each.
        let mut others: BTreeMap<String, u64> = BTreeMap::new();
        for row in 0..self.dataset.rows() {
            let Some(text) = crate::data::cells::render(&self.dataset.value_at(row, position)) else { continue };
            let text = text.trim();
            if !text.is_empty() && text != word && known(text).is_none() && stands_for(self.words, text).is_none() {
                *others.entry(text.to_owned()).or_default() += 1;
            }
        }
        let listed: Vec<String> = others
            .iter()
            .take(NAMED)
            .map(|(word, rows)| format!("`{word}` ({rows} {})", if *rows == 1 { "row" } else { "rows" }))
            .collect();
        let others = match (listed.is_empty(), others.len() > NAMED) {
            (true, _) => String::new(),
            (false, more) => format!("; unknown, too: {}{}", listed.join(", "), if more { ", …" } else { "" }),
        };
        Error::new(format!("`{word}` is no event that is known; expected {}{others}", expected()))
            .at_row(self.dataset.row_number(row))
            .in_column(&self.dataset.columns()[position].source)
            .hint(format!(
                "say what it stands for, such as --event-word \"{word}={}\", or \"{word}={}{}\" for an event of its own name that \
                 only rules and caps which name it see",
                near(word).unwrap_or("click"),
                near(word).map_or("", |_| OWN),
                folded(word)
            ))
    }

    /// What is to be said of what was read, one sentence each.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let Some(position) = self.column else {
            notes.push(match self.lenient {
                true => "No column says what happened: every row counts as sent.".to_owned(),
                false => RowEvent::Every(self.every.clone()).words(self.dataset),
            });
            return notes;
        };
        let column = &self.dataset.columns()[position].source;
        if self.empties > 0 {
            let rows: Vec<String> = self.empty.iter().map(u64::to_string).collect();
            let more = if self.empties > NAMED as u64 { ", …" } else { "" };
            let (rows, count) = (rows.join(", "), self.empties);
            notes.push(match count {
                1 => format!("1 row has no `{column}` (row {rows}); it is left out and counts for nothing."),
                _ => format!(
                    "{count} rows have no `{column}` (rows {rows}{more}); they are left out and count for nothing."
                ),
            });
        }
        if !self.own.is_empty() {
            let own: Vec<String> = self.own.iter().map(|(name, count)| format!("{name} ({count})")).collect();
            notes.push(format!(
                "Events of names of their own, which only rules and caps that name them see: {}.",
                own.join(", ")
            ));
        }
        notes
    }
}

/// The event that a word of the engine names.
fn known(word: &str) -> Option<EventKind> {
    match EventKind::named(word.trim()) {
        EventKind::Custom(_) => None,
        kind => Some(kind),
    }
}

/// A column (source name) of few words that may say what happened, and its words: its name says so, or one of its words is an event.
fn perhaps(dataset: &Dataset) -> Option<(String, String)> {
    dataset.columns().iter().filter(|column| column.type_ == Type::Text).find_map(|column| {
        let words = dataset.dictionary(&column.name).ok()?.values;
        let is_named = PERHAPS.iter().any(|name| plain(&column.source) == *name);
        let speaks = is_named || words.iter().any(|word| known(word).is_some());
        let mut listed: Vec<String> = words.iter().take(NAMED).map(|word| format!("`{word}`")).collect();
        listed.extend((words.len() > NAMED).then(|| "…".to_owned()));
        (speaks && (1..=FEW_WORDS).contains(&words.len())).then(|| (column.source.clone(), listed.join(", ")))
    })
}

/// The refusal of words for events where no column is read.
fn unplaced(dataset: &Dataset, asked: &AskedEvent) -> Error {
    let holds = |name: &str| -> Option<String> {
        let there = dataset.dictionary(name).ok()?.values;
        let is_there = |word: &&str| there.iter().any(|text| is_same(&folded(text), &folded(word)));
        asked
            .words
            .iter()
            .map(|(word, _)| word.as_str())
            .filter(|_| there.len() <= FEW_WORDS)
            .find(is_there)
            .map(str::to_owned)
    };
    let found = dataset.columns().iter().find_map(|column| Some((column.source.as_str(), holds(&column.name)?)));
    match found {
        Some((column, word)) => {
            Error::new("words for events are given (--event-word), and not the column that holds them (--event)")
                .hint(format!("`{column}` holds `{word}`: add --event {column} if it says what happened"))
        }
        None => Error::new("words for events are given (--event-word), and no column of the table holds such words")
            .hint("name the column that says what happened with --event COLUMN"),
    }
}

/// What words are told to stand for, by word.
///
/// # Errors
/// When a word is told to stand for two events, or an event is a slip of one that is known.
fn told(asked: &[(String, String)]) -> Result<BTreeMap<String, EventKind>> {
    let mut words: BTreeMap<String, EventKind> = BTreeMap::new();
    for (word, event) in asked {
        let kind = event_named(word, event)?;
        if let Some(before) = words.insert(folded(word), kind.clone())
            && before != kind
        {
            let (before, now) = (label(&before), label(&kind));
            return Err(Error::new(format!("`{word}` is told to stand for {before} and for {now}"))
                .hint("say once what a word stands for"));
        }
    }
    Ok(words)
}

/// The event of a name: the engine's, or one of its own.
///
/// # Errors
/// When it looks like a slip of one of the engine's: no cap would count it.
fn event_named(word: &str, name: &str) -> Result<EventKind> {
    let name = name.trim();
    if let Some(kind) = known(name) {
        return Ok(kind);
    }
    let own = name.strip_prefix(OWN).map_or(name, str::trim);
    if own.is_empty() {
        return Err(
            Error::new(format!("`{word}` is told to stand for nothing")).hint(format!("the events are {}", expected()))
        );
    }
    if let Some(near) = near(name).filter(|_| own == name) {
        return Err(Error::new(format!("`{name}`, for which `{word}` is to stand, is no event that is known")).hint(
            format!(
                "did you mean `{near}`? An event of its own name, which only rules and caps that name it see, is written \
                 \"{word}={OWN}{name}\""
            ),
        ));
    }
    Ok(known(own).unwrap_or_else(|| EventKind::Custom(own.to_owned())))
}

/// The engine's event of which a name may be a slip.
fn near(name: &str) -> Option<&'static str> {
    nearest(name, WORDS.map(|(event, _)| event))
}

/// What a word of the table stands for: by its letters, else by its value, so that `1.5` is told of `1.50`, and `true` of `yes`.
fn stands_for<'w>(words: &'w BTreeMap<String, EventKind>, word: &str) -> Option<&'w EventKind> {
    let word = folded(word);
    words.get(&word).or_else(|| {
        let mut alike = words.iter().filter(|(told, _)| is_same(told, &word)).map(|(_, kind)| kind);
        let first = alike.next()?;
        alike.all(|kind| kind == first).then_some(first)
    })
}

/// Whether two words in lower case are the same, or the same number or truth value.
fn is_same(a: &str, b: &str) -> bool {
    let number = |word: &str| word.parse::<f64>().ok();
    a == b
        || match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) => boolean(a).is_some() && boolean(a) == boolean(b),
            _ => false,
        }
}

/// The refusal of what is neither a column of the table nor an event.
fn neither(dataset: &Dataset, text: &str) -> Error {
    let columns: Vec<&str> = dataset.columns().iter().map(|c| c.source.as_str()).collect();
    // A column of that very name says something else already.
    let others = columns.iter().copied().filter(|column| *column != text);
    let near = nearest(text, WORDS.map(|(event, _)| event).into_iter().chain(others));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    Error::new(format!("`{text}` is neither a column that says what happened nor an event")).hint(format!(
        "{near}the columns are {}; the events are {}",
        columns.join(", "),
        expected()
    ))
}

/// The name of a column as the names of this file are written.
fn plain(source: &str) -> String {
    source.trim().replace([' ', '-', '.'], "_").to_lowercase()
}

fn folded(word: &str) -> String {
    word.trim().to_lowercase()
}

fn expected() -> String {
    WORDS.map(|(word, _)| word).join(", ")
}

/// The identifier of a column by the name it has in the table; it differs where rules reserve the word.
fn column(dataset: &Dataset, name: &str) -> Option<String> {
    let named = dataset.columns().iter().find(|c| plain(&c.source) == name);
    named.or_else(|| dataset.column(name)).map(|column| column.name.clone())
}

fn source_name<'a>(dataset: &'a Dataset, column: &'a str) -> &'a str {
    dataset.column(column).map_or(column, |found| found.source.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;

    fn table(columns: &[(&str, &[&str])]) -> Dataset {
        let texts = |values: &[&str]| Cells::from_texts(values.iter().map(|v| (!v.is_empty()).then_some(*v)));
        let cells = columns.iter().map(|(name, values)| ((*name).to_owned(), texts(values))).collect();
        Dataset::from_columns("mails", cells).unwrap()
    }

    fn said(column: &str, words: &[(&str, EventKind)]) -> RowEvent {
        let words = words.iter().map(|(word, kind)| ((*word).to_owned(), kind.clone())).collect();
        RowEvent::Said { column: column.into(), words }
    }

    #[test]
    fn what_the_rows_are_is_asked_found_kept_or_sent() {
        let bare = table(&[("who", &["a"]), ("sent", &["2026-01-01"])]);
        let typed = table(&[("who", &["a"]), ("Event Type", &["x"]), ("kind", &["y"]), ("status", &["z"])]);
        let kind = table(&[("who", &["a"]), ("kind", &["y"])]);
        let own = EventKind::Custom("bounce".into());
        let asked = |event: Option<&str>, words: &[(&str, &str)], before: Option<RowEvent>| AskedEvent {
            event: event.map(str::to_owned),
            words: words.iter().map(|(word, event)| ((*word).to_owned(), (*event).to_owned())).collect(),
            before,
            columns: BTreeSet::from(["kind".to_owned()]),
        };
        let every = |kind| Ok(RowEvent::Every(kind));
        let before = said("status", &[("open", EventKind::Impression)]);
        let cases = [
            (&bare, asked(None, &[], None), every(EventKind::Sent)),
            (&bare, asked(Some("Click"), &[], None), every(EventKind::Click)),
            // The column of that name is the time of the row: the word is an event.
            (&bare, asked(Some("sent"), &[], None), every(EventKind::Sent)),
            (&bare, asked(Some("who"), &[], None), Err("neither a column")),
            (&bare, asked(Some("clicked"), &[], None), Err("neither a column")),
            (&bare, asked(None, &[("x", "sent")], None), Err("no column of the table holds such words")),
            (&typed, asked(Some("click"), &[("Z", "sent")], None), Err("`status` holds `Z`: add --event status")),
            (&bare, asked(None, &[], Some(RowEvent::Every(EventKind::Click))), every(EventKind::Click)),
            (&bare, asked(None, &[], Some(before.clone())), every(EventKind::Sent)),
            (&typed, asked(None, &[], None), Ok(said("Event_Type", &[]))),
            (&typed, asked(Some("Event Type"), &[], None), Ok(said("Event_Type", &[]))),
            (&typed, asked(Some("sent"), &[], Some(before.clone())), every(EventKind::Sent)),
            // The column was not there when every row was said to be a click.
            (&typed, asked(None, &[], Some(RowEvent::Every(EventKind::Click))), Ok(said("Event_Type", &[]))),
            (&kind, asked(None, &[], Some(RowEvent::Every(EventKind::Click))), every(EventKind::Click)),
            (&typed, asked(None, &[], Some(before.clone())), Ok(before.clone())),
            (&typed, asked(Some("kind"), &[], Some(before.clone())), Ok(said("kind", &[]))),
            (
                &typed,
                asked(Some("status"), &[(" OPEN ", "click"), ("Bounced", "bounce")], Some(before.clone())),
                Ok(said("status", &[("open", EventKind::Click), ("bounced", own)])),
            ),
        ];
        for (dataset, asked, expected) in cases {
            let taken = [Some("who"), dataset.column("sent").map(|_| "sent")];
            let found = RowEvent::declared(dataset, &asked, &taken).map_err(|error| error.to_string());
            match expected {
                Ok(expected) => assert_eq!(found.as_ref(), Ok(&expected), "{asked:?}"),
                Err(part) => assert!(found.as_ref().is_err_and(|words| words.contains(part)), "{asked:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_column_that_may_say_what_happened_is_pointed_at() {
        let remarks = |name: &str, words: &[&str], event: Option<&str>| {
            let dataset = table(&[("who", &["a", "b", "c"]), (name, words)]);
            let asked = AskedEvent { event: event.map(str::to_owned), ..AskedEvent::default() };
            RowEvent::declared(&dataset, &asked, &[Some("who")]).unwrap().remarks(&dataset, &asked).join(" ")
        };
        let status = remarks("Status", &["Sent", "bounced", ""], None);
        assert!(status.contains("`Status` may say") && status.contains("`Sent`, `bounced`"), "{status}");
        assert!(status.ends_with("--event Status."), "{status}");
        // By its name, by its words; not what says neither, nor where it was asked.
        assert!(!remarks("outcome", &["bought", "left", "left"], None).is_empty());
        assert!(!remarks("what", &["click", "open", "open"], None).is_empty());
        assert_eq!(remarks("channel", &["email", "sms", "email"], None), "");
        assert_eq!(remarks("status", &["sent", "bounced", ""], Some("sent")), "");
    }

    #[test]
    fn what_is_told_of_words_is_looked_over() {
        let dataset = table(&[("who", &["a", "b", "c"]), ("status", &["yes", "1.50", "x"])]);
        let declare = |event: &str, words: &[(&str, &str)], before: Option<RowEvent>| {
            let words = words.iter().map(|(word, event)| ((*word).to_owned(), (*event).to_owned())).collect();
            let asked = AskedEvent { event: Some(event.into()), words, before, columns: BTreeSet::new() };
            let declared = RowEvent::declared(&dataset, &asked, &[Some("who")])?;
            let remarks = declared.remarks(&dataset, &asked).join("\n");
            Ok::<_, Error>((declared, remarks))
        };
        // What is refused, and what to do instead.
        for (event, words, parts) in [
            ("status", &[("2", "clik")][..], &["`clik`", "did you mean `click`?", "\"2=own:clik\""][..]),
            ("status", &[("x", "Accepted")], &["did you mean `accept`?"]),
            ("status", &[("x", "click"), ("X ", "sent")], &["is told to stand for click and for sent"]),
            ("status", &[("x", "own:")], &["stand for nothing", "the events are decision, sent"]),
            ("clik", &[], &["did you mean `click`?"]),
            ("statsu", &[], &["did you mean `status`?"]),
        ] {
            let words = declare(event, words, None).unwrap_err().to_string();
            parts.iter().for_each(|part| assert!(words.contains(part), "{part}: {words}"));
        }
        let own = [("x", "own:clik"), ("yes", "own:click"), ("1.5", "bounce"), ("x", "own:clik")];
        let (declared, remarks) = declare("status", &own, None).unwrap();
        let clik = EventKind::Custom("clik".into());
        let bounce = EventKind::Custom("bounce".into());
        assert_eq!(
            declared,
            said("status", &[("x", clik.clone()), ("yes", EventKind::Click), ("1.5", bounce.clone())])
        );
        assert_eq!(remarks, "");
        // Words as they are written, or by what they say: `1.50` is `1.5`, and `true` is `yes`.
        let by_value = said("status", &[("true", EventKind::Sent), ("1.5", bounce.clone()), ("x", clik.clone())]);
        for (declared, first) in [(&declared, EventKind::Click), (&by_value, EventKind::Sent)] {
            let mut reader = Reader::new(&dataset, Some(declared)).unwrap();
            let read: Vec<_> = (0..3).map(|row| reader.kind(row).unwrap().unwrap()).collect();
            assert_eq!(read, [first, bounce.clone(), clik.clone()]);
        }
        // Words that stand nowhere, and what is replaced.
        for (event, words, before, part) in [
            (
                "status",
                &[("yess", "click")][..],
                None,
                "No row has `yess` in `status`, whose words are `yes`, `1.50`, `x`",
            ),
            ("status", &[("1.5", "click")], None, ""),
            ("status", &[("true", "click"), ("no", "sent")], None, "No row has `no` in"),
            ("sent", &[], Some(declared.clone()), "This replaces what was declared before: What happened is said by"),
            ("status", &[], Some(RowEvent::Every(EventKind::Click)), "declared before: Every row counts as click."),
            (
                "status",
                &[("x", "sent")],
                Some(declared.clone()),
                "`x` stands for sent from now on; before, it stood for clik.",
            ),
            ("status", &[], Some(declared.clone()), ""),
        ] {
            let (_, remarks) = declare(event, words, before).unwrap();
            assert!(remarks.contains(part) && remarks.is_empty() == part.is_empty(), "{part}: {remarks}");
        }
    }

    #[test]
    fn words_stand_for_events_or_are_refused_with_their_row() {
        let dataset = table(&[("status", &["SENT ", "opened", "", "buy", "sent", "bounced", "bounced"])]);
        let words = [("opened", EventKind::Impression), ("buy", EventKind::Custom("purchase".into()))];
        let bounced = [&words[..], &[("bounced", EventKind::Reject)]].concat();
        let kinds = |declared: Option<&RowEvent>| {
            let mut reader = Reader::new(&dataset, declared)?;
            let kinds = (0..dataset.rows()).map(|row| reader.kind(row)).collect::<Result<Vec<_>>>()?;
            Ok::<_, Error>((kinds, reader.notes()))
        };
        let (read, notes) = kinds(Some(&said("status", &bounced))).unwrap();
        let purchase = EventKind::Custom("purchase".into());
        let sent = Some(EventKind::Sent);
        let reject = Some(EventKind::Reject);
        assert_eq!(
            read,
            [sent.clone(), Some(EventKind::Impression), None, Some(purchase), sent, reject.clone(), reject]
        );
        assert!(notes[0].contains("1 row has no `status` (row 3)") && notes[1].contains("purchase (1)"), "{notes:?}");

        let refused = kinds(Some(&said("status", &words[..1]))).unwrap_err().to_string();
        for part in ["row 4", "column `status`", "`buy`", "sent, delivered", "`bounced` (2 rows)", "--event-word"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        let gone = kinds(Some(&said("state", &[]))).unwrap_err().to_string();
        assert!(gone.contains("column `state`") && gone.contains("--event"), "{gone}");

        // Nothing declared and no such column: all of it was sent, and that is said.
        let (read, notes) = kinds(None).unwrap();
        assert!(
            read.iter().all(|kind| *kind == Some(EventKind::Sent)) && notes[0].contains("every row counts as sent")
        );
    }
}
