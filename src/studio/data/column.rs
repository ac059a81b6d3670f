//! The profile of one column: what it is, what is missing, how its values lie.

use super::{decision, words};
use crate::shell::{health, problems};
use crate::theme::metrics;
use crate::view::{Asks, Ctx};
use crate::widgets::chart::{Bar, bars, plot};
use crate::widgets::{choice, hint, labelled, number, section};
use attune_lab::data::Dataset;
use attune_lab::data::profile::ColumnProfile;
use attune_policy::value::Type;
use attune_session::{Derived, Edit};
use egui::{Grid, RichText, Ui};
use egui_plot::BarChart;

/// Draws the selected column, or says how to select one.
pub fn ui(ui: &mut Ui, ctx: &Ctx<'_>, table: &Dataset, asks: &mut Asks) {
    let Some(column) = ctx.selection.column.as_deref().and_then(|name| table.column(name)) else {
        hint(ui, "Press the head of a column to see how its values lie.");
        return;
    };
    let state = ctx.session.profile();
    let profile = state.value().cloned();
    let of_column = profile.as_ref().and_then(|p| p.columns.iter().find(|c| c.name == column.name));
    section(ui, &column.source, words::type_(column.type_), |ui| {
        let roles = &ctx.session.document().roles;
        let mut role = roles.role(&column.name);
        let options: Vec<_> = words::ROLES.iter().map(|role| (*role, words::role(*role).to_owned())).collect();
        let width = ui.available_width();
        labelled(ui, "Role", |ui| {
            let name = format!("Role of {} here", column.source);
            if choice(ui, ("column role", &column.name), &name, &mut role, &options, width) {
                asks.edit(Edit::SetRole { column: column.name.clone(), role });
            }
            ui.label(RichText::new(words::role_meaning(role)).small().weak())
        });
        if column.name != column.source {
            ui.label(RichText::new(format!("In rules: {}", column.name)).small().weak());
        }
    });
    decision::ui(ui, ctx, column, asks);
    match (of_column, &state) {
        (Some(column), _) => {
            numbers(ui, column, profile.as_ref().map_or(0, |p| p.rows));
            shape(ui, ctx, column);
        }
        (None, Derived::Running(progress)) => {
            hint(ui, &format!("Profile under way: {}", progress.stage));
        }
        (None, state) => {
            hint(ui, state.why().map_or("No profile yet.", |why| why));
        }
    }
    let found: Vec<_> = health::of_data(ctx.session)
        .into_iter()
        .filter(|problem| health::is_about_column(problem, &column.source))
        .collect();
    if !found.is_empty() {
        section(ui, "Problems", "", |ui| problems::list(ui, &found, asks));
    }
}

fn numbers(ui: &mut Ui, column: &ColumnProfile, rows: u64) {
    let missing = column.missing as f64 / rows.max(1) as f64;
    let mut lines = vec![
        ("Rows", number::count(rows), "Rows of the table"),
        (
            "Missing",
            format!("{}  ({})", number::count(column.missing), number::percent(missing, 2)),
            "Cells without a value",
        ),
        ("Distinct", number::count(column.distinct), "Different values among the known cells"),
    ];
    let value = |v: f64| words::value(column.type_, v);
    if let (Some(min), Some(max)) = (column.min, column.max) {
        lines.push(("Least", value(min), "Least known value"));
        for (q, v) in &column.quantiles {
            let name = match *q {
                q if (q - 0.05).abs() < 1e-9 => "5 % quantile",
                q if (q - 0.25).abs() < 1e-9 => "25 % quantile",
                q if (q - 0.5).abs() < 1e-9 => "Median",
                q if (q - 0.75).abs() < 1e-9 => "75 % quantile",
                q if (q - 0.95).abs() < 1e-9 => "95 % quantile",
                _ => continue,
            };
            lines.push((name, value(*v), "Linear between order statistics, over the known cells"));
        }
        lines.push(("Greatest", value(max), "Greatest known value"));
    }
    if column.type_ != Type::Time {
        if let Some(mean) = column.mean {
            lines.push(("Mean", number::short(mean), "Sum of the known values divided by their number"));
        }
        if let Some(sd) = column.sd {
            lines.push(("Standard deviation", number::short(sd), "Of the known values, n − 1 in the denominator"));
        }
    }
    section(ui, "Profile", "", |ui| {
        Grid::new("profile").num_columns(2).spacing([metrics().gap_large, 4.0]).min_row_height(18.0).show(ui, |ui| {
            for (name, value, definition) in lines {
                ui.label(RichText::new(name).weak()).on_hover_text(definition);
                ui.label(value);
                ui.end_row();
            }
        });
    });
}

fn shape(ui: &mut Ui, ctx: &Ctx<'_>, column: &ColumnProfile) {
    if !column.histogram.is_empty() && column.type_ != Type::Bool {
        section(ui, "Distribution", "", |ui| {
            let type_ = column.type_;
            let color = ctx.tokens.series[0];
            let bars: Vec<egui_plot::Bar> = column
                .histogram
                .iter()
                .map(|bin| {
                    let width = (bin.high - bin.low).max(f64::MIN_POSITIVE);
                    egui_plot::Bar::new(f64::midpoint(bin.low, bin.high), bin.count as f64)
                        .width(width * 0.94)
                        .fill(color)
                        .stroke(egui::Stroke::NONE)
                        .name(format!("{} – {}", words::value(type_, bin.low), words::value(type_, bin.high)))
                })
                .collect();
            let chart = BarChart::new("rows", bars).color(color).element_formatter(Box::new(|bar, _| {
                format!("{}\n{} rows", bar.name, number::count(bar.value as u64))
            }));
            let name = column.source.clone();
            let widget = plot(ui, ("histogram", &column.name), 170.0, &name, "rows");
            let widget = if type_ == Type::Time {
                widget.x_axis_formatter(|mark, _| words::value(Type::Time, mark.value).chars().take(10).collect())
            } else {
                widget
            };
            widget.show(ui, |plot| plot.bar_chart(chart));
        });
    }
    if !column.top.is_empty() && (column.histogram.is_empty() || column.type_ == Type::Bool) {
        let known: u64 = column.top.iter().map(|(_, count)| count).sum();
        section(ui, "Most frequent values", "", |ui| {
            let list: Vec<Bar> = column
                .top
                .iter()
                .take(12)
                .map(|(value, count)| Bar {
                    name: value.clone(),
                    length: *count as f64,
                    text: number::count(*count),
                    hint: format!("{} of the values listed", number::percent(*count as f64 / known.max(1) as f64, 1)),
                    color: Some(ctx.tokens.series[3]),
                })
                .collect();
            bars(ui, &list, 110.0, 54.0);
        });
    }
}
