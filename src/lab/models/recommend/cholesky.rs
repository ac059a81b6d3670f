//! Small dense symmetric positive definite systems, by Cholesky factorisation.

/// A symmetric matrix of `n` rows, row by row, of which the lower triangle is read and replaced by its factor L. Whether it is
/// positive definite; what is left is no factor when not.
pub fn factor(a: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, own) = a.split_at_mut(i * n);
        for j in 0..=i {
            let other = if j < i { &above[j * n..j * n + j + 1] } else { &[][..] };
            let line = &mut own[..n];
            if j < i {
                let dot = dot(&line[..j], &other[..j]);
                line[j] = (line[j] - dot) / other[j];
            } else {
                let dot = dot(&line[..i], &line[..i]);
                let rest = line[i] - dot;
                if !(rest > 0.0 && rest.is_finite()) {
                    return false;
                }
                line[i] = rest.sqrt();
            }
        }
    }
    true
}

/// Solves `L Lᵀ x = b` in place.
pub fn solve(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let line = &l[i * n..i * n + i + 1];
        b[i] = (b[i] - dot(&line[..i], &b[..i])) / line[i];
    }
    for i in (0..n).rev() {
        b[i] /= l[i * n + i];
        let x = b[i];
        for (b, l) in b[..i].iter_mut().zip(&l[i * n..i * n + i]) {
            *b -= l * x;
        }
    }
}

/// Four sums side by side, so that additions need not wait for each other; always the same four.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a4.zip(b4) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
