//! A place in a policy that can take other values: `cap:weekly.limit`, `floor.min_propensity`, `rule:recent.recency_days`.
//!
//! A path names a part by its kind and id, and a field of it as it is written in the policy file. In a rule it names a number of the
//! expression: by what it is compared with, or by its place (`#2`).

use crate::error::{Error, Result};
use attune_policy::arbitration::Floor;
use attune_policy::document::Document;
use attune_policy::language::{TokenKind, highlight};
use attune_policy::rule::{Rule, Scope};
use attune_policy::suggest::nearest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A place in a policy and the values it takes in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// Kind of part: `cap`, `rule` …
    kind: String,
    /// Its id, where the kind has ids.
    id: Option<String>,
    /// Field within it, from the outside in.
    field: Vec<String>,
    /// The values as they were written.
    pub values: Vec<String>,
}

/// Values of one knob; more than this is a search, not a sweep.
const MOST_VALUES: usize = 200;

/// Kinds of parts, for hints.
const KINDS: [&str; 18] = [
    "cap",
    "floor",
    "budget",
    "stock",
    "holdout",
    "rule",
    "action",
    "treatment",
    "group",
    "issue",
    "lever",
    "weight",
    "cool_down",
    "suppression",
    "exclusion",
    "quiet_hours",
    "arbitration",
    "exploration",
];

