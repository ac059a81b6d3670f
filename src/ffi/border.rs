//! The C functions of `attune.h`, and the only unsafe code of the workspace's libraries. It turns pointers into slices and results
//! into pointers and status codes; what is done between stands elsewhere.
//!
//! *Invariant:* no panic leaves a function of this module: each one does its work inside [`guarded`].
#![allow(unsafe_code)] // raw pointers from C

use crate::decider::Decider;
use crate::refusal::{Kind, Refusal};
use crate::verification::Pieces;
use attune_policy::Verification;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

#[cfg(not(panic = "unwind"))]
compile_error!("panics are caught at the border: build with `panic = \"unwind\"`");

/// A loaded policy, opaque to C. It never changes, so threads may share it.
#[derive(Debug)]
pub struct AttunePolicy(Decider);

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<AttunePolicy>();
};

/// What is asked of a policy's signature, opaque to C.
#[derive(Debug)]
pub struct AttuneVerification(Pieces);

/// How a call ended. The numbers never change.
pub type Status = i32;
/// It worked.
pub const ATTUNE_OK: Status = 0;
/// A pointer that must not be null is null, or a length is more than any memory.
pub const ATTUNE_BAD_ARGUMENT: Status = 1;
/// A text is not UTF-8.
pub const ATTUNE_NOT_UTF8: Status = 2;
/// The policy is refused.
pub const ATTUNE_POLICY_REFUSED: Status = 3;
/// The signature of the policy is refused, or a key.
pub const ATTUNE_SIGNATURE_REFUSED: Status = 4;
/// The request is refused.
pub const ATTUNE_REQUEST_REFUSED: Status = 5;
/// A defect of this library, caught at its border.
pub const ATTUNE_DEFECT: Status = 6;

/// A call that did not work.
struct Failure {
    status: Status,
    message: String,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let status = match refusal.kind {
            Kind::Policy => ATTUNE_POLICY_REFUSED,
            Kind::Signature => ATTUNE_SIGNATURE_REFUSED,
            Kind::Request => ATTUNE_REQUEST_REFUSED,
        };
        Failure { status, message: refusal.message }
    }
}

/// Version of the library, such as "0.1.0": static text that is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn attune_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
    VERSION.as_ptr()
}

/// Loads the `length` bytes of a policy file at `bytes` into `*policy`, which [`attune_policy_free`] frees. Without `verification`
/// no signature is required.
///
/// # Safety
/// `bytes` is null or points at `length` readable bytes; `verification` is null or from [`attune_verification_new`] and not freed;
/// `policy` and `error` are null or point at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_policy_load(
    bytes: *const u8,
    length: usize,
    verification: *const AttuneVerification,
    policy: *mut *mut AttunePolicy,
    error: *mut *mut c_char,
) -> Status {
    let work = || {
        // SAFETY: the caller's promise.
        let (bytes, pieces) = unsafe { (slice(bytes, length, "bytes")?, verification.as_ref()) };
        let verification = pieces.map_or_else(Verification::none, |pieces| pieces.0.verification());
        Ok(Box::into_raw(Box::new(AttunePolicy(Decider::load(bytes, &verification)?))))
    };
    // SAFETY: the caller's promise.
    unsafe { guarded(policy, "policy", error, work) }
}

/// Writes what is known of a policy into `*info`: JSON, which [`attune_string_free`] frees.
///
/// # Safety
/// `policy` is null or from [`attune_policy_load`] and not freed; `info` and `error` are null or point at a pointer that may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_policy_info(
    policy: *const AttunePolicy,
    info: *mut *mut c_char,
    error: *mut *mut c_char,
) -> Status {
    let work = || {
        // SAFETY: the caller's promise.
        let policy = unsafe { loaded(policy) }?;
        Ok(text(policy.info()))
    };
    // SAFETY: the caller's promise.
    unsafe { guarded(info, "info", error, work) }
}

/// Decides for the request in the `length` bytes of JSON at `request` and writes the answer into `*decision`: JSON, which
/// [`attune_string_free`] frees.
///
/// # Safety
/// `policy` is null or from [`attune_policy_load`] and not freed; `request` is null or points at `length` readable bytes;
/// `decision` and `error` are null or point at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_decide(
    policy: *const AttunePolicy,
    request: *const c_char,
    length: usize,
    decision: *mut *mut c_char,
    error: *mut *mut c_char,
) -> Status {
    let work = || {
        // SAFETY: the caller's promise.
        let (policy, request) = unsafe { (loaded(policy)?, slice(request.cast(), length, "request")?) };
        Ok(text(policy.decide(utf8(request, "request")?)?))
    };
    // SAFETY: the caller's promise.
    unsafe { guarded(decision, "decision", error, work) }
}

