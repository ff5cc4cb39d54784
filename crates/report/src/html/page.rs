//! Puts view, charts, style, scripts and content together.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::model::{Model, Routed, figures, items};
use super::template::{BROWSER, SCRIPT, STYLE, policy, render};
use crate::error::ReportError;
use crate::exporter::{Exporter, Report};
use crate::text::json_block;
use crate::view::View;

/// HTML.
pub(crate) struct Html;

impl Exporter for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn extension(&self) -> &'static str {
        "html"
    }

    fn media_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let view = View::of(report.decision);
        let n_candidates = report.decision.candidates.len();
        let names: Vec<String> = (0..n_candidates).map(|idx| view.cast.name(idx)).collect();
        let names = json_block(&serde_json::to_string(&names)?);
        let content = report.content.map(|content| items(content, names));
        let model = Model {
            policy: policy(content.is_some()),
            task: &view.task,
            simulated: view.simulated,
            sign: sign(view.headline.status),
            headline: &view.headline,
            reasons: &view.reasons,
            overturns: &view.overturns,
            warnings: &view.warnings,
            more_warnings: &view.more_warnings,
            tally: &view.tally,
            matrix: &view.matrix,
            tables: &view.tables,
            figures: figures(&view.figures),
            money: &view.money,
            money_figures: figures(&view.money_figures),
            assumptions: view.assumptions.as_ref(),
            routing: view.routing.as_ref().map(|routing| Routed {
                lines: &routing.lines,
                figures: figures(&routing.figures),
                tables: &routing.tables,
                items: routing.items.as_ref(),
            }),
            methods: &view.methods,
            provenance: &view.provenance,
            content,
        };
        let page = render(context! {
            page => Value::from(Serde(&model)),
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(SCRIPT.to_owned()),
            browser => Value::from_safe_string(BROWSER.to_owned()),
        })?;
        Ok(page.into_bytes())
    }
}

/// The sign beside the status.
fn sign(status: &str) -> &'static str {
    match status {
        "decided" => "✓",
        "no-candidate" => "✗",
        _ => "?",
    }
}
