//! The plots of a report: ROC, calibration, lift by decile, main drivers; of an effect, its curve and tenths. Everything drawn comes from the report.

use super::effect;
use crate::theme::metrics;
use crate::view::{Asks, Ctx, Target};
use crate::widgets::chart::{Bar, bars, plot, ticks};
use crate::widgets::{number, section};
use attune_lab::models::ModelReport;
use attune_lab::models::report::Evaluation;
use egui::Ui;
use egui_plot::{BarChart, HLine, Line, LineStyle, PlotPoint, PlotPoints, Points};

/// Height of a plot; where four stand beside each other they have more room.
fn height(ui: &Ui) -> f32 {
    if ui.ctx().content_rect().width() < 1900.0 { 210.0 } else { 300.0 }
}

/// Draws them, as many beside each other as there is room for.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, report: &ModelReport, shown: &Evaluation, asks: &mut Asks) {
    let lost = format!("drop of {} when shuffled", report.driver_score());
    let high = height(ui);
    let mut draw = |ui: &mut Ui, which: usize| match (which, &shown.uplift) {
        (0, _) => section(ui, "Main drivers", &lost, |ui| drivers(ui, ctx, report, asks)).inner,
        (1, Some(uplift)) => {
            section(ui, "Qini curve", "outcomes gained by depth", |ui| effect::curve(ui, ctx, uplift, high));
        }
        (_, Some(uplift)) => {
            section(ui, "Effects", "is the effect where it says", |ui| effect::tenths(ui, ctx, uplift, high));
        }
        (which, None) => outcome(ui, ctx, shown, which),
    };
    let gap = metrics().gap;
    let columns = match ui.available_width() {
        width if width < 620.0 => 1,
        width if width < 1500.0 => 2,
        _ => 4,
    };
    let each = ((ui.available_width() + gap) / columns as f32 - gap).floor();
    let plots: &[usize] = if shown.uplift.is_some() { &[0, 1, 2] } else { &[0, 1, 2, 3] };
    for row in plots.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for which in row {
                ui.vertical(|ui| {
                    ui.set_width(each);
                    draw(ui, *which);
                });
            }
        });
    }
}

/// The plots of an outcome's model.
fn outcome(ui: &mut Ui, ctx: &Ctx<'_>, shown: &Evaluation, which: usize) {
    match which {
        1 => section(ui, "Lift by decile", "outcome rate ÷ base rate", |ui| lift(ui, ctx, shown)).inner,
        2 => section(ui, "Calibration", "does 10 % mean 10 %", |ui| calibration(ui, ctx, shown)).inner,
        _ => section(ui, "ROC", "true against false positives", |ui| roc(ui, ctx, shown)).inner,
    }
}

fn drivers(ui: &mut Ui, ctx: &Ctx<'_>, report: &ModelReport, asks: &mut Asks) {
    let list: Vec<Bar> = report
        .importance
        .iter()
        .take(if height(ui) > 250.0 { 12 } else { 8 })
        .map(|driver| {
            let coefficient = driver.coefficient.map_or_else(String::new, |c| {
                format!("\nCoefficient of the standardised input: {}", number::signed(c, 3))
            });
            Bar {
                name: ctx.source(&driver.field),
                length: driver.auc_drop.max(0.0),
                text: number::fixed(driver.auc_drop, 4),
                hint: format!(
                    "{} falls by {} (± {}) when this column is shuffled\nShare of the learner's own measure: {}{coefficient}",
                    report.driver_score(),
                    number::fixed(driver.auc_drop, 4),
                    number::fixed(driver.auc_drop_sd, 4),
                    number::percent(driver.own_share, 1)
                ),
                color: Some(ctx.tokens.series[0]),
            }
        })
        .collect();
    ui.allocate_ui(egui::vec2(ui.available_width(), height(ui)), |ui| {
        ui.set_min_height(height(ui));
        if list.is_empty() {
            ui.label("No column drives this model");
        } else if let Some(pressed) = bars(ui, &list, 120.0, 56.0)
            && let Some(driver) = report.importance.get(pressed)
        {
            asks.show(Target::Column(driver.field.clone()));
        }
    });
}

