//! Snapshots of the formats for people, and what the formats for machines promise.

use trilemma_decide::{Conclusion, Decision, SliceComparison, Standing, Standings};
use trilemma_domain::Verdict;
use trilemma_report::{Colour, FORMATS, Report, UndecidedAs, format};

use crate::support::{decided, elements, export, undecided};

#[test]
fn terminal_decided() {
    let decision = decided();
    let mut report = Report::new(&decision);
    report.settings.terminal_width = 80;
    insta::assert_snapshot!(export("terminal", &report));
}

#[test]
fn terminal_undecided_with_colours() {
    let decision = undecided();
    let mut report = Report::new(&decision);
    report.settings.colour = Colour::Ansi;
    let painted = export("terminal", &report);
    insta::assert_snapshot!(painted.replace('\u{1b}', "␛"));
    let mut plain = painted;
    for code in ["1", "2", "31", "32", "33", "30;43", "0"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    report.settings.colour = Colour::Plain;
    assert_eq!(plain, export("terminal", &report));
}

#[test]
fn terminal_keeps_to_its_width() {
    for decision in [decided(), undecided()] {
        for columns in [0, 40, 60, 80, 200] {
            let mut report = Report::new(&decision);
            report.settings.terminal_width = columns;
            let text = export("terminal", &report);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(
                widest <= Some(columns.clamp(40, 120)),
                "{columns}: {widest:?}"
            );
        }
    }
}

#[test]
fn markdown_decided() {
    insta::assert_snapshot!(export("markdown", &Report::new(&decided())));
}

#[test]
fn csv_decided() {
    insta::assert_snapshot!(export("csv", &Report::new(&decided())));
}

#[test]
fn csv_rows_are_as_long_as_the_heading() {
    let mut decision = decided();
    // A gate that only one candidate has.
    let extra = decision.candidates[1].gates.pop().unwrap();
    decision.candidates[1].pass_rate = None;
    decision.candidates[1].latency = Default::default();
    let csv = export("csv", &Report::new(&decision));
    let lengths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(lengths.len(), decision.candidates.len() + 1);
    assert!(
        lengths.iter().all(|length| *length == lengths[0]),
        "{lengths:?}, {extra:?}"
    );
}

#[test]
fn junit_decided() {
    let xml = export("junit", &Report::new(&decided()));
    elements(&xml);
    insta::assert_snapshot!(xml);
}

#[test]
fn junit_counts_undecided_as_wished() {
    let decision = undecided();
    let mut report = Report::new(&decision);
    let n_of = |verdict: Verdict| {
        let gates = decision.candidates.iter().flat_map(|one| &one.gates);
        gates.filter(|gate| gate.verdict == verdict).count()
    };
    let skipping = export("junit", &report);
    assert_eq!(skipping.matches("<failure ").count(), n_of(Verdict::Fails));
    let n_open = skipping.matches("<skipped ").count() + skipping.matches("<error ").count();
    assert_eq!(n_open, n_of(Verdict::Undecided));
    report.settings.undecided = UndecidedAs::Failure;
    let failing = export("junit", &report);
    assert_eq!(failing.matches("<skipped ").count(), 0);
    let n_failed = failing.matches("<failure ").count();
    assert_eq!(
        n_failed + failing.matches("<error ").count(),
        n_of(Verdict::Fails) + n_of(Verdict::Undecided)
    );
    assert!(
        failing
            .lines()
            .nth(1)
            .unwrap()
            .contains(&format!("failures=\"{n_failed}\""))
    );
}

#[test]
fn json_reads_back_as_it_was() {
    for decision in [decided(), undecided()] {
        let json = export("json", &Report::new(&decision));
        assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let decision = decided();
    let report = Report::new(&decision);
    for exporter in FORMATS {
        let first = exporter.export(&report).unwrap();
        assert_eq!(
            first,
            exporter.export(&report).unwrap(),
            "{}",
            exporter.name()
        );
        assert_eq!(first.last(), Some(&b'\n'), "{}", exporter.name());
    }
}

#[test]
fn formats_are_found_by_name_and_extension() {
    assert_eq!(format("markdown").unwrap().name(), "markdown");
    assert_eq!(format("md").unwrap().name(), "markdown");
    assert_eq!(format("xml").unwrap().name(), "junit");
    assert!(format("pdf").is_none());
    let mut names: Vec<&str> = FORMATS.iter().map(|one| one.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len());
}

#[test]
fn every_conclusion_has_its_headline() {
    let mut decision = decided();
    let first_lines = |decision: &Decision| {
        let text = export("terminal", &Report::new(decision));
        text.lines().skip(2).take(3).collect::<Vec<_>>().join("\n")
    };
    assert!(first_lines(&decision).contains("Decided"));
    decision.missing_could_change_it = true;
    assert!(first_lines(&decision).contains("Results are missing"));
    decision.missing_could_change_it = false;
    decision.incumbent = match decision.conclusion {
        Conclusion::Decided { recommended, .. } => Some(recommended),
        _ => None,
    };
    assert!(first_lines(&decision).contains("Stay with `gpt-4o-mini`"));
    decision.conclusion = Conclusion::NoCandidate { nearest: Some(0) };
    assert!(first_lines(&decision).contains("No candidate meets the requirements."));
    decision.conclusion = Conclusion::NoCandidate { nearest: Some(99) };
    assert!(first_lines(&decision).contains("No candidate"));
}

#[test]
fn empty_decisions_are_reported_too() {
    let mut decision = decided();
    decision.candidates.clear();
    decision.disagreements.items.clear();
    for exporter in FORMATS {
        exporter.export(&Report::new(&decision)).unwrap();
    }
    let mut decision = undecided();
    for candidate in &mut decision.candidates {
        candidate.pass_rate = None;
        candidate.score = None;
        candidate.cost = Default::default();
        candidate.latency = Default::default();
        candidate.tokens = Default::default();
        candidate.versus_best = None;
        candidate.versus_incumbent = None;
        candidate.gates.clear();
    }
    for exporter in FORMATS {
        let bytes = exporter.export(&Report::new(&decision)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("NaN"), "{}", exporter.name());
    }
}

#[test]
fn candidates_among_each_other_and_worse_tags_are_shown() {
    let mut decision = decided();
    let rate = decision.candidates[0].pass_rate.unwrap();
    let standing = Standing {
        rank_best: 1,
        rank_worst: 2,
        may_be_best: true,
        probability_best: 0.61,
        largest_regret: 0.042,
        pass_rate: rate,
    };
    let mut candidates = vec![None; decision.candidates.len()];
    candidates[0] = Some(standing);
    decision.standings = Some(Standings {
        n_items: 240,
        confidence: 0.95,
        best_set: vec![0],
        candidates,
    });
    decision.requirements.estimand = trilemma_domain::Estimand::GoldenSet;
    let slice = decision.slices.first_mut().unwrap();
    slice.versus = Some(SliceComparison {
        with: 0,
        with_id: decision.candidates[0].id.clone(),
        difference: rate,
        p_value: 0.01,
        worse: true,
    });
    for name in ["markdown", "html", "terminal"] {
        let text = export(name, &Report::new(&decision));
        assert!(text.contains("this golden set"), "{name}");
        if name != "terminal" {
            assert!(text.contains("Who may be the best"), "{name}");
            assert!(text.contains("1–2") && text.contains("61 %"), "{name}");
            assert!(text.contains("worse"), "{name}");
        }
    }
}
