//! Everything that can be known before a call: problems, the golden set, prompts, keys.
//!
//! `check` shows it; `select` begins with it.

use serde::Serialize;
use trilemma_bench::Asked;
use trilemma_decide::STARTER_TAG;
use trilemma_domain::Item;
use trilemma_golden::{Finding, GoldenSet, Severity};
use trilemma_project::Problem;

use crate::context::Context;
use crate::keys::{self, MissingKey};
use crate::lineup;
use crate::linting::{LintWishes, findings};
use crate::policy_check;
use crate::routing::rules::{self, Ruled};
use crate::size_class;

/// What was found without calling anyone.
#[derive(Debug, Serialize)]
pub(crate) struct Inspection {
    /// Warnings of the project file.
    pub(crate) project: Vec<Problem>,
    /// Misspelt fields and the like.
    pub(crate) golden_warnings: Vec<String>,
    /// What speaks against the golden set.
    pub(crate) golden: Vec<Finding>,
    /// Requests that cannot be built for some item.
    pub(crate) unsendable: Vec<String>,
    /// What is wrong with the policy that the project serves.
    pub(crate) policy: Vec<String>,
    /// How many items each routing rule catches.
    pub(crate) rules: Vec<Ruled>,
    /// How large requests are, by candidate.
    pub(crate) requests: Vec<RequestSize>,
    /// Candidates and judges that a budget does not bound, because their price is unknown; empty
    /// without a budget.
    pub(crate) unbounded: Vec<String>,
    /// What size classes lead one to expect, where that raises a question.
    pub(crate) expectations: Vec<String>,
    /// Items of the golden set.
    pub(crate) n_items: usize,
    /// Keys that are not there.
    pub(crate) keys: Vec<MissingKey>,
}

impl Inspection {
    /// Whether something has to be put right before a run.
    pub(crate) fn has_errors(&self) -> bool {
        !self.keys.is_empty()
            || !self.unsendable.is_empty()
            || self
                .golden
                .iter()
                .any(|finding| finding.severity == Severity::Error)
    }
}

/// Looks at everything.
pub(crate) fn inspect(context: &Context, golden: &GoldenSet) -> Inspection {
    let (_, missing) = keys::read(&context.project, &context.folder);
    let (requests, unsendable) = requests(context, golden);
    Inspection {
        project: context.warnings.clone(),
        golden_warnings: golden_warnings(golden),
        unbounded: unbounded(context),
        expectations: size_class::expectations(context),
        golden: findings(Some(context), golden, &LintWishes::default()),
        policy: policy_check::faults(context),
        rules: rules::of_golden(context, golden.items()),
        n_items: golden.len(),
        unsendable,
        requests,
        keys: missing,
    }
}

/// What looked odd in the file, and items that are nobody's own.
fn golden_warnings(golden: &GoldenSet) -> Vec<String> {
    let mut list: Vec<String> = golden.warnings().iter().map(ToString::to_string).collect();
    let is_starter = |item: &&Item| item.extras.tags.iter().any(|tag| tag == STARTER_TAG);
    let n_starters = golden.items().iter().filter(is_starter).count();
    if n_starters > 0 {
        list.push(format!(
            "{n_starters} of {} items are made up: `init` wrote them as a start, and a verdict on \
             them says nothing of your task; hint: replace all items tagged `{STARTER_TAG}` by real \
             ones of yours",
            golden.len()
        ));
    }
    list
}

/// Who is not bounded by the budget; rows of the catalog that cannot be read are told elsewhere.
fn unbounded(context: &Context) -> Vec<String> {
    if context.project.bench.budget.is_none() {
        return Vec::new();
    }
    lineup::unpriced(context).unwrap_or_default()
}

/// How large a candidate's requests are, in bytes on the wire.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct RequestSize {
    /// Mean over the items.
    pub(crate) mean_bytes: u64,
    /// Largest.
    pub(crate) max_bytes: u64,
}

/// Builds every request that a run would send, so that no item surprises in the middle of it.
fn requests(context: &Context, golden: &GoldenSet) -> (Vec<RequestSize>, Vec<String>) {
    let mut problems = Vec::new();
    let mut sizes = Vec::with_capacity(context.project.candidates.len());
    for candidate in &context.project.candidates {
        let asked = Asked::new(candidate);
        let (mut total, mut largest, mut n_failed) = (0u64, 0u64, 0usize);
        let mut first = None;
        for item in golden.items() {
            let encoded = match &asked {
                Ok(asked) => asked
                    .encode(candidate, item)
                    .map_err(|failure| format!("item `{}`: {}", item.id, failure.message)),
                Err(error) => Err(format!("failed to {error}")),
            };
            match encoded {
                Ok(encoded) => {
                    let n_bytes = encoded.body().len() as u64;
                    total += n_bytes;
                    largest = largest.max(n_bytes);
                }
                Err(problem) => {
                    n_failed += 1;
                    first.get_or_insert(problem);
                }
            }
        }
        if let Some(first) = first {
            let more = if n_failed > 1 {
                format!(" (and {} more items)", n_failed - 1)
            } else {
                String::new()
            };
            problems.push(format!("{}: {first}{more}", candidate.id));
        }
        let n_sent = golden.len().saturating_sub(n_failed).max(1) as u64;
        sizes.push(RequestSize {
            mean_bytes: total / n_sent,
            max_bytes: largest,
        });
    }
    (sizes, problems)
}
