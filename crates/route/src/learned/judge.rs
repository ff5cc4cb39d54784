//! Whether a cheap answer is good enough, from how those asked agree.
//!
//! gain = E[quality of the large candidate − quality of the first cheap answer | signals], a linear
//! model with priors: where all agree, the gain is near zero. It is set against the large
//! candidate's expected cost, relative to its mean. The answer is accepted when gain ÷ relative cost
//! is at most the threshold (a negative gain counts as it is).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::signs::{Look, ReadySign, Sign};
use super::weighing::Weighing;
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
    /// Items that it was fitted on; absent = an older version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// Posterior covariance of the weights of the gain: its lower triangle row by row, as single-precision numbers
    /// (lowest byte first) in Base64. Absent = an older version wrote it, or there are too many weights. Nothing is
    /// decided by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain_covariance: Option<String>,
}

/// A judge made ready to run.
#[derive(Debug)]
pub(crate) struct ReadyJudge {
    judge: Judge,
    signs: Vec<ReadySign>,
    /// Lower triangle, row by row; empty = it is not known.
    covariance: Vec<f64>,
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
            covariance: covariance(judge, n)?,
            judge: judge.clone(),
        })
    }

    /// What asking on is worth.
    pub(crate) fn weigh(&self, evidence: &Evidence) -> Weighing {
        let judge = &self.judge;
        let row = Signals::row(evidence, &judge.lengths, judge.tasks.len());
        let (gain, score) = judge.weigh_row(&row);
        Weighing {
            gain,
            sd: self.sd(&row),
            score,
            threshold: judge.threshold,
        }
    }

    /// Posterior standard deviation of the expected gain; most signals of a row are zero.
    fn sd(&self, row: &[f64]) -> Option<f64> {
        if self.covariance.is_empty() {
            return None;
        }
        let mut variance = 0.0;
        for (i, x) in row.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let from = i * (i + 1) / 2;
            let own = self.covariance.get(from..=from + i)?;
            let (diagonal, before) = own.split_last()?;
            variance += x * (x * diagonal + 2.0 * dot(before, row));
        }
        Some(variance.max(0.0).sqrt())
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
        self.weigh_row(&Signals::row(evidence, &self.lengths, self.tasks.len()))
    }

    fn weigh_row(&self, row: &[f64]) -> (f64, f64) {
        let gain = dot(row, &self.gain);
        (gain, Signals::score(gain, dot(row, &self.log_cost)))
    }
}

/// Most weights whose covariance is written: of more the file would become large.
const MOST_COVARIANCE: usize = 256;

/// The lower triangle of a covariance as it stands in the file; `None` = it is too large.
pub(crate) fn packed_covariance(rows: &[Vec<f64>]) -> Option<String> {
    if rows.len() > MOST_COVARIANCE {
        return None;
    }
    let lower = (rows.iter().enumerate()).flat_map(|(idx, row)| row.iter().take(idx + 1));
    let bytes: Vec<u8> = lower.flat_map(|one| (*one as f32).to_le_bytes()).collect();
    Some(STANDARD.encode(bytes))
}

/// Reads it.
fn covariance(judge: &Judge, n: usize) -> Result<Vec<f64>, String> {
    let Some(text) = &judge.gain_covariance else {
        return Ok(Vec::new());
    };
    let bytes = (STANDARD.decode(text))
        .map_err(|error| format!("has a covariance that is no Base64: {error}"))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    let all: Vec<f64> = (numbers.iter())
        .map(|four| f64::from(f32::from_le_bytes(*four)))
        .collect();
    if !rest.is_empty() || all.len() != n * (n + 1) / 2 {
        let found = all.len();
        return Err(format!(
            "has a covariance of {found} numbers, not {}",
            n * (n + 1) / 2
        ));
    }
    if !all.iter().all(|one| one.is_finite()) {
        return Err("has a covariance that is not finite".to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lengths matter where all agree; their weights hang together.
    fn judge(covariance: Option<String>) -> Judge {
        Judge {
            tasks: Vec::new(),
            lengths: vec![[0.0, 1.0]; N_LENGTHS],
            gain: vec![0.01; N_JUDGED],
            log_cost: vec![0.0; N_JUDGED],
            signs: Vec::new(),
            threshold: 0.0,
            n: None,
            gain_covariance: covariance,
        }
    }

    fn evidence() -> Evidence {
        Evidence {
            agree: true,
            found: [true, true],
            logs: [0.0, 0.0, 2.0],
            task: None,
            signs: Vec::new(),
        }
    }

    #[test]
    fn the_sd_of_a_gain_is_that_of_the_whole_covariance() {
        let mut rows = vec![vec![0.0; N_JUDGED]; N_JUDGED];
        // The constant has variance 0.04, the length of the query 0.01, both together 0.015.
        rows[0][0] = 0.04;
        rows[N_LENGTHS][N_LENGTHS] = 0.01;
        (rows[0][N_LENGTHS], rows[N_LENGTHS][0]) = (0.015, 0.015);
        let ready = ReadyJudge::new(&judge(packed_covariance(&rows))).unwrap();
        let found = ready.weigh(&evidence());
        // The constant counts once, the length twice: 0.04 + 4 × 0.01 + 2 × 2 × 0.015.
        assert!(
            (found.sd.unwrap() - 0.14_f64.sqrt()).abs() < 1e-7,
            "{found:?}"
        );
        assert!((found.gain - 0.03).abs() < 1e-12);
        let older = ReadyJudge::new(&judge(None)).unwrap().weigh(&evidence());
        assert_eq!((older.sd, older.gain), (None, found.gain));
    }

    #[test]
    fn a_covariance_of_another_size_is_refused() {
        let fault = |text: &str| ReadyJudge::new(&judge(Some(text.to_owned()))).unwrap_err();
        assert!(fault("=").contains("no Base64"));
        assert!(fault("AAAA").contains("0 numbers, not 78"));
        let infinite = vec![vec![f64::INFINITY; N_JUDGED]; N_JUDGED];
        assert!(fault(&packed_covariance(&infinite).unwrap()).contains("not finite"));
        let many = vec![vec![0.0; MOST_COVARIANCE + 1]; MOST_COVARIANCE + 1];
        assert_eq!(packed_covariance(&many), None);
    }
}
