//! Arguments of long runs whose finished parts are kept, shared by the commands that make them.

use super::console::Console;
use attune_lab::project::{Finished, Keeping};
use clap::Args;

/// What is done with finished parts.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(
    next_help_heading = "Long runs (finished parts are kept under runs/; the same command goes on where it stopped)"
)]
pub struct KeepingArgs {
    /// Begin anew, whatever an earlier run had finished
    #[arg(long, conflicts_with = "keep_nothing")]
    restart: bool,
    /// Keep no finished parts and write no report
    #[arg(long)]
    keep_nothing: bool,
}

impl KeepingArgs {
    /// As the library takes it.
    pub fn keeping(self) -> Keeping {
        match (self.restart, self.keep_nothing) {
            (true, _) => Keeping::Restart,
            (_, true) => Keeping::Nothing,
            _ => Keeping::Resume,
        }
    }
}

/// Says on standard error what was there already, and where the report lies.
pub fn remark<T>(finished: &Finished<T>, console: &Console) {
    let Some(folder) = &finished.folder else { return };
    let total = finished.resumed + finished.computed;
    let text = if finished.was_finished {
        format!("This run had finished before; --restart begins it anew. Its report: {}", folder.display())
    } else if finished.resumed > 0 {
        format!(
            "Resumed {} of {total} parts, computed {}. The report: {}",
            finished.resumed,
            finished.computed,
            folder.display()
        )
    } else {
        format!("Computed {total} parts. The report: {}", folder.display())
    };
    console.remark(&text);
}
