//! Where a model stands, in a word and a tone.

use crate::theme::Tone;
use attune_lab::project::TrainedModel;
use attune_session::{Derived, Session};

/// Tone and word of a model's state.
pub fn words(state: &Derived<TrainedModel>) -> (Tone, &'static str) {
    match state {
        Derived::Missing(_) => (Tone::Neutral, "Not trained"),
        Derived::Running(_) | Derived::Stale(_, Some(_)) => (Tone::Accent, "Training"),
        Derived::Ready(_) => (Tone::Ok, "Trained"),
        Derived::Stale(_, None) => (Tone::Warn, "Out of date"),
        Derived::Failed(_) => (Tone::Err, "Failed"),
    }
}

/// The models whose report does not belong to the data and settings as they are.
pub fn due(session: &Session) -> Vec<String> {
    let models = &session.document().models;
    models.iter().filter(|spec| session.model(&spec.id).ready().is_none()).map(|spec| spec.id.clone()).collect()
}
