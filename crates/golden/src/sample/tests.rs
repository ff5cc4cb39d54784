use std::fmt::Write as _;
use std::path::PathBuf;

use trilemma_domain::{Input, Message, Role};

use super::strata::allocate;
use super::*;
use crate::testing::data;
use crate::{Format, GoldenErrors, PersonalDataKind, ReadOptions, read_from, write_jsonl};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(name: &str, bytes: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    File {
        _folder: folder,
        path,
    }
}

fn draw(
    name: &str,
    bytes: impl AsRef<[u8]>,
    options: &SampleOptions,
) -> Result<Sample, GoldenErrors> {
    sample(&file(name, bytes).path, options)
}

fn options(n: usize) -> SampleOptions {
    SampleOptions {
        n,
        ..SampleOptions::default()
    }
}

/// Words that have nothing in common with those of another index.
fn words(idx: u64) -> String {
    (0..8_u64).fold(String::new(), |mut text, word| {
        let value = (idx * 31 + word + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        write!(
            text,
            "{:05x} ",
            (value ^ (value >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 44
        )
        .unwrap();
        text
    })
}

fn log(rows: u64) -> String {
    (0..rows).fold(String::new(), |mut text, idx| {
        let kind = if idx % 10 == 0 { "rare" } else { "usual" };
        writeln!(
            text,
            r#"{{"prompt":"{}","kind":"{kind}","user":"u{}","n":{idx}}}"#,
            words(idx),
            idx % 7
        )
        .unwrap();
        text
    })
}

fn texts(sample: &Sample) -> Vec<String> {
    let mut texts: Vec<_> = sample
        .items
        .iter()
        .map(|item| item.input.last_user_text())
        .collect();
    texts.sort();
    texts
}

#[test]
fn strata_get_their_share() {
    let mut options = options(50);
    options.stratify_by = vec!["kind".into()];
    let sample = draw("log.jsonl", log(1000), &options).unwrap();
    assert_eq!(
        (sample.rows, sample.skipped, sample.items.len()),
        (1000, 0, 50)
    );
    let shares: Vec<_> = sample
        .strata
        .iter()
        .map(|s| (s.name.as_str(), s.rows, s.drawn))
        .collect();
    assert_eq!(shares, [("kind=rare", 100, 5), ("kind=usual", 900, 45)]);
    assert_eq!(
        sample
            .items
            .iter()
            .filter(|item| item.extras.tags == ["unlabelled", "kind=rare"])
            .count(),
        5
    );
    assert!(sample.items.iter().all(|item| item.expected.is_none()));
    options.allocation = Allocation::Equal;
    let sample = draw("log.jsonl", log(1000), &options).unwrap();
    assert_eq!(
        sample.strata.iter().map(|s| s.drawn).collect::<Vec<_>>(),
        [25, 25]
    );
}

#[test]
fn the_draw_depends_on_seed_and_content_alone() {
    let forwards = log(500);
    let mut lines: Vec<_> = forwards.lines().collect();
    lines.reverse();
    let backwards = lines.join("\r\n");
    let csv = (0..500).fold("\u{feff}n;prompt\n".to_owned(), |mut text, idx| {
        write!(text, "{idx};\"{}\"\n\n", words(idx)).unwrap();
        text
    });
    let first = texts(&draw("a.jsonl", &forwards, &options(40)).unwrap());
    assert_eq!(first.len(), 40);
    assert_eq!(
        first,
        texts(&draw("a.jsonl", &backwards, &options(40)).unwrap())
    );
    assert_eq!(
        first,
        texts(&draw("a.jsonl", format!("\u{feff}{forwards}"), &options(40)).unwrap())
    );
    assert_eq!(first, texts(&draw("a.csv", csv, &options(40)).unwrap()));
    let other = SampleOptions {
        seed: 1,
        ..options(40)
    };
    assert_ne!(first, texts(&draw("a.jsonl", &forwards, &other).unwrap()));
}

#[test]
fn every_request_is_drawn_as_often() {
    // Request 3 stands in half of the rows and is drawn no more often than the others for that.
    let text: String = (0..40)
        .map(|idx| {
            format!(
                "{{\"prompt\":\"{}\"}}\n",
                words(if idx % 2 == 0 { 3 } else { idx })
            )
        })
        .collect();
    let file = file("log.jsonl", text);
    let mut hits = 0;
    for seed in 0..200 {
        let sample = sample(&file.path, &SampleOptions { seed, ..options(5) }).unwrap();
        assert_eq!(sample.items.len(), 5);
        let wanted = words(3);
        if let Some(item) = sample
            .items
            .iter()
            .find(|item| item.input.last_user_text() == wanted)
        {
            // Twenty even rows, and row 3 itself.
            assert_eq!(item.extras.metadata["log_count"], 21);
            hits += 1;
        }
    }
    // 200 draws of 5 out of 20: 50 expected, standard deviation 6.1.
    assert!((26..=74).contains(&hits), "{hits}");
}

#[test]
fn near_duplicates_are_passed_over() {
    let text: String = (0..60)
        .map(|idx| {
            format!(
                "{{\"prompt\":\"{} {}\"}}\n",
                words(idx % 20),
                ["", ".", "!"][idx as usize % 3]
            )
        })
        .collect();
    let sample = draw("log.jsonl", text, &options(30)).unwrap();
    assert_eq!(sample.items.len(), 20);
    assert_eq!(sample.near_duplicates, 40);
}

#[test]
fn usual_log_shapes_are_understood() {
    let rows = [
        r#"{"id":"r1","body":{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"first question"}],"tools":[{"type":"function","function":{"name":"f"}}]}}"#,
        r#"{"messages":[{"role":"user","content":"second thing"},{"role":"assistant","content":"its answer"}]}"#,
        r#"{"input":"third text","output":"x"}"#,
        r#"{"question":"fourth one"}"#,
        r#"{"note":"nothing asked"}"#,
        r#"{"prompt":"  "}"#,
        "{broken",
    ];
    let sample = draw("log.jsonl", rows.join("\n"), &options(10)).unwrap();
    assert_eq!((sample.items.len(), sample.skipped), (4, 3));
    let problems: Vec<_> = sample.problems.iter().map(ToString::to_string).collect();
    assert!(
        problems[0].contains("line 5: has no column that is known"),
        "{problems:?}"
    );
    assert!(problems[0].contains("there are note"), "{problems:?}");
    assert!(problems[1].contains("line 6: `prompt`: asks nothing"));
    assert!(problems[2].starts_with("line 7, column 2"), "{problems:?}");
    let by_text = |text: &str| {
        let found = sample
            .items
            .iter()
            .find(|item| item.input.last_user_text() == text);
        found.unwrap_or_else(|| panic!("no {text}"))
    };
    assert_eq!(by_text("first question").extras.tools[0].name, "f");
    let second = by_text("second thing");
    assert_eq!(second.extras.metadata["logged_answer"], "its answer");
    assert_eq!(
        second.input,
        Input::Messages(vec![Message::text(Role::User, "second thing")])
    );
    assert!(by_text("third text").id.as_str().starts_with("g-"));
    assert!(!by_text("third text").extras.metadata.contains_key("output"));
}

#[test]
fn columns_can_be_named() {
    let mut options = options(5);
    options.columns = LogColumns {
        input: Some("req.q".into()),
        answer: Some("res".into()),
        id: Some("req.id".into()),
        cluster: Some("session".into()),
        keep: vec!["lang".into()],
    };
    let row =
        r#"{"req":{"q":"what?","id":7},"res":{"a":1},"session":"s1","lang":"de","secret":"x"}"#;
    let sample = draw("log.jsonl", row, &options).unwrap();
    let item = &sample.items[0];
    assert_eq!(
        (item.id.as_str(), item.extras.cluster.as_deref()),
        ("7", Some("s1"))
    );
    assert_eq!(item.extras.metadata["logged_answer"]["a"], 1);
    assert_eq!(item.extras.metadata["lang"], "de");
    assert!(!item.extras.metadata.contains_key("secret"));
    options.columns.input = Some("none".into());
    let errors = draw("log.jsonl", row, &options).unwrap_err().to_string();
    assert!(
        errors.contains("has no `none`") && errors.contains("holds no usable row"),
        "{errors}"
    );
}

#[test]
fn personal_data_is_counted_and_can_be_replaced() {
    let row = r#"{"prompt":"Hi, I am jo@acme.de, call +49 30 1234567","user":"jo@acme.de","id":"jo@acme.de"}"#;
    let mut options = options(5);
    options.columns.cluster = Some("user".into());
    options.columns.id = Some("id".into());
    options.columns.keep = vec!["user".into()];
    options.stratify_by = vec!["user".into()];
    let kept = draw("log.jsonl", row, &options).unwrap();
    assert_eq!(kept.personal_data[&PersonalDataKind::Email], 1);
    assert_eq!(kept.personal_data[&PersonalDataKind::Phone], 1);
    assert!(kept.items[0].input.last_user_text().contains("jo@acme.de"));
    options.redaction = Redaction::Replace;
    let redacted = draw("log.jsonl", row, &options).unwrap();
    assert_eq!(redacted.personal_data, kept.personal_data);
    let mut out = Vec::new();
    write_jsonl(&redacted.items, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        !text.contains("acme") && !text.contains("1234567"),
        "{text}"
    );
    assert!(text.contains("Hi, I am [email], call [phone]"));
}

#[test]
fn what_is_drawn_reads_back_as_a_golden_set() {
    let sample = draw("log.jsonl", log(200), &options(30)).unwrap();
    let mut out = Vec::new();
    write_jsonl(&sample.items, &mut out).unwrap();
    let options = ReadOptions {
        format: Some(Format::Jsonl),
        ..ReadOptions::default()
    };
    let set = read_from(&out[..], "t", &options).unwrap();
    assert_eq!(set.items(), sample.items);
    assert_eq!(set.warnings(), []);
}

#[test]
fn what_cannot_be_drawn_from_is_refused() {
    let many = SampleOptions {
        stratify_by: vec!["n".into()],
        ..options(5)
    };
    let errors = draw("log.jsonl", log(1100), &many).unwrap_err().to_string();
    assert!(
        errors.contains("`n` has more than 1000 different values"),
        "{errors}"
    );
    assert!(
        draw("log.json", "[{\"input\":\"x\"}]", &options(5))
            .unwrap_err()
            .to_string()
            .contains("logs are read as JSONL or CSV")
    );
    assert!(
        draw("log.jsonl", "", &options(5))
            .unwrap_err()
            .to_string()
            .contains("holds no usable row")
    );
    assert!(sample(std::path::Path::new("no/such.jsonl"), &options(5)).is_err());
    let none = draw("log.jsonl", log(10), &options(0)).unwrap();
    assert!(none.items.is_empty());
}

#[test]
fn many_strata_stay_within_bounds() {
    let by_user = SampleOptions {
        stratify_by: vec!["user".into(), "kind".into()],
        ..options(14)
    };
    let sample = draw("log.jsonl", log(700), &by_user).unwrap();
    assert_eq!(sample.strata.len(), 14);
    assert!(
        sample.strata.iter().all(|stratum| stratum.drawn == 1),
        "{:?}",
        sample.strata
    );
    let large = SampleOptions {
        stratify_by: vec!["user".into()],
        ..options(10_000)
    };
    assert_eq!(
        draw("log.jsonl", log(700), &large).unwrap().items.len(),
        700
    );
}

#[test]
fn shares_add_up_and_shortages_are_shared() {
    let check = |n, allocation, sizes: &[(u64, usize)], wanted: &[usize]| {
        assert_eq!(allocate(n, allocation, sizes), wanted, "{n} {sizes:?}");
    };
    check(
        10,
        Allocation::Proportional,
        &[(700, 99), (200, 99), (100, 99)],
        &[7, 2, 1],
    );
    check(
        10,
        Allocation::Proportional,
        &[(1_000_000, 99), (1, 1), (1, 1)],
        &[8, 1, 1],
    );
    check(
        10,
        Allocation::Proportional,
        &[(500, 2), (500, 99)],
        &[2, 8],
    );
    check(10, Allocation::Equal, &[(500, 99), (5, 99)], &[5, 5]);
    check(
        2,
        Allocation::Proportional,
        &[(5, 5), (90, 9), (5, 5)],
        &[0, 2, 0],
    );
    check(10, Allocation::Proportional, &[(3, 3), (0, 0)], &[3, 0]);
    check(10, Allocation::Equal, &[], &[]);
}

#[test]
fn memory_stays_bounded_however_many_strata() {
    let place = {
        let file = file("log.jsonl", log(1));
        let mut place = None;
        super::scan::Log::open(&file.path, None)
            .unwrap()
            .each(&mut |here, _| {
                place = Some(here);
                Ok(())
            })
            .unwrap()
            .unwrap();
        place.unwrap()
    };
    let mut strata = super::strata::Strata::new(300, Allocation::Proportional);
    let mut rank = 1_u64;
    let mut most = 0;
    for row in 0..400_000_u64 {
        rank = rank.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // One stratum holds half of the rows.
        let name = if row % 2 == 0 { 0 } else { row / 2 % 1000 };
        assert!(strata.add(vec![name.to_string()], rank, place));
        if row % 1000 == 0 {
            most = most.max(
                strata
                    .by_name
                    .values()
                    .map(|s| s.entries.len())
                    .sum::<usize>(),
            );
        }
    }
    assert!(most < 110_000, "{most}");
    let sizes: Vec<_> = strata
        .by_name
        .values()
        .map(|s| (s.rows, s.entries.len()))
        .collect();
    let large = strata
        .by_name
        .keys()
        .position(|name| name[0] == "0")
        .unwrap();
    let shares = allocate(300, Allocation::Proportional, &sizes);
    // Half of the rows, so half of the items, though 999 other strata compete.
    assert!((140..=300).contains(&shares[large]), "{}", shares[large]);
    assert!(sizes[large].1 >= 2 * 150, "{:?}", sizes[large]);
}

#[test]
fn data_questions_are_drawn_evenly_over_categories() {
    let Some(path) = data("routing/routellm_mtbench_questions.jsonl") else {
        return;
    };
    let mut options = SampleOptions {
        stratify_by: vec!["category".into()],
        ..options(24)
    };
    options.columns.input = Some("turns.0".into());
    options.columns.id = Some("question_id".into());
    let sample = sample(&path, &options).unwrap();
    assert_eq!(
        (sample.rows, sample.skipped, sample.items.len()),
        (80, 0, 24)
    );
    assert_eq!(sample.strata.len(), 8);
    assert!(
        sample
            .strata
            .iter()
            .all(|stratum| stratum.rows == 10 && stratum.drawn == 3)
    );
}
