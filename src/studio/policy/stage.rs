//! The stages of a decision, in the order of evaluation, as places of the workspace.

use attune_lab::simulate::report::FunnelStage;
use attune_policy::diagnostic::{Diagnostic, Part, Severity};
use attune_policy::document::Document;
use attune_policy::rule::Stage;
use egui_material_icons::{MaterialIcon, icons};

/// A place in the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// What may be done.
    Actions,
    /// Who is kept out, so that the effect can be measured.
    Holdouts,
    /// Hard guards.
    Guards,
    /// Possible and legal.
    #[default]
    Eligibility,
    /// Relevant now.
    Applicability,
    /// Right for this person.
    Suitability,
    /// Caps.
    Contact,
    /// Ranking and floors.
    Arbitration,
    /// What is tried when nothing is left.
    Fallback,
}

impl Place {
    /// All of them, in the order of evaluation.
    pub const ALL: [Place; 9] = [
        Place::Actions,
        Place::Holdouts,
        Place::Guards,
        Place::Eligibility,
        Place::Applicability,
        Place::Suitability,
        Place::Contact,
        Place::Arbitration,
        Place::Fallback,
    ];

    /// Its name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Place::Actions => "Actions",
            Place::Holdouts => "Holdouts",
            Place::Guards => "Guards",
            Place::Eligibility => "Eligibility",
            Place::Applicability => "Applicability",
            Place::Suitability => "Suitability",
            Place::Contact => "Contact policy",
            Place::Arbitration => "Arbitration",
            Place::Fallback => "Fallback",
        }
    }

    /// What it is for, one sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Place::Actions => "What may be done for a customer: every action on each of its channels is a candidate",
            Place::Holdouts => {
                "Customers kept out by a hash of their id, so that what the policy brings can be measured"
            }
            Place::Guards => "Consent, opt-out, legal hold: never bypassed, whatever else the policy says",
            Place::Eligibility => "Possible and legal: may this customer have this action at all?",
            Place::Applicability => "Relevant now: does the action fit the moment?",
            Place::Suitability => "Right for this person: would the action be welcome and sensible?",
            Place::Contact => "How often a customer may be contacted; every cap must allow a candidate",
            Place::Arbitration => "How the candidates that are left are ranked, and how low is too low",
            Place::Fallback => "What is tried, in this order, when no candidate is left",
        }
    }

    /// Its sign.
    pub fn icon(self) -> MaterialIcon {
        match self {
            Place::Actions => icons::ICON_CAMPAIGN,
            Place::Holdouts => icons::ICON_SCIENCE,
            Place::Guards => icons::ICON_SHIELD,
            Place::Eligibility => icons::ICON_VERIFIED_USER,
            Place::Applicability => icons::ICON_SCHEDULE,
            Place::Suitability => icons::ICON_FAVORITE,
            Place::Contact => icons::ICON_NOTIFICATIONS_PAUSED,
            Place::Arbitration => icons::ICON_LEADERBOARD,
            Place::Fallback => icons::ICON_ALT_ROUTE,
        }
    }

    /// The command that goes there.
    pub const fn command(self) -> &'static str {
        match self {
            Place::Actions => "policy.actions",
            Place::Holdouts => "policy.holdouts",
            Place::Guards => "policy.guards",
            Place::Eligibility => "policy.eligibility",
            Place::Applicability => "policy.applicability",
            Place::Suitability => "policy.suitability",
            Place::Contact => "policy.contact",
            Place::Arbitration => "policy.arbitration",
            Place::Fallback => "policy.fallback",
        }
    }

    /// The stage new rules of this place belong to, when it holds rules.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Place::Guards => Some(Stage::Guard),
            Place::Eligibility => Some(Stage::Eligibility),
            Place::Applicability => Some(Stage::Applicability),
            Place::Suitability => Some(Stage::Suitability),
            _ => None,
        }
    }

    /// The place of a rule.
    pub fn of(stage: Stage) -> Place {
        match stage {
            Stage::Guard => Place::Guards,
            Stage::Eligibility => Place::Eligibility,
            Stage::Applicability => Place::Applicability,
            Stage::Suitability | Stage::SoftSuitability => Place::Suitability,
            Stage::Lever => Place::Arbitration,
            Stage::Fallback => Place::Fallback,
        }
    }

    /// How many things lie there.
    pub fn count(self, draft: &Document) -> usize {
        let rules = |stage| draft.rules.iter().filter(|r| r.stage == stage).count();
        match self {
            Place::Actions => draft.actions.len(),
            Place::Holdouts => draft.holdouts.len(),
            Place::Contact => {
                draft.caps.len()
                    + draft.cool_downs.len()
                    + draft.suppressions.len()
                    + draft.exclusions.len()
                    + draft.quiet_hours.len()
                    + draft.budgets.len()
            }
            Place::Arbitration => {
                draft.arbitration.context_weights.len() + draft.arbitration.floors.len() + rules(Stage::Lever)
            }
            Place::Fallback => draft.fallback.len() + rules(Stage::Fallback),
            _ => draft.rules.iter().filter(|r| Place::of(r.stage) == self).count(),
        }
    }

    /// The worst finding about something that lies there.
    pub fn worst(self, draft: &Document, findings: &[Diagnostic]) -> Option<Severity> {
        findings.iter().filter(|f| Place::of_part(draft, &f.part) == Some(self)).map(|f| f.severity).max()
    }

    /// The place of a part of the policy.
    pub fn of_part(draft: &Document, part: &Part) -> Option<Place> {
        match part {
            Part::Action(_) => Some(Place::Actions),
            Part::Holdout(_) => Some(Place::Holdouts),
            Part::Rule(id) => draft.rules.iter().find(|r| r.id == *id).map(|r| Place::of(r.stage)),
            Part::Cap(_)
            | Part::Suppression(_)
            | Part::CoolDown(_)
            | Part::Exclusion(_)
            | Part::QuietHours(_)
            | Part::Stock(_)
            | Part::Budget(_)
            | Part::SendTime(_)
            | Part::Zones => Some(Place::Contact),
            Part::Arbitration | Part::Slots | Part::Exploration => Some(Place::Arbitration),
            Part::Fallback => Some(Place::Fallback),
            Part::Property(_) => Some(Place::Guards),
            Part::Policy
            | Part::Field(_)
            | Part::Recipe(_)
            | Part::Model(_)
            | Part::Override(_)
            | Part::Table(_)
            | Part::Case(_) => None,
        }
    }

    /// Its stage of a simulated funnel.
    pub fn funnel(self, stages: &[FunnelStage]) -> Option<&FunnelStage> {
        let word = match self {
            Place::Holdouts => "holdout",
            Place::Guards => "guard",
            Place::Contact => "contact",
            other => other.name(),
        };
        let word = word.to_lowercase();
        stages.iter().find(|s| s.stage.to_lowercase().starts_with(&word))
    }
}

/// Share of the candidates that entered the stage and did not leave it.
pub fn removed(stage: &FunnelStage) -> Option<f64> {
    (stage.candidates_in > 0).then(|| 1.0 - stage.candidates_out as f64 / stage.candidates_in as f64)
}
