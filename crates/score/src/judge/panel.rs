//! What several words about one answer come to.
//!
//! In: what was read from each reply, by judge and order. Out: one outcome. A judge's two words on a
//! pair count where they agree, else they are a tie. A panel speaks by mean or majority; where too few
//! of its judges could, the score is missing, never 0.

use trilemma_domain::ScoredOutcome;

use super::spec::JudgeSpec;
use super::task::{Combine, MAJORITY_PASS};
use crate::outcome::{because, failed};

/// Longest word of one judge within a panel's, in characters.
const MAX_PART_CHARS: usize = 600;

impl JudgeSpec {
    /// Makes one outcome of what each judge said in each order, both in the specification's order.
    #[must_use]
    pub fn combine(&self, words: &[Vec<ScoredOutcome>]) -> ScoredOutcome {
        let own: Vec<ScoredOutcome> = words.iter().map(|words| one_judge(words)).collect();
        match own.as_slice() {
            [only] if self.models.len() == 1 => only.clone(),
            _ => self.panel(&own),
        }
    }

    fn panel(&self, words: &[ScoredOutcome]) -> ScoredOutcome {
        let scores: Vec<f64> = words.iter().filter_map(score).collect();
        let n_judges = self.models.len();
        let parts: Vec<String> = self
            .models
            .iter()
            .zip(words)
            .map(|(model, word)| format!("{model}: {}", part(word)))
            .collect();
        let why = parts.join("\n");
        let combined = match self.combine {
            Combine::Mean if 2 * scores.len() > n_judges => {
                Some(scores.iter().sum::<f64>() / scores.len() as f64)
            }
            Combine::Mean => None,
            Combine::Majority => majority(&scores, n_judges),
        };
        match combined {
            Some(score) => because(score, why),
            None => failed(format!(
                "only {} of {n_judges} judges gave a grade\n{why}",
                scores.len()
            )),
        }
    }
}

/// 1 or 0 where more than half of all judges say so, whatever the missing ones would have said;
/// 0.5 where all have spoken without a majority.
fn majority(scores: &[f64], n_judges: usize) -> Option<f64> {
    let n_pass = scores
        .iter()
        .filter(|score| **score >= MAJORITY_PASS - 1e-9)
        .count();
    let n_fail = scores.len() - n_pass;
    if 2 * n_pass > n_judges {
        Some(1.0)
    } else if 2 * n_fail > n_judges {
        Some(0.0)
    } else {
        (scores.len() == n_judges).then_some(0.5)
    }
}

/// A judge's word: of a pair, what it said in both orders, where that is the same.
fn one_judge(words: &[ScoredOutcome]) -> ScoredOutcome {
    match words {
        [only] => only.clone(),
        [first, second] => match (score(first), score(second)) {
            (Some(a), Some(b)) if (a - b).abs() < 1e-9 => first.clone(),
            (Some(_), Some(_)) => because(
                0.5,
                format!(
                    "a tie, because the judge's word changes with the order\nfirst: {}\nsecond: {}",
                    part(first),
                    part(second)
                ),
            ),
            (None, _) => first.clone(),
            (Some(_), None) => second.clone(),
        },
        _ => failed("the judge was not asked"),
    }
}

fn score(word: &ScoredOutcome) -> Option<f64> {
    match word {
        ScoredOutcome::Scored { score, .. } => Some(score.value()),
        ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. } => None,
    }
}

fn part(word: &ScoredOutcome) -> String {
    let text = match word {
        ScoredOutcome::Scored { score, explanation } => format!(
            "{:.2} {}",
            score.value(),
            explanation.as_deref().unwrap_or_default()
        ),
        ScoredOutcome::NotApplicable { reason } => format!("does not apply: {reason}"),
        ScoredOutcome::Failed { reason } => format!("no grade: {reason}"),
    };
    text.trim_end().chars().take(MAX_PART_CHARS).collect()
}

#[cfg(test)]
mod tests;
