//! From baskets to a recommender: what each method learns.

use super::als::Als;
use super::content::{Attributes, content};
use super::ease::ease;
use super::hybrid::blend;
use super::interactions::Baskets;
use super::knn::knn;
use super::recommender::{Factors, Form, Method, Recommender, Similar, popularity};
use crate::error::{Error, Result};
use crate::task::Task;

/// What is known beside the baskets.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// What items are; for content and the hybrid.
    pub attributes: Option<Attributes>,
    /// Segment of each subject (`None`: unknown) by position in `names`; for popularity in the segment.
    pub segments: Option<Segments>,
}

/// Segments of the subjects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segments {
    /// Names.
    pub names: Vec<std::sync::Arc<str>>,
    /// One per subject.
    pub of: Vec<Option<u32>>,
}

/// Learns a recommender. The same arguments give the same recommender on any number of threads.
///
/// # Errors
/// When a setting is out of range, there is no interaction, what the method needs is not in the catalogue, there are too many items
/// for EASE, or the task was cancelled.
pub fn fit(method: &Method, baskets: &Baskets, catalogue: &Catalogue, task: &Task) -> Result<Recommender> {
    method.check()?;
    if baskets.pairs() == 0 {
        return Err(Error::new("there is no interaction to learn from")
            .hint("check the columns of customer, item and date, and the span of dates"));
    }
    task.stage("Counting who took what")?;
    let counts = baskets.counts();
    let taken: Vec<bool> = counts.iter().map(|count| *count > 0).collect();
    let attributes = || {
        catalogue.attributes.as_ref().filter(|attributes| attributes.items.len() == baskets.items()).ok_or_else(|| {
            Error::new(format!("{} needs attributes of the items", method.words()))
                .hint("name the columns that describe an item")
        })
    };
    let chosen = |least: u32| (0..counts.len() as u32).filter(move |item| counts[*item as usize] >= least.max(1));
    let mut known = taken.clone();
    let form = match *method {
        Method::Popularity => Form::Popularity,
        Method::SegmentPopularity { weight } => Form::Segments(shares(baskets, catalogue, weight)?),
        Method::ItemKnn { neighbours, shrinkage } => {
            Form::Similar(Similar::new(knn(&baskets.binary(), neighbours, shrinkage, task)?))
        }
        Method::Ease { l2, keep } => {
            Form::Similar(Similar::new(ease(baskets, &chosen(1).collect::<Vec<_>>(), l2, keep, task)?))
        }
        Method::Als { factors, l2, alpha, iterations, seed } => {
            let als = Als { factors, l2, alpha, iterations };
            // The logarithm keeps one bulk order from outweighing everything else a subject took.
            let damped = baskets.mapped(libm::log1p);
            let vectors = als.fit(&damped, als.begin(baskets.items(), seed), task)?;
            Form::Factors(factors_of(&vectors.subjects, &vectors.items, factors, &popularity(baskets), baskets))
        }
        Method::Content { neighbours } => {
            let attributes = attributes()?;
            known = (0..baskets.items()).map(|item| attributes.knows(item)).collect();
            Form::Similar(Similar::new(content(attributes, &taken, neighbours, task)?))
        }
        Method::Hybrid { l2, keep, cold_below, content: weight } => {
            let attributes = attributes()?;
            let warm: Vec<u32> = chosen(cold_below).collect();
            let mut cold = vec![true; baskets.items()];
            warm.iter().for_each(|item| cold[*item as usize] = false);
            let together = ease(baskets, &warm, l2, keep, task)?;
            let alike = content(attributes, &taken, keep.max(1), task)?;
            known = (0..baskets.items()).map(|item| taken[item] || attributes.knows(item)).collect();
            Form::Similar(Similar::new(blend(&together, &alike, &cold, weight)))
        }
    };
    Ok(Recommender { method: method.clone(), popularity: popularity(baskets), known, form })
}

/// Shares per segment and item, drawn towards those of all.
fn shares(baskets: &Baskets, catalogue: &Catalogue, weight: f64) -> Result<Vec<Vec<f64>>> {
    let segments =
        catalogue.segments.as_ref().filter(|segments| segments.of.len() == baskets.subjects()).ok_or_else(|| {
            Error::new("popularity in the segment needs a segment of each subject").hint("name the column of segments")
        })?;
    let all = popularity(baskets);
    let mut sizes = vec![0.0; segments.names.len()];
    let mut counts = vec![vec![0.0; baskets.items()]; segments.names.len()];
    for (subject, segment) in segments.of.iter().enumerate() {
        let row = baskets.row(subject);
        if let (Some(segment), false) = (segment, row.is_empty()) {
            sizes[*segment as usize] += 1.0;
            row.iter().for_each(|(item, _)| counts[*segment as usize][*item as usize] += 1.0);
        }
    }
    for (counts, size) in counts.iter_mut().zip(sizes) {
        for (count, share) in counts.iter_mut().zip(&all) {
            // Nobody of the segment and no weight: what is known is the share of all.
            *count = if size + weight > 0.0 { (*count + weight * share) / (size + weight) } else { *share };
        }
    }
    Ok(counts)
}

/// Vectors as a policy holds them: f32, and a last factor that takes the item's popularity off for known subjects. A subject that
/// took nothing has none of it: it is unknown.
fn factors_of(subjects: &[f64], items: &[f64], width: usize, popularity: &[f64], baskets: &Baskets) -> Factors {
    let rounded = |vector: &[f64], last: f32| vector.iter().map(|x| *x as f32).chain([last]).collect::<Vec<f32>>();
    Factors {
        subjects: subjects
            .chunks_exact(width)
            .enumerate()
            .map(|(subject, x)| rounded(x, if baskets.row(subject).is_empty() { 0.0 } else { -1.0 }))
            .collect(),
        items: items.chunks_exact(width).zip(popularity).map(|(y, share)| rounded(y, *share as f32)).collect(),
    }
}
