//! Whether hours that were learned are of the clock by which a policy decides: that of the subject's region, else of the project, else UTC.
//!
//! Clocks are the same where they show the same from the first instant learned from to years after the last one, whatever their zones
//! are called.

use super::{Attachment, Learned, LearnedKind, score};
use crate::data::import::zones::Zone;
use crate::error::{Error, Result};
use crate::models::value::Clock;
use crate::project::parts::Parts;
use attune_policy::diagnostic::{Diagnostic, Part, Severity};
use attune_policy::zones::Zones;

/// Two clocks that have shown the same for so long after the last instant learned from (ms) are taken for the same: ten years.
const AFTERWARDS: i64 = 3_653 * 86_400_000;
/// Where it is not said from when on something was learned: 2000-01-01.
const BEGINNING: i64 = 946_684_800_000;

/// That hours are of another clock than the policy's.
struct Other {
    words: String,
    hint: String,
    /// Whether that is so for some customers alone.
    for_some: bool,
}

/// What is amiss where hours are of another clock than the one by which the policy decides, in words with what to do.
pub fn another_clock(learned: &Learned, zones: &Zones) -> Option<String> {
    find(learned, zones).map(|other| format!("{}; {}", other.words, other.hint))
}

/// The same of every send time that reads what is attached, for the list of what is wrong with a policy: the zones may have changed since.
pub fn hours_of_another_clock(parts: &Parts) -> Vec<Diagnostic> {
    let about = |attachment: &Attachment| {
        let message = another_clock(attachment, &parts.draft.zones)?;
        let read = score(&attachment.id);
        let part = parts.draft.send_times.iter().find(|part| part.hour.contains(&read))?;
        Some(Diagnostic { severity: Severity::Warning, part: Part::SendTime(part.id.clone()), position: None, message })
    };
    parts.attached.iter().filter_map(about).collect()
}

/// Refuses hours that are of another clock than the policy's for every customer, or of one clock where the policy knows several.
pub fn check(learned: &Learned, zones: &Zones) -> Result<()> {
    match find(learned, zones) {
        Some(other) if !other.for_some => Err(Error::new(other.words).hint(other.hint)),
        _ => Ok(()),
    }
}

fn find(learned: &Learned, zones: &Zones) -> Option<Other> {
    if learned.kind != LearnedKind::SendTimes {
        return None;
    }
    let clock = learned.clock.clone().unwrap_or_else(|| Clock::of("UTC"));
    let (from, last) = learned.period.unwrap_or((BEGINNING, BEGINNING));
    let same = |a: &str, b: &str| match (Zone::named(a), Zone::named(b)) {
        (Ok(a), Ok(b)) => a.agrees(&b, from, last.saturating_add(AFTERWARDS)),
        _ => a == b,
    };
    let homes = homes(zones);
    let id = &learned.id;
    if clock.column.is_some() {
        let strange = clock.zones.iter().filter(|zone| !homes.iter().any(|home| same(zone, home)));
        let strange: Vec<&str> = strange.map(String::as_str).collect();
        return (!strange.is_empty()).then(|| Other {
            for_some: strange.len() < clock.zones.len(),
            words: format!(
                "the hours of `{id}` are of {clock}, and the policy decides by the clock of {}: it does not know who lives in {}",
                homes.join(", "),
                strange.join(", ")
            ),
            hint: "say in draft.ron (`zones`) which field names a customer's region and the zones of regions, or let requests carry the \
                   customer's zone"
                .to_owned(),
        });
    }
    let zone = clock.zones.first()?;
    let strange: Vec<&str> = homes.iter().copied().filter(|home| !same(zone, home)).collect();
    let hint = match (&zones.project, homes.len()) {
        (None, 1) => format!(
            "make that the zone of the project (`attune attach … --zone {zone}`), or learn them again with --clock UTC if customers live by it"
        ),
        (Some(project), 1) => format!("learn them again with --clock {project}, or correct the zone of the project"),
        _ => "learn them again on each customer's own clock: --clock-column names the column of its zone".to_owned(),
    };
    (!strange.is_empty()).then(|| Other {
        for_some: false,
        words: format!(
            "the hours of `{id}` are of {clock}, and the policy decides by the clock of {}",
            strange.join(", ")
        ),
        hint,
    })
}

/// The zones by which a policy decides: the most usual one of each region, where a field names the region, and the project's.
fn homes(zones: &Zones) -> Vec<&str> {
    let regions = zones.regions.values().filter(|_| zones.region.is_some()).filter_map(|region| region.first());
    let mut homes: Vec<&str> = regions.map(String::as_str).collect();
    homes.push(zones.project.as_deref().unwrap_or("UTC"));
    homes.sort_unstable();
    homes.dedup();
    homes
}
