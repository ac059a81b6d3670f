//! A table of a project beside its customers: what its rows are, which column says whom they are about, and which says when.
//!
//! It joins nothing and makes no features: tables with one row per key are joined by [`super::join`], tables of events become
//! features by recipes.

use super::dataset::{Column, Dataset};
use super::import::{BadCell, BadRow, DateOrder, ImportOptions, dates};
use super::quality::LeftOut;
use super::roles::{Role, Roles, names_a_time};
use crate::error::{Error, Result};
use attune_policy::value::Type;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A table beside the customers, in memory, and how it came there.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name in the project, a slug.
    pub name: String,
    /// What its rows are.
    pub kind: TableKind,
    /// Column (identifier) that holds the key: the subject, or in a look-up what is looked up.
    pub key: Option<String>,
    /// Column (identifier) that says when; of type time.
    pub time: Option<String>,
    /// The rows.
    pub dataset: Dataset,
    /// How the file was read, everything filled in.
    pub options: ImportOptions,
    /// What was found in the file, one sentence each.
    pub notes: Vec<String>,
    /// Rows set aside.
    pub bad_rows: Vec<BadRow>,
    /// Cells that became missing.
    pub bad_cells: Vec<BadCell>,
    /// Rows left out by the rules of the source.
    pub left_out: Vec<LeftOut>,
    /// What is not as it was when the table was imported.
    pub changes: Vec<Error>,
    /// Hash of what was read and how; everything made from the rows depends on it.
    pub fingerprint: String,
}

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TableKind {
    /// One row per subject: facts about it. The project's first source is one; others are joined to it.
    #[default]
    Customers,
    /// What subjects bought: one row per purchase or per line of one.
    Transactions,
    /// What subjects did: visits, clicks, calls.
    Events,
    /// What was sent to subjects, and how they answered.
    Contacts,
    /// Decisions that were made about subjects, with what followed.
    DecisionLog,
    /// One row per thing that other tables refer to: a product, a shop, a postcode.
    Lookup,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [TableKind; 6] = [
        TableKind::Customers,
        TableKind::Transactions,
        TableKind::Events,
        TableKind::Contacts,
        TableKind::DecisionLog,
        TableKind::Lookup,
    ];

    /// The word for people and for the command line.
    pub fn label(self) -> &'static str {
        match self {
            TableKind::Customers => "customers",
            TableKind::Transactions => "transactions",
            TableKind::Events => "events",
            TableKind::Contacts => "contacts",
            TableKind::DecisionLog => "decisions",
            TableKind::Lookup => "lookup",
        }
    }

    /// The kind that a word names.
    pub fn named(word: &str) -> Option<TableKind> {
        TableKind::ALL.into_iter().find(|kind| kind.label() == word)
    }

    /// Whether its rows happened at a time, so that only those before an instant may be used at that instant.
    pub fn is_timed(self) -> bool {
        !matches!(self, TableKind::Customers | TableKind::Lookup)
    }

    /// Whether it is the customers' own kind, as files without a kind are.
    pub fn is_customers(&self) -> bool {
        *self == TableKind::Customers
    }
}

/// The key and time columns (identifiers) of a table: those asked for, by identifier or source name, else those that the names
/// and contents speak for. A table of things that happened has both.
///
/// # Errors
/// When a column is not there, the time column holds no times, or none can be found and one is needed.
pub fn key_and_time(
    dataset: &Dataset,
    kind: TableKind,
    key: Option<&str>,
    time: Option<&str>,
) -> Result<(Option<String>, Option<String>)> {
    let suggested = Roles::suggest(dataset);
    let key = match key {
        Some(name) => named(dataset, name)?,
        None => {
            let lookup = || (kind == TableKind::Lookup).then(|| unique(dataset)).flatten();
            suggested.first(Role::Subject).map(str::to_owned).or_else(lookup).ok_or_else(|| {
                Error::new(format!("no column of `{}` looks like the key of a row", dataset.name())).hint(
                    unnamed(dataset)
                        .unwrap_or_else(|| format!("name the key column; the table has {}", names(dataset))),
                )
            })?
        }
    };
    // Whatever its name: where one column alone holds times, rows happened then.
    let only_time = || {
        let mut times = dataset.columns().iter().filter(|column| column.type_ == Type::Time);
        times.next().filter(|_| times.next().is_none()).map(|column| column.name.clone())
    };
    let time = match time {
        Some(name) => Some(named(dataset, name)?),
        None if kind.is_timed() => {
            Some(suggested.first(Role::Time).map(str::to_owned).or_else(only_time).ok_or_else(|| {
                Error::new(format!("no column of `{}` looks like the time of a row", dataset.name()))
                    .hint(format!("name the time column; the table has {}", names(dataset)))
            })?)
        }
        None => None,
    };
    if let Some(column) = time.as_deref().and_then(|name| dataset.column(name)).filter(|c| c.type_ != Type::Time) {
        return Err(Error::new(format!("is {} where the time of a row is needed", column.type_))
            .in_column(&column.source)
            .hint("set the column's type to time, or name another column"));
    }
    if Some(&key) == time.as_ref() {
        return Err(Error::new("cannot be both the key and the time of a row").in_column(key));
    }
    Ok((Some(key), time))
}

