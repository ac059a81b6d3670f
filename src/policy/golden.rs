//! The golden file of format 1.0, which is never edited again: it loads, decides what it always decided, and whatever
//! happens to its bytes is refused without harm.

mod current;

use crate::contact::EventKind;
use crate::reason::Step;
use crate::testing::{GOLDEN, HOUR, Random, event, sample};
use crate::*;

/// Written down when the format was released.
const REVISION: &str = "093285184662a32777787da6bf26f77337d1cdc52cb0ade206fc5413a372e5ff";

/// 2008-03-25T00:00:00Z.
const NOW: i64 = 1_206_403_200_000;

fn request(subject: &str, fields: [Value; 7]) -> Request {
    Request {
        decision_id: "1".into(),
        subject: subject.into(),
        now: NOW,
        zone: None,
        fields: fields.into(),
        ..Request::default()
    }
}

/// Recency, spend, consent, recalled, segment, joined, device.
fn row(recency: i64, spend: Value, consent: bool, recalled: Value, segment: Value, device: Value) -> [Value; 7] {
    [Value::Integer(recency), spend, Value::Bool(consent), recalled, segment, Value::Time(0), device]
}

#[test]
fn it_loads_with_its_revision_and_writes_the_same_bytes() {
    let policy = Policy::load(GOLDEN, &Verification::none()).unwrap();
    assert_eq!(policy.revision(), REVISION);
    assert_eq!(policy.warnings(), []);
    assert_eq!(policy.rule_kind("recent_only"), Some(language::Kind::Lowered));
    assert_eq!(policy.why_interpreted("recent_only"), None);
    assert_eq!((policy.rule_kind("paused"), policy.rule_kind("no such rule")), (None, None));
    // In the current format, everything after the header is the same.
    let lines = |text: &str, from| text.lines().skip(from).map(str::to_owned).collect::<Vec<_>>();
    let golden = std::str::from_utf8(GOLDEN).unwrap();
    assert_eq!(lines(&codec::write(policy.document()).unwrap(), 5), lines(golden, 4));
    assert_eq!(policy.format(), version::Version::FIRST);
}

/// Who wins with which priority, or why nobody does. The numbers were computed apart from this code, from the file alone.
#[test]
fn it_decides_what_it_always_decided() {
    let policy = Policy::load(GOLDEN, &Verification::none()).unwrap();
    let (unknown, text) = (|| Value::Unknown, |s: &str| Value::text(s));
    let a = |recalled| row(3, Value::Number(150.0), true, recalled, text("women"), text("phone"));
    let b = || row(6, Value::Unknown, true, Value::Bool(false), text("men"), Value::Unknown);
    let sent = |hours: i64| {
        let mut history = MemoryHistory::default();
        for hour in 1..=hours {
            history.push("ben", event(&sample(), NOW - 24 * hour * HOUR, EventKind::Sent, 0));
        }
        let on_sms = Event { channel: "sms".into(), ..event(&sample(), NOW - 2 * HOUR, EventKind::Delivered, 0) };
        history.push("ben", on_sms);
        history
    };
    let none = || sent(0);
    let empty = MemoryHistory::default;
    let table = [
        (
            "an action on its second treatment",
            request("ben", a(unknown())),
            empty(),
            Some("mens/short"),
            Some(3.540_682_403),
        ),
        (
            "held out of the men's e-mail",
            request("anna", a(unknown())),
            empty(),
            Some("womens/banner"),
            Some(2.395_827_144),
        ),
        ("a recall goes first", request("ben", a(Value::Bool(true))), empty(), Some("recall/plain"), Some(-0.1)),
        (
            "a recall passes the control group",
            request("nora", a(Value::Bool(true))),
            empty(),
            Some("recall/plain"),
            Some(-0.1),
        ),
        ("the control group gets nothing", request("nora", a(unknown())), empty(), None, None),
        (
            "without consent only the text message and the web",
            request("ben", row(3, Value::Number(150.0), false, unknown(), text("women"), text("phone"))),
            empty(),
            Some("mens/short"),
            Some(3.540_682_403),
        ),
        (
            "in the shop only the fallback",
            request("ben", row(10, Value::Number(80.0), true, unknown(), unknown(), text("till"))),
            empty(),
            Some("newsletter/plain"),
            None,
        ),
        (
            "an old address gets the newsletter",
            request("ben", row(10, Value::Number(80.0), true, unknown(), unknown(), unknown())),
            empty(),
            Some("newsletter/plain"),
            Some(0.088),
        ),
        ("missing values", request("ben", b()), empty(), Some("mens/short"), Some(0.755_008_962)),
        ("one text message a day", request("ben", b()), none(), Some("mens/plain"), Some(0.611_633_709)),
        ("tired after a contact this week", request("ben", b()), sent(1), Some("mens/plain"), Some(0.280_816_855)),
        ("two contacts a week", request("ben", b()), sent(2), None, None),
    ];
    for (what, request, history, winner, priority) in table {
        let decision = policy.decide(&request, &history);
        let chosen = decision.chosen.map(|c| format!("{}/{}", policy.names(c).0, policy.names(c).1));
        assert_eq!(chosen.as_deref(), winner, "{what}: {decision:#?}");
        assert_eq!(decision.ranked.first().map(|r| r.priority), priority, "{what}");
        assert!(!decision.degraded, "{what}: {:?}", decision.diagnostics);
    }
}

