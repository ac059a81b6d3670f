//! The law that row evaluator and interpreter agree bit for bit: generated programs on generated rows, unknowns, errors and
//! everything read included.

use super::{TestRow, context, row};
use crate::language::compiled::Evaluator;
use crate::language::reads::Reads;
use crate::language::*;
use crate::testing::Random;
use crate::value::Value;

/// A generator of programs that are mostly well typed.
pub(super) struct Programs {
    random: Random,
    /// Numeric variables of the program so far.
    locals: usize,
}

impl Programs {
    pub(super) fn new(seed: u64) -> Programs {
        Programs { random: Random::new(seed), locals: 0 }
    }

    fn bool(&mut self, depth: usize) -> String {
        if depth == 0 {
            return (*self.random.pick(&["newbie", "absent", "true", "false", "!newbie", "is_known(missing)", "()"]))
                .to_owned();
        }
        let d = depth - 1;
        match self.random.below(14) {
            0 | 1 => format!("({} && {})", self.bool(d), self.bool(d)),
            2 | 3 => format!("({} || {})", self.bool(d), self.bool(d)),
            4 => format!("!({})", self.bool(d)),
            5 | 6 => {
                let op = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            7 => {
                let op = *self.random.pick(&["==", "!=", "<", ">="]);
                format!("({} {op} {})", self.text(d), self.text(d))
            }
            8 => {
                let items: Vec<String> = (0..self.random.below(4)).map(|_| self.number(d.min(1))).collect();
                format!("({} in [{}])", self.number(d), items.join(", "))
            }
            9 => format!("({} in [\"Web\", {}])", self.text(d), self.text(0)),
            10 => format!("(if {} {{ {} }} else {{ {} }})", self.bool(d), self.bool(d), self.bool(d)),
            11 => format!("({} ?? {})", self.bool(d), self.bool(d)),
            12 => match self.random.below(4) {
                0 => format!("is_known({})", self.number(d)),
                1 => format!("between({}, {}, {})", self.number(d), self.number(0), self.number(0)),
                2 => format!("starts_with({}, \"W\")", self.text(d)),
                _ => format!("({} in {}..={})", self.number(d), self.random.below(5), self.random.below(9)),
            },
            _ => self.bool(0),
        }
    }

    pub(super) fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            const LEAVES: [&str; 24] = [
                "recency",
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
                "score(\"visit\")",
                "score(\"spend\")",
                "score(\"none\")",
                "score(\"broken\")",
                "hour()",
                "contacts(7)",
                "contacts(30)",
                "days_since(\"click\")",
                "days_since(\"accept\")",
            ];
            if self.locals > 0 && self.random.chance(0.3) {
                return format!("v{}", self.random.below(self.locals));
            }
            return (*self.random.pick(&LEAVES)).to_owned();
        }
        let d = depth - 1;
        match self.random.below(9) {
            0..=3 => {
                let op = *self.random.pick(&["+", "-", "*", "/", "%", "**"]);
                format!("({} {op} {})", self.number(d), self.number(d))
            }
            4 => format!("(-{})", self.number(d)),
            5 => format!("(if {} {{ {} }} else {{ {} }})", self.bool(d), self.number(d), self.number(d)),
            6 => format!("({} ?? {})", self.number(d), self.number(d)),
            7 => {
                let f =
                    *self.random.pick(&["abs", "floor", "ceil", "round", "sqrt", "exp", "ln", "to_float", "to_int"]);
                format!("{f}({})", self.number(d))
            }
            _ => {
                let f = *self.random.pick(&["min", "max"]);
                format!("{f}({}, {})", self.number(d), self.number(d))
            }
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.chance(0.6) {
            let leaves = ["channel", "gone", "band", "\"Web\"", "\"\"", "action.channel", "action.id"];
            return (*self.random.pick(&leaves)).to_owned();
        }
        match self.random.below(3) {
            0 => format!("lower({})", self.text(depth - 1)),
            1 => format!("({} ?? {})", self.text(depth - 1), self.text(0)),
            _ => format!("(if {} {{ {} }} else {{ {} }})", self.bool(depth - 1), self.text(0), self.text(0)),
        }
    }

    pub(super) fn program(&mut self) -> String {
        self.locals = 0;
        let mut text = String::new();
        for _ in 0..self.random.below(3) {
            let value = self.number(2);
            text.push_str(&format!("let v{} = {value}; ", self.locals));
            self.locals += 1;
        }
        if self.locals > 0 && self.random.chance(0.5) {
            let target = self.random.below(self.locals);
            let (condition, value) = (self.bool(1), self.number(1));
            let op = *self.random.pick(&["=", "+=", "-=", "*="]);
            text.push_str(&format!("if {condition} {{ v{target} {op} {value}; }} "));
        }
        text.push_str(&self.bool(4));
        text
    }
}

