//! The hybrid: what subjects took together speaks for items that many took, what items are speaks for the others.

use super::recommender::strongest;

/// One list per item: where `cold`, the list of `content`; elsewhere that of `taken` plus `weight` times that of `content`.
///
/// Content is first brought to the scale of `taken`, so that scores of cold and other items can be ranked together: the mean over
/// items of the largest similarity becomes the same.
pub fn blend(
    taken: &[Vec<(u32, f64)>],
    content: &[Vec<(u32, f64)>],
    cold: &[bool],
    weight: f64,
) -> Vec<Vec<(u32, f64)>> {
    let scale = match (mean_largest(taken), mean_largest(content)) {
        (a, b) if a > 0.0 && b > 0.0 => a / b,
        _ => 1.0,
    };
    let one = |item: usize| {
        let by_content = content[item].iter().map(|(other, x)| (*other, x * scale));
        if cold[item] {
            return by_content.collect();
        }
        let mut list = taken[item].clone();
        list.extend(by_content.map(|(other, x)| (other, x * weight)));
        list.sort_by_key(|(other, _)| *other);
        list.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 += later.1;
            }
            same
        });
        strongest(list, 0)
    };
    (0..taken.len()).map(one).collect()
}

/// Mean over the items that have neighbours of the largest similarity.
fn mean_largest(lists: &[Vec<(u32, f64)>]) -> f64 {
    let largest: Vec<f64> =
        lists.iter().filter_map(|list| list.iter().map(|(_, x)| *x).max_by(f64::total_cmp)).collect();
    largest.iter().sum::<f64>() / largest.len().max(1) as f64
}
