//! The allocator of the application (`src/main.rs`), for whoever is measured here, peers too.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
