//! What a candidate's size class leads one to expect, where a requirement or a price leaves a question.
//!
//! In: the project, and the catalog's table of size classes (a document's bands, not measurements; a
//! user's own rows replace them). Out: a sentence with its source per candidate. It decides nothing:
//! what a candidate really takes only a benchmark tells.

use std::time::Duration;

use trilemma_catalog::{Tier, TierRow};
use trilemma_domain::{Candidate, LatencyRequirement, TaskKind};

use crate::context::Context;
use crate::lineup::pricer;

/// What is asked of a class.
struct Asked<'a> {
    latency: Option<&'a LatencyRequirement>,
    task: TaskKind,
    is_priced: bool,
}

/// One sentence per candidate whose class raises a question; rows of the catalog that cannot be read are
/// told elsewhere.
pub(crate) fn expectations(context: &Context) -> Vec<String> {
    let tiers = context.catalog.tiers().unwrap_or_default();
    let candidates = context.project.candidates.iter();
    // Nobody waits for the whole of a label, or asks it to reason.
    let givers = context.project.routing.gives_labels();
    candidates
        .filter(|candidate| !givers.contains(&candidate.id))
        .filter_map(|candidate| {
            let row = class_of(context, candidate, tiers)?;
            let priced = pricer(context, candidate).ok().flatten();
            let asked = Asked {
                latency: context.project.requirements.latency.as_ref(),
                task: context.project.task.kind,
                is_priced: priced.is_some_and(|priced| priced.production(1, 1, None).is_some()),
            };
            let parts = questions(row, tiers, &asked);
            (!parts.is_empty()).then(|| {
                format!(
                    "`{}`: {} models {} [{}]; the benchmark will tell",
                    candidate.id,
                    row.tier.name(),
                    parts.join("; "),
                    row.provenance
                )
            })
        })
        .collect()
}

fn class_of<'a>(
    context: &Context,
    candidate: &Candidate,
    tiers: &'a [TierRow],
) -> Option<&'a TierRow> {
    let found = context.catalog.get(candidate.identity.as_ref()?).ok()??;
    let tier = found.model.tier?;
    tiers.iter().find(|row| row.tier == tier)
}

fn questions(row: &TierRow, tiers: &[TierRow], asked: &Asked<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let least = Duration::from_millis(row.ttft_ms.low);
    let budgets = asked
        .latency
        .map_or([None, None], |latency| [latency.ttft_p50, latency.ttft_p95]);
    if let Some(budget) = budgets.into_iter().flatten().min()
        && budget < least
    {
        let high = row
            .ttft_ms
            .high
            .map_or_else(|| " and more".to_owned(), |high| format!(" to {high}"));
        parts.push(format!(
            "are said to take {}{high} ms to the first token, and {} ms are required",
            row.ttft_ms.low,
            budget.as_millis()
        ));
    }
    if !asked.is_priced {
        let high = row
            .cost
            .high
            .map_or_else(|| " and more".to_owned(), |high| format!(" to {high}"));
        parts.push(format!(
            "are said to cost {}{high} USD per million tokens, and no price is known",
            row.cost.low
        ));
    }
    let suited = tiers.iter().find(|row| row.suits.contains(&asked.task));
    if let Some(suited) = suited.filter(|suited| suited.tier > row.tier)
        && row.tier < Tier::Large
    {
        parts.push(format!(
            "are said to reason as \"{}\", and for {} {} ones are named",
            row.reasoning,
            asked.task.name(),
            suited.tier.name()
        ));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_catalog::Catalog;

    fn asked(task: TaskKind, ttft_ms: Option<u64>, is_priced: bool) -> Vec<String> {
        let catalog = Catalog::builtin();
        let tiers = catalog.tiers().unwrap();
        let latency = LatencyRequirement {
            ttft_p95: ttft_ms.map(Duration::from_millis),
            ..LatencyRequirement::default()
        };
        let asked = Asked {
            latency: Some(&latency),
            task,
            is_priced,
        };
        tiers
            .iter()
            .flat_map(|row| {
                let parts = questions(row, tiers, &asked).into_iter();
                parts.map(|part| format!("{}: {part}", row.tier.name()))
            })
            .collect()
    }

    #[test]
    fn only_what_a_class_leaves_open_is_told() {
        let none: [&str; 0] = [];
        assert_eq!(asked(TaskKind::Classification, Some(1_000), true), none);
        let slow = asked(TaskKind::Classification, Some(800), true);
        assert_eq!(
            slow,
            ["large: are said to take 1000 to 3000 ms to the first token, and 800 ms are required"]
        );
        let weak = asked(TaskKind::Reasoning, None, true);
        assert_eq!(weak.len(), 2);
        assert!(
            weak[0].contains("\"Good for simple tasks\", and for reasoning large ones are named")
        );
        let unpriced = asked(TaskKind::Classification, None, false);
        assert!(
            unpriced[0].contains("0.10 to 0.50 USD per million tokens"),
            "{unpriced:?}"
        );
        assert_eq!(unpriced.len(), 3);
    }
}
