//! Opens the studio on a project folder or a data file: `cargo run -p attune-studio --example studio -- projects/x`.

fn main() {
    let path = std::env::args_os().nth(1).map(std::path::PathBuf::from);
    if let Err(error) = attune_studio::run(path) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
