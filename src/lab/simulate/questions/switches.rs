//! Everything of a policy that can be switched off.

use attune_policy::document::Document;

/// One thing switched off.
pub(super) struct Switch {
    /// `rule`, `cap` …
    pub kind: &'static str,
    pub id: String,
    pub name: String,
    /// Its cause among the fates of candidates: `Rule:no_mail`.
    pub code: String,
    change: Box<dyn Fn(&mut Document)>,
}

impl Switch {
    /// The policy without it.
    pub fn without(&self, document: &Document) -> Document {
        let mut document = document.clone();
        (self.change)(&mut document);
        document
    }
}

/// What is switched on, in the order of evaluation.
pub(super) fn switches(document: &Document) -> Vec<Switch> {
    let mut list = Vec::new();
    let mut add = |kind, code: &str, id: &str, name: &str, change: Box<dyn Fn(&mut Document)>| {
        let name = if name.is_empty() { id } else { name };
        list.push(Switch {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            code: if code.contains(':') { format!("{code}{id}") } else { code.to_owned() },
            change,
        });
    };
    for (i, part) in document.holdouts.iter().enumerate().filter(|(_, p)| p.share > 0.0) {
        add("holdout", "Holdout:", &part.id, "", Box::new(move |d| drop(d.holdouts.remove(i))));
    }
    let mut rules: Vec<usize> = (0..document.rules.len()).filter(|i| document.rules[*i].enabled).collect();
    rules.sort_by_key(|i| document.rules[*i].stage);
    for i in rules {
        let part = &document.rules[i];
        add("rule", "Rule:", &part.id, &part.name, Box::new(move |d| d.rules[i].enabled = false));
    }
    for (i, part) in document.caps.iter().enumerate().filter(|(_, p)| p.enabled && p.limit.is_some()) {
        add("cap", "Cap:", &part.id, &part.name, Box::new(move |d| d.caps[i].enabled = false));
    }
    for (i, part) in document.suppressions.iter().enumerate().filter(|(_, p)| p.enabled) {
        add("suppression", "Suppression:", &part.id, &part.name, Box::new(move |d| d.suppressions[i].enabled = false));
    }
    for (i, part) in document.cool_downs.iter().enumerate().filter(|(_, p)| p.enabled) {
        add("cool-down", "CoolDown:", &part.id, &part.name, Box::new(move |d| d.cool_downs[i].enabled = false));
    }
    for (i, part) in document.exclusions.iter().enumerate().filter(|(_, p)| p.enabled) {
        add("exclusion", "Exclusion:", &part.id, &part.name, Box::new(move |d| d.exclusions[i].enabled = false));
    }
    for (i, part) in document.quiet_hours.iter().enumerate().filter(|(_, p)| p.enabled) {
        add("quiet hours", "QuietHours:", &part.id, &part.name, Box::new(move |d| d.quiet_hours[i].enabled = false));
    }
    for (i, part) in document.stocks.iter().enumerate() {
        add("stock", "Stock:", &part.id, "", Box::new(move |d| drop(d.stocks.remove(i))));
    }
    let floors = &document.arbitration.floors;
    if floors.iter().any(|f| f.min_propensity.is_some()) {
        add(
            "floor",
            "PropensityFloor",
            "min_propensity",
            "Least response propensity",
            Box::new(|d| {
                d.arbitration.floors.iter_mut().for_each(|f| f.min_propensity = None);
            }),
        );
    }
    if floors.iter().any(|f| f.min_priority.is_some()) {
        add(
            "floor",
            "PriorityFloor",
            "min_priority",
            "Least priority",
            Box::new(|d| {
                d.arbitration.floors.iter_mut().for_each(|f| f.min_priority = None);
            }),
        );
    }
    for (i, part) in document.budgets.iter().enumerate().filter(|(_, p)| p.enabled) {
        add("budget", "Budget:", &part.id, &part.name, Box::new(move |d| d.budgets[i].enabled = false));
    }
    list
}
