//! EASE and ALS against naive dense versions, and against numbers made with numpy for one small matrix.

use super::super::als::{Als, Vectors};
use super::super::content::content;
use super::super::ease::ease;
use super::super::knn::knn;
use super::super::sweep::{Triangle, negative_inverse};
use super::*;

/// The inverse by Gauss–Jordan elimination with row exchange.
fn inverse(a: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = a.len();
    let unit = |i: usize| (0..n).map(move |j| f64::from(u8::from(i == j)));
    let mut m: Vec<Vec<f64>> =
        a.iter().enumerate().map(|(i, row)| row.iter().copied().chain(unit(i)).collect()).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| m[*a][k].abs().total_cmp(&m[*b][k].abs())).unwrap();
        m.swap(k, pivot);
        let by = m[k][k];
        m[k].iter_mut().for_each(|x| *x /= by);
        for i in (0..n).filter(|i| *i != k) {
            let by = m[i][k];
            let pivot = m[k].clone();
            m[i].iter_mut().zip(pivot).for_each(|(x, p)| *x -= by * p);
        }
    }
    m.into_iter().map(|row| row[n..].to_vec()).collect()
}

fn small() -> Baskets {
    dense(&[
        &[1, 1, 0, 0, 1],
        &[0, 1, 1, 0, 0],
        &[1, 0, 1, 1, 0],
        &[0, 1, 0, 1, 1],
        &[1, 1, 1, 0, 0],
        &[0, 0, 1, 1, 0],
        &[1, 1, 0, 0, 1],
    ])
}

/// Weights between 1 and 2.
fn random(subjects: usize, items: usize, share: f64, seed: u64) -> Baskets {
    let mut random = Random::new(seed);
    let mut row = || {
        let mut row = Vec::new();
        for item in 0..items as u32 {
            if random.chance(share) {
                row.push((item, 1.0 + random.uniform()));
            }
        }
        row
    };
    Baskets::new(items, (0..subjects).map(|_| row()).collect())
}

#[test]
fn an_inverse_of_every_size_is_one() {
    // Sizes around the width of a pivot block and of a tile.
    for n in [1, 2, 63, 64, 65, 130, 200, 515] {
        let mut random = Random::new(n as u64);
        let mut a = Triangle::new(n);
        for i in 0..n {
            for j in 0..i {
                *a.get_mut(i, j) = random.normal() / (n as f64).sqrt();
            }
            *a.get_mut(i, i) = 4.0 + random.uniform();
        }
        let whole: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| a.get(i, j)).collect()).collect();
        negative_inverse(&mut a, &Task::default()).unwrap();
        for i in (0..n).step_by(1 + n / 40) {
            for j in 0..n {
                let product: f64 = (0..n).map(|k| whole[i][k] * -a.get(k, j)).sum();
                let expected = f64::from(u8::from(i == j));
                assert!((product - expected).abs() < 1e-11, "{n}: ({i}, {j}) is {product}");
            }
        }
    }
    let mut singular = Triangle::new(2);
    (0..2).for_each(|i| (0..=i).for_each(|j| *singular.get_mut(i, j) = 1.0));
    assert!(negative_inverse(&mut singular, &Task::default()).unwrap_err().to_string().contains("larger l2"));
}

#[test]
fn ease_is_the_dense_closed_form() {
    let baskets = random(300, 150, 0.08, 5);
    let n = baskets.items();
    let l2 = 7.5;
    let mut gram = vec![vec![0.0; n]; n];
    for subject in 0..baskets.subjects() {
        for i in baskets.basket(subject) {
            for j in baskets.basket(subject) {
                gram[i as usize][j as usize] += 1.0;
            }
        }
    }
    (0..n).for_each(|i| gram[i][i] += l2);
    let p = inverse(&gram);
    let all: Vec<u32> = (0..n as u32).collect();
    let lists = ease(&baskets, &all, l2, 0, &Task::default()).unwrap();
    for i in 0..n {
        let mut own = vec![0.0; n];
        lists[i].iter().for_each(|(j, w)| own[*j as usize] = *w);
        for j in 0..n {
            // The score of item i sums B_ji over the basket.
            let expected = if i == j { 0.0 } else { -p[j][i] / p[i][i] };
            assert!((own[j] - expected).abs() < 1e-12, "({i}, {j}): {}, dense {expected}", own[j]);
        }
    }
    let kept = ease(&baskets, &all, l2, 9, &Task::default()).unwrap();
    for (whole, kept) in lists.iter().zip(&kept) {
        assert_eq!(kept.len(), 9);
        let least = kept.iter().map(|(_, w)| w.abs()).fold(f64::MAX, f64::min);
        assert!(whole.iter().filter(|(_, w)| w.abs() > least).count() < 9);
        assert!(kept.iter().all(|pair| whole.contains(pair)));
    }
}

