//! What a condition can speak of: fields, scores and facts of the action, with what is known of their values.

use super::picker::Item;
use crate::widgets::number;
use attune_lab::data::profile::{ColumnProfile, Profile};
use attune_policy::document::Document;
use attune_policy::language::conditions::Subject;
use attune_policy::value::Type;
use egui_material_icons::{MaterialIcon, icons};

/// What is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What it is.
    pub subject: Subject,
    /// As people call it.
    pub name: String,
    /// Type of its values.
    pub type_: Type,
    /// Texts it takes, with how often each was seen.
    pub texts: Vec<(String, Option<u64>)>,
    /// Least and greatest value seen.
    pub range: Option<(f64, f64)>,
    /// Share of rows where it is missing.
    pub missing: Option<f64>,
}

/// Every subject of the policy `whole`, fields first.
pub fn all(whole: &Document, models: &[&str], profile: Option<&Profile>) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    for field in &whole.schema.fields {
        let column = profile.and_then(|p| p.columns.iter().find(|c| c.name == field.name));
        known.push(Known {
            subject: Subject::Field(field.name.clone()),
            name: field.source.clone(),
            type_: field.type_,
            texts: texts(&field.categories, column),
            range: column.and_then(|c| Some((c.min?, c.max?))),
            missing: column.zip(profile).map(|(c, p)| c.missing as f64 / p.rows.max(1) as f64),
        });
    }
    for step in &whole.recipe {
        known.push(Known {
            subject: Subject::Field(step.output.clone()),
            name: step.output.clone(),
            type_: recipe_type(whole, step),
            texts: recipe_texts(step),
            range: None,
            missing: None,
        });
    }
    for id in models {
        let name =
            whole.models.iter().find(|m| m.id == *id).map_or(*id, |m| if m.name.is_empty() { id } else { &m.name });
        known.push(Known {
            subject: Subject::Score((*id).to_owned()),
            name: format!("{name} score"),
            type_: Type::Number,
            texts: Vec::new(),
            range: Some((0.0, 1.0)),
            missing: None,
        });
    }
    known.extend(facts(whole));
    known
}

fn texts(categories: &[String], column: Option<&ColumnProfile>) -> Vec<(String, Option<u64>)> {
    let count = |text: &str| column.and_then(|c| c.top.iter().find(|(t, _)| t == text)).map(|(_, n)| *n);
    let mut texts: Vec<(String, Option<u64>)> = categories.iter().map(|c| (c.clone(), count(c))).collect();
    if texts.is_empty()
        && let Some(column) = column.filter(|c| c.type_ == Type::Text)
    {
        texts.extend(column.top.iter().map(|(text, n)| (text.clone(), Some(*n))));
    }
    texts
}

/// Type of a step's output: what its operation makes of its input's type; a formula's comes from compiling the recipe.
fn recipe_type(whole: &Document, step: &attune_policy::recipe::Step) -> Type {
    let input = || whole.schema.field(&step.input).map(|field| field.type_);
    let compiled = || {
        let program = attune_policy::recipe::Program::compile(&whole.recipe, &whole.schema).ok()?;
        program.columns().iter().find(|column| column.name == step.output).map(|column| column.type_)
    };
    input().and_then(|input| step.op.output(input)).or_else(compiled).unwrap_or(Type::Number)
}

fn recipe_texts(step: &attune_policy::recipe::Step) -> Vec<(String, Option<u64>)> {
    match &step.op {
        attune_policy::recipe::Op::Bucket { labels, .. } => labels.iter().map(|l| (l.clone(), None)).collect(),
        _ => Vec::new(),
    }
}

/// The facts that every action has.
fn facts(whole: &Document) -> Vec<Known> {
    let fact = |name: &str, texts: Vec<String>| Known {
        subject: Subject::Fact(name.to_owned()),
        name: format!("action {name}"),
        type_: Type::Text,
        texts: texts.into_iter().map(|t| (t, None)).collect(),
        range: None,
        missing: None,
    };
    let actions = || whole.actions.iter();
    let treatments = || actions().flat_map(|a| &a.treatments);
    let unique = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        texts
    };
    vec![
        fact("id", actions().map(|a| a.id.clone()).collect()),
        fact("group", whole.issues.iter().flat_map(|i| &i.groups).map(|g| g.id.clone()).collect()),
        fact("issue", whole.issues.iter().map(|i| i.id.clone()).collect()),
        fact("channel", whole.channels.iter().map(|c| c.id.clone()).collect()),
        fact("treatment", unique(treatments().map(|t| t.id.clone()).collect())),
    ]
}

impl Known {
    /// Its line in a picker.
    pub fn item(&self) -> Item {
        let mut detail = match self.subject {
            Subject::Score(_) => "score".to_owned(),
            _ => self.type_.to_string(),
        };
        if let Some(missing) = self.missing.filter(|m| *m > 0.0) {
            detail += &format!(" · {} missing", number::percent(missing, 1));
        }
        let group = match self.subject {
            Subject::Field(_) => "Fields",
            Subject::Score(_) => "Scores",
            Subject::Fact(_) => "The action",
        };
        Item { icon: self.icon(), name: self.name.clone(), detail, group }
    }

    /// Sign of its type.
    pub fn icon(&self) -> MaterialIcon {
        match (&self.subject, self.type_) {
            (Subject::Score(_), _) => icons::ICON_INSIGHTS,
            (Subject::Fact(_), _) => icons::ICON_CAMPAIGN,
            (_, Type::Bool) => icons::ICON_TOGGLE_ON,
            (_, Type::Integer | Type::Number) => icons::ICON_TAG,
            (_, Type::Text) => icons::ICON_SHORT_TEXT,
            (_, Type::Time) => icons::ICON_SCHEDULE,
        }
    }
}
