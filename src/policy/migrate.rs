//! Migrations: what becomes of a document that was written in an older format. One step per version, each saying in words
//! what changes; a file goes through all that follow its own version.
//!
//! *Invariant:* a step keeps what the document means. A new part of the format is optional, and without it a policy decides
//! as it did before there was one.

use crate::document::Document;
use crate::version::Version;

/// From one version of the format to the next.
pub struct Step {
    /// Version of the documents it takes.
    pub from: Version,
    /// Version of the documents it gives.
    pub to: Version,
    /// What changes, in words.
    pub changes: &'static str,
    apply: fn(&mut Document),
}

/// Every step, in order.
pub const STEPS: &[Step] = &[Step {
    from: Version { major: 1, minor: 0 },
    to: Version { major: 1, minor: 1 },
    changes: "Nothing changes. New and absent: mode, baseline, zones, overrides, tables, suppressions, cool-downs, exclusions, \
              quiet hours, stocks, cold start, slots, exploration, budgets, send times, cases, limits, approvals; holdouts of a \
              program, a model control or an ablation arm; calendar windows; uplift, geometric mean and models that are differences; boosted actions; definitions, \
              freshness and missing rules of fields; recipe steps for order, target means, dates, ratios, logarithms, bounds \
              and formulas.",
    apply: |_| {},
}];

/// Brings a document of an older version to the current one; gives the steps it went through.
pub fn migrate(document: &mut Document, version: Version) -> Vec<&'static Step> {
    let mut at = version;
    let mut taken = Vec::new();
    for step in STEPS {
        if step.from == at {
            (step.apply)(document);
            at = step.to;
            taken.push(step);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_from_the_first_version_to_the_current_one() {
        let mut at = Version::FIRST;
        for step in STEPS {
            assert_eq!(step.from, at);
            assert!(step.to > at && step.changes.ends_with('.'));
            at = step.to;
        }
        assert_eq!(at, Version::CURRENT);
    }

    #[test]
    fn a_document_of_the_first_version_stays_what_it_is() {
        let document = crate::testing::sample();
        let mut migrated = document.clone();
        assert_eq!(migrate(&mut migrated, Version::FIRST).len(), STEPS.len());
        assert_eq!(migrated, document);
        assert!(migrate(&mut migrated, Version::CURRENT).is_empty());
    }
}
