//! Models of the parts of a plan, each on rows that its model did not learn from: what training reports and what a leaderboard
//! compares. Every part fits its own inputs and its own model.

use super::fit::Fitter;
use super::importance::{FoldModel, Sample};
use super::learner::{Fits, Learner, Watch};
use super::spec::{Calibrate, ModelSpec};
use super::target::{Target, arm, enough, target};
use super::validation::{Part, Plan, plan};
use super::{base, calibration};
use crate::data::{Dataset, Role, Roles};
use crate::error::{Error, Result};
use crate::features;
use attune_policy::Type;
use attune_policy::model::Calibration;
use rayon::prelude::*;
use std::collections::HashSet;

/// What the fits of one specification share.
pub struct Prepared<'a> {
    /// What is trained.
    pub spec: &'a ModelSpec,
    /// Where the rows are.
    pub dataset: &'a Dataset,
    /// Which rows, and what is learned of them.
    pub target: Target,
    /// Columns learned from, as they are or encoded by their outcome.
    pub fields: Vec<String>,
    /// Which rows are predicted from which others.
    pub plan: Plan,
    /// What was left out, in words.
    pub notes: Vec<String>,
    fitter: Fitter<'a>,
}

/// Models of the parts of a plan.
pub struct Fitted {
    /// The model of all rows, when it was asked for.
    pub last: Option<FoldModel>,
    /// One per part that is measured.
    pub measured: Vec<FoldModel>,
    /// One per part that calibrates.
    pub calibrating: Vec<FoldModel>,
}

impl<'a> Prepared<'a> {
    /// Finds rows, columns and parts of a specification.
    ///
    /// # Errors
    /// When a setting is out of range, a column is missing or has the wrong role, or there is nothing to tell apart.
    pub fn new(spec: &'a ModelSpec, dataset: &'a Dataset, roles: &Roles, rows: &[u32]) -> Result<Prepared<'a>> {
        spec.check()?;
        let target = target(spec, dataset, roles, rows)?;
        enough(spec, &target)?;
        let learner = base::learner(&spec.family, spec.seed);
        let mut notes = Vec::new();
        let fields = usable(spec, dataset, roles, &target, learner.as_ref(), &mut notes)?;
        let plan = plan(spec, dataset, roles, &target)?;
        let fitter = Fitter::new(spec, dataset, roles, &target, &fields)?;
        Ok(Prepared { spec, dataset, target, fields, plan, notes, fitter })
    }

    /// Number of fits of [`Prepared::fit_parts`].
    pub fn fits(&self, with_last: bool) -> usize {
        self.plan.measured.len() + self.plan.calibrating.len() + usize::from(with_last)
    }

    /// Fits every part, and a model of all rows when asked; fit i reports to `fits.watch(first + i)`.
    ///
    /// # Errors
    /// When a learner fails or the task was cancelled.
    pub fn fit_parts(&self, with_last: bool, fits: &Fits<'_>, first: usize) -> Result<Fitted> {
        let parts: Vec<&Part> = self.plan.measured.iter().chain(&self.plan.calibrating).collect();
        // The final fit has the most rows: it starts first, so that no core waits for it in the end.
        let jobs: Vec<Option<&Part>> =
            with_last.then_some(None).into_iter().chain(parts.into_iter().map(Some)).collect();
        let mut fitted: Vec<FoldModel> = jobs
            .par_iter()
            .enumerate()
            .map(|(i, part)| match part {
                Some(part) => self.part(part, &fits.watch(first + i)),
                None => self.last(&fits.watch(first + i)),
            })
            .collect::<Result<_>>()?;
        let last = with_last.then(|| fitted.remove(0));
        let calibrating = fitted.split_off(self.plan.measured.len());
        Ok(Fitted { last, measured: fitted, calibrating })
    }

    /// Learns from the rows of a part, and predicts its others.
    fn part(&self, part: &Part, watch: &Watch<'_>) -> Result<FoldModel> {
        let mut model = self.fit(&part.train, watch)?;
        let rows: Vec<u32> = part.test.iter().map(|&i| self.target.rows[i as usize]).collect();
        let x = model.fit.matrix(self.dataset, &rows)?;
        model.raw = model.fit.fitted.predict(&x)?;
        let y = part.test.iter().map(|&i| self.target.values[i as usize]).collect();
        model.sample = Sample::new(x, y, self.spec.goal, Vec::new(), self.spec.seed);
        model.rows.clone_from(&part.test);
        Ok(model)
    }

    /// Learns from all rows.
    fn last(&self, watch: &Watch<'_>) -> Result<FoldModel> {
        self.fit(&(0..self.target.rows.len() as u32).collect::<Vec<u32>>(), watch)
    }

    fn fit(&self, train: &[u32], watch: &Watch<'_>) -> Result<FoldModel> {
        let values: Vec<f64> = train.iter().map(|&i| self.target.values[i as usize]).collect();
        let fit = self.fitter.fit(&self.target, train, &values, watch)?;
        Ok(FoldModel { fit, trained_on: train.len(), rows: Vec::new(), raw: Vec::new(), sample: Sample::default() })
    }

    /// Columns that models read: those learned from as they are, and those that encode others by their outcome.
    pub fn read(&self) -> Vec<String> {
        let encoded = |field: &&String| self.spec.target_means.iter().any(|column| column.input == **field);
        let plain = self.fields.iter().filter(|field| !encoded(field)).cloned();
        plain.chain(self.spec.target_means.iter().map(|column| column.output.clone())).collect()
    }
}

