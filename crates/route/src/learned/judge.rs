//! Whether a cheap answer is good enough, from how those asked agree.
//!
//! gain = E[quality of the large candidate − quality of the first cheap answer | signals], a linear
//! model with priors: where all agree, the gain is near zero. It is set against the large
//! candidate's expected cost, relative to its mean. The answer is accepted when gain ÷ relative cost
//! is at most the threshold (a negative gain counts as it is).

use serde::{Deserialize, Serialize};

use crate::learn::dot;

/// Lengths that are looked at: of the first and second answer, their difference, of the query.
pub(crate) const N_LENGTHS: usize = 4;
/// Signals without tasks: per case (agreed or not) one constant and the lengths, and two for
/// answers in which nothing was found.
pub(crate) const N_JUDGED: usize = 2 * (1 + N_LENGTHS) + 2;

/// The judge of a cascade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judge {
    /// Tasks that it knows.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Mean and standard deviation of each length.
    pub lengths: Vec<[f64; 2]>,
    /// Weights of the gain.
    pub gain: Vec<f64>,
    /// Weights of the logarithm of the relative cost.
    pub log_cost: Vec<f64>,
    /// Accept at or below this gain per relative cost.
    pub threshold: f64,
}

/// What is seen of the answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence {
    /// Whether all of those asked say the same.
    pub(crate) agree: bool,
    /// Whether something was found in the first and in the second answer.
    pub(crate) found: [bool; 2],
    /// ln(1 + output tokens) of the first and the second answer, and ln(1 + characters) of the query.
    pub(crate) logs: [f64; 3],
    /// Position of its task among the known ones.
    pub(crate) task: Option<usize>,
}

/// Evidence as a row of numbers.
pub(crate) struct Signals;

impl Signals {
    /// The lengths, before they are standardised.
    pub(crate) fn lengths(evidence: &Evidence) -> [f64; N_LENGTHS] {
        let [first, second, query] = evidence.logs;
        [first, second, (first - second).abs(), query]
    }

    /// The row: constant, lengths and tasks where all agree; the same where not; nothing found.
    pub(crate) fn row(evidence: &Evidence, scales: &[[f64; 2]], n_tasks: usize) -> Vec<f64> {
        let mut case = vec![1.0];
        case.extend(super::standard_row(&Self::lengths(evidence), scales));
        case.extend((0..n_tasks).map(|task| f64::from(u8::from(evidence.task == Some(task)))));
        let none = vec![0.0; case.len()];
        let [first, second] = evidence.found;
        let mut row = if evidence.agree {
            [case, none].concat()
        } else {
            [none, case].concat()
        };
        let lacks = |found: bool| f64::from(u8::from(!found && !evidence.agree));
        row.extend([lacks(first), lacks(second)]);
        row
    }

    /// Gain per relative cost; a negative gain as it is.
    pub(crate) fn score(gain: f64, log_cost: f64) -> f64 {
        if gain <= 0.0 {
            gain
        } else {
            gain / log_cost.clamp(-20.0, 20.0).exp()
        }
    }
}

impl Judge {
    /// Says what is wrong with its sizes.
    pub(crate) fn fault(&self) -> Option<String> {
        let n = N_JUDGED + 2 * self.tasks.len();
        if self.lengths.len() != N_LENGTHS {
            return Some(format!(
                "has {} lengths, not {N_LENGTHS}",
                self.lengths.len()
            ));
        }
        (self.gain.len() != n || self.log_cost.len() != n)
            .then(|| format!("has too few or too many weights: {n} are needed"))
    }

    /// Expected gain of asking the large candidate, and the score that meets the threshold.
    pub(crate) fn weigh(&self, evidence: &Evidence) -> (f64, f64) {
        let row = Signals::row(evidence, &self.lengths, self.tasks.len());
        let gain = dot(&row, &self.gain);
        (gain, Signals::score(gain, dot(&row, &self.log_cost)))
    }
}
