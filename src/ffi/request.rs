//! A request in JSON: `{"subject": …, "now": …, "fields": {…}}`, and where wanted the history, a zone, a decision id, the trace.
//!
//! It is strict: an unknown name or a value of the wrong type is refused with its place, because a misspelt field would
//! otherwise be a missing one and decide silently. A field that is absent or null is unknown, which rules know how to take.

use crate::decider::Decider;
use crate::events::{self, Events};
use crate::json::{Reader, Scalar};
use crate::refusal::Refusal;
use attune_policy::schema::Field;
use attune_policy::{Request, Type, Value, instant, suggest};
use serde::de::value::{Error, StrDeserializer};

/// What is asked: a request, the events known before it, and whether the trace is wanted.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The request.
    pub request: Request,
    /// The events of its subject.
    pub events: Events,
    /// Whether the answer carries the trace.
    pub trace: bool,
}

/// Keys of a request.
const KEYS: [&str; 13] = [
    "decision_id",
    "subject",
    "household",
    "device",
    "now",
    "zone",
    "fields",
    "events",
    "household_events",
    "device_events",
    "totals",
    "snapshot",
    "trace",
];

impl Ask {
    /// Reads a request for a policy.
    ///
    /// # Errors
    /// With line, column and what was expected: text that is not JSON, a name that is not known, a value of the wrong type, a
    /// missing subject or instant.
    pub fn read(decider: &Decider, text: &str) -> Result<Ask, Refusal> {
        let mut ask = Ask::default();
        let (mut subject, mut now) = (None, None);
        let schema = &decider.policy().document().schema;
        ask.request.fields = vec![Value::Unknown; schema.fields.len()];
        let mut reader = Reader::new(text);
        reader.object("a request: an object with `subject`, `now` and `fields`", |reader, key, place| {
            match key {
                "decision_id" => ask.request.decision_id = self::text(reader, key)?,
                "subject" => subject = Some(self::text(reader, key)?),
                "now" => now = Some(self::instant(reader, key)?),
                "zone" => ask.request.zone = optional(reader, key)?,
                "household" => ask.request.household = optional(reader, key)?,
                "device" => ask.request.device = optional(reader, key)?,
                "fields" => fields(reader, decider, &mut ask.request.fields)?,
                "events" => ask.events.subject = events::list(reader, decider.policy().event_defaults())?,
                "household_events" => ask.events.household = events::list(reader, decider.policy().event_defaults())?,
                "device_events" => ask.events.device = events::list(reader, decider.policy().event_defaults())?,
                "totals" => ask.events.everybody = events::totals(reader, decider.policy().event_defaults())?,
                "snapshot" => ask.events.snapshot = Some(events::snapshot(reader)?),
                "trace" => ask.trace = flag(reader, key)?,
                _ => {
                    let inside = decider.known().field(key).is_some();
                    let hint = if inside {
                        "; it is a field: write it inside `fields`".to_owned()
                    } else {
                        suggest::hint(key, KEYS)
                    };
                    return Err(reader.refuse(place, format!("`{key}` is not a part of a request{hint}")));
                }
            }
            Ok(())
        })?;
        reader.end()?;
        ask.request.subject = subject.ok_or_else(|| Refusal::request("the request has no `subject`"))?;
        ask.request.now =
            now.ok_or_else(|| Refusal::request("the request has no `now`: the instant of the decision"))?;
        Ok(ask)
    }
}

fn fields(reader: &mut Reader<'_>, decider: &Decider, values: &mut [Value]) -> Result<(), Refusal> {
    let schema = &decider.policy().document().schema;
    reader.object("the fields: an object of names and values", |reader, key, place| {
        let at = decider.known().field(key);
        let found = at.and_then(|at| Some((schema.fields.get(at)?, values.get_mut(at)?)));
        let Some((field, value)) = found else {
            let names = schema.fields.iter().map(|field| field.name.as_str());
            return Err(reader.refuse(place, suggest::unknown_name("a field", key, names)));
        };
        *value = self::value(reader, field)?;
        Ok(())
    })
}

