//! Programs and rows for the law that all evaluators agree: typed programs that reach every node of the graph, and rows in which much is
//! missing, extreme or broken. Everything follows from the seed.

use super::{DAY, NOW, TestRow, event, row};
use crate::contact::EventKind;
use crate::language::Use;
use crate::testing::Random;
use crate::value::Value;

/// A program and what it is for.
#[derive(Clone, Debug)]
pub struct Program {
    pub text: String,
    pub use_: Use,
}

/// Types of the expressions that are generated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Number,
    Text,
    Time,
}

/// A generator of programs that are mostly well typed.
pub struct Programs {
    random: Random,
    /// Variables of the program so far.
    locals: Vec<(String, Kind)>,
    /// Expressions without variables of their own, for programs to have in common.
    pool: Vec<(String, Kind)>,
    /// Whether terms of arbitration may be named.
    terms: bool,
    /// Whether the program has functions of its own.
    functions: bool,
    /// What it gives.
    result: Kind,
}

impl Programs {
    pub fn new(seed: u64) -> Programs {
        Programs {
            random: Random::new(seed),
            locals: Vec::new(),
            pool: Vec::new(),
            terms: false,
            functions: false,
            result: Kind::Bool,
        }
    }

    /// The next program.
    pub fn next(&mut self) -> Program {
        let use_ = match self.random.below(20) {
            0..=10 => Use::Keep,
            11..=14 => Use::Priority,
            15 => Use::Multiplier,
            16 => Use::Factor,
            17 => Use::Number,
            18 => Use::Name,
            _ => Use::Input,
        };
        self.terms = use_ == Use::Priority;
        self.result = match use_ {
            Use::Keep => Kind::Bool,
            Use::Name => Kind::Text,
            Use::Input => *self.random.pick(&[Kind::Bool, Kind::Number, Kind::Text, Kind::Time]),
            _ => Kind::Number,
        };
        self.locals.clear();
        if self.pool.len() > 60 {
            self.pool.clear();
        }
        let mut text = String::new();
        self.functions = self.random.chance(0.15);
        if self.functions {
            self.functions = false;
            let (condition, value) = (self.bool(1), self.number(1));
            self.functions = true;
            text.push_str(&format!(
                "fn odd(a, b) {{ let c = a * 3; if b {{ c = c + 1; }} c % 2 == 1 && {condition} }} fn mix(a) {{ if odd(a, a > 3) {{ a }} else {{ {value} }} }} "
            ));
        }
        for _ in 0..self.random.below(4) {
            text.push_str(&self.statement(2));
        }
        let depth = 1 + self.random.below(4);
        text.push_str(&self.of(self.result, depth));
        Program { text, use_ }
    }

    fn statement(&mut self, depth: usize) -> String {
        match self.random.below(12) {
            0..=3 => {
                let kind = *self.random.pick(&[Kind::Bool, Kind::Number, Kind::Number, Kind::Text, Kind::Time]);
                let value = self.of(kind, depth);
                let name = format!("v{}", self.locals.len());
                let text = format!("let {name} = {value}; ");
                self.locals.push((name, kind));
                text
            }
            4..=6 => self.assignment(depth),
            7 | 8 => {
                let (condition, then) = (self.bool(depth), self.scoped(depth));
                if self.random.chance(0.5) {
                    format!("if {condition} {{ {then}}} ")
                } else {
                    let otherwise = self.scoped(depth);
                    format!("if {condition} {{ {then}}} else {{ {otherwise}}} ")
                }
            }
            9 => {
                let (subject, a, b) = (self.whole(1), self.scoped(1), self.scoped(1));
                format!("switch {subject} {{ 0 | 1 | 6 => {{ {a}}} -3..3 => {{ {b}}} _ => {{ }} }} ")
            }
            10 if self.random.chance(0.5) => {
                let (condition, result) = (self.bool(depth), self.of(self.result, depth));
                format!("if {condition} {{ return {result}; }} ")
            }
            // Outside of what is lowered, now and then.
            10 if self.random.chance(0.2) => {
                let body = self.assignment(1);
                format!("for i in 0..3 {{ {body}}} ")
            }
            _ => format!("{}; ", self.bool(depth)),
        }
    }

    /// Statements in a block of their own.
    fn scoped(&mut self, depth: usize) -> String {
        let outer = self.locals.len();
        let mut text = String::new();
        for _ in 0..1 + self.random.below(2) {
            text.push_str(&if depth == 0 { self.assignment(0) } else { self.statement(depth - 1) });
        }
        self.locals.truncate(outer);
        text
    }