#[test]
fn ease_has_the_numbers_of_numpy() {
    let all: Vec<u32> = (0..5).collect();
    let lists = ease(&small(), &all, 0.5, 0, &Task::default()).unwrap();
    // numpy: P = inv(X.T @ X + 0.5 I); B = -P / diag(P); column i of B is the list of item i.
    for (i, row) in EASE_NUMPY.iter().enumerate() {
        for (j, expected) in row.iter().enumerate() {
            let own = lists[i].iter().find(|(at, _)| *at as usize == j).map_or(0.0, |(_, w)| *w);
            assert!((own - expected).abs() < 1e-12, "({i}, {j}): {own}, numpy {expected}");
        }
    }
}

#[test]
fn too_many_items_are_refused_in_words() {
    let baskets = Baskets::new(MOST_ITEMS + 1, vec![(0..=MOST_ITEMS as u32).map(|i| (i, 1.0)).collect()]);
    let error = fit(&Method::ease(), &baskets, &Catalogue::default(), &Task::default()).unwrap_err().to_string();
    assert!(error.contains("17001 items") && error.contains("ALS"), "{error}");
}

/// One half round of ALS by dense algebra, as the paper writes it.
fn dense_half(rows: &Baskets, columns: &[Vec<f64>], als: &Als) -> Vec<Vec<f64>> {
    let f = als.factors;
    (0..rows.subjects())
        .map(|u| {
            let mut confidence = vec![1.0; columns.len()];
            let mut preference = vec![0.0; columns.len()];
            for (i, weight) in rows.row(u) {
                confidence[*i as usize] = 1.0 + als.alpha * weight;
                preference[*i as usize] = 1.0;
            }
            let mut a = vec![vec![0.0; f]; f];
            let mut b = vec![0.0; f];
            for (i, y) in columns.iter().enumerate() {
                for s in 0..f {
                    for t in 0..f {
                        a[s][t] += y[s] * confidence[i] * y[t];
                    }
                    b[s] += y[s] * confidence[i] * preference[i];
                }
            }
            (0..f).for_each(|s| a[s][s] += als.l2);
            let inverse = inverse(&a);
            (0..f).map(|s| (0..f).map(|t| inverse[s][t] * b[t]).sum()).collect()
        })
        .collect()
}

fn loss(baskets: &Baskets, vectors: &Vectors, als: &Als) -> f64 {
    let f = als.factors;
    let mut sum = 0.0;
    for u in 0..baskets.subjects() {
        for i in 0..baskets.items() {
            let weight = baskets.row(u).iter().find(|(item, _)| *item as usize == i).map_or(0.0, |(_, w)| *w);
            let score: f64 = (0..f).map(|k| vectors.subjects[u * f + k] * vectors.items[i * f + k]).sum();
            let preference = f64::from(u8::from(weight > 0.0));
            sum += (1.0 + als.alpha * weight) * (preference - score) * (preference - score);
        }
    }
    sum + als.l2 * vectors.subjects.iter().chain(&vectors.items).map(|x| x * x).sum::<f64>()
}

#[test]
fn als_is_the_dense_least_squares() {
    let baskets = random(90, 50, 0.1, 9);
    let als = Als { factors: 7, l2: 0.8, alpha: 3.0, iterations: 4 };
    let begin = als.begin(baskets.items(), 3);
    let fitted = als.fit(&baskets, begin.clone(), &Task::default()).unwrap();
    let mut items: Vec<Vec<f64>> = begin.chunks(7).map(<[f64]>::to_vec).collect();
    let mut subjects = Vec::new();
    for _ in 0..als.iterations {
        subjects = dense_half(&baskets, &items, &als);
        items = dense_half(&baskets.transposed(), &subjects, &als);
    }
    for (own, expected) in fitted.subjects.iter().zip(subjects.concat()).chain(fitted.items.iter().zip(items.concat()))
    {
        assert!((own - expected).abs() < 1e-9, "{own}, dense {expected}");
    }
    let losses: Vec<f64> = (1..6)
        .map(|iterations| {
            let als = Als { iterations, ..als };
            loss(&baskets, &als.fit(&baskets, begin.clone(), &Task::default()).unwrap(), &als)
        })
        .collect();
    assert!(losses.is_sorted_by(|a, b| a >= b), "the objective must not rise: {losses:?}");
    assert!(losses[4] < 0.9 * losses[0], "{losses:?}");
}

#[test]
fn als_has_the_numbers_of_numpy() {
    let als = Als { factors: 2, l2: 0.1, alpha: 2.0, iterations: 3 };
    // sin(1), sin(2), … in rows of two.
    let begin = (1..=10).map(|x| libm::sin(f64::from(x))).collect();
    let fitted = als.fit(&small(), begin, &Task::default()).unwrap();
    for (what, own, expected) in [("subject", &fitted.subjects, &ALS_SUBJECTS[..]), ("item", &fitted.items, &ALS_ITEMS)]
    {
        assert_eq!(own.len(), expected.len());
        for (at, (own, expected)) in own.iter().zip(expected).enumerate() {
            assert!((own - expected).abs() < 1e-10, "{what} {at}: {own}, numpy {expected}");
        }
    }
}

