//! The slim runtime: a decision policy as data, and the decision it makes.
//!
#![doc = include_str!("README.md")]
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
pub mod approval;
pub mod arbitration;
pub mod cases;
pub mod check;
pub mod clock;
pub mod codec;
pub mod columns;
pub mod conformance;
pub mod contact;
mod decide;
pub mod decision;
pub mod diagnostic;
pub mod diff;
pub mod document;
pub mod error;
pub mod exploration;
pub mod fingerprint;
#[cfg(test)]
mod golden;
pub mod history;
pub mod holdout;
pub mod instant;
pub mod journal;
pub mod language;
pub mod limits;
pub mod migrate;
pub mod model;
pub mod outcome;
pub mod overrides;
mod plan;
pub mod policy;
pub mod property;
pub mod prove;
pub mod reason;
pub mod recipe;
pub mod request;
pub mod row;
pub mod rule;
pub mod schema;
mod sentence;
pub mod signature;
pub mod suggest;
pub mod table;
#[cfg(test)]
mod testing;
pub mod trace;
pub mod value;
pub mod version;
pub mod zones;

pub use columns::Columns;
pub use decide::{BatchScratch, Lookahead};
pub use decision::{Candidate, Decision};
pub use document::Document;
pub use error::Error;
pub use history::{Event, History, MemoryHistory, NoHistory};
pub use outcome::{Outcome, Scratch};
pub use policy::Policy;
pub use reason::Reason;
pub use request::{Request, Who};
pub use signature::Verification;
pub use value::{Type, Value};
