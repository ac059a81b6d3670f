//! What is seen of work while it goes on, and what is said when it was told to stop.
//!
//! On a terminal one line follows the work: its stage, the share done, the time left. Elsewhere a line tells of each stage, of no more than
//! one a second, so that a file of them stays readable.

use super::interrupt::{AtWork, Signal};
use attune_lab::task::{Progress, Task};
use serde_json::json;
use std::io::Write;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the work is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(1);
/// After which a stage is told of once more.
const AGAIN: Duration = Duration::from_secs(30);
/// What work that was told to stop is given; then the process ends.
const PATIENCE: Duration = Duration::from_millis(1_700);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Not at all.
    Nothing,
    /// As one line that changes.
    Line,
    /// As a line per stage.
    Stages,
}

/// Work that was told to stop.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// By which signal.
    pub signal: Signal,
    stage: String,
    kept: Vec<String>,
}

impl Stopped {
    fn new(task: &Task, signal: Signal) -> Stopped {
        Stopped { signal, stage: task.progress().stage, kept: task.kept() }
    }

    /// Says on standard error where the work stopped, what of it is kept and how to go on.
    pub fn say(&self, json: bool) {
        let place = if self.stage.is_empty() { String::new() } else { format!(" at “{}”", self.stage) };
        let kept = match self.kept.is_empty() {
            true => "The same command begins anew.".to_owned(),
            false => self.kept.join(" "),
        };
        let mut err = std::io::stderr();
        let _ = match json {
            true => {
                let value = json!({ "message": "stopped", "stage": self.stage, "kept": self.kept });
                writeln!(err, "{}", json!({ "error": value }))
            }
            false => writeln!(err, "Stopped{place}. {kept}"),
        };
    }
}

/// Follows work in a thread of its own.
pub struct Watch {
    end: Sender<()>,
    thread: Option<JoinHandle<Option<Stopped>>>,
}

impl Watch {
    /// Shows the progress of a task, and asks it to stop when a signal says so.
    pub fn begin(task: Task, at_work: AtWork, show: Show, json: bool) -> Watch {
        let (end, ended) = channel();
        let thread = std::thread::spawn(move || follow(&task, &at_work, show, json, &ended));
        Watch { end, thread: Some(thread) }
    }

    /// Ends with the work; whether it was told to stop.
    pub fn end(mut self) -> Option<Stopped> {
        let _ = self.end.send(());
        self.thread.take().and_then(|thread| thread.join().ok()).flatten()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The work panicked: the line is wiped out before the panic is told.
        let _ = self.end.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(task: &Task, at_work: &AtWork, show: Show, json: bool, ended: &Receiver<()>) -> Option<Stopped> {
    let mut lines = Lines::new(show, Instant::now());
    let mut stopping: Option<(Signal, Instant)> = None;
    loop {
        match ended.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                lines.wipe();
                return stopping.map(|(signal, _)| Stopped::new(task, signal));
            }
        }
        match (stopping, at_work.received()) {
            (None, Some(signal)) => {
                task.cancel();
                stopping = Some((signal, Instant::now()));
            }
            (Some((signal, since)), _) if since.elapsed() >= PATIENCE => {
                lines.wipe();
                Stopped::new(task, signal).say(json);
                std::process::exit(signal.exit_code().into());
            }
            _ => {}
        }
        lines.show(task.progress(), stopping.is_some(), Instant::now());
    }
}

/// What was shown of stages so far.
struct Lines {
    show: Show,
    stage: String,
    /// When the stage was first seen.
    since: Instant,
    /// When a line was last written, and whether it told of this stage.
    written: (Instant, bool),
    /// Characters on the line of a terminal.
    width: usize,
}

impl Lines {
    fn new(show: Show, now: Instant) -> Lines {
        Lines { show, stage: String::new(), since: now, written: (now, false), width: 0 }
    }

    fn show(&mut self, progress: Progress, stopping: bool, now: Instant) {
        if progress.stage != self.stage {
            self.stage.clone_from(&progress.stage);
            self.since = now;
            self.written.1 = false;
        }
        if self.stage.is_empty() || self.show == Show::Nothing {
            return;
        }
        let line = match stopping {
            true => format!("Stopping: {} …", self.stage),
            false => line(&self.stage, progress.fraction, now - self.since),
        };
        if self.show == Show::Line {
            let width = line.chars().count();
            // Spaces wipe out what sticks out of a longer line before.
            let rest = " ".repeat(self.width.saturating_sub(width));
            let _ = write!(std::io::stderr(), "\r{line}{rest}");
            let _ = std::io::stderr().flush();
            self.width = width;
        } else if self.is_due(now) {
            let _ = writeln!(std::io::stderr(), "{line}");
            self.written = (now, true);
        }
    }

    /// Whether a line is to be written where there is no terminal.
    fn is_due(&self, now: Instant) -> bool {
        now - self.written.0 >= if self.written.1 { AGAIN } else { LINES }
    }

    /// Leaves the line of a terminal empty.
    fn wipe(&mut self) {
        if self.width > 0 {
            let _ = write!(std::io::stderr(), "\r{}\r", " ".repeat(self.width));
            let _ = std::io::stderr().flush();
            self.width = 0;
        }
    }
}

/// `Deciding 64000 rows with Draft 42 %, about 3 min left`.
fn line(stage: &str, fraction: f32, since: Duration) -> String {
    if fraction == 0.0 {
        return format!("{stage} …");
    }
    let left = match left(fraction, since) {
        Some(left) => format!(", about {left} left"),
        None => String::new(),
    };
    format!("{stage} {:3.0} %{left}", fraction * 100.0)
}

/// The time left of a stage at its pace so far; `None` while there is too little to tell from.
fn left(fraction: f32, since: Duration) -> Option<String> {
    if !(0.01..1.0).contains(&fraction) || since < Duration::from_secs(2) {
        return None;
    }
    let seconds = since.as_secs_f64() * f64::from((1.0 - fraction) / fraction);
    Some(match seconds {
        s if s < 90.0 => format!("{} s", s.ceil().max(1.0)),
        s if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_the_stage_the_share_and_the_time_left() {
        for (fraction, seconds, expected) in [
            (0.0, 9.0, "Deciding …"),
            (0.005, 9.0, "Deciding   0 %"),
            (0.25, 1.0, "Deciding  25 %"),
            (0.25, 10.0, "Deciding  25 %, about 30 s left"),
            (0.5, 90.0, "Deciding  50 %, about 2 min left"),
            (0.1, 1_000.0, "Deciding  10 %, about 2.5 h left"),
            (0.999, 10.0, "Deciding 100 %, about 1 s left"),
            (1.0, 10.0, "Deciding 100 %"),
        ] {
            assert_eq!(line("Deciding", fraction, Duration::from_secs_f64(seconds)), expected);
        }
    }

    #[test]
    fn without_a_terminal_a_stage_is_told_of_once_and_again_after_a_while() {
        let start = Instant::now();
        let mut lines = Lines::new(Show::Stages, start);
        let mut told = Vec::new();
        for tenths in 0..400u64 {
            let now = start + Duration::from_millis(100 * tenths);
            let stage = match tenths {
                0..=4 => "short",
                5..=19 => "second",
                20..=24 => "passing",
                _ => "long",
            };
            let before = lines.written.0;
            lines.show(Progress { stage: stage.into(), fraction: 0.5 }, false, now);
            if lines.written.0 != before {
                told.push((tenths, stage));
            }
        }
        assert_eq!(told, [(10, "second"), (20, "passing"), (30, "long"), (330, "long")]);
    }
}
