//! Signals that a run does not have, and what asking for them would cost.

use serde::Serialize;
use trilemma_route::{Example, Examples, Outcome, Recorded};

use super::plan::sig;
use crate::routing::Material;
use crate::routing::vectors::Stand;

/// A candidate is cheap below this share of the large one's cost, as for the training.
const CHEAP: f64 = 0.25;
/// Below this many items intervals are wide.
const FEW_ITEMS: usize = 300;

/// Something that training could use and the run does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Signal {
    /// What.
    pub(super) name: &'static str,
    /// What it is good for, and how to get it.
    pub(super) hint: String,
    /// What asking for it would cost, in USD, at most or about; `None` = cannot be said.
    pub(super) cost_usd: Option<f64>,
}

/// Lists what is missing.
pub(super) fn missing(material: &Material) -> Vec<Signal> {
    let gathered = &material.gathered;
    let examples = &gathered.examples;
    let n = examples.rows.len();
    let costs = mean_costs(examples);
    let large = costs.get(examples.best_single()).copied().unwrap_or(0.0);
    let all: f64 = costs.iter().sum();
    let mut signals = Vec::new();
    if costs.iter().filter(|cost| **cost < CHEAP * large).count() < 2 {
        signals.push(Signal {
            name: "agreement partner",
            hint: format!(
                "two candidates that each cost less than a quarter of `{}` could be compared with each \
                 other; add one to `[[candidates]]`",
                name(examples)
            ),
            cost_usd: Some(CHEAP * large * n as f64),
        });
    }
    if examples.extract.is_none() {
        signals.push(Signal {
            name: "comparable part",
            hint: "answers are compared as whole texts; `extract = [\"last_number\"]` or other steps under \
                   `[routing]` name the part that matters"
                .to_owned(),
            cost_usd: Some(0.0),
        });
    }
    if examples.tasks().is_empty() {
        signals.push(Signal {
            name: "task",
            hint: "no two tasks are named; `task_field` under `[routing]` says which metadata field of an \
                   item names its task"
                .to_owned(),
            cost_usd: Some(0.0),
        });
    }
    if n < FEW_ITEMS {
        signals.push(Signal {
            name: "items",
            hint: format!("{FEW_ITEMS} items with everybody's answer settle more than {n} do"),
            cost_usd: Some(all * (FEW_ITEMS - n) as f64),
        });
    }
    if gathered.n_untimed > 0 {
        signals.push(Signal {
            name: "waiting times",
            hint: format!(
                "{} answers have none, so added latency is unknown; asking again records them",
                gathered.n_untimed
            ),
            cost_usd: Some(all * n as f64),
        });
    }
    if let Some(cheap) = best_cheap(examples, &costs, large) {
        let own = costs.get(cheap).copied().unwrap_or(0.0);
        signals.extend(of_one(examples, cheap, [own * n as f64, all * n as f64]));
    }
    signals
}

/// The best candidate whose answers may be judged before they are given.
fn best_cheap(examples: &Examples, costs: &[f64], large: f64) -> Option<usize> {
    let quality = |member: usize| -> f64 {
        let of = |row: &Example| row.outcomes.get(member).map_or(0.0, |one| one.quality);
        examples.rows.iter().map(of).sum()
    };
    let cheap = costs.iter().enumerate();
    let cheap = cheap.filter(|(_, cost)| **cost < CHEAP * large);
    cheap.map(|(member, _)| member).reduce(|best, one| {
        if quality(one) > quality(best) {
            one
        } else {
            best
        }
    })
}

/// What one cheap answer could be judged by; costs of asking that candidate once more for every item, and
/// everyone.
fn of_one(examples: &Examples, cheap: usize, [own, all]: [f64; 2]) -> Vec<Signal> {
    let id = examples
        .members
        .get(cheap)
        .map_or_else(String::new, |one| one.id.to_string());
    let every = |has: fn(&Recorded) -> bool| {
        let mut rows = examples.rows.iter();
        rows.all(|row| row.outcomes.get(cheap).is_some_and(has))
    };
    let mut signals = Vec::new();
    if !every(|one| !one.again.is_empty()) {
        signals.push(Signal {
            name: "repeats",
            hint: format!(
                "whether `{id}` says the same when it is asked again tells good answers from bad ones; \
                 `repeats = 3` under `[bench]` asks everyone twice more"
            ),
            cost_usd: Some(2.0 * all),
        });
    }
    let has_logprob = |one: &Recorded| {
        matches!(
            one.observation.outcome,
            Outcome::Answered {
                logprob: Some(_),
                ..
            }
        )
    };
    if !every(has_logprob) {
        signals.push(Signal {
            name: "log-probabilities",
            hint: format!(
                "how sure `{id}` is of its first tokens would be looked at; where its vendor gives them, \
                 `extra_body = {{ logprobs = true }}` in its `[[candidates]]` entry asks for them"
            ),
            cost_usd: Some(own),
        });
    }
    signals
}

fn name(examples: &Examples) -> String {
    let best = examples.members.get(examples.best_single());
    best.map_or_else(String::new, |one| one.id.to_string())
}

fn mean_costs(examples: &Examples) -> Vec<f64> {
    let n = examples.rows.len().max(1) as f64;
    let cost = |idx: usize| {
        let of = |row: &Example| row.outcomes.get(idx).map_or(0.0, |one| one.cost_usd);
        examples.rows.iter().map(of).sum::<f64>() / n
    };
    (0..examples.members.len()).map(cost).collect()
}

/// What keeps vectors out of the training, or makes them incomplete; `None` = nothing.
pub(super) fn vectors(stand: &Stand) -> Option<Signal> {
    let hint = stand.lack()?;
    Some(Signal {
        name: "vectors",
        hint,
        cost_usd: stand.usd.filter(|_| stand.n_missing > 0),
    })
}

impl Signal {
    /// One line for people.
    pub(super) fn line(&self) -> String {
        let price = match self.cost_usd {
            None => String::new(),
            Some(cost) if cost <= 0.0 => " (costs nothing)".to_owned(),
            Some(cost) => format!(" (about {} USD)", sig(cost)),
        };
        format!("{}: {}{price}", self.name, self.hint)
    }
}
