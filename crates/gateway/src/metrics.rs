//! Counting what requests and attempts come to, and the line of a log.
//!
//! Counters are atomics: counting costs a request nothing that can be measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use trilemma_domain::Attempt;
use trilemma_store::ledger::{Evidence, LedgerRow, Spent};

use crate::upstream::Upstream;

/// Upper bounds of the time histograms, seconds.
pub(crate) const BOUNDS: [f64; 12] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0,
];

/// What a gateway has done since it started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) in_flight: AtomicI64,
    pub(crate) refused: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) truncated: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) unpriced: AtomicU64,
    pub(crate) duration: Histogram,
    pub(crate) by_candidate: BTreeMap<String, Tally>,
}

/// What one candidate has done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) input_tokens: AtomicU64,
    pub(crate) output_tokens: AtomicU64,
    pub(crate) nano_usd: AtomicU64,
    pub(crate) first_token: Histogram,
}

/// How often times fell between the bounds.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    pub(crate) counts: [AtomicU64; BOUNDS.len() + 1],
    pub(crate) sum_us: AtomicU64,
}

impl Histogram {
    fn note(&self, us: u64) {
        let seconds = us as f64 / 1e6;
        let slot = BOUNDS.iter().position(|bound| seconds <= *bound);
        if let Some(count) = self.counts.get(slot.unwrap_or(BOUNDS.len())) {
            add(count, 1);
        }
        add(&self.sum_us, us);
    }
}

impl Metrics {
    pub(crate) fn new<'a>(upstreams: impl Iterator<Item = &'a Arc<Upstream>>) -> Self {
        Self {
            by_candidate: upstreams
                .map(|upstream| (upstream.id().to_owned(), Tally::default()))
                .collect(),
            ..Self::default()
        }
    }

    /// A request was refused before anybody was called.
    pub(crate) fn refused(&self) {
        add(&self.refused, 1);
    }

    /// A request is being answered.
    pub(crate) fn arrived(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has come to nothing that counts.
    pub(crate) fn left(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// A call of an upstream is over.
    pub(crate) fn attempted(&self, candidate: &str, attempt: &Attempt) {
        let Some(tally) = self.by_candidate.get(candidate) else {
            return;
        };
        add(&tally.calls, 1);
        add(&tally.failures, u64::from(attempt.failure.is_some()));
        if let Some(first) = attempt.timing.first_token {
            tally
                .first_token
                .note(u64::try_from(first.as_micros()).unwrap_or(u64::MAX));
        }
    }

    /// What a call of an upstream used and cost is known.
    pub(crate) fn spent(&self, candidate: &str, spent: &Spent) {
        let Some(tally) = self.by_candidate.get(candidate) else {
            return;
        };
        if let Some(usage) = &spent.usage {
            add(&tally.input_tokens, usage.input_total());
            add(&tally.output_tokens, usage.output);
        }
        if let Some(nano) = spent.nano_usd {
            add(&tally.nano_usd, u64::try_from(nano).unwrap_or(0));
        }
    }

    /// A request is over: it counts for one end.
    pub(crate) fn finished(&self, evidence: &Evidence, row: &LedgerRow) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let end = if evidence.abandoned {
            &self.abandoned
        } else if evidence.truncated {
            &self.truncated
        } else if evidence.failure.is_none() {
            &self.answered
        } else if row.candidate.is_empty() {
            // A budget gave no leave, or the request cannot be told to whom it names.
            &self.refused
        } else {
            &self.failed
        };
        add(end, 1);
        add(&self.unpriced, u64::from(row.cost.is_none()));
        self.duration.note(evidence.total_us);
        if let Some(tally) = self.by_candidate.get(&row.candidate) {
            add(&tally.requests, 1);
        }
    }
}

fn add(counter: &AtomicU64, n: u64) {
    if n > 0 {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}

/// One request as a line of a log: figures and names, no text of prompt or answer.
pub(crate) fn log_line(row: &LedgerRow, evidence: &Evidence) -> String {
    serde_json::json!({
        "at_us": row.at_us,
        "request": row.id.to_string(),
        "client": row.client,
        "requested": row.requested,
        "candidate": row.candidate,
        "served": row.served,
        "cost_nano_usd": row.cost.map(|cost| cost.0),
        "is_estimated": row.is_estimated,
        "evidence": evidence,
    })
    .to_string()
}
