//! What replay costs: `ROWS=1000000 cargo bench -p attune-lab --bench replay`.
//!
//! A log in order of time, ten decisions of each subject among those of all others; five rules, two caps over rolling windows, two actions with a
//! model of 200 trees × 31 leaves each. Beside it in the same run: the scoring of the models alone, on all rows and on those that rules leave, with
//! as many threads, and rules and caps in numpy over the same rows and our scores (`tests/scripts/replay.py`), which must choose the same.
//!
//! Times are medians of three rounds; replay keeps its answer, so that its first round pays for memory that nobody has touched before.
//!
//! `WHOLE=1` makes a whole simulation instead, with baselines, 1,000 resamples and the impact of each rule, and tells what it keeps in memory;
//! with `ACTIONS=60` the fates of ten million rows are more than are kept one by one.

#[path = "allocator.rs"]
mod allocator;
#[path = "harness.rs"]
mod harness;
#[path = "worlds.rs"]
mod worlds;

use attune_lab::data::cells::{Cells, Dictionary};
use attune_lab::data::{Arm, Dataset, Logging, Requests, Role, Roles};
use attune_lab::simulate::replay::NO_ACTION;
use attune_lab::simulate::{Options, Replay, replay, run as simulate};
use attune_lab::task::Task;
use attune_policy::action::{Action, Channel, Direction, Group, Issue, Treatment};
use attune_policy::columns::{Columns, Table};
use attune_policy::contact::{Budget, Cap, CapTarget, EventKind, Measure, Window};
use attune_policy::history::Identity;
use attune_policy::model::{BatchScratch, NoFacts, Rows, Scorer, Scores};
use attune_policy::recipe::Program;
use attune_policy::rule::{Rule, Scope, Stage};
use attune_policy::schema::{Field, Schema};
use attune_policy::{Document, Policy, Type};
use harness::{Random, grouped, time};
use rayon::prelude::*;
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const DAY: u64 = 86_400;

/// Rounds of replay, and of scoring.
const ROUNDS: usize = 3;

/// 2026-03-02T09:00Z.
const START: i64 = 1_772_442_000_000;

const FIELDS: [(&str, Type); 8] = [
    ("recency", Type::Integer),
    ("spend", Type::Number),
    ("consent", Type::Bool),
    ("segment", Type::Text),
    ("age", Type::Integer),
    ("visits", Type::Integer),
    ("opened", Type::Number),
    ("device", Type::Text),
];

