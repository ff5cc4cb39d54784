//! Adaptive runs: how they are asked for, told, and decided on.
//!
//! In: a mode, a race's summary, a recorded run. Out: words. Who of a race is decided on is `field`'s.

use std::collections::BTreeSet;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Map, Value};
use trilemma_bench::{RaceSummary, Reason};
use trilemma_decide::{Decision, Warning, WarningCode};
use trilemma_domain::{CandidateId, Requirements};
use trilemma_golden::GoldenSet;
use trilemma_project::Adaptive;
use trilemma_stats::race::Guarantee;
use trilemma_stats::sequential::Population;
use trilemma_store::RunManifest;

use crate::context::{Context, InputError};
use crate::field::givers;
use crate::gates;

/// Key of the mode among a run's parameters.
const KEY: &str = "adaptive";
/// Key of those who do not race, as they only give labels.
const ASIDE: &str = "outside_the_race";
/// Key of whether the race kept whoever may be the best.
const CONTEST: &str = "kept_the_best";

/// Reads a mode.
pub(crate) fn adaptive() -> impl TypedValueParser<Value = Adaptive> {
    PossibleValuesParser::new(Adaptive::ALL.map(Adaptive::name))
        .try_map(|typed| Adaptive::from_name(&typed).ok_or("not one of the modes"))
}

/// Makes the mode a part of what the run is: another mode is another run, which replays equal calls.
///
/// So is who does not race, and what a race for requirements compares with: it has to keep whoever may be the best, or
/// need not.
pub(crate) fn record(
    mode: Adaptive,
    (requirements, aside): (&Requirements, &[u32]),
    parameters: &mut Map<String, Value>,
) {
    parameters.insert(KEY.to_owned(), Value::from(mode.name()));
    if !aside.is_empty() {
        parameters.insert(ASIDE.to_owned(), Value::from(aside.to_vec()));
    }
    if mode == Adaptive::Gates && gates::is_against_best(requirements) {
        parameters.insert(CONTEST.to_owned(), Value::from(true));
    }
}

/// Whether items are independent of each other and count the same, as bounds on the best need it.
pub(crate) fn counts_alike(golden: &GoldenSet) -> bool {
    is_even(golden) && is_independent(golden)
}

fn is_even(golden: &GoldenSet) -> bool {
    let items = golden.items();
    let weight = items.first().map(|item| item.weight);
    items.iter().all(|item| Some(item.weight) == weight)
}

fn is_independent(golden: &GoldenSet) -> bool {
    let mut seen = BTreeSet::new();
    let clusters = golden
        .items()
        .iter()
        .filter_map(|item| item.extras.cluster.as_ref());
    clusters.into_iter().all(|cluster| seen.insert(cluster))
}

/// Refuses a race that cannot answer what is asked, or whose bound these items cannot bear, before anything is spent.
///
/// # Errors
/// [`InputError`] that says what to do instead.
pub(crate) fn refuse(
    context: &Context,
    mode: Option<Adaptive>,
    golden: &GoldenSet,
) -> anyhow::Result<()> {
    let project = &context.project;
    if mode.is_some()
        && !project.candidates.is_empty()
        && givers(project).len() == project.candidates.len()
    {
        return Err(anyhow::anyhow!(InputError(
            "failed to race: all candidates give labels, and none answers; hint: add candidates that answer, or run \
             without --adaptive"
                .to_owned()
        )));
    }
    match mode {
        Some(Adaptive::Gates) => gates::refuse(context, golden),
        Some(Adaptive::CertifiedTraffic) if !counts_alike(golden) => {
            Err(anyhow::anyhow!(InputError(
                "failed to race for a certified choice about traffic: its bound takes items as independent and needs the \
                 largest weight that any item of the traffic can have, but these share clusters or differ in weight; hint: \
                 race by `--adaptive=certified`, which is about these items, or run without --adaptive"
                    .to_owned()
            )))
        }
        Some(
            Adaptive::Calibrated
            | Adaptive::Cheapest
            | Adaptive::Certified
            | Adaptive::CertifiedTraffic,
        )
        | None => Ok(()),
    }
}

