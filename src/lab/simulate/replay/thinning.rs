//! Some rows in place of all, for a quicker answer: which rows may be left out without another answer for the rest.
//!
//! Rows that share no counter are decided without each other, so whole subjects may be left out. Those of a household or device are left
//! out together. Where something is counted over everybody none can be: a budget that sees a part of the contacts binds later, or never.
//! Who asks for few rows all the same ([`Options::sample`]) is told so ([`Sample::caveat`]). It scales no limit: nobody knows what
//! part of a budget a part of the customers would have had.

use super::order::{Groups, Sharing, connecting};
use crate::data::{Dataset, Role, Roles};
use crate::error::Result;
use crate::random::Random;
use crate::simulate::Options;
use attune_policy::document::Document;
use attune_policy::history::Identity;
use attune_policy::policy::Policy;
use rayon::prelude::*;

/// Groups of connected subjects are drawn whole where the largest is at most one part in so many of the rows that are wanted.
const LARGEST_GROUP: usize = 10;

/// Names of limits that are told one by one.
const MOST_NAMES: usize = 4;

/// Some of the rows, and those that must be decided with them so that these come out as among all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thinned {
    /// Rows to decide, ascending.
    pub decided: Vec<u32>,
    /// Rows to look at, ascending; all of them are decided.
    pub used: Vec<u32>,
    /// What is counted over everybody, in words, where that is why all rows are decided.
    pub shared: Option<String>,
}

/// Of the `used` rows among `all` (both ascending) about `limit`, drawn by a seeded hash, on which `policy` does what it does among all:
/// whole subjects, whole groups of subjects where it counts by household or device, and all of them where it counts over everybody
/// or groups are large.
///
/// # Errors
/// When a role names a column that is not in the data.
pub fn thinned(
    policy: &Policy,
    (all, used): (&[u32], &[u32]),
    limit: usize,
    dataset: &Dataset,
    roles: &Roles,
    seed: u64,
) -> Result<Thinned> {
    let whole = |shared| Thinned { decided: all.to_vec(), used: used.to_vec(), shared };
    Ok(match Sharing::of(policy, roles) {
        Some(Sharing::Everybody) => whole(Some(shared_by_all(policy.document()))),
        Some(Sharing::Connected) if used.len() <= limit => whole(None),
        Some(Sharing::Connected) => {
            let share = limit as f64 / used.len() as f64;
            match Drawn::of_groups(&connecting(policy, roles), used, all, limit, dataset, roles)? {
                Some(drawn) => {
                    Thinned { decided: drawn.rows(all, share, seed), used: drawn.rows(used, share, seed), shared: None }
                }
                None => whole(None),
            }
        }
        Some(Sharing::Subject) | None => {
            let used = thin(used.to_vec(), limit, dataset, roles, seed)?;
            Thinned { decided: used.clone(), used, shared: None }
        }
    })
}

/// The rows of a quick answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The rows, ascending.
    pub rows: Vec<u32>,
    /// Rows of the dataset.
    all: usize,
    /// Households and devices that were drawn whole.
    whole: Vec<Identity>,
}

/// The rows to decide: all, or where [`Options::sample`] says so whole subjects drawn by a seeded hash until there are about as many; whole
/// households or devices where one of `policies` counts by them and they are small.
///
/// # Errors
/// When a role names a column that is not in the data.
pub fn sample(policies: &[&Policy], dataset: &Dataset, roles: &Roles, options: &Options) -> Result<Sample> {
    let all: Vec<u32> = (0..dataset.rows() as u32).into_par_iter().collect();
    let n = all.len();
    let Some(limit) = options.sample.filter(|limit| *limit < n) else {
        return Ok(Sample { rows: all, all: n, whole: Vec::new() });
    };
    let mut by = Vec::new();
    if roles.first(Role::Time).is_some() {
        by = policies.iter().flat_map(|policy| connecting(policy, roles)).collect();
        by.sort();
        by.dedup();
    }
    if !by.is_empty()
        && let Some(drawn) = Drawn::of_groups(&by, &all, &all, limit, dataset, roles)?
    {
        let rows = drawn.rows(&all, limit as f64 / n as f64, options.seed);
        return Ok(Sample { rows, all: n, whole: by });
    }
    Ok(Sample { rows: thin(all, limit, dataset, roles, options.seed)?, all: n, whole: Vec::new() })
}