impl Table {
    /// What the checks need to know of the columns: whom a row is about, and when.
    pub fn roles(&self) -> Roles {
        let role = |name: &str| match name {
            _ if self.key.as_deref() == Some(name) => Role::Subject,
            _ if self.time.as_deref() == Some(name) => Role::Time,
            _ => Role::Feature,
        };
        let columns = self.dataset.columns().iter().map(|c| (c.name.clone(), role(&c.name)));
        Roles { columns: columns.collect(), ..Roles::default() }
    }

    /// A table made in memory.
    pub fn new(name: &str, kind: TableKind, key: Option<&str>, time: Option<&str>, dataset: Dataset) -> Table {
        Table {
            name: name.to_owned(),
            kind,
            key: key.map(str::to_owned),
            time: time.map(str::to_owned),
            dataset,
            options: ImportOptions::default(),
            notes: Vec::new(),
            bad_rows: Vec::new(),
            bad_cells: Vec::new(),
            left_out: Vec::new(),
            changes: Vec::new(),
            fingerprint: String::new(),
        }
    }
}

/// A column of text from which the time of a row is to be read although not all of its cells are dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextOfTimes {
    /// Source name of the column.
    pub column: String,
    /// Order of day and month in which more of its cells are dates; `None` where both read as many.
    pub dates: Option<DateOrder>,
}

impl TextOfTimes {
    /// The column that is asked for, else, where no column holds times, the first whose name says when something happened; in either
    /// at least half of the known cells are dates. Read as times, the others are listed, and the table is not lost for them.
    pub fn find(dataset: &Dataset, time: Option<&str>) -> Option<TextOfTimes> {
        let columns = dataset.columns().iter();
        let mut meant: Vec<&Column> = match time {
            Some(name) => columns.filter(|column| column.name == name || column.source == name).collect(),
            None if columns.clone().any(|column| column.type_ == Type::Time) => Vec::new(),
            None => columns.filter(|column| names_a_time(&column.name)).collect(),
        };
        meant.retain(|column| column.type_ == Type::Text);
        meant.into_iter().find_map(|column| {
            let (mut known, mut day_first, mut month_first) = (0u64, 0u64, 0u64);
            for text in dataset.texts(&column.name).ok()?.into_iter().flatten() {
                known += 1;
                day_first += u64::from(dates::parse(&text, DateOrder::DayFirst).is_some());
                month_first += u64::from(dates::parse(&text, DateOrder::MonthFirst).is_some());
            }
            let dates = match day_first.cmp(&month_first) {
                Ordering::Greater => Some(DateOrder::DayFirst),
                Ordering::Less => Some(DateOrder::MonthFirst),
                Ordering::Equal => None,
            };
            let most = day_first.max(month_first);
            (most > 0 && most * 2 >= known).then(|| TextOfTimes { column: column.source.clone(), dates })
        })
    }

    /// The options by which the column is read as times. A type or an order of dates that was asked for stays.
    #[must_use]
    pub fn options(&self, mut options: ImportOptions) -> ImportOptions {
        options.types.entry(self.column.clone()).or_insert(Type::Time);
        options.dates = options.dates.or(self.dates);
        options
    }
}

/// The identifier of a column named by identifier or source name.
///
/// # Errors
/// When there is no such column; the nearest is named.
pub fn named(dataset: &Dataset, name: &str) -> Result<String> {
    if let Some(column) = dataset.columns().iter().find(|c| c.name == name || c.source == name) {
        return Ok(column.name.clone());
    }
    let hint = match attune_policy::suggest::nearest(name, dataset.columns().iter().map(|c| c.source.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the table has {}", names(dataset)),
    };
    Err(Error::new(format!("there is no such column in `{}`", dataset.name())).in_column(name).hint(hint))
}

/// What to do about a file without a header, whose columns have no names to go by: names by what they hold; `None` where it has one.
fn unnamed(dataset: &Dataset) -> Option<String> {
    let columns = dataset.columns();
    if columns.is_empty() || columns.iter().enumerate().any(|(i, c)| c.source != format!("column_{}", i + 1)) {
        return None;
    }
    let mut taken: Vec<&str> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        let word = match column.type_ {
            Type::Time => "date",
            Type::Text => "customer",
            Type::Integer => "quantity",
            Type::Number => "amount",
            Type::Bool => "flag",
        };
        names.push(if taken.contains(&word) { column.source.clone() } else { word.to_owned() });
        taken.push(word);
    }
    let cells = columns.iter().map(|c| dataset.cells(&c.name).and_then(|cells| cells.text(0)).unwrap_or_default());
    let first = cells.collect::<Vec<_>>().join(", ");
    Some(format!(
        "the file has no header: name its columns in their order, perhaps --names {} (the first row is {first})",
        names.join(",")
    ))
}

