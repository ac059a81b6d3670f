//! Reasons as plain sentences, in the names people gave to rules, caps and actions. Decides nothing.

pub(crate) mod clause;
#[cfg(test)]
mod tests;

use crate::clock::length;
use crate::contact::{EventKind, Period, Window};
use crate::decision::{Decision, Fate};
use crate::policy::Policy;
use crate::reason::{NO_ACTION, Reason};
use crate::value::Value;

impl Policy {
    /// A reason as a plain sentence, in the names that people gave to rules, caps and actions. Times are UTC.
    pub fn sentence(&self, reason: &Reason) -> String {
        self.sentence_of(reason, "", None)
    }

    /// The same with times as the clock of an IANA zone shows them, and its name: "2026-03-02 10:00 +01:00 (Europe/Berlin)". UTC for a
    /// zone that is not known. [`Policy::zone`] gives a subject's own.
    pub fn sentence_in(&self, reason: &Reason, zone: Option<&str>) -> String {
        self.sentence_of(reason, "", zone)
    }

    /// Why this was chosen, as a plain sentence; for no action, why the candidate that came furthest was not. Times are UTC.
    pub fn explain(&self, decision: &Decision) -> String {
        self.explain_in(decision, None)
    }

    /// The same with times as the clock of a zone shows them, as in [`Policy::sentence_in`].
    pub fn explain_in(&self, decision: &Decision, zone: Option<&str>) -> String {
        if let Some(chosen) = decision.chosen {
            let fate = decision.fates.iter().find(|fate| fate.candidate == chosen);
            return fate.map(|fate| self.sentence_in(&fate.reason, zone)).unwrap_or_default();
        }
        // Of several that came equally far, the first in the policy.
        let furthest = decision.fates.iter().reduce(|best, fate| if fate.step > best.step { fate } else { best });
        match furthest {
            None => "The policy has no candidate.".to_owned(),
            Some(Fate { candidate, reason, .. }) => {
                let (action, treatment) = self.names(*candidate);
                format!("{action}/{treatment} came furthest. {}", self.sentence_in(reason, zone))
            }
        }
    }

