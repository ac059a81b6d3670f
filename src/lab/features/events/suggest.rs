//! Features that a table of events speaks for: recency, frequency and money over all time and the last 30, 90 and 365 days, what
//! changes, intervals, habits; of contacts how they were answered and what was sent. A start to be looked over; every one is a
//! definition that can be changed.
//!
//! An answer counts from the time of its contact on: a table says when something was sent, not when it was opened. Where rows are decided
//! soon after a contact, its answer is better left to a table of answers with times of their own.

use super::check::fits;
use super::{Declared, EventTable};
use crate::data::cells::Cells;
use attune_policy::schema::{Aggregate, EventFeature, Window};
use attune_policy::value::Type;
use serde::Serialize;

/// Windows that are suggested, in days.
const WINDOWS: [u32; 3] = [30, 90, 365];
/// A text column with at most this many different values is a category.
const CATEGORIES: usize = 50;
/// Categories whose share becomes a feature of its own.
const SHARES: usize = 5;

/// Which columns of a table mean what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// What an event is worth: a Rhai expression over the table's columns.
    pub amount: Option<String>,
    /// Column that says which events belong together: invoice, order.
    pub basket: Option<String>,
    /// Column of a category.
    pub category: Option<String>,
    /// Expression that tells a purchase from a return or a gift.
    pub purchase: Option<String>,
    /// Expression that tells a return.
    pub returned: Option<String>,
    /// Ways in which subjects answered, by name, each with the expression that tells such an event.
    pub responses: Vec<(String, String)>,
    /// Column of what was sent: action, campaign, offer; of how it was sent, where there are answers.
    pub actions: Vec<String>,
}

/// Words of columns, and of their values, that say how a subject answered.
const RESPONSES: [&str; 14] = [
    "open",
    "click",
    "respon",
    "repl",
    "answer",
    "convert",
    "conversion",
    "accept",
    "redeem",
    "visit",
    "bought",
    "unsubscrib",
    "complain",
    "bounce",
];
/// Answers that get features of their own.
const ANSWERS: usize = 6;
/// Words of columns that say what was sent.
const ACTIONS: [&str; 7] = ["action", "campaign", "treatment", "offer", "message", "template", "creative"];

impl Columns {
    /// What the names and contents of the columns speak for.
    pub fn of(table: &EventTable<'_>) -> Columns {
        let columns = table.dataset.columns();
        let free = |name: &str| name != table.key && name != table.time;
        let named = |words: &[&str], types: &[Type]| {
            let fits = |word: &&str| {
                let mut fitting = columns.iter().filter(|c| free(&c.name) && types.contains(&c.type_));
                fitting.find(|c| bare(&c.name).contains(*word)).map(|c| c.name.clone())
            };
            words.iter().find_map(fits)
        };
        let numbers = [Type::Number, Type::Integer];
        let quantity = named(&["quantity", "qty", "units"], &numbers);
        let price = named(&["unitprice", "price"], &numbers);
        let whole = named(&["amount", "revenue", "sales", "total", "spend", "dollar", "value"], &numbers);
        let amount = whole.or_else(|| match (&quantity, &price) {
            (Some(quantity), Some(price)) => Some(format!("{quantity} * {price}")),
            (None, price) => price.clone(),
            (Some(_), None) => None,
        });
        let negative =
            |name: &String| table.dataset.numbers(name).is_ok_and(|numbers| numbers.iter().any(|x| *x < 0.0));
        let positive =
            |name: &String| table.dataset.numbers(name).is_ok_and(|numbers| numbers.iter().any(|x| *x <= 0.0));
        // A return has a negative quantity, or else a negative amount.
        let plain = amount.clone().filter(|amount| columns.iter().any(|c| c.name == *amount));
        let returned =
            quantity.clone().filter(negative).or_else(|| plain.filter(negative)).map(|name| format!("{name} < 0"));
        let bounds = [&quantity, &price].into_iter().flatten().filter(|name| positive(name));
        let bounds: Vec<String> = bounds.map(|name| format!("{name} > 0")).collect();
        let purchase = match (&returned, bounds.is_empty()) {
            (Some(returned), true) => Some(returned.replace(" < 0", " > 0")),
            (None, true) => None,
            (_, false) => Some(bounds.join(" && ")),
        };
        let categories = |name: &String| {
            let dictionary = table.dataset.dictionary(name);
            dictionary.is_ok_and(|dictionary| (2..=CATEGORIES).contains(&dictionary.values.len()))
        };
        let responses = responses(table, &free);
        let of_actions = ACTIONS.iter().filter_map(|word| named(&[word], &[Type::Text])).find(categories);
        let of_channel = || named(&["channel", "medium"], &[Type::Text]).filter(categories);
        let channel = if of_actions.is_some() || !responses.is_empty() { of_channel() } else { None };
        let actions: Vec<String> = of_actions.into_iter().chain(channel).collect();
        let words = ["category", "department", "class", "kind", "channel", "type", "group", "page", "device"];
        Columns {
            amount,
            basket: named(&["invoice", "order", "basket", "receipt", "transaction"], &[Type::Text, Type::Integer]),
            category: words.iter().filter_map(|word| named(&[word], &[Type::Text])).find(categories),
            purchase,
            returned,
            responses,
            actions,
        }
    }
}

