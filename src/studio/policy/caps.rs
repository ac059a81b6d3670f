//! Contact policy: caps as cards. "No cap" and a limit of 0 are different things and look different.

use super::edits;
use super::input::{self, Change};
use super::look::Look;
use super::switch::switch;
use super::{budgets, quiet, waits};
use crate::simulate::impact::{self, Reach};
use crate::theme::{self, Tone, metrics};
use crate::view::Asks;
use crate::widgets::{self, Empty, Pressed, number};
use attune_lab::project::slug;
use attune_policy::clock::length;
use attune_policy::contact::{Cap, CapTarget, Clock, EventKind, OnHit, Period, Window};
use attune_policy::diagnostic::Part;
use attune_policy::document::Document;
use attune_session::Edit;
use egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

const DAY: u64 = 86_400;

/// Draws the caps.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let caps = &look.draft.caps;
    let aside = match caps.len() {
        0 => "no caps: nobody is contacted too often for you yet".to_owned(),
        n => format!("{}, the strictest wins", number::counted(n as u64, "cap", "caps")),
    };
    let add = widgets::heading(ui, "Contact policy", &aside, |ui| {
        widgets::primary_button(ui, Some(icons::ICON_ADD), "Add cap").clicked()
    });
    widgets::hint(
        ui,
        "A candidate is blocked when the contacts counted in the window, and those this decision has already chosen, would exceed the limit. Caps concern outbound channels.",
    );
    ui.add_space(metrics().gap);
    let mut add = add;
    if caps.is_empty() {
        let what = Empty {
            icon: icons::ICON_NOTIFICATIONS_PAUSED,
            title: "No caps",
            text: "A cap says how often a customer may be contacted: at most 2 e-mails in 7 days, say.",
            button: Some("Add the first cap"),
            link: None,
        };
        add |= matches!(widgets::empty(ui, &what), Some(Pressed::Button));
    }
    if add {
        let id = slug("weekly cap", &|id| caps.iter().any(|c| c.id == id));
        asks.edit(Edit::AddCap(Cap {
            id,
            name: "Weekly cap".to_owned(),
            target: CapTarget::All,
            channel: None,
            event: EventKind::Sent,
            limit: Some(2),
            window: Window::Rolling(7 * DAY),
            bypassable: false,
            enabled: true,
            ..Cap::default()
        }));
    }
    for cap in caps {
        ui.push_id(&cap.id, |ui| card(ui, look, cap, asks));
        ui.add_space(metrics().gap);
    }
    waits::show(ui, look, asks);
    quiet::show(ui, look, asks);
    budgets::show(ui, look, asks);
}

fn card(ui: &mut Ui, look: &Look<'_>, cap: &Cap, asks: &mut Asks) {
    let tokens = theme::tokens(ui.ctx());
    widgets::card(ui, |ui| {
        ui.horizontal(|ui| {
            let label = format!("Enable {}", cap.name);
            if switch(ui, cap.enabled, &label).clicked() {
                asks.edit(Edit::EnableCap { id: cap.id.clone(), enabled: !cap.enabled });
            }
            let rest = ui.available_size_before_wrap();
            ui.allocate_ui_with_layout(rest, Layout::right_to_left(Align::Center), |ui| {
                let delete = widgets::icon_button(
                    ui,
                    icons::ICON_DELETE,
                    &format!("Delete cap {}", cap.name),
                    "Delete; undo brings it back",
                );
                if delete.clicked() {
                    asks.edit(Edit::RemoveCap(cap.id.clone()));
                }
                state_badge(ui, look, cap);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let id = egui::Id::unique(("cap name", &cap.id));
                    let width = ui.available_width() - 8.0;
                    let name = input::text(ui, id, "Cap name", &cap.name, "Name of the cap", width);
                    edits::cap(asks, cap, name.map_or(Change::None, Change::Done), |c, name| c.name = name);
                });
            });
        });
        ui.add_space(2.0);
        ui.add(
            egui::Label::new(RichText::new(sentence(look.draft, cap)).size(metrics().subhead).color(if cap.enabled {
                tokens.text
            } else {
                tokens.weak
            }))
            .wrap(),
        );
        impact_line(ui, look, cap);
        let part = Part::Cap(cap.id.clone());
        for finding in look.findings_of(&part) {
            let color = crate::editor::marks::color(finding.severity, tokens);
            ui.add(egui::Label::new(widgets::prose(&finding.message, metrics().body, color)).wrap());
        }
        ui.add_space(metrics().gap_small);
        limit_row(ui, cap, asks);
        counting_row(ui, look.draft, cap, asks);
    });
}