    /// As [`Policy::sentence`], with what the rule found and needed, or what it read, where the trace has that.
    pub(crate) fn sentence_of(&self, reason: &Reason, facts: &str, zone: Option<&str>) -> String {
        let clock = |at: i64| clock(at, zone);
        let removed = |kind: &str, id: &str| {
            let rule = self.document().rules.iter().find(|rule| rule.id == id);
            let why = rule.map_or("", |rule| rule.reason.trim());
            let mut sentence = format!("Removed by the {kind} “{}”", self.rule_name(id));
            for (mark, text) in [(": ", facts), (". Its reason: ", why.trim_end_matches('.'))] {
                if !text.is_empty() {
                    sentence.push_str(mark);
                    sentence.push_str(text);
                }
            }
            sentence.push('.');
            sentence
        };
        match reason {
            Reason::PolicyOff => "Not asked: the policy is switched off and answers its fallback alone.".into(),
            Reason::InputRefused { field } => {
                let declared = self.document().schema.field(field);
                // Where no age is asked nothing is too old.
                let or_old = if declared.is_some_and(|field| field.freshness.is_some()) { " or too old" } else { "" };
                format!("Not asked: `{field}` is missing{or_old}, and the policy does not decide without it.")
            }
            Reason::Shadowed => "Would have been chosen: the policy is in shadow and answers its baseline.".into(),
            Reason::Baseline => "Chosen as the baseline: the policy is in shadow.".into(),
            Reason::WonByBundle { bundle } => format!("Chosen together with the rest of the bundle “{bundle}”."),
            Reason::NotActive => "Outside its validity dates.".into(),
            Reason::HoldoutGlobal { holdout } => {
                format!("Held out: the subject belongs to the holdout “{holdout}”, which gets no marketing.")
            }
            Reason::HoldoutProgram { holdout } => {
                format!("Held out: the subject belongs to the holdout “{holdout}”, which this program leaves alone.")
            }
            Reason::Standby => "Stands by: it competes only when another treatment is rerouted to its channel.".into(),
            Reason::OverrideDeny { override_ } => {
                format!("Denied by the override “{override_}”{}.", self.override_words(override_))
            }
            Reason::OutcomeSuppressed { suppression, until } => {
                let name = name_of(&self.document().suppressions, suppression, |s| (&s.id, &s.name));
                format!("Suppressed by “{name}” after earlier outcomes; free again at {}.", clock(*until))
            }
            Reason::CoolDown { cool_down, until } => {
                let name = name_of(&self.document().cool_downs, cool_down, |c| (&c.id, &c.name));
                format!("Too soon after the last contact (“{name}”); free again at {}.", clock(*until))
            }
            Reason::QuietHours { quiet_hours, until } => {
                let name = name_of(&self.document().quiet_hours, quiet_hours, |q| (&q.id, &q.name));
                let end = until.map_or(", which never end".into(), |t| format!("; they end at {}", clock(t)));
                format!("Quiet hours “{name}”{end}.")
            }
            Reason::MutuallyExclusive { exclusion, with } => {
                let name = name_of(&self.document().exclusions, exclusion, |e| (&e.id, &e.name));
                format!("Does not go together with {} (“{name}”).", self.candidate_name(with, ""))
            }
            Reason::OutOfStock { stock } => format!("Out of stock (“{stock}”)."),
            Reason::BudgetExhausted { budget, spent, allowed, paced } => {
                let what = if *paced { "is spent faster than its pace" } else { "is spent" };
                let name = name_of(&self.document().budgets, budget, |b| (&b.id, &b.name));
                format!("The budget “{name}” {what}: {} of {} allowed by now.", short(*spent), short(*allowed))
            }
            Reason::LowConfidence { evidence, width } => {
                let known = [
                    evidence.map(|n| format!("{} observations", short(n))),
                    width.map(|w| format!("an interval {} wide", short(w))),
                ];
                let known: Vec<String> = known.into_iter().flatten().collect();
                format!("Dropped: too little is known of its response propensity ({}).", known.join(", "))
            }
            Reason::DoNoHarm { uplift, upper } => {
                format!(
                    "Dropped because it probably does harm: its uplift is {}, at most {}.",
                    short(*uplift),
                    short(*upper)
                )
            }
            Reason::SlotLimit { of, limit } if of.is_empty() => format!("No slot left: this policy chooses {limit}."),
            Reason::SlotLimit { of, limit } => format!("No slot left for “{of}”: at most {limit}."),
            Reason::WonByExploration { probability } => {
                format!("Chosen by chance, with probability {}.", short(*probability))
            }
            Reason::WonByOverride { override_ } => {
                format!("Chosen by the override “{override_}”{}.", self.override_words(override_))
            }
            Reason::HoldoutAction { holdout } => {
                format!("Held out: the subject belongs to the holdout “{holdout}”, which does not get this action.")
            }
            Reason::NoConsent { rule } | Reason::OptedOut { rule } | Reason::LegalGuard { rule } => {
                removed("guard", rule)
            }
            Reason::NotEligible { rule } => removed("eligibility rule", rule),
            Reason::NotApplicable { rule } => removed("applicability rule", rule),
            Reason::NotSuitable { rule } => removed("suitability rule", rule),
            Reason::MissingInput { rule, fields } if fields.is_empty() => {
                format!(
                    "Removed because the rule “{}” could not tell: something it needs is unknown.",
                    self.rule_name(rule)
                )
            }
            Reason::MissingInput { rule, fields } => {
                let verb = if fields.len() == 1 { "is" } else { "are" };
                let fields = fields.join(" and ");
                format!("Removed because the rule “{}” could not tell: {fields} {verb} unknown.", self.rule_name(rule))
            }
            Reason::RuleError { rule, message } => {
                format!(
                    "Removed because the rule “{}” failed: {}.",
                    self.rule_name(rule),
                    message.trim_end_matches('.')
                )
            }
            Reason::CapReached { cap, count, limit, resets_at } => {
                self.cap_sentence(cap, (*count, *limit), resets_at.map(clock))
            }
            Reason::BelowPropensityFloor { propensity, floor } => {
                format!("Dropped: its response propensity {} is below the floor {}.", short(*propensity), short(*floor))
            }
            Reason::BelowPriorityFloor { priority, floor } => {
                format!("Dropped: its priority {} is below the floor {}.", short(*priority), short(*floor))
            }
            Reason::ScoreError { message } => {
                format!("Dropped because it could not be ranked: {}.", message.trim_end_matches('.'))
            }
            Reason::LostArbitration { by, margin, .. } if **by == *NO_ACTION => {
                format!("Not worth it: doing nothing is worth {} more.", short(*margin))
            }
            Reason::LostArbitration { by, treatment, margin } => {
                let winner = self.candidate_name(by, treatment);
                if self.document().actions.iter().any(|a| *a.id == **by && a.mandatory) {
                    // A mandatory loser loses to the higher priority; the reason does not say whether it was one.
                    let higher = format!(" and has a priority {} higher", short(*margin));
                    format!("Lost to {winner}, which is mandatory{}.", if *margin > 0.0 { &higher } else { "" })
                } else if *margin > 0.0 {
                    format!("Lost to {winner}, whose priority is {} higher.", short(*margin))
                } else if *margin < 0.0 {
                    let more = short(-*margin);
                    format!("Lost to {winner}, which goes first although its priority is {more} lower.")
                } else {
                    format!("Tied with {winner}, which comes first by group and id.")
                }
            }
            Reason::Won => "Chosen: it ranks first.".into(),
            Reason::Fallback { rung } => format!("Chosen as fallback {}: nothing else was left.", rung + 1),
        }
    }

