//! Puts a routed mix together from the trials of its parts, as one more candidate.
//!
//! In: a filled table and a [`Mix`]. Out: the table with the mix's trials behind it, its facts, its costs by
//! item. It judges nothing.

use std::collections::BTreeMap;

use trilemma_domain::{CandidateId, Capability, NanoUsd, Usd};

use crate::collect::{Collector, Observed, State, Table};
use crate::error::DecideError;
use crate::input::{CandidateFacts, Known, LifecycleEnd, Naming, PrivacyFacts, Routed, RoutedPart};
use crate::mix::{Composed, Mix, Mixed, Shown};

impl Collector {
    /// Takes a routed mix as one more candidate, the last one.
    ///
    /// # Errors
    /// [`DecideError::Mix`] when it names a candidate that does not exist, is called like one, or has another
    /// number of items.
    pub fn with_mix(self, mix: Mix) -> Result<Self, DecideError> {
        let n = self.input.candidates.len();
        let named = |mixed: &Mixed| match mixed {
            Mixed::Served {
                asked, answered_by, ..
            } => asked
                .iter()
                .flatten()
                .chain([answered_by])
                .all(|one| *one < n),
            Mixed::Incomplete | Mixed::LeftOut => true,
        };
        let what = if mix.items.len() != self.input.items.len() {
            Some("has another number of items")
        } else if mix.parts.is_empty() || mix.parts.iter().any(|part| *part >= n) {
            Some("has parts that are no candidates")
        } else if !mix.items.iter().all(named) {
            Some("asks somebody who is no candidate")
        } else if self.input.candidates.iter().any(|one| one.id == mix.id) {
            Some("is called like a candidate")
        } else {
            None
        };
        match what {
            Some(what) => Err(DecideError::Mix { id: mix.id, what }),
            None => Ok(Self {
                mix: Some(mix),
                ..self
            }),
        }
    }

    /// Puts the mix, where there is one, behind the candidates.
    pub(crate) fn composed(mut self) -> Self {
        let Some(mix) = self.mix.take() else {
            return self;
        };
        let hit_rate = (self.input.traffic.as_ref()).and_then(|traffic| traffic.cache_hit_rate);
        let parts = Parts {
            table: &self.table,
            facts: &self.input.candidates,
            hit_rate,
        };
        let (trials, costs): (Vec<Option<Observed>>, Vec<Option<Usd>>) =
            (mix.items.iter().enumerate())
                .map(|(item, mixed)| match parts.trial(item, mixed, &mix.parts) {
                    Some((trial, cost)) => (Some(trial), cost),
                    None => (None, None),
                })
                .unzip();
        let facts = facts(&mix, &parts);
        let composed = Composed {
            candidate: self.input.candidates.len(),
            costs,
        };
        self.table.append(trials, composed);
        self.reviews.mirror(&mix, self.input.candidates.len());
        self.input.candidates.push(facts);
        self
    }
}

/// The trials that a mix is put together from.
struct Parts<'a> {
    table: &'a Table,
    facts: &'a [CandidateFacts],
    hit_rate: Option<f64>,
}

