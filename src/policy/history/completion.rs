//! Events as hosts tell them: what an event does not say is taken from the policy's action of that name. Contact policy asks for what held
//! when it happened, so what an event does say is believed.

use super::Event;
use crate::contact::EventKind;
use crate::document::Document;
use std::collections::HashMap;

/// An event of which only a part is told; `None` is not told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartialEvent {
    /// UTC milliseconds.
    pub time: i64,
    /// What happened.
    pub kind: EventKind,
    /// Action id; empty for what belongs to no action, such as a purchase.
    pub action: String,
    /// Treatment id; empty when it is not told.
    pub treatment: String,
    /// Channel id.
    pub channel: Option<String>,
    /// Group id.
    pub group: Option<String>,
    /// Issue id.
    pub issue: Option<String>,
    /// Tags of the action.
    pub tags: Option<Vec<String>>,
    /// Whether the action counts toward caps.
    pub counts: Option<bool>,
    /// What it cost, in the unit of the action's cost.
    pub cost: Option<f64>,
}

/// What a policy knows of its actions, for the events of hosts. It keeps no hold of the policy.
///
/// ```
/// use attune_policy::history::{EventDefaults, PartialEvent};
/// # let document = attune_policy::Document::default();
/// let defaults = EventDefaults::of(&document);
/// let sent = PartialEvent { action: "spring_mail".into(), treatment: "email".into(), ..PartialEvent::default() };
/// let event = defaults.complete(sent); // with channel, group, issue, tags, cost and whether it counts
/// assert_eq!(event.action, "spring_mail");
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventDefaults {
    actions: HashMap<String, Fact>,
    /// The issue of each group.
    issues: HashMap<String, String>,
}

#[derive(Clone, Debug)]
struct Fact {
    group: String,
    tags: Vec<String>,
    counts: bool,
    cost: f64,
    treatments: Vec<Rendition>,
}

#[derive(Clone, Debug)]
struct Rendition {
    id: String,
    channel: String,
    cost: Option<f64>,
}

impl EventDefaults {
    /// What a document says of its actions.
    pub fn of(document: &Document) -> EventDefaults {
        let groups = document.issues.iter().flat_map(|issue| issue.groups.iter().map(move |group| (group, issue)));
        let actions = document.actions.iter().map(|action| {
            let renditions = action.treatments.iter().map(|treatment| Rendition {
                id: treatment.id.clone(),
                channel: treatment.channel.clone(),
                cost: treatment.cost,
            });
            let fact = Fact {
                group: action.group.clone(),
                tags: action.tags.clone(),
                counts: action.counts_toward_caps,
                cost: action.cost,
                treatments: renditions.collect(),
            };
            (action.id.clone(), fact)
        });
        EventDefaults {
            actions: actions.collect(),
            issues: groups.map(|(group, issue)| (group.id.clone(), issue.id.clone())).collect(),
        }
    }

    /// The whole event. Channel and cost are those of the treatment, or of the only one of the action where it is not told; the issue is
    /// that of the group. What belongs to no action is no contact and counts toward no cap; an action that the policy does not have was a
    /// contact of somebody's, and counts.
    pub fn complete(&self, told: PartialEvent) -> Event {
        let fact = self.actions.get(&told.action);
        let rendition = fact.and_then(|fact| fact.treatment(&told.treatment));
        let group = told.group.or_else(|| Some(fact?.group.clone())).unwrap_or_default();
        let cost = told.cost.or_else(|| rendition?.cost).or_else(|| Some(fact?.cost));
        Event {
            time: told.time,
            kind: told.kind,
            channel: told.channel.or_else(|| Some(rendition?.channel.clone())).unwrap_or_default(),
            issue: told.issue.or_else(|| self.issues.get(&group).cloned()).unwrap_or_default(),
            group,
            tags: told.tags.or_else(|| Some(fact?.tags.clone())).unwrap_or_default(),
            counts: told.counts.unwrap_or(!told.action.is_empty() && fact.is_none_or(|fact| fact.counts)),
            cost: cost.unwrap_or(0.0),
            action: told.action,
            treatment: told.treatment,
        }
    }
}

impl Fact {
    /// A treatment by its id; the only one when it is not told.
    fn treatment(&self, id: &str) -> Option<&Rendition> {
        let only = self.treatments.first().filter(|_| self.treatments.len() == 1);
        self.treatments.iter().find(|treatment| treatment.id == id).or(only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Action, Group, Issue, Treatment};

    fn document() -> Document {
        let treatment = |id: &str, channel: &str, cost| Treatment {
            id: id.into(),
            channel: channel.into(),
            cost,
            ..Treatment::default()
        };
        let action = |id: &str, treatments| Action {
            id: id.into(),
            group: "cards".into(),
            cost: 2.0,
            tags: vec!["promo".into()],
            counts_toward_caps: id != "notice",
            treatments,
            ..Action::default()
        };
        let group = |id: &str| Group { id: id.into(), weight: 0.0 };
        Document {
            issues: vec![
                Issue { id: "sales".into(), weight: 0.0, groups: vec![group("cards")] },
                Issue { id: "care".into(), weight: 0.0, groups: vec![group("help")] },
            ],
            actions: vec![
                action("gold", vec![treatment("e", "email", Some(0.5)), treatment("s", "sms", None)]),
                action("notice", vec![treatment("e", "email", Some(0.25))]),
            ],
            ..Document::default()
        }
    }

    #[test]
    fn what_is_not_told_is_the_policys() {
        let defaults = EventDefaults::of(&document());
        // Action, treatment, group told; channel, group, issue, tags, counts, cost.
        let table = [
            ("gold", "e", None, ("email", "cards", "sales", 1, true, 0.5)),
            ("gold", "s", None, ("sms", "cards", "sales", 1, true, 2.0)),
            ("gold", "gone", None, ("", "cards", "sales", 1, true, 2.0)),
            ("gold", "e", Some("help"), ("email", "help", "care", 1, true, 0.5)),
            ("gold", "e", Some("gone"), ("email", "gone", "", 1, true, 0.5)),
            ("notice", "", None, ("email", "cards", "sales", 1, false, 0.25)),
            ("gone", "e", None, ("", "", "", 0, true, 0.0)),
            ("", "", None, ("", "", "", 0, false, 0.0)),
        ];
        for (action, treatment, group, expected) in table {
            let (action, treatment) = (action.to_owned(), treatment.to_owned());
            let group = group.map(str::to_owned);
            let event = defaults.complete(PartialEvent { action, treatment, group, ..PartialEvent::default() });
            let Event { channel, group, issue, tags, counts, cost, .. } = &event;
            assert_eq!((&**channel, &**group, &**issue, tags.len(), *counts, *cost), expected, "{event:?}");
        }
    }

    #[test]
    fn what_is_told_is_believed() {
        let told = PartialEvent {
            time: 7,
            kind: EventKind::Click,
            action: "gold".into(),
            treatment: "e".into(),
            channel: Some("web".into()),
            group: Some("g".into()),
            issue: Some("i".into()),
            tags: Some(Vec::new()),
            counts: Some(false),
            cost: Some(9.0),
        };
        let expected = Event {
            time: 7,
            kind: EventKind::Click,
            action: "gold".into(),
            treatment: "e".into(),
            channel: "web".into(),
            group: "g".into(),
            issue: "i".into(),
            tags: Vec::new(),
            counts: false,
            cost: 9.0,
        };
        assert_eq!(EventDefaults::of(&document()).complete(told), expected);
    }
}
