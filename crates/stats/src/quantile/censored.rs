//! Quantile of times that were not all waited for to their end.
//!
//! In: the times that were seen, and for the rest how long they were waited for. Out: the quantile with its interval, or
//! `None` where too many were not waited for: the quantile is then beyond what was seen. Leaving the rest out would
//! make every quantile look better than it is, because the slow are waited for least.
//! Conditions: independent times; who stops waiting does not know how much longer it would take.
//! Source: Kaplan and Meier, JASA 53, 1958; the interval by Brookmeyer and Crowley, Biometrics 38, 1982, on limits
//! of ln(−ln S), as in R's `survfit(conf.type = "log-log")` and SAS's LIFETEST.

use super::order_statistics::needed_for_interval;
use crate::error::{StatsError, TooFew, check_finite};
use crate::{Confidence, Estimate, Method};

/// Returns the `p` quantile of times of which `seen` came, and `left` were waited for so long in vain.
///
/// With S the Kaplan-Meier estimate, `V = Σ d / (n (n − d))` Greenwood's sum, and limits `S^exp(∓ z √V / ln S)`: the point is
/// the first time with `S <= 1 − p`, the ends are the first times at which the limits are there. `n` is that of both.
/// Checked by `the_leukaemia_trial_has_its_published_figures` and `times_nobody_waited_for_do_not_shorten_a_quantile`.
///
/// # Errors
/// [`StatsError::TooFew`] where so many values support no interval even if all were seen, [`StatsError::NotFinite`],
/// [`StatsError::OutOfRange`] unless `0 < p < 1` (by 1e-9).
pub fn quantile_of_censored(
    seen: &[f64],
    left: &[f64],
    p: f64,
    confidence: Confidence,
) -> Result<Option<Estimate>, StatsError> {
    check_finite(seen)?;
    check_finite(left)?;
    let n = seen.len() + left.len();
    TooFew::check(n, needed_for_interval(p, confidence)?)?;
    let seen = seen.iter().map(|time| (*time, true));
    let mut times: Vec<(f64, bool)> = seen.chain(left.iter().map(|time| (*time, false))).collect();
    times.sort_unstable_by(|first, second| first.0.total_cmp(&second.0));
    let mut survival = Survival::default();
    let [mut point, mut low, mut high] = [None; 3];
    let mut n_waiting = n;
    for at_once in times.chunk_by(|first, second| first.0 == second.0) {
        let Some(&(time, _)) = at_once.first() else {
            continue;
        };
        let n_come = at_once.iter().filter(|(_, is_seen)| *is_seen).count();
        if n_come > 0 {
            survival.step(n_come as f64, n_waiting as f64);
            let (lower, upper) = survival.limits(confidence);
            // Products of shares miss their exact value in the last digits.
            let is_there = |share: f64| share <= 1.0 - p + 1e-9;
            let shares = [
                (&mut low, Some(lower)),
                (&mut point, Some(survival.share)),
                (&mut high, upper),
            ];
            for (end, share) in shares {
                if end.is_none() && share.is_some_and(is_there) {
                    *end = Some(time);
                }
            }
        }
        n_waiting -= at_once.len();
    }
    let ends = point.zip(low).zip(high);
    Ok(ends.map(|((point, low), high)| Estimate {
        point,
        low,
        high,
        confidence,
        n,
        method: Method::KaplanMeier,
        standard_error: None,
    }))
}

/// The share of times that are longer, and Greenwood's sum.
struct Survival {
    share: f64,
    sum: f64,
}

impl Default for Survival {
    fn default() -> Self {
        Self {
            share: 1.0,
            sum: 0.0,
        }
    }
}

impl Survival {
    fn step(&mut self, n_come: f64, n_waiting: f64) {
        let n_after = n_waiting - n_come;
        self.share *= n_after / n_waiting;
        self.sum += n_come / (n_waiting * n_after);
    }

    /// The lower limit, and the upper one, which is not known once nobody waits any more.
    fn limits(&self, confidence: Confidence) -> (f64, Option<f64>) {
        if self.share <= 0.0 {
            return (0.0, None);
        }
        let log = self.share.ln();
        let half = confidence.z_two_sided() * self.sum.sqrt() / log.abs();
        let limit = |half: f64| (log * half.exp()).exp();
        (limit(half), Some(limit(-half)))
    }
}
