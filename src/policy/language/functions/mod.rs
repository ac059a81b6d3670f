//! The functions of rules, in one table: name, types, help, example and body of each.
//!
//! Completion, documentation, the type checker and both evaluators read [`TABLE`]; there is no other list. Every function
//! is pure: it sees its arguments and the [`Env`], nothing else. Unless [`Function::takes_unknown`] says so, an unknown
//! argument makes the result unknown without a call.

mod call;
mod history;
mod numbers;
mod text;
mod time;

pub use history::EVENTS;
pub(super) use time::{instant, is_date};

use super::datum::{Datum, Failed, Words};
use super::env::Env;
use std::hash::{Hash, Hasher};

/// One function of rules.
#[derive(Debug)]
pub struct Function {
    /// As it is called.
    pub name: &'static str,
    /// What it takes.
    pub args: &'static [Arg],
    /// What it gives.
    pub result: Result_,
    /// What it is about, for grouping on screen.
    pub topic: Topic,
    /// What it does, in one or two sentences.
    pub help: &'static str,
    /// A use of it that compiles to a true/false.
    pub example: &'static str,
    /// Whether it is called with unknown arguments too.
    pub takes_unknown: bool,
    pub(super) body: Body,
}

/// Names are unique, so they stand for their functions.
impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// An argument of a function.
#[derive(Debug)]
pub struct Arg {
    /// Name for help: `contacts(days)`.
    pub name: &'static str,
    /// What it must be.
    pub type_: ArgType,
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgType {
    /// Any value.
    Any,
    /// A number, whole or not.
    Number,
    /// A text.
    Text,
    /// A time.
    Time,
    /// The name of an event: one of [`EVENTS`] or a custom one.
    Event,
    /// The id of a channel.
    Channel,
    /// The id of an action, group or issue, or `"*"` for all.
    Target,
    /// The id of a model, written out as a text.
    Model,
    /// The id of a decision table, written out as a text.
    Table,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result_ {
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A whole number when every argument is one, else a number.
    Numeric,
    /// A text.
    Text,
    /// A time.
    Time,
    /// What the decision table gives.
    Output,
}

/// What a function is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Models and decision tables.
    Models,
    /// What happened before.
    History,
    /// Clock and calendar.
    Time,
    /// Missing values.
    Missing,
    /// Numbers.
    Numbers,
    /// Texts.
    Text,
}

/// A body: from what the rule sees and the arguments to the result, which is no text, or to a failure.
pub(super) type Native = fn(&dyn Env, &[Datum<'_>], &mut Words<'_>) -> Result<Datum<'static>, Failed>;

/// How a function is evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// By this function.
    Native(Native),
    /// From one text to another, which is appended.
    Text(fn(&str, &mut String)),
    /// `score`: resolved to a model when the rule is compiled.
    Score,
    /// `table`: resolved to a decision table when the rule is compiled.
    Table,
}

const fn arg(name: &'static str, type_: ArgType) -> Arg {
    Arg { name, type_ }
}

/// Every function, in the order of the documentation.
pub static TABLE: &[Function] = &[
    Function {
        name: "score",
        args: &[arg("model", ArgType::Model)],
        result: Result_::Number,
        topic: Topic::Models,
        help: "Calibrated score of a model for this subject, in the units of its target.",
        example: "score(\"visit\") >= 0.12",
        takes_unknown: false,
        body: Body::Score,
    },
    Function {
        name: "table",
        args: &[arg("id", ArgType::Table)],
        result: Result_::Output,
        topic: Topic::Models,
        help: "Output of a decision table for this subject and candidate; unknown when no row matches.",
        example: "table(\"rates\") > 0.1",
        takes_unknown: false,
        body: Body::Table,
    },
    Function {
        name: "contacts",
        args: &[arg("days", ArgType::Number)],
        result: Result_::Integer,
        topic: Topic::History,
        help: "How many messages were sent to the subject in the last days, on any outbound channel. It counts as caps do: only actions that count toward caps.",
        example: "contacts(7) < 2",
        takes_unknown: false,
        body: Body::Native(history::contacts),
    },
    Function {
        name: "contacts_on",
        args: &[arg("channel", ArgType::Channel), arg("days", ArgType::Number)],
        result: Result_::Integer,
        topic: Topic::History,
        help: "How many messages were sent to the subject on an outbound channel in the last days. It counts as caps do: only actions that count toward caps.",
        example: "contacts_on(\"email\", 7) < 2",
        takes_unknown: false,
        body: Body::Native(history::contacts_on),
    },
    Function {
        name: "outcomes",
        args: &[arg("event", ArgType::Event), arg("target", ArgType::Target), arg("days", ArgType::Number)],
        result: Result_::Integer,
        topic: Topic::History,
        help: "How many events of a kind followed an action, group or issue (\"*\" for all) in the last days.",
        example: "outcomes(\"click\", \"*\", 30) > 0",
        takes_unknown: false,
        body: Body::Native(history::outcomes),
    },
    Function {
        name: "days_since",
        args: &[arg("event", ArgType::Event)],
        result: Result_::Number,
        topic: Topic::History,
        help: "Days since the subject's last event of a kind; unknown when there was none.",
        example: "days_since(\"click\") <= 14",
        takes_unknown: false,
        body: Body::Native(history::days_since),
    },
    Function {
        name: "now",
        args: &[],
        result: Result_::Time,
        topic: Topic::Time,
        help: "The instant of the decision.",
        example: "now() >= date(\"2026-01-31\")",
        takes_unknown: false,
        body: Body::Native(time::now),
    },
    Function {
        name: "hour",
        args: &[],
        result: Result_::Integer,
        topic: Topic::Time,
        help: "Hour of the day where the subject is, 0 to 23.",
        example: "hour() >= 9",
        takes_unknown: false,
        body: Body::Native(time::hour),
    },
    Function {
        name: "weekday",
        args: &[],
        result: Result_::Integer,
        topic: Topic::Time,
        help: "Day of the week where the subject is: 1 is Monday, 7 is Sunday.",
        example: "weekday() <= 5",
        takes_unknown: false,
        body: Body::Native(time::weekday),
    },
    Function {
        name: "month",
        args: &[],
        result: Result_::Integer,
        topic: Topic::Time,
        help: "Month where the subject is: 1 is January, 12 is December.",
        example: "month() == 12",
        takes_unknown: false,
        body: Body::Native(time::month),
    },
    Function {
        name: "days_between",
        args: &[arg("from", ArgType::Time), arg("to", ArgType::Time)],
        result: Result_::Number,
        topic: Topic::Time,
        help: "Days from one time to another, with fraction; negative when the second is earlier. A day is 86,400 seconds.",
        example: "days_between(date(\"2026-01-31\"), now()) > 30",
        takes_unknown: false,
        body: Body::Native(time::days_between),
    },
    Function {
        name: "date",
        args: &[arg("text", ArgType::Text)],
        result: Result_::Time,
        topic: Topic::Time,
        help: "The time written as \"2026-01-31\" (midnight where the subject is) or \"2026-01-31T18:00:00Z\".",
        example: "now() < date(\"2026-12-24\")",
        takes_unknown: false,
        body: Body::Native(time::date),
    },
    Function {
        name: "is_known",
        args: &[arg("x", ArgType::Any)],
        result: Result_::Bool,
        topic: Topic::Missing,
        help: "Whether a value is present. `x ?? default` gives a default instead.",
        example: "is_known(score(\"visit\"))",
        takes_unknown: true,
        body: Body::Native(is_known),
    },
    Function {
        name: "between",
        args: &[arg("x", ArgType::Any), arg("low", ArgType::Any), arg("high", ArgType::Any)],
        result: Result_::Bool,
        topic: Topic::Numbers,
        help: "Whether x lies between two values, both included.",
        example: "between(hour(), 9, 17)",
        takes_unknown: true,
        body: Body::Native(numbers::between),
    },
    Function {
        name: "abs",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Numeric,
        topic: Topic::Numbers,
        help: "x without its sign.",
        example: "abs(score(\"visit\") - 0.5) < 0.1",
        takes_unknown: false,
        body: Body::Native(numbers::abs),
    },
    Function {
        name: "min",
        args: &[arg("a", ArgType::Number), arg("b", ArgType::Number)],
        result: Result_::Numeric,
        topic: Topic::Numbers,
        help: "The smaller of two numbers.",
        example: "min(contacts(7), 3) == 3",
        takes_unknown: false,
        body: Body::Native(numbers::min),
    },
    Function {
        name: "max",
        args: &[arg("a", ArgType::Number), arg("b", ArgType::Number)],
        result: Result_::Numeric,
        topic: Topic::Numbers,
        help: "The larger of two numbers.",
        example: "max(action.value, 1) > action.cost",
        takes_unknown: false,
        body: Body::Native(numbers::max),
    },
    Function {
        name: "clamp",
        args: &[arg("x", ArgType::Number), arg("low", ArgType::Number), arg("high", ArgType::Number)],
        result: Result_::Numeric,
        topic: Topic::Numbers,
        help: "x, but no less than low and no more than high.",
        example: "clamp(action.weight, 0, 50) > 10",
        takes_unknown: false,
        body: Body::Native(numbers::clamp),
    },
    Function {
        name: "floor",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "The largest whole number that is at most x.",
        example: "floor(action.value) == 3.0",
        takes_unknown: false,
        body: Body::Native(numbers::floor),
    },
    Function {
        name: "ceil",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "The smallest whole number that is at least x.",
        example: "ceil(action.value) == 3.0",
        takes_unknown: false,
        body: Body::Native(numbers::ceil),
    },
    Function {
        name: "round",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "The whole number nearest to x; halves go away from 0.",
        example: "round(action.value) == 3.0",
        takes_unknown: false,
        body: Body::Native(numbers::round),
    },
    Function {
        name: "sqrt",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "Square root.",
        example: "sqrt(action.value) > 2.0",
        takes_unknown: false,
        body: Body::Native(numbers::sqrt),
    },
    Function {
        name: "exp",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "e to the power of x.",
        example: "exp(-0.1 * contacts(30)) > 0.5",
        takes_unknown: false,
        body: Body::Native(numbers::exp),
    },
    Function {
        name: "ln",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "Natural logarithm.",
        example: "ln(1.0 + contacts(30)) < 2.0",
        takes_unknown: false,
        body: Body::Native(numbers::ln),
    },
    Function {
        name: "to_float",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Number,
        topic: Topic::Numbers,
        help: "A whole number as a number, so that `/` keeps the fraction.",
        example: "to_float(contacts(7)) / 7 < 0.5",
        takes_unknown: false,
        body: Body::Native(numbers::to_float),
    },
    Function {
        name: "to_int",
        args: &[arg("x", ArgType::Number)],
        result: Result_::Integer,
        topic: Topic::Numbers,
        help: "A number without its fraction.",
        example: "to_int(action.value) == 3",
        takes_unknown: false,
        body: Body::Native(numbers::to_int),
    },
    Function {
        name: "contains",
        args: &[arg("text", ArgType::Text), arg("part", ArgType::Text)],
        result: Result_::Bool,
        topic: Topic::Text,
        help: "Whether a text contains another. `part in text` says the same.",
        example: "contains(action.id, \"discount\")",
        takes_unknown: false,
        body: Body::Native(text::contains),
    },
    Function {
        name: "starts_with",
        args: &[arg("text", ArgType::Text), arg("part", ArgType::Text)],
        result: Result_::Bool,
        topic: Topic::Text,
        help: "Whether a text starts with another.",
        example: "starts_with(action.id, \"win\")",
        takes_unknown: false,
        body: Body::Native(text::starts_with),
    },
    Function {
        name: "ends_with",
        args: &[arg("text", ArgType::Text), arg("part", ArgType::Text)],
        result: Result_::Bool,
        topic: Topic::Text,
        help: "Whether a text ends with another.",
        example: "ends_with(action.id, \"_10\")",
        takes_unknown: false,
        body: Body::Native(text::ends_with),
    },
    Function {
        name: "len",
        args: &[arg("text", ArgType::Text)],
        result: Result_::Integer,
        topic: Topic::Text,
        help: "Number of characters of a text.",
        example: "len(action.id) > 3",
        takes_unknown: false,
        body: Body::Native(text::len),
    },
    Function {
        name: "lower",
        args: &[arg("text", ArgType::Text)],
        result: Result_::Text,
        topic: Topic::Text,
        help: "A text in lower case.",
        example: "lower(action.channel) == \"email\"",
        takes_unknown: false,
        body: Body::Text(text::lower),
    },
    Function {
        name: "upper",
        args: &[arg("text", ArgType::Text)],
        result: Result_::Text,
        topic: Topic::Text,
        help: "A text in upper case.",
        example: "upper(action.channel) == \"EMAIL\"",
        takes_unknown: false,
        body: Body::Text(text::upper),
    },
    Function {
        name: "trim",
        args: &[arg("text", ArgType::Text)],
        result: Result_::Text,
        topic: Topic::Text,
        help: "A text without blanks at its ends.",
        example: "trim(action.name) != \"\"",
        takes_unknown: false,
        body: Body::Text(text::trim),
    },
];

/// The function called `name`.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|f| f.name == name)
}

fn is_known(_: &dyn Env, args: &[Datum<'_>], _: &mut Words<'_>) -> Result<Datum<'static>, Failed> {
    Ok(Datum::Bool(args.first().is_some_and(|x| x.is_known())))
}
