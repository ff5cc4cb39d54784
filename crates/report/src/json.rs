//! The decision as JSON: complete, indented, the same bytes each time.
//!
//! The format is [`Decision`](trilemma_decide::Decision)'s own; nothing is added or rounded here.

use crate::error::ReportError;
use crate::exporter::{Exporter, Report};

/// JSON.
pub(crate) struct Json;

impl Exporter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let mut bytes = serde_json::to_vec_pretty(report.decision)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
