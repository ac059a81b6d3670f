//! Instants in files: milliseconds in memory, `"2026-03-01T08:00:00Z"` where people read them. For `#[serde(with = …)]`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer, de, ser};

/// Whether files can hold the instant: the years −9999 to 9999.
pub fn is_in_calendar(ms: i64) -> bool {
    Timestamp::from_millisecond(ms).is_ok()
}

/// Writes the instant as RFC 3339 text.
///
/// # Errors
/// For instants outside the years −9999 to 9999.
pub fn serialize<S: Serializer>(ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let instant = Timestamp::from_millisecond(*ms);
    let instant = instant.map_err(|_| ser::Error::custom(format!("{ms} ms is not an instant of the calendar")))?;
    serializer.collect_str(&instant)
}

/// Reads RFC 3339 text.
///
/// # Errors
/// For text that is not an instant.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    match text.parse::<Timestamp>() {
        Ok(instant) => Ok(instant.as_millisecond()),
        Err(_) => Err(de::Error::custom(format!("\"{text}\" is not an instant; write it like 2026-03-01T08:00:00Z"))),
    }
}

/// The same for an instant that may be absent.
pub mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Instant(#[serde(with = "super")] i64);

    /// Writes the instant, or that there is none.
    ///
    /// # Errors
    /// As [`super::serialize`].
    pub fn serialize<S: Serializer>(ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        ms.map(Instant).serialize(serializer)
    }

    /// Reads an instant, or that there is none.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|instant| instant.0))
    }
}
