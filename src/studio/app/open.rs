//! An open project on screen: its session, where the user is, what is selected, and the views' own state.

use crate::data::DataView;
use crate::export::ExportView;
use crate::models::ModelsView;
use crate::policy::PolicyView;
use crate::simulate::SimulateView;
use crate::theme::Tokens;
use crate::view::{Ctx, Selection, View};
use crate::workspace::Workspace;
use attune_session::Session;

/// An open project on screen.
pub struct Open {
    /// Its session.
    pub session: Session,
    /// Where the user is.
    pub workspace: Workspace,
    /// What is selected.
    pub selection: Selection,
    /// View state of Data.
    pub data: DataView,
    /// View state of Models.
    pub models: ModelsView,
    /// View state of Policy.
    pub policy: PolicyView,
    /// View state of Simulate.
    pub simulate: SimulateView,
    /// View state of Export.
    pub export: ExportView,
}

impl Open {
    /// Begins in the workspace where work goes on: Data while there is none, Policy afterwards.
    pub fn new(session: Session) -> Open {
        let document = session.document();
        let workspace = if document.sources.is_empty() || document.draft.actions.is_empty() {
            Workspace::Data
        } else {
            Workspace::Policy
        };
        Open {
            session,
            workspace,
            selection: Selection::default(),
            data: DataView::default(),
            models: ModelsView::default(),
            policy: PolicyView::default(),
            simulate: SimulateView::default(),
            export: ExportView::default(),
        }
    }

    /// Hands the view of a workspace and what it reads to `act`.
    pub fn with<R>(
        &mut self,
        workspace: Workspace,
        tokens: &'static Tokens,
        act: impl FnOnce(&mut dyn View, &Ctx<'_>) -> R,
    ) -> R {
        let ctx = Ctx { session: &self.session, workspace: self.workspace, selection: &self.selection, tokens };
        let view: &mut dyn View = match workspace {
            Workspace::Data => &mut self.data,
            Workspace::Models => &mut self.models,
            Workspace::Policy => &mut self.policy,
            Workspace::Simulate => &mut self.simulate,
            Workspace::Export => &mut self.export,
        };
        act(view, &ctx)
    }
}
