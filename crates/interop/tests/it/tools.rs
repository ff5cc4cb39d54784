//! Files that promptfoo 0.121.20 and Inspect 0.3.285 wrote of runs against our simulator: counts,
//! scores and pass rates are the tool's own.

use trilemma_domain::{Expected, Input};
use trilemma_interop::{Claimed, Gathered, Origin, Tool};

use crate::{fixture, items, read, read_one, trials};

fn holds(gathered: &Gathered, origin: &Origin, n_claims: usize) {
    let checks = gathered.check(origin);
    assert_eq!(checks.len(), n_claims, "{checks:?}");
    assert!(checks.iter().all(|check| check.holds), "{checks:?}");
}

#[test]
fn promptfoo_counts_are_those_of_its_summary() {
    let (mut gathered, origin) = read_one(&fixture("promptfoo.json"));
    assert_eq!(origin.tool, Tool::Promptfoo);
    assert_eq!(origin.version.as_deref(), Some("0.121.20"));
    assert_eq!(origin.title.as_deref(), Some("reversing words"));
    holds(&gathered, &origin, 3);
    assert_eq!(
        (gathered.n_items, gathered.repeats, gathered.n_problems),
        (6, 1, 0)
    );
    let sum =
        |of: fn(&trilemma_interop::Tally) -> u64| gathered.tallies.iter().map(of).sum::<u64>();
    // `stats` of the document: successes, failures, errors.
    assert_eq!(
        (
            sum(|one| one.n_passed),
            sum(trilemma_interop::Tally::n_not_passed),
            sum(|one| one.n_failed)
        ),
        (9, 3, 6)
    );
    assert_eq!(gathered.scorers, ["pass", "score", "brevity"]);
    let items = items(&mut gathered);
    assert_eq!(
        items[0].body.input,
        Some(Input::Text("Reverse the word apple.".to_owned()))
    );
    assert_eq!(
        items[0].body.expected,
        Some(Expected::Text("elppa".to_owned()))
    );
    let broken = gathered
        .candidates
        .iter()
        .position(|one| one.name == "broken")
        .unwrap();
    assert_eq!(
        gathered.candidates[broken].model.as_deref(),
        Some("openai:chat:nothere")
    );
    for trial in trials(&mut gathered) {
        let is_broken = trial.candidate as usize == broken;
        assert_eq!(trial.failed.is_some(), is_broken);
        assert_eq!(trial.usage.is_some(), !is_broken);
        // An error costs nothing that anyone knows of, and took no time that tells anything.
        assert!(trial.cost.is_none_or(|cost| cost.0 > 0));
    }
}

#[test]
fn promptfoo_rows_as_lines_say_the_same() {
    let (mut document, _) = read_one(&fixture("promptfoo.json"));
    let (mut lines, _) = read_one(&fixture("promptfoo.jsonl"));
    assert_eq!(document.scorers, lines.scorers);
    assert_eq!(items(&mut document), items(&mut lines));
    assert_eq!(trials(&mut document), trials(&mut lines));
    let names = |gathered: &Gathered| {
        let names = gathered.candidates.iter().map(|one| one.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&document), names(&lines));
}

#[test]
fn inspect_archives_and_documents_have_the_accuracy_of_their_summary() {
    let files = ["inspect-strong.eval", "inspect-weak.eval", "inspect.json"].map(fixture);
    let (mut gathered, origins) = read(&files, &trilemma_interop::ReadOptions::default()).unwrap();
    assert_eq!(
        (gathered.n_items, gathered.repeats, gathered.n_problems),
        (6, 2, 0)
    );
    assert_eq!(gathered.n_trials(), 36);
    assert!(gathered.unpaired.is_empty());
    for origin in &origins {
        assert_eq!(origin.version.as_deref(), Some("0.3.285"));
        // Completed samples, and the accuracy of both scorers.
        holds(&gathered, origin, 3);
        let n_means = origin
            .claims
            .iter()
            .filter(|claim| matches!(claim.what, Claimed::Mean { .. }));
        assert_eq!(n_means.count(), 2);
    }
    assert_eq!(gathered.scorers, ["match", "includes"]);
    let items = items(&mut gathered);
    let first = items.iter().find(|item| item.id == "reverse/w00").unwrap();
    assert_eq!(first.body.metadata["kind"], "reverse");
    let trials = trials(&mut gathered);
    assert!(
        trials
            .iter()
            .all(|trial| trial.usage.is_some() && trial.latency.is_some())
    );
    assert!(
        trials
            .iter()
            .all(|trial| trial.output.is_some() && trial.cost.is_none())
    );
}

#[test]
fn an_unfinished_inspect_log_gives_what_was_written() {
    let (mut gathered, origin) = read_one(&fixture("inspect-unfinished.eval"));
    assert!(
        origin.notes.iter().any(|note| note.contains("unfinished")),
        "{:?}",
        origin.notes
    );
    assert!(origin.claims.is_empty());
    let trials = trials(&mut gathered);
    assert!(!trials.is_empty() && trials.len() < 6);
    // The tool of one sample broke: an error, no score.
    let n_failed = trials.iter().filter(|trial| trial.failed.is_some()).count();
    assert_eq!(n_failed, 1);
}