    fn assignment(&mut self, depth: usize) -> String {
        if self.locals.is_empty() {
            return format!("{}; ", self.number(depth));
        }
        let at = self.random.below(self.locals.len());
        let (name, kind) = self.locals[at].clone();
        let value = self.of(kind, depth);
        let op = if kind == Kind::Number { *self.random.pick(&["=", "=", "+=", "-=", "*=", "/="]) } else { "=" };
        format!("{name} {op} {value}; ")
    }

    fn of(&mut self, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Bool => self.bool(depth),
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Time => self.time(depth),
        }
    }

    /// A variable of the program, or an expression from the pool.
    fn known(&mut self, kind: Kind) -> Option<String> {
        let from = if self.random.chance(0.7) { &self.locals } else { &self.pool };
        let fitting: Vec<&String> = from.iter().filter(|(_, k)| *k == kind).map(|(text, _)| text).collect();
        if fitting.is_empty() || !self.random.chance(0.3) {
            return None;
        }
        Some((*self.random.pick(&fitting)).clone())
    }

    fn remember(&mut self, text: String, kind: Kind) -> String {
        let own = text.contains("odd(")
            || text.contains("mix(")
            || self.locals.iter().any(|(name, _)| text.contains(name.as_str()))
            || text.contains("let ");
        let terms =
            ["propensity", "uplift", "lever", "cost", "context_weight", "value"].iter().any(|t| text.contains(t));
        if !own && !terms && text.len() < 120 && self.random.chance(0.2) {
            self.pool.push((text.clone(), kind));
        }
        text
    }

    fn bool(&mut self, depth: usize) -> String {
        if let Some(known) = self.known(Kind::Bool) {
            return known;
        }
        if depth == 0 {
            let leaves = ["newbie", "absent", "true", "false", "!newbie", "is_known(missing)", "()", "action.flag"];
            return (*self.random.pick(&leaves)).to_owned();
        }
        let d = depth - 1;
        if self.functions && self.random.chance(0.2) {
            return format!("odd({}, {})", self.whole(d), self.bool(d));
        }
        let text = match self.random.below(22) {
            0 | 1 => format!("({} && {})", self.bool(d), self.bool(d)),
            2 => format!("({} && {} && {})", self.bool(d), self.bool(d), self.bool(d)),
            3 | 4 => format!("({} || {})", self.bool(d), self.bool(d)),
            5 => format!("!{}", self.bool(d)),
            6 | 7 => {
                let op = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            8 => {
                let op = *self.random.pick(&["==", "!=", "<", ">="]);
                format!("({} {op} {})", self.text(d), self.text(d))
            }
            9 => {
                let op = *self.random.pick(&["==", "!=", "<", "<=", ">"]);
                format!("({} {op} {})", self.time(d), self.time(d))
            }
            10 => {
                let op = *self.random.pick(&["==", "!="]);
                format!("({} {op} {})", self.bool(d), self.bool(d))
            }
            11 => {
                let items: Vec<String> = (0..self.random.below(4)).map(|_| self.number(d.min(1))).collect();
                format!("({} in [{}])", self.number(d), items.join(", "))
            }
            12 => {
                let items: Vec<&str> =
                    (0..self.random.below(5)).map(|_| *self.random.pick(&["0", "1", "6", "-3", "()", "2.5"])).collect();
                format!("({} in [{}])", self.whole(d), items.join(", "))
            }
            13 => format!("({} in [\"Web\", \"größe\", {}])", self.text(d), self.text(0)),
            14 => format!("({} !in [\"Web\", \"a\", \"\"])", self.text(d)),
            15 => format!("(if {} {{ {} }} else {{ {} }})", self.bool(d), self.bool(d), self.bool(d)),
            16 => format!("({} ?? {})", self.bool(d), self.bool(d)),
            17 => match self.random.below(6) {
                0 => format!("is_known({})", self.number(d)),
                1 => format!("between({}, {}, {})", self.number(d), self.number(0), self.number(0)),
                2 => format!("starts_with({}, \"W\")", self.text(d)),
                3 => format!("ends_with({}, {})", self.text(d), self.text(0)),
                4 => format!("contains({}, \"e\")", self.text(d)),
                _ => format!("is_known({})", self.text(d)),
            },
            18 => format!("({} in {}..={})", self.number(d), self.random.below(5), self.random.below(9)),
            19 => {
                let (subject, a, b, guard) = (self.text(0), self.bool(d), self.bool(d), self.bool(0));
                format!("switch {subject} {{ \"Web\" | \"a\" if {guard} => {a}, \"Web\" => {b}, _ => newbie }}")
            }
            20 => {
                let (subject, a, b) = (self.whole(d), self.bool(d), self.bool(d));
                format!(
                    "switch {subject} {{ 6 if newbie => {a}, 1 | -3 => {b}, 0..=6 => true, _ => {} }}",
                    self.bool(0)
                )
            }
            _ => {
                let (value, name) = (self.number(d), format!("w{depth}"));
                let body = self.number(0);
                format!("{{ let {name} = {value}; {name} > {body} }}")
            }
        };
        self.remember(text, Kind::Bool)
    }

    /// A number that is whole by type.
    fn whole(&mut self, depth: usize) -> String {
        let leaves = ["recency", "mens", "contacts(7)", "hour()", "-recency", "len(channel)", "2", "-7", "-mens"];
        if depth == 0 || self.random.chance(0.6) {
            return (*self.random.pick(&leaves)).to_owned();
        }
        let op = *self.random.pick(&["+", "-", "*", "/", "%", "**"]);
        format!("({} {op} {})", self.whole(depth - 1), self.whole(0))
    }

    fn number(&mut self, depth: usize) -> String {
        const LEAVES: [&str; 34] = [
            "recency",
            "recency",
            "history",
            "history",
            "missing",
            "mens",
            "0",
            "1",
            "-1",
            "6",
            "2.5",
            "0.0",
            "1e18",
            "9223372036854775807",
            "0.1",
            "action.value",
            "action.discount",
            "action.weight",
            "score(\"visit\")",
            "score(\"spend\")",
            "score(\"none\")",
            "score(\"broken\")",
            "table(\"rates\")",
            "table(\"torn\")",
            "hour()",
            "weekday()",
            "month()",
            "contacts(7)",
            "contacts(30)",
            "contacts_on(\"email\", 30)",
            "outcomes(\"click\", \"*\", 30)",
            "days_since(\"click\")",
            "days_since(\"accept\")",
            "days_between(born, now())",
        ];
        const TERMS: [&str; 6] = ["propensity", "context_weight", "value", "lever", "cost", "uplift"];
        if let Some(known) = self.known(Kind::Number) {
            return known;
        }
        if depth == 0 {
            if self.terms && self.random.chance(0.3) {
                return (*self.random.pick(&TERMS)).to_owned();
            }
            return (*self.random.pick(&LEAVES)).to_owned();
        }
        let d = depth - 1;
        if self.functions && self.random.chance(0.2) {
            return format!("mix({})", self.whole(d));
        }
        let text = match self.random.below(12) {
            0..=3 => {
                let op = *self.random.pick(&["+", "-", "*", "/", "%", "**"]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            4 => format!("(-{})", self.number(d)),
            5 => format!("(if {} {{ {} }} else {{ {} }})", self.bool(d), self.number(d), self.number(d)),
            6 => format!("({} ?? {})", self.number(d), self.number(d)),
            7 | 8 => {
                let f =
                    *self.random.pick(&["abs", "floor", "ceil", "round", "sqrt", "exp", "ln", "to_float", "to_int"]);
                format!("{f}({})", self.number(d))
            }
            9 => match self.random.below(4) {
                0 => format!("contacts({})", self.number(d)),
                1 => format!("outcomes(\"sent\", {}, {})", self.text(0), self.number(0)),
                2 => format!("len({})", self.text(d)),
                _ => format!("days_between({}, {})", self.time(d), self.time(0)),
            },
            10 => format!("clamp({}, {}, {})", self.number(d), self.number(0), self.number(0)),
            _ => {
                let f = *self.random.pick(&["min", "max"]);
                format!("{f}({}, {})", self.number(d), self.number(d))
            }
        };
        self.remember(text, Kind::Number)
    }

    fn text(&mut self, depth: usize) -> String {
        if let Some(known) = self.known(Kind::Text) {
            return known;
        }
        if depth == 0 || self.random.chance(0.4) {
            let leaves = [
                "channel",
                "channel",
                "gone",
                "band",
                "\"Web\"",
                "\"\"",
                "action.channel",
                "action.id",
                "table(\"labels\")",
            ];
            return (*self.random.pick(&leaves)).to_owned();
        }
        let text = match self.random.below(4) {
            0 | 1 => {
                let f = *self.random.pick(&["lower", "upper", "trim"]);
                format!("{f}({})", self.text(depth - 1))
            }
            2 => format!("({} ?? {})", self.text(depth - 1), self.text(0)),
            _ => format!("(if {} {{ {} }} else {{ {} }})", self.bool(depth - 1), self.text(0), self.text(depth - 1)),
        };
        self.remember(text, Kind::Text)
    }

    fn time(&mut self, depth: usize) -> String {
        if let Some(known) = self.known(Kind::Time) {
            return known;
        }
        if depth == 0 || self.random.chance(0.6) {
            let leaves =
                ["born", "now()", "date(\"2026-01-31\")", "date(\"2026-01-21T23:30:00Z\")", "date(channel)", "born"];
            return (*self.random.pick(&leaves)).to_owned();
        }
        match self.random.below(2) {
            0 => format!("({} ?? {})", self.time(depth - 1), self.time(0)),
            _ => format!("(if {} {{ {} }} else {{ {} }})", self.bool(depth - 1), self.time(0), self.time(0)),
        }
    }
}

/// A generator of rows with every value drawn, a quarter of them missing.
pub struct Rows {
    random: Random,
}

impl Rows {
    pub fn new(seed: u64) -> Rows {
        Rows { random: Random::new(seed) }
    }

    /// The next row: one request, as its first candidate sees it.
    pub fn next(&mut self) -> TestRow {
        let whole = [0, 1, 6, -3, 7, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1];
        let real = [0.0, -0.0, 0.25, 1.0, 6.0, -7.5, 142.5, 1e300, 5e-324, 9_007_199_254_740_993.0];
        let texts = ["Web", "Phone", "", "größe", " Web ", "ΑΣ", "2026-02-01", "Web"];
        let mut env = row();
        for field in 0..env.fields.len() {
            let value = match field {
                0 | 8 => Value::Integer(*self.random.pick(&whole)),
                1 | 4 => Value::Number(*self.random.pick(&real)),
                2 | 7 => Value::text(*self.random.pick(&texts)),
                9 => Value::text(*self.random.pick(&["low", "high"])),
                6 => Value::Time(NOW - *self.random.pick(&[0, 10, -1, 1_000]) * DAY),
                _ => Value::Bool(self.random.chance(0.5)),
            };
            env.fields[field] = self.unless_missing(value);
        }
        let score = Value::Number(self.random.unit());
        env.scores[0] = Ok(self.unless_missing(score));
        if self.random.chance(0.7) {
            env.scores[2] = Ok(Value::Number(0.5));
            env.tables[2] = Ok(Value::Number(*self.random.pick(&real)));
        }
        let rate = Value::Number(*self.random.pick(&real));
        env.tables[0] = Ok(self.unless_missing(rate));
        let label = Value::text(*self.random.pick(&texts));
        env.tables[1] = Ok(self.unless_missing(label));
        for term in &mut env.terms {
            *term = *self.random.pick(&[0.0, 0.25, 1.0, 20.0, f64::NAN, f64::INFINITY]);
        }
        env.zone = match self.random.below(20) {
            0..=11 => None,
            12..=18 => Some((*self.random.pick(&["America/New_York", "Asia/Tokyo"])).to_owned()),
            _ => Some("Mars/Base".to_owned()),
        };
        env.events.retain(|_| self.random.chance(0.6));
        if self.random.chance(0.3) {
            env.events.push(event(-3, EventKind::Accept, "web"));
        }
        env.candidate.action = 0;
        env.candidate.treatment = self.random.below(2) as u32;
        env
    }

    /// The same request as another candidate sees it.
    pub fn other_candidate(&mut self, row: &TestRow) -> TestRow {
        let mut env = row.clone();
        env.candidate.action = 1 - row.candidate.action;
        env.candidate.treatment = 0;
        for term in &mut env.terms {
            *term = *self.random.pick(&[0.5, 1.0, -2.0]);
        }
        if self.random.chance(0.5) {
            env.tables[0] = Ok(Value::Number(7.0));
        }
        env
    }

    fn unless_missing(&mut self, value: Value) -> Value {
        if self.random.chance(0.26) { Value::Unknown } else { value }
    }
}
