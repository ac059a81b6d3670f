//! The command line: one file per command. It reads arguments, calls `attune_lab`, and prints; nothing here decides,
//! trains or values.

mod analyze;
mod attach;
mod budgets;
mod check;
mod compare;
mod conform;
mod console;
mod decide;
mod diff;
mod erase;
mod estimators;
mod evaluate;
mod explain;
mod export;
mod features;
mod import;
mod inputs;
mod interrupt;
mod keeping;
mod keygen;
mod keys;
mod learners;
mod meaning;
mod new;
mod plan;
mod policy;
mod profile;
mod progress;
mod project;
mod prove;
mod refresh;
mod report;
mod rows;
mod run;
mod score;
mod search;
mod sign;
mod simulate;
mod studio;
mod sweep;
mod table;
mod test;
mod trace;
mod train;
mod verify;

use clap::{CommandFactory, Parser, Subcommand};
use console::{Console, Failure, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;

/// Predictive personalization: customer data in, a decision policy out.
#[derive(Parser)]
#[command(
    name = "attune",
    version,
    about,
    long_about = "Predictive personalization: bring customer data, train models, write decision rules over their scores, see on \
                  history what the rules would have done, and export one policy file that any runtime can load.\n\nWithout \
                  a command the studio opens: on the sample project, or on the project folder or data file that is named.",
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found errors, 130 stopped by Ctrl-C (143 by SIGTERM).",
    after_long_help = "Examples:\n  attune                                    the studio on the sample project\n  \
                       attune import customers.csv               what is in a file, and how it would be read\n  \
                       attune import customers.csv shop          a project made from it\n  \
                       attune run shop                           train, simulate, export, report\n  \
                       attune decide shop/policy.ron --input rows.csv --output decisions.csv\n\n\
                       Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found errors, 130 stopped by Ctrl-C (143 by SIGTERM).",
    override_usage = "attune [OPTIONS] [PATH]\n       attune [OPTIONS] <COMMAND>",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Project folder or data file to open in the studio
    path: Option<PathBuf>,
    /// Print the result as JSON on standard output, and errors as a JSON object on standard error; an end of an interval that nothing bounds is
    /// "Infinity" or "-Infinity", what is absent null
    #[arg(long, global = true)]
    json: bool,
    /// Show no progress
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Open(studio::Open),
    New(new::New),
    Import(import::Import),
    Features(features::Features),
    Refresh(refresh::Refresh),
    Profile(profile::ProfileCommand),
    Erase(erase::Erase),
    Train(train::Train),
    Attach(attach::Attach),
    Explain(explain::Explain),
    Evaluate(evaluate::Evaluate),
    Simulate(simulate::Simulate),
    Compare(compare::Compare),
    Sweep(sweep::Sweep),
    Budgets(budgets::Budgets),
    Plan(plan::PlanCommand),
    Search(search::Search),
    Check(check::Check),
    Prove(prove::Prove),
    Export(export::Export),
    Run(run::Run),
    Decide(decide::Decide),
    Score(score::Score),
    Analyze(analyze::Analyze),
    Trace(trace::Trace),
    Test(test::Test),
    Diff(diff::Diff),
    Keygen(keygen::Keygen),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Conform(conform::Conform),
}

/// Runs the command that the arguments name, and says how it ended by exit code.
pub fn main() -> ExitCode {
    // A wrong usage is told in JSON too when JSON was asked for, so the flag is looked for before it is parsed.
    let json = std::env::args_os().any(|argument| argument == "--json");
    if let Err(failure) = first_word_is_known() {
        return Console::new(json, true).fail(&failure);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if json && error.use_stderr() => {
            return Console::new(true, true).fail(&Failure::Usage(first_line(&error.to_string())));
        }
        Err(error) => {
            // Nothing is left to do when even the message cannot be printed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { console::USAGE } else { console::DONE });
        }
    };
    let console = Console::new(cli.json, cli.quiet);
    if let (Some(path), Some(_)) = (&cli.path, &cli.command) {
        let why = format!("`{}` stands before the command; a command is followed by what it works on", path.display());
        return console.fail(&Failure::Usage(why));
    }
    match dispatch(cli, &console) {
        Ok(Outcome::Done) => ExitCode::from(console::DONE),
        Ok(Outcome::CheckFailed) => ExitCode::from(console::CHECK_FAILED),
        Err(failure) => console.fail(&failure),
    }
}

fn dispatch(cli: Cli, console: &Console) -> Result<Outcome, Failure> {
    match cli.command {
        None => match cli.path {
            Some(path) => studio::open(Some(path)),
            None => studio::sample(console),
        },
        Some(Command::Open(command)) => command.run(console),
        Some(Command::New(command)) => command.run(console),
        Some(Command::Import(command)) => command.run(console),
        Some(Command::Features(command)) => command.run(console),
        Some(Command::Refresh(command)) => command.run(console),
        Some(Command::Profile(command)) => command.run(console),
        Some(Command::Erase(command)) => command.run(console),
        Some(Command::Train(command)) => command.run(console),
        Some(Command::Attach(command)) => command.run(console),
        Some(Command::Explain(command)) => command.run(console),
        Some(Command::Evaluate(command)) => command.run(console),
        Some(Command::Simulate(command)) => command.run(console),
        Some(Command::Compare(command)) => command.run(console),
        Some(Command::Sweep(command)) => command.run(console),
        Some(Command::Budgets(command)) => command.run(console),
        Some(Command::Plan(command)) => command.run(console),
        Some(Command::Search(command)) => command.run(console),
        Some(Command::Check(command)) => command.run(console),
        Some(Command::Prove(command)) => command.run(console),
        Some(Command::Export(command)) => command.run(console),
        Some(Command::Run(command)) => command.run(console),
        Some(Command::Decide(command)) => command.run(console),
        Some(Command::Score(command)) => command.run(console),
        Some(Command::Analyze(command)) => command.run(console),
        Some(Command::Trace(command)) => command.run(console),
        Some(Command::Test(command)) => command.run(console),
        Some(Command::Diff(command)) => command.run(console),
        Some(Command::Keygen(command)) => command.run(console),
        Some(Command::Sign(command)) => command.run(console),
        Some(Command::Verify(command)) => command.run(console),
        Some(Command::Conform(command)) => command.run(console),
    }
}

/// The first word names a command, or a folder or file to open; anything else was most likely meant as a command.
fn first_word_is_known() -> Result<(), Failure> {
    let Some(word) = std::env::args_os().skip(1).find(|argument| !argument.to_string_lossy().starts_with('-')) else {
        return Ok(());
    };
    let cli = Cli::command();
    let names: Vec<&str> = cli.get_subcommands().map(|command| command.get_name()).collect();
    let text = word.to_string_lossy();
    if names.contains(&&*text) || PathBuf::from(&word).exists() {
        return Ok(());
    }
    let hint = match attune_policy::suggest::nearest(&text, names.iter().copied()) {
        Some(near) => format!("did you mean `attune {near}`?"),
        None => format!("the commands are {}", names.join(", ")),
    };
    Err(Failure::Usage(format!("`{text}` is no command, and there is no such folder or file; {hint}")))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
