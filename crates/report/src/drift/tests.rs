use trilemma_domain::{
    DriftCandidate, DriftChannel, DriftDecision, DriftFigure, DriftFinding, DriftFlip, DriftName,
    DriftReport, DriftUnit,
};

use super::*;

const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[31m|`*_\n=1+1 & \u{202e}x";

fn report() -> DriftReport {
    DriftReport {
        schema_version: 1,
        id: "abc".to_owned(),
        project: "t".to_owned(),
        baseline: "b".into(),
        check: "c".into(),
        number: 3,
        checked_us: 1_795_000_000_000_000,
        simulated: true,
        false_alarm_chance: 0.05,
        false_alarm_checks: 90,
        drifted: true,
        candidates: vec![DriftCandidate {
            id: HOSTILE.into(),
            requested: HOSTILE.to_owned(),
            drifted: true,
            served_other: true,
            served: vec![
                DriftName {
                    name: HOSTILE.to_owned(),
                    n_baseline: 0,
                    n_now: 100,
                },
                DriftName {
                    name: "a".to_owned(),
                    n_baseline: 500,
                    n_now: 0,
                },
            ],
            fingerprints: Vec::new(),
            findings: vec![DriftFinding {
                channel: DriftChannel::Quality,
                p_value: Some(0.000_1),
                evidence: 12_345.6,
                threshold: 4_500.0,
                alarm: true,
                change: Some(DriftFigure {
                    value: -0.07,
                    low: Some(-0.11),
                    high: Some(-0.03),
                    n: 100,
                }),
                unit: DriftUnit::Share,
                before_and_since: Some((0.91, 0.84)),
                since_check: Some(2),
            }],
            latency_ratio: None,
            n_answers: 100,
            n_failed: 1,
            flips: vec![DriftFlip {
                item: HOSTILE.into(),
                passed_before: (5, 5),
                passes_now: false,
                before: Some(HOSTILE.to_owned()),
                now: Some(HOSTILE.to_owned()),
            }],
            n_flips: 1,
        }],
        decision: Some(DriftDecision {
            run: "r".into(),
            holds: "no".to_owned(),
            text: "The recommendation changes from `a` to `b`.".to_owned(),
            n_items: 100,
        }),
        n_calls: 101,
        cost_usd: 0.0123,
    }
}

fn written(format: DriftFormat, contents: Contents) -> String {
    String::from_utf8(drift_report(&report(), format, contents).unwrap()).unwrap()
}

#[test]
fn every_format_says_what_changed_by_how_much_and_what_follows() {
    for format in [
        DriftFormat::Text { width: 80 },
        DriftFormat::Markdown,
        DriftFormat::Html,
    ] {
        let text = written(format, Contents::LeftOut);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "-7.0 points (-11.0 to -3.0, n = 100)",
            "since about check 2",
        ] {
            assert!(flat.contains(said), "{format:?}: {flat}");
        }
        assert!(flat.contains("The recommendation changes"), "{flat}");
        assert!(flat.contains("at most 5.0 % in 90 checks"), "{flat}");
        assert!(flat.contains("simulator"), "{flat}");
    }
    let json: DriftReport =
        serde_json::from_str(&written(DriftFormat::Json, Contents::Shown)).unwrap();
    assert_eq!(json, report());
}

#[test]
fn answers_are_left_out_unless_asked_for_and_harmless_where_they_are() {
    let bare: DriftReport =
        serde_json::from_str(&written(DriftFormat::Json, Contents::LeftOut)).unwrap();
    assert_eq!(bare.candidates[0].flips[0].now, None);
    let page = written(DriftFormat::Html, Contents::Shown);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("default-src 'none'") || page.contains("default-src &#39;none&#39;"));
    let text = written(DriftFormat::Text { width: 60 }, Contents::Shown);
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
    assert!(text.contains("then |") && text.contains("now  |"));
    let markdown = written(DriftFormat::Markdown, Contents::Shown);
    assert!(!markdown.contains("<script"), "{markdown}");
}
