//! A learned recommender: how it scores, and its list of the best items that a subject does not have.

use super::interactions::Baskets;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// How to learn recommendations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Method {
    /// The same for everyone: the share of subjects that took the item.
    Popularity,
    /// The share of the subject's segment that took the item, drawn towards the share of all as if `weight` more subjects were
    /// in the segment.
    SegmentPopularity {
        /// Subjects that the share of all is worth.
        weight: f64,
    },
    /// Items that were taken by the same subjects as those in the basket: cosine with shrinkage, the most similar of each item.
    ItemKnn {
        /// Neighbours kept per item.
        neighbours: usize,
        /// Added to the denominator of the cosine: similarities that rest on few subjects count less.
        shrinkage: f64,
    },
    /// Embarrassingly shallow autoencoder (Steck 2019): the ridge regression of each item on all others, in closed form.
    Ease {
        /// Penalty on the squared weights.
        l2: f64,
        /// Weights kept per item, the largest by magnitude; 0 keeps all.
        keep: usize,
    },
    /// Matrix factorisation of implicit feedback by alternating least squares (Hu, Koren & Volinsky 2008), each step exact.
    Als {
        /// Length of the vectors.
        factors: usize,
        /// Penalty on their squares.
        l2: f64,
        /// Confidence in an interaction of weight w is `1 + alpha · w`.
        alpha: f64,
        /// Rounds over subjects and items.
        iterations: usize,
        /// Seed of the first vectors.
        seed: u64,
    },
    /// Items described like those in the basket: TF-IDF cosine of their attributes. Knows items that nobody took yet.
    Content {
        /// Neighbours kept per item.
        neighbours: usize,
    },
    /// EASE for items that enough subjects took, content for the others, popularity for subjects without a basket.
    Hybrid {
        /// Penalty of EASE.
        l2: f64,
        /// Weights kept per item, by each of the two.
        keep: usize,
        /// Items that fewer subjects took are cold: content speaks for them.
        cold_below: u32,
        /// Weight of content beside EASE for items that are not cold, 0 or more.
        content: f64,
    },
}

impl Method {
    /// Every method at its usual settings.
    pub fn all() -> Vec<Method> {
        vec![Method::Popularity, Method::item_knn(), Method::ease(), Method::als(), Method::content(), Method::hybrid()]
    }

    /// Popularity by segment at its usual settings.
    pub fn segment_popularity() -> Method {
        Method::SegmentPopularity { weight: 50.0 }
    }

    /// Item-kNN at its usual settings.
    pub fn item_knn() -> Method {
        Method::ItemKnn { neighbours: 100, shrinkage: 20.0 }
    }

    /// EASE at its usual settings.
    pub fn ease() -> Method {
        Method::Ease { l2: 300.0, keep: 100 }
    }

    /// Alternating least squares at its usual settings.
    pub fn als() -> Method {
        Method::Als { factors: 48, l2: 10.0, alpha: 5.0, iterations: 12, seed: 42 }
    }

    /// Content at its usual settings.
    pub fn content() -> Method {
        Method::Content { neighbours: 100 }
    }

    /// The hybrid at its usual settings.
    pub fn hybrid() -> Method {
        Method::Hybrid { l2: 300.0, keep: 100, cold_below: 5, content: 0.1 }
    }

    /// The method's name in words.
    pub fn words(&self) -> &'static str {
        match self {
            Method::Popularity => "popularity",
            Method::SegmentPopularity { .. } => "popularity in the segment",
            Method::ItemKnn { .. } => "item-kNN",
            Method::Ease { .. } => "EASE",
            Method::Als { .. } => "ALS",
            Method::Content { .. } => "content",
            Method::Hybrid { .. } => "hybrid",
        }
    }

    /// Whether every setting is in its range; the error names the setting.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self) -> Result<()> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let amount = |x: f64| x.is_finite() && x >= 0.0;
        let refused = match *self {
            Method::SegmentPopularity { weight } if !amount(weight) => "weight must be 0 or more",
            Method::ItemKnn { neighbours: 0, .. } | Method::Content { neighbours: 0 } => "neighbours must be 1 or more",
            Method::ItemKnn { shrinkage, .. } if !amount(shrinkage) => "shrinkage must be 0 or more",
            Method::Ease { l2, .. } | Method::Hybrid { l2, .. } | Method::Als { l2, .. } if !positive(l2) => {
                "l2 must be above 0"
            }
            Method::Als { factors, .. } if !(1..=512).contains(&factors) => "factors must be 1 to 512",
            Method::Als { alpha, .. } if !positive(alpha) => "alpha must be above 0",
            Method::Als { iterations, .. } if !(1..=1000).contains(&iterations) => "iterations must be 1 to 1,000",
            Method::Hybrid { content, .. } if !amount(content) => "content must be 0 or more",
            _ => return Ok(()),
        };
        Err(Error::new(format!("{}: {refused}", self.words())))
    }
}

/// Who is recommended to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// Position among the subjects learned from; `None` for a new one.
    pub subject: Option<u32>,
    /// Position of its segment, when there are segments.
    pub segment: Option<u32>,
    /// Items it has, ascending, none twice.
    pub basket: &'a [u32],
}

/// A learned recommender.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommender {
    /// How it was learned.
    pub method: Method,
    /// Share of the subjects learned from that took each item: what a subject without a past is offered by.
    pub popularity: Vec<f64>,
    /// Items it has something to say about; others are never recommended.
    pub known: Vec<bool>,
    pub(super) form: Form,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Popularity,
    /// Shares per segment, then item.
    Segments(Vec<Vec<f64>>),
    Similar(Similar),
    Factors(Factors),
}

