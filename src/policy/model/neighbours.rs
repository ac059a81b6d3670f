//! Item–item recommendations: how alike an item is to those a subject has.

use super::encoder::Kind;
use super::factors::{Cold, Sum};

/// Similarities ready to add up.
#[derive(Clone, Debug)]
pub struct Neighbours {
    bias: f64,
    basket: usize,
    item: usize,
    /// One per item.
    biases: Vec<f64>,
    /// Where the neighbours of each item begin; one more than items.
    starts: Vec<usize>,
    similar: Vec<(u32, f64)>,
    cold: Cold,
}

impl Neighbours {
    /// Checks the tables.
    ///
    /// # Errors
    /// Every finding, each a sentence.
    pub fn compile(
        bias: f64,
        (basket, item): (u32, u32),
        biases: &[f64],
        similar: &[Vec<(u32, f64)>],
        cold: Cold,
        kinds: &[Kind],
    ) -> Result<Neighbours, Vec<String>> {
        let mut findings = Vec::new();
        let known = match kinds.get(basket as usize) {
            Some(Kind::Items(n)) => *n,
            _ => {
                findings.push(format!("its basket must be an input encoded as `Items`; input {basket} is none"));
                u32::MAX
            }
        };
        match kinds.get(item as usize) {
            Some(Kind::Category(n)) if biases.len() != *n as usize || similar.len() != *n as usize => {
                let (b, s) = (biases.len(), similar.len());
                findings.push(format!("it has {b} biases and {s} lists of neighbours for {n} items; give one of each"));
            }
            Some(Kind::Category(_)) => {}
            _ => findings.push(format!("its item must be an input encoded as `Category`; input {item} is none")),
        }
        if !bias.is_finite() || !biases.iter().all(|x| x.is_finite()) {
            findings.push("its biases must be finite numbers".into());
        }
        for (i, list) in similar.iter().enumerate() {
            if !list.is_sorted_by(|a, b| a.0 < b.0) {
                findings.push(format!("the neighbours of item {} must ascend, none twice", i + 1));
            }
            if let Some((place, _)) = list.iter().find(|(place, _)| *place >= known) {
                findings.push(format!(
                    "item {} has the neighbour {place}, but the basket knows {known} items, counted from 0",
                    i + 1
                ));
            }
            if !list.iter().all(|(_, similarity)| similarity.is_finite()) {
                findings.push(format!("the similarities of item {} must be finite numbers", i + 1));
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let mut starts = vec![0];
        let mut flat = Vec::new();
        for list in similar {
            flat.extend_from_slice(list);
            starts.push(flat.len());
        }
        let (basket, item) = (basket as usize, item as usize);
        Ok(Neighbours { bias, basket, item, biases: biases.to_vec(), starts, similar: flat, cold })
    }

    /// The input that lists what the subject has.
    pub fn basket(&self) -> usize {
        self.basket
    }

    /// The sum for the inputs of a row and the known items of its basket, ascending.
    pub fn sum(&self, inputs: &[f64], basket: &[u32]) -> Sum {
        match self.popularity(inputs) {
            Some((at, popularity)) if !basket.is_empty() => {
                let start = self.bias + popularity;
                Sum { value: self.fold(at, basket, start), whole: true }
            }
            Some((_, popularity)) if self.cold == Cold::Biases => Sum { value: self.bias + popularity, whole: false },
            _ => Sum { value: f64::NAN, whole: false },
        }
    }

    /// Adds the item's popularity to its input and the similarities to the basket.
    pub fn contributions(&self, inputs: &[f64], basket: &[u32], out: &mut [f64]) {
        let Some((at, popularity)) = self.popularity(inputs) else { return };
        if let Some(out) = out.get_mut(self.item) {
            *out += popularity;
        }
        if let Some(out) = out.get_mut(self.basket) {
            *out += self.fold(at, basket, 0.0);
        }
    }

    /// The item and its bias.
    fn popularity(&self, inputs: &[f64]) -> Option<(usize, f64)> {
        let code = inputs.get(self.item).filter(|x| !x.is_nan())?;
        let at = *code as usize;
        Some((at, *self.biases.get(at)?))
    }

    fn fold(&self, item: usize, basket: &[u32], start: f64) -> f64 {
        let range = self.starts.get(item).zip(self.starts.get(item + 1));
        let list = range.and_then(|(from, to)| self.similar.get(*from..*to)).unwrap_or(&[]);
        let held = list.iter().filter(|(place, _)| basket.binary_search(place).is_ok());
        held.fold(start, |sum, (_, similarity)| sum + similarity)
    }
}
