//! `attune features PROJECT`: what its models read, and what is changed of it.

use super::{Features, Found, rules, seen, stand, steps};
use crate::cli::console::{Console, Failure, Result};
use attune_lab::Error;
use attune_lab::data::import::dates;
use attune_lab::data::{Role, split};
use attune_lab::features::events::{self, Moments};
use attune_lab::features::recipe;
use attune_lab::project::{self, Access, AskedOutcome, Following, Parts};
use attune_lab::simulate::log::delayed;
use attune_policy::recipe::Step;
use std::sync::Arc;

impl Features {
    /// What the models of a project read: of its customers, or of every subject of its tables.
    pub(super) fn of_project(&self, as_of: Option<i64>, console: &Console) -> Result<Found> {
        let changes_rules = !self.fresh.is_empty() || !self.when_missing.is_empty();
        let changes = self.add || !self.steps.is_empty() || !self.removed.is_empty() || changes_rules;
        let access = if changes { Access::Write } else { Access::Read };
        let mut opened = crate::cli::project::open_needing(&self.source, access, &["features.ron"], console)?;
        let defined = self.defined()?;
        let asked: Vec<AskedOutcome> =
            self.outcomes.iter().map(|argument| self.asked(argument)).collect::<Result<_>>()?;
        let dir = opened.project.dir().to_owned();
        // The document as it would be with everything that is asked for.
        let mut parts = opened.parts.clone();
        if let Some(as_of) = as_of {
            stand(&mut parts, as_of);
            if let Some(time) = parts.roles.first(Role::Time) {
                console.remark(&format!("Rows stand at their own times (`{time}`); --as-of is for those without one."));
            }
        }
        for name in &self.removed {
            let recipe = Arc::make_mut(&mut parts.recipe);
            let before = recipe.len();
            recipe.retain(|step| step.output != *name);
            if recipe.len() == before {
                let names: Vec<&str> = recipe.iter().map(|step| step.output.as_str()).collect();
                return Err(Failure::Usage(format!(
                    "--remove-step: no step makes `{name}`; the steps make {}",
                    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
                )));
            }
        }
        let mut saved = rules::put(&mut parts, &self.fresh, &self.when_missing)?;
        let mut said: Option<Failure> = None;
        let found = console.work(|task| {
            let load = |parts: &Parts| {
                // The customers as they come: their features and outcomes are computed here.
                let mut bare = Parts { events: Arc::default(), ..parts.clone() };
                Arc::make_mut(&mut bare.roles).delayed.clear();
                crate::cli::project::load(&dir, &bare, console, task)
            };
            let mut loaded = load(&parts)?;
            let before = parts.goal.as_of;
            let mut outcomes = Vec::new();
            for asked in &asked {
                let put = project::put_outcome(&mut parts, &project::event_tables(&loaded), asked, as_of)?;
                outcomes.push((put, None));
            }
            if parts.goal.as_of != before {
                // Other customers stand at another instant.
                loaded = load(&parts)?;
            }
            let tables = project::event_tables(&loaded);
            let declared = defined.clone().unwrap_or_else(|| (*parts.events).clone());
            let (mut rows, matched) = delayed::attach(&loaded.dataset, &parts.roles, &loaded.tables, task)?;
            for (put, known) in &mut outcomes {
                *known = matched.iter().find(|matched| matched.outcome == put.delayed.name).cloned();
            }
            let mut roles = (*parts.roles).clone();
            let mut events = None;
            if !tables.is_empty() || !declared.is_empty() {
                let features = match declared.is_empty() {
                    true => self.suggested(&tables),
                    false => declared.clone(),
                };
                let key = roles.first(Role::Subject).ok_or_else(|| {
                    Error::new("no column of the customers has the role subject")
                        .hint("give the key column the role subject")
                })?;
                let moments = Moments::of(&rows, key, roles.first(Role::Time), parts.goal.as_of)?;
                let computing = self.compute(features, &tables, moments, key.to_owned(), task)?;
                // What cannot be a column is said before anything is written.
                let cells = computing.computed.cells.clone();
                (rows, roles) = events::join(&rows, &roles, &computing.features, cells)?;
                events = Some(computing);
            }
            for argument in &self.steps {
                let admitted = project::with_rules(&rows, &parts)?;
                let (with, with_roles) = recipe::apply(&admitted, &roles, &parts.recipe)?;
                match steps::steps(argument, &with, &split::train_rows(&with, &with_roles)?) {
                    Ok(new) => {
                        saved.extend(new.iter().map(|step| format!("the step `{}`", step.output)));
                        let recipe = Arc::make_mut(&mut parts.recipe);
                        recipe.retain(|step| new.iter().all(|other| other.output != step.output));
                        recipe.extend(new);
                    }
                    Err(Failure::Work(error)) => return Err(error),
                    Err(failure) => {
                        said = Some(failure);
                        return Err(Error::new("a step is not understood"));
                    }
                }
            }
            let made = |name: &str| {
                events.as_ref().is_some_and(|events| events.features.iter().any(|feature| feature.name == name))
            };
            let rows = project::with_rules(&rows, &parts)?;
            let mut seen = seen(&rows, &roles, &parts.recipe, &made)?;
            if self.add && events.is_none() {
                let new: Vec<Step> = seen.suggestions.iter().filter_map(|suggestion| suggestion.step.clone()).collect();
                saved.extend(new.iter().map(|step| format!("the step `{}`", step.output)));
                if !new.is_empty() {
                    Arc::make_mut(&mut parts.recipe).extend(new);
                    seen = super::seen(&rows, &roles, &parts.recipe, &made)?;
                }
            }
            Ok(Found {
                outcomes,
                rows: rows.rows(),
                steps: (*parts.recipe).clone(),
                rules: rules::with_reasons(&parts),
                overview: Some(seen),
                events,
                saved: Vec::new(),
            })
        });
        let mut found = match (found, said) {
            (_, Some(failure)) => return Err(failure),
            (found, None) => found?,
        };
        if self.add {
            if let Some(events) = &found.events {
                let roles = Arc::make_mut(&mut parts.roles);
                for feature in &events.features {
                    roles.columns.entry(feature.name.clone()).or_insert(Role::Feature);
                }
                saved.insert(0, format!("{} features over events", events.features.len()));
                parts.events = Arc::new(events.features.clone());
            }
            for (put, _) in &found.outcomes {
                saved.push(format!("the outcome `{}`", put.delayed.name));
                saved.extend(put.model.as_ref().map(|model| format!("the model `{model}`")));
            }
            if let Some(as_of) = parts.goal.as_of.filter(|as_of| opened.parts.goal.as_of != Some(*as_of)) {
                saved.push(format!("the instant {}", dates::render(as_of)));
            }
            opened.parts = parts;
            opened.project.save(&opened.parts, "Add features")?;
        } else if changes {
            // What else was asked for is looked at, not written.
            (opened.parts.recipe, opened.parts.fields) = (parts.recipe, parts.fields);
            let label =
                if saved.is_empty() || !changes_rules { "Change the recipe" } else { "Change rules of features" };
            if changes_rules {
                opened.parts.events = parts.events;
            }
            opened.project.save(&opened.parts, label)?;
        }
        if changes {
            let (removed, add) = (self.removed.iter().map(|name| format!("Taken out: the step `{name}`.")), self.add);
            found.saved.extend(removed);
            match saved.is_empty() {
                false => found.saved.push(format!("Written into the project: {}.", saved.join(", "))),
                true if add => found.saved.push("Nothing was written: there was nothing to add.".to_owned()),
                true => {}
            }
        } else if opened.parts.events.is_empty() && found.events.is_some() && defined.is_none() {
            console.remark("The project declares no features over events; these are suggested. `--add` writes them.");
        }
        if !self.outcomes.is_empty() && !self.add {
            console.remark(
                "The outcome is looked at, not written. `--add` writes it, with the instant and a model of it.",
            );
        }
        Ok(found)
    }

