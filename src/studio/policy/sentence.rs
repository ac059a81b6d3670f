//! A rule as a sentence: what it keeps, with its fields and values set off, or its code where only code can say it.

use super::expression;
use super::form::{Clause, Form, Op, Operand};
use super::look::Look;
use super::names::{Known, Subject};
use super::scope;
use crate::editor;
use crate::theme::{self, metrics};
use crate::widgets::number;
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::value::Type;
use egui::text::LayoutJob;
use egui::{FontId, RichText, TextFormat, Ui};

/// Lines of code shown on a folded card.
const LINES: usize = 4;

/// Draws the sentence.
pub fn show(ui: &mut Ui, look: &Look<'_>, rule: &Rule, form: Option<&Form>) {
    let tokens = theme::tokens(ui.ctx());
    match form {
        Some(form) => {
            let mut job = job(ui, &words(look, rule, form));
            job.wrap.max_width = ui.available_width();
            ui.add(egui::Label::new(job).wrap().selectable(false));
        }
        None => {
            let lead = if rule.stage == Stage::SoftSuitability { "Multiplies the priority of" } else { "Keeps" };
            let text = format!("{lead} {} {}", scope::words(look.draft, &rule.scope), if rule.stage == Stage::SoftSuitability { "by" } else { "when" });
            ui.label(RichText::new(text).color(tokens.weak));
            let all = rule.expr.lines().count();
            let mut text = rule.expr.lines().take(LINES).collect::<Vec<_>>().join("\n");
            if all > LINES {
                text.push_str(&format!("\n// … {} more", number::counted((all - LINES) as u64, "line", "lines")));
            }
            editor::code_line(ui, &text, expression::highlight);
        }
    }
    if !rule.reason.is_empty() {
        ui.add(egui::Label::new(RichText::new(format!("because {}", rule.reason)).italics().color(tokens.weak)).wrap().selectable(false));
    }
}

/// A piece of a sentence: plain words, a name, a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// Plain words.
    Plain(String),
    /// A field, score or action.
    Name(String),
    /// A value.
    Value(String),
}

/// The sentence in pieces.
pub fn words(look: &Look<'_>, rule: &Rule, form: &Form) -> Vec<Word> {
    let mut out = vec![Word::Plain("Keep ".to_owned())];
    match rule.scope {
        Scope::All => out.push(Word::Plain("every action".to_owned())),
        _ => out.push(Word::Name(scope::words(look.draft, &rule.scope))),
    }
    let groups: Vec<_> = form.groups.iter().filter(|g| !g.clauses.is_empty()).collect();
    if groups.is_empty() {
        out.push(Word::Plain(" always".to_owned()));
        return out;
    }
    out.push(Word::Plain(" when ".to_owned()));
    for (g, group) in groups.iter().enumerate() {
        if g > 0 {
            out.push(Word::Plain(if form.any { ", or " } else { ", and " }.to_owned()));
        }
        // Either-or inside an and needs a word that keeps it together.
        let either = groups.len() > 1 && group.any && group.clauses.len() > 1;
        if either {
            out.push(Word::Plain("either ".to_owned()));
        }
        for (c, clause) in group.clauses.iter().enumerate() {
            if c > 0 {
                out.push(Word::Plain(if group.any { " or " } else { " and " }.to_owned()));
            }
            out.extend(clause_words(look.known, clause));
        }
    }
    out
}

fn clause_words(known: &[Known], clause: &Clause) -> Vec<Word> {
    let found = known.iter().find(|k| k.subject == clause.subject);
    let (Subject::Field(id) | Subject::Score(id) | Subject::Fact(id)) = &clause.subject;
    let name = found.map_or(id.clone(), |k| k.name.clone());
    let name = if matches!(clause.subject, Subject::Score(_)) { format!("score {name}") } else { name };
    let type_ = found.map_or(Type::Number, |k| k.type_);
    let mut out = vec![Word::Name(name)];
    let op = match (clause.op, &clause.operand) {
        (Op::OneOf, Operand::Texts(_)) => "is",
        (Op::NoneOf, Operand::Texts(texts)) if texts.len() == 1 => "is not",
        (Op::NoneOf, Operand::Texts(_)) => "is neither",
        (op, _) => op.words(type_),
    };
    out.push(Word::Plain(format!(" {op}")));
    let is_score = matches!(clause.subject, Subject::Score(_));
    match &clause.operand {
        Operand::None => {}
        Operand::Number(x) => out.extend([Word::Plain(" ".to_owned()), Word::Value(figure(*x, is_score))]),
        Operand::Between(low, high) => out.extend([
            Word::Plain(" ".to_owned()),
            Word::Value(figure(*low, is_score)),
            Word::Plain(" and ".to_owned()),
            Word::Value(figure(*high, is_score)),
        ]),
        Operand::Day(ms) => {
            let day = super::dates::day(*ms).unwrap_or_else(|| ms.to_string());
            out.extend([Word::Plain(" ".to_owned()), Word::Value(day)]);
        }
        Operand::Texts(texts) => {
            let word = if clause.op == Op::NoneOf { "nor" } else { "or" };
            for (i, text) in texts.iter().enumerate() {
                let gap = match i {
                    0 => " ".to_owned(),
                    i if i + 1 == texts.len() => format!(" {word} "),
                    _ => ", ".to_owned(),
                };
                out.extend([Word::Plain(gap), Word::Value(text.clone())]);
            }
            if texts.is_empty() {
                out.push(Word::Plain(" nothing yet".to_owned()));
            }
        }
    }
    out
}

fn figure(x: f64, _score: bool) -> String {
    let text = number::fixed(x, 6);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The sentence laid out: names in bold, values in bold in the accent colour.
fn job(ui: &Ui, words: &[Word]) -> LayoutJob {
    let tokens = theme::tokens(ui.ctx());
    let size = metrics().subhead - 0.5;
    let mut job = LayoutJob::default();
    for word in words {
        let bold = FontId::new(size, egui::FontFamily::Name(theme::BOLD.into()));
        let (text, font, color) = match word {
            Word::Plain(text) => (text, FontId::proportional(size), tokens.text),
            Word::Name(text) => (text, bold, tokens.text),
            Word::Value(text) => (text, bold, tokens.accent),
        };
        job.append(text, 0.0, TextFormat::simple(font, color));
    }
    job
}
