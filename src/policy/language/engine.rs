//! The Rhai engine: what of the language is switched on, and every limit. Parses; evaluation is in [`super::sandbox`].
//!
//! The engine is made once and shared. It has no packages: the only functions are those of the table, the operators of
//! [`super::ops`] and the inner ones that [`super::native`] adds. `&&` and `||` are mapped to custom operators while
//! parsing, because Rhai's own insist on true or false; with fast operators off, every other operator and `!` is looked
//! up among the registered ones before Rhai's own, so theirs is the last word too. Undeclared names are the checker's
//! business, which reports all of them, where Rhai's strict variables would stop at the first.

use super::finding::Finding;
use super::native;
use super::source::{At, Source};
use crate::diagnostic::Severity;
use rhai::{AST, Dynamic, Engine, LexError, OptimizationLevel, ParseError, ParseErrorType, Token};
use std::cell::Cell;
use std::sync::LazyLock;

/// The limits of every rule, the same in debug and release builds.
pub mod limits {
    /// Operations of one evaluation.
    pub const OPERATIONS: u64 = 100_000;
    /// Nesting of expressions and statements, a pair of brackets counting two; also the number of operators in one chain.
    pub const DEPTH: usize = 100;
    /// Calls inside calls.
    pub const CALLS: usize = 16;
    /// Variables of the rule's own alive at once.
    pub const VARIABLES: usize = 64;
    /// Functions a rule may define for itself.
    pub const FUNCTIONS: usize = 16;
    /// Nesting of a rule and of those of its own functions that call one another, in nodes of the syntax tree.
    pub const LEVELS: usize = 240;
    /// Calls of a rule's own functions, those inside of them included: each is its body once more.
    pub const INLINED: usize = 200;
    /// Bytes of a text.
    pub const TEXT: usize = 65_536;
    /// Items of a list.
    pub const LIST: usize = 1_000;
    /// Entries of a map.
    pub const MAP: usize = 1_000;
    /// Bytes of the source of a rule.
    pub const SOURCE: usize = 65_536;
    /// Steps of a lowered expression, each over the one before; a longer one runs in the interpreter.
    pub const STEPS: u32 = 400;
    /// Errors reported about one expression, and warnings.
    pub const FINDINGS: usize = 50;
}

/// The inner name of `&&`.
pub const AND: &str = "&&";
/// The inner name of `||`.
pub const OR: &str = "||";

static ENGINE: LazyLock<Engine> = LazyLock::new(build);

thread_local! {
    /// Operations that the evaluation of this thread may take, where a policy allows fewer than the engine.
    static ALLOWED: Cell<u64> = const { Cell::new(limits::OPERATIONS) };
}

/// What ends an evaluation that took all of them; a rule has no value of this type.
#[derive(Clone, Copy, Debug)]
struct RanOut;

/// Lets the next evaluations of this thread take so many operations.
pub fn allow(operations: u64) {
    ALLOWED.set(operations);
}

/// Whether an evaluation was ended because it took all operations it was allowed.
pub fn ran_out(token: &Dynamic) -> bool {
    token.is::<RanOut>()
}

/// The shared engine.
pub fn engine() -> &'static Engine {
    &ENGINE
}

fn build() -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_fast_operators(false)
        .set_allow_anonymous_fn(false)
        .set_fail_on_invalid_map_property(false)
        .set_max_operations(limits::OPERATIONS)
        .set_max_expr_depths(limits::DEPTH, limits::DEPTH)
        .set_max_call_levels(limits::CALLS)
        .set_max_variables(limits::VARIABLES)
        .set_max_functions(0)
        .set_max_string_size(limits::TEXT)
        .set_max_array_size(limits::LIST)
        .set_max_map_size(limits::MAP)
        .on_progress(|taken| (taken > ALLOWED.get()).then(|| Dynamic::from(RanOut)))
        .on_print(|_| {})
        .on_debug(|_, _, _| {});
    for word in ["eval", "fn", "private", "try", "catch", "throw", "import", "export", "this"] {
        engine.disable_symbol(word);
    }
    for (symbol, token) in [(AND, Token::And), (OR, Token::Or)] {
        engine.disable_symbol(symbol);
        let precedence = token.precedence().map_or(1, |p| p.get());
        // Cannot fail: the symbol is disabled and the precedence is not zero. Were it to, every `&&` would be refused.
        let _ = engine.register_custom_operator(symbol, precedence);
    }
    // `disable_symbol` alone has the tokenizer hand out custom tokens; the mapping states it where Rhai asks for it.
    #[expect(deprecated)] // Rhai's mark for volatile, not for going away
    engine.on_parse_token(|token, _, _| match token {
        Token::And => Token::Custom(Box::new(AND.into())),
        Token::Or => Token::Custom(Box::new(OR.into())),
        other => other,
    });
    native::register(&mut engine);
    engine
}

