//! The search for a policy tree, from end to end.

use super::assess::{Assessor, Budget, Decided, arms_of};
use super::exact::DEEPEST;
use super::frame::{Candidate, Frame, Gate};
use super::limits::{Limit, lifted, limits};
use super::matrix::{Resource, ScoreMatrix};
use super::predictors::Predictors;
use super::prune::pruned;
use super::report::{DepthValue, LeafReport, ProposedRule, TreeProposal};
use super::scores::{Scored, scores};
use super::stage::Ground;
use super::tree::{Leaf, Node};
use super::within::{Priced, depths, within};
use super::{MOST_UNLOGGED, SearchOptions};
use crate::data::{Dataset, Roles};
use crate::error::{Error, Result};
use crate::simulate::Other;
use crate::simulate::log::NO_ARM;
use crate::simulate::replay::Replay;
use crate::simulate::run::compile;
use crate::simulate::support::support;
use crate::task::Task;
use attune_policy::Policy;
use attune_policy::document::Document;
use attune_policy::language::conditions::{Conditions, Join};
use attune_policy::rule::Scope;

/// Columns whose pairs are all searched; of more, those that tell most by themselves.
const MOST_COLUMNS: usize = 40;

/// A tree that was found: the report, and the policy it makes.
#[derive(Clone, Debug)]
pub struct FoundTree {
    /// What was found, and how sure it is.
    pub proposal: TreeProposal,
    /// The current policy with the tree's rules; a policy of its own, whatever the verdict.
    pub document: Document,
}

/// Something that may be done in a leaf.
struct Choice {
    /// Position among the frame's candidates; `None` for no action.
    candidate: Option<usize>,
    /// Arm that the engine makes of it, by row of the dataset: guards, holdouts and the caps of each subject have had their say.
    arm: Vec<u16>,
}

