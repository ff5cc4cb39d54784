//! From a recorded run to what routing can make of it: shared by `route`, `select` and reports.
//!
//! In: a project and a run of its store. Out: examples with what was left out and why, and a study of
//! them. Nobody is called. Prices are those of the project and the catalog on the day that holds, as
//! for decisions; quality is whether an answer passes.

mod gather;
mod item;
mod member;

use anyhow::anyhow;
use trilemma_domain::RunId;
use trilemma_golden::Side;
use trilemma_route::{Frame, Options, Study, Target};
use trilemma_store::Store;

use crate::context::{Context, InputError};

pub(crate) use gather::{Material, gather};

/// Which part of a run takes part.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part<'a> {
    /// Candidates; empty = all.
    pub(crate) only: &'a [String],
    /// Items of one side of the golden set; `None` = all.
    pub(crate) split: Option<Side>,
}

/// What is asked of the training, apart from the project's own rules.
pub(crate) fn options(context: &Context, material: &Material, target: Target) -> Options {
    let settings = &context.project.routing;
    let task = &context.project.task.name;
    let is_candidate = |one: &trilemma_store::CandidateRecord| one.candidate.id.as_str() == task;
    Options {
        // The gateway serves candidates and policies by name.
        name: if material.manifest.candidates.iter().any(is_candidate) {
            format!("{task}-routed")
        } else {
            task.clone()
        },
        target,
        seed: material.manifest.seed,
        cascades: true,
        queries: true,
        frame: Frame {
            rules: settings.rules.clone(),
            fallback: settings.fallback.clone(),
            reads: settings.reads.clone(),
        },
    }
}

/// Trains on a run and says what such policies are worth on unseen items.
///
/// # Errors
/// As the store gives them; [`InputError`] where nothing of the run can be routed.
#[expect(dead_code, reason = "the choice and the report take it from here")]
pub(crate) fn study(
    context: &Context,
    (store, run): (&Store, &RunId),
    part: Part<'_>,
    target: Target,
) -> anyhow::Result<Study> {
    let material = gather(context, (store, run), part)?;
    demand_two(&material)?;
    let options = options(context, &material, target);
    Ok(Study::of(material.gathered, options))
}

/// One candidate has nobody to share the queries with.
pub(crate) fn demand_two(material: &Material) -> anyhow::Result<()> {
    let gathered = &material.gathered;
    if gathered.examples.members.len() >= 2 && !gathered.examples.rows.is_empty() {
        return Ok(());
    }
    let left_out: String = (gathered.left_out.iter())
        .map(|one| format!("\n  `{}` {}", one.candidate, one.reason))
        .collect();
    Err(anyhow!(InputError(format!(
        "failed to find two candidates of run {} with outcomes on the same items{left_out}\n\
         hint: `trilemma bench` measures what is missing",
        material.manifest.run
    ))))
}
