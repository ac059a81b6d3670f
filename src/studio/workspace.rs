//! The five workspaces, in the order of the work.

use egui_material_icons::{MaterialIcon, icons};

/// Where the user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Workspace {
    /// Import, roles, profile.
    #[default]
    Data,
    /// Train and read models.
    Models,
    /// Actions, rules, contact policy, arbitration.
    Policy,
    /// What the policy would have done.
    Simulate,
    /// The file that runs.
    Export,
}

impl Workspace {
    /// All of them, in order.
    pub const ALL: [Workspace; 5] =
        [Workspace::Data, Workspace::Models, Workspace::Policy, Workspace::Simulate, Workspace::Export];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Workspace::Data => "Data",
            Workspace::Models => "Models",
            Workspace::Policy => "Policy",
            Workspace::Simulate => "Simulate",
            Workspace::Export => "Export",
        }
    }

    /// Its sign.
    pub fn icon(self) -> MaterialIcon {
        match self {
            Workspace::Data => icons::ICON_TABLE,
            Workspace::Models => icons::ICON_INSIGHTS,
            Workspace::Policy => icons::ICON_ACCOUNT_TREE,
            Workspace::Simulate => icons::ICON_MONITORING,
            Workspace::Export => icons::ICON_UPLOAD_FILE,
        }
    }
}