impl Parts<'_> {
    fn of(&self, candidate: usize, item: usize) -> Option<&Observed> {
        self.table.first(candidate, item)
    }

    /// The trial of an item with its cost in production; `None` = it did not run.
    fn trial(
        &self,
        item: usize,
        mixed: &Mixed,
        parts: &[usize],
    ) -> Option<(Observed, Option<Usd>)> {
        match mixed {
            Mixed::LeftOut => None,
            Mixed::Incomplete => Some((self.missing(item, parts)?, None)),
            Mixed::Served {
                asked,
                answered_by,
                shown,
            } => {
                let given = self.of(*answered_by, item)?;
                let steps: Option<Vec<Vec<(usize, &Observed)>>> = (asked.iter())
                    .map(|step| {
                        let one = |one: &usize| Some((*one, self.of(*one, item)?));
                        step.iter().map(one).collect()
                    })
                    .collect();
                let steps = steps?;
                let calls: Vec<&Observed> = steps.iter().flatten().map(|one| one.1).collect();
                let cost = steps
                    .iter()
                    .flatten()
                    .map(|(part, call)| self.cost(*part, call));
                Some((served(given, &steps, &calls, *shown), cost.sum()))
            }
        }
    }

    /// What a call costs in production, else what was billed; `None` = unknown.
    fn cost(&self, part: usize, call: &Observed) -> Option<Usd> {
        let produced = || {
            let pricer = self.facts.get(part)?.pricer.as_ref()?;
            let (input, output) = (call.input_tokens?, call.output_tokens?);
            pricer.production(u64::from(input), u64::from(output), self.hit_rate)
        };
        produced().or_else(|| call.cost.map(NanoUsd::to_usd))
    }

    /// A missing result in place of an answer, where one of the parts has one; `None` = a part did not run.
    fn missing(&self, item: usize, parts: &[usize]) -> Option<Observed> {
        let own = || parts.iter().filter_map(|part| self.of(*part, item));
        own()
            .find(|one| matches!(one.state, State::Failed(_) | State::Unscored))
            .map(|one| Observed {
                input_tokens: None,
                output_tokens: None,
                cost: None,
                scoring_cost: None,
                n_unpriced_attempts: 0,
                ttft_us: None,
                tpot_us: None,
                e2e_us: None,
                ..*one
            })
    }
}

fn served(
    given: &Observed,
    steps: &[Vec<(usize, &Observed)>],
    calls: &[&Observed],
    shown: Shown,
) -> Observed {
    let sum = |of: fn(&Observed) -> Option<u32>| {
        let each = calls.iter().map(|call| of(call));
        each.sum::<Option<u32>>()
    };
    let wait = |step: &Vec<(usize, &Observed)>| {
        let times: Option<Vec<u32>> = step.iter().map(|(_, call)| call.e2e_us).collect();
        times.map(|times| times.into_iter().max().unwrap_or(0))
    };
    let waits: Option<Vec<u32>> = steps.iter().map(wait).collect();
    let total = |waits: &[u32]| {
        waits
            .iter()
            .fold(0_u32, |sum, wait| sum.saturating_add(*wait))
    };
    let e2e_us = waits.as_deref().map(total);
    let before = waits
        .as_deref()
        .and_then(|waits| Some(total(waits.split_last()?.1)));
    let ttft_us = match shown {
        Shown::AtTheEnd => e2e_us,
        Shown::AsItComes => before.zip(given.ttft_us).map(|(a, b)| a.saturating_add(b)),
    };
    let billed = calls
        .iter()
        .map(|call| call.cost)
        .collect::<Option<Vec<NanoUsd>>>();
    Observed {
        replayed: calls.iter().any(|call| call.replayed),
        usage_estimated: calls.iter().any(|call| call.usage_estimated),
        n_attempts: calls.iter().map(|call| call.n_attempts).sum(),
        n_unpriced_attempts: calls.iter().map(|call| call.n_unpriced_attempts).sum(),
        input_tokens: sum(|call| call.input_tokens),
        output_tokens: sum(|call| call.output_tokens),
        cost: billed.map(|all| all.into_iter().sum()),
        ttft_us,
        tpot_us: given.tpot_us.filter(|_| shown == Shown::AsItComes),
        e2e_us,
        ..*given
    }
}

/// What is known of a mix: nothing that is not known of all of its parts.
fn facts(mix: &Mix, trials: &Parts<'_>) -> CandidateFacts {
    let candidates = trials.facts;
    let parts: Vec<&CandidateFacts> = mix
        .parts
        .iter()
        .filter_map(|one| candidates.get(*one))
        .collect();
    let naming = parts.iter().map(|one| one.naming);
    let retired = parts
        .iter()
        .find_map(|one| Some((one.id.clone(), one.retired.clone()?)));
    CandidateFacts {
        model: format!("routed to {}", crate::wording::count(parts.len(), "model")),
        identity: None,
        wire_name: mix.id.to_string(),
        pricer: None,
        privacy: privacy(&parts),
        context_window: parts
            .iter()
            .map(|one| one.context_window)
            .collect::<Option<Vec<u64>>>()
            .and_then(|windows| windows.into_iter().min()),
        capabilities: capabilities(&parts),
        end: parts
            .iter()
            .filter_map(|one| one.end.as_ref())
            .min_by_key(|end| end.by)
            .map(|end| LifecycleEnd {
                replacement: None,
                ..end.clone()
            }),
        naming: if naming.clone().any(|one| one == Naming::Moving) {
            Naming::Moving
        } else if naming.clone().all(|one| one == Naming::Snapshot) {
            Naming::Snapshot
        } else {
            Naming::Unknown
        },
        retired: retired.map(|(id, why)| format!("its part `{id}`: {why}")),
        streamed: parts.iter().all(|one| one.streamed),
        served: Vec::new(),
        routed: Some(routed(mix, trials)),
        id: mix.id.clone(),
    }
}

