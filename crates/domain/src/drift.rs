//! What a drift check found: plain records, written by the check and read by reports.
//!
//! A check compares the answers of a pinned model now with those of a baseline. Everything here is data;
//! nothing is computed. `None` = unknown or not looked at, never zero.

use serde::{Deserialize, Serialize};

use crate::ids::{CandidateId, ItemId, RunId};

/// Version of the format of [`DriftReport`].
pub const DRIFT_SCHEMA_VERSION: u32 = 1;

/// One way of looking for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftChannel {
    /// Do fewer answers pass, check by check?
    Quality,
    /// Do fewer answers pass, the latest checks taken together?
    Pooled,
    /// Do answers read differently?
    Answers,
    /// Are answers longer or shorter?
    Length,
    /// Are more answers refusals?
    Refusals,
    /// Are more answers empty, cut, or no JSON where JSON was asked for?
    Malformed,
    /// Does it think otherwise of its first tokens? Only where the vendor gives log-probabilities.
    Logprobs,
}

impl DriftChannel {
    /// All channels, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Logprobs,
        Self::Quality,
        Self::Pooled,
        Self::Answers,
        Self::Length,
        Self::Refusals,
        Self::Malformed,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Logprobs => "logprobs",
            Self::Quality => "quality",
            Self::Pooled => "pooled",
            Self::Answers => "answers",
            Self::Length => "length",
            Self::Refusals => "refusals",
            Self::Malformed => "malformed",
        }
    }

    /// The words to show.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Logprobs => "log-probabilities",
            Self::Quality => "answers that pass",
            Self::Pooled => "answers that pass, checks pooled",
            Self::Answers => "wording of answers",
            Self::Length => "length of answers",
            Self::Refusals => "refusals",
            Self::Malformed => "malformed answers",
        }
    }

    /// The share of the chance of a false alarm that it may use where these channels are looked at, itself
    /// among them; all shares make 1.
    #[must_use]
    pub fn share(self, channels: &[Self]) -> f64 {
        let total: f64 = channels.iter().map(|one| one.part()).sum();
        self.part() / total
    }

    /// Its part of the chance; without log-probabilities all parts make 1, with them 10/9.
    fn part(self) -> f64 {
        match self {
            Self::Quality | Self::Pooled | Self::Answers => 0.25,
            Self::Logprobs => 1.0 / 9.0,
            Self::Length => 0.1,
            Self::Refusals | Self::Malformed => 0.075,
        }
    }
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DriftFigure {
    /// The figure.
    pub value: f64,
    /// Lower end of the interval; `None` = too few items for one.
    pub low: Option<f64>,
    /// Upper end of the interval; `None` = too few items for one.
    pub high: Option<f64>,
    /// Items that it rests on.
    pub n: usize,
}

/// How a change is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftUnit {
    /// A share in [0, 1]; the change is a difference of shares.
    Share,
    /// The change is a ratio: 1 = as before.
    Ratio,
    /// A similarity in [0, 1]; the change is a difference of similarities.
    Similarity,
    /// A mean distance between log-probabilities, natural logarithms; the change is a difference of
    /// distances.
    Nats,
}

/// What one channel says after a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftFinding {
    /// The channel.
    pub channel: DriftChannel,
    /// p value of this check (of the latest checks together, corrected for how many ways of pooling were
    /// looked at); `None` = there was nothing to compare.
    pub p_value: Option<f64>,
    /// Evidence for a change so far; while nothing changes its mean is at most the number of checks (of
    /// checks pooled: it passes `threshold` as rarely).
    pub evidence: f64,
    /// Evidence at which it is an alarm.
    pub threshold: f64,
    /// Whether it is one.
    pub alarm: bool,
    /// The change that is estimated between the checks before it began and those since; `None` =
    /// nothing to compare.
    pub change: Option<DriftFigure>,
    /// How `change` is counted.
    pub unit: DriftUnit,
    /// The same before and since, in the unit's own terms; `None` = nothing to compare.
    pub before_and_since: Option<(f64, f64)>,
    /// The check with which a change most likely began, counted from 1; `None` = no check before.
    pub since_check: Option<u32>,
}