impl Knob {
    /// Reads `cap:weekly.limit=2,3,5`. Values are numbers, `true`, `false`, `none`, or durations (`12h`, `7d`, `4w`) for fields in
    /// seconds.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Knob> {
        let form = || {
            Error::new(format!("`{text}` does not say what is set to which values")).hint(
                "write it like cap:weekly.limit=2,3,5, floor.min_propensity=0.01,0.02 or rule:recent.recency_days=7,14",
            )
        };
        let (path, values) = text.split_once('=').ok_or_else(form)?;
        let values: Vec<String> = values.split(',').map(|v| v.trim().to_owned()).collect();
        if path.trim().is_empty() || values.iter().any(String::is_empty) {
            return Err(form());
        }
        if values.len() > MOST_VALUES {
            return Err(Error::new(format!("`{path}` takes {} values; at most {MOST_VALUES}", values.len())));
        }
        let (kind, id, field) = match path.trim().split_once(':') {
            Some((kind, rest)) => {
                let (id, field) = rest.split_once('.').unwrap_or((rest, ""));
                (kind, Some(id.to_owned()), field)
            }
            None => {
                let (kind, field) = path.trim().split_once('.').unwrap_or((path.trim(), ""));
                (kind, None, field)
            }
        };
        if !KINDS.contains(&kind) {
            let error = Error::new(format!("`{kind}` is no kind of part of a policy"));
            return Err(error.hint(match nearest(kind, KINDS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the kinds are {}", KINDS.join(", ")),
            }));
        }
        let field = field.split('.').filter(|f| !f.is_empty()).map(str::to_owned).collect();
        Ok(Knob { kind: kind.to_owned(), id, field, values })
    }

    /// The place as it was written.
    pub fn path(&self) -> String {
        let id = self.id.as_ref().map_or(String::new(), |id| format!(":{id}"));
        let field: String = self.field.iter().map(|f| format!(".{f}")).collect();
        format!("{}{id}{field}", self.kind)
    }

    /// The value that a policy has there, as it would be written.
    ///
    /// # Errors
    /// When the policy has no such place.
    pub fn current(&self, document: &Document) -> Result<String> {
        let mut copy = document.clone();
        self.visit(&mut copy, None)
    }

    /// The policy with another value there.
    ///
    /// # Errors
    /// When the policy has no such place, or the place cannot take the value.
    pub fn set(&self, document: &Document, value: &str) -> Result<Document> {
        let mut changed = document.clone();
        self.visit(&mut changed, Some(value))?;
        Ok(changed)
    }

    /// Sets a value if one is given; the value before.
    fn visit(&self, document: &mut Document, value: Option<&str>) -> Result<String> {
        match self.kind.as_str() {
            "cap" => self.part(&mut document.caps, |c| &c.id, value),
            "budget" => self.part(&mut document.budgets, |b| &b.id, value),
            "stock" => self.part(&mut document.stocks, |s| &s.id, value),
            "holdout" => self.part(&mut document.holdouts, |h| &h.id, value),
            "action" => self.part(&mut document.actions, |a| &a.id, value),
            "issue" => self.part(&mut document.issues, |i| &i.id, value),
            "weight" => self.part(&mut document.arbitration.context_weights, |w| &w.id, value),
            "cool_down" => self.part(&mut document.cool_downs, |c| &c.id, value),
            "suppression" => self.part(&mut document.suppressions, |s| &s.id, value),
            "exclusion" => self.part(&mut document.exclusions, |e| &e.id, value),
            "quiet_hours" => self.part(&mut document.quiet_hours, |q| &q.id, value),
            "group" => {
                let mut groups: Vec<_> = document.issues.iter_mut().flat_map(|i| &mut i.groups).collect();
                let at = self.position(groups.iter().map(|g| g.id.as_str()))?;
                self.edit(groups[at], value)
            }
            "treatment" => {
                let ids: Vec<String> = document
                    .actions
                    .iter()
                    .flat_map(|a| a.treatments.iter().map(|t| format!("{}/{}", a.id, t.id)))
                    .collect();
                let at = self.position(ids.iter().map(String::as_str))?;
                let mut treatments: Vec<_> = document.actions.iter_mut().flat_map(|a| &mut a.treatments).collect();
                self.edit(treatments[at], value)
            }
            "lever" => self.lever(document, value),
            "floor" => self.floor(&mut document.arbitration.floors, value),
            "rule" => {
                let at = self.position(document.rules.iter().map(|r| r.id.as_str()))?;
                self.rule(&mut document.rules[at], value)
            }
            "arbitration" => self.edit(&mut document.arbitration, value),
            _ => self.edit(&mut document.exploration, value),
        }
    }

    fn part<T: Serialize + DeserializeOwned>(
        &self,
        list: &mut [T],
        id: impl Fn(&T) -> &String,
        value: Option<&str>,
    ) -> Result<String> {
        let at = self.position(list.iter().map(|item| id(item).as_str()))?;
        self.edit(&mut list[at], value)
    }

    /// Position of the part that is named; of the only one when none is.
    fn position<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<usize> {
        let ids: Vec<&str> = ids.collect();
        let list = if ids.is_empty() { "it has none".to_owned() } else { format!("it has {}", ids.join(", ")) };
        match &self.id {
            Some(id) => ids.iter().position(|own| own == id).ok_or_else(|| {
                let error = Error::new(format!("the policy has no {} `{id}`", self.kind));
                error.hint(nearest(id, ids.iter().copied()).map_or(list, |near| format!("did you mean `{near}`?")))
            }),
            None if ids.len() == 1 => Ok(0),
            None => Err(Error::new(format!("`{}` does not say which {}", self.path(), self.kind)).hint(list)),
        }
    }

    /// Sets a field of a part as its file form has it. Parts are edited one by one: what is not asked for is not touched.
    fn edit<T: Serialize + DeserializeOwned>(&self, item: &mut T, value: Option<&str>) -> Result<String> {
        let wrong = |e: serde_json::Error| {
            let words = e.to_string();
            let words = words.split(" at line ").next().unwrap_or_default().to_owned();
            Error::new(match value {
                Some(value) => format!("`{}` cannot be {value}: {words}", self.path()),
                None => format!("`{}` cannot be read: {words}", self.path()),
            })
        };
        if self.field.is_empty() {
            return Err(Error::new(format!("`{}` does not say which field", self.path()))
                .hint(format!("its fields are {}", fields(item).join(", "))));
        }
        let mut tree = serde_json::to_value(&*item).map_err(wrong)?;
        let mut place = &mut tree;
        for name in &self.field {
            let Value::Object(map) = place else {
                return Err(Error::new(format!("`{}`: there is no `{name}` there", self.path())));
            };
            place = map.entry(name.as_str()).or_insert(Value::Null);
        }
        let before = written(place);
        *place = match value {
            Some(value) => read(value),
            None => place.clone(),
        };
        // Read back in any case: a field that the part has not is refused, with those it has.
        *item = serde_json::from_value(tree).map_err(wrong)?;
        Ok(before)
    }

    /// A lever is the weight of the action, group or issue of that id.
    fn lever(&self, document: &mut Document, value: Option<&str>) -> Result<String> {
        if !(self.field.is_empty() || self.field == ["weight"]) {
            return Err(Error::new(format!("`{}`: a lever is one number; write lever:ID=…", self.path())));
        }
        let mut weights: Vec<(String, &mut f64)> = Vec::new();
        for issue in &mut document.issues {
            for group in &mut issue.groups {
                weights.push((group.id.clone(), &mut group.weight));
            }
            weights.push((issue.id.clone(), &mut issue.weight));
        }
        weights.extend(document.actions.iter_mut().map(|a| (a.id.clone(), &mut a.weight)));
        let at = self.position(weights.iter().map(|(id, _)| id.as_str()))?;
        let before = number_text(*weights[at].1);
        if let Some(value) = value {
            *weights[at].1 = self.number(value)?;
        }
        Ok(before)
    }

    /// The floor of a scope, by the id of what it is about; the only one, or a new one for all, when none is named.
    fn floor(&self, floors: &mut Vec<Floor>, value: Option<&str>) -> Result<String> {
        if floors.is_empty() && self.id.is_none() {
            floors.push(Floor { scope: Scope::All, min_propensity: None, min_priority: None });
        }
        let name = |floor: &Floor| match &floor.scope {
            Scope::All => "all".to_owned(),
            Scope::Issue(id) | Scope::Group(id) | Scope::Action(id) | Scope::Channel(id) => id.clone(),
            Scope::Treatment(action, id) => format!("{action}/{id}"),
        };
        let names: Vec<String> = floors.iter().map(name).collect();
        let at = self.position(names.iter().map(String::as_str))?;
        self.edit(&mut floors[at], value)
    }

    /// A field of a rule, or a number of its expression.
    fn rule(&self, rule: &mut Rule, value: Option<&str>) -> Result<String> {
        let name = match &self.field[..] {
            [] => return Err(self.numbers_of(rule, "does not say which number")),
            [name] if !fields(rule).contains(name) => name,
            _ => return self.edit(rule, value),
        };
        let literals = literals(&rule.expr);
        let by_place = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok());
        let found: Vec<&Literal> = match by_place {
            Some(place) => literals.iter().skip(place.wrapping_sub(1)).take(1).collect(),
            None => literals.iter().filter(|l| l.beside.contains(name)).collect(),
        };
        let [literal] = found[..] else {
            return Err(
                self.numbers_of(rule, if found.is_empty() { "names no number" } else { "names several numbers" })
            );
        };
        let before = rule.expr[literal.at.clone()].to_owned();
        if let Some(value) = value {
            self.number(value)?;
            // A whole number is another type than a fraction in a rule; what was a fraction stays one.
            let fraction = before.contains('.') && !value.contains(['.', 'e', 'E']);
            let text = if fraction { format!("{value}.0") } else { value.to_owned() };
            rule.expr.replace_range(literal.at.clone(), &text);
        }
        Ok(before)
    }

    fn numbers_of(&self, rule: &Rule, what: &str) -> Error {
        let list: Vec<String> = literals(&rule.expr)
            .iter()
            .enumerate()
            .map(|(i, l)| {
                let beside =
                    if l.beside.is_empty() { String::new() } else { format!(" beside {}", l.beside.join(", ")) };
                format!("#{} is {}{beside}", i + 1, &rule.expr[l.at.clone()])
            })
            .collect();
        Error::new(format!("`{}` {what} of the rule `{}`", self.path(), rule.expr)).hint(match list.is_empty() {
            true => "it has none".to_owned(),
            false => format!("its numbers: {}", list.join("; ")),
        })
    }

    fn number(&self, value: &str) -> Result<f64> {
        let number = value.parse::<f64>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| Error::new(format!("`{}` cannot be {value}: it is no number", self.path())))
    }
}

