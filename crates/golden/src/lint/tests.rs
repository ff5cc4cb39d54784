use serde_json::json;
use trilemma_domain::{Expected, Input, Item, Message, Role, TaskKind};

use super::*;
use crate::GoldenSet;
use crate::testing::{data, item};

/// Items that no lint objects to, but for their number.
fn good(count: usize) -> Vec<Item> {
    (0..count)
        .map(|idx| {
            let noise: String = (0..12_u64)
                .map(|word| {
                    let value =
                        (idx as u64 * 7919 + word * 104_729).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    format!("{:05x} ", value >> 44)
                })
                .collect();
            item(&format!("i{idx}"), &noise, ["yes", "no"][idx % 2])
        })
        .collect()
}

fn run(items: Vec<Item>, context: &LintContext<'_>) -> Vec<Finding> {
    lint(&GoldenSet::from_items("t", items).unwrap(), context)
}

fn classification() -> LintContext<'static> {
    LintContext {
        task: Some(TaskKind::Classification),
        ..LintContext::default()
    }
}

/// Checks that exactly these codes are found, in this order, and returns the first finding.
#[track_caller]
fn check(items: Vec<Item>, context: &LintContext<'_>, codes: &[FindingCode]) -> Finding {
    let findings = run(items, context);
    let found: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(found, codes, "{findings:#?}");
    findings.into_iter().next().unwrap_or_else(|| {
        Finding::new(FindingCode::TooFewItems, Severity::Note, String::new(), "")
    })
}

fn names(finding: &Finding) -> Vec<&str> {
    finding.items.iter().map(|id| id.as_str()).collect()
}

#[test]
fn a_good_set_has_no_findings() {
    check(good(300), &classification(), &[]);
}

#[test]
fn empty_and_missing_are_found() {
    let mut items = good(120);
    items[3].input = Input::Text(" \n".into());
    items[4].input = Input::Messages(vec![]);
    items[5].expected = None;
    items[6].expected = Some(Expected::Text("  ".into()));
    let codes = [
        FindingCode::EmptyInput,
        FindingCode::MissingExpected,
        FindingCode::EmptyExpected,
    ];
    let first = check(items.clone(), &LintContext::default(), &codes);
    assert_eq!(names(&first), ["i3", "i4"]);
    assert_eq!(first.severity, Severity::Error);
    let judged = LintContext {
        needs_expected: false,
        ..LintContext::default()
    };
    let codes = [codes[0], codes[2], codes[1]];
    check(items.clone(), &judged, &codes);
    items[5].extras.criteria.push("is polite".into());
    check(items, &judged, &codes[..2]);
}

#[test]
fn duplicates_are_told_apart() {
    let mut items = good(120);
    items[10].input = items[9].input.clone();
    items[10].expected = items[9].expected.clone();
    items[21].input = items[20].input.clone();
    let Input::Text(text) = items[30].input.clone() else {
        panic!()
    };
    items[31].input = Input::Text(format!("{}!", text.to_uppercase()));
    let codes = [
        FindingCode::ContradictoryDuplicates,
        FindingCode::ExactDuplicates,
        FindingCode::NearDuplicates,
    ];
    let findings = run(items.clone(), &LintContext::default());
    assert_eq!(findings.iter().map(|f| f.code).collect::<Vec<_>>(), codes);
    assert_eq!(names(&findings[0]), ["i20", "i21"]);
    assert_eq!(names(&findings[1]), ["i9", "i10"]);
    assert_eq!(names(&findings[2]), ["i30", "i31"]);
    for idx in [30, 31] {
        items[idx].extras.cluster = Some("c".into());
    }
    check(items, &LintContext::default(), &codes[..2]);
}

#[test]
fn dependent_items_are_found() {
    let mut items = good(120);
    for (idx, item) in items.iter_mut().enumerate() {
        item.extras
            .metadata
            .insert("Conversation_ID".into(), json!(idx / 2));
        item.extras.metadata.insert("language".into(), json!("de"));
    }
    let first = check(
        items.clone(),
        &LintContext::default(),
        &[FindingCode::DependentItems],
    );
    assert_eq!(first.n_items, 120);
    assert_eq!(first.items.len(), 20);
    assert!(first.hint.contains("cluster = \"Conversation_ID\""));
    for (idx, item) in items.iter_mut().enumerate() {
        item.extras.cluster = Some((idx / 2).to_string());
    }
    // Sixty clusters are few, and said so.
    let first = check(items, &LintContext::default(), &[FindingCode::TooFewItems]);
    assert!(
        first.message.contains("120 items in 60 clusters"),
        "{}",
        first.message
    );
}

#[test]
fn leaks_are_found() {
    let mut items = good(120);
    let long = "The contract ends on the last day of the month.";
    items[1] = item("a", &format!("Summarise this text. {long} Thanks."), long);
    items[2] = item("b", "What is six by seven? Answer: 42", "42");
    items[3] = item("c", "Is it 42 or 43?", "42");
    let mut chat = item("d", "", "fine");
    chat.input = Input::Messages(vec![
        Message::text(Role::User, "how are you?"),
        Message::text(Role::Assistant, "fine"),
    ]);
    items[4] = chat;
    let codes = [FindingCode::AnswerInInput, FindingCode::EndsWithAnswer];
    let first = check(items.clone(), &LintContext::default(), &codes);
    assert_eq!(names(&first), ["a", "b"]);
    let extraction = LintContext {
        task: Some(TaskKind::Extraction),
        ..LintContext::default()
    };
    assert_eq!(names(&check(items, &extraction, &codes)), ["b"]);
}