/// The ways in which subjects answered: columns that are true or 1 where they did, and values of a column of kinds of events.
fn responses(table: &EventTable<'_>, free: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
    let speaks = |text: &str| RESPONSES.iter().any(|word| bare(text).contains(word));
    let mut found = Vec::new();
    for column in table.dataset.columns().iter().filter(|column| free(&column.name)) {
        let name = &column.name;
        match column.type_ {
            Type::Bool if speaks(name) => found.push((name.clone(), name.clone())),
            Type::Integer | Type::Number if speaks(name) => {
                let numbers = table.dataset.numbers(name).unwrap_or_default();
                let is_flag = numbers.iter().all(|x| x.is_nan() || *x == 0.0 || *x == 1.0);
                let condition = if is_flag { format!("{name} == 1") } else { format!("{name} > 0") };
                found.push((name.clone(), condition));
            }
            Type::Text => {
                let Ok(dictionary) = table.dataset.dictionary(name) else { continue };
                if dictionary.values.len() > CATEGORIES || ACTIONS.iter().any(|word| bare(name).contains(word)) {
                    continue;
                }
                let mut values: Vec<String> =
                    dictionary.values.iter().filter(|value| speaks(value)).map(ToString::to_string).collect();
                values.sort();
                found.extend(values.into_iter().map(|value| (value.clone(), format!("{name} == {}", quoted(&value)))));
            }
            _ => {}
        }
    }
    found.truncate(ANSWERS);
    found
}

