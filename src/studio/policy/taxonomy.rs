//! Issues, groups and channels: the taxonomy that actions belong to and the ways they go out.

use super::edits;
use super::input::{self, Change};
use crate::theme::{self, metrics};
use crate::view::Asks;
use crate::widgets::{self, number};
use attune_lab::project::slug;
use attune_policy::action::{Channel, Direction, Group, Issue};
use attune_policy::document::Document;
use attune_session::Edit;
use egui::{RichText, Ui};
use egui_material_icons::icons;

/// Draws issues and groups with their levers.
pub fn show(ui: &mut Ui, draft: &Document, asks: &mut Asks) {
    widgets::card(ui, |ui| {
        let add = widgets::title_row(ui, "Issues and groups", "L = 1 + (issue + group + action) / 100", |ui| {
            widgets::plain_button(ui, Some(icons::ICON_ADD), "Add group").clicked()
        });
        let mut issues = draft.issues.clone();
        let mut change = Change::None;
        if add {
            let taken = |id: &str| draft.issues.iter().flat_map(|i| &i.groups).any(|g| g.id == id);
            let group = Group { id: slug("new group", &taken), weight: 0.0 };
            match issues.last_mut() {
                Some(issue) => issue.groups.push(group),
                None => issues.push(Issue { id: "marketing".to_owned(), weight: 0.0, groups: vec![group] }),
            }
            change = Change::Done(());
        }
        egui::Grid::new("taxonomy").num_columns(3).spacing([metrics().gap_large, 6.0]).show(ui, |ui| {
            for i in 0..issues.len() {
                let Some(issue) = issues.get_mut(i) else { continue };
                ui.label(theme::bold(&issue.id));
                let label = format!("Lever of issue {}", issue.id);
                let moved =
                    input::number(ui, &label, issue.weight, |v| v.range(-100.0..=1000.0).speed(0.5).suffix("\u{a0}%"));
                if moved != Change::None {
                    change = moved.map(|w| issue.weight = w);
                }
                ui.end_row();
                let mut gone = None;
                for (g, group) in issue.groups.iter_mut().enumerate() {
                    ui.horizontal(|ui| {
                        ui.add_space(metrics().gap_large);
                        ui.label(&group.id);
                    });
                    let label = format!("Lever of group {}", group.id);
                    let moved = input::number(ui, &label, group.weight, |v| {
                        v.range(-100.0..=1000.0).speed(0.5).suffix("\u{a0}%")
                    });
                    if moved != Change::None {
                        change = moved.map(|w| group.weight = w);
                    }
                    let used = draft.actions.iter().filter(|a| a.group == group.id).count();
                    if used == 0 {
                        if widgets::icon_button(
                            ui,
                            icons::ICON_DELETE,
                            &format!("Delete group {}", group.id),
                            "Delete; undo brings it back",
                        )
                        .clicked()
                        {
                            gone = Some(g);
                        }
                    } else {
                        ui.label(RichText::new(number::counted(used as u64, "action", "actions")).weak());
                    }
                    ui.end_row();
                }
                if let Some(g) = gone {
                    issue.groups.remove(g);
                    change = Change::Done(());
                }
            }
        });
        edits::send(asks, change.map(|()| Edit::SetIssues(issues)));
    });
}

/// Draws the channels.
pub fn channels(ui: &mut Ui, draft: &Document, asks: &mut Asks) {
    widgets::card(ui, |ui| {
        let add = widgets::title_row(ui, "Channels", "caps concern outbound channels", |ui| {
            let button = widgets::plain_button(ui, Some(icons::ICON_ADD), "Add channel");
            let mut chosen = None;
            egui::Popup::menu(&button).show(|ui| {
                for id in ["email", "sms", "push", "web", "call", "mail"] {
                    if !draft.channels.iter().any(|c| c.id == id) && ui.button(id).clicked() {
                        chosen = Some(id);
                        ui.close();
                    }
                }
            });
            chosen
        });
        let mut new = draft.channels.clone();
        if let Some(id) = add {
            let direction = if id == "web" { Direction::Inbound } else { Direction::Outbound };
            new.push(Channel { id: id.to_owned(), direction });
        }
        let mut gone = None;
        for (i, channel) in new.iter_mut().enumerate() {
            ui.push_id(i, |ui| {
                ui.horizontal(|ui| {
                    ui.label(&channel.id);
                    let options = [
                        (Direction::Outbound, "outbound: we contact the customer".to_owned()),
                        (Direction::Inbound, "inbound: the customer is here".to_owned()),
                    ];
                    widgets::choice(
                        ui,
                        "direction",
                        &format!("Direction of {}", channel.id),
                        &mut channel.direction,
                        &options,
                        230.0,
                    );
                    let used = draft.actions.iter().any(|a| a.treatments.iter().any(|t| t.channel == channel.id));
                    if !used
                        && widgets::icon_button(
                            ui,
                            icons::ICON_DELETE,
                            &format!("Delete channel {}", channel.id),
                            "Delete; undo brings it back",
                        )
                        .clicked()
                    {
                        gone = Some(i);
                    }
                });
            });
        }
        if let Some(i) = gone {
            new.remove(i);
        }
        if new != draft.channels {
            asks.edit(Edit::SetChannels(new));
        }
    });
}
