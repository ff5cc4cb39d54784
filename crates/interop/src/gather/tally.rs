//! Sums per candidate, to be compared with the tool's own.

use std::collections::BTreeMap;

use super::spool::GatheredTrial;

/// What was read of one candidate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// Trials.
    pub n_trials: u64,
    /// Of these, without an answer.
    pub n_failed: u64,
    /// Answered, and without the score that decides.
    pub n_unscored: u64,
    /// Whose score is at least the threshold.
    pub n_passed: u64,
    /// Answered with a text in the file.
    pub n_outputs: u64,
    /// With token counts.
    pub n_usage: u64,
    /// With a cost.
    pub n_costs: u64,
    /// With a latency.
    pub n_latencies: u64,
    /// With a time to the first token.
    pub n_ttfts: u64,
    /// Sum and number of each score, by position of the scorer.
    pub(crate) sums: BTreeMap<u32, (f64, u64)>,
}

impl Tally {
    pub(crate) fn add(&mut self, trial: &GatheredTrial, (primary, threshold): (u32, f64)) {
        self.n_trials += 1;
        self.n_usage += u64::from(trial.usage.is_some());
        self.n_costs += u64::from(trial.cost.is_some());
        self.n_latencies += u64::from(trial.latency.is_some());
        self.n_ttfts += u64::from(trial.ttft.is_some());
        if trial.failed.is_some() {
            self.n_failed += 1;
            return;
        }
        self.n_outputs += u64::from(trial.output.is_some());
        let mut is_scored = false;
        for score in &trial.scores {
            let Ok(value) = &score.value else { continue };
            let sum = self.sums.entry(score.scorer).or_insert((0.0, 0));
            sum.0 += value;
            sum.1 += 1;
            if score.scorer == primary {
                is_scored = true;
                // As scores are combined: room for rounding, so that 0.7 passes at 0.7.
                self.n_passed += u64::from(value + 1e-9 >= threshold);
            }
        }
        self.n_unscored += u64::from(!is_scored);
    }

    /// Mean of a score over the trials that have it; `None` = none has.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub fn mean(&self, scorer: u32) -> Option<f64> {
        let (sum, n) = self.sums.get(&scorer)?;
        Some(sum / *n as f64)
    }

    /// Trials that were scored and did not pass.
    #[must_use]
    pub fn n_not_passed(&self) -> u64 {
        self.n_trials - self.n_failed - self.n_unscored - self.n_passed
    }
}