fn state_badge(ui: &mut Ui, look: &Look<'_>, cap: &Cap) {
    match cap.limit {
        None => {
            widgets::badge_with_hint(ui, Tone::Neutral, "no cap", "It counts, but never blocks");
        }
        Some(0) => {
            widgets::badge_with_hint(ui, Tone::Err, "blocks every contact", "A limit of 0 allows no contact at all");
        }
        Some(_) => {}
    }
    if cap.enabled
        && cap.limit.is_some_and(|l| l > 0)
        && look.impact(&cap.id).is_some_and(|i| impact::reach(i) == Reach::Nothing)
    {
        widgets::badge_with_hint(
            ui,
            Tone::Warn,
            "never removes anything",
            "No candidate of the last simulation was blocked by it",
        );
    }
}

fn impact_line(ui: &mut Ui, look: &Look<'_>, cap: &Cap) {
    let Some(impact) = look.impact(&cap.id) else { return };
    let text = format!(
        "blocks {}  ·  {} of customers",
        number::counted(impact.removed, "candidate", "candidates"),
        number::percent(impact.share, 1)
    );
    widgets::dimmed(ui, look.stale, |ui| ui.label(RichText::new(text).small().weak()));
}

/// The cap as a sentence: `At most 2 sent per customer in 7 days, counted over all contacts, on email`.
pub fn sentence(draft: &Document, cap: &Cap) -> String {
    let event = event_words(&cap.event);
    let head = match cap.limit {
        None => format!("Any number of contacts {event} per customer"),
        Some(0) => format!("No contact may be {event}"),
        Some(n) => format!("At most {} {event} per customer", number::counted(u64::from(n), "contact", "contacts")),
    };
    let window = match cap.window {
        Window::Rolling(seconds) => format!(" in {}", days_words(seconds)),
        Window::Lifetime => ", ever".to_owned(),
        Window::Calendar(period, clock) => format!(" per calendar {}{}", period_words(period), clock_words(clock)),
    };
    let target = match &cap.target {
        CapTarget::All => "counted over all actions".to_owned(),
        CapTarget::Channel => "counted on each channel by itself".to_owned(),
        CapTarget::Issue => "counted for each issue by itself".to_owned(),
        CapTarget::Group => "counted for each group by itself".to_owned(),
        CapTarget::Action => "counted for each action by itself".to_owned(),
        CapTarget::Treatment => "counted for each treatment by itself".to_owned(),
        CapTarget::Tag(tag) => format!("counted over actions tagged {tag}"),
    };
    let channel = cap.channel.as_ref().map_or(String::new(), |c| {
        let known = draft.channels.iter().any(|k| k.id == *c);
        format!(", on {c} only{}", if known { "" } else { " (not a channel of this policy)" })
    });
    let hit = match &cap.on_hit {
        OnHit::Drop => "",
        OnHit::Defer => "; later ones wait until one more may go out",
        OnHit::Reroute(_) => "; later ones are rerouted to a standby treatment",
    };
    format!("{head}{window}, {target}{channel}{hit}")
}

/// `day`, `week from Monday`, `month`.
fn period_words(period: Period) -> String {
    match period {
        Period::Day => "day".to_owned(),
        Period::Week(day) => format!("week from {}", weekday(day)),
        Period::Month => "month".to_owned(),
    }
}

/// The name of a weekday, 1 is Monday.
pub fn weekday(day: u8) -> &'static str {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES.get(usize::from(day).wrapping_sub(1)).unwrap_or(&"no weekday")
}

fn clock_words(clock: Clock) -> &'static str {
    match clock {
        Clock::Subject => " where the customer is",
        Clock::Project => " of the project",
        Clock::Utc => " (UTC)",
    }
}

