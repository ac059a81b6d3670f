//! Stage 7 for one candidate: every part that speaks of it is asked, and the strictest answers.

use super::hits::Hits;
use super::scene::{Memory, Scene};
use super::{caps, exclusion, quiet};
use crate::outcome::Cause;

/// What contact policy says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It may go out now.
    Pass,
    /// It may not.
    Block(Cause),
    /// It may be chosen, to be sent then.
    Defer {
        /// The first instant at which every part that makes it wait has ended and it is not quiet (ms).
        until: i64,
        /// What makes it wait.
        cause: Cause,
    },
    /// It may not, but the standby treatments of its action on the channels of that part may in its place.
    Reroute(Cause),
}

/// What contact policy asks of the row. Expressions are positions among those of the policy, parts positions in the
/// document's lists; what fails is reported by the one who is asked.
pub trait Ask {
    /// Whether the condition of quiet hours holds for a candidate; `None` when it cannot tell or failed.
    fn holds(&self, expression: u32, slot: u32, quiet: u32) -> Option<bool>;

    /// The best hour of a send time for a candidate; `None` when it cannot tell or failed.
    fn number(&self, expression: u32, slot: u32, send_time: u32) -> Option<f64>;
}

/// What earlier events alone say of a candidate. What they remove stays removed whatever happens besides: counters only rise until the
/// decision.
pub fn by_events(scene: &Scene<'_>, memory: &mut Memory, slot: u32) -> Verdict {
    let mut hits = Hits::default();
    caps::check(scene, memory, slot, &[], &mut hits);
    exclusion::check(scene, memory, slot, &[], &mut hits);
    hits.verdict(Some)
}

/// Whether a candidate may go out, given what this decision has reserved.
pub fn judge(scene: &Scene<'_>, memory: &mut Memory, ask: &dyn Ask, slot: u32, reserved: &[u32]) -> Verdict {
    if scene.rules.is_free(slot) {
        return Verdict::Pass;
    }
    let mut hits = Hits::default();
    caps::check(scene, memory, slot, reserved, &mut hits);
    exclusion::check(scene, memory, slot, reserved, &mut hits);
    quiet::check(scene, memory, ask, slot, &mut hits);
    exclusion::stock(scene, memory, slot, reserved, &mut hits);
    hits.verdict(|until| quiet::open(scene, memory, until))
}