/// Makes a verification that requires nothing, which [`attune_verification_free`] frees.
///
/// # Safety
/// `verification` and `error` are null or point at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_verification_new(
    verification: *mut *mut AttuneVerification,
    error: *mut *mut c_char,
) -> Status {
    let work = || Ok(Box::into_raw(Box::new(AttuneVerification(Pieces::default()))));
    // SAFETY: the caller's promise.
    unsafe { guarded(verification, "verification", error, work) }
}

/// Requires a signature of `role` by any one of its keys; `key` is the text of a public key's file. Both end with a zero byte.
///
/// # Safety
/// `verification` is null or from [`attune_verification_new`], not freed, and used by no other thread; `role` and `key` are null or
/// point at texts that end with a zero byte; `error` is null or points at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_verification_require(
    verification: *mut AttuneVerification,
    role: *const c_char,
    key: *const c_char,
    error: *mut *mut c_char,
) -> Status {
    let work = |pieces: &mut Pieces| {
        // SAFETY: the caller's promise.
        let (role, key) = unsafe { (ended(role, "role")?, ended(key, "key")?) };
        Ok(pieces.require(role, key)?)
    };
    // SAFETY: the caller's promise.
    unsafe { changed(verification, error, work) }
}

/// Says that the policy comes with a signature: the `length` bytes of its file.
///
/// # Safety
/// `verification` is as in [`attune_verification_require`]; `signature` is null or points at `length` readable bytes; `error` is
/// null or points at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_verification_signature(
    verification: *mut AttuneVerification,
    signature: *const u8,
    length: usize,
    error: *mut *mut c_char,
) -> Status {
    let work = |pieces: &mut Pieces| {
        // SAFETY: the caller's promise.
        pieces.sign(unsafe { slice(signature, length, "signature") }?);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { changed(verification, error, work) }
}

/// Says that the policy comes with another file of the signed set, by its name there, which ends with a zero byte.
///
/// # Safety
/// `verification` is as in [`attune_verification_require`]; `name` is null or points at a text that ends with a zero byte; `bytes`
/// is null or points at `length` readable bytes; `error` is null or points at a pointer that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_verification_file(
    verification: *mut AttuneVerification,
    name: *const c_char,
    bytes: *const u8,
    length: usize,
    error: *mut *mut c_char,
) -> Status {
    let work = |pieces: &mut Pieces| {
        // SAFETY: the caller's promise.
        let (name, bytes) = unsafe { (ended(name, "name")?, slice(bytes, length, "bytes")?) };
        pieces.add_file(name, bytes);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { changed(verification, error, work) }
}

/// Frees a verification; null is nothing to free.
///
/// # Safety
/// `verification` is null or from [`attune_verification_new`], not freed before, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_verification_free(verification: *mut AttuneVerification) {
    if !verification.is_null() {
        // SAFETY: made by `Box::into_raw` in `attune_verification_new`; the caller promises that it is freed once.
        caught(|| drop(unsafe { Box::from_raw(verification) }));
    }
}

/// Frees a policy; null is nothing to free.
///
/// # Safety
/// `policy` is null or from [`attune_policy_load`], not freed before, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_policy_free(policy: *mut AttunePolicy) {
    if !policy.is_null() {
        // SAFETY: made by `Box::into_raw` in `attune_policy_load`; the caller promises that it is freed once.
        caught(|| drop(unsafe { Box::from_raw(policy) }));
    }
}

/// Frees a text of this library: information, decision or error. Null is nothing to free.
///
/// # Safety
/// `text` is null or a text that a function of this library wrote, not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attune_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: made by `CString::into_raw` in `text`; the caller promises that it is freed once.
        caught(|| drop(unsafe { CString::from_raw(text) }));
    }
}

