//! What speaks against a golden set, as far as the project is known that it is for.
//!
//! `golden lint` shows it by itself, `check` and `select` among everything else.

use trilemma_decide::preflight::held as held_over;
use trilemma_domain::{Item, Margin, ScorerSpec, TaskKind};
use trilemma_golden::{ContextWindow, Finding, GoldenSet, LintContext, lint};
use trilemma_project::Project;
use trilemma_score::{ExpectedUse, SCORERS};
use trilemma_stats::Confidence;

use crate::context::Context;
use crate::field::givers;
use crate::tokens;

/// What is asked of the lint instead of what the project says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LintWishes {
    /// Kind of task.
    pub(crate) task: Option<TaskKind>,
    /// Margin that must be decidable.
    pub(crate) margin: Option<f64>,
}

/// How surely "not worse" is to be shown: over all candidates of the project, or of one.
pub(crate) fn held(context: Option<&Context>) -> Confidence {
    context.map_or(Confidence::P95, |context| {
        MarginQuestion::of(&context.project).held
    })
}

/// What speaks against a golden set, as far as the project is known that it is for.
pub(crate) fn findings(
    context: Option<&Context>,
    set: &GoldenSet,
    wishes: &LintWishes,
) -> Vec<Finding> {
    let project = context.map(|context| &context.project);
    let windows = context.map(windows).unwrap_or_default();
    let margin = wishes
        .margin
        .or_else(|| MarginQuestion::of(project?).margin);
    let count: &dyn Fn(&str) -> u64 = &tokens::count;
    let known = LintContext {
        task: wishes
            .task
            .or_else(|| project.map(|project| project.task.kind)),
        needs_expected: needs_expected(project, set),
        windows: &windows,
        extra_tokens: context.map_or(0, extra_tokens),
        // Counting is only worth its time where something is compared with it.
        count_tokens: (!windows.is_empty()).then_some(count),
        margin,
        held: held(context),
    };
    lint(set, &known)
}

/// Whether a counting scorer compares with what is expected, unless criteria stand in for it.
fn needs_expected(project: Option<&Project>, set: &GoldenSet) -> bool {
    let Some(project) = project else {
        let has_criteria = |item: &Item| !item.extras.criteria.is_empty();
        return !set.items().iter().all(has_criteria);
    };
    project
        .scorers
        .iter()
        .filter(|spec| spec.weight > 0.0)
        .any(compares)
}

fn compares(spec: &ScorerSpec) -> bool {
    let kind = SCORERS.iter().find(|kind| kind.name == spec.kind);
    match kind.map(|kind| kind.needs.expected) {
        None | Some(ExpectedUse::Unused | ExpectedUse::Optional) => false,
        Some(ExpectedUse::UnlessOption) => {
            // The options that take its place.
            !["values", "pattern"]
                .iter()
                .any(|name| spec.options.contains_key(*name))
        }
        Some(ExpectedUse::Required) => true,
    }
}

/// Context windows of the candidates, as far as the catalog states them.
fn windows(context: &Context) -> Vec<ContextWindow> {
    context
        .project
        .candidates
        .iter()
        .filter_map(|candidate| {
            let found = context.catalog.get(candidate.identity.as_ref()?).ok()??;
            Some(ContextWindow {
                candidate: candidate.id.to_string(),
                tokens: found.model.limits.context?,
            })
        })
        .collect()
}

/// The longest prompt template, and the room that the candidates ask for their answers.
fn extra_tokens(context: &Context) -> u64 {
    let prompt = |one: &trilemma_domain::Candidate| {
        one.prompt
            .as_ref()
            .map_or(0, |prompt| tokens::count(&prompt.source))
    };
    let answer = |one: &trilemma_domain::Candidate| {
        u64::from(one.params.max_output_tokens.unwrap_or_default())
    };
    context
        .project
        .candidates
        .iter()
        .map(|one| prompt(one) + answer(one))
        .max()
        .unwrap_or(0)
}

/// Candidates for answers: those that are held to requirements.
fn n_answering(project: &Project) -> usize {
    project.candidates.len() - givers(project).len()
}

/// What a project asks about "not worse".
pub(crate) struct MarginQuestion {
    /// By how much; `None` = nothing is asked.
    pub(crate) margin: Option<f64>,
    /// How surely, over all candidates that a run will have.
    pub(crate) held: Confidence,
}

impl MarginQuestion {
    pub(crate) fn of(project: &Project) -> Self {
        let gate = project.requirements.not_worse_than.as_ref();
        let confidence = gate.map_or(Confidence::P95.level(), |gate| gate.confidence);
        Self {
            margin: gate.map(|gate| match gate.margin {
                Margin::Absolute(margin) => margin,
                // A ratio of a pass rate that is not known yet: at most this many points.
                Margin::Ratio(ratio) => 1.0 - ratio,
            }),
            held: held_over(confidence, n_answering(project)).unwrap_or(Confidence::P95),
        }
    }
}
