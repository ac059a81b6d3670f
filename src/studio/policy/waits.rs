//! Cool-downs, suppression after outcomes, and mutual exclusion as cards below the caps.

use super::caps::{days_words, event_words, events, targets};
use super::input::{self, Change};
use super::look::Look;
use super::part::{self, Asked};
use super::scope;
use crate::theme::metrics;
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_lab::project::slug;
use attune_policy::contact::{CapTarget, CoolDown, EventKind, Exclusion, OnHit, Suppression, Window};
use attune_policy::diagnostic::Part;
use attune_policy::document::Document;
use attune_policy::rule::Scope;
use attune_session::{DraftPart, Edit};
use egui::{RichText, Ui};

const DAY: u64 = 86_400;

/// Draws them.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    cool_downs(ui, look, asks);
    suppressions(ui, look, asks);
    exclusions(ui, look, asks);
}

fn cool_downs(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.cool_downs;
    let help = "A minimum gap since the last contact.";
    if part::title(ui, "Cool-downs", list.len(), help, "Add cool-down") {
        let id = slug("gap", &|id| list.iter().any(|c| c.id == id));
        let mut new = list.clone();
        new.push(CoolDown {
            id,
            name: "Two days between contacts".to_owned(),
            target: CapTarget::All,
            channel: None,
            event: EventKind::Sent,
            gap: 2 * DAY,
            on_hit: OnHit::Drop,
            enabled: true,
        });
        asks.edit(Edit::SetPart(DraftPart::CoolDowns(new)));
    }
    for (i, item) in list.iter().enumerate() {
        let sentence = format!(
            "At least {} after the last contact {}, {}{}",
            days_words(item.gap),
            event_words(&item.event),
            target_words(&item.target),
            on(&item.channel)
        );
        let head = part::Head {
            name: &item.name,
            enabled: item.enabled,
            sentence: &sentence,
            part: Part::CoolDown(item.id.clone()),
        };
        let asked = part::card(ui, look, &item.id, &head, |ui| {
            let mut change = Change::None;
            let at = |set: &dyn Fn(&mut CoolDown)| {
                let mut new = item.clone();
                set(&mut new);
                new
            };
            ui.label(RichText::new("Gap").weak());
            let days = item.gap as f64 / DAY as f64;
            let gap = input::number(ui, "Gap in days", days, |v| {
                v.range(1.0 / 24.0..=3650.0).speed(0.1).max_decimals(2).suffix(" days")
            });
            part::keep(&mut change, gap.map(|d| at(&|c| c.gap = (d * DAY as f64).round() as u64)));
            counting(ui, look.draft, (&item.event, &item.target, &item.channel), |event, target, channel| {
                part::keep(
                    &mut change,
                    Change::Done(at(&|c| {
                        (c.event, c.target, c.channel) = (event.clone(), target.clone(), channel.clone())
                    })),
                );
            });
            let mut hit = item.on_hit.clone();
            if part::on_hit(ui, &mut hit) {
                part::keep(&mut change, Change::Done(at(&|c| c.on_hit = hit.clone())));
            }
            change
        });
        part::send(
            asks,
            list,
            i,
            asked,
            |c, asked| match asked {
                Asked::Rename(name) => c.name = name,
                Asked::Enable(on) => c.enabled = on,
            },
            DraftPart::CoolDowns,
        );
        ui.add_space(metrics().gap);
    }
}

fn suppressions(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.suppressions;
    let help = "After so many outcomes of an action it rests: nobody likes to be asked a fourth time.";
    if part::title(ui, "Suppression", list.len(), help, "Add suppression") {
        let id = slug("rejected", &|id| list.iter().any(|s| s.id == id));
        let mut new = list.clone();
        new.push(Suppression {
            id,
            name: "Rejected three times".to_owned(),
            outcome: EventKind::Reject,
            times: 3,
            within: 30 * DAY,
            for_: 90 * DAY,
            target: CapTarget::Action,
            channel: None,
            enabled: true,
        });
        asks.edit(Edit::SetPart(DraftPart::Suppressions(new)));
    }
    for (i, item) in list.iter().enumerate() {
        let sentence = format!(
            "After {} {} within {}, nothing for {}, {}{}",
            number::counted(u64::from(item.times), "contact", "contacts"),
            event_words(&item.outcome),
            days_words(item.within),
            days_words(item.for_),
            target_words(&item.target),
            on(&item.channel)
        );
        let head = part::Head {
            name: &item.name,
            enabled: item.enabled,
            sentence: &sentence,
            part: Part::Suppression(item.id.clone()),
        };
        let asked = part::card(ui, look, &item.id, &head, |ui| {
            let mut change = Change::None;
            let at = |set: &dyn Fn(&mut Suppression)| {
                let mut new = item.clone();
                set(&mut new);
                new
            };
            ui.label(RichText::new("After").weak());
            let times = input::number(ui, "Number of outcomes", f64::from(item.times), |v| {
                v.range(1.0..=1000.0).speed(0.05).fixed_decimals(0)
            });
            part::keep(&mut change, times.map(|n| at(&|s| s.times = n.round() as u32)));
            for (label, seconds, set) in [
                ("within", item.within, (|s: &mut Suppression, n: u64| s.within = n) as fn(&mut Suppression, u64)),
                ("rest for", item.for_, |s, n| s.for_ = n),
            ] {
                ui.label(RichText::new(label).weak());
                let days = input::number(ui, &format!("Days {label}"), seconds as f64 / DAY as f64, |v| {
                    v.range(1.0 / 24.0..=3650.0).speed(0.1).max_decimals(2).suffix(" days")
                });
                part::keep(&mut change, days.map(|d| at(&|s| set(s, (d * DAY as f64).round() as u64))));
            }
            counting(ui, look.draft, (&item.outcome, &item.target, &item.channel), |event, target, channel| {
                part::keep(
                    &mut change,
                    Change::Done(at(&|s| {
                        (s.outcome, s.target, s.channel) = (event.clone(), target.clone(), channel.clone())
                    })),
                );
            });
            change
        });
        part::send(
            asks,
            list,
            i,
            asked,
            |s, asked| match asked {
                Asked::Rename(name) => s.name = name,
                Asked::Enable(on) => s.enabled = on,
            },
            DraftPart::Suppressions,
        );
        ui.add_space(metrics().gap);
    }
}

