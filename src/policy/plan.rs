//! A document compiled for deciding: names resolved to positions, scopes to lists per candidate. It decides nothing itself.

mod slot;

pub use slot::Slot;

use crate::action::Direction;
use crate::arbitration::{Mode, Per};
use crate::decide::contact;
use crate::decision::Candidate;
use crate::diagnostic::{Diagnostic, Part, Severity};
use crate::document::{Document, Operation};
use crate::exploration::Exploration;
use crate::history::{EventDefaults, Identity};
use crate::holdout::{Arm, HoldoutKind};
use crate::language::columns::ColumnRules;
use crate::language::conditions::Conditions;
use crate::language::{self, Compiled, Context, RuleSet, Use};
use crate::model::Scorer;
use crate::overrides::OverrideKind;
use crate::recipe::Program;
use crate::rule::{OnMissing, Stage};
use crate::table::CompiledTable;
use std::sync::{Arc, OnceLock};

/// Everything a decision needs, in the order it needs it.
#[derive(Debug, Default)]
pub struct Plan {
    pub mode: Operation,
    /// Position of the slot that a policy in shadow answers.
    pub baseline: Option<u32>,
    pub program: Program,
    pub models: Vec<(Arc<str>, Scorer)>,
    /// Every expression of the policy, joined; the other parts name them by position.
    pub set: RuleSet,
    /// Decision tables in document order; `None` where one was refused.
    pub tables: Vec<Option<CompiledTable>>,
    /// The expressions for columns, prepared when the first batch is decided.
    pub columns: OnceLock<ColumnRules>,
    /// What events do not say, prepared when it is first asked for.
    pub events: OnceLock<EventDefaults>,
    /// One per layer of the document.
    pub layers: Vec<Layer>,
    /// Enabled rules by stage, in document order inside a stage.
    pub rules: Vec<PlannedRule>,
    /// One per override of the document.
    pub overrides: Vec<PlannedOverride>,
    /// Position of the column that names the region.
    pub region: Option<usize>,
    /// Whether any expression reads what happened to the subject.
    pub reads_history: bool,
    /// Contact policy.
    pub contact: contact::Rules,
    /// One per context weight of the document.
    pub weights: Vec<PlannedWeight>,
    pub formula: Formula,
    /// Slots of a decision, from 1.
    pub places: usize,
    /// At most so many of one kind; that of actions is always among them.
    pub limits: Vec<(Per, u32)>,
    /// Per bundle the positions of its actions.
    pub bundles: Vec<Vec<u32>>,
    pub exploration: Option<Exploration>,
    /// Whether chance has any part in decisions.
    pub chance: bool,
    /// One per candidate, in document order.
    pub slots: Vec<Slot>,
    /// Whether any candidate stands by.
    pub standby: bool,
    /// The fallback ladder.
    pub rungs: Vec<Rung>,
    pub ids: Ids,
    /// What names mean; `None` for a plan that was never made.
    pub context: Option<Context>,
    /// Per column of the row: whether its value is not to be shown.
    pub masked: Vec<bool>,
    /// Channels on which the subject comes to us: contact policy does not speak of them.
    pub inbound: Vec<Arc<str>>,
}

/// Ids of the document's parts by position, shared with the reasons that name them.
#[derive(Debug, Default)]
pub struct Ids {
    pub rules: Vec<Arc<str>>,
    pub overrides: Vec<Arc<str>>,
    pub weights: Vec<Arc<str>>,
    pub caps: Vec<Arc<str>>,
    pub suppressions: Vec<Arc<str>>,
    pub cool_downs: Vec<Arc<str>>,
    pub exclusions: Vec<Arc<str>>,
    pub quiet_hours: Vec<Arc<str>>,
    pub stocks: Vec<Arc<str>>,
    pub budgets: Vec<Arc<str>>,
    pub bundles: Vec<Arc<str>>,
    pub send_times: Vec<Arc<str>>,
}

