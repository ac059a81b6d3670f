//! Holdouts: which layers the subject is in, by the bucket of its own, its household's or its device's id.

use crate::fingerprint::bucket;
use crate::history::Identity;
use crate::plan::{Layer, Plan};
use crate::request::Who;

/// Whether the request is in each layer of the plan.
pub fn hold(plan: &Plan, who: Who<'_>, held: &mut Vec<bool>, report: &mut dyn FnMut(String)) {
    for layer in &plan.layers {
        let (unit, missing) = unit(layer, who);
        if let Some(missing) = missing {
            let id = &layer.id;
            report(format!("the request names no {missing}: the holdout `{id}` goes by the subject in its place"));
        }
        held.push(bucket(&layer.salt, unit) < layer.share);
    }
}

/// The bucket of the request in a layer, in [0, 1).
pub fn bucket_of(layer: &Layer, who: Who<'_>) -> f64 {
    bucket(&layer.salt, unit(layer, who).0)
}

/// The id that is hashed, and what is missing where the subject's stands in. Everybody together has the empty id.
fn unit<'a>(layer: &Layer, who: Who<'a>) -> (&'a str, Option<&'static str>) {
    match (who.id(layer.unit), layer.unit) {
        (Some(id), _) => (id, None),
        (None, Identity::Device) => (who.subject(), Some("device")),
        (None, _) => (who.subject(), Some("household")),
    }
}
