//! What baselines and checks say of themselves in the manifest of their run.
//!
//! In: a manifest. Out: what the run is for. How often an alarm may be false is written with the baseline,
//! before anything was looked at.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilemma_domain::RunId;
use trilemma_stats::change::FalseAlarms;
use trilemma_store::{DRIFT_PARAMETER, RunManifest};

use crate::canary::Canary;

/// A baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselinePlan {
    /// The run whose outcomes the canary was picked by; `None` = items were drawn at random.
    pub picked_by: Option<RunId>,
    /// The canary.
    pub canary: Canary,
    /// How often an alarm may be false.
    pub false_alarms: FalseAlarms,
    /// Another baseline of the same plan has another number.
    pub number: u32,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPlan {
    /// The baseline that it is compared with.
    pub baseline: RunId,
    /// Checks since the baseline, this one included.
    pub number: u32,
}

/// What a run is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// What later checks are compared with.
    Baseline(BaselinePlan),
    /// A comparison with a baseline.
    Check(CheckPlan),
}

impl Purpose {
    /// What a manifest says; `None` = the run is no matter of drift.
    #[must_use]
    pub fn of(manifest: &RunManifest) -> Option<Self> {
        serde_json::from_value(manifest.parameters.get(DRIFT_PARAMETER)?.clone()).ok()
    }

    /// What to write into a manifest.
    #[must_use]
    pub fn parameters(&self) -> Map<String, Value> {
        let value = serde_json::to_value(self).unwrap_or_default();
        Map::from_iter([(DRIFT_PARAMETER.to_owned(), value)])
    }

    /// The baseline that a manifest describes; `None` = it describes none.
    #[must_use]
    pub fn baseline(manifest: &RunManifest) -> Option<BaselinePlan> {
        match Self::of(manifest)? {
            Self::Baseline(plan) => Some(plan),
            Self::Check(_) => None,
        }
    }
}