impl Ids {
    fn new(document: &Document) -> Ids {
        fn of<T>(parts: &[T], id: impl Fn(&T) -> &String) -> Vec<Arc<str>> {
            parts.iter().map(|part| id(part).as_str().into()).collect()
        }
        Ids {
            rules: of(&document.rules, |part| &part.id),
            overrides: of(&document.overrides, |part| &part.id),
            weights: of(&document.arbitration.context_weights, |part| &part.id),
            caps: of(&document.caps, |part| &part.id),
            suppressions: of(&document.suppressions, |part| &part.id),
            cool_downs: of(&document.cool_downs, |part| &part.id),
            exclusions: of(&document.exclusions, |part| &part.id),
            quiet_hours: of(&document.quiet_hours, |part| &part.id),
            stocks: of(&document.stocks, |part| &part.id),
            budgets: of(&document.budgets, |part| &part.id),
            bundles: of(&document.slots.bundles, |part| &part.id),
            send_times: of(&document.send_times, |part| &part.id),
        }
    }
}

/// The formula of the priority.
#[derive(Debug, Default)]
pub enum Formula {
    #[default]
    Pcvl,
    NetValue,
    Uplift,
    /// Weights of P, C, V and L.
    Geometric([f64; 4]),
    /// Position of the expression.
    Expression(u32),
}

impl Formula {
    /// Whether doing nothing competes, at 0.
    pub fn weighs_nothing(&self) -> bool {
        matches!(self, Formula::NetValue | Formula::Uplift)
    }
}

/// A holdout layer.
#[derive(Debug)]
pub struct Layer {
    pub id: Arc<str>,
    pub salt: String,
    pub share: f64,
    pub kind: HoldoutKind,
    pub unit: Identity,
}

#[derive(Debug)]
pub struct PlannedRule {
    /// Position in the document.
    pub at: u32,
    pub stage: Stage,
    pub keep_unknown: bool,
    pub expression: u32,
    /// The rule as conditions, read when it is first told of; `None` for one that is more.
    pub conditions: OnceLock<Option<Conditions>>,
}

#[derive(Debug)]
pub struct PlannedOverride {
    pub from: i64,
    pub until: i64,
    pub deny: bool,
    pub when: Option<u32>,
}

#[derive(Debug)]
pub struct PlannedWeight {
    pub expression: u32,
    pub percent: f64,
}

/// One rung of the fallback ladder.
#[derive(Clone, Copy, Debug)]
pub enum Rung {
    /// A rule of the fallback stage: position in [`Plan::rules`].
    Rule(u32),
    /// A slot.
    Slot(u32),
}

impl Plan {
    /// Whether the subject comes to us on this channel.
    pub fn is_inbound(&self, channel: &str) -> bool {
        self.inbound.iter().any(|id| **id == *channel)
    }

    /// The slots of an action.
    pub fn slots_of(&self, action: u32) -> impl Iterator<Item = (u32, &Slot)> {
        (0u32..).zip(&self.slots).filter(move |(_, slot)| slot.candidate.action == action)
    }
}

/// Compiles the expressions of a document: the one place where they get their positions.
pub struct Compiler {
    context: Context,
    expressions: Vec<Compiled>,
    findings: Vec<Diagnostic>,
}

impl Compiler {
    /// Position of the compiled text; `None` when it has errors, which are found.
    pub fn compile(&mut self, text: &str, use_: Use, part: Part) -> Option<u32> {
        let (compiled, found) = match language::compile(text, use_, &self.context) {
            Ok(compiled) => {
                let warnings = compiled.warnings().to_vec();
                (Some(compiled), warnings)
            }
            Err(found) => (None, found),
        };
        self.findings.extend(found.into_iter().map(|finding| finding.into_diagnostic(part.clone())));
        let at = u32::try_from(self.expressions.len()).ok()?;
        self.expressions.push(compiled?);
        Some(at)
    }

    /// As [`Compiler::compile`], for an expression that is asked without a candidate.
    pub fn compile_for_row(&mut self, text: &str, use_: Use, part: Part) -> Option<u32> {
        let at = self.compile(text, use_, part.clone())?;
        if self.expressions.get(at as usize).is_some_and(Compiled::reads_candidate) {
            let message =
                "it reads the candidate, and is asked of the subject alone; its scope says of which candidates";
            let severity = Severity::Error;
            self.findings.push(Diagnostic { severity, part, position: None, message: message.to_owned() });
        }
        Some(at)
    }
}