/// Parses `source`; a syntax error is one finding.
pub fn parse(source: &Source<'_>) -> Result<AST, Finding> {
    let start = At { line: 1, column: 1 };
    if source.text.len() > limits::SOURCE {
        let message = format!("the expression is longer than {} bytes; split it into several rules", limits::SOURCE);
        return Err(source.finding(Severity::Error, start, message));
    }
    if source.is_empty() {
        return Err(source.finding(Severity::Error, start, "the expression is empty; write a condition".to_owned()));
    }
    engine().compile(source.text).map_err(|error| {
        let at = place(&error, source);
        let message = words(&error, at, source);
        source.finding(Severity::Error, at, message)
    })
}

/// Where a syntax error is; at the end of the text when Rhai does not say.
fn place(error: &ParseError, source: &Source<'_>) -> At {
    if error.position().is_none() { source.end() } else { At::from(error.position()) }
}

/// A syntax error in the words of this house, with the likely fix.
fn words(error: &ParseError, at: At, source: &Source<'_>) -> String {
    let word = source.word(at).unwrap_or("");
    let before = source.word_before(at).unwrap_or("");
    for found in [word, before] {
        match found.to_ascii_lowercase().as_str() {
            "and" => return "`and` is written `&&`".to_owned(),
            "or" => return "`or` is written `||`".to_owned(),
            "not" => return "`not` is written `!`".to_owned(),
            "null" | "nil" => {
                return format!("`{found}` does not exist; to ask for a missing value write `!is_known(x)`");
            }
            _ => {}
        }
    }
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => {
            "the expression ends too early; an operand or a closing bracket is missing".to_owned()
        }
        ParseErrorType::ExprTooDeep => {
            format!("the expression is nested more than {} levels deep; split it with `let`", limits::DEPTH)
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) => "this text is not closed; add a `\"`".to_owned(),
        ParseErrorType::BadInput(LexError::MalformedChar(text)) => {
            format!("texts stand in double quotes; write \"{}\"", text.trim_matches('\''))
        }
        ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, _)) if symbol == "=" => {
            "`=` sets a variable; to compare write `==`".to_owned()
        }
        ParseErrorType::BadInput(LexError::ImproperSymbol(symbol, text)) if text.contains("disabled") => {
            format!("`{symbol}` is not available in rules")
        }
        ParseErrorType::Reserved(word) if word == "fn" => {
            "a function is written before the expression, outside of any block: `fn name(a, b) { … }`".to_owned()
        }
        ParseErrorType::Reserved(word) => format!("`{word}` is not available in rules"),
        ParseErrorType::UnknownOperator(symbol) => format!("`{symbol}` is not an operator"),
        ParseErrorType::MissingToken(token, why) if token == ";" => {
            let _ = why;
            if word.is_empty() {
                "an operator is missing here".to_owned()
            } else {
                format!("an operator is missing before `{word}`; conditions are joined with `&&` or `||`")
            }
        }
        ParseErrorType::MissingToken(token, why) => format!("`{token}` is missing {why}"),
        ParseErrorType::TooManyFunctions | ParseErrorType::WrongFnDefinition => {
            "a function is written before the expression, outside of any block: `fn name(a, b) { … }`".to_owned()
        }
        ParseErrorType::LiteralTooLarge(what, max) => format!("{what} is larger than the limit of {max}"),
        ParseErrorType::AssignmentToInvalidLHS(_) | ParseErrorType::AssignmentToConstant(_) => {
            "only a variable made with `let` can be set; to compare write `==`".to_owned()
        }
        other => lower_first(&other.to_string()),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |c| c.to_lowercase().chain(chars).collect())
}
