//! Evidence so far: the p values of all looks, one detector per channel.
//!
//! In: the p values of the looks before, as recorded, and of this one. Out: evidence, threshold, alarm,
//! and the check with which a change most likely began. A look that had nothing to compare in a channel
//! leaves its evidence as it was.

use trilemma_stats::change::{Detector, FalseAlarms};

/// What a channel has gathered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gathered {
    pub(crate) evidence: f64,
    pub(crate) threshold: f64,
    /// The check, counted from 1, with which a change most likely began.
    pub(crate) since_check: Option<u32>,
}

impl Gathered {
    /// Takes a p value of this look as evidence by itself: at most `chance · share` of `looks` looks pass
    /// the threshold while nothing changes, by the union bound.
    pub(crate) fn at_once(
        (p_value, since_check): (f64, u32),
        (alarms, share): (FalseAlarms, f64),
    ) -> Self {
        Self {
            evidence: 1.0 / p_value.max(f64::MIN_POSITIVE),
            threshold: alarms.log_threshold(share).exp(),
            since_check: Some(since_check),
        }
    }

    /// Adds up the looks of one channel of one candidate, first check first; `share` of the chance is
    /// theirs.
    pub(crate) fn of(p_values: &[Option<f64>], (alarms, share): (FalseAlarms, f64)) -> Self {
        let mut detector = Detector::new();
        let mut numbers = Vec::new();
        for (number, p_value) in (1_u32..).zip(p_values) {
            if let Some(p_value) = p_value {
                detector.observe(*p_value);
                numbers.push(number);
            }
        }
        Self {
            // Finite in JSON, whatever was seen.
            evidence: detector.log_evidence().min(600.0).exp(),
            threshold: alarms.log_threshold(share).exp(),
            since_check: detector.began().and_then(|look| numbers.get(look).copied()),
        }
    }
}
