//! Arithmetic of learned functions: weighted sums, and a function with one input held fixed. What cannot be one function says so.

use attune_policy::model::{Function, Link, Shape, Tree};

/// `Σ weight · function`, when functions of this kind can be added up.
pub fn sum(terms: &[(f64, Function)]) -> Option<Function> {
    if terms.iter().any(|(_, function)| function.link().is_some_and(|link| link != Link::Identity)) {
        return None;
    }
    let (weight, first) = terms.first()?;
    let mut total = scaled(*weight, first)?;
    for (weight, function) in &terms[1..] {
        let next = scaled(*weight, function)?;
        total = match (total, next) {
            (Function::Constant(a), Function::Constant(b)) => Function::Constant(a + b),
            (
                Function::Linear { intercept: a, coefficients: left, link },
                Function::Linear { intercept: b, coefficients: right, .. },
            ) if left.len() == right.len() => {
                let coefficients = left.iter().zip(&right).map(|(a, b)| a + b).collect();
                Function::Linear { intercept: a + b, coefficients, link }
            }
            (Function::Trees { base: a, mut trees, link }, Function::Trees { base: b, trees: more, .. }) => {
                trees.extend(more);
                Function::Trees { base: a + b, trees, link }
            }
            (
                Function::Shapes { intercept: a, mut shapes, mut pairs, link },
                Function::Shapes { intercept: b, shapes: more, pairs: more_pairs, .. },
            ) => {
                shapes.extend(more);
                pairs.extend(more_pairs);
                Function::Shapes { intercept: a + b, shapes, pairs, link }
            }
            _ => return None,
        };
    }
    Some(total)
}

/// `weight · function`, for functions without a link.
fn scaled(weight: f64, function: &Function) -> Option<Function> {
    let all = |numbers: &[f64]| numbers.iter().map(|x| weight * x).collect::<Vec<f64>>();
    Some(match function {
        Function::Constant(x) => Function::Constant(weight * x),
        Function::Linear { intercept, coefficients, link } => {
            Function::Linear { intercept: weight * intercept, coefficients: all(coefficients), link: *link }
        }
        Function::Trees { base, trees, link } => {
            let times = |x: f32| (weight * f64::from(x)) as f32;
            let mut trees = trees.clone();
            for tree in &mut trees {
                for (feature, leaf) in tree.feature.iter().zip(&mut tree.threshold) {
                    if *feature < 0 {
                        *leaf = times(*leaf);
                    }
                }
            }
            Function::Trees { base: times(*base), trees, link: *link }
        }
        Function::Shapes { intercept, shapes, pairs, link } => {
            let mut pairs = pairs.clone();
            pairs.iter_mut().flat_map(|pair| pair.scores.iter_mut().flatten()).for_each(|x| *x *= weight);
            let shape = |shape: &Shape| Shape {
                scores: all(&shape.scores),
                // Not −0: that would be a score for values that numbers do not have.
                other: if shape.other == 0.0 { 0.0 } else { weight * shape.other },
                missing: weight * shape.missing,
                ..shape.clone()
            };
            Function::Shapes {
                intercept: weight * intercept,
                shapes: shapes.iter().map(shape).collect(),
                pairs,
                link: *link,
            }
        }
        _ => return None,
    })
}

/// The function where its last input, number `input`, is `value`: a function of the inputs before it. `None` for kinds of functions that
/// cannot be written so.
pub fn held(function: &Function, input: u32, value: f64) -> Option<Function> {
    Some(match function {
        Function::Constant(x) => Function::Constant(*x),
        Function::Linear { intercept, coefficients, link } => {
            let (last, rest) = coefficients.split_last()?;
            Function::Linear { intercept: intercept + last * value, coefficients: rest.to_vec(), link: *link }
        }
        Function::Trees { base, trees, link } => Function::Trees {
            base: *base,
            trees: trees.iter().map(|tree| pruned(tree, input as i32, value as f32)).collect::<Option<_>>()?,
            link: *link,
        },
        Function::Shapes { intercept, shapes, pairs, link } => {
            if pairs.iter().any(|pair| pair.inputs.0 == input || pair.inputs.1 == input) {
                return None;
            }
            let (fixed, shapes): (Vec<Shape>, Vec<Shape>) =
                shapes.iter().cloned().partition(|shape| shape.input == input);
            let at = |shape: &Shape| shape.scores.get(shape.edges.partition_point(|edge| *edge <= value)).copied();
            let fixed: f64 = fixed.iter().map(at).collect::<Option<Vec<f64>>>()?.iter().sum();
            Function::Shapes { intercept: intercept + fixed, shapes, pairs: pairs.clone(), link: *link }
        }
        _ => return None,
    })
}

/// A tree without the splits on `input`.
fn pruned(tree: &Tree, input: i32, value: f32) -> Option<Tree> {
    if !tree.categorical.is_empty() {
        return None;
    }
    let follow = |mut at: usize| {
        while *tree.feature.get(at)? == input {
            at = if value < tree.threshold[at] { tree.left[at] } else { tree.right[at] } as usize;
        }
        Some(at)
    };
    let mut out = Tree::default();
    let mut order = vec![follow(0)?];
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        out.feature.push(tree.feature[at]);
        out.threshold.push(tree.threshold[at]);
        out.missing_left.push(tree.missing_left[at]);
        if tree.feature[at] < 0 {
            out.left.push(0);
            out.right.push(0);
        } else {
            out.left.push(order.len() as u32);
            out.right.push(order.len() as u32 + 1);
            order.extend([follow(tree.left[at] as usize)?, follow(tree.right[at] as usize)?]);
        }
        next += 1;
    }
    Some(out)
}
