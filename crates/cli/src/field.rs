//! Who of a run's candidates is decided on.
//!
//! In: a project and a recorded run. Out: the place of each candidate in a decision. Two kinds have none: those that
//! a race gave up, which were asked mostly where others failed, and those that give labels to queries, whose answers
//! nobody ever gets. The decision names both; only the former count among the candidates that were tried.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::anyhow;
use trilemma_decide::{Decision, DecisionInput, Warning, WarningCode};
use trilemma_domain::{CandidateId, NanoUsd};
use trilemma_project::Project;
use trilemma_store::{RunManifest, Store};

use crate::adaptive;
use crate::context::{Context, InputError};
use crate::gates;

/// Who is decided on of a run, and what the run asked.
pub(crate) struct Field {
    /// Where each recorded candidate stands in a decision; `None` = it fell out of a race, or gives labels.
    pub(crate) places: Vec<Option<u32>>,
    /// Of each recorded candidate whether it gives labels.
    givers: Vec<bool>,
    /// Trials that are settled; 0 where the run was no race.
    n_settled: u64,
}

/// Positions of the project's candidates that give labels, ascending.
pub(crate) fn givers(project: &Project) -> Vec<u32> {
    let known = project.routing.gives_labels();
    let all = (0u32..).zip(&project.candidates);
    all.filter(|(_, one)| known.contains(&one.id))
        .map(|(idx, _)| idx)
        .collect()
}

/// Of each candidate of a run whether it gives labels, as the project is now.
pub(crate) fn labels(context: &Context, manifest: &RunManifest) -> Vec<bool> {
    let known: Vec<CandidateId> = context.project.routing.gives_labels();
    let all = manifest.candidates.iter();
    all.map(|record| known.contains(&record.candidate.id))
        .collect()
}

impl Field {
    /// Who is decided on of a run.
    ///
    /// # Errors
    /// [`InputError`] when a race completed nobody, or nobody is there but those who give labels.
    pub(crate) fn of(
        context: &Context,
        store: &Store,
        manifest: &RunManifest,
    ) -> anyhow::Result<Self> {
        let givers = labels(context, manifest);
        if givers.iter().all(|gives| *gives) && !givers.is_empty() {
            return Err(anyhow!(InputError(format!(
                "failed to decide on run {}: all its candidates give labels, and none answers; hint: add candidates that \
                 answer and run `trilemma bench`, or take `[routing.classifier]` out",
                manifest.run
            ))));
        }
        let Some(mode) = adaptive::recorded(manifest) else {
            return Ok(Self {
                places: numbered(givers.iter().map(|gives| !gives)),
                givers,
                n_settled: 0,
            });
        };
        let mut settled = vec![0_u64; givers.len()];
        for (key, _) in store.settled(&manifest.run)?.iter() {
            if let Some(count) = settled.get_mut(key.candidate_idx as usize) {
                *count += 1;
            }
        }
        let full = manifest.items.len() as u64 * u64::from(manifest.repeats);
        let complete = settled.iter().zip(&givers);
        let places = numbered(complete.map(|(count, gives)| *count >= full && !gives));
        if places.iter().all(Option::is_none) {
            return Err(anyhow!(InputError(format!(
                "failed to decide on run {}: its race is not over; hint: `trilemma bench --adaptive={}` goes on",
                manifest.run,
                mode.name()
            ))));
        }
        Ok(Self {
            places,
            givers,
            n_settled: settled.iter().sum(),
        })
    }

    /// Some candidates of a run whose race is not over.
    pub(crate) fn among(context: &Context, manifest: &RunManifest, arms: &[u32]) -> Self {
        let givers = labels(context, manifest);
        let all = (0u32..).zip(&givers);
        Self {
            places: numbered(all.map(|(idx, gives)| arms.contains(&idx) && !gives)),
            givers,
            n_settled: 0,
        }
    }

