//! What the fuzz targets share: choices read from bytes, and policies, requests, histories and rows made of them.

pub mod choices;
pub mod policies;
pub mod rows;

/// The golden file of format 1.0: small, with every part that format has.
pub const GOLDEN: &[u8] = include_bytes!("../../assets/golden/policy-1.0.ron");

/// Its document.
pub fn golden() -> &'static attune_policy::Document {
    use std::sync::LazyLock;
    static DOCUMENT: LazyLock<attune_policy::Document> =
        LazyLock::new(|| attune_policy::codec::read(GOLDEN).expect("the golden file is read"));
    &DOCUMENT
}