#[test]
fn long_items_are_found_per_candidate() {
    let mut items = good(120);
    let words: String = (0..1000).map(|idx| format!("w{idx} ")).collect();
    items[7].input = Input::Text(words);
    let windows = [
        ContextWindow {
            candidate: "small".into(),
            tokens: 1500,
        },
        ContextWindow {
            candidate: "large".into(),
            tokens: 100_000,
        },
    ];
    let mut context = LintContext {
        windows: &windows,
        extra_tokens: 500,
        ..LintContext::default()
    };
    let first = check(items.clone(), &context, &[FindingCode::OverContext]);
    assert_eq!(names(&first), ["i7"]);
    assert!(
        first.message.contains("1000 tokens that `small`"),
        "{}",
        first.message
    );
    let count = |text: &str| text.split_whitespace().count() as u64;
    context.count_tokens = Some(&count);
    assert_eq!(
        names(&check(items, &context, &[FindingCode::OverContext])),
        ["i7"]
    );
}

#[test]
fn labels_and_tags_are_counted() {
    let mut items = good(120);
    for (idx, item) in items.iter_mut().enumerate() {
        item.expected = Some(Expected::Text(if idx < 100 {
            "spam".into()
        } else {
            "ham".into()
        }));
        item.extras.tags = vec![if idx < 5 {
            "rare".into()
        } else {
            "usual".into()
        }];
    }
    items[119].expected = Some(Expected::Text("Ham ".into()));
    let findings = run(items.clone(), &classification());
    let codes: Vec<_> = findings.iter().map(|f| f.code).collect();
    assert_eq!(
        codes,
        [
            FindingCode::LabelImbalance,
            FindingCode::LabelVariants,
            FindingCode::RareLabels,
            FindingCode::RareTags
        ]
    );
    assert!(
        findings[0]
            .message
            .contains("100 of 120 items have the label `spam`: a constant answer scores 83 %")
    );
    assert_eq!(findings[1].n_items, 20);
    assert!(
        findings[2].message.contains("`Ham ` (1), `ham` (19)"),
        "{}",
        findings[2].message
    );
    assert!(findings[3].message.contains("`rare` (5)"));
    assert!(
        findings[3].hint.contains("± 20 points"),
        "{}",
        findings[3].hint
    );
    // Another task has no labels.
    check(items, &LintContext::default(), &[FindingCode::RareTags]);
}

#[test]
fn size_is_judged_by_the_margin() {
    let with = |margin| LintContext {
        margin: Some(margin),
        ..LintContext::default()
    };
    let few = check(
        good(60),
        &LintContext::default(),
        &[FindingCode::TooFewItems],
    );
    assert!(
        few.hint.contains("a margin of 5 points takes "),
        "{}",
        few.hint
    );
    let few = check(good(80), &with(0.05), &[FindingCode::TooFewItems]);
    assert_eq!(few.severity, Severity::Warning);
    assert!(
        few.message.contains("\"not worse by 5 points\" takes "),
        "{}",
        few.message
    );
    let perhaps = check(good(150), &with(0.05), &[FindingCode::TooFewItems]);
    assert_eq!(perhaps.severity, Severity::Note);
    check(good(280), &with(0.05), &[]);
    check(good(250), &with(0.03), &[FindingCode::TooFewItems]);
}

#[test]
fn weights_and_ids_are_checked() {
    let mut items = good(120);
    items[0].weight = 0.0;
    items[1].weight = f64::NAN;
    items[2].weight = 1e300;
    items[3].id = " x".into();
    items[4].id = "I5".into();
    items[6].id = "1.2E+15".into();
    let findings = run(items, &LintContext::default());
    let codes: Vec<_> = findings.iter().map(|f| f.code).collect();
    assert_eq!(
        codes,
        [
            FindingCode::BadWeight,
            FindingCode::TooFewItems,
            FindingCode::SuspiciousIds,
            FindingCode::UnevenWeights
        ]
    );
    assert_eq!(names(&findings[0]), ["i0", "i1"]);
    assert_eq!(names(&findings[2]), [" x", "I5", "i5", "1.2E+15"]);
}

#[test]
fn personal_data_is_a_note_that_names_kinds() {
    let mut items = good(120);
    items[8].input = Input::Text("write to jo@acme.de or ann@acme.de".into());
    let first = check(items, &LintContext::default(), &[FindingCode::PersonalData]);
    assert!(
        first
            .message
            .contains("1 item with likely personal data or secrets (e-mail address in 1)")
    );
}

#[test]
fn nothing_breaks_on_an_empty_set() {
    check(vec![], &classification(), &[]);
}

#[test]
fn data_real_golden_set_is_read_and_linted() {
    let Some(path) = data("zeroeval-gsm8k/golden.jsonl") else {
        return;
    };
    let set = crate::read(&path, &crate::ReadOptions::default()).unwrap();
    assert_eq!(set.len(), 1319);
    assert_eq!(set.warnings(), []);
    let context = LintContext {
        task: Some(TaskKind::Reasoning),
        margin: Some(0.03),
        ..LintContext::default()
    };
    let findings = lint(&set, &context);
    // Neither the instructions that all items share nor the example answer in them is a finding.
    assert_eq!(findings, []);
}