/// Similarities of items: the score of item i is `bias_i + Σ` over the basket's j of `lists[i][j]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Similar {
    /// Per item, ascending by the item of the basket.
    pub lists: Vec<Vec<(u32, f64)>>,
    /// The same, per item of the basket.
    by_basket: Vec<Vec<(u32, f64)>>,
}

/// Vectors of subjects and items. The last factor takes the item's popularity, which answers for unknown subjects, off again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Factors {
    pub subjects: Vec<Vec<f32>>,
    pub items: Vec<Vec<f32>>,
}

/// What the share of subjects that have an item adds to its score beside similarities: it orders the items of subjects without a past,
/// and breaks ties of the others.
pub const POPULARITY_WEIGHT: f64 = 1e-3;

impl Form {
    /// What an item scores by its popularity alone.
    pub fn bias(&self, share: f64) -> f64 {
        match self {
            Form::Similar(_) => POPULARITY_WEIGHT * share,
            _ => share,
        }
    }
}

impl Similar {
    /// Similarities are rounded to six decimals: what a policy holds of them stays short, and the ranking does not notice.
    pub fn new(mut lists: Vec<Vec<(u32, f64)>>) -> Similar {
        for list in &mut lists {
            list.iter_mut().for_each(|(_, x)| *x = (*x * 1e6).round() / 1e6);
            list.retain(|(_, x)| *x != 0.0);
        }
        let mut by_basket = vec![Vec::new(); lists.len()];
        for (item, list) in lists.iter().enumerate() {
            for (other, weight) in list {
                by_basket[*other as usize].push((item as u32, *weight));
            }
        }
        Similar { lists, by_basket }
    }
}

impl Recommender {
    /// Scores of all items, in the arithmetic of the lowered model; `out` is replaced.
    pub fn scores(&self, who: Who<'_>, out: &mut Vec<f64>) {
        out.clear();
        out.extend(self.popularity.iter().map(|share| self.form.bias(*share)));
        match &self.form {
            Form::Popularity => {}
            Form::Segments(shares) => {
                if let Some(shares) = who.segment.and_then(|segment| shares.get(segment as usize)) {
                    out.copy_from_slice(shares);
                }
            }
            Form::Similar(similar) => {
                // Ascending items of the basket: each score is summed in the order of its own list.
                for other in who.basket {
                    for (item, weight) in similar.by_basket.get(*other as usize).into_iter().flatten() {
                        out[*item as usize] += weight;
                    }
                }
            }
            Form::Factors(factors) => {
                if let Some(own) = who.subject.and_then(|subject| factors.subjects.get(subject as usize)) {
                    for (score, item) in out.iter_mut().zip(&factors.items) {
                        for (a, b) in own.iter().zip(item) {
                            *score += f64::from(*a) * f64::from(*b);
                        }
                    }
                }
            }
        }
    }

    /// The best `count` known items that the basket does not hold, with their scores: by score, then popularity, then position.
    pub fn recommend(&self, who: Who<'_>, count: usize) -> Vec<(u32, f64)> {
        let mut scores = Vec::new();
        self.scores(who, &mut scores);
        self.best(&scores, who.basket, count)
    }

    pub(super) fn best(&self, scores: &[f64], basket: &[u32], count: usize) -> Vec<(u32, f64)> {
        let mut held = vec![false; scores.len()];
        for item in basket {
            if let Some(held) = held.get_mut(*item as usize) {
                *held = true;
            }
        }
        let mut open: Vec<u32> =
            (0..scores.len() as u32).filter(|item| !held[*item as usize] && self.known[*item as usize]).collect();
        let order = |a: &u32, b: &u32| {
            let (i, j) = (*a as usize, *b as usize);
            scores[j].total_cmp(&scores[i]).then(self.popularity[j].total_cmp(&self.popularity[i])).then(a.cmp(b))
        };
        if open.len() > count {
            if count == 0 {
                return Vec::new();
            }
            open.select_nth_unstable_by(count - 1, order);
            open.truncate(count);
        }
        open.sort_unstable_by(order);
        open.into_iter().map(|item| (item, scores[item as usize])).collect()
    }

    /// Numbers that the learned tables hold.
    pub fn parameters(&self) -> usize {
        match &self.form {
            Form::Popularity => self.popularity.len(),
            Form::Segments(shares) => shares.iter().map(Vec::len).sum(),
            Form::Similar(similar) => similar.lists.iter().map(Vec::len).sum(),
            Form::Factors(factors) => factors.subjects.iter().chain(&factors.items).map(Vec::len).sum(),
        }
    }
}

/// The `keep` entries of largest magnitude, ascending by position; all when `keep` is 0. Zeros are dropped.
pub(super) fn strongest(mut list: Vec<(u32, f64)>, keep: usize) -> Vec<(u32, f64)> {
    list.retain(|(_, weight)| *weight != 0.0);
    if keep > 0 && list.len() > keep {
        list.select_nth_unstable_by(keep - 1, |a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        list.truncate(keep);
    }
    list.sort_unstable_by_key(|(item, _)| *item);
    list
}

/// Share of active subjects that took each item.
pub(super) fn popularity(baskets: &Baskets) -> Vec<f64> {
    let active = baskets.active().max(1) as f64;
    // Rounded to f32, so that a factor can take it off exactly.
    baskets.counts().iter().map(|count| f64::from((f64::from(*count) / active) as f32)).collect()
}