/// Features for a table, each of which fits it. Names begin with the table's where there are several tables.
pub fn suggest(table: &EventTable<'_>, columns: &Columns, prefix: &str) -> Vec<Declared> {
    let mut features = Vec::new();
    let of = |aggregate| {
        let feature = EventFeature::new(table.name, aggregate);
        match &columns.purchase {
            Some(purchase) => feature.only(purchase.clone()),
            None => feature,
        }
    };
    let mut add = |name: String, feature: EventFeature| {
        // A name that rules can read: a category may be called anything.
        let name = crate::data::names::identifiers(&[format!("{prefix}{name}")]).concat();
        let declared = Declared::new(name, feature);
        if fits(&declared, table) {
            features.push(declared);
        }
    };
    let frequency = || columns.basket.clone().map_or(Aggregate::Count, Aggregate::Distinct);
    add("recency".into(), of(Aggregate::Recency));
    add("frequency".into(), of(frequency()));
    let amount = columns.amount.as_ref();
    if let Some(amount) = amount {
        add("monetary".into(), of(Aggregate::Sum(amount.clone())));
    }
    add("tenure".into(), of(Aggregate::Tenure));
    add("active_days".into(), of(Aggregate::ActiveDays));
    for days in WINDOWS {
        let last = Window::Days(days);
        add(format!("frequency_{days}d"), of(frequency()).within(last));
        if let Some(amount) = amount {
            add(format!("monetary_{days}d"), of(Aggregate::Sum(amount.clone())).within(last));
            add(format!("mean_amount_{days}d"), of(Aggregate::Mean(amount.clone())).within(last));
        }
    }
    add("trend_90d".into(), of(Aggregate::Change(amount.cloned())).within(Window::Days(90)));
    add("slope_360d".into(), of(Aggregate::Slope { of: amount.cloned(), periods: 12 }).within(Window::Days(360)));
    add("interval_mean".into(), of(Aggregate::IntervalMean));
    add("interval_sd".into(), of(Aggregate::IntervalSd));
    add("interval_cv".into(), of(Aggregate::IntervalCv));
    if let Some(returned) = &columns.returned {
        let returns = EventFeature::new(table.name, Aggregate::Count).only(returned.clone());
        add("returns".into(), returns.clone());
        add("returns_90d".into(), returns.within(Window::Days(90)));
    }
    for (name, condition) in &columns.responses {
        let answers = |aggregate| EventFeature::new(table.name, aggregate).only(condition.clone());
        let quarter = Window::Days(90);
        add(format!("{name}_count"), answers(Aggregate::Count));
        add(format!("{name}_count_90d"), answers(Aggregate::Count).within(quarter));
        add(format!("{name}_since"), answers(Aggregate::Recency));
        add(
            format!("{name}_rate_365d"),
            EventFeature::new(table.name, Aggregate::Share { of: condition.clone(), by: None })
                .within(Window::Days(365)),
        );
    }
    for column in &columns.actions {
        for (value, name) in frequent(table, column) {
            let sent = EventFeature::new(table.name, Aggregate::Count).only(format!("{column} == {}", quoted(&value)));
            add(format!("{column}_{name}_count"), sent.clone());
            add(format!("{column}_{name}_count_90d"), sent.within(Window::Days(90)));
        }
    }
    // What was sent and how is told by counts.
    if let Some(category) = columns.category.as_ref().filter(|category| !columns.actions.contains(category)) {
        let year = Window::Days(365);
        add(format!("top_{category}"), of(Aggregate::Top(category.clone())).within(year));
        add(format!("top_{category}_share"), of(Aggregate::TopShare(category.clone())).within(year));
        for (value, name) in frequent(table, category) {
            let condition = format!("{category} == {}", quoted(&value));
            add(format!("share_{name}"), of(Aggregate::Share { of: condition, by: None }).within(year));
        }
    }
    if has_hours(table) {
        add("usual_hour".into(), of(Aggregate::Hour));
        add("usual_hour_share".into(), of(Aggregate::HourShare));
    }
    add("usual_weekday".into(), of(Aggregate::Weekday));
    add("usual_weekday_share".into(), of(Aggregate::WeekdayShare));
    features
}

/// The most frequent categories, and names that features can have by them.
fn frequent(table: &EventTable<'_>, column: &str) -> Vec<(String, String)> {
    let Ok(dictionary) = table.dataset.dictionary(column) else { return Vec::new() };
    let mut counts = vec![0usize; dictionary.values.len()];
    for code in &dictionary.codes {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let mut values: Vec<(usize, String)> =
        counts.into_iter().zip(dictionary.values.iter().map(ToString::to_string)).collect();
    values.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let values: Vec<String> = values.into_iter().take(SHARES).map(|(_, value)| value).collect();
    let names = crate::data::names::identifiers(&values);
    values.into_iter().zip(names).collect()
}

/// Whether the times say more than the day.
fn has_hours(table: &EventTable<'_>) -> bool {
    matches!(table.dataset.cells(table.time), Some(Cells::Time(times))
        if times.iter().any(|t| *t != Cells::MISSING && t.rem_euclid(attune_policy::clock::DAY) != 0))
}

/// A text as it stands in an expression.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A name without what separates its words.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
