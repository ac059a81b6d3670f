//! Pictures of the pieces everything is made of, in both themes. They need a software renderer, so they sit behind the feature
//! `snapshots`; `UPDATE_SNAPSHOTS=1` takes new ones after a change that was meant.

use attune_studio::shell::problems::{self, Problem};
use attune_studio::theme::{self, Tone};
use attune_studio::view::Asks;
use attune_studio::widgets::chart::{Bar, bars};
use attune_studio::widgets::{
    Stat, badge, dot, plain_button, primary_button, progress_row, section, stale_banner, stat_row,
};
use egui::{Theme, Ui};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};

fn pieces(ui: &mut Ui) {
    let t = theme::tokens(ui.ctx());
    egui::Frame::new().fill(t.ground).inner_margin(16).show(ui, |ui| {
        ui.set_width(600.0);
        ui.horizontal(|ui| {
            primary_button(ui, None, "Import");
            plain_button(ui, None, "Cancel");
            for (tone, word) in [
                (Tone::Neutral, "Not trained"),
                (Tone::Accent, "Training"),
                (Tone::Ok, "Trained"),
                (Tone::Warn, "Out of date"),
                (Tone::Err, "Failed"),
            ] {
                dot(ui, tone);
                badge(ui, tone, word);
            }
        });
        let stat = |label: &str, value: &str, detail: &str| Stat {
            label: label.into(),
            value: value.into(),
            detail: detail.into(),
            ..Stat::default()
        };
        stat_row(
            ui,
            &[
                stat("ROC AUC", "0.813", "95 %: 0.802 – 0.824"),
                stat("Base rate", "14.68 %", "9,394 of 64,000"),
                stat("Log loss", "0.4012", "lower is better"),
            ],
        );
        stale_banner(ui, "These numbers belong to earlier data or settings", None, Some("Train again"));
        progress_row(ui, "Train visit", "part 2 of 5", 0.4, 110.0);
        section(ui, "Main drivers", "drop of AUC when shuffled", |ui| {
            let bar = |name: &str, length: f64| Bar {
                name: name.into(),
                length,
                text: format!("{length:.4}"),
                hint: String::new(),
                color: None,
            };
            bars(
                ui,
                &[bar("recency", 0.041), bar("history", 0.022), bar("a column with a very long name", 0.003)],
                120.0,
                56.0,
            );
        });
        let problem = |tone, place: &str, message: &str| Problem {
            tone,
            place: place.into(),
            message: message.into(),
            hint: "What to do about it.".into(),
            target: None,
        };
        let list = [
            problem(Tone::Err, "rule Recent buyers, line 2", "`recencyy` is not a feature of this policy"),
            problem(Tone::Warn, "column income", "12 % of its cells are missing"),
        ];
        problems::list(ui, &list, &mut Asks::default());
    });
}

#[test]
fn the_pieces_look_as_they_did() {
    let mut results = SnapshotResults::new();
    for theme in [Theme::Dark, Theme::Light] {
        let mut harness = Harness::builder()
            .with_size(egui::vec2(648.0, 520.0))
            .with_theme(theme)
            .with_context_setup(theme::install)
            .wgpu()
            .build_ui(pieces);
        harness.run_ok();
        let options = SnapshotOptions::new()
            .output_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/studio/snapshots"))
            .threshold(1.0);
        results.add(harness.try_snapshot_options(format!("pieces_{theme:?}").to_lowercase(), &options));
    }
}