const RULES: [(Stage, &str); 5] = [
    (Stage::Guard, "consent"),
    (Stage::Eligibility, "age >= 18"),
    (Stage::Eligibility, "recency <= 11"),
    (Stage::Applicability, r#"device != "till""#),
    (Stage::Suitability, "visits * 2 + 3 > recency"),
];

fn main() {
    let rows = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("replay of {} decisions, {threads} threads", grouped(rows as u64));
    let (dataset, roles, subjects) = world(rows);
    println!("  dataset in memory {:.2} GiB resident", resident("VmRSS"));
    if std::env::var_os("WHOLE").is_some() {
        return whole(&dataset, roles);
    }
    let policy = Policy::compile(document()).unwrap_or_else(|error| panic!("{error}"));

    let n = rows as f64;
    let (ours, [wall, cpu, pass]) = rounds(|| run(&policy, &dataset, &roles, threads));
    let each = |seconds: Spread| time(seconds.median * 1e9 / n);
    println!("\nreplay");
    println!("  total                {wall}   {} per decision", each(wall));
    println!("  on processors        {cpu}   {} per decision", each(cpu));
    println!("  pass over state      {pass}   {} per decision, all threads together (budget ≤ 150 ns)", each(pass));
    println!("  cores busy           {:>10.2}   of {threads}", cpu.median / wall.median);
    println!("  peak resident        {:>10.2} GiB (budget < 3 GiB)", resident("VmHWM"));
    let sent = ours.chosen.iter().filter(|chosen| **chosen != NO_ACTION).count();
    let capped = |id: &str| {
        let cause = ours.causes.list().iter().position(|cause| cause.code() == format!("Cap:{id}"));
        ours.fates.each().iter().filter(|fate| Some(usize::from(fate.cause)) == cause).count()
    };
    println!(
        "  sent {}   stopped by the weekly cap {}, by the cap per action {}",
        grouped(sent as u64),
        grouped(capped("weekly") as u64),
        grouped(capped("same") as u64)
    );

    let needed = needed(&ours);
    let requests = Requests::new(&dataset, &roles, &policy.document().schema).unwrap();
    let all: Vec<u32> = (0..rows as u32).collect();
    let columns = requests.columns(&all).unwrap();
    let alone = |which: &[u32]| {
        let (scores, [wall, cpu]) = rounds(|| scoring(&columns, &policy, which, threads));
        println!("\nscoring alone, two models, {} of {} rows", grouped(which.len() as u64), grouped(rows as u64));
        println!("  total                {wall}");
        let each = time(cpu.median * 1e9 / which.len().max(1) as f64);
        println!("  on processors        {cpu}   {each} per row");
        (wall, cpu, scores)
    };
    let (scoring_all, scoring_all_cpu, _) = alone(&all);
    let (scoring_needed, scoring_needed_cpu, scores) = alone(&needed);

    numpy(&dataset, &roles, subjects, (&needed, &scores), &ours, pass.median);
    drop((columns, scores));

    let (one, [wall_of_one, ..]) = run(&policy, &dataset, &roles, 1);
    assert!(same(&ours, &one), "1 and {threads} threads decide differently");
    println!(
        "\n1 and {threads} threads decide alike: choices, fates, deferrals; 1 thread takes {}",
        time(wall_of_one * 1e9)
    );
    drop(one);

    // The same with something counted over everybody: one pass in order of time.
    let mut everybody = document();
    everybody.budgets = vec![Budget {
        id: "spring".into(),
        name: "Spring".into(),
        scope: Scope::All,
        measure: Measure::Cost,
        event: EventKind::Sent,
        max: Some(0.04 * n),
        min: None,
        reset: None,
        from: Some(START),
        until: Some(START + 90 * DAY as i64 * 1000),
        pacing: Some(0.1),
        enabled: true,
    }];
    let everybody = Policy::compile(everybody).unwrap_or_else(|error| panic!("{error}"));
    assert!(everybody.depends_on(Identity::Global));
    let (together, [wall_together, cpu_together, pass_together]) = run(&everybody, &dataset, &roles, threads);
    println!("\nwith a budget over everybody, in order of time");
    println!(
        "  total {}   pass over state {} per decision   cores busy {:.2}   peak resident {:.2} GiB",
        time(wall_together * 1e9),
        time(pass_together * 1e9 / n),
        cpu_together / wall_together,
        resident("VmHWM")
    );
    let last = together.budgets.iter().rfind(|look| look.at <= together.times.last().copied().unwrap_or(0));
    if let Some((at, state)) = last.and_then(|look| Some((look.at, look.budgets.first()?))) {
        let weeks = (at - START) / (7 * DAY as i64 * 1000) + 1;
        println!(
            "  after {weeks} weeks spent {:.1} of {:.1} that its pace allows",
            state.spent,
            state.pace.unwrap_or(0.0)
        );
    }
    // Rules that fail spare scores: the first pair of ratios is to what two models take for all decisions, the second to what they
    // take for those in which some candidate passes all rules.
    for (which, wall_alone, cpu_alone, budget) in [
        ("all decisions", scoring_all, scoring_all_cpu, "budget ≤ 1.5"),
        ("those that rules leave", scoring_needed, scoring_needed_cpu, "for orientation"),
    ] {
        let (clock, processor) = (wall.median / wall_alone.median, cpu.median / cpu_alone.median);
        println!(
            "  ratio replay / scoring {which}: by the clock {clock:.2}, of processor time {processor:.2}   ({budget})"
        );
    }
}

/// A simulation from end to end, as `attune simulate` makes it.
fn whole(dataset: &Dataset, mut roles: Roles) {
    let mut document = document();
    let actions = std::env::var("ACTIONS").ok().and_then(|actions| actions.parse().ok()).unwrap_or(2);
    for at in document.actions.len()..actions {
        document.actions.push(Action { id: format!("other{at}"), value: 0.1, ..document.actions[at % 2].clone() });
    }
    let policy = Policy::compile(document).unwrap_or_else(|error| panic!("{error}"));
    roles.columns.insert("segment".into(), Role::Action);
    roles.columns.insert("visits".into(), Role::Outcome);
    let sent = |action: &str| Arm::Candidate { action: action.into(), treatment: "mail".into() };
    for (value, arm) in [("men", sent("upgrade")), ("women", sent("winback")), ("both", Arm::NoAction)] {
        roles.arms.insert(value.into(), arm);
    }
    roles.logging = Logging::Randomised(roles.arms.keys().map(|value| (value.clone(), 1.0 / 3.0)).collect());
    let begun = Instant::now();
    let simulation = simulate(&policy, &[], dataset, &roles, &Options::default(), &Task::default());
    let simulation = simulation.unwrap_or_else(|error| panic!("{error}"));
    println!("\nsimulation from end to end, {actions} actions, {} policies", simulation.report.policies.len());
    println!("  total                {:>10}", time(begun.elapsed().as_secs_f64() * 1e9));
    println!("  peak resident        {:>10.2} GiB (budget < 3 GiB at ten million rows)", resident("VmHWM"));
    println!("  fates kept           {:>10}", grouped(simulation.decisions.replay.fates.each().len() as u64));
}

/// A median of seconds, with the least and the most.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    range: (f64, f64),
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, least, most] = [self.median, self.range.0, self.range.1].map(|seconds| time(seconds * 1e9));
        write!(f, "{median:>10} ({least} to {most})")
    }
}

