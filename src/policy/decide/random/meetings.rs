//! Policies in which parts meet that seldom do when all of a policy is random.

use super::{CHANNELS, NOW, action, cap};
use crate::action::Treatment;
use crate::arbitration::{Bundle, ColdStart, Floor, LowConfidence, Slots};
use crate::contact::{Budget, Cap, CapTarget, EventKind, Measure, OnHit, Window};
use crate::document::{Document, Operation};
use crate::exploration::Exploration;
use crate::overrides::{Override, OverrideKind};
use crate::rule::Scope;
use crate::testing::{HOUR, Random};

/// Makes of a policy one in which parts meet that seldom do.
pub fn provoke(random: &mut Random, document: &mut Document) {
    document.mode = Operation::Live;
    document.rules.truncate(random.below(3));
    document.holdouts.truncate(random.below(2));
    while document.actions.len() < 3 {
        let action = action(random, document.actions.len());
        document.actions.push(action);
    }
    let budget = |min, max| Budget {
        id: "narrow".into(),
        name: "Narrow".into(),
        scope: Scope::All,
        measure: Measure::Count,
        event: EventKind::Sent,
        max,
        min,
        reset: None,
        from: None,
        until: None,
        pacing: None,
        enabled: true,
    };
    match random.below(5) {
        // A budget lags.
        0 => document.budgets = vec![budget(Some(90.0), None)],
        // A decision itself exhausts one.
        1 => {
            document.budgets = vec![budget(None, Some(1.0 + random.below(3) as f64))];
            document.slots.count = 3;
        }
        // The second of those who are forced is rerouted to one that is called when nothing forces any more.
        2 => {
            document.slots.count = 3;
            document.caps = vec![reroute(random)];
            for action in &mut document.actions {
                (action.obeys_caps, action.counts_toward_caps, action.mandatory) = (true, true, false);
                if action.treatments.len() < 2 {
                    action.treatments.push(Treatment { id: "t1".into(), ..Treatment::default() });
                }
                for (at, treatment) in action.treatments.iter_mut().enumerate() {
                    treatment.standby = at > 0;
                    treatment.channel = CHANNELS[at.min(1)].into();
                }
            }
            document.overrides = vec![Override {
                id: "forced".into(),
                kind: OverrideKind::Force(Scope::All),
                when: None,
                reason: "r".into(),
                author: "a".into(),
                approver: "b".into(),
                from: NOW - HOUR,
                until: NOW + 100 * HOUR,
            }];
            if random.chance(0.5) {
                let floor = Floor { scope: Scope::All, min_propensity: Some(0.45), min_priority: None };
                document.arbitration.floors.push(floor);
            }
        }
        // Two that go together, of which only one may come first.
        3 => {
            document.slots = Slots { count: 3, ..Slots::default() };
            document.slots.bundles.push(Bundle { id: "pair".into(), actions: vec!["a0".into(), "a1".into()] });
            document.caps = vec![Cap { on_hit: OnHit::Drop, channel: None, ..reroute(random) }];
            for (action, counts) in document.actions.iter_mut().zip([true, false]) {
                (action.obeys_caps, action.counts_toward_caps) = (true, counts);
                action.value = if counts { 0.5 } else { 2.5 };
            }
        }
        // Chance goes to those of whom little is known.
        _ => {
            document.exploration = Some(Exploration::EpsilonGreedy { epsilon: 0.3 });
            let low = ColdStart { min_evidence: Some(5.0), on_low: LowConfidence::Explore, ..ColdStart::default() };
            document.cold_start = low;
            for (action, evidence) in document.actions.iter_mut().zip([10.0, 0.0, 4.0]) {
                (action.evidence, action.propensity) = (Some(evidence), Some("m0".into()));
                (action.mandatory, action.boosted) = (false, false);
            }
        }
    }
}

/// A cap that the first of a decision fills for most subjects.
fn reroute(random: &mut Random) -> Cap {
    Cap {
        target: CapTarget::All,
        channel: Some(CHANNELS[0].into()),
        event: EventKind::Sent,
        limit: Some(1 + random.below(2) as u32),
        window: Window::Rolling(86_400),
        bypassable: false,
        enabled: true,
        on_hit: OnHit::Reroute(vec![CHANNELS[1].into()]),
        ..cap(random, 77)
    }
}
