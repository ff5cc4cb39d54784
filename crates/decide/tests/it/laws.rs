//! Laws that hold for any run.

use proptest::prelude::*;
use trilemma_decide::{Conclusion, Decision, DecisionInput, Status};
use trilemma_domain::{Margin, Reference, Verdict};

use crate::support::*;

const PRICES: [Option<(&str, &str)>; 4] = [
    Some(("0.15", "0.60")),
    None,
    Some(("2.50", "10.00")),
    Some(("0.15", "0.60")),
];

fn inputs(n_candidates: usize, n_items: usize, bar: f64, margin: f64) -> DecisionInput {
    let candidates = (0..n_candidates)
        .map(|idx| candidate(&format!("c{idx}"), PRICES[idx % 4]))
        .collect();
    let mut input = input(candidates, n_items);
    input.requirements.pass_rate = pass_rate(bar);
    input.requirements.not_worse_than = not_worse(Reference::Best, Margin::Absolute(margin));
    input
}

fn digits() -> impl Strategy<Value = Vec<String>> {
    (1usize..5, 1usize..60).prop_flat_map(|(n_candidates, n_items)| {
        let digit = prop_oneof![8 => Just('1'), 2 => Just('0'), 1 => Just('x'), 1 => Just('.')];
        let column = prop::collection::vec(digit, n_items)
            .prop_map(|digits| digits.into_iter().collect::<String>());
        prop::collection::vec(column, n_candidates)
    })
}

fn judged(columns: &[String], bar: f64, margin: f64) -> (DecisionInput, Decision) {
    let input = inputs(columns.len(), columns[0].len(), bar, margin);
    let trials: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(idx, digits)| outcomes(idx, digits))
        .collect();
    let decision = run(&input, &trials);
    (input, decision)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_recommended_meets_everything_and_nothing_preferred_does(
        columns in digits(), bar in 0.3..0.99f64, margin in 0.01..0.3f64
    ) {
        let (_, decision) = judged(&columns, bar, margin);
        if let Conclusion::Decided { recommended, .. } = decision.conclusion {
            prop_assert_eq!(decision.candidates[recommended].verdict, Verdict::Meets);
            let place = |idx: usize| {
                decision.ranking.iter().position(|rank| rank.candidate == idx)
            };
            for (idx, other) in decision.candidates.iter().enumerate() {
                if other.verdict == Verdict::Meets {
                    prop_assert!(place(recommended) <= place(idx));
                }
            }
        }
        if decision.status() == Status::NoCandidate {
            prop_assert!(decision.candidates.iter().all(|c| c.verdict == Verdict::Fails));
        }
    }

    #[test]
    fn figures_are_sane(columns in digits(), bar in 0.3..0.99f64, margin in 0.01..0.3f64) {
        let (_, decision) = judged(&columns, bar, margin);
        let mut right = 0.0;
        for candidate in &decision.candidates {
            let figures = [candidate.pass_rate, candidate.score];
            for figure in figures.into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&figure.value));
                prop_assert!(figure.low.is_none_or(|low| 0.0 <= low && low <= figure.value));
                prop_assert!(figure.high.is_none_or(|high| figure.value <= high && high <= 1.0));
            }
            if let Some(chance) = candidate.probability_right {
                prop_assert!((0.0..=1.0).contains(&chance));
                right += chance;
            }
            let counts = &candidate.counts;
            prop_assert_eq!(
                counts.n_planned,
                counts.n_scored + counts.n_unscored + counts.n_failed + counts.n_not_run
            );
            for gate in &candidate.gates {
                prop_assert_eq!(gate.cause.is_some(), gate.verdict == Verdict::Undecided);
                prop_assert_eq!(gate.settle.is_some(), gate.verdict == Verdict::Undecided);
                prop_assert!(!gate.reason.is_empty());
            }
        }
        prop_assert!(right <= 1.0 + 1e-9);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_reads_back(columns in digits()) {
        let (input, first) = judged(&columns, 0.8, 0.05);
        let mut trials: Vec<_> = columns
            .iter()
            .enumerate()
            .flat_map(|(idx, digits)| outcomes(idx, digits))
            .collect();
        // The order in which trials arrive does not matter.
        trials.reverse();
        let second = trilemma_decide::decide(input, trials).unwrap();
        let text = serde_json::to_string(&first).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&second).unwrap());
        let back: Decision = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&back).unwrap());
    }

    #[test]
    fn a_missing_result_never_turns_into_a_verdict_the_answer_would_refute(
        columns in digits(), bar in 0.3..0.99f64
    ) {
        // Whatever the failed calls would have answered, a decided gate stays as it is.
        let (_, open) = judged(&columns, bar, 0.05);
        for answer in ["1", "0"] {
            let filled: Vec<String> = columns.iter().map(|c| c.replace('x', answer)).collect();
            let (_, full) = judged(&filled, bar, 0.05);
            // Holm's levels depend on all candidates: only the unadjusted "fails" is comparable one
            // by one, and "meets" when every candidate gets the same answers.
            for (before, after) in open.candidates.iter().zip(&full.candidates) {
                let rate = |c: &trilemma_decide::CandidateResult| c.gates[0].verdict;
                if rate(before) == Verdict::Fails {
                    prop_assert_eq!(rate(after), Verdict::Fails);
                }
                if rate(before) == Verdict::Meets {
                    prop_assert_eq!(rate(after), Verdict::Meets);
                }
            }
        }
    }
}
