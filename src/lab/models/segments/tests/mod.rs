//! Segments against scikit-learn and SciPy on fixed data, worlds with known groups, and the law of lowering.

mod reference;
mod world;

use super::*;
use crate::data::Dataset;
use crate::data::cells::Cells;
use crate::random::Random;
use crate::task::Task;

/// Customers of three kinds: `age`, `spend` and `channel` tell them apart, `noise` does not, `city` follows the kind but is no feature.
/// Also the kind of each.
fn customers(rows: usize, seed: u64) -> (Dataset, Vec<u32>) {
    let mut random = Random::new(seed);
    let (mut age, mut spend, mut noise, mut kinds) = (vec![], vec![], vec![], vec![]);
    let (mut channel, mut city, mut member) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let kind = random.pick(&[0.5, 0.3, 0.2]);
        let (a, s, web) = [(30.0, 100.0, 0.9), (60.0, 110.0, 0.1), (45.0, 400.0, 0.5)][kind];
        age.push(if random.chance(0.03) { f64::NAN } else { a + 4.0 * random.normal() });
        spend.push(s + 25.0 * random.normal());
        noise.push(random.normal());
        channel.push(Some(if random.chance(web) { "Web" } else { "Phone" }));
        city.push(Some(if random.chance(0.8) { ["north", "south", "east"][kind] } else { "west" }));
        member.push(Some(random.chance([0.2, 0.2, 0.9][kind])));
        kinds.push(kind as u32);
    }
    let columns = vec![
        ("age".into(), Cells::Number(age)),
        ("spend".into(), Cells::Number(spend)),
        ("noise".into(), Cells::Number(noise)),
        ("channel".into(), Cells::from_texts(channel)),
        ("city".into(), Cells::from_texts(city)),
        ("member".into(), Cells::Bool(member)),
    ];
    (Dataset::from_columns("customers", columns).unwrap(), kinds)
}

fn rows(dataset: &Dataset) -> Vec<u32> {
    (0..dataset.rows() as u32).collect()
}

const ALL: [Cluster; 4] = [Cluster::KMeans, Cluster::Mixture, Cluster::FullMixture, Cluster::Ward];
