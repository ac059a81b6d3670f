//! A request: one subject, one instant, one row of fields.

use crate::columns::Columns;
use crate::history::Identity;
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

/// Whose decision it is: read from a request, or looked up in the columns of a batch when something asks.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// That of a request.
    Request(&'a Request),
    /// That of a row of a batch.
    Row(&'a Columns<'a>, usize),
}

impl<'a> Who<'a> {
    /// [`Request::decision_id`].
    pub fn decision_id(self) -> &'a str {
        match self {
            Who::Request(request) => &request.decision_id,
            Who::Row(columns, row) => columns.decision_id(row),
        }
    }

    /// [`Request::subject`].
    pub fn subject(self) -> &'a str {
        match self {
            Who::Request(request) => &request.subject,
            Who::Row(columns, row) => columns.subject(row),
        }
    }

    /// [`Request::zone`].
    pub fn zone(self) -> Option<&'a str> {
        match self {
            Who::Request(request) => request.zone.as_deref(),
            Who::Row(columns, row) => columns.zone(row),
        }
    }

    /// [`Request::household`].
    pub fn household(self) -> Option<&'a str> {
        match self {
            Who::Request(request) => request.household.as_deref(),
            Who::Row(columns, row) => columns.household(row),
        }
    }

    /// [`Request::device`].
    pub fn device(self) -> Option<&'a str> {
        match self {
            Who::Request(request) => request.device.as_deref(),
            Who::Row(columns, row) => columns.device(row),
        }
    }

    /// Id of the subject, household or device; `None` when that is not named. Everybody together has the empty id.
    pub fn id(self, identity: Identity) -> Option<&'a str> {
        match identity {
            Identity::Subject => Some(self.subject()),
            Identity::Household => self.household(),
            Identity::Device => self.device(),
            Identity::Global => Some(""),
        }
    }

    /// Whether the subject is nobody in particular: its id is blank.
    pub fn is_blank(self) -> bool {
        match self {
            Who::Request(request) => is_blank(&request.subject),
            Who::Row(columns, row) => columns.is_blank(row),
        }
    }
}

/// Whether a text names nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}