/// Predictions of rows by models that did not learn from them, and the map that calibrates them.
pub struct Scores {
    /// Position in the target of each row that was measured, ascending.
    pub rows: Vec<u32>,
    /// What came true, one per row that was measured.
    pub truth: Vec<f64>,
    /// Before calibration.
    pub raw: Vec<f64>,
    /// As calibrated, by a map that the row had no part in.
    pub calibrated: Vec<f64>,
    /// The map of the deployed model.
    pub map: Calibration,
}

impl Scores {
    /// Pools what the models of the parts predicted, and calibrates it as the specification says.
    pub fn new(prepared: &Prepared<'_>, fitted: &Fitted) -> Scores {
        let Prepared { spec, target, plan, .. } = prepared;
        let pooled = |models: &[FoldModel]| -> Vec<(u32, f64)> {
            let mut all: Vec<(u32, f64)> =
                models.iter().flat_map(|model| model.rows.iter().copied().zip(model.raw.iter().copied())).collect();
            all.sort_by_key(|(row, _)| *row);
            all
        };
        let labels =
            |rows: &[(u32, f64)]| -> Vec<bool> { rows.iter().map(|(i, _)| target.labels[*i as usize]).collect() };
        let values = |rows: &[(u32, f64)]| -> Vec<f64> { rows.iter().map(|(_, p)| *p).collect() };
        let rows = pooled(&fitted.measured);
        let truth = rows.iter().map(|(i, _)| target.values[*i as usize]).collect();
        let raw = values(&rows);
        let (map, calibrated) = if spec.calibration == Calibrate::None {
            (Calibration::Identity, raw.clone())
        } else if fitted.calibrating.is_empty() {
            let fold: Vec<u32> = rows.iter().map(|(i, _)| plan.fold[*i as usize]).collect();
            let labels = labels(&rows);
            let calibrated = cross_calibrated(spec.calibration, &raw, &labels, &fold, spec.folds);
            (calibration::fit(spec.calibration, &raw, &labels), calibrated)
        } else {
            let learned = pooled(&fitted.calibrating);
            let map = calibration::fit(spec.calibration, &values(&learned), &labels(&learned));
            let calibrated = raw.iter().map(|&p| map.apply(p)).collect();
            (map, calibrated)
        };
        let rows = rows.into_iter().map(|(i, _)| i).collect();
        Scores { rows, truth, raw, calibrated, map }
    }
}

/// Each fold's raw predictions through a map fitted on those of the other folds.
fn cross_calibrated(method: Calibrate, raw: &[f64], labels: &[bool], fold: &[u32], count: u32) -> Vec<f64> {
    let mut out = raw.to_vec();
    for k in 0..count {
        let (p, y): (Vec<f64>, Vec<bool>) =
            (0..raw.len()).filter(|&i| fold[i] != k).map(|i| (raw[i], labels[i])).unzip();
        let map = calibration::fit(method, &p, &y);
        (0..raw.len()).filter(|&i| fold[i] == k).for_each(|i| out[i] = map.apply(raw[i]));
    }
    out
}