/// Searches for the policy tree of at most `options.depth` splits on a way that brings most within the budgets, and values it against
/// `current` (and `others`) on rows that had no part in it.
///
/// The tree chooses among no action and the policy's actions that were logged; where a guard, a holdout or a cap forbids its choice,
/// nothing is done. The policy's own budgets, stocks and caps over everybody are kept as budgets are: a tree may use so much of them per
/// decision. In the end every policy decides all rows with all of them on. A leaf gets a choice only if the log supports it there ([`SearchOptions::least_support`]). The same
/// arguments give the same proposal on any number of threads.
///
/// # Errors
/// When the log cannot be read or has nothing to choose by, no choice has support within the budgets, or the task is cancelled.
pub fn tree(
    current: &Policy,
    others: &[Other<'_>],
    dataset: &Dataset,
    roles: &Roles,
    options: &SearchOptions,
    task: &Task,
) -> Result<FoundTree> {
    task.stage("Reading the log")?;
    let depth = options.depth;
    if depth > DEEPEST {
        return Err(Error::new(format!("a tree of depth {depth} is more than people read"))
            .hint(format!("ask for a depth from 0 to {DEEPEST}")));
    }
    let ground = Ground::new(current, dataset, roles, options, task)?;
    let frame = Frame::new(current.document(), &ground.log, &options.keep);
    let costs = frame.costs(ground.log.arms.len());
    let mut notes = ground.log.findings.clone();
    let mut asked = Predictors::new(dataset, roles, &ground.learn, &options.columns, options.cuts)?;
    let choices = choices(&ground, &frame, &mut notes, task)?;
    let budgets = budgets(&ground, &costs, options)?;
    let reward = ground.rewards(options.objective, &costs);
    let [learned, held_out] = scores(&ground, &reward, task)?;

    // Everything below speaks of positions among the rows learned from.
    let own = binding(limits(&ground, current)?, &ground, &choices);
    notes.extend(own.iter().map(|limit| {
        format!(
            "{} binds: the tree may use {:.4} of it per decision, a mean over the log; the policies below were decided with it on, in order \
             of time",
            limit.what, limit.limit
        )
    }));
    let matrix = matrix(&ground, &learned, &choices, &budgets, &own);
    let binned = |asked: &Predictors| asked.binned.iter().map(|b| b.select(&ground.learn)).collect::<Vec<_>>();
    let rows: Vec<u32> = (0..ground.learn.len() as u32).collect();
    let mut columns = binned(&asked);
    if columns.len() > MOST_COLUMNS {
        task.stage("Choosing the columns that tell most")?;
        let best = strongest(&columns, &matrix, &rows, options.least_support, task)?;
        notes.push(format!(
            "{} of {} columns were asked: those that tell most by themselves",
            best.len(),
            columns.len()
        ));
        asked.retain(&best);
        columns = binned(&asked);
    }
    notes.append(&mut asked.notes);
    task.stage(&format!("Trees of depth 0 to {depth}, cross-validated"))?;
    let (chosen, tried) = depths(&columns, &matrix, &rows, &ground.part, depth, options.least_support, task)?;
    task.stage(&format!("The tree of depth {chosen}"))?;
    let least = options.least_support;
    let nothing = || Error::new("no tree keeps the budgets and is supported by the log").hint("widen the budgets");
    let best = |depth: usize| -> Result<Option<Priced>> {
        let found = within(&columns, &matrix, &rows, depth, least, task)?;
        Ok(found.map(|found| pruned(found, &columns, &matrix, &rows, least)))
    };
    let Priced { tree, price } = best(chosen)?.ok_or_else(nothing)?;

    let emit = |tree: &Node| Emitted::new(tree, &asked, &choices, &frame, &ground, current);
    let proposed = emit(&tree);
    let mut policies = Vec::new();
    let mut decide = |name: &str, policy: &Policy| -> Result<()> {
        task.stage(&format!("Deciding all rows with {name}"))?;
        policies.push(Decided { name: name.to_owned(), replay: ground.decide(policy, task)? });
        Ok(())
    };
    decide("the proposal", &compile(proposed.document.clone())?)?;
    decide("the current policy", current)?;
    for (shallower, name) in [(1, "the best rule of one split"), (0, "the best choice for all")] {
        if tree.depth() > shallower
            && let Some(other) = best(shallower)?
        {
            decide(name, &compile(emit(&other.tree).document)?)?;
        }
    }
    for other in others {
        decide(other.name, other.policy)?;
    }

    let assessor = Assessor::new(&ground, (&learned, &held_out), &costs, options, task);
    let mut trial = ground.trial(options.objective, notes);
    assessor.assess(&policies, &budgets, &mut trial, task)?;
    trial.notes.push(super::ASKED_ONCE.into());
    let of_proposal = |scored: &Scored| arms_of(&policies[0].replay, &scored.rows);
    let (on_learned, on_held_out) = (of_proposal(&learned), of_proposal(&held_out));
    let told = |limit: &Limit| limit.told(&ground.log, (&learned, &on_learned), (&held_out, &on_held_out));
    trial.budgets.extend(own.iter().map(told));
    let effective = effective(&tree, &asked, &choices, &held_out.rows);
    let engine = arms_of(&policies[0].replay, &held_out.rows);
    let leaves = tree.leaves();
    let leaves =
        leaves.iter().map(|leaf| report(leaf, &asked, &choices, &frame, &matrix, &columns, &assessor, current));
    let limited: Vec<f64> = budgets.iter().map(|b| b.limit).chain(own.iter().map(|limit| limit.limit)).collect();
    let proposal = TreeProposal {
        deepest: depth,
        depth: tree.depth(),
        depths: tried.iter().map(|d| DepthValue { depth: d.depth, value: d.value, se: d.se }).collect(),
        // A price is that of the whole budget; of several budgets it is nobody's own.
        price: match limited.as_slice() {
            [limit] if price > 0.0 && *limit > 0.0 => Some(price / limit),
            _ => None,
        },
        leaves: leaves.collect(),
        rules: proposed.rules,
        columns: asked.columns.iter().map(|column| column.field.clone()).collect(),
        kept: frame.kept.clone(),
        dropped: frame.dropped.clone(),
        as_the_tree: engine.iter().zip(&effective).filter(|(a, b)| a == b).count() as u64,
        trial,
    };
    Ok(FoundTree { proposal, document: proposed.document })
}

/// What may be done in a leaf, and what the engine makes of it for every row: no action first, then the candidates that were logged.
fn choices(ground: &Ground<'_>, frame: &Frame, notes: &mut Vec<String>, task: &Task) -> Result<Vec<Choice>> {
    let shut = |open: Option<usize>| -> Document {
        let gate = |at| if Some(at) == open { Gate::Open } else { Gate::Closed("not asked") };
        frame.with(&(0..frame.candidates.len()).map(gate).collect::<Vec<_>>())
    };
    let mut choices = Vec::new();
    let wanted = std::iter::once(None).chain((0..frame.candidates.len()).map(Some));
    for candidate in wanted {
        let name = candidate.map_or("no action", |at| frame.candidates[at].name.as_str());
        if candidate.is_some_and(|at| frame.candidates[at].arm == NO_ARM) {
            notes.push(format!("{name} was never logged: nobody can say what it would bring, and it is not proposed"));
            continue;
        }
        task.stage(&format!("Whom guards and caps let have {name}"))?;
        let open = shut(candidate);
        let (_, replay) = ground.decide_document(if ground.timed() { lifted(&open) } else { open }, task)?;
        let mut arm = by_row(&replay, ground.dataset.rows());
        if ground.log.eligible.is_some() {
            // Where an arm was not eligible the log says no more of it than of one that it never took.
            let barred = arm.iter_mut().enumerate().filter(|(row, arm)| !ground.log.allows(*row, **arm));
            barred.for_each(|(_, arm)| *arm = NO_ARM);
        }
        let known = |arms: &[u16]| arms.iter().filter(|arm| **arm != NO_ARM).count();
        let barred = known(&replay.arm) > known(&arm);
        let unlogged = ground.learn.iter().filter(|row| arm[**row as usize] == NO_ARM).count();
        if unlogged as f64 > MOST_UNLOGGED * ground.learn.len() as f64 {
            notes.push(match candidate {
                None => "no action was never logged: everybody gets something".into(),
                Some(_) if barred => format!(
                    "{name} is not proposed: the log says nothing of it in the {unlogged} of {} rows in which it was not eligible; a rule of \
                     the stage eligibility that says where it is possible lets it be proposed there",
                    ground.learn.len()
                ),
                Some(_) => {
                    format!("{name} is not proposed: the log does not say what becomes of those whom it is kept from")
                }
            });
            continue;
        }
        choices.push(Choice { candidate, arm });
    }
    if choices.len() < 2 {
        return Err(Error::new("there is nothing to choose from: fewer than two of the policy's choices were logged")
            .hint("map the values of the action column to the policy's actions under roles"));
    }
    Ok(choices)
}

/// The arm chosen for each row of the dataset.
fn by_row(replay: &Replay, rows: usize) -> Vec<u16> {
    let mut arms = vec![NO_ARM; rows];
    replay.rows.iter().zip(&replay.arm).for_each(|(row, arm)| arms[*row as usize] = *arm);
    arms
}

/// The budgets, with what every arm uses of them.
pub(super) fn budgets(ground: &Ground<'_>, costs: &[f64], options: &SearchOptions) -> Result<Vec<Budget>> {
    let positive = |limit: f64, what: &str, most: f64| match limit > 0.0 && limit <= most {
        true => Ok(limit),
        false => Err(Error::new(format!("{what} of {limit} is no budget"))
            .hint(format!("give a number above 0, at most {most}"))),
    };
    let none = ground.log.no_action();
    let mut budgets = Vec::new();
    if let Some(limit) = options.contacts {
        let uses = (0..costs.len()).map(|arm| f64::from(u8::from(arm != usize::from(none)))).collect();
        let limit = positive(limit, "a share of decisions with an action", 1.0)?;
        budgets.push(Budget { what: "share of decisions with an action".into(), limit, uses });
    }
    if let Some(limit) = options.cost {
        let limit = positive(limit, "a cost per decision", f64::MAX)?;
        budgets.push(Budget { what: "cost per decision".into(), limit, uses: costs.to_vec() });
    }
    Ok(budgets)
}

/// Those limits that some tree could exceed on the rows learned from.
fn binding(limits: Vec<Limit>, ground: &Ground<'_>, choices: &[Choice]) -> Vec<Limit> {
    let most = |limit: &Limit, row: usize| {
        choices.iter().map(|choice| limit.used(&ground.log, row, choice.arm[row])).fold(0.0, f64::max)
    };
    let could = |limit: &Limit| {
        let used: f64 = ground.learn.iter().map(|row| most(limit, *row as usize)).sum();
        used > limit.limit * ground.learn.len() as f64
    };
    limits.into_iter().filter(could).collect()
}

/// Scores, weights and uses of the choices on the rows learned from; the uses of budgets first, then those of the policy's own limits.
fn matrix(ground: &Ground<'_>, learned: &Scored, choices: &[Choice], budgets: &[Budget], own: &[Limit]) -> ScoreMatrix {
    let cells = learned.rows.len() * choices.len();
    let (mut values, mut weights) = (Vec::with_capacity(cells), Vec::with_capacity(cells));
    let mut uses = vec![Vec::with_capacity(cells); budgets.len() + own.len()];
    for (at, row) in learned.rows.iter().map(|row| *row as usize).enumerate() {
        for choice in choices {
            let arm = choice.arm[row];
            // Of few rows nobody knows what would be done: no reason to choose it, none not to.
            let known = arm != NO_ARM;
            values.push(if known { learned.of(at, arm) } else { 0.0 });
            weights.push(if known && arm == ground.log.arm[row] { 1.0 / ground.log.propensity[row] } else { 0.0 });
            let (asked, kept) = uses.split_at_mut(budgets.len());
            for (uses, budget) in asked.iter_mut().zip(budgets) {
                uses.push(if known { budget.uses[usize::from(arm)] } else { 0.0 });
            }
            for (uses, limit) in kept.iter_mut().zip(own) {
                uses.push(limit.used(&ground.log, row, arm));
            }
        }
    }
    let limits = budgets.iter().map(|budget| budget.limit).chain(own.iter().map(|limit| limit.limit));
    let resources = uses.into_iter().zip(limits).map(|(uses, limit)| Resource { uses, limit }).collect();
    ScoreMatrix::new(choices.len(), &values, &weights, resources)
}

/// Positions, ascending, of the columns whose best single split brings most.
fn strongest(
    columns: &[super::tree::Binned],
    matrix: &ScoreMatrix,
    rows: &[u32],
    least: f64,
    task: &Task,
) -> Result<Vec<usize>> {
    let mut gains = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        task.tick(at as f32 / columns.len() as f32)?;
        let own = std::slice::from_ref(column);
        let found = super::exact::Learner::new(own, matrix, rows, least).tree(1, 0.0, task)?;
        let value = |tree: Node| -> f64 {
            rows.iter().map(|row| matrix.value(*row, tree.choose(own, *row).unwrap_or(0))).sum()
        };
        gains.push((found.map_or(f64::NEG_INFINITY, value), at));
    }
    gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut best: Vec<usize> = gains.into_iter().take(MOST_COLUMNS).map(|(_, at)| at).collect();
    best.sort_unstable();
    Ok(best)
}

