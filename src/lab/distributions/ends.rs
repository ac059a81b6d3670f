//! Ends of intervals in files and JSON: a number, or the text `"Infinity"` or `"-Infinity"` where nothing bounds that side. JSON has no number
//! for it, and `null` would say that the end is absent; that is what it says, of an end that is not defined.
//!
//! An interval of which both ends are infinite is none: nothing varied that it could be told from.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End(pub f64);

/// Writes an end.
///
/// # Errors
/// Those of the format.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's `with` asks for a reference
pub fn serialize<S: Serializer>(end: &f64, to: S) -> Result<S::Ok, S::Error> {
    End(*end).serialize(to)
}

/// Reads an end.
///
/// # Errors
/// When it is neither a number nor one of the two texts.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    End::deserialize(from).map(|end| end.0)
}

/// Both ends of an interval in one field.
pub mod pair {
    use super::{Deserialize, Deserializer, End, Serialize, Serializer};

    /// Writes both ends.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>((low, high): &(f64, f64), to: S) -> Result<S::Ok, S::Error> {
        (End(*low), End(*high)).serialize(to)
    }

    /// Reads both ends.
    ///
    /// # Errors
    /// When one is neither a number nor a text that stands for one.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<(f64, f64), D::Error> {
        <(End, End)>::deserialize(from).map(|(low, high)| (low.0, high.0))
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            f64::INFINITY => to.serialize_str(UNBOUNDED),
            f64::NEG_INFINITY => to.serialize_str(UNBOUNDED_BELOW),
            end => to.serialize_f64(end),
        }
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<End, D::Error> {
        from.deserialize_any(AnEnd)
    }
}

const UNBOUNDED: &str = "Infinity";
const UNBOUNDED_BELOW: &str = "-Infinity";

struct AnEnd;

impl Visitor<'_> for AnEnd {
    type Value = End;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "a number, \"{UNBOUNDED}\" or \"{UNBOUNDED_BELOW}\"")
    }

    fn visit_f64<E: Error>(self, end: f64) -> Result<End, E> {
        Ok(End(end))
    }

    fn visit_u64<E: Error>(self, end: u64) -> Result<End, E> {
        Ok(End(end as f64))
    }

    fn visit_i64<E: Error>(self, end: i64) -> Result<End, E> {
        Ok(End(end as f64))
    }

    fn visit_str<E: Error>(self, end: &str) -> Result<End, E> {
        match end {
            UNBOUNDED => Ok(End(f64::INFINITY)),
            UNBOUNDED_BELOW => Ok(End(f64::NEG_INFINITY)),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<End, E> {
        Ok(End(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Interval {
        #[serde(with = "super")]
        low: f64,
        #[serde(with = "super")]
        high: f64,
        #[serde(with = "super::pair")]
        both: (f64, f64),
    }

    #[test]
    fn an_end_that_nothing_bounds_is_told_from_one_that_is_absent() {
        let own = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY, both: (0.1, f64::INFINITY) };
        let json = serde_json::to_string(&own).unwrap();
        assert_eq!(json, r#"{"low":"-Infinity","high":"Infinity","both":[0.1,"Infinity"]}"#);
        assert_eq!(serde_json::from_str::<Interval>(&json).unwrap(), own);
        assert_eq!(ron::from_str::<Interval>(&ron::to_string(&own).unwrap()).unwrap(), own);
        // As older versions wrote them.
        assert_eq!(ron::from_str::<Interval>("(low:-inf,high:inf,both:(0.1,inf))").unwrap(), own);
        let absent: Interval = serde_json::from_str(r#"{"low":null,"high":-3,"both":[0,1e-3]}"#).unwrap();
        assert!(absent.low.is_nan() && absent.high == -3.0 && absent.both == (0.0, 1e-3), "{absent:?}");
        assert_eq!(serde_json::to_value(&absent).unwrap()["low"], serde_json::Value::Null);
        let refused = serde_json::from_str::<Interval>(r#"{"low":"wide","high":0,"both":[0,1]}"#).unwrap_err();
        assert!(refused.to_string().contains("a number, \"Infinity\" or \"-Infinity\""), "{refused}");
    }
}
