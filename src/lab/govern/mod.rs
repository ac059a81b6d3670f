//! What a reviewer asks of a model or policy beside its value: so far whether the customers of today are still those it was
//! learned from.
//!
//! It measures and names its definitions; it changes nothing and blocks nothing.

pub mod drift;