    /// An outcome as it was asked for: `NAME:DAYS`, `NAME=none:DAYS`, `NAME=EXPR:DAYS`.
    fn asked(&self, argument: &str) -> Result<AskedOutcome> {
        let wrong = || {
            Failure::Usage(format!(
                "--outcome `{argument}` is not of the form NAME:DAYS, NAME=none:DAYS or NAME=EXPRESSION:DAYS, such as bought:90"
            ))
        };
        let (head, days) = argument.rsplit_once(':').ok_or_else(wrong)?;
        let days = days.trim().parse::<f64>().ok().filter(|days| days.is_finite() && *days > 0.0).ok_or_else(wrong)?;
        let (name, what) = match head.split_once('=') {
            Some((name, what)) => (name.trim(), what.trim()),
            None => (head.trim(), ""),
        };
        let stays_away = ["churn", "laps", "inactiv", "lost"].iter().any(|stem| name.to_lowercase().starts_with(stem));
        let of = match what {
            "none" => Following::Nothing,
            // Whoever asks for churn does not mean who buys.
            "" if stays_away => Following::Nothing,
            "" | "any" => Following::Any,
            text => Following::Sum(text.to_owned()),
        };
        if name.is_empty() {
            return Err(wrong());
        }
        Ok(AskedOutcome { name: name.to_owned(), table: self.table.clone(), days, of, only: self.purchase.clone() })
    }
}