#[test]
fn knn_is_the_naive_cosine() {
    let baskets = random(80, 40, 0.15, 11);
    let by_item = baskets.transposed();
    let vector = |item: usize| -> Vec<f64> {
        let mut v = vec![0.0; baskets.subjects()];
        by_item.row(item).iter().for_each(|(s, w)| v[*s as usize] = *w);
        v
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lists = knn(&baskets, 6, 2.5, &Task::default()).unwrap();
    for (i, list) in lists.iter().enumerate() {
        let mut naive: Vec<(u32, f64)> = (0..baskets.items())
            .filter(|j| *j != i)
            .map(|j| {
                let (a, b) = (vector(i), vector(j));
                (j as u32, dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt() + 2.5))
            })
            .collect();
        naive.sort_by(|a, b| b.1.total_cmp(&a.1));
        naive.truncate(6);
        let largest = |list: &[(u32, f64)]| list.iter().map(|(_, w)| *w).fold(0.0, f64::max);
        assert!((largest(list) - largest(&naive)).abs() < 1e-12);
        for (j, w) in list {
            let expected = naive.iter().find(|(other, _)| other == j);
            assert!(expected.is_some_and(|(_, x)| (x - w).abs() < 1e-12), "({i}, {j}): {w}, naive {expected:?}");
        }
    }
}

#[test]
fn content_has_the_numbers_of_scikit_learn() {
    let texts = ["red mug large", "red mug", "blue mug large", "garden hose", "red garden hose hose"];
    let items = texts.iter().map(|text| {
        let mut tokens = std::collections::BTreeMap::new();
        text.split(' ').for_each(|word| *tokens.entry(Arc::from(word)).or_default() += 1);
        tokens
    });
    let attributes = Attributes { items: items.collect() };
    // The last two may not stand in a basket: nobody took the last.
    let lists = content(&attributes, &[true, true, true, true, false], 9, &Task::default()).unwrap();
    for (i, row) in TFIDF_SKLEARN.iter().enumerate() {
        for (j, expected) in row.iter().enumerate().take(4).filter(|(j, _)| *j != i) {
            let own = lists[i].iter().find(|(at, _)| *at as usize == j).map_or(0.0, |(_, w)| *w);
            assert!((own - expected).abs() < 1e-12, "({i}, {j}): {own}, scikit-learn {expected}");
        }
        assert!(lists[i].iter().all(|(j, _)| *j != 4 && *j as usize != i));
    }
}

#[rustfmt::skip]
const EASE_NUMPY: [[f64; 5]; 5] = [
    [0.0, 0.13838862559241705, 0.45118483412322274, -0.15355450236966828, 0.4966824644549763],
    [0.10480976310122046, 0.0, 0.5312275664034458, -0.30007178750897345, 0.8829863603732948],
    [0.3289564616447823, 0.5114029025570144, 0.0, 0.5556323427781618, -0.7850725639253627],
    [-0.13181448331977216, -0.340113913751017, 0.6541903986981285, 0.0, 0.6525630593978844],
    [0.22892092616863258, 0.5373525557011795, -0.49628658802970727, 0.3503713411970293, 0.0],
];

#[rustfmt::skip]
const ALS_SUBJECTS: [f64; 14] = [1.3508490892482776, -0.6257509825033277, 0.7771586092163661, -0.12690670624910383, 0.02709825354860165, 0.8634193879482547, 1.182349652975712, -0.2806257288997945, 0.9464434343090325, -0.04577694201214834, -0.3006861188205038, 0.9469695195514122, 1.3508490892482776, -0.6257509825033277];

#[rustfmt::skip]
const ALS_ITEMS: [f64; 10] = [0.986818794747795, 0.7861126706875294, 0.9487941953659161, 0.2952814781813121, 0.8603110749490118, 1.2945648425151304, 0.721679432872389, 1.1866090715737376, 0.667898353857079, -0.06322333542705036];

#[rustfmt::skip]
const TFIDF_SKLEARN: [[f64; 5]; 5] = [
    [1.0, 0.7612464929881594, 0.6098728079480941, 0.0, 0.18733364773174113],
    [0.7612464929881594, 1.0000000000000002, 0.32683020190778944, 0.0, 0.24608802727798576],
    [0.6098728079480941, 0.32683020190778944, 1.0000000000000002, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0000000000000002, 0.8893780012428758],
    [0.18733364773174113, 0.24608802727798576, 0.0, 0.8893780012428758, 0.9999999999999998],
];
