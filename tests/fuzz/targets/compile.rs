//! The rule compiler: no text makes it panic or run without end, and whatever compiles gives one answer by the interpreter and by the
//! row evaluator, traced or not, on a few rows derived from the same bytes.
//!
//! The first byte says what the expression is for, the next sixteen make the rows, the rest is its text.
#![no_main]

use attune_fuzz::choices::Choices;
use attune_fuzz::rows::Seen;
use attune_policy::Value;
use attune_policy::language::{self, Context, Use};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CONTEXT: LazyLock<Context> = LazyLock::new(|| Context::new(attune_fuzz::golden()));

const ROWS: usize = 16;

fuzz_target!(|data: &[u8]| {
    let Some((&first, data)) = data.split_first() else { return };
    let (seed, text) = data.split_at(data.len().min(ROWS));
    let Ok(text) = std::str::from_utf8(text) else { return };
    let uses = [Use::Keep, Use::Keep, Use::Keep, Use::Multiplier, Use::Priority, Use::Factor, Use::Number, Use::Name];
    let use_ = uses[usize::from(first) % uses.len()];
    let compiled = match language::compile(text, use_, &CONTEXT) {
        Ok(compiled) => compiled,
        Err(findings) => {
            assert!(findings.iter().any(|finding| finding.is_error()), "refused without an error: {text}");
            return;
        }
    };
    for turn in 0..4u8 {
        // Far rows from few bytes.
        let bytes: Vec<u8> = (0..64u8).map(|i| spread(seed, turn, i)).collect();
        let row = Seen::new(&mut Choices::new(&bytes), CONTEXT.variables(), CONTEXT.models().len());
        let answer = compiled.eval(&row);
        assert_eq!(bits(&answer), bits(&compiled.eval_interpreted(&row)), "row and interpreter: {text}");
        let (traced, read) = compiled.eval_traced(&row);
        assert_eq!(bits(&answer), bits(&traced), "with and without a trace: {text}");
        if answer == Ok(Value::Unknown) {
            let missing = compiled.missing(&row);
            let unknown: Vec<_> = read.iter().filter(|(_, value)| !value.is_known()).map(|(name, _)| name).collect();
            assert_eq!(missing.iter().collect::<Vec<_>>(), unknown, "what was missing: {text}");
        }
    }
});

/// A byte of a row: a hash of its place and the seed (FNV-1a).
fn spread(seed: &[u8], turn: u8, at: u8) -> u8 {
    let bytes = seed.iter().copied().chain([turn, at]);
    let hash = bytes.fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    (hash >> 32) as u8
}

/// An answer in which numbers are equal when their bits are.
fn bits(answer: &Result<Value, String>) -> String {
    match answer {
        Ok(Value::Number(x)) => format!("{:016x}", x.to_bits()),
        other => format!("{other:?}"),
    }
}
