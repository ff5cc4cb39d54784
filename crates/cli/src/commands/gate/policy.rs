//! A policy in the gate: does it do as well on the new run as on the recorded one?
//!
//! In: a policy file and two runs that pair. Out: the paired decision between what the policy makes of the answers of
//! both, its thresholds as they stand in the file. Nobody is called: each item goes the way that the recorded answers
//! send it. Only quality is looked at; where one of those that it may ask has no scored answer, the item's result is
//! missing and counts both ways, as for a single candidate. What it costs and how long people wait is `route eval`'s.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_decide::{
    CandidateFacts, CandidateResult, Collector, Decision, DecisionInput, Naming, PrivacyFacts,
};
use trilemma_domain::{
    ItemId, NotWorseThan, Observation, ObservedState, Reference, Requirements, Score, TrialKey,
};
use trilemma_route::{Router, replay};
use trilemma_store::{RunManifest, Store};

use super::GateArgs;
use super::pair::Pairing;
use crate::commands::route::read_policy;
use crate::context::{Context, InputError};
use crate::decision;
use crate::routing::{Material, by_file};

/// A policy that is gated.
pub(super) struct Gated {
    router: Router,
    /// Passes by item of the recorded and of the new run; `None` = without a result.
    passes: [HashMap<ItemId, Option<bool>>; 2],
    /// What the user should know.
    pub(super) remarks: Vec<String>,
}

/// The policy that is to be judged: the one that was named, else the one that is served, unless candidates were named;
/// `None` = there is none.
pub(super) fn wanted(args: &GateArgs, context: &Context) -> Option<PathBuf> {
    let served = context.project.serve.policy.as_ref();
    let served = served.map(|path| context.folder.join(path));
    let served = served.filter(|path| args.candidate.is_empty() && path.is_file());
    args.policy.clone().or(served)
}

impl Gated {
    /// Serves both runs by a policy.
    ///
    /// # Errors
    /// [`InputError`] where the file cannot be used, or a run lacks somebody whom the policy may ask.
    pub(super) fn of(
        path: &std::path::Path,
        (context, store): (&Context, &Store),
        (old, new): (&RunManifest, &RunManifest),
    ) -> anyhow::Result<Self> {
        let router = read_policy(path)?;
        let old = by_file::material(context, (store, &old.run), &router)?;
        let new = by_file::material(context, (store, &new.run), &router)?;
        let passes = [passes(&router, &old), passes(&router, &new)];
        let policy = router.policy();
        let is_fitted = by_file::is_fitted_on(policy, &old) || by_file::is_fitted_on(policy, &new);
        let remarks = if is_fitted {
            vec![format!(
                "policy `{}` was fitted on items of this golden set, which favours it in both runs",
                router.policy().name
            )]
        } else {
            Vec::new()
        };
        Ok(Self {
            router,
            passes,
            remarks,
        })
    }

    /// The paired decision: the policy on the recorded run is what the policy on the new run is compared with.
    pub(super) fn decide(
        &self,
        args: &GateArgs,
        (context, store): (&Context, &Store),
        (old, new, pairing): (&RunManifest, &RunManifest, &Pairing),
    ) -> anyhow::Result<Decision> {
        let name = &self.router.policy().name;
        let [reference, gated] = [old, new].map(|run| facts(&format!("{name} (run {})", run.run)));
        let mut input = decision::input_of(context, store, new, args.decide)?;
        let bar = super::bar(args, context, Reference::Candidate(reference.id.clone()));
        input.requirements = requirements(&input, bar);
        input.candidates = vec![reference, gated];
        input.incumbent = Some(0);
        input.repeats = 1;
        input.judges = Vec::new();
        let has =
            |id: &ItemId| pairing.has(id) && self.passes.iter().all(|run| run.contains_key(id));
        input.items.retain(|item| has(&item.id));
        if input.items.is_empty() {
            return Err(anyhow!(InputError(format!(
                "failed to compare policy `{name}` in both runs: they share no item that it could be served on"
            ))));
        }
        let items: Vec<ItemId> = input.items.iter().map(|item| item.id.clone()).collect();
        let mut collector = Collector::new(input)?;
        for (candidate_idx, run) in (0u32..).zip(&self.passes) {
            for (item_idx, id) in (0u32..).zip(&items) {
                let pass = run.get(id).copied().flatten();
                let key = TrialKey {
                    candidate_idx,
                    item_idx,
                    repeat: 0,
                };
                collector.push(&observation(key, pass))?;
            }
        }
        Ok(collector.finish())
    }
}

/// What came of the gated policy in its decision.
pub(super) fn result(decision: &Decision) -> Option<&CandidateResult> {
    decision.candidates.get(1)
}

/// Of each item of a run whether the policy's answer passes; items on which it could not be served have no result.
fn passes(router: &Router, material: &Material) -> HashMap<ItemId, Option<bool>> {
    let served = replay(router, &material.gathered.examples);
    let results: BTreeMap<usize, bool> = (material.row_items.iter().copied())
        .zip(served.iter().map(|one| one.quality >= 1.0))
        .collect();
    let items = material.manifest.items.iter().enumerate();
    items
        .map(|(place, id)| (id.clone(), results.get(&place).copied()))
        .collect()
}

/// Quality alone: of the rest a replay of answers says less than `route eval`.
fn requirements(input: &DecisionInput, bar: NotWorseThan) -> Requirements {
    Requirements {
        estimand: input.requirements.estimand,
        pass_rate: input.requirements.pass_rate,
        not_worse_than: Some(bar),
        ..Requirements::default()
    }
}

fn facts(name: &str) -> CandidateFacts {
    CandidateFacts {
        id: name.into(),
        model: "policy".to_owned(),
        identity: None,
        wire_name: String::new(),
        pricer: None,
        privacy: PrivacyFacts::default(),
        context_window: None,
        capabilities: BTreeMap::new(),
        end: None,
        naming: Naming::Unknown,
        retired: None,
        streamed: false,
        served: Vec::new(),
        routed: None,
    }
}

fn observation(key: TrialKey, pass: Option<bool>) -> Observation {
    Observation {
        key,
        state: match pass {
            Some(true) => ObservedState::Scored {
                score: Score::ONE,
                pass: true,
            },
            Some(false) => ObservedState::Scored {
                score: Score::ZERO,
                pass: false,
            },
            None => ObservedState::Unscored,
        },
        refused: false,
        truncated: false,
        replayed: true,
        simulated: false,
        usage_estimated: false,
        n_attempts: 0,
        input_tokens: None,
        cache_read_tokens: None,
        output_tokens: None,
        n_unpriced_attempts: 0,
        cost: None,
        scoring_cost: None,
        ttft_us: None,
        tpot_us: None,
        e2e_us: None,
        wall_us: None,
    }
}