/// A name that answers carried, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftName {
    /// The name.
    pub name: String,
    /// Answers of the baseline.
    pub n_baseline: u64,
    /// Answers of this check.
    pub n_now: u64,
}

/// An item whose answer changed sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftFlip {
    /// The item.
    pub item: ItemId,
    /// Answers before that passed, of how many.
    pub passed_before: (u32, u32),
    /// Whether the answer of this check passes.
    pub passes_now: bool,
    /// A typical answer before; `None` = texts are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The answer of this check; `None` = texts are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// What a check found of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftCandidate {
    /// Its name.
    pub id: CandidateId,
    /// The model's name on the wire.
    pub requested: String,
    /// Whether there is an alarm.
    pub drifted: bool,
    /// Whether an answer came from a model of another name than any of the baseline's: a fact, not a
    /// test.
    pub served_other: bool,
    /// Model names that answers carried; empty = the vendor does not say.
    pub served: Vec<DriftName>,
    /// Fingerprints of the back end; a new one is told and raises no alarm, as vendors run several.
    pub fingerprints: Vec<DriftName>,
    /// What each channel says.
    pub findings: Vec<DriftFinding>,
    /// Median of this check's response times over the baseline's, item by item; told, no alarm: all
    /// answers of a check share one moment's load. `None` = no times.
    pub latency_ratio: Option<DriftFigure>,
    /// Answers of this check.
    pub n_answers: u64,
    /// Calls of this check without an answer; they count neither as right nor as wrong.
    pub n_failed: u64,
    /// Items whose answer changed sides, those that no longer pass first.
    pub flips: Vec<DriftFlip>,
    /// How many items changed sides; more than `flips` holds where it was cut.
    pub n_flips: usize,
}

/// Whether the recommendation holds with the answers of now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftDecision {
    /// The run that was decided on before.
    pub run: RunId,
    /// Whether it still holds: `yes`, `less_sure`, `no`.
    pub holds: String,
    /// One sentence.
    pub text: String,
    /// Items that both decisions rest on.
    pub n_items: usize,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Version of this format: [`DRIFT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Names this check and its alarm for ever; a repeated message carries the same.
    pub id: String,
    /// The project's name.
    pub project: String,
    /// The baseline.
    pub baseline: RunId,
    /// The run that holds this check's calls.
    pub check: RunId,
    /// Checks since the baseline, this one included.
    pub number: u32,
    /// When it was done, microseconds since 1970-01-01 UTC.
    pub checked_us: i64,
    /// Whether answers came from a simulator.
    pub simulated: bool,
    /// Chance of at least one false alarm in `false_alarm_checks` checks, over all channels and
    /// candidates together.
    pub false_alarm_chance: f64,
    /// See `false_alarm_chance`.
    pub false_alarm_checks: u32,
    /// Whether there is an alarm.
    pub drifted: bool,
    /// The candidates.
    pub candidates: Vec<DriftCandidate>,
    /// The decision with the answers of now; `None` = no alarm, or nothing to decide on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DriftDecision>,
    /// Calls of this check.
    pub n_calls: u64,
    /// What they cost as far as known, in dollars.
    pub cost_usd: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_one_and_names_are_those_of_json() {
        let all = DriftChannel::ALL;
        let without: Vec<DriftChannel> = all
            .into_iter()
            .filter(|one| *one != DriftChannel::Logprobs)
            .collect();
        for channels in [all.as_slice(), &without] {
            let total: f64 = channels.iter().map(|one| one.share(channels)).sum();
            assert!((total - 1.0).abs() < 1e-12);
        }
        assert!((DriftChannel::Quality.share(&without) - 0.25).abs() < 1e-12);
        assert!((DriftChannel::Logprobs.share(&all) - 0.1).abs() < 1e-12);
        for channel in DriftChannel::ALL {
            let json = serde_json::to_string(&channel).unwrap();
            assert_eq!(json, format!("\"{}\"", channel.name()));
        }
    }
}
