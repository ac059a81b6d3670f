//! `attune refresh`: read the sources of a project again and say what changed.

use super::console::{Console, Outcome, Result};
use super::table::{Table, count, wrap};
use attune_lab::project::{self, Access, SourceChange};
use serde_json::json;
use std::path::PathBuf;

/// Read the files of a project again: which changed, which columns and rows came or went.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  attune refresh shop\n  attune refresh shop --look --json\n\n\
                        Roles are kept, also those of columns that vanished; new columns get the role that their name and \
                        contents speak for. Models that learned from rows which changed are trained again by `attune train`.")]
pub struct Refresh {
    /// Folder of the project
    project: PathBuf,
    /// Only say what changed; write nothing
    #[arg(long)]
    look: bool,
}

impl Refresh {
    pub fn run(self, console: &Console) -> Result<Outcome> {
        let access = if self.look { Access::Read } else { Access::Write };
        let opened = super::project::open(&self.project, access, console)?;
        let (mut project, parts) = (opened.project, opened.parts);
        let dir = project.dir().to_owned();
        let (next, changes) = console.work(|task| project::refresh(&dir, &parts, !self.look, task))?;
        if !self.look {
            project.save(&next, "Refresh")?;
        }
        console.result(&text(&changes, self.look), &json!({ "sources": changes, "saved": !self.look }))?;
        Ok(Outcome::Done)
    }
}

fn text(changes: &[SourceChange], look: bool) -> String {
    let mut table = Table::new(&["table", "file", "rows before", "rows now", "new rows", "gone", "changed"]);
    for change in changes {
        let rows = |of: &dyn Fn(&project::RowChanges) -> u64| match (&change.rows, change.changed) {
            (Some(rows), _) => count(of(rows)),
            (None, true) => "not known".to_owned(),
            (None, false) => "0".to_owned(),
        };
        table.row(vec![
            change.source.clone(),
            if change.changed { "changed" } else { "as it was" }.to_owned(),
            count(change.rows_before),
            count(change.rows_now),
            rows(&|rows| rows.new.count),
            rows(&|rows| rows.gone.count),
            rows(&|rows| rows.changed.count),
        ]);
    }
    let mut text = table.text(0);
    for change in changes {
        let mut say = |words: String| text.push_str(&wrap(&format!("- {}: {words}", change.source), 2, 110));
        if !change.new_columns.is_empty() {
            say(format!("new columns: {}", change.new_columns.join(", ")));
        }
        if !change.vanished.is_empty() {
            say(format!("columns that are not there any more: {}; their roles are kept", change.vanished.join(", ")));
        }
        for (column, before, now) in &change.retyped {
            say(format!("`{column}` was {before} and is {now}"));
        }
        let listed =
            change.rows.iter().flat_map(|rows| [("new", &rows.new), ("gone", &rows.gone), ("changed", &rows.changed)]);
        for (what, rows) in listed.filter(|(_, rows)| rows.count > 0) {
            let some: Vec<String> = rows.numbers.iter().take(10).map(u64::to_string).collect();
            say(format!("{what}: rows {}{}", some.join(", "), if rows.count > 10 { ", …" } else { "" }));
        }
    }
    if look {
        text.push_str("Nothing was written.\n");
    }
    text
}
