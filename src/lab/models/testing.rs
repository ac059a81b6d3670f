//! Generated rows for the tests of this module: customers whose outcome has a known driver.

use crate::data::cells::Cells;
use crate::data::{Dataset, Role, Roles};
use crate::random::Random;
use std::path::PathBuf;

/// A file of the shared data; `None`, with a printed line, when there is none and no one insists.
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let root = std::env::var_os("ATTUNE_SHARED").map_or_else(beside, PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
    println!("skipped: {} is missing", file.display());
    None
}

/// Customers: `driver` moves the outcome most, `plan` less, `flag` a little, `noise` and `gaps` not at all. Tenths of
/// `driver`, `plan` and `flag` and half of `gaps` are missing. `arm` is drawn by chance.
pub fn customers(rows: usize, seed: u64) -> (Dataset, Roles) {
    let mut s = Random::new(seed);
    let mut columns: [Vec<f64>; 3] = Default::default();
    let (mut flags, mut plans, mut arms, mut outcomes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut counts = Vec::new();
    for _ in 0..rows {
        let driver = s.normal();
        let plan = ["basic", "gold", "plus", "trial"][(s.uniform() * 4.0) as usize];
        let flag = s.uniform() < 0.3;
        let z = -1.0 + 1.5 * driver + if plan == "gold" { 1.0 } else { 0.0 } + if flag { 0.4 } else { 0.0 };
        outcomes.push((s.uniform() < 1.0 / (1.0 + (-z).exp())) as i64);
        let lost = |s: &mut Random, share: f64| s.uniform() < share;
        columns[0].push(if lost(&mut s, 0.1) { f64::NAN } else { driver });
        columns[1].push(s.normal() * 100.0);
        columns[2].push(if lost(&mut s, 0.5) { f64::NAN } else { s.normal() });
        plans.push((!lost(&mut s, 0.1)).then_some(plan));
        flags.push((!lost(&mut s, 0.1)).then_some(flag));
        counts.push((s.uniform() * 5.0) as i64);
        arms.push(if s.uniform() < 0.5 { "mail" } else { "none" });
    }
    let [driver, noise, gaps] = columns.map(Cells::Number);
    let dataset = Dataset::from_columns(
        "customers",
        vec![
            ("driver".into(), driver),
            ("noise".into(), noise),
            ("gaps".into(), gaps),
            ("count".into(), Cells::Integer(counts)),
            ("flag".into(), Cells::Bool(flags)),
            ("plan".into(), Cells::from_texts(plans)),
            ("arm".into(), Cells::from_texts(arms.into_iter().map(Some))),
            ("bought".into(), Cells::Integer(outcomes)),
        ],
    )
    .unwrap();
    let mut roles = Roles::default();
    for column in dataset.columns() {
        let role = match column.name.as_str() {
            "arm" => Role::Action,
            "bought" => Role::Outcome,
            _ => Role::Feature,
        };
        roles.columns.insert(column.name.clone(), role);
    }
    (dataset, roles)
}
