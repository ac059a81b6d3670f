//! A rule as a sentence: what it keeps, with its fields and values set off, or its code where only code can say it.

use super::expression;
use super::form::Form;
use super::look::Look;
use super::scope;
use crate::editor;
use crate::theme::{self, metrics};
use attune_policy::language::conditions::Conditions;
use attune_policy::rule::{Rule, Stage};
use egui::Ui;

/// Draws the sentence.
pub fn show(ui: &mut Ui, look: &Look<'_>, rule: &Rule, form: Option<&Form>) {
}
