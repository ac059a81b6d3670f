//! How good recommendations would have been: learned from what happened before an instant, compared with what subjects took after it
//! for the first time.
//!
//! Relevant is what a subject took in the test window and did not have before; what it has is never recommended. Groups tell hot and
//! cold subjects and items apart. Intervals are percentile bootstraps over subjects.

use super::fit::{Catalogue, fit};
use super::interactions::{Baskets, Interactions};
use super::ranking;
use super::recommender::{Method, Recommender, Who};
use crate::error::{Error, Result};
use crate::models::report::Estimate;
use crate::random::Random;
use crate::task::Task;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How to measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Length of the lists.
    pub k: usize,
    /// The instant that parts training from test (ms); `None`: the last fifth of the time is the test.
    pub at: Option<i64>,
    /// End of the test window (ms); `None`: the end of the data.
    pub until: Option<i64>,
    /// Subjects that had at least so many items before are hot.
    pub hot_subject: usize,
    /// Items that at least so many subjects had before are hot.
    pub hot_item: u32,
    /// Most subjects measured; more are sampled by the seed.
    pub subjects: usize,
    /// Bootstrap resamples.
    pub resamples: usize,
    /// Seed of samples and resamples.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            k: 10,
            at: None,
            until: None,
            hot_subject: 5,
            hot_item: 5,
            subjects: 20_000,
            resamples: 1_000,
            seed: 42,
        }
    }
}

/// Methods side by side on one split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Length of the lists.
    pub k: usize,
    /// The instant that parts training from test (ms).
    pub at: i64,
    /// Subjects, items and pairs learned from.
    pub train: Counts,
    /// Subjects with something relevant to find, the items relevant to any, and the pairs of both.
    pub test: Counts,
    /// Each method, in the order given.
    pub methods: Vec<Evaluated>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Subjects with at least one item.
    pub subjects: u64,
    /// Items of at least one subject.
    pub items: u64,
    /// Pairs of both.
    pub pairs: u64,
}

/// A method's quality.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The method's name in words.
    pub name: String,
    /// Its settings; `None` when it could not be learned.
    pub method: Option<Method>,
    /// Why it could not be learned.
    pub refused: Option<String>,
    /// Everyone first, then the groups that have anyone.
    pub groups: Vec<Group>,
    /// NDCG less that of popularity, paired by subject; `None` for popularity itself, or without it.
    pub against_popularity: Option<Estimate>,
    /// Share of the items it knows that are in anyone's list.
    pub coverage: f64,
    /// Mean −log2 of the share of training subjects that have the item; an item nobody has counts as one subject's.
    pub novelty: f64,
    /// Items it has something to say about.
    pub known_items: u64,
    /// Numbers in its tables.
    pub parameters: u64,
}

impl Comparison {
    /// The method with the largest NDCG, the first among equals; `None` when none could be learned.
    pub fn best(&self) -> Option<&Method> {
        let ndcg = |method: &Evaluated| method.all().map_or(f64::NEG_INFINITY, |all| all.ndcg.value);
        let best = self.methods.iter().reduce(|best, next| if ndcg(next) > ndcg(best) { next } else { best });
        best.and_then(|best| best.method.as_ref())
    }
}

impl Evaluated {
    /// The group that holds everyone.
    pub fn all(&self) -> Option<&Group> {
        self.groups.first()
    }

    /// A group by name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}

/// Means over the subjects of a group that have something relevant to find.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// `all`, `hot subjects`, `cold subjects`, `new subjects`, `hot items`, `cold items`.
    pub name: String,
    /// Subjects.
    pub n: u64,
    /// Relevant items over k.
    pub precision: Estimate,
    /// Relevant items over all relevant items.
    pub recall: Estimate,
    /// Mean average precision.
    pub map: Estimate,
    /// Normalised discounted cumulative gain.
    pub ndcg: Estimate,
    /// Share of subjects with a hit.
    pub hit_rate: Estimate,
}

/// Names of the groups.
const GROUPS: [&str; 6] = ["all", "hot subjects", "cold subjects", "new subjects", "hot items", "cold items"];

/// The five numbers of one list, and its subject.
#[derive(Clone, Copy)]
struct List {
    group: usize,
    numbers: [f64; 5],
}

