//! What the tests of this crate share: random numbers from a seed, the sample policy, events. Not part of the library.

/// SplitMix64: enough for test inputs, the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of `items`.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The policy of the golden file: small, but with every part of the format.
pub fn sample() -> crate::Document {
    crate::codec::read(GOLDEN).unwrap()
}

/// The golden file of format 1.0.
pub const GOLDEN: &[u8] = include_bytes!("../../assets/golden/policy-1.0.ron");

/// A field of the subject that is called in rules as in its source.
pub fn field(name: &str, type_: crate::Type) -> crate::schema::Field {
    crate::schema::Field::new(name, type_)
}

/// An hour in milliseconds.
pub const HOUR: i64 = 3_600_000;

/// An event of an action of a document, as a sending platform would record it.
pub fn event(document: &crate::Document, time: i64, kind: crate::contact::EventKind, action: usize) -> crate::Event {
    let action = &document.actions[action];
    let treatment = &action.treatments[0];
    let issue = document.issues.iter().find(|i| i.groups.iter().any(|g| g.id == action.group)).unwrap();
    crate::Event {
        time,
        kind,
        action: action.id.clone(),
        treatment: treatment.id.clone(),
        channel: treatment.channel.clone(),
        group: action.group.clone(),
        issue: issue.id.clone(),
        tags: action.tags.clone(),
        counts: action.counts_toward_caps,
        ..crate::Event::default()
    }
}
