//! The score matrix that trees maximise: for every row and choice what the choice is worth, how well the log supports it, and
//! what it uses of the budgets. Plain numbers; where they come from is for [`super::scores`].

/// What one budget allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// What each choice uses, row by row (rows × choices).
    pub uses: Vec<f64>,
    /// Largest mean use over the rows.
    pub limit: f64,
}

/// Scores Γ, weights and uses, row by row (rows × choices).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreMatrix {
    choices: usize,
    /// Per row: values, weights, squares of the weights, uses; each one number per choice.
    cells: Vec<f64>,
    resources: Vec<Resource>,
}

/// Sums over a set of rows: values, weights, squares of weights, uses; each one number per choice.
pub(super) type Sums<'a> = &'a [f64];

impl ScoreMatrix {
    /// A matrix of `values` (Γ\[i, a\], in the unit of the objective) and `weights` (1\[the log took a\]/p) of the same shape.
    ///
    /// A row's use of several budgets is the largest of its shares of them, so a tree whose mean use is 1 keeps all.
    pub fn new(choices: usize, values: &[f64], weights: &[f64], resources: Vec<Resource>) -> ScoreMatrix {
        let rows = values.len() / choices.max(1);
        let mut cells = Vec::with_capacity(rows * choices * 4);
        for row in 0..rows {
            let at = row * choices..(row + 1) * choices;
            cells.extend(&values[at.clone()]);
            cells.extend(&weights[at.clone()]);
            cells.extend(weights[at.clone()].iter().map(|w| w * w));
            cells.extend(at.map(|i| resources.iter().map(|r| r.uses[i] / r.limit.max(1e-9)).fold(0.0, f64::max)));
        }
        ScoreMatrix { choices, cells, resources }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cells.len() / self.stride().max(1)
    }

    /// Number of choices.
    pub fn choices(&self) -> usize {
        self.choices
    }

    /// Γ of a choice in a row.
    pub fn value(&self, row: u32, choice: usize) -> f64 {
        self.row(row)[choice]
    }

    /// The weight of a choice in a row: 0 unless the log took it.
    pub fn weight(&self, row: u32, choice: usize) -> f64 {
        self.row(row)[self.choices + choice]
    }

    /// Whether there is anything to keep within.
    pub fn is_limited(&self) -> bool {
        !self.resources.is_empty()
    }

    /// Whether the choices of `rows` keep every budget.
    pub fn keeps(&self, rows: &[u32], choices: &[usize]) -> bool {
        self.resources.iter().all(|resource| {
            let used: f64 =
                rows.iter().zip(choices).map(|(row, c)| resource.uses[*row as usize * self.choices + c]).sum();
            used <= resource.limit * rows.len() as f64 * (1.0 + 1e-12)
        })
    }

    pub(super) fn stride(&self) -> usize {
        4 * self.choices
    }

    pub(super) fn row(&self, row: u32) -> Sums<'_> {
        let stride = self.stride();
        &self.cells[row as usize * stride..(row as usize + 1) * stride]
    }
}
