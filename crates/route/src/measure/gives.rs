//! What a policy gives over the best single candidate, at the threshold that it has.
//!
//! In: what was realised on items that it was not fitted on. Out: the cost that it saves and the quality that it gains,
//! whether either is shown with 95 % confidence, and that in words. A curve may lie above a random mix of single candidates
//! while the policy of one target spends nearly as much as the best of them for nearly the same quality: this tells.

use std::fmt;

use trilemma_stats::Estimate;
use trilemma_stats::resample::{Interval, NoInterval};

use super::appraise::Appraisal;
use crate::train::Examples;

/// What a policy gives over the best single candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Gives {
    /// Name of the best single candidate.
    pub best: String,
    /// Share of its cost that is saved; below zero = the policy costs more.
    pub saving: f64,
    /// Its 95 % interval over items, or why there is none.
    pub saving_interval: Interval,
    /// Quality less that of the best single candidate.
    pub gain: f64,
    /// Its 95 % interval, paired; `None` = too few items.
    pub gain_interval: Option<Estimate>,
}

impl Appraisal {
    /// Sets cost and quality beside those of the best single candidate of the items that they were found on.
    #[must_use]
    pub fn gives(&self, examples: &Examples) -> Gives {
        let best = examples.members.get(examples.best_single());
        let saved = |found: &Estimate| Estimate {
            point: 1.0 - found.point,
            low: 1.0 - found.high,
            high: 1.0 - found.low,
            ..found.clone()
        };
        Gives {
            best: best.map_or_else(String::new, |one| one.id.to_string()),
            saving: 1.0 - self.cost_share,
            saving_interval: self
                .cost_share_interval
                .as_ref()
                .map(saved)
                .map_err(|why| *why),
            gain: self.difference_point,
            gain_interval: self.difference.clone(),
        }
    }
}

impl Gives {
    /// Whether it is shown to cost less: its interval lies above zero, or every resample saves the same.
    #[must_use]
    pub fn saves(&self) -> bool {
        match &self.saving_interval {
            Ok(found) => found.low > 0.0,
            Err(NoInterval::Same) => self.saving > 0.0,
            Err(NoInterval::TooFew(_) | NoInterval::Lacking { .. }) => false,
        }
    }

    /// Whether it is shown to be better.
    #[must_use]
    pub fn gains(&self) -> bool {
        self.gain_interval.as_ref().is_some_and(|one| one.low > 0.0)
    }

    /// Whether it is shown to give anything: to cost less or to be better.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.saves() || self.gains()
    }
}

impl fmt::Display for Gives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let best = &self.best;
        let percent = |share: f64| {
            let text = format!("{:.1}", 100.0 * share);
            if text == "-0.0" {
                "0.0".to_owned()
            } else {
                text
            }
        };
        let costs_more = percent(self.saving).starts_with('-');
        match costs_more {
            true => write!(f, "costs {} % more than `{best}`", percent(-self.saving))?,
            false => write!(
                f,
                "saves {} % of the cost of `{best}`",
                percent(self.saving)
            )?,
        }
        match &self.saving_interval {
            Ok(found) => {
                let (low, high) = match costs_more {
                    true => (-found.high, -found.low),
                    false => (found.low, found.high),
                };
                let (low, high) = (percent(low), percent(high));
                write!(f, " ({low} to {high} %, n = {})", found.n)?;
            }
            Err(NoInterval::Same) => f.write_str(" (the same in every resample)")?,
            Err(why) => write!(f, " (no interval: {why})")?,
        }
        let points = |share: f64| {
            let text = format!("{:+.1}", 100.0 * share);
            if text == "-0.0" {
                "+0.0".to_owned()
            } else {
                text
            }
        };
        write!(f, " at {} points", points(self.gain))?;
        match &self.gain_interval {
            Some(found) => {
                let (low, high) = (points(found.low), points(found.high));
                write!(f, " ({low} to {high}, n = {})", found.n)
            }
            None => f.write_str(" (no interval: the items are too few)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use trilemma_stats::{Confidence, Method};

    use super::*;

    fn estimate(point: f64, low: f64, high: f64) -> Estimate {
        Estimate {
            point,
            low,
            high,
            confidence: Confidence::P95,
            n: 300,
            method: Method::BootstrapPercentile,
            standard_error: None,
        }
    }

    fn gives(saving: [f64; 3], gain: [f64; 3]) -> Gives {
        Gives {
            best: "large".to_owned(),
            saving: saving[0],
            saving_interval: Ok(estimate(saving[0], saving[1], saving[2])),
            gain: gain[0],
            gain_interval: Some(estimate(gain[0], gain[1], gain[2])),
        }
    }

    #[test]
    fn a_saving_or_a_gain_is_shown_or_nothing_is() {
        let nothing = gives([0.01, -0.002, 0.025], [0.001, -0.004, 0.006]);
        assert!(!nothing.is_shown());
        assert_eq!(
            nothing.to_string(),
            "saves 1.0 % of the cost of `large` (-0.2 to 2.5 %, n = 300) at +0.1 points (-0.4 to +0.6, n = 300)"
        );
        assert!(gives([0.01, 0.002, 0.025], [-0.001, -0.004, 0.006]).is_shown());
        let better = gives([-0.05, -0.07, -0.03], [0.02, 0.01, 0.03]);
        assert!(better.is_shown() && better.gains() && !better.saves());
        assert_eq!(
            better.to_string(),
            "costs 5.0 % more than `large` (3.0 to 7.0 %, n = 300) at +2.0 points (+1.0 to +3.0, n = 300)"
        );
    }

    #[test]
    fn what_is_the_same_in_every_resample_is_shown_and_what_is_too_little_is_not() {
        let of = |saving: f64, interval: Interval| Gives {
            saving,
            saving_interval: interval,
            gain_interval: None,
            ..gives([0.0; 3], [-0.000_1; 3])
        };
        let same = of(0.9, Err(NoInterval::Same));
        assert!(same.is_shown());
        assert_eq!(
            same.to_string(),
            "saves 90.0 % of the cost of `large` (the same in every resample) at +0.0 points (no interval: the items are \
             too few)"
        );
        assert!(!of(0.0, Err(NoInterval::Same)).is_shown());
        assert!(!of(0.9, Err(NoInterval::Lacking { share: 0.2 })).is_shown());
    }
}
