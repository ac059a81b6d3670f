//! A rule as a sentence: what it keeps, with its fields and values set off, or its code where only code can say it.

use super::expression;
use super::look::Look;
use super::scope;
use crate::editor;
use crate::theme::{self, metrics};
use crate::widgets::number;
use attune_policy::language::conditions::{Condition, Conditions, Item, Join};
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::schema::Schema;
use egui::text::LayoutJob;
use egui::{FontId, RichText, TextFormat, Ui};

/// Lines of code shown on a folded card.
const LINES: usize = 4;

/// Draws the sentence.
pub fn show(ui: &mut Ui, look: &Look<'_>, rule: &Rule, conditions: Option<&Conditions>) {
    let tokens = theme::tokens(ui.ctx());
    match conditions {
        Some(conditions) => {
            let mut job = job(ui, &words(look, rule, conditions));
            job.wrap.max_width = ui.available_width();
            ui.add(egui::Label::new(job).wrap().selectable(false));
        }
        None => code(ui, look, rule),
    }
    if !rule.reason.is_empty() {
        let text = RichText::new(format!("because {}", rule.reason)).italics().color(tokens.weak);
        ui.add(egui::Label::new(text).wrap().selectable(false));
    }
}

fn code(ui: &mut Ui, look: &Look<'_>, rule: &Rule) {
    let tokens = theme::tokens(ui.ctx());
    let whom = scope::words(look.draft, &rule.scope);
    let text = match rule.stage {
        Stage::SoftSuitability => format!("Multiply the priority of {whom} by"),
        Stage::Lever => format!("Multiply the levers of {whom} by"),
        Stage::Fallback => "When nothing is left, fall back to".to_owned(),
        _ => format!("Keep {whom} when this is true"),
    };
    ui.label(RichText::new(text).color(tokens.weak));
    let all = rule.expr.lines().count();
    let mut text = rule.expr.lines().take(LINES).collect::<Vec<_>>().join("\n");
    if all > LINES {
        text.push_str(&format!("\n// … {} more", number::counted((all - LINES) as u64, "line", "lines")));
    }
    editor::code_line(ui, &text, expression::highlight);
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    /// Plain words.
    Plain(String),
    /// A field, score or action.
    Name(String),
    /// A value.
    Value(String),
}

/// The sentence in pieces; together they are `Keep … when` and the language's own sentence of the conditions.
fn words(look: &Look<'_>, rule: &Rule, conditions: &Conditions) -> Vec<Word> {
    let mut out = vec![Word::Plain("Keep ".to_owned())];
    let whom = scope::words(look.draft, &rule.scope);
    out.push(if rule.scope == Scope::All { Word::Plain(whom) } else { Word::Name(whom) });
    if conditions.items.is_empty() {
        out.push(Word::Plain(" always".to_owned()));
        return out;
    }
    out.push(Word::Plain(" when ".to_owned()));
    let grouped = conditions.items.len() > 1 && conditions.items.iter().any(|i| matches!(i, Item::Group(_)));
    let (gap, inner) = match conditions.join {
        Join::All => (" and ", " or "),
        Join::Any => (" or ", " and "),
    };
    for (i, item) in conditions.items.iter().enumerate() {
        if i > 0 {
            out.push(Word::Plain(if grouped { format!(",{gap}") } else { gap.to_owned() }));
        }
        match item {
            Item::One(one) => out.extend(condition(look.schema, one)),
            Item::Group(group) => {
                if conditions.join == Join::All {
                    out.push(Word::Plain("either ".to_owned()));
                }
                for (c, one) in group.iter().enumerate() {
                    if c > 0 {
                        out.push(Word::Plain(inner.to_owned()));
                    }
                    out.extend(condition(look.schema, one));
                }
            }
        }
    }
    out
}

/// One condition in pieces: the language's own sentence, cut at its name and its values.
fn condition(schema: &Schema, one: &Condition) -> Vec<Word> {
    let sentence = one.sentence(schema);
    let name = one.subject.label(schema);
    let Some(mut rest) = sentence.strip_prefix(name.as_str()) else { return vec![Word::Plain(sentence)] };
    let mut out = vec![Word::Name(name)];
    for value in &one.values {
        let text = value.as_text().map_or_else(|| value.to_string(), str::to_owned);
        let Some(at) = rest.find(&text).filter(|_| !text.is_empty()) else { continue };
        let (before, found) = rest.split_at(at);
        out.push(Word::Plain(before.to_owned()));
        out.push(Word::Value(text.clone()));
        rest = found.get(text.len()..).unwrap_or_default();
    }
    if !rest.is_empty() {
        out.push(Word::Plain(rest.to_owned()));
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::document::Document;
    use attune_policy::language::{Context, conditions};

    #[test]
    fn pieces_add_up_to_the_sentence() {
        let draft = Document::default();
        let names = Context::new(&draft);
        let look = Look {
            draft: &draft,
            schema: &draft.schema,
            names: &names,
            models: &[],
            findings: &[],
            report: None,
            stale: false,
            untrained: false,
            known: &[],
        };
        let rule = Rule {
            id: "r".into(),
            name: String::new(),
            stage: Stage::Guard,
            scope: Scope::All,
            expr: String::new(),
            on_missing: Default::default(),
            reason: String::new(),
            enabled: true,
            note: String::new(),
            ..Rule::default()
        };
        for expr in [
            "recency <= 6 && channel in [\"Web\", \"Multichannel\"]",
            "newbie || !(zip in [\"Rural\"])",
            "recency > 3 && (newbie || channel == \"Web\")",
            "recency > 3 && newbie || channel == \"is\"",
            "between(history, 1.5, 20) && is_known(recency)",
            "true",
        ] {
            let conditions = conditions::parse(expr).expect(expr);
            let text: String = words(&look, &rule, &conditions)
                .into_iter()
                .map(|w| match w {
                    Word::Plain(t) | Word::Name(t) | Word::Value(t) => t,
                })
                .collect();
            let when = if conditions.items.is_empty() { "" } else { "when " };
            assert_eq!(text, format!("Keep every action {when}{}", conditions.sentence(&draft.schema)), "{expr}");
        }
    }
}
