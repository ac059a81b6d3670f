//! The studio, driven by the labels a screen reader would say, without a window and without a GPU.

mod commands;
mod data;
mod export;
mod models;
mod policy;
mod shell;
mod simulate;
#[cfg(feature = "snapshots")]
mod snapshots;
mod support;
