//! Attune: the studio, and the command line that does the same work without a window.

mod cli;

/// A frame of the studio frees big meshes, which this allocator gives back at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
