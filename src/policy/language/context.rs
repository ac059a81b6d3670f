//! What the names in a rule mean: the variables, models, actions and facts of one policy.

use crate::action::{Action, Direction, Treatment};
use crate::decision::Candidate;
use crate::document::Document;
use crate::model::{CANDIDATE, Model};
use crate::recipe::{Op, Program};
use crate::table::{HitPolicy, Table};
use crate::value::{Type, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The names of a policy, for compiling, checking and completing its expressions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) names: Arc<Names>,
}

/// A variable of rules: a field of the request or an output of the recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Rhai identifier.
    pub name: String,
    /// The column's name in the source, or the recipe's input.
    pub source: String,
    /// Type of its values.
    pub type_: Type,
    /// The values a text variable is known to take; empty when they are not listed.
    pub categories: Vec<String>,
}

/// The names of a policy, resolved.
#[derive(Debug, Default)]
pub struct Names {
    /// Fields, then recipe outputs: positions are those of `Env::field`.
    pub variables: Vec<Variable>,
    by_name: HashMap<String, usize>,
    /// Model ids in document order.
    pub models: Vec<String>,
    /// Of each model, whether its score can differ between the candidates of a request.
    pub candidate_models: Vec<bool>,
    /// Decision tables in document order.
    pub tables: Vec<NamedTable>,
    /// Names under `action.`.
    pub facts: Vec<Fact>,
    /// Position of the first candidate of each action in [`Fact::values`].
    first_candidate: Vec<usize>,
    /// Action ids in document order.
    pub actions: Vec<String>,
    /// Action, group and issue ids, which `outcomes` counts.
    pub targets: Vec<String>,
    /// Channel ids.
    pub channels: Vec<String>,
    /// Ids of the channels on which the subject comes to us.
    pub inbound: Vec<String>,
    /// Operations that one evaluation in the interpreter may take.
    pub operations: u64,
}

/// A decision table as `table("id")` sees it.
#[derive(Debug)]
pub struct NamedTable {
    pub id: String,
    /// Type of what it gives.
    pub output: Type,
    /// Whether what it gives can differ between the candidates of a request.
    pub reads_candidate: bool,
}

/// A fact of the candidate: `action.name`.
#[derive(Debug)]
pub struct Fact {
    /// Name after `action.`.
    pub name: String,
    /// What it says.
    pub help: &'static str,
    /// Type, `None` when actions disagree about it.
    pub type_: Option<Type>,
    /// The texts it is known to take.
    pub categories: Vec<String>,
    /// Its value per candidate, in document order.
    pub values: Vec<Value>,
}

impl Context {
    /// The names of `document`. Never fails: what is wrong with the document itself is for the document's own checks.
    pub fn new(document: &Document) -> Context {
        let mut names = Names { variables: variables(document), ..Names::default() };
        for (i, variable) in names.variables.iter().enumerate() {
            names.by_name.entry(variable.name.clone()).or_insert(i);
        }
        names.models = document.models.iter().map(|m| m.id.clone()).collect();
        names.candidate_models = document.models.iter().map(reads_candidate).collect();
        names.tables = document.tables.iter().map(named_table).collect();
        names.channels = document.channels.iter().map(|c| c.id.clone()).collect();
        let inbound = document.channels.iter().filter(|c| c.direction == Direction::Inbound);
        names.inbound = inbound.map(|c| c.id.clone()).collect();
        names.operations = document.limits.operations();
        let groups = document.issues.iter().flat_map(|i| i.groups.iter().map(|g| g.id.clone()));
        let issues = document.issues.iter().map(|i| i.id.clone());
        names.targets = document.actions.iter().map(|a| a.id.clone()).chain(groups).chain(issues).collect();
        names.actions = document.actions.iter().map(|a| a.id.clone()).collect();
        names.facts = facts(document);
        let mut first = 0;
        for action in &document.actions {
            names.first_candidate.push(first);
            first += action.treatments.len();
        }
        Context { names: Arc::new(names) }
    }

    /// The names of these variables alone: what an expression over one row sees. Their positions are those of `variables`.
    pub fn of_variables(variables: Vec<Variable>) -> Context {
        let mut names = Names { variables, ..Names::default() };
        for (i, variable) in names.variables.iter().enumerate() {
            names.by_name.entry(variable.name.clone()).or_insert(i);
        }
        Context { names: Arc::new(names) }
    }

    /// The variables: fields in order of the schema, then outputs of the recipe.
    pub fn variables(&self) -> &[Variable] {
        &self.names.variables
    }

    /// The facts of candidates as models read them, in their positions.
    pub(crate) fn facts(&self) -> Vec<crate::model::Fact> {
        let facts = self.names.facts.iter();
        let typed = |fact: &Fact| crate::model::Fact { name: fact.name.clone(), type_: fact.type_ };
        facts.map(typed).collect()
    }

    /// The fact at a position, for a candidate.
    pub(crate) fn fact_at(&self, index: usize, candidate: Candidate) -> &Value {
        self.names.fact_value(index, candidate)
    }

    /// The name of the fact at a position, without `action.`.
    pub(crate) fn fact_name(&self, index: usize) -> &str {
        self.names.facts.get(index).map_or("", |fact| &fact.name)
    }

    /// The fact `action.name` of a candidate; unknown when there is none.
    pub fn fact(&self, name: &str, candidate: Candidate) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        self.names.fact(name).map_or(&UNKNOWN, |fact| self.names.fact_value(fact, candidate))
    }

    /// Model ids in document order.
    pub fn models(&self) -> &[String] {
        &self.names.models
    }

    /// Ids of the decision tables in document order.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.names.tables.iter().map(|table| table.id.as_str())
    }
}

