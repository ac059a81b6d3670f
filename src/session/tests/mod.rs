//! The session from the outside, as a window uses it.

mod contacts;
mod recovery;
mod work;

use crate::{Session, Wake};
use attune_lab::project::{Parts, Project, samples};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Far longer than anything here takes; only a hang gets there.
const LONG: Duration = Duration::from_secs(300);

fn no_wake() -> Wake {
    Arc::new(|| {})
}

fn counting_wake() -> (Wake, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let of_wake = count.clone();
    (
        Arc::new(move || {
            of_wake.fetch_add(1, Ordering::Relaxed);
        }),
        count,
    )
}

/// A small sample project whose models learn quickly.
fn small() -> Parts {
    let mut parts = samples::parts(3_000).unwrap();
    for spec in Arc::make_mut(&mut parts.models) {
        spec.folds = 2;
        if let attune_lab::models::Family::Boosted { trees, depth, .. } = &mut spec.family {
            (*trees, *depth) = (10, 2);
        }
    }
    parts
}

fn open_small(dir: &Path) -> Session {
    drop(Project::create(dir, &small()).unwrap());
    let mut session = Session::open(dir, no_wake()).unwrap();
    idle(&mut session);
    session
}

fn idle(session: &mut Session) {
    assert!(session.wait_idle(LONG), "still busy: {:?}", session.jobs());
}

fn words(session: &Session) -> Vec<&str> {
    session.notices().iter().map(|n| n.text.as_str()).collect()
}
