//! Numbers of scikit-learn 1.9 and SciPy for 60 fixed points in three dimensions.

use super::super::agreement::adjusted_rand;
use super::super::kmeans::kmeans;
use super::super::mixture::mixture;
use super::super::silhouette::silhouette;
use super::super::ward::{cut, hierarchy};
use super::*;
use crate::features::Matrix;

/// Three centers, every third point each, moved by sines.
fn points() -> Matrix {
    let centers = [[0.0, 0.0, 0.0], [3.0, 1.0, -2.0], [-1.0, 3.0, 2.0]];
    let x = |i: usize, j: usize| {
        let (a, b) = (i as f64, j as f64);
        centers[i % 3][j] + 0.9 * libm::sin(1.7 * a + 2.3 * b + 0.9 * a * b)
    };
    Matrix::new(60, 3, (0..60).flat_map(|i| (0..3).map(move |j| x(i, j))).collect()).unwrap()
}

fn close(what: &str, own: f64, peer: f64, tolerance: f64) {
    assert!((own - peer).abs() < tolerance, "{what}: {own}, peer {peer}");
}

#[test]
fn k_means_finds_the_peers_optimum() {
    let (x, task) = (points(), Task::default());
    // scikit-learn: the best of 20 and of 200 starts.
    let three = kmeans(&x, 3, 1, &task).unwrap();
    close("inertia of 3", three.inertia, 72.42098046135136, 1e-9);
    close("inertia of 4", kmeans(&x, 4, 1, &task).unwrap().inertia, 64.67076288105068, 1e-9);
    close("silhouette", silhouette(&x, &three.of, 3, &task).unwrap(), 0.5949292812011873, 1e-12);
    let halves: Vec<u32> = (0..60).map(|i| i % 2).collect();
    close("silhouette of halves", silhouette(&x, &halves, 2, &task).unwrap(), -0.023091641508937746, 1e-12);
}

#[test]
fn mixtures_have_the_peers_likelihood() {
    let (x, task) = (points(), Task::default());
    for (full, likelihood, bic) in
        [(false, -3.9885458352582046, 560.5123914754265), (true, -3.982704452512119, 596.6605266058953)]
    {
        let own = mixture(&x, &kmeans(&x, 3, 1, &task).unwrap(), full, &task).unwrap();
        close("mean log likelihood", own.log_likelihood, likelihood, 1e-7);
        close("BIC", own.bic, bic, 1e-5);
        own.weights.iter().for_each(|weight| close("weight", *weight, 1.0 / 3.0, 1e-4));
    }
}

#[test]
fn ward_has_scipys_heights() {
    let (x, task) = (points(), Task::default());
    let merges = hierarchy(&x, &task).unwrap();
    assert_eq!(merges.len(), 59);
    let last = [3.4812955313042995, 3.856310234667082, 3.937059202069652, 16.68124782526578, 23.620769060341846];
    merges[54..].iter().zip(last).for_each(|(merge, height)| close("height", merge.height, height, 1e-9));
    close("all heights", merges.iter().map(|merge| merge.height).sum(), 110.66550479209087, 1e-9);
    let four = cut(&merges, 60, 4);
    let mut sizes: Vec<usize> = (0..4).map(|k| four.iter().filter(|own| **own == k).count()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [7, 13, 20, 20]);
    close("agreement", adjusted_rand(&four, &kmeans(&x, 3, 1, &task).unwrap().of), 0.8771086543523542, 1e-12);
}

#[test]
fn agreement_is_the_peers() {
    let of = |f: fn(u32) -> u32, n: u32| (0..n).map(f).collect::<Vec<u32>>();
    let table = [
        (vec![0, 0, 1, 1, 2, 2], vec![0, 0, 1, 2, 2, 2], 0.4444444444444444),
        (of(|i| i % 2, 60), of(|i| i % 3, 60), -0.023121387283236993),
        (of(|i| i / 7, 30), of(|i| i / 4, 30), 0.44242298945627456),
        // Names do not matter; one group on both sides is the same.
        (vec![0, 0, 1, 1], vec![7, 7, 3, 3], 1.0),
        (vec![0; 5], vec![1; 5], 1.0),
        (vec![], vec![], 1.0),
    ];
    for (a, b, expected) in table {
        close("adjusted Rand", adjusted_rand(&a, &b), expected, 1e-12);
    }
}

#[test]
fn a_hierarchy_is_the_naive_one() {
    // Every step merges the pair whose union adds least squared distance; random points have no ties.
    let mut random = Random::new(8);
    let x = Matrix::new(40, 2, (0..80).map(|_| random.normal()).collect()).unwrap();
    let mut groups: Vec<Vec<usize>> = (0..40).map(|row| vec![row]).collect();
    let scatter = |rows: &[usize]| -> f64 {
        let mean = |j: usize| rows.iter().map(|row| x.row(*row)[j]).sum::<f64>() / rows.len() as f64;
        let mean = [mean(0), mean(1)];
        rows.iter().map(|row| (0..2).map(|j| (x.row(*row)[j] - mean[j]).powi(2)).sum::<f64>()).sum()
    };
    let merges = hierarchy(&x, &Task::default()).unwrap();
    for merge in &merges {
        let mut best = (0, 0, f64::INFINITY);
        for a in 0..groups.len() {
            for b in a + 1..groups.len() {
                let both = [&groups[a][..], &groups[b][..]].concat();
                let rise = scatter(&both) - scatter(&groups[a]) - scatter(&groups[b]);
                if rise < best.2 {
                    best = (a, b, rise);
                }
            }
        }
        close("height", merge.height, (2.0 * best.2).sqrt(), 1e-9);
        let gone = groups.remove(best.1);
        groups[best.0].extend(gone);
        let own = cut(&merges, 40, groups.len());
        let mut naive = vec![0; 40];
        groups.iter().zip(0..).for_each(|(rows, at)| rows.iter().for_each(|row| naive[*row] = at));
        assert_eq!(adjusted_rand(&own, &naive), 1.0);
    }
}