#[test]
fn its_trace_speaks_in_sentences() {
    let policy = Policy::load(GOLDEN, &Verification::none()).unwrap();
    let fields = row(10, Value::Number(80.0), false, Value::Unknown, Value::Unknown, Value::text("till"));
    let mut history = MemoryHistory::default();
    history.push("ben", event(policy.document(), NOW - HOUR, EventKind::Accept, 2));
    let trace = policy.decide_traced(&request("ben", fields), &history).trace.unwrap();
    let said: Vec<&str> = trace.candidates.iter().map(|c| c.sentence.as_str()).collect();
    assert_eq!(
        said,
        [
            "Removed by the guard “Consent to e-mail”: consent is false, needed true. Its reason: No mail without consent.",
            "Removed by the eligibility rule “Recent buyers only”: recency is 10, needed at most 6. Its reason: Older addresses bounce.",
            "Removed by the guard “Consent to e-mail”: consent is false, needed true. Its reason: No mail without consent.",
            "Removed by the eligibility rule “Recent buyers only”: recency is 10, needed at most 6. Its reason: Older addresses bounce.",
            "Removed by the guard “Consent to e-mail”: consent is false, needed true. Its reason: No mail without consent.",
            "Removed by the guard “Consent to e-mail”: consent is false, needed true. Its reason: No mail without consent.",
        ]
    );
}

#[test]
fn cut_at_any_byte_it_is_refused() {
    for end in 0..GOLDEN.len() {
        let cut = GOLDEN.get(..end).unwrap();
        assert!(matches!(Policy::load(cut, &Verification::none()), Err(Error::File { .. })), "cut after {end} bytes");
    }
}

#[test]
fn changed_anywhere_it_is_refused_or_means_the_same() {
    let original = sample();
    let mut random = Random::new(5);
    for _ in 0..3000 {
        if let Ok(document) = codec::read(&mutated(&mut random, GOLDEN)) {
            assert_eq!(document, original, "a change of meaning kept the revision");
        }
    }
}

/// Changes that would need a matching revision: whatever the parts hold, compiling and deciding do no harm.
#[test]
fn changed_parts_never_panic() {
    let mut random = Random::new(6);
    let text = std::str::from_utf8(GOLDEN).unwrap();
    let (mut parsed, mut decided) = (0, 0);
    for _ in 0..6000 {
        let Ok(changed) = String::from_utf8(mutated(&mut random, GOLDEN)) else { continue };
        let Some(body) = changed.strip_prefix(text.get(..text.find("    id:").unwrap()).unwrap()) else { continue };
        let Ok(document) = codec::parse(&format!("({body}")) else { continue };
        parsed += 1;
        let Ok(policy) = Policy::compile(document) else { continue };
        let fields = row(3, Value::Number(150.0), true, Value::Unknown, Value::text("women"), Value::text("phone"));
        let decision = policy.decide_traced(&request("ben", fields), &NoHistory);
        assert!(decision.fates.iter().all(|f| f.step != Step::Chosen || Some(f.candidate) == decision.chosen));
        let again = codec::write(policy.document()).unwrap();
        assert_eq!(Policy::load(again.as_bytes(), &Verification::none()).unwrap().revision(), policy.revision());
        decided += 1;
    }
    assert!(parsed > 500 && decided > 100, "{parsed} parsed, {decided} decided: the test lost its bite");
}

/// One to three small accidents: a byte changed, a stretch lost, doubled or moved, a number made strange.
fn mutated(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(12)).min(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.next() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let stretch = bytes[at..end].to_vec();
                bytes.splice(at..at, stretch);
            }
            3 => bytes[at] = *random.pick(b"(){}[],:\"0123456789.-eE \n#/"),
            _ => {
                // Where a number stands, another one: numbers parse, so they reach what lies behind the parser.
                let Some(start) = (at..bytes.len()).find(|i| bytes[*i].is_ascii_digit()) else { continue };
                let end = (start..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len());
                let number =
                    random.pick(&["0", "1", "7", "99", "1e308", "1e-308", "4294967295", "9223372036854775807", "-1"]);
                bytes.splice(start..end, number.bytes());
            }
        }
    }
    bytes
}
