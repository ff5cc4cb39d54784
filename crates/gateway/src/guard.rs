//! The tests by which a canary is rolled back or found no worse: numbers in, evidence out.
//!
//! In: outcomes of requests of either arm, in the order in which they end. Out: for each guard the evidence
//! that the challenger is worse than is tolerated, and the evidence that it is not. Each is an e-process over
//! block differences (`trilemma_stats::sequential`): it may be looked at after every request. All guards
//! share one error: with k guards each gives alarm at evidence k/α, so that an equal challenger is rolled back
//! with a chance of at most α, for ever. Times and costs are capped at five times the control's mean over its
//! first 30 values, and the challenger's are divided by the ratio that is tolerated. Conditions: requests
//! independent given their arm; users who differ a lot weaken that (docs/methods.md has figures).

use serde::{Deserialize, Serialize};
use trilemma_project::CanarySettings;
use trilemma_stats::Confidence;
use trilemma_stats::mean::Running;
use trilemma_stats::sequential::{MarginProcess, Population, asymptotic_mean};

use crate::blocks::{Arm, Blocks};

/// Values of the control that set the scale.
const N_SCALE: u32 = 30;
/// Multiple of the control's mean at which values are capped.
const CAP: f64 = 5.0;

/// What is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Requests without an answer by the arm's own candidates; where the client went away, without a beginning of one.
    Errors,
    /// Time from arrival to the first visible byte of streams, to the last byte otherwise; at most as long as the
    /// client waited.
    Latency,
    /// Cost of a request, all its calls.
    Cost,
    /// Scores of answers by scorers that need no expected answer.
    Quality,
    /// What clients say of answers.
    Feedback,
    /// What judges say of answers, where they are asked.
    Judged,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Errors,
        Self::Latency,
        Self::Cost,
        Self::Quality,
        Self::Feedback,
        Self::Judged,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::Cost => "cost",
            Self::Quality => "quality",
            Self::Feedback => "feedback",
            Self::Judged => "judged",
        }
    }
}

impl Kind {
    /// In what its means are told.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Errors => "share",
            Self::Latency => "us",
            Self::Cost => "nano_usd",
            Self::Quality | Self::Feedback | Self::Judged => "missing_to_1",
        }
    }
}

/// What one request shows; `None` = nothing of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Outcome {
    pub(crate) is_failed: Option<bool>,
    pub(crate) latency_us: Option<f64>,
    pub(crate) cost_nano: Option<f64>,
    /// In [0, 1].
    pub(crate) score: Option<f64>,
    /// In [0, 1].
    pub(crate) feedback: Option<f64>,
    /// In [0, 1].
    pub(crate) judged: Option<f64>,
}

impl Outcome {
    /// A request whose client went away: not answered where nothing could be seen by then, and it waited that
    /// long at least. Clients of both arms are held to it alike: that equal arms lose clients alike is what keeps
    /// the tests valid, and a challenger cannot hide behind clients who do not wait for it.
    pub(crate) fn left(waited_us: f64, shown_us: Option<f64>) -> Self {
        Self {
            is_failed: Some(shown_us.is_none()),
            latency_us: Some(shown_us.unwrap_or(waited_us)),
            ..Self::default()
        }
    }
}

/// All guards of a canary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Guards {
    guards: Vec<Guard>,
    /// Most chance of rolling back an equal challenger.
    alpha: f64,
}

/// One guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Guard {
    pub(crate) kind: Kind,
    /// Difference of means that is tolerated; 0 where a ratio is.
    tolerance: f64,
    /// Ratio that is tolerated; `None` = values lie in [0, 1] already.
    scale: Option<Scale>,
    blocks: Blocks,
    harm: Evidence,
    safe: Evidence,
    differences: Running,
    /// Values of the control and the challenger.
    pub(crate) n: [u64; 2],
    sums: [f64; 2],
}

/// Evidence against "mean <= -margin" that survives a restart.
///
/// What was reached before is multiplied with what a process that starts anew finds: a product of e-processes
/// one after the other is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Evidence {
    margin: f64,
    /// Logarithm of what was reached before the process began.
    before: f64,
    /// Logarithm of all.
    now: f64,
    #[serde(skip)]
    process: Option<MarginProcess>,
}

impl Evidence {
    fn new(margin: f64) -> Self {
        Self {
            margin,
            before: 0.0,
            now: 0.0,
            process: None,
        }
    }

    fn observe(&mut self, difference: f64) {
        if self.process.is_none() {
            self.before = self.now;
            self.process = MarginProcess::new(self.margin, Population::Source).ok();
        }
        if let Some(process) = &mut self.process
            && process.observe(difference.clamp(-1.0, 1.0)).is_ok()
        {
            self.now = self.before + process.log_e_value();
        }
    }

    fn log_e_value(&self) -> f64 {
        self.now
    }
}

/// From amounts to [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scale {
    ratio: f64,
    n: u32,
    sum: f64,
}

