//! Recommenders as data of a policy. What the policy scores for a subject and an item is what the recommender scores.

use super::calibrate::Calibrated;
use super::interactions::Interactions;
use super::recommender::{Form, Recommender};
use crate::error::{Error, Result};
use attune_policy::model::{Calibration, Cold, Encode, Function, Input, Link, Model, Pair, Shape, Side};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a policy finds what a recommender reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// Field of the subject's name, for factors.
    pub subject: String,
    /// Field of its segment, for popularity in the segment.
    pub segment: String,
    /// Field that lists what it has, for item–item methods.
    pub basket: String,
    /// Stands between two items of the basket.
    pub separator: String,
    /// Fact of the candidate that names the item.
    pub item: String,
}

impl Default for Fields {
    fn default() -> Fields {
        Fields {
            subject: "customer".into(),
            segment: "segment".into(),
            basket: "basket".into(),
            separator: ";".into(),
            item: "action.item".into(),
        }
    }
}

/// The recommender as a model of a policy, called `id`. Items it knows nothing of are left out: they get the fallback, 0. Without
/// `calibrated`, which must be of the same method, its score is a rank score, and its words say so; with it a probability.
///
/// # Errors
/// When the name of an item cannot stand in a basket: it holds the separator, or begins or ends in a blank.
pub fn lower(
    recommender: &Recommender,
    interactions: &Interactions,
    segments: &[Arc<str>],
    fields: &Fields,
    id: &str,
    calibrated: Option<&Calibrated>,
) -> Result<Model> {
    let link = calibrated.map_or(Link::Identity, Calibrated::link);
    let known: Vec<usize> = (0..recommender.known.len()).filter(|item| recommender.known[*item]).collect();
    let names = |of: &[Arc<str>]| of.iter().map(|name| name.to_string()).collect::<Vec<String>>();
    let item_names: Vec<String> = known.iter().map(|item| interactions.items[*item].to_string()).collect();
    let category = |field: &str, categories| Input { field: field.to_owned(), encode: Encode::Category { categories } };
    let share = |item: &usize| recommender.form.bias(recommender.popularity[*item]);
    let (inputs, function) = match &recommender.form {
        Form::Popularity => {
            let shape = Shape { input: 0, scores: known.iter().map(share).collect(), ..Shape::default() };
            let function = Function::Shapes { intercept: 0.0, shapes: vec![shape], pairs: vec![], link };
            (vec![category(&fields.item, item_names)], function)
        }
        Form::Segments(shares) => {
            // Bins of an input: its categories, values of none, missing. An item nobody knows has 0.
            let row = |shares: &[f64]| known.iter().map(|item| shares[*item]).chain([0.0, 0.0]).collect::<Vec<f64>>();
            let mut scores: Vec<Vec<f64>> = shares.iter().map(|shares| row(shares)).collect();
            scores.extend([row(&recommender.popularity), row(&recommender.popularity)]);
            let pair = Pair { inputs: (0, 1), edges: Default::default(), scores };
            let function = Function::Shapes { intercept: 0.0, shapes: vec![], pairs: vec![pair], link };
            (vec![category(&fields.segment, names(segments)), category(&fields.item, item_names)], function)
        }
        Form::Similar(similar) => {
            let mut place = vec![None; recommender.known.len()];
            known.iter().flat_map(|item| &similar.lists[*item]).for_each(|(other, _)| place[*other as usize] = Some(0));
            let held: Vec<usize> = (0..place.len()).filter(|item| place[*item].is_some()).collect();
            held.iter().zip(0..).for_each(|(item, at)| place[*item] = Some(at));
            let items: Vec<String> = held.iter().map(|item| interactions.items[*item].to_string()).collect();
            listable(&items, &fields.separator)?;
            let list = |item: &usize| {
                let list = similar.lists[*item].iter();
                list.filter_map(|(other, x)| Some((place[*other as usize]?, *x))).collect::<Vec<(u32, f64)>>()
            };
            let function = Function::Neighbours {
                bias: 0.0,
                basket: 0,
                item: 1,
                biases: known.iter().map(share).collect(),
                similar: known.iter().map(list).collect(),
                cold: Cold::Biases,
                link,
            };
            let encode = Encode::Items { items, separator: fields.separator.clone() };
            (vec![Input { field: fields.basket.clone(), encode }, category(&fields.item, item_names)], function)
        }
        Form::Factors(factors) => {
            // Who took nothing is unknown, and is answered by popularity.
            let taken = |subject: &usize| factors.subjects[*subject].last().is_some_and(|last| *last != 0.0);
            let subjects: Vec<usize> = (0..factors.subjects.len()).filter(taken).collect();
            let subject_names = subjects.iter().map(|at| interactions.subjects[*at].to_string()).collect();
            let function = Function::Factors {
                bias: 0.0,
                subject: Side::Keyed {
                    input: 0,
                    biases: vec![],
                    factors: subjects.iter().map(|at| factors.subjects[*at].clone()).collect(),
                },
                item: Side::Keyed {
                    input: 1,
                    biases: known.iter().map(share).collect(),
                    factors: known.iter().map(|at| factors.items[*at].clone()).collect(),
                },
                cold: Cold::Biases,
                link,
            };
            (vec![category(&fields.subject, subject_names), category(&fields.item, item_names)], function)
        }
    };
    let cold = match recommender.form {
        Form::Popularity | Form::Segments(_) => "",
        Form::Similar(_) => {
            "; for a subject without a past a thousandth of the share of subjects that took the item stands in for it"
        }
        Form::Factors(_) => {
            "; for a subject nobody knew in training the share of subjects that took the item stands in for it"
        }
    };
    let (kind, target) = match (calibrated, &recommender.form) {
        (Some(calibrated), _) => ("", format!("{}{cold}", calibrated.target())),
        (None, Form::Popularity | Form::Segments(_)) => (
            " (rank score)",
            "share of subjects that ever took the item, a number to rank by, not the probability of taking it now"
                .to_owned(),
        ),
        (None, _) => (
            " (rank score)",
            format!("how well the item fits what the subject took, a number to rank by, not a probability{cold}"),
        ),
    };
    Ok(Model {
        id: id.to_owned(),
        name: format!("Recommendations by {}{kind}", recommender.method.words()),
        target,
        inputs,
        function,
        calibration: calibrated.map_or(Calibration::Identity, |calibrated| calibrated.map.clone()),
        fallback: 0.0,
        ..Model::default()
    })
}

/// What each subject has, in the order of subjects, as the text of a basket that a lowered model reads.
///
/// # Errors
/// When the name of an item cannot stand in a basket.
pub fn lists(interactions: &Interactions, separator: &str) -> Result<Vec<String>> {
    let items: Vec<String> = interactions.items.iter().map(|item| item.to_string()).collect();
    listable(&items, separator)?;
    let baskets = interactions.baskets(None);
    let of = |subject: usize| {
        let held = baskets.basket(subject);
        held.iter().map(|item| items[*item as usize].as_str()).collect::<Vec<&str>>().join(separator)
    };
    Ok((0..interactions.subjects.len()).map(of).collect())
}

/// Refuses names that a list of items cannot hold.
fn listable(items: &[String], separator: &str) -> Result<()> {
    match items.iter().find(|item| item.trim() != **item || item.contains(separator)) {
        Some(item) => {
            Err(Error::new(format!("the item {item:?} cannot be listed in a basket that `{separator}` separates"))
                .hint("choose another separator, or clean the names of items"))
        }
        None => Ok(()),
    }
}
