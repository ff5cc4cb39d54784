//! What the benchmark says of the policy in use: its items served by it from recorded answers.
//!
//! In: a run, the policy, the project's scorers. Out: the figures that its decisions rest on, and what each scorer makes
//! of exactly the answers that it gives, with n and interval, so that the same figures of traffic have theirs beside them.
//! Nobody is called. Of answers that were asked for repeatedly the first is scored.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use trilemma_domain::RunId;
use trilemma_gateway::LiveScorer;
use trilemma_route::{Router, replay};
use trilemma_store::Store;

use super::kept::{Kind, Known};
use super::rests;
use super::scores::{Given, Values, of_answers};
use crate::context::{Context, InputError};
use crate::routing::by_file;

/// What a policy does on a run.
#[derive(Debug, Serialize)]
pub(super) struct Replayed {
    /// The run.
    pub(super) run: String,
    /// Items of it that everybody whom the policy may ask has answered.
    pub(super) n_items: usize,
    /// Whether the policy was fitted on them: its figures are then too good to promise.
    pub(super) is_fitted_on_these: bool,
    /// By scorer.
    #[serde(skip)]
    pub(super) scores: BTreeMap<String, Known>,
    /// What its decisions rest on.
    #[serde(skip)]
    pub(super) rests: BTreeMap<Kind, Known>,
}

impl Replayed {
    /// Where the figures come from that the policy's file does not state.
    pub(super) fn words(&self) -> String {
        let fitted = if self.is_fitted_on_these {
            "; it was fitted on these, so what it expects may be too good to promise"
        } else {
            ""
        };
        format!(
            "What it is judged by and its scores are promised by {} items of run {} that it was served from recorded \
             answers{fitted}.",
            self.n_items, self.run
        )
    }
}

/// Serves the items of a run; the inner error is why that cannot be.
pub(super) fn of_policy(
    context: &Context,
    (store, run): (&Store, &RunId),
    (router, scorers): (&Router, &[LiveScorer]),
) -> anyhow::Result<Result<Replayed, String>> {
    let material = match by_file::material(context, (store, run), router) {
        Ok(material) => material,
        Err(error) if error.is::<InputError>() => return Ok(Err(error.to_string())),
        Err(error) => return Err(error),
    };
    let examples = &material.gathered.examples;
    let groups = examples.groups();
    let served = replay(router, examples);
    let seed = material.manifest.seed;
    let mut rests: BTreeMap<Kind, Values> = BTreeMap::new();
    // By item, whose answer is given.
    let mut given: HashMap<&str, Given<'_>> = HashMap::new();
    for ((row, one), group) in examples.rows.iter().zip(&served).zip(&groups) {
        for (kind, value) in rests::of_reasons(&one.why) {
            rests.entry(kind).or_default().push(value, *group);
        }
        let by = one.answered_by.and_then(|at| examples.members.get(at));
        if let Some(by) = by {
            let id = by.id.as_str();
            given.insert(row.id.as_str(), Given { id, group: *group });
        }
    }
    let scores = if scorers.is_empty() {
        BTreeMap::new()
    } else {
        of_answers((store, run), scorers, &given)?
    };
    let known = |values: &Values, is_share: bool| values.known(seed, is_share);
    Ok(Ok(Replayed {
        run: run.to_string(),
        n_items: examples.rows.len(),
        is_fitted_on_these: by_file::is_fitted_on(router.policy(), &material),
        scores: (scores.into_iter())
            .filter_map(|(key, values)| Some((key, known(&values, true)?)))
            .collect(),
        rests: (rests.into_iter())
            .filter_map(|(kind, values)| Some((kind, known(&values, kind.is_share())?)))
            .collect(),
    }))
}
