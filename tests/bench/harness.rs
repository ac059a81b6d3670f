//! What the benchmarks share: contenders that take turns, medians with their spread, latencies, and the ratio in the last line.
//! It prints; nothing fails by time. Include it with `#[path = "harness.rs"] mod harness;` and give the target `harness = false`.
//!
//! Every round runs every contender once, so that whatever else the machine does falls on all of them alike. A time is that of
//! one round divided by the operations in it; short rounds (below a millisecond) are seldom interrupted. Arguments after `--`: `rounds=N`
//! (as many as fit into two seconds, 31 to 1,001; fewer where a minute is not enough for 31), `only=TEXT` (contests whose title has it).
#![allow(dead_code)] // each benchmark uses its part

use std::hint::black_box;
use std::time::Instant;

/// One comparison: contenders that do the same work.
pub struct Contest<'a> {
    title: String,
    operation: &'static str,
    operations: u64,
    contenders: Vec<(String, Round<'a>)>,
}

/// One round of a contender; its result is a checksum that keeps the work alive.
type Round<'a> = Box<dyn FnMut() -> u64 + 'a>;

impl<'a> Contest<'a> {
    /// A contest in which every round of every contender does `operations` times one `operation` ("decision", "row").
    pub fn new(title: &str, operation: &'static str, operations: usize) -> Contest<'a> {
        Contest { title: title.to_owned(), operation, operations: operations as u64, contenders: Vec::new() }
    }

    /// Adds a contender. `round` does all operations once and gives a checksum of what it found.
    pub fn add(&mut self, name: &str, round: impl FnMut() -> u64 + 'a) -> &mut Contest<'a> {
        self.contenders.push((name.to_owned(), Box::new(round)));
        self
    }

    /// Runs and prints; `None` when the arguments leave it out. All contenders must give one checksum.
    ///
    /// # Panics
    /// When they do not: what does other work cannot be compared.
    pub fn run(mut self) -> Option<Results> {
        if !wanted(&self.title) {
            return None;
        }
        let began = Instant::now();
        // Warm-up, and the proof that they do the same.
        let sums: Vec<u64> = self.contenders.iter_mut().map(|(_, round)| black_box(round())).collect();
        for ((name, _), sum) in self.contenders.iter().zip(&sums) {
            assert_eq!(*sum, sums[0], "{}: `{name}` and `{}` do not do the same", self.title, self.contenders[0].0);
        }
        let within = |seconds: f64| (seconds / began.elapsed().as_secs_f64().max(1e-9)) as usize;
        let fit = within(2.0).clamp(within(60.0).clamp(3, 31), 1_001);
        let rounds = argument("rounds").and_then(|n| n.parse().ok()).unwrap_or(fit).max(3);
        let mut times = vec![Vec::with_capacity(rounds); self.contenders.len()];
        let mut busy = vec![Vec::with_capacity(rounds); self.contenders.len()];
        for _ in 0..rounds {
            for (((_, round), times), busy) in self.contenders.iter_mut().zip(&mut times).zip(&mut busy) {
                let (began, before) = (Instant::now(), on_processors());
                black_box(round());
                let took = began.elapsed().as_secs_f64() * 1e9;
                times.push(took / self.operations as f64);
                // Shorter ones are seldom brought up to date by the system.
                if took > 2e7 {
                    busy.extend(before.zip(on_processors()).map(|(before, after)| (after - before) / took));
                }
            }
        }
        println!("\n{}, {} × {} per round, {rounds} rounds", self.title, grouped(self.operations), self.operation);
        let mut medians = Vec::new();
        for (((name, _), mut times), mut busy) in self.contenders.into_iter().zip(times).zip(busy) {
            times.sort_by(f64::total_cmp);
            busy.sort_by(f64::total_cmp);
            let (low, median, high) = (at(&times, 0.1), at(&times, 0.5), at(&times, 0.9));
            let cores = if busy.is_empty() { String::new() } else { format!("   cores busy {:.2}", at(&busy, 0.5)) };
            println!("  {name:<44} median {:>10}   10–90 % {:>10} – {}{cores}", time(median), time(low), time(high));
            medians.push((name, median));
        }
        Some(Results { medians })
    }
}

/// Medians of a contest.
pub struct Results {
    medians: Vec<(String, f64)>,
}

impl Results {
    /// Median time of one operation in nanoseconds.
    pub fn median(&self, name: &str) -> f64 {
        self.medians.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no contender is called `{name}`")).1
    }

    /// Prints how many times as long as `fast` the contender `slow` takes, beside what it should be ("≥ 5").
    pub fn ratio(&self, slow: &str, fast: &str, budget: &str) -> &Results {
        let ratio = self.median(slow) / self.median(fast);
        println!("  ratio {slow} / {fast}: {ratio:.2}   (budget {budget})");
        self
    }
}

/// Times `n` single calls and prints median, p99 and the largest, with their ratio; the cost of the clock is taken off.
/// Gives median and p99 in nanoseconds.
pub fn latencies(title: &str, n: usize, mut call: impl FnMut(usize) -> u64, budget: &str) -> Option<(f64, f64)> {
    if !wanted(title) {
        return None;
    }
    for i in 0..n.min(1_000) {
        black_box(call(i));
    }
    let timed = |call: &mut dyn FnMut(usize) -> u64| {
        let mut times: Vec<f64> = (0..n)
            .map(|i| {
                let began = Instant::now();
                black_box(call(i));
                began.elapsed().as_nanos() as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let clock = at(&timed(&mut |_| 0), 0.5);
    let times = timed(&mut call);
    let take = |share: f64| (at(&times, share) - clock).max(0.0);
    let (median, p99) = (take(0.5), take(0.99));
    println!("\n{title}, {} single calls", grouped(n as u64));
    println!(
        "  median {}   p99 {}   p99.9 {}   largest {}",
        time(median),
        time(p99),
        time(take(0.999)),
        time(take(1.0))
    );
    println!("  ratio p99 / median: {:.2}   ({budget})", p99 / median.max(1.0));
    Some((median, p99))
}

/// Times `work` `rounds` times and prints median and spread: for work of milliseconds that has no contender. Gives the median in
/// nanoseconds: of processor time where the system tells it (Linux), which a busy machine stretches less than the clock on the wall.
pub fn timed<T>(title: &str, rounds: usize, mut work: impl FnMut() -> T, budget: &str) -> Option<f64> {
    if !wanted(title) {
        return None;
    }
    black_box(work());
    let mut times: Vec<f64> = (0..rounds.max(3))
        .map(|_| {
            let (wall, cpu) = (Instant::now(), on_processor());
            black_box(work());
            match (cpu, on_processor()) {
                (Some(before), Some(after)) => after - before,
                _ => wall.elapsed().as_secs_f64() * 1e9,
            }
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (low, median, high) = (at(&times, 0.1), at(&times, 0.5), at(&times, 0.9));
    println!("  {title:<44} median {:>10}   10–90 % {:>10} – {}   {budget}", time(median), time(low), time(high));
    Some(median)
}

/// Nanoseconds this thread was on a processor; the system brings it up to date every few milliseconds.
fn on_processor() -> Option<f64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// Nanoseconds that the threads which live now were on processors: a round that ends threads loses theirs.
fn on_processors() -> Option<f64> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?.flatten();
    let each = threads.map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok());
    each.map(|told| told?.split(' ').next()?.parse::<f64>().ok()).sum()
}

/// The value of an argument `name=value` after `--`.
pub fn argument(name: &str) -> Option<String> {
    std::env::args().skip(1).find_map(|arg| Some(arg.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

fn wanted(title: &str) -> bool {
    argument("only").is_none_or(|text| title.contains(&text))
}

/// The value below which a share of sorted times lies.
fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// A time in its own unit.
pub fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

/// A whole number with its digits in threes.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or("")).collect();
    groups.join(",")
}

/// Random numbers from a seed (SplitMix64), the same on every machine.
pub struct Random(u64);

impl Random {
    /// Numbers of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of `items`.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