/// A row with every value drawn, unknowns among them.
pub(super) fn some_row(random: &mut Random) -> TestRow {
    let mut env = row();
    let unknown = |random: &mut Random, value: Value| if random.chance(0.2) { Value::Unknown } else { value };
    let whole = [0, 1, 6, -3, i64::MAX, i64::MIN, 1 << 53];
    let real = [0.0, -0.0, 0.25, 1.0, -7.5, 1e300, 5e-324];
    let texts = ["Web", "Phone", "", "größe"];
    let (a, b, c, d) = (*random.pick(&whole), *random.pick(&real), *random.pick(&texts), random.chance(0.5));
    env.fields[0] = unknown(random, Value::Integer(a));
    env.fields[1] = unknown(random, Value::Number(b));
    env.fields[2] = unknown(random, Value::text(c));
    env.fields[3] = unknown(random, Value::Bool(d));
    let m = *random.pick(&whole);
    env.fields[8] = unknown(random, Value::Integer(m));
    let p = random.unit();
    env.scores[0] = Ok(unknown(random, Value::Number(p)));
    env.candidate.treatment = random.below(2) as u32;
    env
}

/// Bits, not numbers: NaN is itself, 0.0 is not -0.0.
fn bits(result: &Result<Value, String>) -> String {
    match result {
        Ok(Value::Number(x)) => format!("number {:016x}", x.to_bits()),
        other => format!("{other:?}"),
    }
}

#[test]
fn row_evaluator_and_interpreter_agree() {
    let context = context();
    let mut programs = Programs { random: Random::new(2026), locals: 0 };
    let mut rows = Random::new(1);
    let (mut lowered, mut unknown, mut failed, mut kept) = (0, 0, 0, 0);
    for round in 0..6_000 {
        let text = if round % 3 == 0 { programs.number(4) } else { programs.program() };
        let use_ = if round % 3 == 0 { Use::Priority } else { Use::Keep };
        let Ok(compiled) = compile(&text, use_, &context) else { continue };
        assert_eq!(compiled.kind(), Kind::Lowered, "{text}");
        lowered += 1;
        for _ in 0..3 {
            let env = some_row(&mut rows);
            let (mut read_row, mut read_interpreter) = (Reads::default(), Reads::default());
            let row = compiled.run(&env, Some(&mut read_row), Evaluator::Row);
            let interpreter = compiled.run(&env, Some(&mut read_interpreter), Evaluator::Interpreter);
            assert_eq!(bits(&row), bits(&interpreter), "{text}\n{:?}", env.fields);
            assert_eq!(
                format!("{:?}", read_row.into_inner()),
                format!("{:?}", read_interpreter.into_inner()),
                "{text}\n{:?}",
                env.fields
            );
            assert_eq!(bits(&compiled.eval(&env)), bits(&row), "untraced: {text}");
            match row {
                Ok(Value::Unknown) => unknown += 1,
                Ok(_) => kept += 1,
                Err(_) => failed += 1,
            }
        }
    }
    // The generator reaches every kind of answer, often.
    assert!(
        lowered > 4_000 && unknown > 1_000 && failed > 1_000 && kept > 1_000,
        "{lowered} {unknown} {failed} {kept}"
    );
}

/// Texts that reach the limit: whatever a rule says of one, both evaluators say it.
#[test]
fn evaluators_agree_about_long_texts() {
    let context = context();
    let mut env = row();
    for length in [limits::TEXT / 2, limits::TEXT - 1, limits::TEXT] {
        // In upper case it takes half as many bytes again.
        for letter in ["a", "ŉ"] {
            env.fields[2] = Value::text(letter.repeat(length / letter.len()));
            for text in ["channel == \"Web\"", "len(channel) > 3", "lower(channel) == \"a\"", "upper(channel) == \"A\""]
            {
                let compiled = compile(text, Use::Keep, &context).unwrap_or_else(|f| panic!("{f:?}"));
                let row = compiled.run(&env, None, Evaluator::Row);
                assert_eq!(row, compiled.run(&env, None, Evaluator::Interpreter), "{text} of {length} bytes");
            }
        }
    }
}

/// Our engine binds operators as Rhai itself does: without unknowns, a plain engine gives the same answer to any chain.
#[test]
fn precedence_is_rhais_own() {
    let plain = rhai::Engine::new();
    let context = context();
    let env = row();
    let mut random = Random::new(5);
    let mut compared = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        for i in 0..3 + random.below(5) {
            if i > 0 {
                text.push_str(random.pick::<&str>(&[
                    " && ", " || ", " == ", " != ", " < ", " >= ", " + ", " - ", " * ", " ** ", " % ", " ?? ",
                ]));
            }
            text.push_str(random.pick::<&str>(&["true", "false", "1", "2", "3", "!true", "-2", "7"]));
        }
        // Where it compiles here, types fit, and Rhai's own operators mean what ours do.
        let Ok(compiled) = compile(&text, Use::Keep, &context) else { continue };
        let Ok(expected) = plain.eval::<bool>(&text) else { continue };
        assert_eq!(compiled.run(&env, None, Evaluator::Interpreter), Ok(Value::Bool(expected)), "{text}");
        compared += 1;
    }
    assert!(compared > 300, "only {compared} chains were compared");
}
