//! The loader: no bytes make it panic or run without end, and what it accepts it writes back as it was.
//!
//! The bytes are tried as a file; as a file whose revision was made to fit, so that changed golden files get past it; and as the parts
//! of a document without a header.
#![no_main]

use attune_policy::fingerprint::sha256_hex;
use attune_policy::{Document, Policy, Verification, codec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    load(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(sealed) = sealed(text) {
        load(sealed.as_bytes());
    }
    if let Ok(document) = ron::from_str::<Document>(text) {
        // Numbers that no file can hold are refused when it is written.
        if let Ok(written) = codec::write(&document) {
            let again = codec::read(written.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{written}"));
            assert_eq!(codec::write(&again).expect("it was written before"), written);
            load(written.as_bytes());
        }
    }
});

/// Loads, and holds what is read to what is written.
fn load(bytes: &[u8]) {
    let policy = Policy::load(bytes, &Verification::none());
    let Ok(file) = codec::open(bytes) else {
        assert!(policy.is_err(), "a policy was made of a file that cannot be read");
        return;
    };
    let written = codec::write_approved(&file.document, &file.approvals).expect("what was read can be written");
    let again = codec::open(written.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{written}"));
    assert_eq!(codec::write_approved(&again.document, &again.approvals).expect("twice"), written);
    if let Ok(policy) = policy {
        assert_eq!(policy.approvals(), again.approvals);
        if let Err(error) = Policy::load(written.as_bytes(), &Verification::none()) {
            panic!("a policy that loads is refused when it is written again: {error}");
        }
    }
}

/// The text with the revision of its own content, as it would have if it had been exported so.
fn sealed(text: &str) -> Option<String> {
    let at = text.find("    revision: \"")?;
    let end = at + text.get(at..)?.find('\n')? + 1;
    let (head, body) = (text.get(..at)?, text.get(end..)?);
    // Approvals stand outside the revision too.
    let after = match body.strip_prefix("    approvals: ") {
        Some(_) => body.get(body.find('\n')? + 1..)?,
        None => body,
    };
    let revision = sha256_hex(format!("{head}{after}").as_bytes());
    Some(format!("{head}    revision: \"{revision}\",\n{body}"))
}
