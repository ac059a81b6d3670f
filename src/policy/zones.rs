//! Which clock a subject lives by: subject, then region, then project. Nothing here is evaluated.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How the zone of a subject is found.
///
/// The zone of the request comes first, then that of the subject's region, then the project's, then UTC. Quiet hours in
/// strict mode hold while it is quiet in any zone the subject may live in: all those of its region, or of every region and the
/// project when the region is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zones {
    /// Text field of the schema, or output of the recipe, that names the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// IANA zones of each region, the most usual first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<String, Vec<String>>,
    /// IANA zone of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Whether quiet hours hold where they might.
    #[serde(default)]
    pub strict: bool,
}

impl Zones {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Zones::default()
    }
}

/// When a chosen candidate is best sent: now while the subject's clock shows the best hour, else when it next does within the
/// horizon, moved out of quiet hours. An hour that a change of the clock skips is taken at the end of the gap, one that comes
/// twice at its first coming. A candidate that is deferred is sent when its wait ends, and is then decided again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendTime {
    /// Stable slug, unique.
    pub id: String,
    /// Channel; every outbound channel when absent. The first that speaks of a candidate is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Rhai expression for the subject's best hour, 0 to 23, such as `score("best_hour")` or `favourite_hour ?? 18`; a
    /// fraction is dropped. Unknown, failed or outside: now.
    pub hour: String,
    /// Look no further ahead than so many hours; 24 covers every hour.
    #[serde(default = "day")]
    pub within: u32,
}

fn day() -> u32 {
    24
}

/// The zones that are built in. Never those of the machine, whatever features another crate turns on: they would differ.
static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of an IANA name, of the data built in.
pub(crate) fn find(name: &str) -> Option<TimeZone> {
    BUNDLED.get(name).ok()
}

/// The IANA names that can be looked up.
pub(crate) fn names() -> Vec<String> {
    BUNDLED.available().map(|name| name.as_str().to_owned()).collect()
}
