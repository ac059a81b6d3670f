//! What the row evaluator keeps between expressions: values that several of them share, and texts that functions made. Reused, so that
//! evaluating allocates nothing once everything has been as large as it gets.

use crate::language::mutant::planted;

/// Where a text is. Small enough to copy, and no borrow: it outlives the row it was read from, and means nothing after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(pub(super) Place);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A variable of the row.
    Field(u32),
    /// A fact of the candidate.
    Fact(u32),
    /// A literal of the program.
    Literal(u32),
    /// Made by a function, a table or the interpreter, for the request or for the candidate.
    Made(u32),
    MadeForCandidate(u32),
}

/// What evaluating a node gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    Unknown,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Time(i64),
    Text(Text),
    /// The whole expression is unknown.
    Stop,
    /// The whole expression failed.
    Fault,
}

/// What evaluating a node gives that is true, false or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    False,
    True,
    Unknown,
    Stop,
    Fault,
}

impl From<bool> for Truth {
    #[inline(always)]
    fn from(x: bool) -> Truth {
        if x { Truth::True } else { Truth::False }
    }
}

impl From<Option<bool>> for Truth {
    #[inline(always)]
    fn from(x: Option<bool>) -> Truth {
        match x {
            Some(x) => x.into(),
            None => Truth::Unknown,
        }
    }
}

impl From<Truth> for Cell {
    #[inline(always)]
    fn from(x: Truth) -> Cell {
        match x {
            Truth::False => Cell::Bool(false),
            Truth::True => Cell::Bool(true),
            Truth::Unknown => Cell::Unknown,
            Truth::Stop => Cell::Stop,
            Truth::Fault => Cell::Fault,
        }
    }
}

/// Texts one after another.
#[derive(Clone, Debug, Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) -> u32 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    fn get(&self, i: u32) -> &str {
        let i = i as usize;
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        self.ends.get(i).and_then(|end| self.bytes.get(start..*end)).unwrap_or("")
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Memory of the row evaluator for one rule set, used by one thread at a time; [`crate::language::RuleSet::scratch`] makes it.
///
/// Values that several expressions share, or that are the same for every candidate, are computed once: [`RuleScratch::begin`] forgets
/// them all, [`RuleScratch::candidate`] those that read the candidate, its terms, or a decision table that does.
#[derive(Clone, Debug)]
pub struct RuleScratch {
    kept: Vec<(u64, Cell)>,
    /// The present moment; what was kept before the request or the candidate began is forgotten.
    now: u64,
    request: u64,
    candidate: u64,
    request_texts: Texts,
    candidate_texts: Texts,
    /// Where a function writes a text before it is kept.
    pub(super) buffer: String,
}

impl Default for RuleScratch {
    /// For a set of no expressions.
    fn default() -> RuleScratch {
        RuleScratch::new(0)
    }
}

impl RuleScratch {
    pub(super) fn new(kept: usize) -> RuleScratch {
        RuleScratch {
            kept: vec![(0, Cell::Unknown); kept],
            now: 1,
            request: 1,
            candidate: 1,
            request_texts: Texts::default(),
            candidate_texts: Texts::default(),
            buffer: String::new(),
        }
    }

    /// Begins a new request: another row, history, instant or zone. Texts of earlier outcomes are gone.
    #[inline]
    pub fn begin(&mut self) {
        self.now += 1;
        self.request = self.now;
        self.candidate = self.now;
        self.request_texts.clear();
        self.candidate_texts.clear();
    }

    /// Goes on to another candidate of the request, or to other terms of arbitration for the same.
    #[inline]
    pub fn candidate(&mut self) {
        self.now += 1;
        self.candidate = self.now;
        self.candidate_texts.clear();
    }

    /// What was kept at `slot`, unless it was forgotten since.
    #[inline]
    pub(in crate::language) fn kept(&self, slot: u32, for_candidate: bool) -> Option<Cell> {
        let (stamp, cell) = self.kept.get(slot as usize)?;
        let since = if for_candidate && !planted!(CandidatesShareValues) { self.candidate } else { self.request };
        (*stamp >= since).then_some(*cell)
    }

    #[inline]
    pub(in crate::language) fn keep(&mut self, slot: u32, cell: Cell) {
        if let Some(place) = self.kept.get_mut(slot as usize) {
            *place = (self.now, cell);
        }
    }

    /// Keeps a text that was made.
    pub(in crate::language) fn made(&mut self, text: &str, for_candidate: bool) -> Text {
        Text(if for_candidate {
            Place::MadeForCandidate(self.candidate_texts.push(text))
        } else {
            Place::Made(self.request_texts.push(text))
        })
    }

    pub(super) fn made_text(&self, place: Place) -> &str {
        match place {
            Place::Made(i) => self.request_texts.get(i),
            Place::MadeForCandidate(i) => self.candidate_texts.get(i),
            _ => "",
        }
    }
}