fn names(dataset: &Dataset) -> String {
    dataset.columns().iter().map(|c| c.source.as_str()).collect::<Vec<_>>().join(", ")
}

/// The first column that is known and different in every row: what a look-up is looked up by.
fn unique(dataset: &Dataset) -> Option<String> {
    let different = |name: &str| {
        dataset.cells(name).is_some_and(|cells| {
            (0..cells.len()).all(|row| !cells.is_missing(row)) && cells.dictionary().values.len() == cells.len()
        })
    };
    let keys = dataset.columns().iter().filter(|c| matches!(c.type_, Type::Text | Type::Integer));
    keys.map(|c| c.name.clone()).find(|name| different(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cells::Cells;

    fn table() -> Dataset {
        let text = |values: [&str; 3]| Cells::from_texts(values.map(Some));
        Dataset::from_columns(
            "sales",
            vec![
                ("Invoice No".into(), text(["a", "a", "b"])),
                ("CustomerID".into(), Cells::Integer(vec![7, 7, 8])),
                ("InvoiceDate".into(), Cells::Time(vec![1, 2, 3])),
                ("SKU".into(), text(["x", "y", "z"])),
            ],
        )
        .unwrap()
    }

    #[test]
    fn the_key_and_the_time_are_found_or_asked_for() {
        let found = |kind, key, time| {
            key_and_time(&table(), kind, key, time).map_err(|e| e.to_string()).map(|(k, t)| (k.unwrap(), t))
        };
        let both = |key: &str, time: &str| Ok((key.to_owned(), Some(time.to_owned())));
        assert_eq!(found(TableKind::Transactions, None, None), both("CustomerID", "InvoiceDate"));
        assert_eq!(found(TableKind::Transactions, Some("Invoice No"), None), both("Invoice_No", "InvoiceDate"));
        assert_eq!(found(TableKind::Customers, None, None), Ok(("CustomerID".into(), None)));
        assert_eq!(found(TableKind::Lookup, Some("SKU"), None), Ok(("SKU".into(), None)));
        for (key, time, part) in [
            (Some("Invoice Na"), None, "did you mean `Invoice No`"),
            (None, Some("SKU"), "is text where the time"),
            (Some("InvoiceDate"), None, "cannot be both"),
        ] {
            let words = found(TableKind::Events, key, time).unwrap_err();
            assert!(words.contains(part), "{words}");
        }
        let bare = Dataset::from_columns("t", vec![("x".into(), Cells::Number(vec![1.0, 2.0]))]).unwrap();
        let words = key_and_time(&bare, TableKind::Events, None, None).unwrap_err().to_string();
        assert!(words.contains("looks like the key") && words.contains("the table has x"), "{words}");
    }

    #[test]
    fn a_column_of_times_with_a_few_others_is_found() {
        let found = |name: &str, cells: &[&str], time: Option<&str>| {
            let cells = Cells::from_texts(cells.iter().map(|cell| (!cell.is_empty()).then_some(*cell)));
            let dataset =
                Dataset::from_columns("t", vec![("who".into(), cells.clone()), (name.into(), cells)]).unwrap();
            TextOfTimes::find(&dataset, time).map(|found| (found.column, found.dates))
        };
        let iso = ["2024-01-31", "notadate", "", "2024-02-01"];
        assert_eq!(found("sent_at", &iso, None), Some(("sent_at".into(), None)));
        assert_eq!(found("x", &iso, None), None, "nothing says that it is when");
        assert_eq!(found("x", &iso, Some("x")), Some(("x".into(), None)));
        assert_eq!(found("date", &["31/01/2024", "x"], None), Some(("date".into(), Some(DateOrder::DayFirst))));
        assert_eq!(found("date", &["01/31/2024", "x"], None).unwrap().1, Some(DateOrder::MonthFirst));
        assert_eq!(found("sent_at", &["soon", "2024-01-31", "later"], None), None, "most are no dates");
        let asked = ImportOptions { types: [("date".to_owned(), Type::Text)].into(), ..ImportOptions::default() };
        let times = TextOfTimes { column: "date".into(), dates: Some(DateOrder::MonthFirst) };
        let options = times.options(asked);
        assert_eq!((options.types["date"], options.dates), (Type::Text, Some(DateOrder::MonthFirst)));
    }

    #[test]
    fn a_lookup_is_looked_up_by_its_first_unique_column() {
        let products = Dataset::from_columns(
            "products",
            vec![
                ("brand".into(), Cells::from_texts([Some("b"), Some("b")])),
                ("sku".into(), Cells::from_texts([Some("x"), Some("y")])),
            ],
        )
        .unwrap();
        assert_eq!(key_and_time(&products, TableKind::Lookup, None, None).unwrap().0.as_deref(), Some("sku"));
        for kind in TableKind::ALL {
            assert_eq!(TableKind::named(kind.label()), Some(kind));
        }
    }
}
