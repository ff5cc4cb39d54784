//! A trial's score from the outcomes of its scorers.
//!
//! In: outcomes with weights. Out: the weighted mean and whether it passes. Rules: a scorer of
//! weight 0 is shown and not counted; one that does not apply to the item is left out, and the
//! others share its weight; one that could not run makes the trial's score missing, because a mean
//! without it would be on another scale than the other trials'. Nothing is ever taken as 0.

use trilemma_domain::{Score, ScoredOutcome};

/// Slack of the comparison with the threshold, so that 0.7 made of tenths passes 0.7.
const ROUNDING: f64 = 1e-9;

/// One scorer's part in a trial's score.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What it said.
    pub outcome: &'a ScoredOutcome,
    /// Its weight, at least 0.
    pub weight: f64,
}

/// A trial's score.
#[derive(Debug, Clone, PartialEq)]
pub enum Combined {
    /// The score and whether it reaches the threshold.
    Scored {
        /// Weighted mean of the counting scorers.
        score: Score,
        /// Whether the score is at least the threshold.
        passed: bool,
        /// How many scorers counted.
        n_counted: usize,
    },
    /// No counting scorer applies to the item.
    NotApplicable,
    /// A counting scorer could not run: the trial has no score.
    Missing {
        /// Positions, among the parts, of those that could not run.
        failed: Vec<usize>,
    },
}

/// Combines outcomes: score = Σ w·s / Σ w over the counting scorers (test
/// `weighted_mean_by_hand`); passed when score ≥ `pass_threshold` − 10⁻⁹.
#[must_use]
pub fn combine(parts: &[Part<'_>], pass_threshold: Score) -> Combined {
    let mut failed = Vec::new();
    let mut weighted = 0.0;
    let mut total = 0.0;
    let mut n_counted = 0;
    for (idx, part) in parts.iter().enumerate() {
        // Negative and undefined weights never pass `build`; they count as 0 here.
        if part.weight.is_nan() || part.weight <= 0.0 {
            continue;
        }
        match part.outcome {
            ScoredOutcome::Scored { score, .. } => {
                weighted += part.weight * score.value();
                total += part.weight;
                n_counted += 1;
            }
            ScoredOutcome::NotApplicable { .. } => {}
            ScoredOutcome::Failed { .. } => failed.push(idx),
        }
    }
    if !failed.is_empty() {
        return Combined::Missing { failed };
    }
    if n_counted == 0 {
        return Combined::NotApplicable;
    }
    let score = Score::clamped(weighted / total);
    Combined::Scored {
        score,
        passed: score.value() >= pass_threshold.value() - ROUNDING,
        n_counted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(value: f64) -> ScoredOutcome {
        ScoredOutcome::Scored {
            score: Score::new(value).unwrap(),
            explanation: None,
        }
    }

    fn check(parts: &[(ScoredOutcome, f64)], expected: &Combined) {
        let parts: Vec<Part<'_>> = parts
            .iter()
            .map(|(outcome, weight)| Part {
                outcome,
                weight: *weight,
            })
            .collect();
        assert_eq!(&combine(&parts, Score::new(0.7).unwrap()), expected);
    }

    fn absent() -> ScoredOutcome {
        ScoredOutcome::NotApplicable {
            reason: String::new(),
        }
    }

    fn broken() -> ScoredOutcome {
        ScoredOutcome::Failed {
            reason: String::new(),
        }
    }

    fn combined(value: f64, passed: bool, n_counted: usize) -> Combined {
        Combined::Scored {
            score: Score::new(value).unwrap(),
            passed,
            n_counted,
        }
    }

    #[test]
    fn weighted_mean_by_hand() {
        check(
            &[(scored(1.0), 3.0), (scored(0.0), 1.0)],
            &combined(0.75, true, 2),
        );
        check(
            &[(scored(1.0), 1.0), (scored(0.0), 1.0)],
            &combined(0.5, false, 2),
        );
    }

    #[test]
    fn weight_zero_is_shown_and_not_counted() {
        check(
            &[(scored(1.0), 1.0), (scored(0.0), 0.0), (broken(), 0.0)],
            &combined(1.0, true, 1),
        );
    }

    #[test]
    fn not_applicable_leaves_its_weight_to_the_others() {
        check(
            &[(scored(0.8), 1.0), (absent(), 9.0)],
            &combined(0.8, true, 1),
        );
        check(&[(absent(), 1.0)], &Combined::NotApplicable);
        check(&[], &Combined::NotApplicable);
    }

    #[test]
    fn a_failed_scorer_makes_the_score_missing() {
        check(
            &[(scored(1.0), 1.0), (broken(), 1.0)],
            &Combined::Missing { failed: vec![1] },
        );
    }

    #[test]
    fn tenths_reach_their_sum() {
        let tenths: Vec<(ScoredOutcome, f64)> = (0..10)
            .map(|idx| (scored(if idx < 7 { 1.0 } else { 0.0 }), 0.1))
            .collect();
        let parts: Vec<Part<'_>> = tenths
            .iter()
            .map(|(outcome, weight)| Part {
                outcome,
                weight: *weight,
            })
            .collect();
        assert!(matches!(
            combine(&parts, Score::new(0.7).unwrap()),
            Combined::Scored { passed: true, .. }
        ));
    }

    #[test]
    fn the_mean_lies_between_its_parts_and_ignores_the_scale_of_weights() {
        use proptest::prelude::*;
        let scores = proptest::collection::vec((0.0..=1.0_f64, 0.01..100.0_f64), 1..8);
        proptest!(|(scores in scores, factor in 0.01..100.0_f64)| {
            let outcomes: Vec<ScoredOutcome> = scores.iter().map(|(s, _)| scored(*s)).collect();
            let value = |factor: f64| {
                let parts: Vec<Part<'_>> = outcomes
                    .iter()
                    .zip(&scores)
                    .map(|(outcome, (_, weight))| Part { outcome, weight: weight * factor })
                    .collect();
                match combine(&parts, Score::ONE) {
                    Combined::Scored { score, .. } => score.value(),
                    other => panic!("{other:?}"),
                }
            };
            let low = scores.iter().map(|(s, _)| *s).fold(1.0, f64::min);
            let high = scores.iter().map(|(s, _)| *s).fold(0.0, f64::max);
            prop_assert!(value(1.0) >= low - 1e-9 && value(1.0) <= high + 1e-9);
            prop_assert!((value(1.0) - value(factor)).abs() < 1e-9);
        });
    }
}
