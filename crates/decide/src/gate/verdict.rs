//! The parts that all gates share.

use trilemma_domain::Verdict;
use trilemma_stats::Confidence;

use crate::figure::{Method, tidy};
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult, Settle};

/// What evidence says with missing results counted both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Shown to meet it, whatever is missing.
    Meets,
    /// Shown to fail it, whatever is missing.
    Fails,
    /// Open.
    Open {
        /// Whether the results at hand alone would decide.
        without_missing: Decides,
    },
}

/// Whether the results at hand alone would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decides {
    /// They would.
    Yes,
    /// They would not.
    No,
}

impl Finding {
    /// Judges by the worst, the best and the observed case.
    pub(crate) fn of(meets_at_worst: bool, fails_at_best: bool, observed_decides: bool) -> Self {
        if meets_at_worst {
            Self::Meets
        } else if fails_at_best {
            Self::Fails
        } else if observed_decides {
            Self::Open {
                without_missing: Decides::Yes,
            }
        } else {
            Self::Open {
                without_missing: Decides::No,
            }
        }
    }

    /// The verdict.
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::Meets => Verdict::Meets,
            Self::Fails => Verdict::Fails,
            Self::Open { .. } => Verdict::Undecided,
        }
    }

    /// Why it is open.
    pub(crate) fn cause(self) -> Option<Cause> {
        match self {
            Self::Meets | Self::Fails => None,
            Self::Open {
                without_missing: Decides::Yes,
            } => Some(Cause::MissingResults),
            Self::Open {
                without_missing: Decides::No,
            } => Some(Cause::Sampling),
        }
    }
}

/// The parts of a measured gate.
pub(crate) struct Measured {
    pub(crate) gate: GateKind,
    pub(crate) finding: Finding,
    pub(crate) n: usize,
    pub(crate) estimate: Option<GateEstimate>,
    pub(crate) bound: Option<Amount>,
    pub(crate) threshold: Amount,
    pub(crate) confidence: Confidence,
    pub(crate) method: Method,
    pub(crate) reason: String,
    pub(crate) settle: Option<Settle>,
}

impl Measured {
    /// Writes the result down.
    pub(crate) fn result(self) -> GateResult {
        let verdict = self.finding.verdict();
        GateResult {
            gate: self.gate,
            verdict,
            cause: self.finding.cause(),
            n: Some(self.n),
            estimate: self.estimate,
            bound: self.bound,
            threshold: Some(self.threshold),
            confidence: tidy(self.confidence.level()),
            method: self.method,
            reference: None,
            reason: self.reason,
            settle: self.settle.filter(|_| verdict == Verdict::Undecided),
        }
    }
}

/// A gate on a fact that some source states.
pub(crate) fn stated(gate: GateKind, verdict: Verdict, reason: String) -> GateResult {
    GateResult {
        gate,
        verdict,
        cause: None,
        n: None,
        estimate: None,
        bound: None,
        threshold: None,
        confidence: None,
        method: Method::Stated,
        reference: None,
        reason,
        settle: None,
    }
}

/// A gate that cannot be judged, with what to do about it.
pub(crate) fn open(gate: GateKind, cause: Cause, reason: String, action: &str) -> GateResult {
    GateResult {
        cause: Some(cause),
        method: match cause {
            Cause::UnknownFact | Cause::StalePrice => Method::Stated,
            Cause::Sampling | Cause::MissingResults | Cause::NotMeasured => Method::Plain,
        },
        settle: Some(Settle {
            more_items: None,
            cost_usd: None,
            action: action.to_owned(),
        }),
        ..stated(gate, Verdict::Undecided, reason)
    }
}