/// Compiles every part that can be compiled. The plan may decide only when no finding is an error.
pub fn plan(document: &Document) -> (Plan, Vec<Diagnostic>) {
    let (program, findings) = Program::lenient(&document.recipe, &document.schema);
    let mut compiler = Compiler { context: Context::new(document), expressions: Vec::new(), findings };
    let mut plan = Plan { mode: document.mode, program, ids: Ids::new(document), ..Plan::default() };
    let facts = compiler.context.facts();
    for model in &document.models {
        match Scorer::compile_with(model, plan.program.columns(), &facts) {
            Ok(scorer) => plan.models.push((model.id.as_str().into(), scorer)),
            Err(messages) => compiler.findings.extend(messages.into_iter().map(|message| Diagnostic {
                severity: Severity::Error,
                part: Part::Model(model.id.clone()),
                position: None,
                message,
            })),
        }
    }
    tables(document, &mut plan, &mut compiler);
    let rule_scopes = rules(document, &mut plan, &mut compiler);
    for weight in &document.arbitration.context_weights {
        // A broken one is an error, so its place is never asked for.
        let expression = compiler.compile(&weight.when, Use::Keep, Part::Arbitration).unwrap_or(u32::MAX);
        plan.weights.push(PlannedWeight { expression, percent: weight.percent });
    }
    for over in &document.overrides {
        let deny = matches!(over.kind, OverrideKind::Deny(_));
        let when = over.when.as_ref();
        let when = when.map(|text| {
            let part = Part::Override(over.id.clone());
            compiler.compile_for_row(text, Use::Keep, part).unwrap_or(u32::MAX)
        });
        plan.overrides.push(PlannedOverride { from: over.from, until: over.until, deny, when });
    }
    plan.formula = match &document.arbitration.mode {
        Mode::Pcvl => Formula::Pcvl,
        Mode::NetValue => Formula::NetValue,
        Mode::Uplift => Formula::Uplift,
        Mode::GeometricMean { p, c, v, l } => Formula::Geometric([*p, *c, *v, *l]),
        Mode::Expression(text) => {
            let expression = compiler.compile(text, Use::Priority, Part::Arbitration);
            expression.map_or(Formula::Pcvl, Formula::Expression)
        }
    };
    let layers = document.holdouts.iter().map(|holdout| Layer {
        id: holdout.id.as_str().into(),
        salt: holdout.salt.clone(),
        share: holdout.share,
        kind: holdout.kind.clone(),
        unit: holdout.unit,
    });
    plan.layers = layers.collect();
    let inbound = document.channels.iter().filter(|channel| channel.direction == Direction::Inbound);
    plan.inbound = inbound.map(|channel| channel.id.as_str().into()).collect();
    let region = document.zones.region.as_ref();
    plan.region = region.and_then(|name| plan.program.columns().iter().position(|c| c.name == *name));
    plan.contact = contact::Rules::compile(document, &mut compiler);
    for (action, a) in document.actions.iter().zip(0u32..) {
        for (treatment, t) in action.treatments.iter().zip(0u32..) {
            let mut slot = Slot::new(document, Candidate { action: a, treatment: t }, action, treatment);
            slot.attach(document, &plan, &rule_scopes);
            slot.at = u32::try_from(plan.slots.len()).unwrap_or(u32::MAX);
            plan.slots.push(slot);
        }
    }
    order(&mut plan.slots);
    plan.standby = plan.slots.iter().any(|slot| slot.standby);
    choice(document, &mut plan);
    let tables = plan.tables.iter().flatten().flat_map(|table| &table.inputs).map(|input| &input.compiled);
    plan.reads_history = compiler.expressions.iter().chain(tables).any(Compiled::reads_history);
    plan.set = RuleSet::new(&compiler.expressions);
    plan.masked = masked(document, &plan.program);
    plan.context = Some(compiler.context);
    (plan, compiler.findings)
}

/// Compiles the decision tables.
fn tables(document: &Document, plan: &mut Plan, compiler: &mut Compiler) {
    for (position, table) in document.tables.iter().enumerate() {
        let (mut compiled, found) = CompiledTable::compile(table, position, &compiler.context);
        compiler.findings.extend(found);
        if let Some(compiled) = &mut compiled {
            let scores = |at: &usize| plan.models.get(*at).is_some_and(|(_, scorer)| scorer.reads_candidate());
            let table =
                |at: &usize| plan.tables.get(*at).and_then(Option::as_ref).is_some_and(CompiledTable::reads_candidate);
            let reads = compiled.inputs.iter().map(|input| &input.compiled);
            if reads.clone().any(|input| input.models().iter().any(scores) || input.tables().iter().any(table)) {
                compiled.read_candidate();
            }
        }
        plan.tables.push(compiled);
    }
}