fn exclusions(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.exclusions;
    let help = "At most so many different actions of a set: not a discount and a price rise in one week.";
    if part::title(ui, "Mutual exclusion", list.len(), help, "Add exclusion") {
        let id = slug("exclusive", &|id| list.iter().any(|e| e.id == id));
        let members = look.draft.actions.iter().take(2).map(|a| Scope::Action(a.id.clone())).collect();
        let mut new = list.clone();
        new.push(Exclusion {
            id,
            name: "One of them in 7 days".to_owned(),
            members,
            at_most: 1,
            event: EventKind::Sent,
            window: Some(Window::Rolling(7 * DAY)),
            enabled: true,
        });
        asks.edit(Edit::SetPart(DraftPart::Exclusions(new)));
    }
    for (i, item) in list.iter().enumerate() {
        let members: Vec<String> = item.members.iter().map(|m| scope::words(look.draft, m)).collect();
        let window = match item.window {
            None => "in one decision".to_owned(),
            Some(Window::Rolling(seconds)) => format!("in {}", days_words(seconds)),
            Some(Window::Lifetime) => "ever".to_owned(),
            Some(Window::Calendar(..)) => "in a calendar period".to_owned(),
        };
        let sentence = format!("At most {} of {} {window}", item.at_most, members.join(", "));
        let head = part::Head {
            name: &item.name,
            enabled: item.enabled,
            sentence: &sentence,
            part: Part::Exclusion(item.id.clone()),
        };
        let asked = part::card(ui, look, &item.id, &head, |ui| {
            let mut change = Change::None;
            let at = |set: &dyn Fn(&mut Exclusion)| {
                let mut new = item.clone();
                set(&mut new);
                new
            };
            ui.label(RichText::new("At most").weak());
            let most = input::number(ui, "At most", f64::from(item.at_most), |v| {
                v.range(1.0..=100.0).speed(0.05).fixed_decimals(0)
            });
            part::keep(&mut change, most.map(|n| at(&|e| e.at_most = n.round() as u32)));
            if let Some(Window::Rolling(seconds)) = item.window {
                let days = input::number(ui, "Window in days", seconds as f64 / DAY as f64, |v| {
                    v.range(1.0 / 24.0..=3650.0).speed(0.1).max_decimals(2).suffix(" days")
                });
                part::keep(
                    &mut change,
                    days.map(|d| at(&|e| e.window = Some(Window::Rolling((d * DAY as f64).round() as u64)))),
                );
            }
            for (k, member) in item.members.iter().enumerate() {
                let label = format!("Member {}", k + 1);
                if let Some(chosen) = scope::picker(ui, ("member", k), &label, look.draft, member) {
                    part::keep(&mut change, Change::Done(at(&|e| e.members[k] = chosen.clone())));
                }
            }
            if ui.button("Add member").clicked() {
                part::keep(&mut change, Change::Done(at(&|e| e.members.push(Scope::All))));
            }
            if item.members.len() > 1 && ui.button("Remove last").clicked() {
                part::keep(&mut change, Change::Done(at(&|e| drop(e.members.pop()))));
            }
            change
        });
        part::send(
            asks,
            list,
            i,
            asked,
            |e, asked| match asked {
                Asked::Rename(name) => e.name = name,
                Asked::Enable(on) => e.enabled = on,
            },
            DraftPart::Exclusions,
        );
        ui.add_space(metrics().gap);
    }
}

/// Which events are counted, what together, and on which channel.
fn counting(
    ui: &mut Ui,
    draft: &Document,
    (event, target, channel): (&EventKind, &CapTarget, &Option<String>),
    mut changed: impl FnMut(&EventKind, &CapTarget, &Option<String>),
) {
    let mut new = event.clone();
    if widgets::choice(ui, "event", "Counted event", &mut new, &events(event), 92.0) {
        changed(&new, target, channel);
    }
    let mut new = target.clone();
    if widgets::choice(ui, "target", "Counted together", &mut new, &targets(draft, target), 176.0) {
        changed(event, &new, channel);
    }
    let mut new = channel.clone();
    if widgets::choice(ui, "channel", "Channel", &mut new, &part::channels(draft), 116.0) {
        changed(event, target, &new);
    }
}

fn target_words(target: &CapTarget) -> String {
    match target {
        CapTarget::All => "over all actions".to_owned(),
        CapTarget::Channel => "for each channel by itself".to_owned(),
        CapTarget::Issue => "for each issue by itself".to_owned(),
        CapTarget::Group => "for each group by itself".to_owned(),
        CapTarget::Action => "for each action by itself".to_owned(),
        CapTarget::Treatment => "for each treatment by itself".to_owned(),
        CapTarget::Tag(tag) => format!("over actions tagged {tag}"),
    }
}

fn on(channel: &Option<String>) -> String {
    channel.as_ref().map_or(String::new(), |c| format!(", on {c} only"))
}