/// The arm that the tree means for some rows of the dataset, guards and holdouts granted.
fn effective(tree: &Node, asked: &Predictors, choices: &[Choice], rows: &[u32]) -> Vec<u16> {
    let none = choices.iter().position(|choice| choice.candidate.is_none());
    rows.iter()
        .map(|row| match tree.choose(&asked.binned, *row).or(none) {
            Some(choice) => choices[choice].arm[*row as usize],
            None => NO_ARM,
        })
        .collect()
}

/// A tree as a policy.
struct Emitted {
    document: Document,
    rules: Vec<ProposedRule>,
}

impl Emitted {
    fn new(
        tree: &Node,
        asked: &Predictors,
        choices: &[Choice],
        frame: &Frame,
        ground: &Ground<'_>,
        current: &Policy,
    ) -> Emitted {
        let leaves = tree.leaves();
        let schema = &current.document().schema;
        let gate = |at: usize, candidate: &Candidate| {
            let own: Vec<&Leaf> = leaves.iter().filter(|leaf| choices[leaf.choice].candidate == Some(at)).collect();
            if own.is_empty() {
                let logged = candidate.arm != NO_ARM;
                return Gate::Closed(if logged { "No leaf of the tree gives it." } else { "It was never logged." });
            }
            if own.len() == leaves.len() {
                return Gate::Open;
            }
            let conditions: Vec<Conditions> = own.iter().map(|leaf| asked.conditions(leaf)).collect();
            let n: usize =
                own.iter().map(|leaf| ground.learn.iter().filter(|row| leaf.holds(&asked.binned, **row)).count()).sum();
            let words: Vec<String> = conditions.iter().map(|c| c.sentence(schema)).collect();
            let note = format!("Found by a search over {} rows, {n} of which it speaks of.", ground.learn.len());
            Gate::When(any(&conditions), words.join("; or "), note)
        };
        let gates: Vec<Gate> = frame.candidates.iter().enumerate().map(|(at, c)| gate(at, c)).collect();
        let document = Document {
            name: format!("{} (proposed)", crate::simulate::run::title(current.document())),
            ..frame.with(&gates)
        };
        let shut = gates.iter().filter(|gate| **gate != Gate::Open).count();
        let rules = document.rules[document.rules.len() - shut..]
            .iter()
            .map(|rule| {
                let (action, treatment) = match &rule.scope {
                    Scope::Action(action) => (action.clone(), String::new()),
                    Scope::Treatment(action, treatment) => (action.clone(), treatment.clone()),
                    _ => Default::default(),
                };
                let (id, name) = (rule.id.clone(), rule.name.clone());
                ProposedRule { id, name, action, treatment, expr: rule.expr.clone(), note: rule.note.clone() }
            })
            .collect();
        Emitted { document, rules }
    }
}

