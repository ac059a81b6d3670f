//! The border from its own side: null pointers, ownership, and panics that are provoked inside every function.

use super::*;
use attune_policy::signature::{Manifest, PublicKey, SecretKey, sign};
use std::cell::Cell;
use std::ffi::CStr;

thread_local! {
    static PROVOKED: Cell<bool> = const { Cell::new(false) };
}

/// Panics, with something that panics again while it is dropped, when a test asked for it.
pub fn provoke() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    if PROVOKED.get() {
        std::panic::panic_any(Grenade);
    }
}

const GOLDEN: &[u8] = include_bytes!("../../../assets/golden/policy-1.0.ron");
const REQUEST: &str = r#"{"subject": "ben", "now": 1206403200000, "fields": {"recency": 3, "consent": true}}"#;

fn load() -> *mut AttunePolicy {
    let (mut policy, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = unsafe { attune_policy_load(GOLDEN.as_ptr(), GOLDEN.len(), ptr::null(), &mut policy, &mut error) };
    assert_eq!((status, policy.is_null(), error.is_null()), (ATTUNE_OK, false, true));
    policy
}

fn taken(text: *mut c_char) -> String {
    let copy = unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    unsafe { attune_string_free(text) };
    copy
}

fn decide(policy: *const AttunePolicy, request: &[u8]) -> (Status, Option<String>, Option<String>) {
    let (mut decision, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = unsafe { attune_decide(policy, request.as_ptr().cast(), request.len(), &mut decision, &mut error) };
    let some = |text: *mut c_char| (!text.is_null()).then(|| taken(text));
    (status, some(decision), some(error))
}

#[test]
fn it_loads_decides_and_frees() {
    let policy = load();
    let (status, decision, error) = decide(policy, REQUEST.as_bytes());
    assert_eq!((status, error), (ATTUNE_OK, None));
    assert_eq!(decision, Decider::load(GOLDEN, &Verification::none()).unwrap().decide(REQUEST).ok());
    let mut info = ptr::null_mut();
    assert_eq!(unsafe { attune_policy_info(policy, &mut info, ptr::null_mut()) }, ATTUNE_OK);
    assert!(taken(info).contains("\"policy\":\"spring_mail\""));
    unsafe { attune_policy_free(policy) };
    assert_eq!(unsafe { CStr::from_ptr(attune_version()) }.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_failure_has_its_status_and_words() {
    let policy = load();
    let table: [(&[u8], Status, &str); 4] = [
        (b"{\"subject\": \"\xff\"}", ATTUNE_NOT_UTF8, "`request` is not UTF-8: byte 13 of 16 is wrong"),
        (b"", ATTUNE_REQUEST_REFUSED, "line 1, column 1: expected a request"),
        (
            b"{\"subject\": 7}",
            ATTUNE_REQUEST_REFUSED,
            "line 1, column 13: `subject`: expected a text, found the number 7",
        ),
        (b"{\"subject\": \"\\u0000\"}", ATTUNE_REQUEST_REFUSED, "the request has no `now`"),
    ];
    for (request, expected, words) in table {
        let (status, decision, error) = decide(policy, request);
        assert_eq!((status, decision), (expected, None));
        let error = error.unwrap();
        assert!(error.starts_with(words), "{error}");
    }
    assert_eq!(
        decide(ptr::null(), REQUEST.as_bytes()),
        (ATTUNE_BAD_ARGUMENT, None, Some("`policy` is a null pointer".into()))
    );
    unsafe {
        let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
        assert_eq!(attune_decide(policy, ptr::null(), 3, &mut out, &mut error), ATTUNE_BAD_ARGUMENT);
        assert_eq!((out.is_null(), taken(error).as_str()), (true, "`request` is a null pointer"));
        let mut error = ptr::null_mut();
        assert_eq!(attune_decide(policy, REQUEST.as_ptr().cast(), 3, ptr::null_mut(), &mut error), ATTUNE_BAD_ARGUMENT);
        assert_eq!(taken(error), "`decision` is a null pointer");
        // Whoever does not ask for words gets none, and nothing else changes.
        assert_eq!(attune_decide(policy, ptr::null(), 3, &mut out, ptr::null_mut()), ATTUNE_BAD_ARGUMENT);
        assert_eq!(
            attune_decide(policy, REQUEST.as_ptr().cast(), usize::MAX, &mut out, ptr::null_mut()),
            ATTUNE_BAD_ARGUMENT
        );
        let mut refused: *mut AttunePolicy = ptr::dangling_mut();
        assert_eq!(
            attune_policy_load(REQUEST.as_ptr(), 9, ptr::null(), &mut refused, &mut error),
            ATTUNE_POLICY_REFUSED
        );
        assert!(refused.is_null(), "a result that failed is null");
        assert!(taken(error).contains("this is not a policy file"));
        assert_eq!(attune_policy_load(ptr::null(), 0, ptr::null(), &mut refused, ptr::null_mut()), ATTUNE_BAD_ARGUMENT);
        assert_eq!(attune_policy_info(ptr::null(), &mut out, ptr::null_mut()), ATTUNE_BAD_ARGUMENT);
        attune_policy_free(ptr::null_mut());
        attune_string_free(ptr::null_mut());
        attune_policy_free(policy);
    }
}

#[test]
fn no_panic_crosses_the_border() {
    let policy = load();
    let (mut loaded, mut out, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    let (mut made, asked) = (ptr::null_mut(), verification());
    std::panic::set_hook(Box::new(|_| {}));
    PROVOKED.set(true);
    let statuses = unsafe {
        [
            attune_policy_load(GOLDEN.as_ptr(), GOLDEN.len(), ptr::null(), &mut loaded, &mut error),
            attune_policy_info(policy, &mut out, &mut error),
            attune_decide(policy, REQUEST.as_ptr().cast(), REQUEST.len(), &mut out, &mut error),
            attune_verification_new(&mut made, &mut error),
            attune_verification_require(asked, c"role".as_ptr(), c"key".as_ptr(), &mut error),
            attune_verification_signature(asked, GOLDEN.as_ptr(), GOLDEN.len(), &mut error),
            attune_verification_file(asked, c"file".as_ptr(), GOLDEN.as_ptr(), GOLDEN.len(), &mut error),
        ]
    };
    // Words could not be made either; with one panic less they are.
    assert_eq!((statuses, error), ([ATTUNE_DEFECT; 7], ptr::null_mut()));
    assert!(loaded.is_null() && out.is_null() && made.is_null());
    let kept = load_kept();
    unsafe {
        // These give nothing back; that they return is what is asked of them.
        attune_string_free(kept);
        attune_policy_free(policy);
        attune_verification_free(asked);
    }
    PROVOKED.set(false);
    let once = || -> Result<*mut c_char, Failure> { panic!("once") };
    let status = unsafe { guarded(&mut out, "out", &mut error, once) };
    let _ = std::panic::take_hook();
    assert_eq!(status, ATTUNE_DEFECT);
    assert!(taken(error).starts_with("a defect of this library stopped the call"));
    // What the provoked calls did not free is freed now.
    unsafe {
        attune_string_free(kept);
        attune_policy_free(policy);
        attune_verification_free(asked);
    }
}

fn verification() -> *mut AttuneVerification {
    let mut verification = ptr::null_mut();
    assert_eq!(unsafe { attune_verification_new(&mut verification, ptr::null_mut()) }, ATTUNE_OK);
    verification
}

/// The table of signatures as a host meets it.
#[test]
fn a_signature_is_asked_for_piece_by_piece() {
    let key = |name: &str, seed: u8| SecretKey::new(name, &[seed; 32]).unwrap();
    let (release, legal, other) = (key("Release", 1), key("Legal", 2), key("Other", 3));
    let files = Manifest::of_policy(GOLDEN).with("book.md", b"# Book").unwrap();
    let signature = sign(&files, &[release.clone(), legal.clone()]).unwrap();
    // Keys required by role, whether the signature and the other file are given, expected status and words.
    let (r, l, o) = (release.public(), legal.public(), other.public());
    type Keys<'a> = &'a [(&'a CStr, &'a PublicKey)];
    let table: [(Keys<'_>, bool, bool, Status, &str); 8] = [
        (&[], false, false, ATTUNE_OK, ""),
        (&[(c"release", &r)], true, true, ATTUNE_OK, ""),
        (&[(c"release", &r), (c"legal", &l)], true, true, ATTUNE_OK, ""),
        (&[(c"release", &o), (c"release", &r)], true, true, ATTUNE_OK, ""),
        (&[(c"release", &r)], false, false, ATTUNE_SIGNATURE_REFUSED, "this policy is not signed"),
        (&[], true, true, ATTUNE_SIGNATURE_REFUSED, "this policy is signed, and no key was given"),
        (&[(c"release", &o)], true, true, ATTUNE_SIGNATURE_REFUSED, "no key of `release` signed this policy"),
        (&[(c"release", &r)], true, false, ATTUNE_SIGNATURE_REFUSED, ""),
    ];
    for (keys, signed, with_file, expected, words) in table {
        let asked = verification();
        let (mut policy, mut error) = (ptr::null_mut(), ptr::null_mut());
        unsafe {
            for (role, key) in keys {
                let key = CString::new(key.to_text()).unwrap();
                assert_eq!(attune_verification_require(asked, role.as_ptr(), key.as_ptr(), ptr::null_mut()), ATTUNE_OK);
            }
            if signed {
                let status = attune_verification_signature(asked, signature.as_ptr(), signature.len(), ptr::null_mut());
                assert_eq!(status, ATTUNE_OK);
            }
            if with_file {
                let status =
                    attune_verification_file(asked, c"book.md".as_ptr(), b"# Book".as_ptr(), 6, ptr::null_mut());
                assert_eq!(status, ATTUNE_OK);
            }
            let status = attune_policy_load(GOLDEN.as_ptr(), GOLDEN.len(), asked, &mut policy, &mut error);
            let said = if error.is_null() { String::new() } else { taken(error) };
            assert_eq!((status, policy.is_null()), (expected, expected != ATTUNE_OK), "{said}");
            assert!(said.contains(words), "{said}");
            attune_policy_free(policy);
            attune_verification_free(asked);
        }
    }
    let asked = verification();
    let mut error = ptr::null_mut();
    unsafe {
        let secret = CString::new(release.to_text()).unwrap();
        let status = attune_verification_require(asked, c"release".as_ptr(), secret.as_ptr(), &mut error);
        assert_eq!(status, ATTUNE_SIGNATURE_REFUSED);
        assert!(taken(error).contains("this is a secret key"));
        let status = attune_verification_require(asked, ptr::null(), secret.as_ptr(), &mut error);
        assert_eq!((status, taken(error).as_str()), (ATTUNE_BAD_ARGUMENT, "`role` is a null pointer"));
        let status = attune_verification_signature(ptr::null_mut(), GOLDEN.as_ptr(), 1, &mut error);
        assert_eq!((status, taken(error).as_str()), (ATTUNE_BAD_ARGUMENT, "`verification` is a null pointer"));
        let status = attune_verification_file(asked, c"\xff".as_ptr(), GOLDEN.as_ptr(), 1, &mut error);
        assert_eq!((status, taken(error).as_str()), (ATTUNE_NOT_UTF8, "`name` is not UTF-8: byte 0 of 1 is wrong"));
        attune_verification_free(asked);
        attune_verification_free(ptr::null_mut());
    }
}

fn load_kept() -> *mut c_char {
    CString::new("kept").unwrap().into_raw()
}

#[test]
fn a_zero_byte_ends_a_text() {
    assert_eq!(taken(text("abc".into())), "abc");
    assert_eq!(taken(text("ab\0c".into())), "ab");
}