/// Learns each method before the split and measures it after. A method that cannot be learned is listed with its reason.
///
/// # Errors
/// When there is nothing to learn from or nothing to find, or the task was cancelled.
pub fn compare(
    interactions: &Interactions,
    catalogue: &Catalogue,
    methods: &[Method],
    options: &Options,
    task: &Task,
) -> Result<Comparison> {
    let (first, last) = interactions.span().ok_or_else(|| Error::new("there is no interaction to learn from"))?;
    let at = options.at.unwrap_or(first + (last - first) / 5 * 4);
    let train = interactions.baskets(Some(at));
    let later = interactions.baskets_between(at, options.until.unwrap_or(i64::MAX));
    if train.pairs() == 0 {
        return Err(Error::new("nobody took anything before the split").hint("choose a later instant to split at"));
    }
    let truth = Truth::new(&train, &later, options);
    if truth.subjects.is_empty() {
        return Err(Error::new("after the split nobody took anything that was new to them")
            .hint("choose an earlier instant to split at"));
    }
    let mut comparison = Comparison {
        k: options.k,
        at,
        train: counts(&train),
        test: truth.counts(),
        methods: Vec::new(),
        notes: truth.notes(options, later.pairs()),
    };
    let mut popular = None;
    for method in methods {
        let recommender = match fit(method, &train, catalogue, task) {
            Ok(recommender) => recommender,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                let name = method.words().to_owned();
                comparison.methods.push(Evaluated { name, refused: Some(error.to_string()), ..Evaluated::default() });
                continue;
            }
        };
        task.stage(&format!("Measuring {}", method.words()))?;
        let (evaluated, ndcg) = truth.measure(&recommender, &train, catalogue, popular.as_deref(), options, task)?;
        if *method == Method::Popularity {
            popular = Some(ndcg);
        }
        comparison.methods.push(evaluated);
    }
    Ok(comparison)
}

/// Who is measured, and what each should have been offered.
struct Truth {
    subjects: Vec<u32>,
    /// Ascending, per subject.
    relevant: Vec<Vec<u32>>,
    /// Items that few subjects had.
    cold: Vec<bool>,
    /// Subjects before sampling.
    eligible: usize,
}

impl Truth {
    fn new(train: &Baskets, later: &Baskets, options: &Options) -> Truth {
        let news = |subject: usize| -> Vec<u32> {
            let before = train.row(subject);
            let is_new = |item: &u32| before.binary_search_by_key(item, |(had, _)| *had).is_err();
            later.basket(subject).into_iter().filter(is_new).collect()
        };
        let mut relevant: Vec<(u32, Vec<u32>)> =
            (0..later.subjects()).map(|s| (s as u32, news(s))).filter(|(_, items)| !items.is_empty()).collect();
        let eligible = relevant.len();
        if eligible > options.subjects {
            let mut random = Random::stream(options.seed, 0);
            for i in 0..options.subjects {
                relevant.swap(i, i + random.below(eligible - i));
            }
            relevant.truncate(options.subjects);
            relevant.sort_by_key(|(subject, _)| *subject);
        }
        let (subjects, relevant) = relevant.into_iter().unzip();
        let cold = train.counts().iter().map(|count| *count < options.hot_item).collect();
        Truth { subjects, relevant, cold, eligible }
    }

    fn counts(&self) -> Counts {
        let mut items: Vec<u32> = self.relevant.concat();
        let pairs = items.len() as u64;
        items.sort_unstable();
        items.dedup();
        Counts { subjects: self.subjects.len() as u64, items: items.len() as u64, pairs }
    }

    fn notes(&self, options: &Options, pairs: usize) -> Vec<String> {
        let mut notes = vec![format!(
            "relevant: what a subject took after the split and did not have before; hot subjects had {} items or more, new ones none; \
             hot items had {} subjects or more",
            options.hot_subject, options.hot_item
        )];
        if self.eligible > self.subjects.len() {
            notes.push(format!("measured on a sample of {} of {} subjects", self.subjects.len(), self.eligible));
        } else {
            let relevant: usize = self.relevant.iter().map(Vec::len).sum();
            notes.push(format!("{} of {pairs} pairs after the split repeat what was had before", pairs - relevant));
        }
        notes
    }

    /// The method's numbers, and its NDCG per subject.
    fn measure(
        &self,
        recommender: &Recommender,
        train: &Baskets,
        catalogue: &Catalogue,
        popular: Option<&[f64]>,
        options: &Options,
        task: &Task,
    ) -> Result<(Evaluated, Vec<f64>)> {
        let mut lists: Vec<(Vec<u32>, Vec<List>)> = Vec::with_capacity(self.subjects.len());
        let places: Vec<usize> = (0..self.subjects.len()).collect();
        for block in places.chunks(512) {
            task.tick(lists.len() as f32 / places.len() as f32)?;
            let part: Vec<_> = block
                .par_iter()
                .map_init(Vec::new, |scores, &place| self.list(place, recommender, train, catalogue, scores, options))
                .collect();
            lists.extend(part);
        }
        let active = train.active().max(1) as f64;
        let counts = train.counts();
        let mut shown = vec![false; train.items()];
        let (mut bits, mut many) = (0.0, 0.0_f64);
        for item in lists.iter().flat_map(|(items, _)| items) {
            shown[*item as usize] = true;
            bits -= libm::log2(f64::from(counts[*item as usize].max(1)) / active);
            many += 1.0;
        }
        let known = recommender.known.iter().filter(|known| **known).count();
        let rows: Vec<List> = lists.into_iter().flat_map(|(_, rows)| rows).collect();
        let ndcg: Vec<f64> = rows.iter().filter(|list| list.group == 0).map(|list| list.numbers[3]).collect();
        let evaluated = Evaluated {
            name: recommender.method.words().to_owned(),
            method: Some(recommender.method.clone()),
            refused: None,
            groups: (0..GROUPS.len()).filter_map(|group| self::group(&rows, group, options)).collect(),
            against_popularity: popular.map(|popular| {
                let differences: Vec<[f64; 1]> = ndcg.iter().zip(popular).map(|(a, b)| [a - b]).collect();
                means(&differences, options)[0]
            }),
            coverage: shown.iter().filter(|shown| **shown).count() as f64 / known.max(1) as f64,
            novelty: bits / many.max(1.0),
            known_items: known as u64,
            parameters: recommender.parameters() as u64,
        };
        Ok((evaluated, ndcg))
    }