/// The mode of a recorded run; `None` = everybody was asked everything.
pub(crate) fn recorded(manifest: &RunManifest) -> Option<Adaptive> {
    let name = manifest.parameters.get(KEY)?.as_str()?;
    Adaptive::from_name(name)
}

/// Whether a recorded race kept whoever may be the best.
pub(crate) fn kept_the_best(manifest: &RunManifest) -> bool {
    manifest.parameters.contains_key(CONTEST)
}

/// What a race found, in words.
pub(crate) fn text(race: &RaceSummary) -> String {
    let n_asked: u64 = race.n_asked.iter().sum();
    let n_used = n_used(race);
    let saved = 100.0 * (1.0 - n_used as f64 / race.n_all.max(1) as f64);
    let head = format!(
        "race ({}): {n_asked} of {} trials asked, {n_used} with the completion, {saved:.0} % saved",
        race.mode.name(),
        race.n_all
    );
    let points = race.tolerance * 100.0;
    let known = match race.guarantee {
        None => "  stopped before there was a choice; the same command goes on".to_owned(),
        Some(Guarantee::Certified { alpha, population }) => format!(
            "  certified: a race like this chooses a candidate more than {points:.0} points below the best \
             {} at most {:.0} times in 100",
            match population {
                Population::Finite(_) => "on these items",
                Population::Source => "on traffic like these items",
            },
            alpha * 100.0
        ),
        Some(Guarantee::Calibrated { risk }) => format!(
            "  calibrated, not guaranteed: the risk that another candidate is better by more than {points:.0} \
             points on these items is estimated at {:.1} %",
            risk * 100.0
        ),
        Some(Guarantee::Shown { alpha }) => format!(
            "  requirements are tested over all items, as in a full run: that any candidate is said to meet \
             them although it does not, at most {:.0} times in 100",
            alpha * 100.0
        ),
        Some(Guarantee::Exhausted) => {
            "  nothing was left to ask: the best on these items, no more is said".to_owned()
        }
    };
    let rest = if race.completed.is_empty() {
        String::new()
    } else if race.mode == Adaptive::Gates {
        given_up_text(race)
    } else {
        "\n  the choice (and the incumbent) were then completed over all items".to_owned()
    };
    let aside = if race.completed.is_empty() || race.aside.is_empty() {
        ""
    } else {
        "\n  who only gives labels did not race and was asked about every item"
    };
    format!("{head}\n{known}{rest}{aside}")
}

/// Whom a race for requirements did not ask everything, by reason.
fn given_up_text(race: &RaceSummary) -> String {
    let (mut hopeless, mut failing, mut dearer, mut behind, mut ruled_out) = (0, 0, 0, 0, 0);
    for one in &race.given_up {
        match one.why {
            Reason::Hopeless { .. } => hopeless += 1,
            Reason::Failing { .. } => failing += 1,
            Reason::Dearer => dearer += 1,
            Reason::Behind { .. } => behind += 1,
            Reason::RuledOut => ruled_out += 1,
        }
    }
    let mut text = String::new();
    for (n, why) in [
        (ruled_out, "not asked: a stated fact rules them out"),
        (dearer, "not asked on: a cheaper one meets everything"),
        (
            behind,
            "given up with a predicted chance below 2 % of being ahead of one that meets everything",
        ),
        (failing, "given up: they were failing a requirement"),
        (
            hopeless,
            "given up with a predicted chance below 2 % of being shown to meet everything",
        ),
    ] {
        if n > 0 {
            text.push_str(&format!("\n  {n} {why}"));
        }
    }
    text
}

/// Trials that the race and the completion of its choice took together.
fn n_used(race: &RaceSummary) -> u64 {
    let n_each = race.n_all / (race.n_asked.len().max(1) as u64);
    let is_over = !race.completed.is_empty();
    (0u32..)
        .zip(&race.n_asked)
        .map(|(idx, n_asked)| {
            if race.completed.contains(&idx) || (is_over && race.aside.contains(&idx)) {
                n_each
            } else {
                *n_asked
            }
        })
        .sum()
}