impl Sample {
    /// Why what a policy does on these rows is another thing than what it does on them among all; `None` where it is the same.
    pub fn caveat(&self, policy: &Policy, roles: &Roles) -> Option<String> {
        if self.rows.len() >= self.all {
            return None;
        }
        let share = 100.0 * self.rows.len() as f64 / self.all.max(1) as f64;
        match Sharing::of(policy, roles)? {
            Sharing::Everybody => {
                let shared = shared_by_all(policy.document());
                Some(format!(
                    "{} over everybody, and here over the sample alone, {share:.0} % of the rows: such a limit binds later than on all \
                     rows, or not at all. Only all rows tell what this policy does and is worth.",
                    capital(&shared)
                ))
            }
            _ if connecting(policy, roles).iter().all(|identity| self.whole.contains(identity)) => None,
            _ => Some(format!(
                "The policy counts by household or device, and here sees the part of each that is in the sample, {share:.0} % of the rows: \
                 caps bind later than on all rows."
            )),
        }
    }
}

/// What a policy counts over everybody, with its verb: `budget Spring money and stock gifts count`.
fn shared_by_all(document: &Document) -> String {
    let named = |kind: &str, name: &str, id: &str| format!("{kind} {}", if name.is_empty() { id } else { name });
    let budgets = document.budgets.iter().filter(|b| b.enabled).map(|b| named("budget", &b.name, &b.id));
    let stocks = document.stocks.iter().map(|s| named("stock", "", &s.id));
    let caps = document.caps.iter().filter(|c| c.enabled && c.limit.is_some() && c.key == Identity::Global);
    let mut names: Vec<String> = budgets.chain(stocks).chain(caps.map(|c| named("cap", &c.name, &c.id))).collect();
    if names.len() > MOST_NAMES {
        let more = names.len() - (MOST_NAMES - 1);
        names.truncate(MOST_NAMES - 1);
        names.push(format!("{more} others"));
    }
    match names.split_last() {
        None => "counters count".into(),
        Some((one, [])) => format!("{one} counts"),
        Some((last, others)) => format!("{} and {last} count", others.join(", ")),
    }
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

/// Whole subjects of `rows`, drawn by a seeded hash until about `limit` rows are left.
///
/// # Errors
/// When the subject's column is not in the data.
pub fn thin(rows: Vec<u32>, limit: usize, dataset: &Dataset, roles: &Roles, seed: u64) -> Result<Vec<u32>> {
    if rows.len() <= limit {
        return Ok(rows);
    }
    let subjects = roles.subjects(dataset)?;
    let share = limit as f64 / rows.len() as f64;
    let drawn = |row: &u32| Random::stream(seed, subjects.code(*row as usize) as u64).uniform() < share;
    Ok(rows.into_iter().filter(drawn).collect())
}

/// The number that draws each row: that of the first subject of its group.
struct Drawn {
    root: Vec<u32>,
}

impl Drawn {
    /// Groups connected over `all` rows; `None` where so many of the `used` ones are of one group that about `limit` cannot be drawn.
    fn of_groups(
        by: &[Identity],
        used: &[u32],
        all: &[u32],
        limit: usize,
        dataset: &Dataset,
        roles: &Roles,
    ) -> Result<Option<Drawn>> {
        let subjects = roles.subjects(dataset)?;
        let groups = Groups::of(by, all, &subjects, dataset, roles)?;
        let root: Vec<u32> = (0..dataset.rows()).map(|row| groups.root(subjects.code(row) as u32)).collect();
        let mut sizes = vec![0usize; subjects.count()];
        used.iter().for_each(|row| sizes[root[*row as usize] as usize] += 1);
        let largest = sizes.into_iter().max().unwrap_or(0);
        Ok((largest.saturating_mul(LARGEST_GROUP) <= limit).then_some(Drawn { root }))
    }

    fn rows(&self, of: &[u32], share: f64, seed: u64) -> Vec<u32> {
        let drawn = |row: &u32| Random::stream(seed, u64::from(self.root[*row as usize])).uniform() < share;
        of.iter().copied().filter(drawn).collect()
    }
}