/// A number in an expression.
struct Literal {
    at: std::ops::Range<usize>,
    /// Names and texts of what it is compared with.
    beside: Vec<String>,
}

/// The numbers of an expression in their order, each with what it is compared with.
fn literals(expr: &str) -> Vec<Literal> {
    let tokens: Vec<_> = highlight(expr).into_iter().filter(|(_, kind)| *kind != TokenKind::Comment).collect();
    let text = |i: usize| &expr[tokens[i].0.clone()];
    let ends = |i: usize| matches!(text(i), "&&" | "||" | "{" | "}" | ";" | "if" | "else");
    let compares = |i: usize| matches!(text(i), "<" | "<=" | ">" | ">=" | "==" | "!=");
    let names = |range: &mut dyn Iterator<Item = usize>| {
        let mut found: Vec<String> = Vec::new();
        for i in range {
            if ends(i) || compares(i) {
                break;
            }
            if matches!(tokens[i].1, TokenKind::Name | TokenKind::Text) {
                found.push(text(i).trim_matches(['"', '`', '\'']).to_owned());
            }
        }
        found
    };
    (0..tokens.len())
        .filter(|i| tokens[*i].1 == TokenKind::Number)
        .map(|i| {
            let before = i.checked_sub(1).filter(|b| compares(*b));
            let after = (i + 1 < tokens.len() && compares(i + 1)).then_some(i + 1);
            let beside = match (before, after) {
                (Some(operator), _) => names(&mut (0..operator).rev()),
                (None, Some(operator)) => names(&mut (operator + 1..tokens.len())),
                (None, None) => Vec::new(),
            };
            Literal { at: tokens[i].0.clone(), beside }
        })
        .collect()
}

