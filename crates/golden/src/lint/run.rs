//! All lints, in one pass over what is known of the task.
//!
//! In: the set, the task, the candidates' context windows, the margin in question. Out: findings.

use trilemma_domain::TaskKind;
use trilemma_stats::Confidence;

use super::finding::Finding;
use super::{clusters, duplicates, ids, labels, leak, length, plain, size};
use crate::set::GoldenSet;

/// How much a candidate can take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextWindow {
    /// The candidate's name.
    pub candidate: String,
    /// Tokens of prompt and answer together.
    pub tokens: u64,
}

/// What is known of the task; the default knows nothing and asks for expected answers.
#[derive(Clone, Copy)]
pub struct LintContext<'a> {
    /// What kind of task it is; `None` where unknown.
    pub task: Option<TaskKind>,
    /// Whether some scorer compares with the expected answer.
    pub needs_expected: bool,
    /// Context windows of the candidates, where known.
    pub windows: &'a [ContextWindow],
    /// Tokens that each call needs besides the item: prompt and room for the answer.
    pub extra_tokens: u64,
    /// Counts the tokens of a text; `None` estimates them from above (see the lint's documentation).
    pub count_tokens: Option<&'a dyn Fn(&str) -> u64>,
    /// The margin, in (0, 1), by which a candidate may be worse; `None` where there is none.
    pub margin: Option<f64>,
    /// The confidence that "not worse" by it is held to (one-sided).
    pub held: Confidence,
}

impl Default for LintContext<'_> {
    fn default() -> Self {
        Self {
            task: None,
            needs_expected: true,
            windows: &[],
            extra_tokens: 0,
            count_tokens: None,
            margin: None,
            held: Confidence::P95,
        }
    }
}

/// Looks for everything that makes a golden set unfit to decide by; gravest findings first, each
/// severity in a fixed order of codes.
#[must_use]
pub fn lint(set: &GoldenSet, context: &LintContext<'_>) -> Vec<Finding> {
    let items = set.items();
    let groups = duplicates::Groups::find(items);
    let mut findings = plain::lint(items, context);
    findings.extend(duplicates::lint(items, &groups));
    findings.extend(clusters::lint(items));
    findings.extend(leak::lint(items, context.task));
    findings.extend(length::lint(items, context));
    findings.extend(labels::lint(items, context.task));
    findings.extend(size::lint(items, context));
    findings.extend(ids::lint(items));
    findings.sort_by_key(|finding| (finding.severity, finding.code));
    findings
}