/// `7 days`, `90 minutes`, as the policy says it; the number and its unit stay on one line.
pub fn days_words(seconds: u64) -> String {
    length(seconds).replace(' ', "\u{a0}")
}

/// What happened to a contact: `sent`, `clicked`.
pub fn event_words(event: &EventKind) -> &str {
    match event {
        EventKind::Decision => "decided",
        EventKind::Sent => "sent",
        EventKind::Delivered => "delivered",
        EventKind::Impression => "seen",
        EventKind::Click => "clicked",
        EventKind::Accept => "accepted",
        EventKind::Reject => "rejected",
        EventKind::Custom(name) => name,
    }
}

fn limit_row(ui: &mut Ui, cap: &Cap, asks: &mut Asks) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Limit").weak());
        let capped = cap.limit.is_some();
        for (on, text) in [(true, "At most"), (false, "No cap")] {
            let pressed = ui.add(egui::Button::selectable(capped == on, text)).accessible_name(text).clicked();
            if pressed && capped != on {
                edits::cap(asks, cap, Change::Done(on.then_some(2)), |c, limit| c.limit = limit);
            }
        }
        if let Some(limit) = cap.limit {
            let change =
                input::number(ui, "Limit", f64::from(limit), |v| v.range(0.0..=1000.0).speed(0.05).fixed_decimals(0));
            edits::cap(asks, cap, change.map(|v| Some(v.round() as u32)), |c, limit| c.limit = limit);
        }
        ui.add_space(metrics().gap);
        ui.label(RichText::new("Window").weak());
        let calendar = |period| Window::Calendar(period, Clock::Subject);
        let kinds = [
            (Window::Rolling(7 * DAY), "Days"),
            (calendar(Period::Day), "Calendar day"),
            (calendar(Period::Week(1)), "Calendar week"),
            (calendar(Period::Month), "Calendar month"),
            (Window::Lifetime, "Lifetime"),
        ];
        for (window, text) in kinds {
            let same = match (cap.window, window) {
                (Window::Calendar(a, _), Window::Calendar(b, _)) => {
                    std::mem::discriminant(&a) == std::mem::discriminant(&b)
                }
                (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
            };
            let pressed = ui.add(egui::Button::selectable(same, text)).accessible_name(text).clicked();
            if pressed && !same {
                edits::cap(asks, cap, Change::Done(window), |c, window| c.window = window);
            }
        }
        if let Window::Rolling(seconds) = cap.window {
            let days = seconds as f64 / DAY as f64;
            let change = input::number(ui, "Window in days", days, |v| {
                v.range(1.0 / 24.0..=3650.0).speed(0.1).max_decimals(2).suffix(" days")
            });
            edits::cap(asks, cap, change.map(|d| Window::Rolling((d * DAY as f64).round() as u64)), |c, window| {
                c.window = window
            });
        }
        if let Window::Calendar(period, clock) = cap.window {
            if let Period::Week(day) = period {
                let mut start = day;
                let days: Vec<(u8, String)> = (1..=7).map(|d| (d, format!("from {}", weekday(d)))).collect();
                if widgets::choice(ui, "week start", "First day of the week", &mut start, &days, 120.0) {
                    let window = Window::Calendar(Period::Week(start), clock);
                    edits::cap(asks, cap, Change::Done(window), |c, window| c.window = window);
                }
            }
            let mut chosen = clock;
            let clocks = [
                (Clock::Subject, "customer's time".to_owned()),
                (Clock::Project, "project's time".to_owned()),
                (Clock::Utc, "UTC".to_owned()),
            ];
            if widgets::choice(ui, "clock", "Whose midnight", &mut chosen, &clocks, 130.0) {
                let window = Window::Calendar(period, chosen);
                edits::cap(asks, cap, Change::Done(window), |c, window| c.window = window);
            }
        }
    });
}

