//! `attune analyze discounts`: whether buyers are being taught to wait for discounts, from any file of transactions.

use super::super::console::{Console, Outcome, Result};
use super::super::inputs::Reading;
use super::super::plan::definitions;
use super::super::sweep::percents;
use super::super::table::{Table, count, interval, interval_by, number, percent, wrap};
use attune_lab::data::import::dates::render as time_text;
use attune_lab::simulate::columns::{flags, groups, instants};
use attune_lab::simulate::questions::discounts::{DiscountReport, Purchases, discounts};
use std::path::PathBuf;

const WIDTH: usize = 110;

/// Are buyers being taught to wait for discounts: share over time, by cohort, and purchases at full price after so many
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze discounts orders.csv --customer buyer --date day --discount discount_amount\n  \
                        attune analyze discounts orders.csv --customer buyer --date day --discount kind --discounted sale --discounted coupon --json\n\n\
                        Rows of a customer at one instant are one purchase. What is told describes; it proves no cause."
)]
pub struct Discounts {
    /// File of transactions
    file: PathBuf,
    /// Column of the customer
    #[arg(long, value_name = "COLUMN")]
    customer: String,
    /// Column of the date
    #[arg(long, value_name = "COLUMN")]
    date: String,
    /// Column of the discount: a number above 0 or true is one, unless --discounted says what is
    #[arg(long, value_name = "COLUMN")]
    discount: String,
    /// A value of that column that means a discount; may be given several times
    #[arg(long = "discounted", value_name = "VALUE")]
    discounted: Vec<String>,
    #[command(flatten)]
    reading: Reading,
}

impl Discounts {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let source = self.reading.open(&self.file, console)?.of_somebody(&self.customer, console);
        let person = source.columns(|data| groups(data, &self.customer))?;
        let time = source.columns(|data| instants(data, &self.date))?;
        let discounted = source.columns(|data| flags(data, &self.discount, &self.discounted))?;
        let purchases = Purchases { person: &person, time: &time, discounted: &discounted };
        let found = source.work(console, |task| discounts(purchases, task))?;
        console.result(&self.text(&found), &found)?;
        Ok(Outcome::Done)
    }

    fn text(&self, found: &DiscountReport) -> String {
        let mut text = format!(
            "{}: {} purchases of {} customers, {} with a discount {}\n",
            self.file.display(),
            count(found.purchases),
            count(found.persons),
            percent(found.share.value),
            percents(&found.share)
        );
        text.push_str("\nShare with a discount, by thirty days\n");
        let mut table = Table::new(&["from", "purchases", "share", "95 % interval"]);
        for month in &found.months {
            table.row(vec![
                time_text(month.start),
                count(month.share.n),
                percent(month.share.value),
                percents(&month.share),
            ]);
        }
        text.push_str(&table.text(2));
        text.push_str(&format!(
            "  Change per thirty days: {:+.2} pp {}\n",
            100.0 * found.trend.value,
            interval_by(found.trend.low, found.trend.high, |x| format!("{:+.2} pp", 100.0 * x)),
        ));
        text.push_str("\nShare with a discount, by quarter of the first purchase and quarters since\n");
        let widest = found.cohorts.iter().map(|c| c.shares.len()).max().unwrap_or(0).min(8);
        let heads: Vec<String> = (0..widest).map(|q| format!("+{q}")).collect();
        let mut table = Table::new(
            &["first bought in", "customers"].into_iter().chain(heads.iter().map(String::as_str)).collect::<Vec<_>>(),
        );
        for cohort in &found.cohorts {
            let mut row = vec![format!("quarter {}", cohort.quarter + 1), count(cohort.persons)];
            row.extend(cohort.shares.iter().take(widest).map(|s| s.map_or("none".into(), |s| percent(s.value))));
            table.row(row);
        }
        text.push_str(&table.text(2));
        text.push_str("\nFull-price purchases per customer and thirty days, after so many discounts\n");
        let mut table = Table::new(&[
            "discounts",
            "customers",
            "purchases",
            "rate",
            "95 % interval",
            "÷ before any",
            "95 % interval",
        ]);
        let most = found.hazards.iter().map(|h| h.discounts).max();
        for hazard in &found.hazards {
            let or_more = if Some(hazard.discounts) == most && hazard.discounts >= 4 { " or more" } else { "" };
            let mut row = vec![
                format!("{}{or_more}", hazard.discounts),
                count(hazard.persons),
                count(hazard.purchases),
                number(hazard.rate.value),
                interval(hazard.rate.low, hazard.rate.high),
            ];
            row.extend(
                hazard.ratio.map_or([String::new(), String::new()], |r| [number(r.value), interval(r.low, r.high)]),
            );
            table.row(row);
        }
        text.push_str(&table.text(2));
        if let Some(within) = &found.within {
            let line = format!(
                "Each customer compared with themselves: {} {} times as often at full price after the first discount as before \
                 ({} customers).",
                number(within.value),
                interval(within.low, within.high),
                count(within.n)
            );
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        if let Some(next) = &found.next {
            let line = format!(
                "The next purchase has a discount in {} after one with a discount, in {} after one at full price: {:+.1} pp \
                 {}.",
                percent(next.after_discount.value),
                percent(next.after_full_price.value),
                100.0 * next.difference.value,
                interval_by(next.difference.low, next.difference.high, |x| format!("{:+.1} pp", 100.0 * x)),
            );
            text.push_str(&wrap(&line, 2, WIDTH));
        }
        text.push('\n');
        text.push_str(&wrap(&format!("{}.", found.verdict), 0, WIDTH));
        text.push_str(&definitions(&found.notes));
        text
    }
}
