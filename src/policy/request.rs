//! A request: one subject, one instant, one row of fields.

use crate::value::Value;

/// What a decision is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Id of this decision, unique per request; written to trace and log, and where chance begins.
    pub decision_id: String,
    /// Subject key: every counter and holdout bucket is taken from it.
    pub subject: String,
    /// Now, UTC milliseconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// IANA zone of the subject; when absent the policy's [`crate::zones::Zones`] tell.
    pub zone: Option<String>,
    /// Household of the subject, for counters and holdouts keyed by it.
    pub household: Option<String>,
    /// Device of the subject, for counters and holdouts keyed by it.
    pub device: Option<String>,
    /// Values in the order of the policy's schema.
    pub fields: Vec<Value>,
}
