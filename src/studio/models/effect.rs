//! The report of a model of an effect: its numbers beside the best one-line rule, its Qini curve, and whether the effect is where it says.

use crate::theme::Tone;
use crate::view::Ctx;
use crate::widgets::chart::{plot, ticks};
use crate::widgets::{Stat, number, stat_row};
use attune_lab::models::report::{Estimate, Evaluation};
use attune_lab::models::uplift::UpliftQuality;
use egui::Ui;
use egui_plot::{HLine, Line, LineStyle, PlotPoint, PlotPoints, Points};

/// Tiles of the numbers.
pub fn tiles(ui: &mut Ui, shown: &Evaluation, uplift: &UpliftQuality, rows_of: &str) {
    let n = format!("n = {} {rows_of}", number::count(shown.rows));
    let text = |value: f64| number::fixed(value, 4);
    let interval = |e: Estimate| format!("95 %: {}", number::interval(e.low, e.high, text));
    let define = |key: &str| {
        let metric = uplift.metrics.iter().find(|metric| metric.key == key);
        format!("{}\n{n}", metric.map_or("", |metric| &metric.definition))
    };
    let of = |label: &str, key: &str| {
        let value = uplift.metric(key);
        Stat {
            label: label.to_owned(),
            value: value.map_or_else(|| "–".to_owned(), |e| text(e.value)),
            detail: value.map_or_else(|| "not defined here".to_owned(), interval),
            definition: define(key),
            tone: None,
        }
    };
    let warn = |wrong: bool| wrong.then_some(Tone::Warn);
    let lead = if uplift.binary { ("Qini", "sklift_qini_auc") } else { ("RATE", "rate_qini") };
    let mut all = vec![
        Stat { tone: warn(!uplift.orders()), ..of(lead.0, lead.1) },
        Stat {
            label: "Effect of all".to_owned(),
            value: number::signed(uplift.effect.value, 4),
            detail: interval(uplift.effect),
            definition: format!(
                "Mean outcome of {} treated, {}, less that of {} untreated, {}",
                number::count(uplift.treated),
                text(uplift.mean_treated),
                number::count(uplift.control),
                text(uplift.mean_control)
            ),
            tone: None,
        },
        of("Effect in the top 30 %", "uplift_at_30_overall"),
        of("Qini, causalml", "causalml_qini_norm"),
    ];
    if uplift.binary {
        all.insert(1, of("AUUC", "sklift_uplift_auc"));
    }
    if let Some(rule) = &uplift.rule {
        all.push(Stat {
            label: "Ahead of one line".to_owned(),
            value: number::signed(rule.ahead.value, 4),
            detail: interval(rule.ahead),
            definition: format!(
                "{} of the model less that of the best rule of one column: {}\nAn interval that reaches below 0: no better than the rule, as far \
                 as these rows can tell\n{n}",
                lead.0, rule.condition
            ),
            tone: warn(rule.ahead.low <= 0.0),
        });
    }
    stat_row(ui, &all);
}

/// The Qini curve with its band, beside treating people at random.
pub fn curve(ui: &mut Ui, ctx: &Ctx<'_>, uplift: &UpliftQuality, height: f32) {
    let t = ctx.tokens;
    let percent = |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| number::percent(mark.value, 0);
    let line = |of: &dyn Fn(&attune_lab::simulate::uplift::evaluation::Point) -> f64| -> Vec<PlotPoint> {
        uplift.curve.iter().map(|point| PlotPoint::new(point.share, of(point))).filter(|p| p.y.is_finite()).collect()
    };
    let end = uplift.curve.last().map_or(0.0, |point| point.height);
    plot(ui, "qini", height, "share treated, highest scores first", "outcomes gained")
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0)
        .x_grid_spacer(ticks(0.0, 1.0, 0.2))
        .x_axis_formatter(percent)
        .show(ui, |plot| {
            let random = Line::new("at random", vec![[0.0, 0.0], [1.0, end]]);
            plot.line(random.color(t.weak).style(LineStyle::dashed_dense()).allow_hover(false));
            for points in [line(&|point| point.low), line(&|point| point.high)] {
                let band = Line::new("95 % band", PlotPoints::Owned(points)).color(t.series[0].gamma_multiply(0.45));
                plot.line(band.width(1.0).allow_hover(false));
            }
            let own = line(&|point| point.height);
            plot.line(Line::new("Qini curve", PlotPoints::Owned(own)).color(t.series[0]).width(2.0));
        });
}

/// Predicted against observed effects of the tenths.
pub fn tenths(ui: &mut Ui, ctx: &Ctx<'_>, uplift: &UpliftQuality, height: f32) {
    let t = ctx.tokens;
    let short = |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| number::short(mark.value);
    let predicted = uplift.tenths.iter().map(|tenth| tenth.predicted);
    let (least, most) = predicted.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    plot(ui, "effects", height, "mean predicted effect of a tenth", "observed effect")
        .include_y(0.0)
        .x_axis_formatter(short)
        .y_axis_formatter(short)
        .show(ui, |plot| {
            if least.is_finite() && most.is_finite() {
                let ideal = Line::new("ideal", vec![[least, least], [most, most]]);
                plot.line(ideal.color(t.weak).style(LineStyle::dashed_dense()).allow_hover(false));
            }
            plot.hline(HLine::new("no effect", 0.0).color(t.border).allow_hover(false));
            let known = || uplift.tenths.iter().filter_map(|tenth| Some((tenth.predicted, tenth.observed?)));
            for (x, observed) in known().filter(|(_, own)| own.low.is_finite() && own.high.is_finite()) {
                let bar = Line::new("95 % interval", vec![[x, observed.low], [x, observed.high]]);
                plot.line(bar.color(t.series[0].gamma_multiply(0.6)).width(1.5).allow_hover(false));
            }
            let points: Vec<PlotPoint> = known().map(|(x, observed)| PlotPoint::new(x, observed.value)).collect();
            plot.points(Points::new("tenth", PlotPoints::Owned(points)).radius(4.0).color(t.series[0]));
        });
}