/// Says in the decision that it rests on a race, and who fell out of it.
///
/// `n_entered` counts who could be chosen; `n_settled` all trials of the run.
pub(crate) fn tell(
    decision: &mut Decision,
    manifest: &RunManifest,
    (fell_out, n_entered, n_settled): (&[&CandidateId], usize, u64),
) {
    let Some(mode) = recorded(manifest) else {
        return;
    };
    let out: Vec<String> = fell_out.iter().map(|id| format!("`{id}`")).collect();
    let (kind, aim) = match mode {
        Adaptive::Calibrated | Adaptive::Cheapest => (
            "calibrated on recorded outcomes, no guarantee",
            best_within(),
        ),
        Adaptive::Certified => (
            "wrong at most 5 times in 100 about these items",
            best_within(),
        ),
        Adaptive::CertifiedTraffic => (
            "wrong at most 5 times in 100 about traffic like these items",
            best_within(),
        ),
        Adaptive::Gates => (
            "requirements tested over all items",
            "the preferred candidate that meets every requirement".to_owned(),
        ),
    };
    let n_given_up = out.len();
    let names = if out.is_empty() {
        "none".to_owned()
    } else {
        out.join(", ")
    };
    let n_full = manifest.items.len() as u64 * u64::from(manifest.repeats);
    let n_all = n_full * manifest.candidates.len() as u64;
    let saved = 100.0 * (1.0 - n_settled as f64 / n_all.max(1) as f64);
    let text = format!(
        "The run was a race (`{}`: {kind}) for {aim}: it took {} of {n_all} trials and saved {saved:.0} %. {n_given_up} of {} candidates fell out of it, were not asked \
         everything and are not judged, also where they may meet every requirement: {names}. Errors and \
         intervals of those shown allow for all who entered.",
        mode.name(),
        n_settled,
        n_entered,
    );
    decision.warnings.push(Warning {
        code: WarningCode::AdaptiveRun,
        candidate: None,
        text,
    });
}

fn best_within() -> String {
    format!(
        "a pass rate within {:.0} points of the best",
        Adaptive::TOLERANCE * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(guarantee: Option<Guarantee>) -> RaceSummary {
        RaceSummary {
            mode: Adaptive::Certified,
            tolerance: 0.02,
            chosen: guarantee.map(|_| 1),
            guarantee,
            n_asked: vec![20, 80],
            completed: Vec::new(),
            aside: Vec::new(),
            given_up: Vec::new(),
            n_all: 400,
        }
    }

    #[test]
    fn tells_what_was_saved_and_which_guarantee_holds() {
        let certified = text(&race(Some(Guarantee::Certified {
            alpha: 0.05,
            population: Population::Finite(200),
        })));
        assert!(
            certified.contains("100 of 400 trials asked, 100 with the completion, 75 % saved"),
            "{certified}"
        );
        // The choice is asked all of its 200 items in the end: 20 of the other remain.
        let completed = text(&RaceSummary {
            completed: vec![1],
            ..race(None)
        });
        assert!(
            completed.contains("220 with the completion, 45 % saved"),
            "{completed}"
        );
        // Who only gives labels is asked everything beside the race.
        let labelled = text(&RaceSummary {
            completed: vec![1],
            aside: vec![0],
            n_asked: vec![0, 80],
            ..race(None)
        });
        assert!(
            labelled.contains("80 of 400 trials asked, 400 with the completion, 0 % saved"),
            "{labelled}"
        );
        assert!(
            labelled.contains("only gives labels did not race"),
            "{labelled}"
        );
        assert!(certified.contains("at most 5 times in 100"), "{certified}");
        let calibrated = text(&race(Some(Guarantee::Calibrated { risk: 0.031 })));
        assert!(
            calibrated.contains("not guaranteed") && calibrated.contains("3.1 %"),
            "{calibrated}"
        );
        assert!(text(&race(None)).contains("goes on"));
    }
}