/// Whether some column tells the rows of a model apart, whatever its outcome.
///
/// # Errors
/// When none does, or the arm has no rows.
pub fn has_inputs(spec: &ModelSpec, dataset: &Dataset, roles: &Roles, rows: &[u32]) -> Result<()> {
    spec.check()?;
    let rows = arm(spec, dataset, roles, rows)?.into_iter().map(|(row, _)| row).collect();
    let learner = base::learner(&spec.family, spec.seed);
    usable(spec, dataset, roles, &Target { rows, ..Target::default() }, learner.as_ref(), &mut Vec::new()).map(|_| ())
}

/// The columns to learn from: those named, each of which must serve, or else every feature and context that does.
fn usable(
    spec: &ModelSpec,
    dataset: &Dataset,
    roles: &Roles,
    target: &Target,
    learner: &dyn Learner,
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    let open = |name: &str| matches!(roles.role(name), Role::Feature | Role::Context);
    let mut fields: Vec<String> = if spec.features.is_empty() {
        dataset.columns().iter().map(|c| c.name.clone()).filter(|name| open(name)).collect()
    } else {
        spec.features.clone()
    };
    let mut seen = HashSet::new();
    fields.retain(|field| seen.insert(field.clone()));
    for field in &fields {
        if dataset.column(field).is_some() && !open(field) {
            let role = roles.role(field).label();
            return Err(Error::new(format!("has the role {role}, which a model must not learn from"))
                .in_column(field)
                .hint("leave it out of the features, or change its role to feature or context"));
        }
    }
    for field in spec.monotone.keys() {
        let directed = match dataset.column(field) {
            Some(column) => matches!(column.type_, Type::Bool | Type::Integer | Type::Number) && fields.contains(field),
            None => false,
        };
        if !directed {
            return Err(Error::new(
                "the score is to rise or fall along it, but it is no column of numbers that the model learns from",
            )
            .in_column(field)
            .hint("take the direction out, or make the column a feature"));
        }
    }
    let encoded = encoded(spec, dataset, roles)?;
    fields.retain(|field| !encoded.contains(field));
    let fit = features::fit(dataset, &target.rows, &fields, learner.style())?;
    if let (Some(first), false) = (fit.unusable.first(), spec.features.is_empty()) {
        return Err(first.error());
    }
    for unusable in &fit.unusable {
        notes.push(format!("`{}` was left out: it {}", unusable.field, unusable.why));
        fields.retain(|field| *field != unusable.field);
    }
    notes.extend(fit.notes);
    if fit.inputs.is_empty() && encoded.is_empty() {
        return Err(Error::new(format!("model `{}` has no feature that differs between rows", spec.id))
            .hint("give more columns the role feature"));
    }
    fields.retain(|field| fit.inputs.iter().any(|input| input.field == *field));
    fields.extend(encoded);
    Ok(fields)
}

/// The columns that the specification encodes by their outcome: text that a model may learn from, under new names.
fn encoded(spec: &ModelSpec, dataset: &Dataset, roles: &Roles) -> Result<Vec<String>> {
    for column in &spec.target_means {
        let fail = |column: &str, why: String, hint: &str| Err(Error::new(why).in_column(column).hint(hint));
        let Some(found) = dataset.column(&column.input) else {
            let why = format!("there is no such column in `{}`", dataset.name());
            return fail(&column.input, why, "choose another column to encode by its outcome");
        };
        if !matches!(roles.role(&column.input), Role::Feature | Role::Context) {
            let why = format!("has the role {}, which a model must not learn from", roles.role(&column.input).label());
            return fail(&column.input, why, "do not encode it, or change its role to feature or context");
        }
        if found.type_ != Type::Text {
            let why = format!("is {} and not text, so it has no categories to encode by their outcome", found.type_);
            return fail(&column.input, why, "learn from it as it is");
        }
        if dataset.column(&column.output).is_some() {
            let why = format!("is a column already, so `{}` cannot be encoded under this name", column.input);
            return fail(&column.output, why, "give the encoded column another name");
        }
    }
    Ok(spec.target_means.iter().map(|column| column.input.clone()).collect())
}
