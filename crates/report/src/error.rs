//! What keeps a report from being written.

/// Says why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The decision could not be written as JSON.
    #[error("write the decision as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A built-in page template is broken: a defect of this program.
    #[error("fill in the report's page: {0:#}; hint: this is a defect, please report it")]
    Page(#[from] minijinja::Error),
}
