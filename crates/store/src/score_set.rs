//! Which scorers speak for a trial, and how their words make one score.
//!
//! A score belongs to a trial and to a scorer as it was configured (label and fingerprint); a set
//! only says which scorers count, with which weight, and where passing begins. Changing weights or
//! threshold therefore asks for no new scores, and re-scoring never loses older ones.

use serde::{Deserialize, Serialize};
use trilemma_domain::{Fingerprint, ObservedState, Score, ScoredOutcome, ScorerSpec};

/// One scorer of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorerEntry {
    /// The scorer as configured.
    pub spec: ScorerSpec,
    /// Hash of everything that its words depend on, such as the text of a rubric; weight apart.
    pub fingerprint: Fingerprint,
    /// The score that says "the model declined"; `None` = this scorer tells nothing of refusals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Score>,
}

impl ScorerEntry {
    /// Makes the entry of a scorer whose words depend on kind and options alone.
    #[must_use]
    pub fn of(spec: ScorerSpec) -> Self {
        let options = serde_json::to_vec(&spec.options).unwrap_or_default();
        let fingerprint = Fingerprint::builder()
            .field(&spec.kind)
            .field(options)
            .finish();
        Self {
            spec,
            fingerprint,
            refused_at: None,
        }
    }

    /// Whether it has a share in the trial's score.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.spec.weight > 0.0
    }
}

/// The scorers of a project in order, and where passing begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreSet {
    /// The scorers: `scorer_idx` counts here.
    pub scorers: Vec<ScorerEntry>,
    /// A trial passes at this score and above.
    pub pass_threshold: Score,
}

/// Room for rounding of the weighted mean, so that three scores of 0.7 pass at 0.7.
const ROUNDING: f64 = 1e-9;

impl ScoreSet {
    /// Hashes scorers, weights and threshold.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Fingerprint::builder()
            .field("trilemma score set 1")
            .field(self.pass_threshold.value().to_bits().to_be_bytes());
        for scorer in &self.scorers {
            let refused_at = scorer.refused_at.map(|score| score.value().to_bits());
            hash = hash
                .field(&scorer.spec.label)
                .field(scorer.fingerprint.as_bytes())
                .field(scorer.spec.weight.to_bits().to_be_bytes())
                .field(refused_at.map_or_else(Vec::new, |bits| bits.to_be_bytes().to_vec()));
        }
        hash.finish()
    }

    /// Makes one score of what the scorers said; `outcomes` in the set's order, `None` = missing.
    ///
    /// Weighted mean of the scorers that count: Σ weight·score ÷ Σ weight. Scorers that do not
    /// apply are left out; [`ObservedState::Unscored`] when one that counts is missing or failed,
    /// or when none applies.
    #[must_use]
    pub fn combine<'a>(
        &self,
        outcomes: impl IntoIterator<Item = Option<&'a ScoredOutcome>>,
    ) -> ObservedState {
        let words = outcomes.into_iter().map(|outcome| match outcome {
            Some(ScoredOutcome::Scored { score, .. }) => Word::Scored(*score),
            Some(ScoredOutcome::NotApplicable { .. }) => Word::NotApplicable,
            Some(ScoredOutcome::Failed { .. }) | None => Word::Missing,
        });
        self.combine_words(words)
    }

    pub(crate) fn combine_words(&self, words: impl IntoIterator<Item = Word>) -> ObservedState {
        let mut words = words.into_iter();
        let (mut sum, mut weights) = (0.0, 0.0);
        for scorer in &self.scorers {
            let word = words.next().unwrap_or(Word::Missing);
            match word {
                _ if !scorer.counts() => {}
                Word::Scored(score) => {
                    sum += scorer.spec.weight * score.value();
                    weights += scorer.spec.weight;
                }
                Word::NotApplicable => {}
                Word::Missing => return ObservedState::Unscored,
            }
        }
        if weights > 0.0 {
            let score = Score::clamped(sum / weights);
            let pass = score.value() + ROUNDING >= self.pass_threshold.value();
            ObservedState::Scored { score, pass }
        } else {
            ObservedState::Unscored
        }
    }
}

/// A scorer's word without its texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Word {
    Scored(Score),
    NotApplicable,
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn set(weights: &[f64], pass_threshold: f64) -> ScoreSet {
        let scorers = weights.iter().enumerate().map(|(idx, weight)| {
            ScorerEntry::of(ScorerSpec {
                kind: "exact".to_owned(),
                label: format!("s{idx}"),
                weight: *weight,
                options: Map::new(),
            })
        });
        ScoreSet {
            scorers: scorers.collect(),
            pass_threshold: Score::new(pass_threshold).unwrap(),
        }
    }

    fn check(weights: &[f64], words: &[Word], expected: Option<(f64, bool)>) {
        let state = set(weights, 0.7).combine_words(words.iter().copied());
        let expected = expected.map_or(ObservedState::Unscored, |(score, pass)| {
            let score = Score::new(score).unwrap();
            ObservedState::Scored { score, pass }
        });
        assert_eq!(state, expected, "{weights:?} {words:?}");
    }

    #[test]
    fn combines_as_the_rules_say() {
        let scored = |value: f64| Word::Scored(Score::new(value).unwrap());
        check(&[1.0], &[scored(1.0)], Some((1.0, true)));
        check(&[3.0, 1.0], &[scored(1.0), scored(0.0)], Some((0.75, true)));
        check(
            &[1.0, 0.0],
            &[scored(0.5), Word::Missing],
            Some((0.5, false)),
        );
        check(
            &[1.0, 1.0],
            &[scored(1.0), Word::NotApplicable],
            Some((1.0, true)),
        );
        check(&[1.0, 1.0], &[scored(1.0), Word::Missing], None);
        check(&[1.0, 1.0], &[scored(1.0)], None);
        check(&[1.0], &[Word::NotApplicable], None);
        check(&[0.0], &[scored(1.0)], None);
        check(&[], &[], None);
    }

    #[test]
    fn rounding_never_fails_a_score_at_the_threshold() {
        let at = Word::Scored(Score::new(0.7).unwrap());
        let state = set(&[1.0, 1.0, 1.0], 0.7).combine_words([at, at, at]);
        assert!(matches!(state, ObservedState::Scored { pass: true, .. }));
    }

    #[test]
    fn weight_and_threshold_change_the_set_but_no_scorer() {
        let (a, b) = (set(&[1.0], 0.7), set(&[2.0], 0.7));
        assert_ne!(a.fingerprint(), b.fingerprint());
        assert_ne!(a.fingerprint(), set(&[1.0], 0.8).fingerprint());
        assert_eq!(a.scorers[0].fingerprint, b.scorers[0].fingerprint);
    }
}
