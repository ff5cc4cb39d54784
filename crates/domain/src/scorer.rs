//! What a project says of one scorer; `score` knows the kinds and checks the options.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One scorer as configured.
///
/// The set of kinds is open: `score` holds the one table of them and turns this into something
/// that runs, refusing unknown kinds and options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScorerSpec {
    /// The kind, such as `numeric` (a row of the scorer table).
    pub kind: String,
    /// Name in reports; unique within a project.
    pub label: String,
    /// Share in the trial's score, relative to the other scorers; 0 = shown but not counted.
    pub weight: f64,
    /// Everything else that the project says of it, extraction steps included.
    pub options: Map<String, Value>,
}
