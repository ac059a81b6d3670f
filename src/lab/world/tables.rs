//! A world as tables: the trial, the events, their roles, the history, and CSV.

use crate::data::cells::Cells;
use crate::data::{Dataset, Logging, Role, Roles};
use crate::error::{Error, Result};
use crate::world::customers::{DAY, PastEvent, PastKind, People, Person, REGIONS};
use crate::world::effects::{CATEGORIES, OFFERS};
use crate::world::trial::{OUTCOMES, TREATMENT, Trial, arms};
use crate::world::{Design, WorldSpec};
use attune_policy::contact::EventKind;
use attune_policy::history::{Event, MemoryHistory};
use std::io::Write;

/// Action id of the newsletter in the events.
const NEWSLETTER: &str = "newsletter";
/// Action id of the offer whose mails carry the tag `discount`.
const DISCOUNT: &str = "discount_email";

/// Key of a customer.
fn key(customer: u32) -> String {
    format!("C{:06}", customer + 1)
}

fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> Cells {
    let values: Vec<Option<T>> = values.into_iter().collect();
    Cells::from_texts(values.iter().map(|v| v.as_ref().map(AsRef::as_ref)))
}

fn integers(values: impl IntoIterator<Item = Option<i64>>) -> Cells {
    Cells::Integer(values.into_iter().map(|v| v.unwrap_or(Cells::MISSING)).collect())
}

fn numbers(values: impl IntoIterator<Item = Option<f64>>) -> Cells {
    // Three decimals, as a customer file would have them.
    Cells::Number(values.into_iter().map(|v| v.map_or(f64::NAN, |x| libm::round(x * 1e3) / 1e3)).collect())
}

/// The trial's table.
pub(super) fn trial(spec: &WorldSpec, people: &People, trial: &Trial) -> Result<Dataset> {
    let each = || trial.customer.iter().map(|i| &people.list[*i as usize]);
    let share = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
    let category = |i: usize| move |p: &Person| share(p.past.by_category[i], p.past.purchases);
    let arms = arms(spec);
    let columns: Vec<(&str, Cells)> = vec![
        ("customer_id", texts(trial.customer.iter().map(|i| Some(key(*i))))),
        ("decided_at", Cells::Time(trial.time.clone())),
        ("region", texts(each().map(|p| p.region.map(|r| REGIONS[r].0)))),
        ("age", integers(each().map(|p| p.age))),
        ("tenure_months", integers(each().map(|p| Some(p.tenure_months)))),
        ("newsletter", Cells::Bool(each().map(|p| Some(p.newsletter)).collect())),
        ("recency_days", integers(each().map(|p| p.past.last_purchase.map(|t| (spec.start - t) / DAY)))),
        ("frequency", integers(each().map(|p| Some(i64::from(p.past.purchases))))),
        (
            "monetary",
            numbers(each().map(|p| (p.past.purchases > 0).then(|| p.past.spent / f64::from(p.past.purchases)))),
        ),
        ("favourite_category", texts(each().map(favourite))),
        ("fashion_share", numbers(each().map(category(0)))),
        ("home_share", numbers(each().map(category(1)))),
        ("discount_share", numbers(each().map(|p| share(p.past.discounted, p.past.purchases)))),
        ("emails_28_days", integers(each().map(|p| Some(i64::from(p.past.sent_28_days))))),
        ("open_rate", numbers(each().map(|p| share(p.past.opened, p.past.sent)))),
        ("clicks", integers(each().map(|p| Some(i64::from(p.past.clicked))))),
        ("offer", texts(trial.arm.iter().map(|a| Some(arms[usize::from(*a)].0.as_str())))),
        ("logging_propensity", Cells::Number(trial.propensity.clone())),
        (OUTCOMES[0], Cells::Integer(trial.visit.clone())),
        (OUTCOMES[1], Cells::Integer(trial.conversion.clone())),
        (OUTCOMES[2], Cells::Number(trial.spend.clone())),
    ];
    Dataset::from_columns(&spec.name, columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect())
}

/// The category bought most often, the first of equals.
fn favourite(person: &Person) -> Option<&'static str> {
    let (best, count) =
        person.past.by_category.iter().enumerate().rev().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
    (*count > 0).then(|| CATEGORIES[best].0)
}

/// Roles of the trial's columns.
pub(super) fn roles(spec: &WorldSpec) -> Roles {
    let mut roles = Roles { as_of: Some(spec.start), ..Roles::default() };
    let mut set = |role: Role, names: &[&str]| {
        for name in names {
            roles.columns.insert((*name).to_owned(), role);
        }
    };
    set(Role::Subject, &["customer_id"]);
    set(Role::Time, &["decided_at"]);
    set(
        Role::Feature,
        &[
            "region",
            "age",
            "tenure_months",
            "newsletter",
            "recency_days",
            "frequency",
            "monetary",
            "favourite_category",
            "fashion_share",
            "home_share",
            "discount_share",
            "emails_28_days",
            "open_rate",
            "clicks",
        ],
    );
    set(Role::Action, &["offer"]);
    set(Role::LoggingPropensity, &["logging_propensity"]);
    set(Role::Outcome, &OUTCOMES);
    let arms = arms(spec);
    let shares = match &spec.design {
        Design::Uniform => Some(vec![1.0; arms.len()]),
        Design::Shares(shares) => Some(shares.clone()),
        Design::ByFrequency => None,
    };
    roles.logging = match shares {
        Some(shares) => {
            let total: f64 = shares.iter().sum();
            Logging::Randomised(arms.iter().zip(shares).map(|((value, _), s)| (value.clone(), s / total)).collect())
        }
        None => Logging::Column,
    };
    roles.arms = arms.into_iter().collect();
    roles
}