    fn rule_name(&self, id: &str) -> String {
        let rule = self.document().rules.iter().find(|rule| rule.id == id);
        rule.map(|rule| rule.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id).to_owned()
    }

    /// Who approved an override and why, where it is known.
    fn override_words(&self, id: &str) -> String {
        let found = self.document().overrides.iter().find(|over| over.id == id);
        let Some(over) = found.filter(|over| !over.reason.trim().is_empty()) else { return String::new() };
        format!(", approved by {}: {}", over.approver, over.reason.trim().trim_end_matches('.'))
    }

    /// “Action” (treatment), the treatment only where the action has several.
    fn candidate_name(&self, action: &str, treatment: &str) -> String {
        let found = self.document().actions.iter().find(|a| a.id == action);
        let name = found.map(|a| a.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(action);
        if !treatment.is_empty() && found.is_some_and(|a| a.treatments.len() > 1) {
            format!("“{name}” ({treatment})")
        } else {
            format!("“{name}”")
        }
    }

    fn cap_sentence(&self, id: &str, (count, limit): (u32, u32), resets_at: Option<String>) -> String {
        let cap = self.document().caps.iter().find(|cap| cap.id == id);
        let name = cap.map(|cap| cap.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id);
        if limit == 0 {
            return format!("Stopped by the cap “{name}”, which lets nothing through: its limit is 0.");
        }
        let event = cap.map_or("event", |cap| event_word(&cap.event));
        let window = match cap.map(|cap| cap.window) {
            Some(Window::Rolling(seconds)) => {
                let length = length(seconds);
                format!("in the last {}", length.strip_prefix("1 ").unwrap_or(&length))
            }
            Some(Window::Calendar(Period::Day, _)) => "today".into(),
            Some(Window::Calendar(Period::Week(_), _)) => "this week".into(),
            Some(Window::Calendar(Period::Month, _)) => "this month".into(),
            Some(Window::Lifetime) | None => "ever".into(),
        };
        let plural = if count == 1 { "" } else { "s" };
        let until = resets_at.map_or(String::new(), |t| format!("; free again at {t}"));
        format!("Stopped by the cap “{name}”: {count} {event}{plural} {window}, at most {limit} allowed{until}.")
    }
}

/// The name people gave to a part, or its id.
fn name_of<'a, T>(parts: &'a [T], id: &'a str, of: impl Fn(&'a T) -> (&'a String, &'a String)) -> &'a str {
    let found = parts.iter().map(of).find(|(other, _)| *other == id);
    found.map(|(_, name)| name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id)
}

/// "recency is 10 and contacts(7) is 2"; long lists are cut.
pub(crate) fn facts(read: &[(String, Value)]) -> String {
    let known = read.iter().take(4).map(|(name, value)| format!("{name} is {}", plain(value)));
    known.collect::<Vec<_>>().join(" and ")
}

/// A value as people write it: text without quotes, numbers short.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(x) => short(*x),
        Value::Text(text) if !text.trim().is_empty() => text.to_string(),
        other => other.to_string(),
    }
}

fn event_word(event: &EventKind) -> &str {
    match event {
        EventKind::Decision => "decision",
        EventKind::Sent => "contact",
        EventKind::Delivered => "delivery",
        EventKind::Impression => "impression",
        EventKind::Click => "click",
        EventKind::Accept => "acceptance",
        EventKind::Reject => "rejection",
        EventKind::Custom(name) => name,
    }
}

/// An instant as the clock of a zone shows it, with its distance from UTC, since a clock that is put back shows a time twice.
pub(crate) fn clock(at: i64, zone: Option<&str>) -> String {
    let zone = zone.and_then(|name| Some((name, crate::zones::find(name)?)));
    match (zone, jiff::Timestamp::from_millisecond(at)) {
        (Some((name, zone)), Ok(instant)) => {
            let local = instant.to_zoned(zone);
            let format = if local.second() == 0 { "%Y-%m-%d %H:%M %:z" } else { "%Y-%m-%d %H:%M:%S %:z" };
            format!("{} ({name})", local.strftime(format))
        }
        _ => Value::Time(at).to_string(),
    }
}

/// A number with four significant digits.
pub(crate) fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    if x != 0.0 && (rounded.abs() < 1e-6 || rounded.abs() >= 1e12) { format!("{x:.3e}") } else { rounded.to_string() }
}