/// Does `work` and hands its result out, or the message of what failed; both are null beforehand. Panics end here.
///
/// # Safety
/// `result` and `error` are null or may be written.
unsafe fn guarded<T>(
    result: *mut *mut T,
    name: &str,
    error: *mut *mut c_char,
    work: impl FnOnce() -> Result<*mut T, Failure>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { put(result, ptr::null_mut()) };
    let done = caught(|| if result.is_null() { Err(null(name)) } else { work() });
    let done = done.map(|done| {
        // SAFETY: the caller's promise; a success had a place to go to.
        done.map(|made| unsafe { put(result, made) })
    });
    // SAFETY: the caller's promise.
    unsafe { told(done, error) }
}

/// Does `work` on a verification. Panics end here.
///
/// # Safety
/// `verification` is null, or lives and is used by nobody else; `error` is null or may be written.
unsafe fn changed(
    verification: *mut AttuneVerification,
    error: *mut *mut c_char,
    work: impl FnOnce(&mut Pieces) -> Result<(), Failure>,
) -> Status {
    // SAFETY: the caller's promise.
    let pieces = unsafe { verification.as_mut() };
    let done = caught(|| work(&mut pieces.ok_or_else(|| null("verification"))?.0));
    // SAFETY: the caller's promise.
    unsafe { told(done, error) }
}

/// The status of what was done, and the words for it: none when it worked.
///
/// # Safety
/// `error` is null or may be written.
unsafe fn told(done: Option<Result<(), Failure>>, error: *mut *mut c_char) -> Status {
    // SAFETY: the caller's promise.
    unsafe { put(error, ptr::null_mut()) };
    let failure = match done {
        Some(Ok(())) => return ATTUNE_OK,
        Some(Err(failure)) => failure,
        None => Failure {
            status: ATTUNE_DEFECT,
            message: "a defect of this library stopped the call; please report it with the policy and the request"
                .into(),
        },
    };
    if !error.is_null() {
        let message = caught(|| text(failure.message)).unwrap_or(ptr::null_mut());
        // SAFETY: the caller's promise.
        unsafe { put(error, message) };
    }
    failure.status
}

/// The result of `work`, or nothing when it panicked. The message of a panic goes to the process's panic hook, standard error as
/// a rule.
fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let work = || {
        #[cfg(test)]
        tests::provoke();
        work()
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // What was thrown could throw again while it is dropped.
            std::mem::forget(payload);
            None
        }
    }
}

/// # Safety
/// `to` is null or may be written.
unsafe fn put<T>(to: *mut *mut T, value: *mut T) {
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(value) };
    }
}

/// # Safety
/// `bytes` is null or points at `length` bytes that nobody writes while the result lives.
unsafe fn slice<'a>(bytes: *const u8, length: usize, name: &str) -> Result<&'a [u8], Failure> {
    if bytes.is_null() {
        return Err(null(name));
    }
    if isize::try_from(length).is_err() {
        let message = format!("`{name}` has a length of {length} bytes, more than any memory: is it negative?");
        return Err(Failure { status: ATTUNE_BAD_ARGUMENT, message });
    }
    // SAFETY: not null, of a length that memory can have; the rest is the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(bytes, length) })
}

/// # Safety
/// `policy` is null or a policy that lives.
unsafe fn loaded<'a>(policy: *const AttunePolicy) -> Result<&'a Decider, Failure> {
    // SAFETY: the caller's promise.
    unsafe { policy.as_ref() }.map(|policy| &policy.0).ok_or_else(|| null("policy"))
}

/// # Safety
/// `text` is null or points at a text that ends with a zero byte and that nobody writes while the result lives.
unsafe fn ended<'a>(text: *const c_char, name: &str) -> Result<&'a str, Failure> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller's promise.
    utf8(unsafe { CStr::from_ptr(text) }.to_bytes(), name)
}

fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (at, length) = (error.valid_up_to(), bytes.len());
        Failure { status: ATTUNE_NOT_UTF8, message: format!("`{name}` is not UTF-8: byte {at} of {length} is wrong") }
    })
}

fn null(name: &str) -> Failure {
    Failure { status: ATTUNE_BAD_ARGUMENT, message: format!("`{name}` is a null pointer") }
}

/// A text for C. JSON and messages hold no zero byte; one that did would end there.
fn text(text: String) -> *mut c_char {
    let text = CString::new(text).unwrap_or_else(|error| {
        let end = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(end);
        CString::new(bytes).unwrap_or_default()
    });
    text.into_raw()
}

#[cfg(test)]
#[path = "border/tests.rs"]
mod tests;
