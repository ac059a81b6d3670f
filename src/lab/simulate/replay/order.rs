//! In which order rows are decided, and which of them depend on each other.
//!
//! Rows that share a counter make a shard: those of a subject, of subjects connected by a household or device that something is counted by, or
//! all rows where something is counted over everybody. Rows are decided in order of time, then of row; shards know nothing of each other and
//! are spread over a few parts, each of which can be decided on any core.

use crate::data::cells::Dictionary;
use crate::data::roles::Subjects;
use crate::data::{Dataset, Requests, Role, Roles};
use crate::error::Result;
use attune_policy::history::Identity;
use attune_policy::policy::Policy;
use rayon::prelude::*;
use std::ops::Range;

/// What the rows of a policy share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharing {
    /// Nothing but their subject.
    Subject,
    /// A household or a device.
    Connected,
    /// Counters over everybody.
    Everybody,
}

/// Rows in order of time, then of row.
pub struct Order {
    /// Positions among the rows; `None` where they stand so already.
    positions: Option<Vec<u32>>,
    len: usize,
}

/// Shards, spread over parts of about equal size: what one part holds no other part needs.
pub enum Parts {
    /// All in one.
    One,
    /// Subjects by themselves.
    Subjects,
    /// Groups of subjects: per subject its part and its place there.
    Groups { part: Vec<u8>, place: Vec<u32>, sizes: Vec<usize> },
}

/// Number of parts where shards are spread: more than most laptops have cores, and the same everywhere.
const PARTS: usize = 8;

impl Sharing {
    /// What rows share when a policy decides them in order of time; `None` where they have no times and no row sees another.
    pub fn of(policy: &Policy, roles: &Roles) -> Option<Sharing> {
        roles.first(Role::Time)?;
        Some(match policy.depends_on(Identity::Global) {
            true => Sharing::Everybody,
            false if !connecting(policy, roles).is_empty() => Sharing::Connected,
            false => Sharing::Subject,
        })
    }
}

/// What connects subjects in these data, as far as a policy counts by it.
pub fn connecting(policy: &Policy, roles: &Roles) -> Vec<Identity> {
    let told = [(Identity::Household, Role::Household), (Identity::Device, Role::Device)];
    let counts = |(identity, role): &(Identity, Role)| roles.first(*role).is_some() && policy.depends_on(*identity);
    told.into_iter().filter(counts).map(|(identity, _)| identity).collect()
}

impl Order {
    /// The order of rows at these times.
    pub fn new(times: &[i64]) -> Order {
        if times.is_sorted() {
            return Order::as_they_stand(times.len());
        }
        let mut positions: Vec<u32> = (0..times.len() as u32).collect();
        positions.par_sort_unstable_by_key(|at| (times[*at as usize], *at));
        Order { positions: Some(positions), len: times.len() }
    }

    /// So many rows in the order in which they stand.
    pub fn as_they_stand(len: usize) -> Order {
        Order { positions: None, len }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Position among the rows of the one at a place.
    pub fn at(&self, place: usize) -> u32 {
        self.positions.as_ref().map_or(place as u32, |positions| positions[place])
    }

    /// Positions of a run of them; `None` where they are the places themselves.
    pub fn run(&self, places: Range<usize>) -> Option<&[u32]> {
        self.positions.as_ref().map(|positions| &positions[places])
    }
}

impl Parts {
    /// Spreads what rows share.
    pub fn new(rows: &[u32], requests: &Requests, policy: &Policy, sharing: Sharing) -> Parts {
        match sharing {
            Sharing::Everybody => Parts::One,
            Sharing::Subject => Parts::Subjects,
            Sharing::Connected => {
                let subjects = requests.subjects();
                let mut groups = Groups::new(subjects.count());
                for (identity, codes) in
                    [(Identity::Household, requests.household_codes()), (Identity::Device, requests.device_codes())]
                {
                    if let Some(codes) = codes.filter(|_| policy.depends_on(identity)) {
                        groups.connect(codes, rows, |row| subjects.code(row as usize) as u32);
                    }
                }
                let mut sizes = vec![0; PARTS];
                let (mut part, mut place) = (Vec::new(), Vec::new());
                for subject in 0..subjects.count() as u32 {
                    let own = groups.root(subject) as usize % PARTS;
                    part.push(own as u8);
                    place.push(sizes[own] as u32);
                    sizes[own] += 1;
                }
                Parts::Groups { part, place, sizes }
            }
        }
    }

    /// Number of parts.
    pub fn count(&self) -> usize {
        match self {
            Parts::One => 1,
            Parts::Subjects | Parts::Groups { .. } => PARTS,
        }
    }

    /// Number of subjects in a part, of so many in all.
    pub fn size(&self, part: usize, subjects: usize) -> usize {
        match self {
            Parts::One => subjects,
            Parts::Subjects => (subjects + PARTS - 1 - part) / PARTS,
            Parts::Groups { sizes, .. } => sizes[part],
        }
    }

    /// The part of a subject, by its code.
    pub fn part(&self, subject: usize) -> usize {
        match self {
            Parts::One => 0,
            Parts::Subjects => subject % PARTS,
            Parts::Groups { part, .. } => usize::from(part[subject]),
        }
    }

    /// The place of a subject in its part.
    pub fn place(&self, subject: usize) -> usize {
        match self {
            Parts::One => subject,
            Parts::Subjects => subject / PARTS,
            Parts::Groups { place, .. } => place[subject] as usize,
        }
    }
}

/// Subjects that are connected with each other, by union and find.
pub struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    /// The subjects of some rows, connected by households, devices or both.
    ///
    /// # Errors
    /// When the column of a role is not in the data.
    pub fn of(by: &[Identity], rows: &[u32], subjects: &Subjects, dataset: &Dataset, roles: &Roles) -> Result<Groups> {
        let mut groups = Groups::new(subjects.count());
        for (identity, role) in [(Identity::Household, Role::Household), (Identity::Device, Role::Device)] {
            if let Some(column) = roles.first(role).filter(|_| by.contains(&identity)) {
                groups.connect(&dataset.dictionary(column)?, rows, |row| subjects.code(row as usize) as u32);
            }
        }
        Ok(groups)
    }

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

    /// The subject that stands for a subject's group: the first of them.
    pub fn root(&self, of: u32) -> u32 {
        let mut at = of;
        while self.parents[at as usize] != at {
            at = self.parents[at as usize];
        }
        at
    }
}
