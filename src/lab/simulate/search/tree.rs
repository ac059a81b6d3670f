//! A policy tree: tests on binned columns, and a choice in each leaf. It reads codes, not values; what a test means in words and in
//! Rhai is for [`super::predictors`] to say.

use serde::{Deserialize, Serialize};

/// A test of one column: passed by the known bins `from..to`, and by missing values when `missing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Test {
    /// First bin that passes.
    pub from: u8,
    /// First bin after those that pass.
    pub to: u8,
    /// Whether a missing value passes.
    pub missing: bool,
}

/// A column as bins: one code per row of the data. Codes `0..known` are known values, `known` is a missing one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Binned {
    /// Bin of each row.
    pub codes: Vec<u8>,
    /// Number of bins of known values.
    pub known: u8,
    /// The tests that a split may make, those preferred among equals first.
    pub tests: Vec<Test>,
    /// Whether missing values have a side. Where not, nobody with a missing value passes or fails a test.
    pub missing: bool,
}

/// A node of a policy tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// What is chosen: the position of a choice.
    Leaf(usize),
    /// A test, what follows where it is passed, and where not.
    Split {
        /// Position of the column.
        column: usize,
        /// The test.
        test: Test,
        /// Where it is passed.
        yes: Box<Node>,
        /// Where it is not.
        no: Box<Node>,
    },
}

/// A leaf, and the tests on the way to it with whether they were passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Column, test, passed; from the root.
    pub path: Vec<(usize, Test, bool)>,
    /// What is chosen.
    pub choice: usize,
}

impl Test {
    /// Whether a bin of a column with `known` known bins passes.
    pub fn passes(self, code: u8, known: u8) -> bool {
        if code >= known { self.missing } else { (self.from..self.to).contains(&code) }
    }
}

impl Binned {
    /// A column whose bins are ordered, with cuts between them. `missing` says whether values may be missing: then they (code
    /// `known`) go to either side of a cut.
    pub fn ordered(codes: Vec<u8>, known: u8, missing: bool) -> Binned {
        let cut = |missing| (1..known).map(move |to| Test { from: 0, to, missing });
        let tests = if missing { cut(false).chain(cut(true)).collect() } else { cut(false).collect() };
        Binned { codes, known, tests, missing }.with_known()
    }

    /// A column whose bins are values without order, each against all others; the last bin is that of values without a test.
    pub fn by_value(codes: Vec<u8>, known: u8, missing: bool) -> Binned {
        let one = |missing| (1..known).map(move |to| Test { from: to - 1, to, missing });
        let tests = if missing { one(false).chain(one(true)).collect() } else { one(false).collect() };
        Binned { codes, known, tests, missing }.with_known()
    }

    /// Where values may be missing, whether they are is a test too.
    fn with_known(mut self) -> Binned {
        if self.missing {
            self.tests.push(Test { from: 0, to: self.known, missing: false });
        }
        self
    }

    /// The column for some rows, in that order. Positions must be inside.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Binned {
        Binned { codes: rows.iter().map(|row| self.codes[*row as usize]).collect(), tests: self.tests.clone(), ..*self }
    }

    /// Number of bins, that of missing values among them.
    pub fn bins(&self) -> usize {
        usize::from(self.known) + 1
    }

    /// Whether a row passes a test; `None` where its value is missing and no side was learned for that.
    pub fn passes(&self, test: Test, row: u32) -> Option<bool> {
        let code = self.codes[row as usize];
        (self.missing || code < self.known).then(|| test.passes(code, self.known))
    }
}

impl Node {
    /// The choice for a row; `None` where a value is missing that was never missing among the rows learned from.
    pub fn choose(&self, columns: &[Binned], row: u32) -> Option<usize> {
        let mut node = self;
        loop {
            match node {
                Node::Leaf(choice) => return Some(*choice),
                Node::Split { column, test, yes, no } => {
                    node = if columns[*column].passes(*test, row)? { yes } else { no };
                }
            }
        }
    }

    /// The same choices without splits whose sides choose alike.
    #[must_use]
    pub fn pruned(self) -> Node {
        match self {
            Node::Leaf(_) => self,
            Node::Split { column, test, yes, no } => match (yes.pruned(), no.pruned()) {
                (Node::Leaf(a), Node::Leaf(b)) if a == b => Node::Leaf(a),
                (yes, no) => Node::Split { column, test, yes: Box::new(yes), no: Box::new(no) },
            },
        }
    }

    /// The leaves, those of passed tests first.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect(&mut Vec::new(), &mut leaves);
        leaves
    }

    fn collect(&self, path: &mut Vec<(usize, Test, bool)>, leaves: &mut Vec<Leaf>) {
        match self {
            Node::Leaf(choice) => leaves.push(Leaf { path: path.clone(), choice: *choice }),
            Node::Split { column, test, yes, no } => {
                for (side, passed) in [(yes, true), (no, false)] {
                    path.push((*column, *test, passed));
                    side.collect(path, leaves);
                    path.pop();
                }
            }
        }
    }

    /// Tests on the longest way to a leaf.
    pub fn depth(&self) -> usize {
        match self {
            Node::Leaf(_) => 0,
            Node::Split { yes, no, .. } => 1 + yes.depth().max(no.depth()),
        }
    }
}

impl Leaf {
    /// Whether a row ends here.
    pub fn holds(&self, columns: &[Binned], row: u32) -> bool {
        self.path.iter().all(|(column, test, passed)| columns[*column].passes(*test, row) == Some(*passed))
    }
}
