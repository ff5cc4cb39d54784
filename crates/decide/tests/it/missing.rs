//! Results that are missing decide nothing, and are never counted as wrong.

use trilemma_decide::{
    Cause, DecideError, Decision, GateKind, OverturnKind, Status, WarningCode, decide,
};
use trilemma_domain::{FailureKind, Margin, Observation, Reference, Verdict};

use crate::support::*;

const DEAR: Option<(&str, &str)> = Some(("2.50", "10.00"));
const CHEAP: Option<(&str, &str)> = Some(("0.15", "0.60"));

#[test]
fn a_few_missing_results_do_not_stop_a_clear_verdict() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input.requirements.pass_rate = pass_rate(0.80);
    let decision = run(&input, &[outcomes(0, &("x".repeat(3) + &"1".repeat(97)))]);
    let own = &decision.candidates[0];
    assert_eq!(own.verdict, Verdict::Meets);
    // Of the scored ones, all pass: failures are no zeros.
    assert_eq!(own.pass_rate.unwrap().value, 1.0);
    assert_eq!(own.pass_rate.unwrap().n, 97);
    assert_eq!((own.counts.n_failed, own.counts.n_scored), (3, 97));
    assert_eq!(own.counts.failed_by[&FailureKind::ServerError], 3);
    assert_eq!(decision.status(), Status::Decided);
}

#[test]
fn missing_results_that_could_tip_a_gate_leave_it_open() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input.requirements.pass_rate = pass_rate(0.80);
    // 70 of 70 would do; with 30 failures counted as wrong it is 70 %.
    let decision = run(
        &input,
        &[outcomes(
            0,
            &("1".repeat(70) + &"x".repeat(20) + &"u".repeat(10)),
        )],
    );
    let gate = gate(&decision, 0, GateKind::PassRate);
    assert_eq!(
        (gate.verdict, gate.cause),
        (Verdict::Undecided, Some(Cause::MissingResults))
    );
    assert_eq!(gate.settle.as_ref().unwrap().more_items, None);
    assert!(
        gate.reason.contains("30 trials without result"),
        "{}",
        gate.reason
    );
    assert_eq!(decision.status(), Status::MissingResults);
    assert_eq!(decision.candidates[0].counts.n_unscored, 10);
}

#[test]
fn missing_results_of_the_reference_count_both_ways_too() {
    let names = vec![candidate("incumbent", DEAR), candidate("cheap", CHEAP)];
    let mut input = input(names, 200);
    input.incumbent = Some(0);
    input.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    let incumbent = "x".repeat(20) + &"1".repeat(160) + &"0".repeat(20);
    let cheap = "0".repeat(20) + &"1".repeat(160) + &"0".repeat(20);
    let decision = run(&input, &[outcomes(0, &incumbent), outcomes(1, &cheap)]);
    // On the 180 items with results they are equal; the incumbent might have had 20 more.
    let own = gate(&decision, 1, GateKind::NotWorseThan);
    assert_eq!(own.cause, Some(Cause::MissingResults));
    assert_eq!(own.n, Some(180));
    // The incumbent itself meets by definition and is recommended; the cheaper one could overturn it.
    assert_eq!(decision.status(), Status::MissingResults);
    assert_eq!(decision.overturns[0].kind, OverturnKind::MissingResults);
}

#[test]
fn a_broken_candidate_that_could_not_change_the_verdict_is_only_a_warning() {
    let names = vec![candidate("good", CHEAP), candidate("broken", None)];
    let mut input = input(names, 100);
    input.requirements.pass_rate = pass_rate(0.80);
    let columns = [passes(0, 98, 100), outcomes(1, &"x".repeat(100))];
    let decision = run(&input, &columns);
    // Its price is unknown, so it would rank last whatever it answered.
    assert_eq!(decision.status(), Status::Decided);
    let own = &decision.candidates[1];
    assert_eq!((own.pass_rate, own.probability_right), (None, None));
    assert!(
        decision
            .warnings
            .iter()
            .any(|w| w.code == WarningCode::MissingResults && w.candidate == Some(1))
    );
    assert!(
        decision
            .warnings
            .iter()
            .any(|w| w.code == WarningCode::UnequalErrors)
    );
    // With a price it might have been the cheaper one.
    input.candidates[1] = candidate("broken", CHEAP);
    assert_eq!(run(&input, &columns).status(), Status::MissingResults);
    // Unless it fails another requirement anyway: then nothing that is missing matters.
    input.requirements.context = Some(1_000);
    input.candidates[0].context_window = Some(2_000);
    input.candidates[1].context_window = Some(500);
    assert_eq!(run(&input, &columns).status(), Status::Decided);
}

#[test]
fn trials_that_never_ran_shrink_the_sample_and_nothing_else() {
    let mut input = input(vec![candidate("a", CHEAP)], 100);
    input.requirements.pass_rate = pass_rate(0.90);
    let mut column = outcomes(0, &("1".repeat(60) + &".".repeat(30)));
    column.extend((90..100).map(|item| failed(0, item, FailureKind::Budget)));
    let decision = run(&input, &[column]);
    let own = &decision.candidates[0];
    assert_eq!(own.verdict, Verdict::Meets);
    assert_eq!((own.counts.n_not_run, own.counts.n_failed), (40, 0));
    assert_eq!(decision.sample.n_tried, 60);
    assert!(
        decision
            .warnings
            .iter()
            .any(|w| w.code == WarningCode::NotRun)
    );
}