/// The fields that a part has in its file form.
fn fields<T: Serialize>(item: &T) -> Vec<String> {
    match serde_json::to_value(item) {
        Ok(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// A written value: `none`, a truth value, a number, a duration in seconds, or text.
fn read(text: &str) -> Value {
    match text {
        "none" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    if let Some(x) = text.parse::<f64>().ok().filter(|x| x.is_finite()) {
        return Value::from(x);
    }
    let seconds = text.char_indices().next_back().and_then(|(at, unit)| {
        let unit = match unit {
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        text[..at].parse::<i64>().ok()?.checked_mul(unit)
    });
    seconds.map_or_else(|| Value::from(text), Value::from)
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), number_text),
        other => other.to_string(),
    }
}

fn number_text(x: f64) -> String {
    format!("{x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::action::{Action, Group, Issue, Treatment};
    use attune_policy::contact::{Budget, Cap, EventKind, Measure};
    use attune_policy::holdout::Holdout;

    fn document() -> Document {
        let budget = Budget {
            id: "spring".into(),
            name: String::new(),
            scope: Scope::All,
            measure: Measure::Cost,
            event: EventKind::Sent,
            max: Some(1_000.0),
            min: None,
            reset: None,
            from: None,
            until: None,
            pacing: None,
            enabled: true,
        };
        let rule = |id: &str, expr: &str| Rule { id: id.into(), expr: expr.into(), ..Rule::default() };
        Document {
            caps: vec![
                Cap { id: "weekly".into(), limit: Some(4), ..Cap::default() },
                Cap { id: "monthly".into(), ..Cap::default() },
            ],
            budgets: vec![budget],
            holdouts: vec![Holdout { id: "measure".into(), share: 0.05, ..Holdout::default() }],
            issues: vec![Issue {
                id: "sales".into(),
                weight: 0.0,
                groups: vec![Group { id: "offers".into(), weight: 10.0 }],
            }],
            actions: vec![Action {
                id: "mail".into(),
                treatments: vec![Treatment { id: "email".into(), ..Treatment::default() }],
                ..Action::default()
            }],
            rules: vec![
                rule("pays", "score(\"buys\") >= 0.02 && (discount_share ?? 0.0) >= 0.2"),
                rule("recent", "7 < recency_days && recency_days < 90"),
            ],
            ..Document::default()
        }
    }

    #[test]
    fn places_are_read_and_set() {
        let document = document();
        for (text, current, after) in [
            ("cap:weekly.limit=2", "4", "2"),
            ("cap:monthly.limit=3", "none", "3"),
            ("cap:weekly.limit=none", "4", "none"),
            ("cap:weekly.enabled=false", "true", "false"),
            ("cap:weekly.window=Lifetime", "Lifetime", "Lifetime"),
            ("floor.min_propensity=0.02", "none", "0.02"),
            ("budget:spring.max=500", "1000", "500"),
            ("budget.pacing=0.1", "none", "0.1"),
            ("holdout:measure.share=0.1", "0.05", "0.1"),
            ("lever:mail=25", "0", "25"),
            ("lever:offers=0", "10", "0"),
            ("group:offers.weight=5", "10", "5"),
            ("action:mail.cost=0.5", "0", "0.5"),
            ("treatment:mail/email.value=3", "none", "3"),
            ("rule:pays.discount_share=0.5", "0.2", "0.5"),
            ("rule:pays.buys=1", "0.02", "1.0"),
            ("rule:pays.#2=0.1", "0.0", "0.1"),
            ("rule:recent.#1=14", "7", "14"),
            ("rule:recent.enabled=false", "true", "false"),
        ] {
            let knob = Knob::parse(text).unwrap();
            assert_eq!(knob.current(&document).unwrap(), current, "{text}");
            let changed = knob.set(&document, &knob.values[0]).unwrap();
            assert_eq!(knob.current(&changed).unwrap(), after, "{text}");
            assert_eq!(knob.path(), text.split('=').next().unwrap());
            // Nothing else is touched: set back, the document is the one it was (a floor of nothing apart).
            if !text.starts_with("floor") {
                assert_eq!(knob.set(&changed, current).unwrap(), document, "{text}");
            }
        }
        let window = Knob::parse("cap:weekly.window.Rolling=7d").unwrap();
        let rolling = Knob::parse("cap:weekly.window.Rolling=1").unwrap();
        let mut with = document.clone();
        with.caps[0].window = attune_policy::contact::Window::Rolling(60);
        assert_eq!(rolling.current(&window.set(&with, "7d").unwrap()).unwrap(), "604800");
    }

    #[test]
    fn what_cannot_be_set_is_named() {
        let document = document();
        for (text, words) in [
            ("cap:weekly.limit", vec!["does not say"]),
            ("cap:weekly.limit=2,,3", vec!["does not say"]),
            ("caps:weekly.limit=2", vec!["no kind", "did you mean `cap`"]),
            ("cap:weakly.limit=2", vec!["no cap `weakly`", "did you mean `weekly`"]),
            ("cap.limit=2", vec!["which cap", "weekly, monthly"]),
            ("cap:weekly=2", vec!["which field", "limit"]),
            ("cap:weekly.limt=2", vec!["limt", "limit"]),
            ("cap:weekly.limit=-1", vec!["cannot be -1"]),
            ("cap:weekly.limit=two", vec!["cannot be two"]),
            ("lever:mail=high", vec!["no number"]),
            ("rule:recent.recency_days=3", vec!["several numbers", "#1 is 7", "#2 is 90"]),
            ("rule:pays.frequency=3", vec!["names no number", "#1 is 0.02 beside", "buys"]),
            ("rule:pays.buys=low", vec!["no number"]),
        ] {
            let found =
                Knob::parse(text).and_then(|knob| knob.set(&document, &knob.values[0])).unwrap_err().to_string();
            assert!(words.iter().all(|w| found.contains(w)), "{text}: {found}");
        }
    }
}
