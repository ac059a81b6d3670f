//! Subjects taken out of a model that knows them by their keys. Everybody else is scored as before.

use attune_policy::model::{Encode, Function, Model, Side};

/// Takes categories of one input out of a model, with everything that is kept for them.
pub fn forget(model: &mut Model, column: &str, is_gone: &dyn Fn(&str) -> bool) -> usize {
    let Model { inputs, function, .. } = model;
    let mut most = 0;
    for (at, input) in (0u32..).zip(inputs) {
        let Encode::Category { categories } = &mut input.encode else { continue };
        if input.field != column {
            continue;
        }
        let gone: Vec<bool> = categories.iter().map(|category| is_gone(category)).collect();
        let count = gone.iter().filter(|gone| **gone).count();
        if count > 0 {
            keep(categories, &gone);
            forget_places(function, at, &gone);
        }
        most = most.max(count);
    }
    most
}

fn forget_places(function: &mut Function, input: u32, gone: &[bool]) {
    match function {
        Function::Factors { subject, item, .. } => {
            for side in [subject, item] {
                if let Side::Keyed { input: own, biases, factors } = side
                    && *own == input
                {
                    keep(factors, gone);
                    if !biases.is_empty() {
                        keep(biases, gone);
                    }
                }
            }
        }
        Function::Shapes { shapes, pairs, .. } => {
            shapes.iter_mut().filter(|shape| shape.input == input).for_each(|shape| keep(&mut shape.scores, gone));
            for pair in pairs {
                if pair.inputs.0 == input {
                    keep(&mut pair.scores, gone);
                }
                if pair.inputs.1 == input {
                    pair.scores.iter_mut().for_each(|row| keep(row, gone));
                }
            }
        }
        _ => {}
    }
}

/// Keeps what is not gone; what lies beyond the list stays.
fn keep<T>(list: &mut Vec<T>, gone: &[bool]) {
    let mut at = 0;
    list.retain(|_| {
        at += 1;
        !gone.get(at - 1).copied().unwrap_or(false)
    });
}