#[test]
fn nothing_at_all_is_undecided_without_any_number() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", None)], 5);
    input.requirements.pass_rate = pass_rate(0.90);
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Ratio(0.9));
    let decision = run(&input, &[]);
    assert_eq!(decision.status(), Status::Undecided);
    assert_eq!(decision.best, None);
    assert!(
        decision
            .candidates
            .iter()
            .all(|c| c.probability_right.is_none())
    );
    assert_eq!(
        gate(&decision, 0, GateKind::PassRate).cause,
        Some(Cause::NotMeasured)
    );
    let text = serde_json::to_string(&decision).unwrap();
    assert!(!text.contains("NaN"));
}

#[test]
fn without_answers_nobody_is_recommended() {
    // No requirement could fail, but there is nothing to recommend it on either.
    let input = input(vec![candidate("a", CHEAP)], 5);
    let nothing = run(&input, &[]);
    assert_eq!(nothing.status(), Status::Undecided);
    assert_eq!(
        gate(&nothing, 0, GateKind::Answers).cause,
        Some(Cause::NotMeasured)
    );
    let broken = run(&input, &[outcomes(0, "xxxxx")]);
    assert_eq!(broken.status(), Status::MissingResults);
    assert_eq!(
        run(&input, &[outcomes(0, "1xxxx")]).status(),
        Status::Decided
    );
}

#[test]
fn contradictory_inputs_are_refused() {
    let input = input(vec![candidate("a", CHEAP)], 2);
    let twice = [scored(0, 0, 1.0), scored(0, 0, 1.0)];
    assert!(matches!(
        decide(input.clone(), twice),
        Err(DecideError::DuplicateTrial { .. })
    ));
    assert!(matches!(
        decide(input.clone(), [scored(0, 2, 1.0)]),
        Err(DecideError::UnknownTrial { .. })
    ));
    let mut unknown = input.clone();
    unknown.requirements.not_worse_than =
        not_worse(Reference::Candidate("b".into()), Margin::Absolute(0.1));
    let error = decide(unknown, []).unwrap_err();
    assert!(error.to_string().contains("known are `a`"), "{error}");
    let mut wrong = input.clone();
    wrong.incumbent = Some(1);
    assert!(decide(wrong, []).is_err());
    let mut weight = input;
    weight.items[1].weight = f64::NAN;
    assert!(matches!(
        decide(weight, []),
        Err(DecideError::Weight { .. })
    ));
}

#[test]
fn unequal_refusals_are_told() {
    let mut input = input(vec![candidate("a", CHEAP), candidate("b", CHEAP)], 100);
    input.requirements.pass_rate = pass_rate(0.80);
    let mut columns = [passes(0, 95, 100), passes(1, 95, 100)];
    let equal = run(&input, &columns);
    let told = |decision: &trilemma_decide::Decision| {
        decision
            .warnings
            .iter()
            .find(|warning| warning.code == WarningCode::UnequalRefusals)
            .map(|warning| (warning.candidate, warning.text.clone()))
    };
    assert_eq!(told(&equal), None);
    for seen in columns[1].iter_mut().skip(90) {
        seen.refused = true;
    }
    let (candidate, text) = told(&run(&input, &columns)).unwrap();
    assert_eq!(candidate, Some(1));
    assert!(
        text.contains("`b` refused 10 of 100 answers (10.0 %), `a` 0 of 100 answers (0.0 %)"),
        "{text}"
    );
}

#[test]
fn passes_by_refusing_that_another_does_not_need_keep_a_verdict_open() {
    let both = vec![
        candidate("careful", Some(("1", "1"))),
        candidate("incumbent", Some(("9", "9"))),
    ];
    let mut wanted = input(both, 300);
    wanted.incumbent = Some(1);
    wanted.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    let incumbent = passes(1, 285, 300);
    let with_refusals = |n: usize| -> Vec<Observation> {
        let mut own = passes(0, 285, 300);
        own.iter_mut().take(n).for_each(|seen| seen.refused = true);
        own
    };
    let decided = |own: Vec<Observation>| {
        decide(wanted.clone(), own.into_iter().chain(incumbent.clone())).unwrap()
    };
    let verdict = |decision: &Decision| decision.candidates[0].verdict;
    assert_eq!(verdict(&decided(with_refusals(0))), Verdict::Meets);
    // Six refusals are two points: not more than is let pass.
    assert_eq!(verdict(&decided(with_refusals(6))), Verdict::Meets);
    let got = decided(with_refusals(30));
    assert_eq!(verdict(&got), Verdict::Undecided);
    let open = gate(&got, 0, GateKind::Refusals);
    assert!(open.reason.contains("30 of 300 items"), "{}", open.reason);
    assert!(
        open.settle
            .as_ref()
            .unwrap()
            .action
            .contains("review sample")
    );
    // Where both refuse the same items, they differ in nothing.
    let mut other = passes(1, 285, 300);
    other
        .iter_mut()
        .take(30)
        .for_each(|seen| seen.refused = true);
    let got = decide(wanted.clone(), with_refusals(30).into_iter().chain(other)).unwrap();
    assert_eq!(verdict(&got), Verdict::Meets);
    // Refusals that fail are counted by the scorers already.
    let mut failing = passes(0, 285, 300);
    failing
        .iter_mut()
        .skip(285)
        .for_each(|seen| seen.refused = true);
    assert_eq!(verdict(&decided(failing)), Verdict::Meets);
}