/// Runs rounds one after the other, each after the answer of the one before is gone: the last answer, and what each of its times came to.
fn rounds<T, const N: usize>(mut round: impl FnMut() -> (T, [f64; N])) -> (T, [Spread; N]) {
    let mut times = Vec::new();
    for _ in 1..ROUNDS {
        let (answer, seconds) = round();
        drop(answer);
        times.push(seconds);
    }
    let (answer, seconds) = round();
    times.push(seconds);
    let spread = std::array::from_fn(|which| {
        let mut sorted: Vec<f64> = times.iter().map(|seconds| seconds[which]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Spread { median: sorted[ROUNDS / 2], range: (sorted[0], sorted[ROUNDS - 1]) }
    });
    (answer, spread)
}

/// A replay, and its seconds: by the clock, of processor time, and of its threads in the pass over state.
fn run(policy: &Policy, dataset: &Dataset, roles: &Roles, threads: usize) -> (Replay, [f64; 3]) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let options = Options { baselines: false, bootstrap: 0, impact_rows: 0, ..Options::default() };
    let (begun, cpu) = (Instant::now(), on_processor());
    let answer = pool.install(|| replay(policy, dataset, roles, &options, &Task::default()));
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), on_processor() - cpu);
    let pass = answer.work.state;
    (answer, [wall, cpu, pass])
}

fn same(a: &Replay, b: &Replay) -> bool {
    let bits = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
    (&a.rows, &a.chosen, &a.arm, &a.fates) == (&b.rows, &b.chosen, &b.arm, &b.fates)
        && (&a.fallback, &a.times, &a.deferrals) == (&b.fallback, &b.times, &b.deferrals)
        && bits(&a.propensity, &b.propensity)
        && bits(&a.priority, &b.priority)
}

/// Rows in which a candidate passes every rule, so that its score is needed.
fn needed(replay: &Replay) -> Vec<u32> {
    let rule = |at: usize| replay.causes.list()[at].code().starts_with("Rule:");
    let rules: Vec<bool> = (0..replay.causes.list().len()).map(rule).collect();
    let passes = |row: &u32| replay.fates_at(*row as usize).iter().any(|fate| !rules[usize::from(fate.cause)]);
    (0..replay.rows.len() as u32).filter(passes).collect()
}

