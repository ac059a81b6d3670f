//! A decision policy as data, and the decision it makes.
//!
//! *Invariant:* this crate reads no clock, does no I/O, spawns no thread, and cannot panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

pub mod action;
pub mod arbitration;
pub mod contact;
pub mod decision;
pub mod diagnostic;
pub mod document;
pub mod error;
pub mod history;
pub mod holdout;
pub mod model;
pub mod reason;
pub mod recipe;
pub mod request;
pub mod rule;
pub mod schema;
pub mod trace;
pub mod value;
