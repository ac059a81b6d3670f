//! Quiet hours as cards: when nothing goes out, in the customer's local time.

use super::caps::weekday;
use super::input::{self, Change};
use super::look::Look;
use super::part::{self, Asked};
use crate::theme::metrics;
use crate::view::Asks;
use crate::widgets;
use attune_lab::project::slug;
use attune_policy::contact::{OnHit, QuietHours, TimeOfDay};
use attune_policy::diagnostic::Part;
use attune_session::{DraftPart, Edit};
use egui::{RichText, Ui};

/// Draws them.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Asks) {
    let list = &look.draft.quiet_hours;
    let help = "Hours of the customer's own day in which nothing goes out. Service actions are exempt.";
    if part::title(ui, "Quiet hours", list.len(), help, "Add quiet hours") {
        let id = slug("night", &|id| list.iter().any(|q| q.id == id));
        let mut new = list.clone();
        new.push(QuietHours {
            id,
            name: "At night".to_owned(),
            channel: None,
            when: None,
            weekdays: Vec::new(),
            from: TimeOfDay::at(21, 0),
            until: TimeOfDay::at(8, 0),
            on_hit: OnHit::Defer,
            enabled: true,
        });
        asks.edit(Edit::SetPart(DraftPart::QuietHours(new)));
    }
    for (i, item) in list.iter().enumerate() {
        let head = part::Head {
            name: &item.name,
            enabled: item.enabled,
            sentence: &sentence(item),
            part: Part::QuietHours(item.id.clone()),
        };
        let asked = part::card(ui, look, &item.id, &head, |ui| settings(ui, look, item));
        let head = |q: &mut QuietHours, asked| match asked {
            Asked::Rename(name) => q.name = name,
            Asked::Enable(on) => q.enabled = on,
        };
        part::send(asks, list, i, asked, head, DraftPart::QuietHours);
        ui.add_space(metrics().gap);
    }
}

fn settings(ui: &mut Ui, look: &Look<'_>, item: &QuietHours) -> Change<QuietHours> {
    let mut change = Change::None;
    let with = |set: &dyn Fn(&mut QuietHours)| {
        let mut new = item.clone();
        set(&mut new);
        Change::Done(new)
    };
    for (label, time, is_from) in [("from", item.from, true), ("until", item.until, false)] {
        ui.label(RichText::new(label).weak());
        let id = egui::Id::unique(("quiet", &item.id, label));
        let text = input::text(ui, id, &format!("Quiet {label}"), &time.to_string(), "21:00", 52.0);
        if let Some(time) = text.and_then(|text| text.trim().parse::<TimeOfDay>().ok()) {
            let set = |q: &mut QuietHours| *(if is_from { &mut q.from } else { &mut q.until }) = time;
            part::keep(&mut change, with(&set));
        }
    }
    let mut channel = item.channel.clone();
    if widgets::choice(ui, "channel", "Channel", &mut channel, &part::channels(look.draft), 116.0) {
        part::keep(&mut change, with(&|q| q.channel = channel.clone()));
    }
    let mut hit = item.on_hit.clone();
    if part::on_hit(ui, &mut hit) {
        part::keep(&mut change, with(&|q| q.on_hit = hit.clone()));
    }
    for day in 1..=7u8 {
        let on = item.weekdays.is_empty() || item.weekdays.contains(&day);
        let short: String = weekday(day).chars().take(2).collect();
        if ui.add(egui::Button::selectable(on, short)).accessible_name(weekday(day)).clicked() {
            let kept: Vec<u8> =
                (1..=7u8).filter(|d| (*d == day) != (item.weekdays.is_empty() || item.weekdays.contains(d))).collect();
            // None left would mean every day again: the last one stays.
            if !kept.is_empty() {
                let days = if kept.len() == 7 { Vec::new() } else { kept };
                part::keep(&mut change, with(&|q| q.weekdays = days.clone()));
            }
        }
    }
    ui.label(RichText::new("where").weak());
    let id = egui::Id::unique(("quiet when", &item.id));
    let when = item.when.as_deref().unwrap_or("");
    if let Some(text) =
        input::text(ui, id, "Condition of the quiet hours", when, "everywhere; or country == \"US\"", 220.0)
    {
        let text = text.trim().to_owned();
        part::keep(&mut change, with(&|q| q.when = (!text.is_empty()).then(|| text.clone())));
    }
    change
}

/// `Nothing goes out on sms from 21:00 to 08:00 where the customer is; it waits until then`.
fn sentence(item: &QuietHours) -> String {
    let channel = item.channel.as_ref().map_or("on any channel".to_owned(), |c| format!("on {c}"));
    let hours =
        if item.from == item.until { "all day".to_owned() } else { format!("from {} to {}", item.from, item.until) };
    let days: Vec<&str> = item.weekdays.iter().map(|d| weekday(*d)).collect();
    let days = if days.is_empty() { String::new() } else { format!(", beginning on {}", days.join(", ")) };
    let place = item.when.as_ref().map_or(String::new(), |when| format!(", if {when}"));
    let then = match item.on_hit {
        OnHit::Drop => "",
        OnHit::Defer => "; it waits until they end",
        OnHit::Reroute(_) => "; it is rerouted to a standby treatment",
    };
    format!("Nothing goes out {channel} {hours} where the customer is{days}{place}{then}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_read_as_a_sentence() {
        let night = QuietHours::us_telephone("us", "sms", Some("country == \"US\"".into()));
        assert_eq!(
            sentence(&night),
            "Nothing goes out on sms from 21:00 to 08:00 where the customer is, if country == \"US\"; it waits until they end"
        );
        let sunday = QuietHours {
            weekdays: vec![7],
            from: TimeOfDay::at(0, 0),
            until: TimeOfDay::at(0, 0),
            on_hit: OnHit::Drop,
            channel: None,
            when: None,
            ..night
        };
        assert_eq!(
            sentence(&sunday),
            "Nothing goes out on any channel all day where the customer is, beginning on Sunday"
        );
    }
}
