//! How long a frame takes without a GPU: interface and tessellation, in every workspace, with a million rows loaded, idle and
//! scrolling. It prints; nothing fails by time. `cargo bench -p attune-studio --bench frames [-- ROWS]`.

use attune_session::Session;
use attune_studio::app::{App, Prefs};
use attune_studio::{Workspace, theme};
use egui::{Event, Modifiers, MouseWheelUnit, RawInput, Rect, pos2, vec2};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FRAMES: usize = 300;

struct Headless {
    ctx: egui::Context,
    time: f64,
}

impl Headless {
    /// One frame; its time in milliseconds.
    fn frame(&mut self, app: &mut App, events: Vec<Event>) -> f64 {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1600.0, 1000.0))),
            time: Some(self.time),
            events,
            focused: true,
            ..RawInput::default()
        };
        let began = Instant::now();
        let mut out = self.ctx.run_ui(input, |ui| app.root_ui(ui));
        let shapes = self.ctx.tessellate(std::mem::take(&mut out.shapes), out.pixels_per_point);
        let spent = began.elapsed().as_secs_f64() * 1000.0;
        drop(shapes);
        out.drop_without_applying_deltas();
        spent
    }
}

fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{what:<24} median {:>7.3} ms   p99 {:>7.3} ms   (budget 4 and 8 ms)", at(0.5), at(0.99));
}

fn main() {
    let rows: usize = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("customer,recency,history,channel,segment,visit,spend\n");
    for row in 0..rows {
        let (recency, segment) = (row % 12, ["Mens", "Womens", "None"][row % 3]);
        writeln!(text, "{row},{recency},{}.5,Web,{segment},{},0", row % 900, (row / 7) % 2).expect("text grows");
    }
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, text).expect("a file");
    let mut session =
        Session::create_from_file(&folder.path().join("project"), &file, Arc::new(|| {})).expect("a project");
    assert!(session.wait_idle(Duration::from_secs(600)), "the rows are read");
    let ctx = egui::Context::default();
    theme::install(&ctx);
    let mut app = App::new(&ctx, Prefs::default(), folder.path().join("projects"));
    app.show(session);
    let mut headless = Headless { ctx, time: 0.0 };
    println!("{rows} rows, 1600 × 1000, {FRAMES} frames each");
    for workspace in Workspace::ALL {
        if let Some(open) = &mut app.project {
            open.workspace = workspace;
        }
        for _ in 0..10 {
            headless.frame(&mut app, vec![]);
        }
        report(&format!("{} idle", workspace.name()), (0..FRAMES).map(|_| headless.frame(&mut app, vec![])).collect());
        let scroll = |i: usize| {
            vec![
                Event::PointerMoved(pos2(600.0, 500.0)),
                Event::MouseWheel {
                    unit: MouseWheelUnit::Point,
                    delta: vec2(0.0, if i % 97 == 96 { -200_000.0 } else { -37.0 }),
                    modifiers: Modifiers::NONE,
                    phase: egui::TouchPhase::Move,
                    source: egui::MouseWheelSource::Wheel,
                },
            ]
        };
        report(
            &format!("{} scrolling", workspace.name()),
            (0..FRAMES).map(|i| headless.frame(&mut app, scroll(i))).collect(),
        );
    }
}