/// Compiles the rules; gives the scope of each one planned.
fn rules<'a>(document: &'a Document, plan: &mut Plan, compiler: &mut Compiler) -> Vec<&'a crate::rule::Scope> {
    let mut scopes = Vec::new();
    let mut rules: Vec<_> = (0u32..).zip(&document.rules).collect();
    rules.sort_by_key(|(_, rule)| rule.stage);
    for (at, rule) in rules {
        // A disabled rule is compiled too: a broken rule must show before it is switched on.
        let part = Part::Rule(rule.id.clone());
        let compiled = match rule.stage {
            Stage::Fallback => compiler.compile_for_row(&rule.expr, rule.stage.into(), part),
            stage => compiler.compile(&rule.expr, stage.into(), part),
        };
        if let (Some(expression), true) = (compiled, rule.enabled) {
            let keep_unknown = rule.stage == Stage::Applicability && rule.on_missing == OnMissing::Keep;
            let conditions = OnceLock::new();
            plan.rules.push(PlannedRule { at, stage: rule.stage, keep_unknown, expression, conditions });
            scopes.push(&rule.scope);
        }
    }
    scopes
}

/// The place of each slot by group, action id and treatment id, which decides ties.
fn order(slots: &mut [Slot]) {
    let mut ranks: Vec<usize> = (0..slots.len()).collect();
    let key = |at: &usize| slots.get(*at).map(|slot| (&slot.group, &slot.action, &slot.treatment));
    ranks.sort_by(|a, b| key(a).cmp(&key(b)));
    for (order, at) in (0u32..).zip(ranks) {
        if let Some(slot) = slots.get_mut(at) {
            slot.order = order;
        }
    }
}

/// Slots, bundles, exploration, baseline and fallback ladder.
fn choice(document: &Document, plan: &mut Plan) {
    let find = |action: &str, treatment: &str| {
        let at = plan.slots.iter().position(|s| *s.action == *action && *s.treatment == *treatment)?;
        u32::try_from(at).ok()
    };
    plan.baseline = document.baseline.as_ref().and_then(|rung| find(&rung.action, &rung.treatment));
    let ruled = (0u32..).zip(&plan.rules).filter(|(_, rule)| rule.stage == Stage::Fallback);
    let declared = document.fallback.iter().filter_map(|rung| find(&rung.action, &rung.treatment));
    plan.rungs = ruled.map(|(at, _)| Rung::Rule(at)).chain(declared.map(Rung::Slot)).collect();
    plan.places = usize::try_from(document.slots.count).unwrap_or(1).max(1);
    plan.limits = document.slots.limits.iter().map(|limit| (limit.per, limit.limit)).collect();
    if !plan.limits.iter().any(|(per, _)| *per == Per::Action) {
        plan.limits.push((Per::Action, 1));
    }
    let action = |id: &String| document.actions.iter().position(|a| a.id == *id).and_then(|at| u32::try_from(at).ok());
    let bundles = document.slots.bundles.iter();
    plan.bundles = bundles.map(|bundle| bundle.actions.iter().filter_map(action).collect()).collect();
    plan.exploration = document.exploration.clone();
    let random =
        |kind: &HoldoutKind| matches!(kind, HoldoutKind::ModelControl | HoldoutKind::Ablation(Arm::RandomEligible));
    plan.chance = plan.exploration.is_some() || document.holdouts.iter().any(|holdout| random(&holdout.kind));
}

/// The columns whose value is not to be shown: masked fields, and what the recipe makes of them.
fn masked(document: &Document, program: &Program) -> Vec<bool> {
    let mut masked: Vec<bool> = document.schema.fields.iter().map(|field| field.masked).collect();
    for step in 0..document.recipe.len() {
        let reads = program.reads(step).any(|at| masked.get(at).copied().unwrap_or(false));
        masked.push(reads);
    }
    masked
}
