//! The shared library as a C program sees it: `decide.c` is compiled with the system's `cc` against `attune.h` and the library,
//! and its answers are compared with those of the Rust API, byte by byte. Without a C compiler it says so and is skipped, unless `CI` is set.

use attune::{Ask, Decider};
use attune_policy::Verification;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where Cargo leaves the library while it builds tests: beside them.
fn built() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    test.parent().expect("it lies in a folder").to_owned()
}

/// The compiler, or why the test is skipped.
fn compiler(name: &str, default: &str) -> Option<OsString> {
    let compiler = env::var_os(name).unwrap_or_else(|| default.into());
    match Command::new(&compiler).arg("--version").output() {
        Ok(_) => Some(compiler),
        Err(error) if env::var_os("CI").is_some() => panic!("no compiler `{}`: {error}", compiler.display()),
        Err(error) => {
            eprintln!("skipped: no compiler `{}`: {error}", compiler.display());
            None
        }
    }
}

fn library() -> PathBuf {
    let library = built().join(format!("{}attune{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX));
    assert!(library.is_file(), "{} is built beside the test", library.display());
    library
}

/// Compiles `decide.c`; the program finds the library where it lies.
fn program(compiler: &OsString, flags: &[&str], name: &str) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new(compiler);
    command.args(flags).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-pthread", "-g", "-O1"]);
    command.arg("-I").arg(root().join("src/ffi")).arg(root().join("tests/ffi/decide.c")).arg(library());
    command.arg(format!("-Wl,-rpath,{}", built().display())).arg("-o").arg(&program);
    succeeded(&command.output().expect("the compiler runs"));
    program
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
}

fn golden() -> PathBuf {
    root().join("assets/golden/policy-1.0.ron")
}

fn requests() -> PathBuf {
    root().join("tests/ffi/requests.jsonl")
}

/// What the Rust API answers: information on the policy, then one decision per request.
fn expected() -> String {
    let decider =
        Decider::load(&std::fs::read(golden()).expect("the golden policy"), &Verification::none()).expect("it loads");
    let requests = std::fs::read_to_string(requests()).expect("requests");
    let mut lines = vec![decider.info()];
    for request in requests.lines() {
        let answer = decider.decide(request).expect("a request");
        // The way through JSON changes nothing about the decision.
        let Ask { request, events, trace } = Ask::read(&decider, request).expect("a request");
        let policy = decider.policy();
        let decision = if trace { policy.decide_traced(&request, &events) } else { policy.decide(&request, &events) };
        assert_eq!(answer, attune::answer(policy, &request, &decision));
        lines.push(answer);
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_c_program_gets_the_answers_of_the_rust_api() {
    let Some(cc) = compiler("CC", "cc") else { return };
    let program = program(&cc, &["-std=c99"], "decide-c");
    let output = Command::new(&program).arg(golden()).arg(requests()).output().expect("the program runs");
    succeeded(&output);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected());
    let answers = expected();
    for action in ["mens", "womens", "recall"] {
        assert!(answers.contains(&format!(r#""chosen":{{"action":"{action}""#)), "one request chooses {action}");
    }
    assert!(answers.contains(r#""chosen":null"#), "one chooses nothing");
}

#[test]
fn the_header_is_cpp_too() {
    let Some(cxx) = compiler("CXX", "c++") else { return };
    let source = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("header.cpp");
    std::fs::write(&source, "#include \"attune.h\"\nint main() { return attune_version()[0] == 0; }\n")
        .expect("a file");
    let program = source.with_extension("");
    let mut command = Command::new(cxx);
    command.args(["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic"]).arg("-I").arg(root().join("src/ffi"));
    command.arg(&source).arg(library()).arg(format!("-Wl,-rpath,{}", built().display())).arg("-o").arg(&program);
    succeeded(&command.output().expect("the compiler runs"));
    succeeded(&Command::new(program).output().expect("the program runs"));
}

/// Every byte is given back, and none is read that is not there. Valgrind is not always there; the C program's own checks are. Undefined
/// values are not looked for: optimised comparisons of enums read padding, to no effect, which valgrind cannot know.
#[test]
fn valgrind_finds_nothing() {
    let Some(cc) = compiler("CC", "cc") else { return };
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("skipped: valgrind is not installed");
        return;
    }
    let program = program(&cc, &["-std=c99"], "decide-valgrind");
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--undef-value-errors=no", "--error-exitcode=9"]);
    command.args(["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    succeeded(&command.arg(program).arg(golden()).arg(requests()).arg("2").output().expect("valgrind runs"));
}
