//! The zones of a policy, looked up, and which of them a subject may live by.

use crate::zones::{self, Zones};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::slice::from_ref;

/// The zones of a policy.
#[derive(Debug, Default)]
pub struct PlannedZones {
    /// Most usual first.
    regions: BTreeMap<String, Vec<TimeZone>>,
    project: Option<TimeZone>,
    /// All of the above, each once.
    anywhere: Vec<TimeZone>,
    strict: bool,
}

/// What a request says of where its subject is.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// The request's own zone.
    pub zone: Option<TimeZone>,
    /// Its region's zones, most usual first; empty when the region is not known.
    region: Vec<TimeZone>,
}

static UTC: TimeZone = TimeZone::UTC;

impl PlannedZones {
    /// Zones that are not known are left out; the check of the document reports them.
    pub fn new(document: &Zones) -> PlannedZones {
        let found = |names: &Vec<String>| names.iter().filter_map(|name| zones::find(name)).collect();
        let regions = document.regions.iter().map(|(region, names)| (region.clone(), found(names)));
        let regions: BTreeMap<String, Vec<TimeZone>> = regions.collect();
        let project = document.project.as_deref().and_then(zones::find);
        let mut anywhere: Vec<TimeZone> = Vec::new();
        for zone in regions.values().flatten().chain(&project) {
            if !anywhere.contains(zone) {
                anywhere.push(zone.clone());
            }
        }
        PlannedZones { regions, project, anywhere, strict: document.strict }
    }

    /// Learns where a subject is, in place. A zone that is not known is told to `note` and passed over.
    pub fn locate(
        &self,
        zone: Option<&str>,
        region: Option<&str>,
        whereabouts: &mut Whereabouts,
        note: &mut dyn FnMut(String),
    ) {
        whereabouts.zone = zone.and_then(zones::find);
        if let (Some(name), None) = (zone, &whereabouts.zone) {
            note(format!(
                "`{name}` is not a time zone this policy knows: the subject's region or the project tells the time"
            ));
        }
        whereabouts.region.clear();
        if let Some(zones) = region.and_then(|region| self.regions.get(region)) {
            whereabouts.region.extend_from_slice(zones);
        }
    }

    /// The zone a subject lives by: of the request, else of its region, else of the project, else UTC.
    pub fn home<'a>(&'a self, whereabouts: &'a Whereabouts) -> &'a TimeZone {
        let known = whereabouts.zone.as_ref().or(whereabouts.region.first());
        known.unwrap_or_else(|| self.project())
    }

    /// Every zone in which quiet hours hold for a subject: where it lives or, in strict mode, wherever it may.
    pub fn possible<'a>(&'a self, whereabouts: &'a Whereabouts) -> &'a [TimeZone] {
        if self.strict && whereabouts.zone.is_none() {
            match whereabouts.region.as_slice() {
                [] if self.anywhere.is_empty() => {}
                [] => return &self.anywhere,
                zones => return zones,
            }
        }
        from_ref(self.home(whereabouts))
    }

    /// The zone of the project, or UTC.
    pub fn project(&self) -> &TimeZone {
        self.project.as_ref().unwrap_or(&UTC)
    }
}
