//! `attune analyze segments`: groups of customers alike, in plain words.

use super::super::console::{Console, Outcome, Result};
use super::super::inputs::Reading;
use super::super::meaning::column_named;
use super::super::table::{Table, count, number, percent, wrap};
use attune_lab::data::import::import;
use attune_lab::models::segments::{Cluster, SegmentReport, SegmentSpec, segment};
use attune_lab::project::Learned;
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

/// Find groups of customers alike in some columns, and say what sets each apart
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  attune analyze segments hillstrom.csv --features recency,history --describe channel,zip_code\n  \
                        attune analyze segments telco_churn.csv --features tenure,MonthlyCharges --k 4 --json\n  \
                        attune analyze segments customers.csv --features age,spend --method mixture --model segments.ron\n  \
                        attune attach shop segments.ron      makes them part of a project, where rules read them\n\n\
                        Columns are standardised so that each counts alike. The number of segments is the one with the largest mean \
                        silhouette (mixtures: the smallest BIC) unless --k is given. Stability is the mean adjusted Rand index between the \
                        segments of ten resamples and those shown: near 1 they would be found again, near 0 they would not."
)]
pub struct Segments {
    /// File with a row for each customer
    file: PathBuf,
    /// Columns that customers are compared by, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', required = true)]
    features: Vec<String>,
    /// Columns that segments are described by besides
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    describe: Vec<String>,
    /// How groups are found
    #[arg(long, value_enum, default_value_t = Name::Kmeans)]
    method: Name,
    /// Number of segments
    #[arg(long, value_name = "N")]
    k: Option<usize>,
    /// Most segments tried when --k is not given
    #[arg(long, value_name = "N", default_value_t = 8)]
    most: usize,
    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    seed: u64,
    /// File to write the models to (RON); `attune attach` makes them part of a project
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// Names of methods on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// k-means
    Kmeans,
    /// Gaussian mixture, diagonal covariances
    Mixture,
    /// Gaussian mixture, full covariances
    FullMixture,
    /// Ward's hierarchy
    Ward,
}

impl Segments {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let reading = self.reading.options()?;
        let dataset = console.work(|task| import(&self.file, &reading, task))?.dataset;
        let named = |flag: &str, names: &[String]| -> Result<Vec<String>> {
            names.iter().map(|name| column_named(&dataset, flag, name)).collect()
        };
        let spec = SegmentSpec {
            describe: named("--describe", &self.describe)?,
            method: match self.method {
                Name::Kmeans => Cluster::KMeans,
                Name::Mixture => Cluster::Mixture,
                Name::FullMixture => Cluster::FullMixture,
                Name::Ward => Cluster::Ward,
            },
            k: self.k,
            most: self.most,
            seed: self.seed,
            ..SegmentSpec::new(named("--features", &self.features)?)
        };
        let rows: Vec<u32> = (0..dataset.rows() as u32).collect();
        let found = console.work(|task| segment(&spec, &dataset, &rows, task).map_err(|e| e.in_file(&self.file)))?;
        if let Some(file) = &self.model {
            let learned = Learned::segments(&found.report, found.models.clone(), dataset.source());
            super::write_learned(file, &learned)?;
        }
        let value = json!({ "file": self.file, "report": found.report, "models": found.models });
        console.result(&self.text(&found.report), &value)?;
        Ok(Outcome::Done)
    }

    fn text(&self, report: &SegmentReport) -> String {
        let mut text = format!(
            "{}: {} rows by {}, on {}\n\n",
            self.file.display(),
            count(report.rows),
            report.spec.method.words(),
            report.spec.features.join(", ")
        );
        let mut table = Table::new(&["segments", "silhouette", "inertia", "BIC", "smallest"]);
        for tried in &report.tried {
            let bic = tried.bic.map_or_else(|| "–".into(), |bic| format!("{bic:.0}"));
            table.row(vec![
                tried.k.to_string(),
                number(tried.silhouette),
                number(tried.inertia),
                bic,
                percent(tried.smallest),
            ]);
        }
        text.push_str(&table.text(2));
        let stability = report.stability;
        text.push_str(&format!(
            "\n{}\nStability: adjusted Rand {} on average, {} at worst, over {} resamples\n",
            report.choice,
            number(stability.mean),
            number(stability.least),
            stability.resamples
        ));
        for segment in &report.segments {
            text.push_str(&format!("\n{}. {}\n", segment.number, segment.name));
            text.push_str(&wrap(&segment.words, 3, 110));
            text.push_str(&wrap(&format!("rule: {}", segment.condition), 3, 110));
        }
        if !report.notes.is_empty() {
            text.push('\n');
        }
        for note in &report.notes {
            text.push_str(&wrap(&format!("- {note}"), 2, 110));
        }
        if let Some(file) = &self.model {
            text.push_str(&super::attach_next("Models", file));
        }
        text
    }
}