/// What an event says of the mail it speaks of.
struct Mail {
    action: &'static str,
    group: &'static str,
    issue: &'static str,
    tag: Option<&'static str>,
}

fn mail(what: u8) -> Mail {
    match OFFERS.get(usize::from(what)) {
        Some((action, _)) => {
            let tag = (*action == DISCOUNT).then_some("discount");
            Mail { action, group: "offers", issue: "sales", tag }
        }
        None => Mail { action: NEWSLETTER, group: "news", issue: "brand", tag: None },
    }
}

/// What an event is called, and the mail it speaks of.
fn describe(kind: PastKind) -> (&'static str, Option<u8>) {
    match kind {
        PastKind::Sent(what) => ("Sent", Some(what)),
        PastKind::Opened(what) => ("Impression", Some(what)),
        PastKind::Clicked(what) => ("Click", Some(what)),
        PastKind::Purchase { .. } => ("purchase", None),
    }
}

/// The events' table.
pub(super) fn events(spec: &WorldSpec, people: &People) -> Result<Dataset> {
    let events = &people.events;
    let of_mail = |part: fn(Mail) -> Option<&'static str>| {
        texts(events.iter().map(move |e| describe(e.kind).1.and_then(|what| part(mail(what)))))
    };
    let purchase = |e: &PastEvent| match e.kind {
        PastKind::Purchase { category, amount } => Some((CATEGORIES[usize::from(category)].0, amount)),
        _ => None,
    };
    let columns: Vec<(&str, Cells)> = vec![
        ("customer_id", texts(events.iter().map(|e| Some(key(e.customer))))),
        ("time", Cells::Time(events.iter().map(|e| e.time).collect())),
        ("event", texts(events.iter().map(|e| Some(describe(e.kind).0)))),
        ("action", of_mail(|m| Some(m.action))),
        ("treatment", of_mail(|_| Some(TREATMENT))),
        ("channel", of_mail(|_| Some("email"))),
        ("group", of_mail(|m| Some(m.group))),
        ("issue", of_mail(|m| Some(m.issue))),
        ("tags", of_mail(|m| m.tag)),
        ("category", texts(events.iter().map(|e| purchase(e).map(|p| p.0)))),
        ("amount", Cells::Number(events.iter().map(|e| purchase(e).map_or(f64::NAN, |p| p.1)).collect())),
    ];
    let columns = columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect();
    Dataset::from_columns(&format!("{} events", spec.name), columns)
}

/// The events as a history.
pub(super) fn history(events: &[PastEvent]) -> MemoryHistory {
    let mut history = MemoryHistory::default();
    for event in events {
        let (name, what) = describe(event.kind);
        let kind = match name {
            "Sent" => EventKind::Sent,
            "Impression" => EventKind::Impression,
            "Click" => EventKind::Click,
            other => EventKind::Custom(other.to_owned()),
        };
        let (treatment, channel) = if what.is_some() { (TREATMENT, "email") } else { ("", "") };
        let Mail { action, group, issue, tag } =
            what.map_or(Mail { action: "", group: "", issue: "", tag: None }, mail);
        history.push(
            &key(event.customer),
            Event {
                time: event.time,
                kind,
                action: action.to_owned(),
                treatment: treatment.to_owned(),
                channel: channel.to_owned(),
                group: group.to_owned(),
                issue: issue.to_owned(),
                tags: tag.map(str::to_owned).into_iter().collect(),
                counts: what.is_some(),
                ..Event::default()
            },
        );
    }
    history
}

/// A dataset as CSV; missing cells are empty.
pub(super) fn write_csv(dataset: &Dataset, out: &mut dyn Write) -> Result<()> {
    let failed = |error: csv::Error| Error::new(format!("`{}` could not be written: {error}", dataset.name()));
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(dataset.columns().iter().map(|c| &c.source)).map_err(failed)?;
    let cells: Vec<&Cells> = dataset.columns().iter().filter_map(|c| dataset.cells(&c.name)).collect();
    let mut line = csv::StringRecord::new();
    for row in 0..dataset.rows() {
        line.clear();
        for cells in &cells {
            line.push_field(&cells.text(row).unwrap_or_default());
        }
        writer.write_record(&line).map_err(failed)?;
    }
    writer.flush().map_err(|error| Error::new(format!("`{}` could not be written: {error}", dataset.name())))
}