fn counting_row(ui: &mut Ui, draft: &Document, cap: &Cap, asks: &mut Asks) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Counts").weak());
        let mut event = cap.event.clone();
        if widgets::choice(ui, "event", "Counted event", &mut event, &events(&cap.event), 92.0) {
            edits::cap(asks, cap, Change::Done(event), |c, event| c.event = event);
        }
        let mut target = cap.target.clone();
        if widgets::choice(ui, "target", "Counted together", &mut target, &targets(draft, &cap.target), 176.0) {
            edits::cap(asks, cap, Change::Done(target), |c, target| c.target = target);
        }
        let mut channel = cap.channel.clone();
        let mut channels = vec![(None, "any channel".to_owned())];
        channels.extend(draft.channels.iter().map(|c| (Some(c.id.clone()), format!("{} only", c.id))));
        if widgets::choice(ui, "channel", "Channel", &mut channel, &channels, 116.0) {
            edits::cap(asks, cap, Change::Done(channel), |c, channel| c.channel = channel);
        }
        let mut hit = cap.on_hit.clone();
        let mut hits = vec![(OnHit::Drop, "then drop".to_owned()), (OnHit::Defer, "then wait".to_owned())];
        if matches!(cap.on_hit, OnHit::Reroute(_)) {
            hits.push((cap.on_hit.clone(), "then reroute".to_owned()));
        }
        if widgets::choice(ui, "on hit", "When it blocks", &mut hit, &hits, 110.0) {
            edits::cap(asks, cap, Change::Done(hit), |c, hit| c.on_hit = hit);
        }
        let mut bypass = cap.bypassable;
        if ui.checkbox(&mut bypass, "mandatory actions pass").changed() {
            edits::cap(asks, cap, Change::Done(bypass), |c, bypass| c.bypassable = bypass);
        }
    });
}

/// Every kind of event; `current` too when it is one of its own.
pub fn events(current: &EventKind) -> Vec<(EventKind, String)> {
    let mut events: Vec<(EventKind, String)> = [
        EventKind::Decision,
        EventKind::Sent,
        EventKind::Delivered,
        EventKind::Impression,
        EventKind::Click,
        EventKind::Accept,
        EventKind::Reject,
    ]
    .into_iter()
    .map(|e| {
        let text = event_words(&e).to_owned();
        (e, text)
    })
    .collect();
    if let EventKind::Custom(name) = current {
        events.push((current.clone(), name.clone()));
    }
    events
}

/// What can be counted together; `current` too when its tag is gone.
pub fn targets(draft: &Document, current: &CapTarget) -> Vec<(CapTarget, String)> {
    let mut targets = vec![
        (CapTarget::All, "all actions".to_owned()),
        (CapTarget::Channel, "each channel".to_owned()),
        (CapTarget::Issue, "each issue".to_owned()),
        (CapTarget::Group, "each group".to_owned()),
        (CapTarget::Action, "each action".to_owned()),
        (CapTarget::Treatment, "each treatment".to_owned()),
    ];
    let mut tags: Vec<&String> = draft.actions.iter().flat_map(|a| &a.tags).collect();
    if let CapTarget::Tag(tag) = current {
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    targets.extend(tags.into_iter().map(|t| (CapTarget::Tag(t.clone()), format!("actions tagged {t}"))));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cap_and_zero_read_differently() {
        let cap = |limit, window, channel: Option<&str>| Cap {
            id: "c".into(),
            name: "C".into(),
            target: CapTarget::All,
            channel: channel.map(str::to_owned),
            event: EventKind::Sent,
            limit,
            window,
            bypassable: false,
            enabled: true,
            ..Cap::default()
        };
        let draft = Document::default();
        for (cap, expected) in [
            (
                cap(Some(2), Window::Rolling(7 * DAY), None),
                "At most 2\u{a0}contacts sent per customer in 7\u{a0}days, counted over all actions",
            ),
            (cap(Some(0), Window::Lifetime, None), "No contact may be sent, ever, counted over all actions"),
            (
                cap(None, Window::Rolling(DAY), None),
                "Any number of contacts sent per customer in 1\u{a0}day, counted over all actions",
            ),
            (
                cap(Some(1), Window::Rolling(5400), Some("fax")),
                "At most 1\u{a0}contact sent per customer in 90\u{a0}minutes, counted over all actions, on fax only (not a channel of this policy)",
            ),
        ] {
            assert_eq!(sentence(&draft, &cap), expected);
        }
    }
}
