//! What the generated programs of [`super::law`] do not reach: texts at the limit, and precedence as Rhai itself has it.

use super::{context, row};
use crate::language::compiled::Evaluator;
use crate::language::*;
use crate::testing::Random;
use crate::value::Value;

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