    /// The list of one subject, and its numbers in each group it belongs to.
    fn list(
        &self,
        place: usize,
        recommender: &Recommender,
        train: &Baskets,
        catalogue: &Catalogue,
        scores: &mut Vec<f64>,
        options: &Options,
    ) -> (Vec<u32>, Vec<List>) {
        let subject = self.subjects[place];
        let basket = train.basket(subject as usize);
        let segment = catalogue.segments.as_ref().and_then(|s| s.of.get(subject as usize).copied().flatten());
        let who = Who { subject: (!basket.is_empty()).then_some(subject), segment, basket: &basket };
        recommender.scores(who, scores);
        let items: Vec<u32> = recommender.best(scores, &basket, options.k).into_iter().map(|(item, _)| item).collect();
        let relevant = &self.relevant[place];
        let own = match basket.len() {
            0 => 3,
            n if n < options.hot_subject => 2,
            _ => 1,
        };
        let mut rows = Vec::new();
        for group in [0, own, 4, 5] {
            let counts = |item: &u32| match group {
                4 => !self.cold[*item as usize],
                5 => self.cold[*item as usize],
                _ => true,
            };
            let n = relevant.iter().filter(|item| counts(item)).count();
            if n > 0 {
                let hits: Vec<bool> =
                    items.iter().map(|item| relevant.binary_search(item).is_ok() && counts(item)).collect();
                let k = options.k;
                let numbers = [
                    ranking::precision(&hits, k),
                    ranking::recall(&hits, k, n),
                    ranking::average_precision(&hits, k, n),
                    ranking::ndcg(&hits, k, n),
                    f64::from(u8::from(hits.contains(&true))),
                ];
                rows.push(List { group, numbers });
            }
        }
        (items, rows)
    }
}

fn group(rows: &[List], group: usize, options: &Options) -> Option<Group> {
    let numbers: Vec<[f64; 5]> = rows.iter().filter(|list| list.group == group).map(|list| list.numbers).collect();
    let n = numbers.len() as u64;
    let [precision, recall, map, ndcg, hit_rate] = (n > 0).then(|| means(&numbers, options))?;
    Some(Group { name: GROUPS[group].to_owned(), n, precision, recall, map, ndcg, hit_rate })
}

/// Means with percentile bootstrap intervals of 95 %; each resample has a stream of its own.
fn means<const N: usize>(rows: &[[f64; N]], options: &Options) -> [Estimate; N] {
    let mean = |at: &mut dyn FnMut() -> usize| {
        let mut sums = [0.0; N];
        for _ in 0..rows.len() {
            let row = rows[at()];
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        sums.map(|sum| sum / rows.len() as f64)
    };
    let mut next = 0..rows.len();
    let point = mean(&mut || next.next().unwrap_or(0));
    let resamples: Vec<[f64; N]> = (0..options.resamples as u64)
        .into_par_iter()
        .map(|resample| {
            let mut random = Random::stream(options.seed, resample + 1);
            mean(&mut || random.below(rows.len()))
        })
        .collect();
    std::array::from_fn(|i| {
        let mut values: Vec<f64> = resamples.iter().map(|resample| resample[i]).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * (values.len().max(1) - 1) as f64;
            match (values.get(place as usize), values.get(place.ceil() as usize)) {
                (Some(a), Some(b)) => a + (b - a) * place.fract(),
                _ => point[i],
            }
        };
        Estimate { value: point[i], low: at(0.025), high: at(0.975) }
    })
}

fn counts(baskets: &Baskets) -> Counts {
    let items = baskets.counts().iter().filter(|count| **count > 0).count() as u64;
    Counts { subjects: baskets.active() as u64, items, pairs: baskets.pairs() as u64 }
}