/// Conditions of which one must hold, as Rhai.
fn any(all: &[Conditions]) -> String {
    match all {
        [one] => one.to_expr(),
        several => {
            let part = |conditions: &Conditions| {
                let loose = conditions.items.len() > 1 && conditions.join == Join::All;
                if loose { format!("({})", conditions.to_expr()) } else { conditions.to_expr() }
            };
            several.iter().map(part).collect::<Vec<_>>().join(" || ")
        }
    }
}

/// A leaf: its condition, its support on both parts, and its value on the held-out one.
fn report(
    leaf: &Leaf,
    asked: &Predictors,
    choices: &[Choice],
    frame: &Frame,
    matrix: &ScoreMatrix,
    columns: &[super::tree::Binned],
    assessor: &Assessor<'_>,
    current: &Policy,
) -> LeafReport {
    let conditions = asked.conditions(leaf);
    let choice = &choices[leaf.choice];
    let inside: Vec<u32> = (0..matrix.rows() as u32).filter(|at| leaf.holds(columns, *at)).collect();
    let weights: Vec<f64> = inside.iter().map(|at| matrix.weight(*at, leaf.choice)).collect();
    let none = choices.iter().find(|choice| choice.candidate.is_none());
    let rows = &assessor.held_out.rows;
    let (mut values, mut effects, mut held) = (vec![f64::NAN; rows.len()], vec![f64::NAN; rows.len()], Vec::new());
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| leaf.holds(&asked.binned, **row)) {
        let arm = choice.arm[*row as usize];
        let logged = assessor.log.arm[*row as usize];
        held.push(if arm == logged { 1.0 / assessor.log.propensity[*row as usize] } else { 0.0 });
        if arm == NO_ARM {
            continue;
        }
        values[at] = assessor.held_out.of(at, arm);
        if let Some(none) = none.map(|none| none.arm[*row as usize]).filter(|none| *none != NO_ARM) {
            effects[at] = values[at] - assessor.held_out.of(at, none);
        }
    }
    let candidate = choice.candidate.map(|at| &frame.candidates[at]);
    LeafReport {
        expr: conditions.to_expr(),
        words: conditions.sentence(&current.document().schema),
        action: candidate.map_or("NoAction".into(), |c| c.action.clone()),
        treatment: candidate.map_or(String::new(), |c| c.treatment.clone()),
        name: candidate.map_or("no action".into(), |c| c.name.clone()),
        learned: inside.len() as u64,
        learned_ess: support(&weights, 0).effective_sample_size,
        n: held.len() as u64,
        share: held.len() as f64 / rows.len().max(1) as f64,
        ess: support(&held, 0).effective_sample_size,
        value: assessor.mean(&values),
        effect: if choice.candidate.is_some() && none.is_some() { assessor.mean(&effects) } else { None },
    }
}
