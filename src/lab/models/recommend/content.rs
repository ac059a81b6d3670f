//! Items by what they are: words and attributes, compared by the cosine of TF-IDF weights.
//!
//! Definitions are scikit-learn's (`TfidfVectorizer`): term frequency times `ln((1 + n)/(1 + df)) + 1`, then length 1.

use super::recommender::strongest;
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of each item: words or `column=value`, each with how often it is said. Items without any are unknown to
/// content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    /// Per item.
    pub items: Vec<BTreeMap<Arc<str>, u32>>,
}

impl Attributes {
    /// Whether anything is known of an item.
    pub fn knows(&self, item: usize) -> bool {
        self.items.get(item).is_some_and(|tokens| !tokens.is_empty())
    }

    /// Unit vectors of TF-IDF weights, ascending by token; tokens by their place in alphabetical order.
    pub(super) fn vectors(&self) -> (usize, Vec<Vec<(u32, f64)>>) {
        let mut frequency: BTreeMap<&str, u32> = BTreeMap::new();
        for token in self.items.iter().flat_map(BTreeMap::keys) {
            *frequency.entry(token).or_default() += 1;
        }
        let n = self.items.iter().filter(|tokens| !tokens.is_empty()).count() as f64;
        let places: BTreeMap<&str, (u32, f64)> = frequency
            .into_iter()
            .zip(0..)
            .map(|((token, df), place)| (token, (place, libm::log((1.0 + n) / (1.0 + f64::from(df))) + 1.0)))
            .collect();
        let vector = |tokens: &BTreeMap<Arc<str>, u32>| {
            let weighted = tokens.iter().filter_map(|(token, count)| {
                places.get(&**token).map(|(place, idf)| (*place, f64::from(*count) * idf))
            });
            let mut vector: Vec<(u32, f64)> = weighted.collect();
            let norm = vector.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
            vector.iter_mut().for_each(|(_, x)| *x /= norm);
            vector
        };
        (places.len(), self.items.iter().map(vector).collect())
    }
}

/// The `neighbours` items most alike each item, among those that `basket` says a subject can have.
pub fn content(
    attributes: &Attributes,
    basket: &[bool],
    neighbours: usize,
    task: &Task,
) -> Result<Vec<Vec<(u32, f64)>>> {
    task.stage("Comparing what items are")?;
    let (tokens, vectors) = attributes.vectors();
    let mut by_token: Vec<Vec<(u32, f64)>> = vec![Vec::new(); tokens];
    for (item, vector) in vectors.iter().enumerate().filter(|(item, _)| basket[*item]) {
        vector.iter().for_each(|(token, x)| by_token[*token as usize].push((item as u32, *x)));
    }
    let items: Vec<usize> = (0..vectors.len()).collect();
    let mut lists = Vec::with_capacity(items.len());
    for block in items.chunks(256) {
        task.tick(lists.len() as f32 / items.len() as f32)?;
        let part: Vec<Vec<(u32, f64)>> = block
            .par_iter()
            .map_init(
                || (vec![0.0; vectors.len()], Vec::new()),
                |(sums, touched), &item| {
                    for (token, own) in &vectors[item] {
                        for (other, weight) in &by_token[*token as usize] {
                            let sum = &mut sums[*other as usize];
                            if *sum == 0.0 {
                                touched.push(*other);
                            }
                            *sum += own * weight;
                        }
                    }
                    let others = touched.iter().filter(|other| **other as usize != item);
                    let list = strongest(others.map(|other| (*other, sums[*other as usize])).collect(), neighbours);
                    touched.drain(..).for_each(|other| sums[other as usize] = 0.0);
                    list
                },
            )
            .collect();
        lists.extend(part);
    }
    Ok(lists)
}
