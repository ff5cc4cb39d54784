//! When requests are meant to start, whatever comes back.
//!
//! In: a pattern, a seed, an end. Out: numbered offsets from the stage's start, never decreasing. They are
//! worked out from the number, not from the offset before, so that no error adds up; Poisson gaps are
//! `-ln(1 - u) / rate` with u from ChaCha8. The k-th arrival of a ramp from a to b over T solves
//! `a t + (b - a) t² / 2T = k`.

use std::sync::Arc;
use std::time::Duration;

use trilemma_domain::{Arrivals, LoadStage};
use trilemma_stats::resample::{ChaChaStream, IndexStream as _};

/// The arrivals of an open loop, in order; endless unless the stage ends it.
#[derive(Debug, Clone)]
pub struct Schedule {
    arrivals: Arrivals,
    trace: Arc<[Duration]>,
    duration: Option<Duration>,
    requests: Option<u64>,
    next: u64,
    poisson_s: f64,
    stream: ChaChaStream,
}

impl Schedule {
    /// Makes the schedule of a stage; `trace` are the recorded offsets, ascending, where the stage has one.
    #[must_use]
    pub fn new(stage: &LoadStage, trace: &Arc<[Duration]>, seed: u64) -> Self {
        Self {
            arrivals: stage.arrivals,
            trace: Arc::clone(trace),
            duration: stage.duration,
            requests: stage.requests,
            next: 0,
            poisson_s: 0.0,
            stream: ChaChaStream::new(seed),
        }
    }

    /// When the last request is meant to start; `None` = there is none, or no end.
    #[must_use]
    pub fn last_offset(&self) -> Option<Duration> {
        if self.duration.is_none() && self.requests.is_none() && !self.is_trace() {
            return None;
        }
        self.clone().map(|(_, at)| at).last()
    }

    fn is_trace(&self) -> bool {
        matches!(self.arrivals, Arrivals::Trace { .. })
    }

    fn offset(&mut self, number: u64) -> Option<Duration> {
        let k = count(number);
        let seconds = match self.arrivals {
            Arrivals::Closed { .. } => return None,
            Arrivals::Trace { .. } => {
                return self.trace.get(usize::try_from(number).ok()?).copied();
            }
            Arrivals::Constant { per_s } => k / per_s,
            Arrivals::Poisson { per_s } => {
                let at = self.poisson_s;
                self.poisson_s += exponential(&mut self.stream) / per_s;
                at
            }
            Arrivals::Ramp {
                from_per_s,
                to_per_s,
            } => ramp(k, (from_per_s, to_per_s), self.duration?.as_secs_f64())?,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Iterator for Schedule {
    type Item = (u64, Duration);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next;
        if self.requests.is_some_and(|requests| number >= requests) {
            return None;
        }
        let at = self.offset(number)?;
        if self.duration.is_some_and(|duration| at >= duration) {
            return None;
        }
        self.next += 1;
        Some((number, at))
    }
}

/// When the k-th arrival of a ramp is due; `None` = after its end.
fn ramp(k: f64, (from, to): (f64, f64), over_s: f64) -> Option<f64> {
    let slope = (to - from) / over_s;
    let at = if slope.abs() < 1e-12 {
        k / from
    } else {
        let root = from * from + 2.0 * slope * k;
        // A falling ramp never reaches more arrivals than its area holds.
        if root < 0.0 {
            return None;
        }
        // The form without cancellation; k = 0 is due at once even where the rate begins at 0.
        2.0 * k / (from + root.sqrt()).max(f64::MIN_POSITIVE)
    };
    Some(at)
}

fn exponential(stream: &mut ChaChaStream) -> f64 {
    -(1.0 - unit(stream)).ln()
}

/// A number in [0, 1), of 53 bits.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits fit the mantissa exactly"
)]
fn unit(stream: &mut ChaChaStream) -> f64 {
    (stream.next_u64() >> 11) as f64 * 0.5_f64.powi(53)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "arrivals are far fewer than 2^52"
)]
fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(arrivals: Arrivals, seconds: Option<u64>, requests: Option<u64>) -> LoadStage {
        LoadStage {
            arrivals,
            candidates: vec![0],
            warmup: Duration::ZERO,
            warmup_requests: 0,
            duration: seconds.map(Duration::from_secs),
            requests,
            max_in_flight: None,
            drain: Duration::ZERO,
        }
    }

    fn offsets(stage: &LoadStage, trace: &[u64], seed: u64) -> Vec<Duration> {
        let trace: Arc<[Duration]> = trace.iter().map(|ms| Duration::from_millis(*ms)).collect();
        let schedule = Schedule::new(stage, &trace, seed);
        let last = schedule.last_offset();
        let all: Vec<(u64, Duration)> = schedule.collect();
        assert!(all.iter().map(|(n, _)| *n).eq(0..all.len() as u64));
        assert!(all.is_sorted_by_key(|(_, at)| *at));
        assert_eq!(last, all.last().map(|(_, at)| *at));
        all.into_iter().map(|(_, at)| at).collect()
    }

    #[test]
    fn constant_arrivals_are_due_to_the_nanosecond() {
        let all = offsets(
            &stage(Arrivals::Constant { per_s: 10.0 }, Some(60), None),
            &[],
            1,
        );
        assert_eq!(all.len(), 600);
        for (k, at) in all.iter().enumerate() {
            assert_eq!(*at, Duration::from_millis(100 * k as u64));
        }
    }

    #[test]
    fn poisson_gaps_are_exponential_and_follow_the_seed() {
        let wanted = stage(Arrivals::Poisson { per_s: 50.0 }, None, Some(20_000));
        let all = offsets(&wanted, &[], 3);
        assert_eq!(all, offsets(&wanted, &[], 3));
        assert_ne!(all, offsets(&wanted, &[], 4));
        let gaps: Vec<f64> = all
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64())
            .collect();
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        // The standard error of mean and deviation is 0.7 %.
        assert!((mean * 50.0 - 1.0).abs() < 0.03, "{mean}");
        let above = gaps.iter().filter(|gap| **gap > 0.02).count() as f64 / n;
        assert!((above - (-1.0_f64).exp()).abs() < 0.015, "{above}");
    }

    #[test]
    fn ramps_hold_the_area_under_their_line() {
        let ramp = |from_per_s, to_per_s| {
            let arrivals = Arrivals::Ramp {
                from_per_s,
                to_per_s,
            };
            offsets(&stage(arrivals, Some(10), None), &[], 1)
        };
        let rising = ramp(0.0, 10.0);
        assert_eq!(rising.len(), 50);
        // The integral of t is t²/2: the 32nd is due at 8 s.
        assert!((rising[32].as_secs_f64() - 8.0).abs() < 1e-9);
        let falling = ramp(10.0, 0.0);
        // The last of 51 would be due at the very end, where nothing arrives any more.
        assert_eq!(falling.len(), 50);
        assert!((falling[1].as_secs_f64() - 0.1005).abs() < 1e-3);
        assert_eq!(ramp(5.0, 5.0)[7], Duration::from_millis(1400));
    }

    #[test]
    fn recordings_are_replayed_as_they_are() {
        let trace = Arrivals::Trace {
            arrivals: 4,
            seconds: 0.9,
        };
        let all = offsets(&stage(trace, None, None), &[0, 0, 350, 900], 1);
        assert_eq!(all.len(), 4);
        assert_eq!(all[3], Duration::from_millis(900));
        assert_eq!(
            offsets(&stage(trace, None, Some(2)), &[0, 0, 350, 900], 1).len(),
            2
        );
    }
}
