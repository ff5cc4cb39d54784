//! Whether a cheap answer is good enough, from how those asked agree.
//!
//! gain = E[quality of the large candidate − quality of the first cheap answer | signals], a linear
//! model with priors: where all agree, the gain is near zero. It is set against the large
//! candidate's expected cost, relative to its mean. The answer is accepted when gain ÷ relative cost
//! is at most the threshold (a negative gain counts as it is).

use serde::{Deserialize, Serialize};

use super::signs::{Look, ReadySign, Sign};
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
    /// What else it looks at where not all of several candidates agree: one weight each, the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
    /// Accept at or below this gain per relative cost.
    pub threshold: f64,
}

/// A judge made ready to run.
#[derive(Debug)]
pub(crate) struct ReadyJudge {
    judge: Judge,
    signs: Vec<ReadySign>,
}

/// What is seen of the answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence {
    /// Whether all of those asked say the same and are several candidates, not one asked repeatedly.
    pub(crate) agree: bool,
    /// Whether something was found in the first and in the second answer.
    pub(crate) found: [bool; 2],
    /// ln(1 + output tokens) of the first and the second answer, and ln(1 + characters) of the query.
    pub(crate) logs: [f64; 3],
    /// Position of its task among the known ones.
    pub(crate) task: Option<usize>,
    /// Signs in standard deviations, as many as the judge has.
    pub(crate) signs: Vec<f64>,
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
        let weight = f64::from(u8::from(!evidence.agree));
        row.extend(evidence.signs.iter().map(|sign| weight * sign));
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

impl ReadyJudge {
    /// Makes a judge ready.
    ///
    /// # Errors
    /// What is wrong with its sizes or signs.
    pub(crate) fn new(judge: &Judge) -> Result<Self, String> {
        let n = N_JUDGED + 2 * judge.tasks.len() + judge.signs.len();
        if judge.lengths.len() != N_LENGTHS {
            let found = judge.lengths.len();
            return Err(format!("has {found} lengths, not {N_LENGTHS}"));
        }
        if judge.gain.len() != n || judge.log_cost.len() != n {
            return Err(format!("has too few or too many weights: {n} are needed"));
        }
        let signs: Result<Vec<ReadySign>, String> =
            judge.signs.iter().map(ReadySign::new).collect();
        Ok(Self {
            signs: signs?,
            judge: judge.clone(),
        })
    }

    /// As it stands in the file.
    pub(crate) fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Its signs in some answers.
    pub(crate) fn signs(&self, look: &Look<'_>) -> Vec<f64> {
        self.signs.iter().map(|sign| sign.value(look)).collect()
    }

    /// Its signs before any answer is there.
    pub(crate) fn signs_before(&self, look: &Look<'_>) -> Vec<f64> {
        self.signs.iter().map(|sign| sign.before(look)).collect()
    }

    /// Whether it reads texts and its training has not seen this task.
    pub(crate) fn is_unseen(&self, task: Option<&str>) -> bool {
        self.signs.iter().any(|sign| sign.is_unseen(task))
    }
}

impl Judge {
    /// Expected gain of asking the large candidate, and the score that meets the threshold.
    pub(crate) fn weigh(&self, evidence: &Evidence) -> (f64, f64) {
        let row = Signals::row(evidence, &self.lengths, self.tasks.len());
        let gain = dot(&row, &self.gain);
        (gain, Signals::score(gain, dot(&row, &self.log_cost)))
    }
}
