//! What became of requests: counted while the ledger is read, one request at a time.

use std::collections::BTreeMap;

use trilemma_domain::NanoUsd;
use trilemma_stats::mean::Running;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::quantile::{Sorted, quantile};
use trilemma_stats::{Confidence, Estimate};
use trilemma_store::ledger::LedgerEntry;

/// Requests of one kind.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) n: usize,
    pub(super) n_answered: usize,
    pub(super) n_cut: usize,
    pub(super) n_abandoned: usize,
    pub(super) n_repeated: usize,
    pub(super) n_unmeasured: usize,
    pub(super) n_fallbacks: usize,
    pub(super) n_estimated: usize,
    pub(super) n_unpriced: usize,
    /// Whole answers that decline, by the vendor's word.
    n_declined: usize,
    /// Names that whole answers carried: of models and of back ends.
    pub(super) names: [BTreeMap<String, Seen>; 2],
    nano: i128,
    costs: Running,
    tokens: Running,
    first_ms: Vec<f64>,
}

/// How often something was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) n: usize,
    /// The first and the last time, microseconds since 1970-01-01 UTC.
    pub(super) first_us: i64,
    pub(super) last_us: i64,
}

impl Seen {
    fn add(&mut self, at_us: i64) {
        if self.n == 0 {
            (self.first_us, self.last_us) = (at_us, at_us);
        }
        self.n += 1;
        self.first_us = self.first_us.min(at_us);
        self.last_us = self.last_us.max(at_us);
    }
}

/// The mean with a normal interval; `None` below 30 requests, where skewed costs allow none.
fn interval(values: &Running) -> Option<[f64; 3]> {
    const LEAST: usize = 30;
    let (mean, sd) = (values.mean()?, values.standard_deviation()?);
    if values.n() < LEAST {
        return None;
    }
    let half = Confidence::P95.z_two_sided() * sd / (values.n() as f64).sqrt();
    Some([mean, (mean - half).max(0.0), mean + half])
}

impl Tally {
    pub(super) fn add(&mut self, entry: &LedgerEntry) {
        self.n += 1;
        match entry.row.cost {
            Some(cost) => self.nano += i128::from(cost.0),
            None => self.n_unpriced += 1,
        }
        self.n_estimated += usize::from(entry.row.is_estimated);
        let Some(evidence) = &entry.evidence else {
            return;
        };
        let is_answered = evidence.failure.is_none() && !evidence.abandoned;
        self.n_answered += usize::from(is_answered);
        self.n_cut += usize::from(evidence.truncated);
        self.n_abandoned += usize::from(evidence.abandoned);
        self.n_repeated += usize::from(evidence.attempts.len() > 1);
        self.n_unmeasured += usize::from(!evidence.unmeasured.is_empty());
        self.n_fallbacks += usize::from(evidence.canary_failure.is_some());
        if let (true, false, Some(cost)) = (is_answered, entry.row.is_estimated, entry.row.cost) {
            self.costs.add(cost.to_f64_usd());
        }
        if is_answered {
            let declines = evidence.finish.as_deref() == Some("refusal");
            self.n_declined += usize::from(declines);
            let carried = [&entry.row.served, &evidence.fingerprint];
            for (names, name) in self.names.iter_mut().zip(carried) {
                if let Some(name) = name {
                    let seen = names.entry(name.clone()).or_default();
                    seen.add(entry.row.at_us);
                }
            }
            // Tokens of one call are those of the answer.
            if let (1, false, Some(usage)) = (
                evidence.attempts.len(),
                entry.row.is_estimated,
                entry.row.usage,
            ) {
                self.tokens.add(usage.output as f64);
            }
        }
        let first = evidence
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.first_visible_us);
        self.first_ms.extend(first.map(|us| us as f64 / 1_000.0));
    }

    /// Share of requests that got their whole answer, of those whose client stayed.
    pub(super) fn answered(&self) -> Option<Estimate> {
        let n_stayed = self.n.saturating_sub(self.n_abandoned);
        let count = Count::new(self.n_answered, n_stayed).ok()?;
        Some(wilson(count, Confidence::P95))
    }

    /// A quantile of the time to the first visible token, milliseconds.
    pub(super) fn first_token(&self, level: f64) -> Option<Estimate> {
        let sample = Sorted::new(self.first_ms.clone()).ok()?;
        quantile(&sample, level, Confidence::P95).ok()
    }

    /// Share of whole answers that decline.
    pub(super) fn declined(&self) -> Option<Estimate> {
        let count = Count::new(self.n_declined, self.n_answered).ok()?;
        Some(wilson(count, Confidence::P95))
    }

    /// Output tokens per whole answer, with interval and n.
    pub(super) fn output_tokens(&self) -> Option<([f64; 3], usize)> {
        Some((interval(&self.tokens)?, self.tokens.n()))
    }

    /// USD per whole answer, all its calls included, with its interval and n.
    pub(super) fn per_answer(&self) -> Option<([f64; 3], usize)> {
        Some((interval(&self.costs)?, self.costs.n()))
    }

    /// What all of them cost as far as known.
    pub(super) fn total(&self) -> NanoUsd {
        NanoUsd(i64::try_from(self.nano).unwrap_or(i64::MAX))
    }
}
