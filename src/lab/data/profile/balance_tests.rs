//! The tests of balance against numbers of numpy and scipy, their own distribution under draws by lot, and worlds in which columns say
//! the arm.

use super::balance::{Balance, balance};
use crate::data::cells::Cells;
use crate::data::dataset::Dataset;
use crate::random::Random;

fn table(columns: Vec<(&str, Cells)>) -> Dataset {
    Dataset::from_columns("trial", columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect()).unwrap()
}

#[test]
fn numbers_of_numpy() {
    // The same arithmetic there: numpy.cov, numpy.linalg.pinv, scipy.stats.chi2.
    let n = 300_i64;
    let arms: Vec<u32> = (0..n).map(|i| (i % 3) as u32).collect();
    let text: Vec<String> = (0..n).map(|i| format!("c{}", (i * 7 + i * i / 5) % 4)).collect();
    let few = (0..n).map(|i| (i * i * 5 + i / 7 + (i % 3) * i64::from(i % 4 == 0)) % 3).collect();
    let number = (0..n).map(|i| ((i * 37) % 101 + (i % 3) * 3) as f64).collect();
    let data = table(vec![
        ("text", Cells::from_texts(text.iter().map(|t| Some(t.as_str())))),
        ("few", Cells::Integer(few)),
        ("number", Cells::Number(number)),
        ("constant", Cells::Integer(vec![7; n as usize])),
    ]);
    let columns = ["text", "few", "number", "constant", "gone"];
    let found = balance(&data, &columns, |row| Some(arms[row]), None).unwrap();
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    let omnibus = found.omnibus.unwrap();
    near(omnibus.chi_square, 6.755_796_989_943_644_5);
    assert_eq!((omnibus.degrees, found.rows, found.columns), (18.0, 300, 3));
    near(omnibus.p, 0.992_029_092_534_463_1);
    let of = |name: &str| found.most.iter().find(|own| own.column == name).unwrap();
    near(of("few").chi_square, 4.996_277_711_887_601);
    near(of("few").p, 3.0 * 0.287_679_638_493_988_53);
    near(of("few").strength, (4.996_277_711_887_601_f64 / 600.0).sqrt());
    near(of("number").chi_square, 2.161_344_997_266_265_7);
    near(of("text").chi_square, 0.0);
    assert_eq!((of("number").degrees, of("text").degrees, found.p), (8.0, 6.0, 1.0));
    // A column that another says already adds nothing; a single arm is compared with nobody.
    let again = balance(&data, &["text", "text", "few", "number"], |row| Some(arms[row]), None).unwrap();
    near(again.omnibus.unwrap().chi_square, 6.755_796_989_943_644_5);
    assert_eq!(again.omnibus.unwrap().degrees, 18.0);
    assert_eq!(balance(&data, &columns, |_| Some(0), None), None);
    assert_eq!(balance(&data, &["constant"], |row| Some(arms[row]), None), None);
}

/// How an arm came about.
#[derive(Clone, Copy, Debug)]
enum Choice {
    Lot,
    /// P(treated | x) = x.
    Rising,
    /// The middle of x more often: the arms have one mean.
    Middle,
    /// One person in five gets it by city.
    City,
    /// A little by each of twelve columns.
    Diffuse,
}

