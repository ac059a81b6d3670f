//! Whom a rule, floor or weight speaks of: as words, and as a drop-down over the policy's taxonomy.

use crate::widgets;
use attune_policy::document::Document;
use attune_policy::rule::Scope;
use egui::Ui;

/// The scope in words: `every action`, `Men's e-mail`, `actions of group Cards`.
pub fn words(draft: &Document, scope: &Scope) -> String {
    match scope {
        Scope::All => "every action".to_owned(),
        Scope::Issue(id) => format!("actions of issue {id}"),
        Scope::Group(id) => format!("actions of group {id}"),
        Scope::Action(id) => action_name(draft, id),
        Scope::Treatment(action, treatment) => format!("{} / {treatment}", action_name(draft, action)),
        Scope::Channel(id) => format!("actions on {id}"),
    }
}

/// The name of an action, its id when it has none or does not exist.
pub fn action_name(draft: &Document, id: &str) -> String {
    draft.actions.iter().find(|a| a.id == id).map_or(id, |a| if a.name.is_empty() { id } else { &a.name }).to_owned()
}

/// Everything a scope can be in this policy; `current` too when it names something that is gone.
pub fn options(draft: &Document, current: &Scope) -> Vec<(Scope, String)> {
    let mut scopes = vec![Scope::All];
    scopes.extend(draft.actions.iter().map(|a| Scope::Action(a.id.clone())));
    for action in draft.actions.iter().filter(|a| a.treatments.len() > 1) {
        scopes.extend(action.treatments.iter().map(|t| Scope::Treatment(action.id.clone(), t.id.clone())));
    }
    for issue in &draft.issues {
        scopes.push(Scope::Issue(issue.id.clone()));
        scopes.extend(issue.groups.iter().map(|g| Scope::Group(g.id.clone())));
    }
    scopes.extend(draft.channels.iter().map(|c| Scope::Channel(c.id.clone())));
    let mut options: Vec<(Scope, String)> = scopes
        .into_iter()
        .map(|s| {
            let text = words(draft, &s);
            (s, text)
        })
        .collect();
    if !options.iter().any(|(scope, _)| scope == current) {
        options.push((current.clone(), format!("{} (not in this policy)", words(draft, current))));
    }
    options
}

/// A drop-down of scopes; gives the one chosen.
pub fn picker(ui: &mut Ui, id: impl egui::AsIdSalt, label: &str, draft: &Document, scope: &Scope) -> Option<Scope> {
    let mut chosen = scope.clone();
    widgets::choice(ui, id, label, &mut chosen, &options(draft, scope), 190.0).then_some(chosen)
}
