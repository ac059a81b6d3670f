//! Signatures: the standard's own vectors, the verification table, and that no byte can change unnoticed.

use super::key::{from_hex, to_hex};
use super::*;
use crate::Policy;
use crate::testing::GOLDEN;

fn secret(name: &str, byte: u8) -> SecretKey {
    SecretKey::new(name, &[byte; 32]).unwrap()
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result.unwrap_err() {
        Error::Signature { message } => message,
        other => panic!("{other:?}"),
    }
}

/// RFC 8032, 7.1, tests 1 to 3.
#[test]
fn the_vectors_of_the_standard() {
    let table = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[][..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (seed, public, text, signature) in table {
        let key = SecretKey::new("test", &from_hex(seed).unwrap()).unwrap();
        let expected = PublicKey::new("test", &from_hex(public).unwrap()).unwrap();
        assert_eq!(key.public(), expected);
        assert_eq!(to_hex(&key.sign(text)), signature);
        assert!(expected.verifies(text, &from_hex(signature).unwrap()));
        assert!(!expected.verifies(b"something else", &from_hex(signature).unwrap()));
    }
}

#[test]
fn the_table_of_verification() {
    let (ours, theirs) = (secret("ours", 1), secret("theirs", 2));
    let signed = |files: &Manifest, keys: &[SecretKey]| sign(files, keys).unwrap();
    let policy = Manifest::of_policy(GOLDEN);
    let with_book = policy.clone().with("book.md", b"the book").unwrap();
    let required = || Verification::required(Role::any("release", [ours.public()]));
    let both = || required().and(Role::any("compliance", [theirs.public()]));
    let either = || Verification::required(Role::any("release", [ours.public(), theirs.public()]));
    let one = std::slice::from_ref(&ours);
    let two = [ours.clone(), theirs.clone()];
    // Verification; the keys that signed, or words of the refusal.
    let table: [(Verification, Result<&[&str], &str>); 19] = [
        (Verification::none(), Ok(&[])),
        (required(), Err("not signed, and a signature of `release` is required")),
        (both(), Err("a signature of `release` and `compliance` is required")),
        (Verification::none().with_signature(signed(&policy, one)), Err("no key was given to check it")),
        (required().with_signature(signed(&policy, one)), Ok(&["ours"])),
        (required().with_signature(signed(&policy, &two)), Ok(&["ours"])),
        (both().with_signature(signed(&policy, &two)), Ok(&["ours", "theirs"])),
        (both().with_signature(signed(&policy, one)), Err("no key of `compliance` signed")),
        (either().with_signature(signed(&policy, &two[1..])), Ok(&["theirs"])),
        (required().with_signature(signed(&policy, &two[1..])), Err("no key of `release` signed")),
        (
            Verification::required(Role::any("nobody", [])).with_signature(signed(&policy, one)),
            Err("its keys are none"),
        ),
        (
            required().with_signature(signed(&Manifest::of_policy(b"other"), one)),
            Err("`policy.ron` is not what was signed"),
        ),
        (required().with_signature(signed(&with_book, one)), Err("covers `book.md`, which was not given")),
        (required().with_signature(signed(&with_book, one)).with_file("book.md", b"the book"), Ok(&["ours"])),
        (required().with_signature(signed(&with_book, one)).with_file("book.md", b"a book"), Err("`book.md` is not")),
        (required().with_signature(signed(&policy, one)).with_file("book.md", b""), Err("does not cover `book.md`")),
        (required().with_signature(signed(&policy, one)).with_file("policy.ron", b""), Err("is the policy itself")),
        (required().with_signature("hello"), Err("not a signature of a policy")),
        (required().with_signature(format!("{OPENING}{}", policy.lines())), Err("before any key signed")),
    ];
    for (i, (verification, expected)) in table.into_iter().enumerate() {
        match expected {
            Ok(names) => assert_eq!(Policy::load(GOLDEN, &verification).unwrap().signed_by(), names, "row {i}"),
            Err(words) => {
                let said = message(Policy::load(GOLDEN, &verification));
                assert!(said.contains(words), "row {i}: {said}");
            }
        }
    }
}

#[test]
fn any_flipped_bit_refuses() {
    let key = secret("ours", 1);
    let files = Manifest::of_policy(GOLDEN).with("book.md", b"the book").unwrap();
    let signature = sign(&files, std::slice::from_ref(&key)).unwrap().into_bytes();
    let verification = Verification::required(Role::any("release", [key.public()])).with_file("book.md", b"the book");
    assert!(verification.clone().with_signature(signature.clone()).check(GOLDEN).is_ok());
    for at in 0..signature.len() {
        for bit in 0..8 {
            let mut flipped = signature.clone();
            flipped[at] ^= 1 << bit;
            assert!(verification.clone().with_signature(flipped).check(GOLDEN).is_err(), "bit {bit} of byte {at}");
        }
        assert!(verification.clone().with_signature(&signature[..at]).check(GOLDEN).is_err(), "cut at {at}");
    }
    for more in ["\n", " ", "ed25519 ", "x"] {
        let longer = [&signature[..], more.as_bytes()].concat();
        assert!(verification.clone().with_signature(longer).check(GOLDEN).is_err(), "{more:?} added");
    }
    let verification = verification.with_signature(signature);
    for at in (0..GOLDEN.len()).step_by(7) {
        let mut flipped = GOLDEN.to_vec();
        flipped[at] ^= 1;
        assert!(verification.check(&flipped).is_err(), "byte {at} of the policy");
    }
}

/// A second signature that is not genuine is no matter of "one of them will do".
#[test]
fn a_false_signature_of_a_known_key_refuses_beside_a_genuine_one() {
    let (ours, theirs) = (secret("ours", 1), secret("theirs", 2));
    let text = sign(&Manifest::of_policy(GOLDEN), &[ours.clone(), theirs.clone()]).unwrap();
    let role = || Role::any("release", [ours.public(), theirs.public()]);
    let mut bytes = text.into_bytes();
    let last = bytes.len() - 2;
    bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
    let said = message(Verification::required(role()).with_signature(bytes).check(GOLDEN));
    assert!(said.contains("`theirs`") && said.contains("not genuine"), "{said}");
}

#[test]
fn manifests_and_keys_are_what_they_say() {
    let files = Manifest::of_policy(b"abc");
    assert_eq!(files.lines(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  policy.ron\n");
    for name in ["", "/etc/passwd", "../up", "a//b", "a/./b", "two\nlines", " blank", "policy.ron", "back\\slash"] {
        assert!(files.clone().with(name, b"").is_err(), "{name:?}");
    }
    assert!(sign(&files, &[]).is_err());
    assert!(sign(&files, &[secret("a", 1), secret("b", 1)]).is_err());

    let key = secret("Release manager", 7);
    assert_eq!(SecretKey::parse(&key.to_text()).unwrap().public(), key.public());
    assert_eq!(PublicKey::parse(&key.public().to_text()).unwrap(), key.public());
    assert!(!format!("{key:?}").contains(&to_hex(&[7; 32])), "a secret key does not print itself");
    let public = key.public().to_text();
    let table = [
        (public.clone(), "public key; signing needs"),
        ("hello".into(), "not a key file"),
        (key.to_text().replace("name: ", "nam: "), "damaged"),
        (key.to_text().replace("0707", "070"), "damaged"),
        (key.to_text() + "more", "damaged"),
        (key.to_text().replace("Release manager", " "), "needs a name"),
    ];
    for (text, words) in table {
        let said = message(SecretKey::parse(&text));
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(message(PublicKey::parse(&key.to_text())).contains("this is a secret key"));
    // Keys of small order "verify" signatures that nobody made.
    assert!(
        PublicKey::new("weak", &[0; 32]).is_err()
            && PublicKey::new("weak", &[&[1][..], &[0; 31]].concat().try_into().unwrap()).is_err()
    );
}