impl Guards {
    pub(crate) fn new(settings: &CanarySettings) -> Self {
        // A guard that can see nothing would only make the others slower.
        let kinds = Kind::ALL.into_iter();
        let kinds = kinds.filter(|kind| *kind != Kind::Judged || settings.judges.is_some());
        let guards = kinds.map(|kind| match kind {
            Kind::Errors => Guard::new(kind, settings.max_error_increase, None),
            Kind::Latency => Guard::new(kind, 0.0, Some(settings.max_latency_ratio)),
            Kind::Cost => Guard::new(kind, 0.0, Some(settings.max_cost_ratio)),
            Kind::Quality | Kind::Feedback | Kind::Judged => {
                Guard::new(kind, settings.max_quality_loss, None)
            }
        });
        Self {
            guards: guards.collect(),
            alpha: settings.false_rollback,
        }
    }

    /// Takes what a request shows; `Some` = the challenger is shown to be worse than is tolerated.
    pub(crate) fn observe(&mut self, arm: Arm, outcome: Outcome) -> Option<Kind> {
        let threshold = self.log_threshold();
        let mut alarm = None;
        for guard in &mut self.guards {
            let bad = match guard.kind {
                Kind::Errors => outcome.is_failed.map(|is| f64::from(u8::from(is))),
                Kind::Latency => outcome.latency_us,
                Kind::Cost => outcome.cost_nano,
                Kind::Quality => outcome.score.map(|score| 1.0 - score),
                Kind::Feedback => outcome.feedback.map(|score| 1.0 - score),
                Kind::Judged => outcome.judged.map(|score| 1.0 - score),
            };
            if let Some(bad) = bad {
                guard.observe(arm, bad);
            }
            if guard.log_harm() >= threshold {
                alarm = alarm.or(Some(guard.kind));
            }
        }
        alarm
    }

    /// Evidence at which a guard gives alarm, as a logarithm.
    pub(crate) fn log_threshold(&self) -> f64 {
        (self.guards.len() as f64 / self.alpha).ln()
    }

    /// Whether every guard that has seen anything shows the challenger to be no worse than is tolerated.
    pub(crate) fn is_safe(&self) -> bool {
        let least = (1.0 / self.alpha).ln();
        let mut seen = self.guards.iter().filter(|guard| guard.has_values());
        // Without errors and times nothing is known.
        self.guards.iter().take(2).all(Guard::has_values)
            && seen.all(|guard| guard.log_safe() >= least)
    }

    pub(crate) fn all(&self) -> &[Guard] {
        &self.guards
    }
}

impl Guard {
    fn new(kind: Kind, tolerance: f64, ratio: Option<f64>) -> Self {
        Self {
            kind,
            tolerance,
            scale: ratio.map(|ratio| Scale {
                ratio,
                n: 0,
                sum: 0.0,
            }),
            blocks: Blocks::new(),
            harm: Evidence::new(0.0),
            safe: Evidence::new(tolerance),
            differences: Running::default(),
            n: [0; 2],
            sums: [0.0; 2],
        }
    }

    fn observe(&mut self, arm: Arm, bad: f64) {
        let side = match arm {
            Arm::Control => 0,
            Arm::Challenger => 1,
        };
        if let (Some(n), Some(sum)) = (self.n.get_mut(side), self.sums.get_mut(side)) {
            *n += 1;
            *sum += bad;
        }
        let bad = match &mut self.scale {
            None => bad.clamp(0.0, 1.0),
            Some(scale) => match scale.scaled(arm, bad) {
                Some(bad) => bad,
                None => return,
            },
        };
        if let Some(difference) = self.blocks.observe(arm, bad) {
            self.differences.add(difference);
            let beyond = (difference - self.tolerance) / (1.0 + self.tolerance);
            self.harm.observe(beyond);
            self.safe.observe(-difference);
        }
    }

    /// Evidence that the challenger is worse than is tolerated, as a logarithm.
    pub(crate) fn log_harm(&self) -> f64 {
        self.harm.log_e_value()
    }

    /// Evidence that it is not, as a logarithm.
    pub(crate) fn log_safe(&self) -> f64 {
        self.safe.log_e_value()
    }

    /// Means of the control and the challenger, as they are: shares, microseconds, nano-dollars.
    pub(crate) fn means(&self) -> [Option<f64>; 2] {
        let [control, challenger] = self.n;
        let [theirs, own] = self.sums;
        [(theirs, control), (own, challenger)].map(|(sum, n)| (n > 0).then(|| sum / n as f64))
    }

    /// By how much the challenger is worse, with an interval that holds at any time (95 %): shares as they are;
    /// times and costs divided by what is tolerated, as a share of the control's first mean.
    pub(crate) fn excess(&self) -> Option<[f64; 3]> {
        let unit = if self.scale.is_some() { CAP } else { 1.0 };
        let found = asymptotic_mean(&self.differences, Confidence::P95)?;
        Some(found.map(|end| end * unit))
    }

    fn has_values(&self) -> bool {
        self.n.iter().all(|n| *n > 0)
    }
}

impl Scale {
    /// A value between 0 and the cap, as a share of it; `None` = it went into the scale, or there is none.
    fn scaled(&mut self, arm: Arm, value: f64) -> Option<f64> {
        if self.n < N_SCALE {
            if arm == Arm::Control {
                self.n += 1;
                self.sum += value;
            }
            return None;
        }
        let cap = CAP * self.sum / f64::from(self.n);
        let cap = match arm {
            Arm::Control => cap,
            Arm::Challenger => cap * self.ratio,
        };
        (cap > 0.0).then(|| (value / cap).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests;