fn reads_candidate(model: &Model) -> bool {
    model.inputs.iter().any(|input| input.field.starts_with(CANDIDATE))
}

fn named_table(table: &Table) -> NamedTable {
    NamedTable {
        id: table.id.clone(),
        output: if table.hit == HitPolicy::Count { Type::Integer } else { table.output },
        // An input that names another table or a model may read the candidate through it.
        reads_candidate: table.inputs.iter().any(|i| ["action", "table", "score"].iter().any(|word| i.contains(word))),
    }
}

impl Names {
    /// Position of the variable called `name`.
    pub fn variable(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Position of the fact called `action.name`.
    pub fn fact(&self, name: &str) -> Option<usize> {
        self.facts.iter().position(|f| f.name == name)
    }

    /// Value of a fact for a candidate; unknown for a candidate the document does not have.
    pub fn fact_value(&self, fact: usize, candidate: Candidate) -> &Value {
        static UNKNOWN: Value = Value::Unknown;
        let first = usize::try_from(candidate.action).ok().and_then(|a| self.first_candidate.get(a));
        let at = first.and_then(|first| first.checked_add(usize::try_from(candidate.treatment).ok()?));
        let value = at.and_then(|at| self.facts.get(fact)?.values.get(at));
        value.unwrap_or(&UNKNOWN)
    }
}

fn variables(document: &Document) -> Vec<Variable> {
    let mut variables: Vec<Variable> = document
        .schema
        .fields
        .iter()
        .map(|f| Variable {
            name: f.name.clone(),
            source: f.source.clone(),
            type_: f.type_,
            categories: f.categories.clone(),
        })
        .collect();
    let (program, _) = Program::lenient(&document.recipe, &document.schema);
    let outputs = program.columns().iter().skip(variables.len()).map(|column| column.type_).collect::<Vec<_>>();
    for (step, type_) in document.recipe.iter().zip(outputs) {
        let input = variables.iter().find(|v| v.name == step.input);
        let categories = match &step.op {
            Op::Impute(value) => {
                let mut categories = input.map_or(Vec::new(), |v| v.categories.clone());
                if let (Some(text), false) = (value.as_text(), categories.is_empty())
                    && !categories.iter().any(|c| c == text)
                {
                    categories.push(text.to_owned());
                }
                categories
            }
            Op::Bucket { labels, .. } => labels.clone(),
            _ => Vec::new(),
        };
        let source = match &step.op {
            Op::Formula(text) => text.clone(),
            _ => step.input.clone(),
        };
        variables.push(Variable { name: step.output.clone(), source, type_, categories });
    }
    variables
}

/// The facts every action has, and what each says.
pub const FIXED: [(&str, &str); 9] = [
    ("id", "id of the action"),
    ("name", "name of the action"),
    ("group", "group of the action"),
    ("issue", "issue of the action"),
    ("channel", "channel of the treatment"),
    ("treatment", "id of the treatment"),
    ("value", "worth of the outcome, in money or points"),
    ("cost", "cost of doing it, in the unit of the value"),
    ("weight", "lever of the action in percent"),
];

fn facts(document: &Document) -> Vec<Fact> {
    let issue_of = |group: &str| {
        document
            .issues
            .iter()
            .find(|i| i.groups.iter().any(|g| g.id == group))
            .map_or(Value::Unknown, |i| Value::text(i.id.as_str()))
    };
    let candidates = || document.actions.iter().flat_map(|a| a.treatments.iter().map(move |t| (a, t)));
    let fixed = FIXED.iter().map(|&(name, help)| {
        let values: Vec<Value> = candidates()
            .map(|(a, t)| match name {
                "id" => Value::text(a.id.as_str()),
                "name" => Value::text(a.name.as_str()),
                "group" => Value::text(a.group.as_str()),
                "issue" => issue_of(&a.group),
                "channel" => Value::text(t.channel.as_str()),
                "treatment" => Value::text(t.id.as_str()),
                "value" => Value::number(t.value.unwrap_or(a.value)),
                "cost" => Value::number(t.cost.unwrap_or(a.cost)),
                _ => Value::number(a.weight),
            })
            .collect();
        let number = matches!(name, "value" | "cost" | "weight");
        let mut categories = texts(&values);
        if name == "channel" {
            categories.extend(document.channels.iter().map(|c| c.id.clone()));
            categories.sort_unstable();
            categories.dedup();
        }
        Fact {
            name: name.to_owned(),
            help,
            type_: Some(if number { Type::Number } else { Type::Text }),
            categories: if name == "name" { Vec::new() } else { categories },
            values,
        }
    });
    // Those of a treatment win over the action's of the same name.
    let attributes: BTreeSet<&str> =
        candidates().flat_map(|(a, t)| a.attributes.keys().chain(t.attributes.keys())).map(String::as_str).collect();
    let own = attributes.into_iter().filter(|name| !FIXED.iter().any(|(f, _)| f == name)).map(|name| {
        let value = |(a, t): (&Action, &Treatment)| t.attributes.get(name).or(a.attributes.get(name)).cloned();
        let values: Vec<Value> = candidates().map(|candidate| value(candidate).unwrap_or_default()).collect();
        let types: BTreeSet<Type> = values.iter().filter_map(Value::type_of).collect();
        let type_ = match types.iter().copied().collect::<Vec<_>>().as_slice() {
            [one] => Some(*one),
            [Type::Integer, Type::Number] => Some(Type::Number),
            _ => None,
        };
        Fact { name: name.to_owned(), help: "attribute of the action", type_, categories: texts(&values), values }
    });
    fixed.chain(own).collect()
}

fn texts(values: &[Value]) -> Vec<String> {
    let set: BTreeSet<&str> = values.iter().filter_map(Value::as_text).collect();
    set.into_iter().map(str::to_owned).collect()
}
