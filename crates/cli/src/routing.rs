//! From a recorded run to what routing can make of it: shared by `route`, `select` and reports.
//!
//! In: a project and a run of its store. Out: examples with what was left out and why, and a study of
//! them. Nobody is called. Prices are those of the project and the catalog on the day that holds, as
//! for decisions; quality is whether an answer passes.

pub(crate) mod by_file;
mod gather;
mod item;
mod kept;
pub(crate) mod labels;
mod member;
pub(crate) mod plan;
mod propose;
pub(crate) mod rules;
pub(crate) mod target;
pub(crate) mod vectors;

use anyhow::anyhow;
use trilemma_domain::CandidateId;
use trilemma_golden::Side;
use trilemma_route::{Frame, Options, Target};

use crate::context::{Context, InputError};

pub(crate) use gather::{Material, gather, items};
pub(crate) use propose::{Case, propose};

/// Which part of a run takes part.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part<'a> {
    /// Candidates; empty = all.
    pub(crate) only: &'a [String],
    /// Candidates whose labels are needed, whoever else takes part.
    pub(crate) labels: &'a [CandidateId],
    /// Items of one side of the golden set; `None` = all.
    pub(crate) split: Option<Side>,
    /// At most about this many items, groups of dependent ones whole, at random by the run's seed; `None` = all.
    pub(crate) most_items: Option<usize>,
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
        reads: true,
        queries: true,
        labels: settings.classifier.clone(),
        frame: Frame {
            rules: settings.rules.clone(),
            fallback: settings.fallback.clone(),
            reads: settings.reads.clone(),
        },
    }
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
