//! From rows to segments: standardise, group, choose how many, ask whether they would be found again, describe, lower.

use super::agreement::adjusted_rand;
use super::kmeans::{Grouping, assign, inertia, kmeans};
use super::lower::{condition, lower};
use super::mixture::mixture;
use super::points::{self, Centroids};
use super::profile::profile;
use super::report::{Candidate, SegmentReport, Stability};
use super::silhouette::{SAMPLE, silhouette};
use super::spec::{Cluster, SegmentSpec};
use super::ward::{self, MOST_ROWS, Merge};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::features::{self, Matrix};
use crate::random::Random;
use crate::task::Task;
use attune_policy::model::Model;

/// Resamples for stability.
const RESAMPLES: u32 = 10;
/// Most rows of a resample.
const RESAMPLED: usize = 4_000;

/// Segments and what is known about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Segmented {
    /// One linear score per segment: the largest says which segment a customer belongs to.
    pub models: Vec<Model>,
    /// Segment of each row, from 0, by the lowered rule.
    pub of: Vec<u32>,
    /// What was measured.
    pub report: SegmentReport,
}

/// Looks for segments among `rows` (positions) of a dataset. The same arguments give the same segments on any number of threads.
///
/// # Errors
/// When a setting is out of range, a column cannot be used, there are fewer different rows than segments, or the task was cancelled.
pub fn segment(spec: &SegmentSpec, dataset: &Dataset, rows: &[u32], task: &Task) -> Result<Segmented> {
    spec.check()?;
    task.stage("Preparing rows")?;
    let (inputs, mut notes) = points::inputs(dataset, rows, &spec.features)?;
    let x = features::matrix(dataset, rows, &inputs)?;
    let most = spec.k.unwrap_or(spec.most);
    let distinct = distinct(&x, most + 1);
    let least = spec.k.unwrap_or(2);
    if distinct < least {
        return Err(Error::new(format!("the {} rows hold only {distinct} different points", x.rows()))
            .hint("choose fewer segments, or features that differ"));
    }
    let finder = Finder::new(spec, &x, task)?;
    notes.extend(finder.notes.clone());

    task.stage("Trying numbers of segments")?;
    let measured = sample(x.rows(), SAMPLE, spec.seed);
    let points = x.select(&measured);
    let mut tried: Vec<(Candidate, Grouping)> = Vec::new();
    let all: Vec<usize> = spec.k.map_or_else(|| (2..=spec.most.min(distinct)).collect(), |k| vec![k]);
    for (at, k) in all.iter().enumerate() {
        task.tick(at as f32 / all.len() as f32)?;
        let (grouping, bic) = finder.find(&x, *k, task)?;
        let of: Vec<u32> = measured.iter().map(|row| grouping.of[*row as usize]).collect();
        let mut counts = vec![0_usize; *k];
        grouping.of.iter().for_each(|own| counts[*own as usize] += 1);
        let candidate = Candidate {
            k: *k,
            silhouette: silhouette(&points, &of, *k, task)?,
            inertia: grouping.inertia,
            bic,
            smallest: counts.iter().min().copied().unwrap_or(0) as f64 / x.rows() as f64,
        };
        tried.push((candidate, grouping));
    }
    if measured.len() < x.rows() {
        notes.push(format!("silhouettes on a sample of {} of {} rows", measured.len(), x.rows()));
    }
    let best = choose(&tried, spec.method);
    let choice = match spec.k {
        Some(k) => format!("{k} segments, as asked for"),
        None => format!("{} segments: {} among 2 to {}", tried[best].0.k, spec.method.criterion(), all.len() + 1),
    };
    let k = tried[best].0.k;
    let grouping = ordered(&x, &tried[best].1, k);

    task.stage("Finding them again")?;
    let stability = stability(&x, &grouping.of, k, &finder, task)?;

    task.stage("Describing them")?;
    let of = assign(&x, &grouping.centroids, task)?;
    let same = of.iter().zip(&grouping.of).filter(|(a, b)| a == b).count();
    let lowered_agreement = same as f64 / x.rows() as f64;
    if same < x.rows() {
        notes.push(format!(
            "a policy puts a customer into the segment of the nearest centroid; {:.1} % of the rows are in the same segment by {}",
            100.0 * lowered_agreement,
            spec.method.words()
        ));
    }
    let mut segments = profile(dataset, rows, &of, k, &spec.features, &spec.describe, task)?;
    for (at, segment) in segments.iter_mut().enumerate() {
        segment.condition = condition(&spec.id, at, k);
    }
    let report = SegmentReport {
        spec: spec.clone(),
        rows: x.rows() as u64,
        k,
        choice,
        tried: tried.into_iter().map(|(candidate, _)| candidate).collect(),
        stability,
        segments,
        lowered_agreement,
        notes,
    };
    Ok(Segmented { models: lower(&spec.id, &inputs, &grouping.centroids), of, report })
}

/// A method ready to find any number of segments.
struct Finder {
    method: Cluster,
    seed: u64,
    /// Ward: the rows of the hierarchy and its merges.
    hierarchy: Option<(Vec<u32>, Vec<Merge>)>,
    notes: Vec<String>,
}

