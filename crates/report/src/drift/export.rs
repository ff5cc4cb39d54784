//! Drift reports in every format: with answers or without.

use trilemma_domain::{DriftCandidate, DriftFlip, DriftReport};

use super::{html, text, view};
use crate::error::ReportError;

/// A format of drift reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftFormat {
    /// For a terminal of this width.
    Text {
        /// Columns, 40 to 120.
        width: usize,
    },
    /// GitHub's Markdown.
    Markdown,
    /// One self-contained page.
    Html,
    /// The record itself.
    Json,
}

/// Writes a drift report; answers are in it only `with_content`.
///
/// # Errors
/// [`ReportError`]; only for defects of this program.
pub fn drift_report(
    report: &DriftReport,
    format: DriftFormat,
    with_content: Contents,
) -> Result<Vec<u8>, ReportError> {
    let report = match with_content {
        Contents::Shown => report.clone(),
        Contents::LeftOut => without_texts(report),
    };
    let bytes = match format {
        DriftFormat::Json => serde_json::to_vec_pretty(&report)?,
        DriftFormat::Text { width } => text::terminal(&view::View::of(&report), width).into_bytes(),
        DriftFormat::Markdown => text::markdown(&view::View::of(&report)).into_bytes(),
        DriftFormat::Html => html::page(&view::View::of(&report)).into_bytes(),
    };
    Ok(bytes)
}

/// Whether answers are in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// They are.
    Shown,
    /// They are not: it can be forwarded.
    LeftOut,
}

fn without_texts(report: &DriftReport) -> DriftReport {
    let bare = |flip: &DriftFlip| DriftFlip {
        before: None,
        now: None,
        ..flip.clone()
    };
    let candidates = report.candidates.iter().map(|one| DriftCandidate {
        flips: one.flips.iter().map(bare).collect(),
        ..one.clone()
    });
    DriftReport {
        candidates: candidates.collect(),
        ..report.clone()
    }
}