/// A value of a field's type.
fn value(reader: &mut Reader<'_>, field: &Field) -> Result<Value, Refusal> {
    let expected = match field.type_ {
        Type::Bool => "true or false",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::Text => "a text",
        Type::Time => "a time such as \"2026-03-01T08:00:00Z\" or milliseconds since 1970",
    };
    let place = reader.place();
    let found = reader.scalar(expected)?;
    let typed = match (field.type_, &found) {
        (_, Scalar::Null) => Some(Value::Unknown),
        (Type::Bool, Scalar::Bool(b)) => Some(Value::Bool(*b)),
        (Type::Integer, Scalar::Number(digits)) => whole(digits).map(Value::Integer),
        (Type::Number, Scalar::Number(digits)) => finite(digits).map(Value::Number),
        (Type::Text, Scalar::Text(text)) => Some(Value::text(&**text)),
        (Type::Time, found) => moment(found).map(Value::Time),
        _ => None,
    };
    typed.ok_or_else(|| {
        let message = format!("field `{}`: expected {expected}, found {}", field.name, found.noun());
        reader.refuse(place, message)
    })
}

/// A whole number of 64 bits. `3.0` and `3e2` are whole too: some writers know no other numbers.
fn whole(digits: &str) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: from here on not every whole number is a float
    digits.parse().ok().or_else(|| {
        let x = finite(digits).filter(|x| digits.contains(['.', 'e', 'E']) && x.fract() == 0.0 && x.abs() <= EXACT);
        x.map(|x| x as i64)
    })
}

fn finite(digits: &str) -> Option<f64> {
    digits.parse().ok().filter(|x: &f64| x.is_finite())
}

fn moment(value: &Scalar<'_>) -> Option<i64> {
    let ms = match value {
        Scalar::Number(digits) => whole(digits),
        Scalar::Text(text) => instant::deserialize(StrDeserializer::<Error>::new(text)).ok(),
        _ => None,
    };
    ms.filter(|ms| instant::is_in_calendar(*ms))
}

/// An instant: RFC 3339, or milliseconds since 1970.
pub fn instant(reader: &mut Reader<'_>, key: &str) -> Result<i64, Refusal> {
    let expected = "an instant such as \"2026-03-01T08:00:00Z\" or milliseconds since 1970";
    let place = reader.place();
    let found = reader.scalar(expected)?;
    moment(&found).ok_or_else(|| reader.refuse(place, format!("`{key}`: expected {expected}, found {}", found.noun())))
}

/// A text.
pub fn text(reader: &mut Reader<'_>, key: &str) -> Result<String, Refusal> {
    let place = reader.place();
    match reader.scalar("a text")? {
        Scalar::Text(text) => Ok(text.into_owned()),
        other => Err(reader.refuse(place, format!("`{key}`: expected a text, found {}", other.noun()))),
    }
}

fn flag(reader: &mut Reader<'_>, key: &str) -> Result<bool, Refusal> {
    let place = reader.place();
    match reader.scalar("true or false")? {
        Scalar::Bool(flag) => Ok(flag),
        other => Err(reader.refuse(place, format!("`{key}`: expected true or false, found {}", other.noun()))),
    }
}

/// A text, or null for none.
fn optional(reader: &mut Reader<'_>, key: &str) -> Result<Option<String>, Refusal> {
    let place = reader.place();
    match reader.scalar("a text or null")? {
        Scalar::Null => Ok(None),
        Scalar::Text(text) => Ok(Some(text.into_owned())),
        other => Err(reader.refuse(place, format!("`{key}`: expected a text or null, found {}", other.noun()))),
    }
}

/// A number.
pub fn number(reader: &mut Reader<'_>, key: &str) -> Result<f64, Refusal> {
    let place = reader.place();
    let found = reader.scalar("a number")?;
    let number = if let Scalar::Number(digits) = &found { finite(digits) } else { None };
    number.ok_or_else(|| reader.refuse(place, format!("`{key}`: expected a number, found {}", found.noun())))
}

/// How often something happened.
pub fn count(reader: &mut Reader<'_>, key: &str) -> Result<u64, Refusal> {
    let place = reader.place();
    let found = reader.scalar("a whole number")?;
    let number = if let Scalar::Number(digits) = &found { whole(digits) } else { None };
    let count = number.and_then(|number| u64::try_from(number).ok());
    count.ok_or_else(|| {
        reader.refuse(place, format!("`{key}`: expected a whole number, 0 or more, found {}", found.noun()))
    })
}