    /// Keeps only the candidates that have a place.
    ///
    /// # Errors
    /// Not on a checked project.
    pub(crate) fn narrow(
        &self,
        input: &mut DecisionInput,
        manifest: &RunManifest,
    ) -> anyhow::Result<()> {
        let is_against_best = gates::is_against_best(&input.requirements);
        let kept_the_best = adaptive::kept_the_best(manifest);
        if is_against_best && kept_the_best {
            input.raced.error_spent = gates::LET_GO;
        }
        if self.places.iter().all(Option::is_some) {
            return Ok(());
        }
        let fell_out = self.fell_out();
        input.raced.lost_the_best = !fell_out.is_empty() && is_against_best && !kept_the_best;
        if !fell_out.is_empty() {
            let ruled_out = gates::ruled_out(input)?;
            let is_given_up = |idx: &&u32| !ruled_out.contains(idx);
            input.raced.n_given_up = fell_out.iter().filter(is_given_up).count();
        }
        let mut kept = self.places.iter().map(Option::is_some);
        input.candidates.retain(|_| kept.next().unwrap_or(false));
        input.incumbent = input
            .incumbent
            .and_then(|idx| self.places.get(idx).copied().flatten())
            .map(|idx| idx as usize);
        Ok(())
    }

    /// Positions of those that a race gave up.
    fn fell_out(&self) -> Vec<u32> {
        let all = (0u32..).zip(self.places.iter().zip(&self.givers));
        all.filter(|(_, (place, gives))| place.is_none() && !**gives)
            .map(|(idx, _)| idx)
            .collect()
    }

    /// Says in the decision whom it does not judge, and why.
    ///
    /// # Errors
    /// As the store gives them.
    pub(crate) fn tell(
        &self,
        decision: &mut Decision,
        (context, store, manifest): (&Context, &Store, &RunManifest),
    ) -> anyhow::Result<()> {
        let fell_out = self.fell_out();
        let n_entered = self.givers.iter().filter(|gives| !**gives).count();
        let names = |idx: &u32| Some(&manifest.candidates.get(*idx as usize)?.candidate.id);
        let names: Vec<&CandidateId> = fell_out.iter().filter_map(names).collect();
        adaptive::tell(decision, manifest, (&names, n_entered, self.n_settled));
        for one in asked_for_labels(context, store, manifest)? {
            let cost = one.cost.map_or_else(
                || "at an unknown cost".to_owned(),
                |cost| format!("for ${:.6}", cost.to_f64_usd()),
            );
            decision.warnings.push(Warning {
                code: WarningCode::GivesLabels,
                candidate: None,
                text: format!(
                    "`{}` gives labels to queries and is no candidate for answers: it is neither judged nor compared, \
                     and does not count among those that were tried. It was asked {} times in this run, {cost}; what \
                     its labels are worth, each paid, `trilemma route eval` tells.",
                    one.id, one.n
                ),
            });
        }
        Ok(())
    }
}

/// What a run asked of a candidate that gives labels.
pub(crate) struct Asked {
    pub(crate) id: CandidateId,
    /// Trials that are settled.
    pub(crate) n: u64,
    /// What all of them cost; `None` = there are none, or the cost of one is unknown.
    pub(crate) cost: Option<NanoUsd>,
}

/// What a run asked of candidates that give labels.
///
/// # Errors
/// As the store gives them.
pub(crate) fn asked_for_labels(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
) -> anyhow::Result<Vec<Asked>> {
    let givers = labels(context, manifest);
    if !givers.contains(&true) {
        return Ok(Vec::new());
    }
    let gives = |idx: u32| givers.get(idx as usize) == Some(&true);
    let mut found: BTreeMap<u32, (u64, Option<NanoUsd>)> = BTreeMap::new();
    store.observations_among(
        &manifest.run,
        |key| gives(key.candidate_idx),
        |seen| {
            let (n, sum) = found
                .entry(seen.key.candidate_idx)
                .or_insert((0, Some(NanoUsd::default())));
            *n += 1;
            *sum = sum
                .zip(seen.cost)
                .map(|(sum, cost)| sum.saturating_add(cost));
            ControlFlow::Continue(())
        },
    )?;
    let all = (0u32..).zip(&manifest.candidates);
    let all = all.filter(|(idx, _)| gives(*idx)).map(|(idx, record)| {
        let (n, cost) = found.get(&idx).copied().unwrap_or((0, None));
        Asked {
            id: record.candidate.id.clone(),
            n,
            cost,
        }
    });
    Ok(all.collect())
}

/// Numbers those that are in, in order.
fn numbered(are_in: impl Iterator<Item = bool>) -> Vec<Option<u32>> {
    let mut next = 0u32..;
    are_in
        .map(|is_in| if is_in { next.next() } else { None })
        .collect()
}
