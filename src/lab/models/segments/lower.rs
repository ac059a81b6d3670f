//! Segments as data of a policy: one linear score per segment, `c·x − ‖c‖²/2`. The largest is the nearest centroid.

use super::points::Centroids;
use attune_policy::model::{Function, Input, Link, Model};

/// One model per segment, called `id_1`, `id_2` …
pub fn lower(id: &str, inputs: &[Input], centroids: &Centroids) -> Vec<Model> {
    let one = |(at, (point, intercept)): (usize, (&Vec<f64>, &f64))| Model {
        id: format!("{id}_{}", at + 1),
        name: format!("Closeness to segment {}", at + 1),
        target:
            "closeness to the centroid of the segment: larger is nearer, comparable between the segments of one kind"
                .into(),
        inputs: inputs.to_vec(),
        function: Function::Linear { intercept: *intercept, coefficients: point.clone(), link: Link::Identity },
        fallback: 0.0,
        ..Model::default()
    };
    centroids.points.iter().zip(&centroids.intercepts).enumerate().map(one).collect()
}

/// The Rhai condition that is true for members of segment `at` (from 0); of equally near segments the first has the member.
pub fn condition(id: &str, at: usize, k: usize) -> String {
    let own = format!("score(\"{id}_{}\")", at + 1);
    let other = |other: usize| {
        let sign = if other < at { ">" } else { ">=" };
        format!("{own} {sign} score(\"{id}_{}\")", other + 1)
    };
    (0..k).filter(|segment| *segment != at).map(other).collect::<Vec<String>>().join(" && ")
}
