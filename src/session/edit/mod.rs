//! Every change that can be made to a project, as a closed set. Each has a label for undo; each leaves a whole document
//! or is refused in words and changes nothing.

mod apply;
mod label;
#[cfg(test)]
mod tests;

use attune_lab::Result;
use attune_lab::data::import::ImportOptions;
use attune_lab::data::{Arm, Logging, Role, Roles};
use attune_lab::models::ModelSpec;
use attune_lab::project::{Attachment, DataSource, Goal, Parts, RowEvent, Scenario, Starter};
use attune_policy::Document as Policy;
use attune_policy::action::{Action, Channel, Issue, Treatment};
use attune_policy::arbitration::{Arbitration, ColdStart, ContextWeight, Floor, Mode, Slots};
use attune_policy::contact::{Budget, Cap, CoolDown, Exclusion, QuietHours, Stock, Suppression};
use attune_policy::document::{Fallback, Operation};
use attune_policy::exploration::Exploration;
use attune_policy::holdout::Holdout;
use attune_policy::overrides::Override;
use attune_policy::property::Property;
use attune_policy::recipe::Step;
use attune_policy::rule::{Rule, Stage};
use attune_policy::schema::{Freshness, Missing};
use attune_policy::table::Table;
use attune_policy::zones::{SendTime, Zones};

/// A change to the document. Positions count from 0; one beyond the end means the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Replaces name, outcome, horizon, least lift and `as_of`.
    SetGoal(Goal),

    /// Brings in a table, replacing the source of the same name, with the roles its columns get and, for a project
    /// that has no policy yet, a starter draft.
    Import {
        /// The table.
        source: DataSource,
        /// Roles of its columns.
        roles: Roles,
        /// What to begin with.
        starter: Option<Box<Starter>>,
    },
    /// Adds a table or replaces the one of its name, leaving roles as they are: the history.
    SetSource(DataSource),
    /// Reads the customer file differently.
    SetImportOptions(ImportOptions),
    /// Which event a row of a table of contacts is.
    SetEvent {
        /// The table.
        source: String,
        /// What its rows are.
        event: RowEvent,
    },
    /// Takes a table out.
    RemoveSource(String),

    /// Replaces all roles, arms and the logging propensities. Its `as_of` is ignored: that is the goal's.
    SetRoles(Roles),
    /// What one column means.
    SetRole {
        /// Column (identifier).
        column: String,
        /// Its meaning.
        role: Role,
    },
    /// What one value of the action column stands for; `None` takes the meaning away.
    SetArm {
        /// Value of the action column.
        value: String,
        /// Its meaning.
        arm: Option<Arm>,
    },
    /// How history chose its actions.
    SetLogging(Logging),

    /// Adds a recipe step, at the end when `at` is `None`.
    AddStep {
        /// The step.
        step: Step,
        /// Where.
        at: Option<usize>,
    },
    /// Replaces the step that makes `output`.
    ReplaceStep {
        /// What it made so far.
        output: String,
        /// The new step.
        step: Step,
    },
    /// Removes the step that makes this feature.
    RemoveStep(String),
    /// Moves the step that makes `output`.
    MoveStep {
        /// What it makes.
        output: String,
        /// Its new position.
        to: usize,
    },

    /// Says how old a column or a feature over events may be at a decision; `None`: any age.
    SetFreshness {
        /// Name of the field.
        field: String,
        /// Its greatest age, and the time field that tells it.
        freshness: Option<Freshness>,
    },
    /// Says what is done where a column or a feature over events is missing or too old.
    SetMissing {
        /// Name of the field.
        field: String,
        /// What is done.
        missing: Missing,
    },

    /// Adds a model to train.
    AddModel(ModelSpec),
    /// Replaces a model's specification; a new id is taken over wherever the draft names the model.
    ReplaceModel {
        /// Its id so far.
        id: String,
        /// The new specification.
        spec: ModelSpec,
    },
    /// Removes a model.
    RemoveModel(String),
    /// Makes models that were learned apart part of the project, in place of those attached under the same id.
    Attach(Attachment),
    /// Takes attached models out. Rules that name them stay and are reported.
    Detach(String),

    /// Replaces the whole draft: a starter, a template, an imported policy.
    SetDraft(Box<Policy>),
    /// Name and note of the policy.
    DescribePolicy {
        /// Name for people.
        name: String,
        /// What it is for.
        note: String,
    },

    /// Adds a rule at a position among the rules of its stage, at the end when `at` is `None`.
    AddRule {
        /// The rule.
        rule: Rule,
        /// Where in its stage.
        at: Option<usize>,
    },
    /// Replaces a rule, keeping its place; its id stays.
    ReplaceRule {
        /// Its id.
        id: String,
        /// The new rule; its id must be the same.
        rule: Rule,
    },
    /// Replaces the expression of a rule.
    SetRuleText {
        /// Rule id.
        id: String,
        /// Rhai expression.
        expr: String,
    },
    /// Name for people; the id stays, so that traces and reports still speak of the same rule.
    RenameRule {
        /// Rule id.
        id: String,
        /// New name.
        name: String,
    },
    /// Switches a rule on or off.
    EnableRule {
        /// Rule id.
        id: String,
        /// On or off.
        enabled: bool,
    },
    /// Moves a rule inside its stage or to another one.
    MoveRule {
        /// Rule id.
        id: String,
        /// Stage to move to.
        stage: Stage,
        /// Position among the rules of that stage.
        to: usize,
    },
    /// Removes a rule.
    RemoveRule(String),

    /// Adds a cap.
    AddCap(Cap),
    /// Replaces a cap; its id stays.
    ReplaceCap {
        /// Its id.
        id: String,
        /// The new cap; its id must be the same.
        cap: Cap,
    },
    /// Switches a cap on or off.
    EnableCap {
        /// Cap id.
        id: String,
        /// On or off.
        enabled: bool,
    },
    /// Removes a cap.
    RemoveCap(String),

    /// Replaces the taxonomy.
    SetIssues(Vec<Issue>),
    /// Replaces the channels.
    SetChannels(Vec<Channel>),
    /// Adds an action.
    AddAction(Action),
    /// Replaces an action; a new id is taken over by scopes, fallbacks, holdouts and arms.
    ReplaceAction {
        /// Its id so far.
        id: String,
        /// The new action.
        action: Box<Action>,
    },
    /// Moves an action in the list.
    MoveAction {
        /// Action id.
        id: String,
        /// Its new position.
        to: usize,
    },
    /// Removes an action, its fallback rungs and holdouts. Rules that name it stay and are reported.
    RemoveAction(String),
    /// Adds a treatment to an action.
    AddTreatment {
        /// Action id.
        action: String,
        /// The treatment.
        treatment: Treatment,
    },
    /// Replaces a treatment; its id stays.
    ReplaceTreatment {
        /// Action id.
        action: String,
        /// Treatment id.
        id: String,
        /// The new treatment; its id must be the same.
        treatment: Treatment,
    },
    /// Removes a treatment; the last one stays.
    RemoveTreatment {
        /// Action id.
        action: String,
        /// Treatment id.
        id: String,
    },

    /// Replaces arbitration as a whole.
    SetArbitration(Arbitration),
    /// The formula of the priority.
    SetMode(Mode),
    /// Replaces the floors.
    SetFloors(Vec<Floor>),
    /// Replaces the context weights.
    SetContextWeights(Vec<ContextWeight>),
    /// Replaces the fallback ladder.
    SetFallback(Vec<Fallback>),
    /// Replaces one of the other parts of the policy as a whole.
    SetPart(DraftPart),

    /// Adds a holdout.
    AddHoldout(Holdout),
    /// Replaces a holdout; its id stays.
    ReplaceHoldout {
        /// Its id.
        id: String,
        /// The new holdout; its id must be the same.
        holdout: Holdout,
    },
    /// Removes a holdout.
    RemoveHoldout(String),

    /// Adds a scenario.
    AddScenario(Scenario),
    /// Replaces a scenario; its id stays.
    ReplaceScenario {
        /// Its id.
        id: String,
        /// The new scenario; its id must be the same.
        scenario: Scenario,
    },
    /// Removes a scenario.
    RemoveScenario(String),
}

