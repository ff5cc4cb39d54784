//! Scenario and replay files that nobody wrote: read or refused with words, never a panic.

use fs_err as fs;
use proptest::prelude::*;
use trilemma_sim::{Replay, Scenario};

const SCENARIO: &str = r#"
schema_version = 1
seed = 7
golden = "golden.jsonl"
replay = ["a.jsonl"]
join = "contains"
[defaults]
first_token_ms = { median = 240, sigma = 0.2, max = 480 }
tokens_per_chunk = { median = 4, sigma = 0.3, max = 8 }
limits = { requests_per_minute = 60, tokens_per_minute = 1000 }
[models."gpt-4o"]
gap_ms = { median = 22, sigma = 0.4, max = 80 }
[[faults]]
kind = "rate_limited"
per_100 = 2
retry_after_s = 0.5
"#;

const GOLDEN: &str = "{\"id\":\"a\",\"input\":\"one\"}\n{\"id\":2,\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"q\"}]}]}\n";
const ANSWERS: &str =
    "{\"id\":\"a\",\"output\":\"x\"}\n{\"id\":2,\"output\":[\"y\",\"z\"],\"finish\":\"length\"}\n";

/// Part of a text replaced.
fn damaged(text: &str, (at, len): (usize, usize), put: &[u8]) -> Vec<u8> {
    let bytes = text.as_bytes();
    let start = at % (bytes.len() + 1);
    let end = (start + len).min(bytes.len());
    [&bytes[..start], put, &bytes[end..]].concat()
}

proptest! {
    #[test]
    fn damaged_scenarios_are_read_or_refused(
        place in (0_usize..600, 0_usize..40),
        put in "[ -~\\n\u{e9}\\x00]{0,12}",
    ) {
        let text = String::from_utf8_lossy(&damaged(SCENARIO, place, put.as_bytes())).into_owned();
        if let Err(error) = Scenario::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn damaged_replays_are_read_or_refused_with_their_file(
        golden in (0_usize..200, 0_usize..20),
        answers in (0_usize..200, 0_usize..20),
        put in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (items, recorded) = (folder.path().join("g.jsonl"), folder.path().join("m.jsonl"));
        fs::write(&items, damaged(GOLDEN, golden, &put)).unwrap();
        fs::write(&recorded, damaged(ANSWERS, answers, &put)).unwrap();
        let mut replay = Replay::new();
        let read = replay.read_golden(&items).and_then(|()| replay.read_answers(&recorded));
        if let Err(error) = read {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn what_is_whole_is_read() {
    assert!(
        Scenario::parse(SCENARIO).is_ok(),
        "{:?}",
        Scenario::parse(SCENARIO).err()
    );
    let folder = tempfile::tempdir().unwrap();
    let (items, recorded) = (folder.path().join("g.jsonl"), folder.path().join("m.jsonl"));
    fs::write(&items, GOLDEN).unwrap();
    fs::write(&recorded, ANSWERS).unwrap();
    let mut replay = Replay::new();
    replay.read_golden(&items).unwrap();
    replay.read_answers(&recorded).unwrap();
    assert_eq!(replay.models(), ["m"]);
}
