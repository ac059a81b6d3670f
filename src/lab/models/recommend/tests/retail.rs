//! Real purchases through the real importer: the numbers that pandas and numpy find for the same split and the same methods.

use super::*;
use crate::data::cells::Dictionary;
use crate::data::import::{ImportOptions, import};
use crate::models::testing::shared;
use std::collections::BTreeSet;

#[test]
fn online_retail_has_the_numbers_of_numpy() {
    let Some(file) = shared("data/online_retail/online_retail.csv") else { return };
    let dataset = import(&file, &ImportOptions::default(), &Task::default()).unwrap().dataset;
    let columns = Columns {
        customer: "CustomerID".into(),
        item: "StockCode".into(),
        date: "InvoiceDate".into(),
        weight: Some("Quantity".into()),
        attributes: vec!["Description".into()],
        segment: Some("Country".into()),
    };
    let whole = read(&dataset, &columns, &Task::default()).unwrap();
    assert_eq!(
        whole.notes,
        ["135080 rows without a customer left out", "8905 rows with a weight of 0 or less, or none left out"]
    );
    // Items that 150 customers or more bought: the reference is dense, and this test is to be quick.
    let counts = whole.interactions.baskets(None).counts();
    let codes = dataset.dictionary("StockCode").unwrap().codes;
    let often = |code: u32| code != Dictionary::MISSING && counts[code as usize] >= 150;
    let rows: Vec<u32> = (0..dataset.rows() as u32).filter(|row| often(codes[*row as usize])).collect();
    let kept = read(&dataset.select(&rows), &columns, &Task::default()).unwrap();

    let knn = Method::ItemKnn { neighbours: 100, shrinkage: 20.0 };
    let methods = [
        Method::Popularity,
        Method::Ease { l2: 300.0, keep: 0 },
        knn,
        Method::Als { factors: 16, l2: 10.0, alpha: 5.0, iterations: 5, seed: 1 },
        Method::hybrid(),
    ];
    let options = Options { resamples: 200, ..Options::default() };
    let comparison = compare(&kept.interactions, &kept.catalogue, &methods, &options, &Task::default()).unwrap();
    assert_eq!(comparison.at, 1_316_986_392_000);
    assert_eq!(comparison.train, super::super::evaluate::Counts { subjects: 3_467, items: 540, pairs: 95_121 });
    assert_eq!((comparison.test.subjects, comparison.test.pairs), (2_538, 41_192));
    // Precision, recall, MAP, NDCG, hit rate, all at 10: numpy.
    let numpy = [
        [0.0535461, 0.03604467, 0.02426245, 0.06027728, 0.35460993],
        [0.09046493, 0.07576946, 0.05305261, 0.11093732, 0.50039401],
        [0.08498818, 0.06947292, 0.05040696, 0.10453282, 0.46335697],
    ];
    for (method, expected) in comparison.methods.iter().zip(numpy) {
        let all = method.all().unwrap();
        let own = [all.precision, all.recall, all.map, all.ndcg, all.hit_rate];
        for (own, expected) in own.iter().zip(expected) {
            // Rounded similarities may exchange two neighbours in a list of thousands.
            assert!((own.value - expected).abs() < 5e-5, "{}: {}, numpy {expected}", method.name, own.value);
        }
    }
    for method in &comparison.methods[1..] {
        let gain = method.against_popularity.unwrap();
        assert!(gain.low > 0.0, "{} against popularity: {gain:?}", method.name);
    }
    // The words of its description say what an item is.
    let words: BTreeSet<&str> = kept
        .catalogue
        .attributes
        .iter()
        .flat_map(|a| a.items.iter().flat_map(|tokens| tokens.keys()))
        .map(|t| &**t)
        .collect();
    assert!(words.contains("lantern") && !words.contains("WHITE METAL LANTERN"));
    let segments = kept.catalogue.segments.unwrap();
    assert!(segments.names.iter().any(|name| &**name == "France"));
}
