//! In which order rows are decided, and which of them depend on each other.
//!
//! Rows that share a counter make a shard: those of a subject, of subjects connected by a household or device that something is counted by, or
//! all rows where something is counted over everybody. Inside a shard rows stand in order of time, then of row; shards know nothing of each
//! other and can be decided on any core.

use crate::data::Requests;
use crate::data::cells::Dictionary;
use attune_policy::history::Identity;
use attune_policy::policy::Policy;
use rayon::prelude::*;

/// What the rows of a policy share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nothing but their subject.
    Subject,
    /// A household or a device.
    Connected,
    /// Counters over everybody.
    Everybody,
}

/// Rows in the order in which they are decided.
pub struct Order {
    /// Positions among the rows, shard after shard.
    pub positions: Vec<u32>,
    /// Where shards begin in `positions`, and where the last one ends.
    pub shards: Vec<u32>,
}

impl Sharing {
    /// What rows share when a policy decides them.
    pub fn of(policy: &Policy, requests: &Requests) -> Sharing {
        let household = requests.household_codes().is_some() && policy.depends_on(Identity::Household);
        let device = requests.device_codes().is_some() && policy.depends_on(Identity::Device);
        match policy.depends_on(Identity::Global) {
            true => Sharing::Everybody,
            false if household || device => Sharing::Connected,
            false => Sharing::Subject,
        }
    }
}

impl Order {
    /// The order of rows (positions in the dataset) at their times.
    pub fn new(rows: &[u32], times: &[i64], requests: &Requests, policy: &Policy, sharing: Sharing) -> Order {
        let subjects = requests.subjects();
        let subject = |row: u32| subjects.code(row as usize) as u32;
        match sharing {
            Sharing::Everybody => {
                let mut positions: Vec<u32> = (0..rows.len() as u32).collect();
                positions.par_sort_unstable_by_key(|at| (times[*at as usize], *at));
                Order { positions, shards: vec![0, rows.len() as u32] }
            }
            Sharing::Subject => by_key(rows.iter().map(|row| subject(*row)), subjects.count(), times),
            Sharing::Connected => {
                let mut groups = Groups::new(subjects.count());
                for (identity, codes) in
                    [(Identity::Household, requests.household_codes()), (Identity::Device, requests.device_codes())]
                {
                    if let Some(codes) = codes.filter(|_| policy.depends_on(identity)) {
                        groups.connect(codes, rows, subject);
                    }
                }
                by_key(rows.iter().map(|row| groups.root(subject(*row))), subjects.count(), times)
            }
        }
    }

    /// Runs of whole shards of at least `rows` rows each, as ranges of `shards`.
    pub fn runs(&self, rows: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut begin = 0;
        for end in 1..self.shards.len() {
            if (self.shards[end] - self.shards[begin]) as usize >= rows || end + 1 == self.shards.len() {
                runs.push((begin, end));
                begin = end;
            }
        }
        runs
    }
}

/// One shard per key that occurs, in the order in which keys first occur.
fn by_key(keys: impl Iterator<Item = u32> + Clone, count: usize, times: &[i64]) -> Order {
    let mut shard_of = vec![u32::MAX; count];
    let mut sizes: Vec<u32> = Vec::new();
    for key in keys.clone() {
        let shard = &mut shard_of[key as usize];
        if *shard == u32::MAX {
            *shard = sizes.len() as u32;
            sizes.push(0);
        }
        sizes[*shard as usize] += 1;
    }
    let mut shards = Vec::with_capacity(sizes.len() + 1);
    let mut end = 0;
    for size in &mut sizes {
        shards.push(end);
        end += std::mem::replace(size, end);
    }
    shards.push(end);
    let mut next = sizes;
    let mut positions = vec![0; end as usize];
    for (at, key) in (0u32..).zip(keys) {
        let place = &mut next[shard_of[key as usize] as usize];
        positions[*place as usize] = at;
        *place += 1;
    }
    for shard in shards.windows(2) {
        let own = &mut positions[shard[0] as usize..shard[1] as usize];
        if !own.is_sorted_by_key(|at| times[*at as usize]) {
            own.sort_by_key(|at| times[*at as usize]);
        }
    }
    Order { positions, shards }
}

/// Subjects that are connected with each other, by union and find.
struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    fn new(count: usize) -> Groups {
        Groups { parents: (0..count as u32).collect() }
    }

    fn connect(&mut self, codes: &Dictionary, rows: &[u32], subject: impl Fn(u32) -> u32) {
        let mut first = vec![u32::MAX; codes.values.len()];
        for row in rows {
            let Some(first) = codes.codes.get(*row as usize).and_then(|code| first.get_mut(*code as usize)) else {
                continue;
            };
            let own = self.find(subject(*row));
            match *first {
                u32::MAX => *first = own,
                other => {
                    let other = self.find(other);
                    self.parents[own.max(other) as usize] = own.min(other);
                }
            }
        }
    }

    fn find(&mut self, of: u32) -> u32 {
        let root = self.root(of);
        let mut at = of;
        while self.parents[at as usize] != root {
            at = std::mem::replace(&mut self.parents[at as usize], root);
        }
        root
    }

    fn root(&self, of: u32) -> u32 {
        let mut at = of;
        while self.parents[at as usize] != at {
            at = self.parents[at as usize];
        }
        at
    }
}