fn world(rows: usize, seed: u64, choice: Choice) -> Balance {
    let mut random = Random::stream(77, seed);
    let mut noise: Vec<Vec<f64>> = vec![Vec::new(); 12];
    let (mut x, mut city, mut flag, mut arms) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rows {
        let own = random.uniform();
        let at = ["Oslo", "Rome", "Bonn", "Lund", "Graz"][random.below(5)];
        noise.iter_mut().for_each(|column| column.push(random.normal()));
        let sum: f64 = noise.iter().filter_map(|column| column.last()).sum();
        let p = match choice {
            Choice::Lot => 0.5,
            Choice::Rising => own,
            Choice::Middle => {
                if (0.25..0.75).contains(&own) {
                    0.6
                } else {
                    0.4
                }
            }
            Choice::City => {
                if at == "Graz" {
                    0.8
                } else {
                    0.425
                }
            }
            Choice::Diffuse => 1.0 / (1.0 + (-0.1 * sum).exp()),
        };
        arms.push(u32::from(random.chance(p)));
        x.push(if random.chance(0.05) { f64::NAN } else { own });
        city.push(Some(at));
        flag.push(Some(random.chance(0.01)));
    }
    let mut columns = vec![("x", Cells::Number(x)), ("city", Cells::from_texts(city)), ("flag", Cells::Bool(flag))];
    let names: Vec<String> = (0..12).map(|i| format!("noise_{i}")).collect();
    columns.extend(names.iter().zip(noise).map(|(name, column)| (name.as_str(), Cells::Number(column))));
    let data = table(columns);
    let all: Vec<&str> = data.columns().iter().map(|column| column.name.as_str()).collect();
    balance(&data, &all, |row| Some(arms[row]), None).unwrap()
}

#[test]
fn draws_by_lot_are_told_from_choices() {
    let worlds = 300;
    let by_lot: Vec<Balance> = (0..worlds).map(|seed| world(600, seed, Choice::Lot)).collect();
    let below = |p: f64| by_lot.iter().filter(|found| found.p < p).count();
    // Both tests counted, the 5 % are held, and not by being blind: 15 expected at most, 4.2 the standard deviation.
    assert!((3..=28).contains(&below(0.05)), "{} of {worlds} below 5 %", below(0.05));
    assert!(below(0.001) <= 3, "{} of {worlds} below 0.1 %", below(0.001));
    let middling = by_lot.iter().filter(|found| found.omnibus.unwrap().p < 0.5).count();
    assert!((120..=180).contains(&middling), "the omnibus test's own median: {middling} of {worlds} below it");
    for (choice, rows, named) in [
        (Choice::Rising, 400, Some("x")),
        (Choice::Middle, 3_000, Some("x")),
        (Choice::City, 1_500, Some("city")),
        (Choice::Diffuse, 4_000, None),
    ] {
        for seed in 0..10 {
            let found = world(rows, 1_000 + seed, choice);
            assert!(found.p < 0.001, "{choice:?} {seed}: {found:?}");
            if let Some(named) = named {
                let names: Vec<&str> = found.named(0.001).map(|own| own.column.as_str()).collect();
                // Another by chance is rare; the one that matters comes first.
                assert!(names.first() == Some(&named) && names.len() <= 2, "{choice:?} {seed}: {names:?}");
                assert!(found.words(0.001).contains(&format!("`{named}`")), "{}", found.words(0.001));
            }
        }
    }
}

#[test]
fn subjects_whose_rows_share_an_arm_count_once() {
    // The arm is drawn by lot once for each person; rows would say that x tells it.
    let mut told = 0;
    for seed in 0..40 {
        let mut random = Random::stream(5, seed);
        let (mut x, mut arms, mut subjects) = (vec![], vec![], vec![]);
        for person in 0..150_u32 {
            let (own, arm) = (random.normal(), u32::from(random.chance(0.5)));
            for _ in 0..20 {
                x.push(own);
                arms.push(arm);
                subjects.push(person);
            }
        }
        let data = table(vec![("x", Cells::Number(x))]);
        let of = |subjects: Option<&[u32]>| balance(&data, &["x"], |row| Some(arms[row]), subjects).unwrap();
        let found = of(Some(&subjects));
        assert!(found.rows == 150 && found.p > 0.0005, "{seed}: {found:?}");
        told += usize::from(of(None).p < 0.001);
    }
    assert!(told > 10, "{told} of 40: rows that count for themselves see what is not there");
}

#[test]
fn arms_that_take_turns_and_long_tables_are_sampled_fairly() {
    // Twice as many rows as are looked at; an even step would see one arm.
    let rows = 400_000;
    let data = table(vec![("turn", Cells::Integer((0..rows).map(|i| i64::from(i % 7 == 0)).collect()))]);
    let found = balance(&data, &["turn"], |row| Some(row as u32 % 2), None).unwrap();
    assert!(found.rows == 200_000 && found.p > 0.001, "{found:?}");
}
