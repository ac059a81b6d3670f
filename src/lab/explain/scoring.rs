//! The policy's own scorer on matrices of encoded inputs, so that what is explained is what decides.

use crate::error::{Error, Result};
use crate::features::Matrix;
use attune_policy::columns::{Column, Columns, Table};
use attune_policy::model::{BatchScratch, Calibration, Encode, Function, Input, Link, Model, Scorer, Scores};
use attune_policy::recipe::Program;
use attune_policy::schema::{Field, FieldKind, Missing, Schema};
use attune_policy::value::Type;
use rayon::prelude::*;

/// Rows that are scored together.
const BLOCK: usize = 8192;

/// A model that scores rows of a matrix whose columns are its inputs, already encoded.
pub struct Scoring {
    schema: Schema,
    program: Program,
    scorer: Scorer,
    link: Link,
    calibration: Calibration,
}

impl Scoring {
    /// Compiles a model.
    ///
    /// # Errors
    /// When the model is malformed, or recommends items: it needs lists and candidates, which no matrix holds.
    pub fn new(model: &Model) -> Result<Scoring> {
        if let Function::Factors { .. } | Function::Neighbours { .. } = &model.function {
            return Err(Error::new(format!("model `{}` recommends items and has no inputs to explain", model.id))
                .hint("its trace names the items that a score rests on"));
        }
        let name = |at: usize| format!("x{at}");
        let field = |at: usize| Field {
            name: name(at),
            source: name(at),
            type_: Type::Number,
            kind: FieldKind::Feature,
            categories: Vec::new(),
            masked: false,
            from: None,
            freshness: None,
            missing: Missing::default(),
        };
        let input = |(at, input): (usize, &Input)| {
            let encode = match &input.encode {
                // Codes print as whole numbers; the code after the last is in no category.
                Encode::Category { categories } => {
                    Encode::Category { categories: (0..categories.len()).map(|code| code.to_string()).collect() }
                }
                _ => Encode::Number,
            };
            Input { field: name(at), encode }
        };
        let schema = Schema { fields: (0..model.inputs.len()).map(field).collect() };
        let on_columns = Model { inputs: model.inputs.iter().enumerate().map(input).collect(), ..model.clone() };
        // Without steps there is nothing to refuse.
        let (program, _) = Program::lenient(&[], &schema);
        let scorer = Scorer::compile(&on_columns, program.columns()).map_err(|findings| {
            Error::new(format!("model `{}` cannot be evaluated: {}", model.id, findings.join("; ")))
                .hint("train it again")
        })?;
        let link = model.function.link().unwrap_or(Link::Identity);
        Ok(Scoring { schema, program, scorer, link, calibration: model.calibration.clone() })
    }

    /// Scores of rows, calibrated: what rules read. Where the model cannot be evaluated they are its fallback.
    ///
    /// # Errors
    /// When the matrix does not have the model's inputs.
    pub fn scores(&self, x: &Matrix) -> Result<Vec<f64>> {
        Ok(self.run(x)?.into_iter().flat_map(|part| part.values).collect())
    }

    /// Outputs of rows before calibration; NaN where the model cannot be evaluated.
    ///
    /// # Errors
    /// As [`Scoring::scores`].
    pub fn raw(&self, x: &Matrix) -> Result<Vec<f64>> {
        Ok(self.run(x)?.into_iter().flat_map(|part| part.raw).collect())
    }

    /// The score of a sum: link, then calibration.
    pub fn score_of(&self, margin: f64) -> f64 {
        self.calibration.apply(self.link.apply(margin))
    }

    /// The link.
    pub fn link(&self) -> Link {
        self.link
    }

    fn run(&self, x: &Matrix) -> Result<Vec<Scores>> {
        let inputs = self.schema.fields.len();
        if x.inputs() != inputs {
            return Err(Error::new(format!("rows have {} inputs, the model has {inputs}", x.inputs())));
        }
        let parts = x.rows().div_ceil(BLOCK);
        (0..parts)
            .into_par_iter()
            .map(|part| {
                let rows = part * BLOCK..((part + 1) * BLOCK).min(x.rows());
                let columns: Vec<Vec<f64>> =
                    (0..inputs).map(|input| rows.clone().map(|row| x.row(row)[input]).collect()).collect();
                let values = columns.iter().map(|values| Column::numbers(values.as_slice())).collect();
                let columns = Columns::new(&self.schema, rows.len(), values).map_err(|e| Error::new(e.to_string()))?;
                let mut scores = Scores::default();
                self.scorer.score_batch(
                    &Table::new(&columns, &self.program),
                    &mut scores,
                    &mut BatchScratch::default(),
                );
                Ok(scores)
            })
            .collect()
    }
}
