//! Methods, requirements and provenance: what the figures rest on.

use std::collections::BTreeSet;

use serde::Serialize;
use trilemma_decide::{CandidateResult, Decision, Method};
use trilemma_domain::{Estimand, Fingerprint};

use super::cast::Cast;
use crate::number::{count, plural, widen};
use crate::text::one_line;

/// What stands where nothing was recorded.
const NOT_RECORDED: &str = "not recorded";

/// A term with its explanation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Footnote {
    /// What it is about.
    pub(crate) term: String,
    /// What there is to say.
    pub(crate) text: String,
    /// The same where room is scarce; empty = nothing worth the room.
    pub(crate) short: String,
}

impl Footnote {
    pub(crate) fn new(term: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            term: term.to_owned(),
            short: text.clone(),
            text,
        }
    }

    /// A content hash, of which 12 digits are enough to compare by eye.
    fn hash(term: &str, hash: Option<Fingerprint>) -> Self {
        Self {
            term: term.to_owned(),
            text: hash.map_or_else(|| NOT_RECORDED.to_owned(), |hash| hash.to_string()),
            short: hash.map_or_else(String::new, |hash| hash.short()),
        }
    }
}

/// How figures were made, from the methods that they name.
pub(crate) fn methods(cast: &Cast<'_>) -> Vec<Footnote> {
    let candidates = &cast.decision.candidates;
    let label = |pick: &dyn Fn(&CandidateResult) -> Option<Method>| -> Option<String> {
        let methods: BTreeSet<&'static str> = candidates
            .iter()
            .filter_map(pick)
            .map(Method::label)
            .collect();
        let methods: Vec<&str> = methods.into_iter().collect();
        (!methods.is_empty()).then(|| methods.join("; "))
    };
    let rows: [(&str, Option<String>); 6] = [
        (
            "Pass rate",
            label(&|one| Some(one.pass_rate.as_ref()?.method)),
        ),
        ("Mean score", label(&|one| Some(one.score.as_ref()?.method))),
        (
            "Difference",
            label(&|one| Some(one.versus_best.as_ref()?.difference.method)),
        ),
        (
            "Cost",
            label(&|one| Some(one.cost.per_query.as_ref()?.method)),
        ),
        (
            "Cost per accepted answer",
            label(&|one| Some(one.cost.per_accepted.as_ref()?.method)),
        ),
        (
            "Percentiles of time",
            label(&|one| Some(one.latency.e2e_ms.as_ref()?.p95.method)),
        ),
    ];
    let mut notes: Vec<Footnote> = rows
        .into_iter()
        .filter_map(|(term, methods)| Some(Footnote::new(term, methods?)))
        .collect();
    let estimand = cast.decision.requirements.estimand;
    notes.push(Footnote::new(
        "About",
        match estimand {
            Estimand::Production => format!(
                "pass rates and comparisons are statements on {}: the golden set is a sample of it",
                estimand.label()
            ),
            Estimand::GoldenSet => format!(
                "pass rates and comparisons are statements on {} alone, as it was answered: they say nothing of other requests",
                estimand.label()
            ),
        },
    ));
    notes.push(Footnote::new(
        "Gates",
        gate_methods(cast.decision).unwrap_or_else(|| "none rests on a test".to_owned()),
    ));
    notes.push(Footnote::new(
        "Intervals",
        "two-sided at 95 %, unless a gate names its own confidence; they cover chance in the choice of items, not whether the golden set resembles production",
    ));
    notes.push(Footnote::new(
        "Verdicts",
        "the error of any wrong meets is held over all candidates and requirements together, that of a wrong fails for each candidate; undecided is what the evidence leaves open, not a failure",
    ));
    notes
}

fn gate_methods(decision: &Decision) -> Option<String> {
    let methods: BTreeSet<&'static str> = decision
        .candidates
        .iter()
        .flat_map(|one| &one.gates)
        .map(|gate| gate.method)
        .filter(|method| !matches!(method, Method::Plain))
        .map(Method::label)
        .collect();
    let methods: Vec<&str> = methods.into_iter().collect();
    (!methods.is_empty()).then(|| methods.join("; "))
}

/// Where everything came from, enough to compute it again.
pub(crate) fn provenance(decision: &Decision) -> Vec<Footnote> {
    let sample = &decision.sample;
    let mut items = plural(widen(sample.n_items), "item");
    if sample.n_tried < sample.n_items {
        items.push_str(&format!(", {} tried", count(widen(sample.n_tried))));
    }
    if let Some(n_clusters) = sample.n_clusters {
        items.push_str(&format!(
            " in {}",
            plural(widen(n_clusters), "independent group")
        ));
    }
    items.push_str(&format!(
        ", {} per candidate",
        plural(u64::from(sample.repeats), "answer")
    ));
    if sample.weighted {
        items.push_str(", weighted");
    }
    let source = &decision.provenance;
    if let Some(split) = &source.split {
        items.push_str(&format!(", its part `{}` only", one_line(split, 20)));
    }
    vec![
        Footnote::new(
            "Task",
            format!(
                "{} ({}, {} stakes)",
                one_line(&decision.task.name, 120),
                decision.task.kind.name(),
                stakes(decision)
            ),
        ),
        Footnote::new("Golden set", items),
        Footnote::hash("Golden set's fingerprint", source.golden),
        Footnote::hash("Catalog's fingerprint", source.catalog),
        Footnote::new(
            "Run",
            source.run.as_ref().map_or_else(
                || NOT_RECORDED.to_owned(),
                |run| one_line(run.as_str(), 120),
            ),
        ),
        Footnote::new("Prices and terms as of", decision.as_of.to_string()),
        Footnote::new("Ranked by", decision.preference.label()),
        Footnote::new("Seed", decision.seed.to_string()),
        Footnote::new("trilemma", one_line(&source.version, 60)),
    ]
}

fn stakes(decision: &Decision) -> &'static str {
    match decision.task.stakes {
        trilemma_domain::Stakes::Low => "low",
        trilemma_domain::Stakes::Medium => "medium",
        trilemma_domain::Stakes::High => "high",
    }
}
