//! What one leaf gives to the inputs on its path, exactly: a leaf is a product of conditions, one per input, and Shapley values of
//! a product need no more than which conditions a row meets.
//!
//! Path-dependent: the value of a set S is the leaf's times Π of z_j over inputs outside S (z_j: the share of rows that goes on at
//! the splits of j) times whether the row meets those inside. Weighing all sets is an integral over the chance u of being inside,
//! `∫ Π_{j≠i} ((1 − u) z_j + u o_j) du`, a polynomial of degree d − 1 that Gauss and Legendre's ⌈d/2⌉ points integrate exactly.
//! All terms are 0 or more, so nothing cancels, however long the path.

use super::walk::Slot;
use std::sync::OnceLock;

/// Points and weights of the rule with ⌈d/2⌉ points on [0, 1], filled up with points of weight 0.
struct Rule<const N: usize> {
    points: [f64; N],
    weights: [f64; N],
}

/// What a leaf of value `value` gives to each input on its path, for a row that meets the conditions of the bits in `met`:
/// conditional on the path (Lundberg et al. 2018, "Consistent individualized feature attribution for tree ensembles").
pub fn path_dependent(value: f64, slots: &[Slot], met: u64, out: &mut [f64]) {
    match slots.len() {
        0 => {}
        1..=8 => integrate::<4, 8>(value, slots, met, out),
        9..=16 => integrate::<8, 16>(value, slots, met, out),
        _ => integrate::<32, 64>(value, slots, met, out),
    }
}

/// With `N` points for at most `INPUTS` = 2 N inputs.
fn integrate<const N: usize, const INPUTS: usize>(value: f64, slots: &[Slot], met: u64, out: &mut [f64]) {
    let rule = rule::<N>(slots.len());
    let factor = |j: usize| -> [f64; N] {
        let (zero, one) = (slots[j].zero, (met >> j & 1) as f64);
        std::array::from_fn(|q| (1.0 - rule.points[q]) * zero + rule.points[q] * one)
    };
    // Products of the factors before each input, then times those behind it.
    let mut before = [[0.0; N]; INPUTS];
    let mut product = rule.weights;
    for (j, before) in before.iter_mut().enumerate().take(slots.len()) {
        *before = product;
        product = times(product, factor(j));
    }
    let mut behind = [1.0; N];
    for j in (0..slots.len()).rev() {
        let integral: f64 = times(before[j], behind).iter().sum();
        out[j] = value * ((met >> j & 1) as f64 - slots[j].zero) * integral;
        behind = times(behind, factor(j));
    }
}

fn times<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    std::array::from_fn(|q| a[q] * b[q])
}

/// What a leaf gives for a row that meets `met`, against background rows: distinct sets of conditions they meet with their
/// weights, which add up to 1 (interventional; Lundberg et al. 2020, "From local explanations to global understanding").
pub fn interventional(value: f64, inputs: usize, met: u64, background: &[(u64, f64)], out: &mut [f64]) {
    out.fill(0.0);
    let all = if inputs == 64 { u64::MAX } else { (1 << inputs) - 1 };
    for &(theirs, weight) in background {
        // A condition that neither row meets keeps every mixture of the two out of this leaf.
        if met | theirs != all {
            continue;
        }
        let (ours_only, theirs_only) = (met & !theirs, theirs & !met);
        let (p, n) = (ours_only.count_ones(), theirs_only.count_ones());
        let share = value * weight;
        if p > 0 {
            let gain = share * inverse_count(p - 1, n);
            each(ours_only, |slot| out[slot] += gain);
        }
        if n > 0 {
            let loss = share * inverse_count(p, n - 1);
            each(theirs_only, |slot| out[slot] -= loss);
        }
    }
}

fn each(mut bits: u64, mut with: impl FnMut(usize)) {
    while bits != 0 {
        with(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// a! b! / (a + b + 1)!: the share of all orders in which `a` given others come before one and `b` after it.
fn inverse_count(a: u32, b: u32) -> f64 {
    static TABLE: OnceLock<Vec<f64>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = vec![0.0; 65 * 65];
        for a in 0..65_usize {
            // B(a + 1, b + 1), from B(a + 1, 1) = 1 / (a + 1) upwards.
            let mut beta = 1.0 / (a as f64 + 1.0);
            for b in 0..65_usize {
                table[a * 65 + b] = beta;
                beta *= (b as f64 + 1.0) / ((a + b) as f64 + 2.0);
            }
        }
        table
    });
    table[a as usize * 65 + b as usize]
}

fn rule<const N: usize>(inputs: usize) -> Rule<N> {
    static RULES: OnceLock<Vec<Vec<(f64, f64)>>> = OnceLock::new();
    let rules = RULES.get_or_init(|| (0..=32).map(gauss_legendre).collect());
    let of = &rules[inputs.div_ceil(2).min(N)];
    let at = |q: usize| of.get(q).copied().unwrap_or((0.0, 0.0));
    Rule { points: std::array::from_fn(|q| at(q).0), weights: std::array::from_fn(|q| at(q).1) }
}

/// Gauss and Legendre's rule on [0, 1]: exact for polynomials up to degree 2n − 1. Points are zeros of the Legendre polynomial,
/// found by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let legendre = |x: f64| {
        let (mut before, mut p) = (0.0, 1.0);
        for k in 0..n {
            let k = k as f64;
            (before, p) = (p, ((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0));
        }
        (p, n as f64 * (x * p - before) / (x * x - 1.0))
    };
    (0..n)
        .map(|i| {
            let mut x = libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5));
            for _ in 0..10 {
                let (p, slope) = legendre(x);
                x -= p / slope;
            }
            let slope = legendre(x).1;
            ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_integrate_powers_exactly() {
        for n in 1..=32 {
            let rule = gauss_legendre(n);
            for degree in 0..2 * n {
                let sum: f64 = rule.iter().map(|(x, w)| w * x.powi(degree as i32)).sum();
                let exact = 1.0 / (degree as f64 + 1.0);
                assert!((sum / exact - 1.0).abs() < 1e-12, "{n} points, degree {degree}: {sum} for {exact}");
            }
        }
    }

    #[test]
    fn orders_are_counted() {
        for (a, b, expected) in [(0, 0, 1.0), (1, 0, 0.5), (1, 1, 1.0 / 6.0), (2, 3, 12.0 / 720.0)] {
            assert!((inverse_count(a, b) - expected).abs() < 1e-15);
            assert!((inverse_count(b, a) - expected).abs() < 1e-15);
        }
    }
}