/// The scores of both models for some rows, and the seconds that they take, by the clock and of processor time.
fn scoring(columns: &Columns<'_>, policy: &Policy, rows: &[u32], threads: usize) -> ([Vec<f64>; 2], [f64; 2]) {
    let program = Program::compile(&[], &policy.document().schema).unwrap();
    let scorers: Vec<Scorer> =
        policy.document().models.iter().map(|model| Scorer::compile(model, program.columns()).unwrap()).collect();
    let table = Table::new(columns, &program);
    let batches: Vec<_> = scorers.iter().map(|scorer| scorer.batch(&table)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let mut scores = [vec![0.0; rows.len()], vec![0.0; rows.len()]];
    let (begun, cpu) = (Instant::now(), on_processor());
    pool.install(|| {
        let [a, b] = &mut scores;
        let chunks = rows.par_chunks(4_096).zip(a.par_chunks_mut(4_096)).zip(b.par_chunks_mut(4_096));
        chunks.for_each_init(
            || (Scores::default(), BatchScratch::default()),
            |(scores, scratch), ((rows, a), b)| {
                for (batch, out) in batches.iter().zip([a, b]) {
                    batch.score(Rows::List(rows), &NoFacts, scores, scratch);
                    out.copy_from_slice(&scores.values);
                }
            },
        );
    });
    let seconds = [begun.elapsed().as_secs_f64(), on_processor() - cpu];
    (scores, seconds)
}

/// The same rules and caps in numpy; says why where that is not to be had.
fn numpy(
    dataset: &Dataset,
    roles: &Roles,
    subjects: usize,
    (needed, scores): (&[u32], &[Vec<f64>; 2]),
    ours: &Replay,
    pass: f64,
) {
    let rows = dataset.rows();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    let column = |name: &str| dataset.cells(name).unwrap_or_else(|| panic!("no column {name}"));
    let whole = |name: &str| match column(name) {
        Cells::Integer(values) | Cells::Time(values) => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        _ => Vec::new(),
    };
    let codes = |name: &str| match column(name) {
        Cells::Text(dictionary) => dictionary,
        _ => panic!("{name} is no text"),
    };
    let subject = roles.first(Role::Subject).unwrap();
    write("subject", codes(subject).codes.iter().flat_map(|code| code.to_le_bytes()).collect());
    write("time", whole("at"));
    for name in ["recency", "age", "visits"] {
        write(name, whole(name));
    }
    let Cells::Bool(consent) = column("consent") else { panic!("consent is no bool") };
    write("consent", consent.iter().map(|value| u8::from(*value == Some(true))).collect());
    let till = codes("device").values.iter().position(|value| &**value == "till").unwrap() as u32;
    write("till", codes("device").codes.iter().map(|code| u8::from(*code == till)).collect());
    for (at, scores) in scores.iter().enumerate() {
        let mut full = vec![0.0f64; rows];
        needed.iter().zip(scores).for_each(|(row, score)| full[*row as usize] = *score);
        write(&format!("score{at}"), full.iter().flat_map(|x| x.to_le_bytes()).collect());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scripts/replay.py");
    let out =
        Command::new("python3").arg(script).arg(folder.path()).arg(rows.to_string()).arg(subjects.to_string()).output();
    let told = out.ok().filter(|out| out.status.success()).and_then(|out| serde_json::from_slice(&out.stdout).ok());
    let Some(told): Option<serde_json::Value> = told else {
        println!("\nnumpy: python3 with numpy is not to be had here");
        return;
    };
    let theirs = std::fs::read(folder.path().join("chosen.i1")).unwrap();
    let own = ours.chosen.iter().map(|chosen| if *chosen == NO_ACTION { 255 } else { *chosen as u8 });
    let different = own.zip(&theirs).filter(|(own, other)| own != *other).count();
    assert_eq!(different, 0, "numpy chooses differently in {different} rows");
    let (rules, state) = (told["rules"].as_f64().unwrap_or(0.0), told["state"].as_f64().unwrap_or(0.0));
    println!("\nnumpy {}, rules and caps alone, the same choices in all rows", told["numpy"].as_str().unwrap_or(""));
    println!("  rules {}   caps {} per decision", time(rules * 1e9 / rows as f64), time(state * 1e9 / rows as f64));
    println!("  ratio numpy / pass over state: {:.2}   (for orientation)", state / pass);
}

fn document() -> Document {
    let mut random = Random::new(12);
    let action = |id: &str, value: f64, model: &str| Action {
        id: id.into(),
        name: id.into(),
        group: "offers".into(),
        value,
        cost: 0.25,
        propensity: Some(model.into()),
        treatments: vec![Treatment { id: "mail".into(), channel: "email".into(), ..Treatment::default() }],
        ..Action::default()
    };
    let cap = |id: &str, target: CapTarget, limit: u32, days: u64| Cap {
        id: id.into(),
        name: id.into(),
        target,
        event: EventKind::Sent,
        limit: Some(limit),
        window: Window::Rolling(days * DAY),
        ..Cap::default()
    };
    let rules = RULES.iter().enumerate().map(|(i, (stage, expr))| Rule {
        id: format!("r{i}"),
        name: format!("r{i}"),
        stage: *stage,
        scope: Scope::All,
        expr: (*expr).to_owned(),
        ..Rule::default()
    });
    Document {
        id: "replayed".into(),
        name: "Replayed".into(),
        schema: Schema { fields: FIELDS.iter().map(|(name, type_)| Field::new(*name, *type_)).collect() },
        issues: vec![Issue {
            id: "sales".into(),
            weight: 0.0,
            groups: vec![Group { id: "offers".into(), weight: 0.0 }],
        }],
        channels: vec![Channel { id: "email".into(), direction: Direction::Outbound }],
        actions: vec![action("upgrade", 2.0, "m0"), action("winback", 3.0, "m1")],
        rules: rules.collect(),
        models: vec![worlds::boosted("m0", 200, 31, &mut random), worlds::boosted("m1", 200, 31, &mut random)],
        caps: vec![cap("weekly", CapTarget::All, 2, 7), cap("same", CapTarget::Action, 1, 14)],
        ..Document::default()
    }
}

/// A log in order of time, and the number of its subjects.
fn world(rows: usize) -> (Dataset, Roles, usize) {
    let subjects = (rows / 10).max(1);
    let mut random = Random::new(5);
    let mut below = |n: usize| (0..rows).map(|_| random.below(n)).collect::<Vec<usize>>();
    let whole = |values: Vec<usize>, first: i64| Cells::Integer(values.into_iter().map(|x| first + x as i64).collect());
    let parts = |values: Vec<usize>, share: f64| Cells::Number(values.into_iter().map(|x| x as f64 * share).collect());
    let texts = |values: Vec<usize>, names: &[&str]| {
        let names: Vec<std::sync::Arc<str>> = names.iter().map(|name| (*name).into()).collect();
        Cells::Text(Dictionary { codes: values.into_iter().map(|x| x as u32).collect(), values: names.into() })
    };
    let whose: Vec<u32> = below(subjects).into_iter().map(|x| x as u32).collect();
    let names: Vec<std::sync::Arc<str>> = (0..subjects).map(|i| format!("customer {i}").into()).collect();
    let span = 40.0 * DAY as f64 * 1000.0;
    let columns = vec![
        ("customer".to_owned(), Cells::Text(Dictionary { codes: whose, values: names.into() })),
        ("at".to_owned(), Cells::Time((0..rows).map(|i| START + (span * i as f64 / rows as f64) as i64).collect())),
        ("recency".to_owned(), whole(below(12), 1)),
        ("spend".to_owned(), parts(below(20_000), 0.01)),
        ("consent".to_owned(), Cells::Bool(below(100).into_iter().map(|x| Some(x < 95)).collect())),
        ("segment".to_owned(), texts(below(3), &["men", "women", "both"])),
        ("age".to_owned(), whole(below(62), 16)),
        ("visits".to_owned(), whole(below(12), 0)),
        ("opened".to_owned(), parts(below(1 << 20), 1.0 / (1 << 20) as f64)),
        (
            "device".to_owned(),
            texts(below(12).into_iter().map(|x| x.min(3)).collect(), &["till", "laptop", "tablet", "phone"]),
        ),
    ];
    let mut roles = Roles::default();
    for (name, _) in &columns {
        let role = match name.as_str() {
            "customer" => Role::Subject,
            "at" => Role::Time,
            _ => Role::Feature,
        };
        roles.columns.insert(name.clone(), role);
    }
    (Dataset::from_columns("log", columns).unwrap(), roles, subjects)
}

/// GiB of memory by the name that the system gives it; 0 where it does not tell.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / (1 << 20) as f64
}

/// Seconds of processor time of the whole process; 0 where the system does not tell.
fn on_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|x| x.parse::<f64>().ok()).sum::<f64>();
    ticks / 100.0
}