/// A part of the policy that is edited as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum DraftPart {
    /// Whether it decides.
    Operation(Operation),
    /// Whose clock is whose.
    Zones(Zones),
    /// Decisions of people, for a time.
    Overrides(Vec<Override>),
    /// Decision tables.
    Tables(Vec<Table>),
    /// Suppression after outcomes.
    Suppressions(Vec<Suppression>),
    /// Minimum gaps.
    CoolDowns(Vec<CoolDown>),
    /// What does not go together.
    Exclusions(Vec<Exclusion>),
    /// When nothing goes out.
    QuietHours(Vec<QuietHours>),
    /// What can run out.
    Stocks(Vec<Stock>),
    /// What may be spent.
    Budgets(Vec<Budget>),
    /// What is done where little is known.
    ColdStart(ColdStart),
    /// How many are chosen.
    Slots(Slots),
    /// Chance.
    Exploration(Option<Exploration>),
    /// When the chosen is sent.
    SendTimes(Vec<SendTime>),
    /// What is to be proved of the policy.
    Properties(Vec<Property>),
}

impl Edit {
    /// The document after the edit.
    ///
    /// # Errors
    /// In words when the edit does not fit the document: an id that is not there, or is taken.
    pub fn apply(self, parts: &Parts) -> Result<Parts> {
        apply::apply(self, parts)
    }

    /// What it does, for the undo menu, in the names of `parts`, the document it is applied to: "Move rule “Recent buyers”".
    pub fn label(&self, parts: &Parts) -> String {
        label::label(self, parts)
    }
}