fn lift(ui: &mut Ui, ctx: &Ctx<'_>, shown: &Evaluation) {
    let t = ctx.tokens;
    let list: Vec<egui_plot::Bar> = shown
        .deciles
        .iter()
        .map(|decile| {
            let name = format!(
                "Tenth {}\nLift {}\nOutcome rate {}\nMean prediction {}\nRows {}",
                decile.decile,
                number::fixed(decile.lift, 2),
                number::percent(decile.rate, 2),
                number::percent(decile.predicted, 2),
                number::fixed(decile.rows, 0)
            );
            egui_plot::Bar::new(f64::from(decile.decile), decile.lift)
                .width(0.8)
                .fill(t.series[0])
                .stroke(egui::Stroke::NONE)
                .name(name)
        })
        .collect();
    let chart = BarChart::new("lift", list).color(t.series[0]).element_formatter(Box::new(|bar, _| bar.name.clone()));
    plot(ui, "lift", height(ui), "tenth of the rows by falling score", "lift")
        .include_y(0.0)
        .x_grid_spacer(ticks(1.0, 10.0, 1.0))
        .x_axis_formatter(|mark, _| format!("{:.0}", mark.value))
        .show(ui, |plot| {
            plot.bar_chart(chart);
            plot.hline(HLine::new("base rate", 1.0).color(t.weak).style(LineStyle::dashed_dense()));
        });
}

fn calibration(ui: &mut Ui, ctx: &Ctx<'_>, shown: &Evaluation) {
    let t = ctx.tokens;
    let bins = &shown.reliability;
    let most = bins.iter().flat_map(|bin| [bin.predicted, bin.observed.high]).fold(0.01, f64::max).min(1.0);
    let percent = |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| {
        number::percent(mark.value, if most < 0.05 { 1 } else { 0 })
    };
    plot(ui, "calibration", height(ui), "mean predicted probability", "observed rate")
        .include_x(0.0)
        .include_y(0.0)
        .x_axis_formatter(percent)
        .y_axis_formatter(percent)
        .show(ui, |plot| {
            let ideal = Line::new("ideal", vec![[0.0, 0.0], [most, most]]);
            plot.line(ideal.color(t.weak).style(LineStyle::dashed_dense()).allow_hover(false));
            for bin in bins {
                let bar = vec![[bin.predicted, bin.observed.low], [bin.predicted, bin.observed.high]];
                plot.line(
                    Line::new("95 % interval", bar)
                        .color(t.series[0].gamma_multiply(0.6))
                        .width(1.5)
                        .allow_hover(false),
                );
            }
            let points: Vec<PlotPoint> =
                bins.iter().map(|bin| PlotPoint::new(bin.predicted, bin.observed.value)).collect();
            plot.points(Points::new("tenth", PlotPoints::Owned(points)).radius(4.0).color(t.series[0]));
        });
}

fn roc(ui: &mut Ui, ctx: &Ctx<'_>, shown: &Evaluation) {
    let t = ctx.tokens;
    let points: Vec<PlotPoint> = shown.roc.iter().map(|(x, y)| PlotPoint::new(*x, *y)).collect();
    let percent = |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| number::percent(mark.value, 0);
    plot(ui, "roc", height(ui), "false-positive rate", "true-positive rate")
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0)
        .include_y(1.0)
        .x_grid_spacer(ticks(0.0, 1.0, 0.2))
        .y_grid_spacer(ticks(0.0, 1.0, 0.2))
        .x_axis_formatter(percent)
        .y_axis_formatter(percent)
        .show(ui, |plot| {
            let chance = Line::new("chance", vec![[0.0, 0.0], [1.0, 1.0]]);
            plot.line(chance.color(t.weak).style(LineStyle::dashed_dense()).allow_hover(false));
            plot.line(Line::new("ROC", PlotPoints::Owned(points)).color(t.series[0]).width(2.0));
        });
}