fn privacy(parts: &[&CandidateFacts]) -> PrivacyFacts {
    let of = || parts.iter().map(|one| &one.privacy);
    let regions: Option<Vec<&Vec<String>>> = of().map(|one| one.regions.as_ref()).collect();
    let regions = regions.map(|all| match all.split_first() {
        None => Vec::new(),
        Some((first, rest)) => {
            let everywhere = |region: &&String| rest.iter().all(|other| other.contains(region));
            first.iter().filter(everywhere).cloned().collect()
        }
    });
    let conditions: Vec<String> = parts
        .iter()
        .filter_map(|one| {
            Some(format!(
                "`{}`: {}",
                one.id,
                one.privacy.conditions.as_ref()?
            ))
        })
        .collect();
    PrivacyFacts {
        trains: worst(of().map(|one| one.trains), Known::Yes),
        regions,
        self_hosted: worst(of().map(|one| one.self_hosted), Known::No),
        conditions: (!conditions.is_empty()).then(|| conditions.join("; ")),
        source: Some("of all its models".to_owned()),
    }
}

/// The bad answer where one part has it, else unknown where one is unknown, else the good one.
fn worst(parts: impl Iterator<Item = Option<Known>> + Clone, bad: Known) -> Option<Known> {
    if parts.clone().any(|one| one == Some(bad)) {
        return Some(bad);
    }
    parts.collect::<Option<Vec<Known>>>()?.first().copied()
}

fn capabilities(parts: &[&CandidateFacts]) -> BTreeMap<Capability, Known> {
    let known = |capability: &Capability| {
        let of = parts
            .iter()
            .map(|one| one.capabilities.get(capability).copied());
        Some((*capability, worst(of, Known::No)?))
    };
    Capability::ALL.iter().filter_map(known).collect()
}

/// How often each part is asked, and how often its answer is given.
fn routed(mix: &Mix, trials: &Parts<'_>) -> Routed {
    let served = || {
        let items = mix.items.iter().enumerate();
        items.filter_map(|(item, one)| match one {
            Mixed::Served {
                asked, answered_by, ..
            } => Some((item, asked, *answered_by)),
            Mixed::Incomplete | Mixed::LeftOut => None,
        })
    };
    let n = served().count();
    let share = |count: usize| crate::figure::tidy(count as f64 / n.max(1) as f64).unwrap_or(0.0);
    let part = |at: &usize| {
        let facts = trials.facts.get(*at);
        let calls = || {
            let asked = served().map(|(item, asked, _)| (item, asked.iter().flatten()));
            asked.flat_map(|(item, asked)| asked.filter(|one| *one == at).map(move |_| item))
        };
        let tokens = |of: fn(&Observed) -> Option<u32>| {
            let each = calls().map(|item| of(trials.of(*at, item)?).map(f64::from));
            let total = each.sum::<Option<f64>>()?;
            crate::figure::tidy(total / n.max(1) as f64)
        };
        RoutedPart {
            candidate: *at,
            id: facts.map_or_else(|| CandidateId::new(""), |one| one.id.clone()),
            calls_per_query: share(calls().count()),
            answers: share(served().filter(|(_, _, by)| by == at).count()),
            input_tokens: tokens(|call| call.input_tokens),
            output_tokens: tokens(|call| call.output_tokens),
        }
    };
    Routed {
        n,
        plan: mix.plan.clone(),
        parts: mix.parts.iter().map(part).collect(),
        escalated: share(served().filter(|(_, asked, _)| asked.len() > 1).count()),
    }
}