impl Finder {
    fn new(spec: &SegmentSpec, x: &Matrix, task: &Task) -> Result<Finder> {
        let mut finder = Finder { method: spec.method, seed: spec.seed, hierarchy: None, notes: Vec::new() };
        if spec.method == Cluster::Ward {
            task.stage("Building the hierarchy")?;
            let rows = sample(x.rows(), MOST_ROWS, spec.seed);
            if rows.len() < x.rows() {
                finder.notes.push(format!(
                    "the hierarchy is made of a sample of {} of {} rows; the others joined the nearest centroid",
                    rows.len(),
                    x.rows()
                ));
            }
            let merges = ward::hierarchy(&x.select(&rows), task)?;
            finder.hierarchy = Some((rows, merges));
        }
        Ok(finder)
    }

    /// The grouping into `k`, and the BIC of a mixture.
    fn find(&self, x: &Matrix, k: usize, task: &Task) -> Result<(Grouping, Option<f64>)> {
        let whole = |of: Vec<u32>| {
            let centroids = Centroids::of(x, &of, k);
            let inertia = inertia(x, &of, &centroids);
            Grouping { of, centroids, inertia }
        };
        match (self.method, &self.hierarchy) {
            (Cluster::Ward, Some((rows, merges))) => {
                let of = ward::cut(merges, rows.len(), k);
                if rows.len() == x.rows() {
                    return Ok((whole(of), None));
                }
                let centroids = Centroids::of(&x.select(rows), &of, k);
                let mut all = assign(x, &centroids, task)?;
                rows.iter().zip(of).for_each(|(row, own)| all[*row as usize] = own);
                Ok((whole(all), None))
            }
            (Cluster::Mixture | Cluster::FullMixture, _) => {
                let groups = kmeans(x, k, self.seed, task)?;
                let fitted = mixture(x, &groups, self.method == Cluster::FullMixture, task)?;
                Ok((whole(fitted.of), Some(fitted.bic)))
            }
            _ => Ok((kmeans(x, k, self.seed, task)?, None)),
        }
    }

    /// The same method on other rows.
    fn again(&self, x: &Matrix, k: usize, task: &Task) -> Result<Vec<u32>> {
        match self.method {
            Cluster::Ward => Ok(ward::cut(&ward::hierarchy(x, task)?, x.rows(), k)),
            _ => Ok(self.find(x, k, task)?.0.of),
        }
    }
}

/// The best by the criterion, the smaller number among equals.
fn choose(tried: &[(Candidate, Grouping)], method: Cluster) -> usize {
    let worth = |at: usize| match method {
        Cluster::Mixture | Cluster::FullMixture => -tried[at].0.bic.unwrap_or(f64::INFINITY),
        Cluster::KMeans | Cluster::Ward => tried[at].0.silhouette,
    };
    (0..tried.len()).fold(0, |best, at| if worth(at) > worth(best) { at } else { best })
}

/// The segments by falling size; equal ones by their centroids.
fn ordered(x: &Matrix, grouping: &Grouping, k: usize) -> Grouping {
    let mut counts = vec![0_usize; k];
    grouping.of.iter().for_each(|own| counts[*own as usize] += 1);
    let mut order: Vec<usize> = (0..k).collect();
    let points = &grouping.centroids.points;
    let by_centroid = |a: usize, b: usize| {
        points[a].iter().zip(&points[b]).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(a.cmp(&b))
    };
    order.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then_with(|| by_centroid(*a, *b)));
    let mut place = vec![0; k];
    order.iter().zip(0..).for_each(|(old, new)| place[*old] = new);
    let of: Vec<u32> = grouping.of.iter().map(|own| place[*own as usize]).collect();
    let centroids = Centroids::of(x, &of, k);
    Grouping { of, centroids, inertia: grouping.inertia }
}

/// Agreement with the segments of resamples: 80 % of the rows each, without repetition.
fn stability(x: &Matrix, of: &[u32], k: usize, finder: &Finder, task: &Task) -> Result<Stability> {
    let mut found = Vec::new();
    let many = (x.rows() * 4 / 5).clamp(k.min(x.rows()), RESAMPLED);
    for resample in 0..RESAMPLES {
        task.tick(resample as f32 / RESAMPLES as f32)?;
        let rows = sample(x.rows(), many, finder.seed ^ (u64::from(resample) + 1));
        let points = x.select(&rows);
        if distinct(&points, k) < k {
            continue;
        }
        let again = match finder.again(&points, k, task) {
            Ok(again) => again,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // A mixture that collapses on a part of the rows is not found again.
            Err(_) => vec![0; rows.len()],
        };
        let own: Vec<u32> = rows.iter().map(|row| of[*row as usize]).collect();
        found.push(adjusted_rand(&own, &again));
    }
    let n = found.len() as u32;
    Ok(Stability {
        resamples: n,
        mean: found.iter().sum::<f64>() / f64::from(n.max(1)),
        least: found.into_iter().fold(1.0, f64::min),
    })
}

/// Some of the rows, ascending; all when there are no more.
fn sample(rows: usize, most: usize, seed: u64) -> Vec<u32> {
    let mut all: Vec<u32> = (0..rows as u32).collect();
    if rows > most {
        let mut random = Random::stream(seed, 1 << 40);
        for at in 0..most {
            all.swap(at, at + random.below(rows - at));
        }
        all.truncate(most);
        all.sort_unstable();
    }
    all
}

/// Number of different points, up to `most`.
fn distinct(x: &Matrix, most: usize) -> usize {
    let mut seen: Vec<&[f64]> = Vec::new();
    for row in 0..x.rows() {
        if seen.len() >= most {
            break;
        }
        if !seen.contains(&x.row(row)) {
            seen.push(x.row(row));
        }
    }
    seen.len()
}
