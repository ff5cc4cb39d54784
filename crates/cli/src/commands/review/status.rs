//! `trilemma review status`: how far labelling has come, and what it makes of the pass rates.

use std::collections::{BTreeMap, BTreeSet};

use trilemma_decide::judges::JudgeResult;
use trilemma_decide::review::CandidateReview;
use trilemma_decide::{Decision, Figure};
use trilemma_domain::{HumanLabel, HumanWord};

use super::cards::cards;
use crate::args::Common;
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;

/// Which run.
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// The run (default: the latest).
    run: Option<String>,
}

/// What one reviewer has done.
#[derive(Debug, Default, serde::Serialize)]
struct Done {
    n_pass: usize,
    n_fail: usize,
    n_skipped: usize,
    n_open: usize,
}

/// Runs the command.
pub(crate) fn run(args: &StatusArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let bench = super::open(common, args.run.as_deref())?;
    let cards = cards(&bench, &[])?;
    let labels = bench.store.labels(&bench.run)?;
    let reviewers: BTreeSet<&str> = labels.iter().map(|label| label.reviewer.as_str()).collect();
    let done: BTreeMap<&str, Done> = reviewers
        .into_iter()
        .map(|reviewer| {
            let own: BTreeMap<_, HumanWord> = labels
                .iter()
                .filter(|label: &&HumanLabel| label.reviewer == reviewer)
                .map(|label| (label.key, label.word))
                .collect();
            let mut done = Done::default();
            for card in &cards {
                match card.keys.iter().find_map(|key| own.get(key)) {
                    Some(HumanWord::Pass) => done.n_pass += 1,
                    Some(HumanWord::Fail) => done.n_fail += 1,
                    Some(HumanWord::Skipped) => done.n_skipped += 1,
                    None => done.n_open += 1,
                }
            }
            (reviewer, done)
        })
        .collect();
    let options = DecideOptions::default();
    let decision = decision::decide(&bench.context, &bench.store, &bench.run, options)?;
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": bench.run, "n_answers": cards.len(), "reviewers": done,
            "review": decision.review, "judges": decision.judges,
        }))?;
    } else {
        printer.data(&format!(
            "run {}: {} answers in the queue",
            bench.run,
            cards.len()
        ));
        for (reviewer, done) in &done {
            printer.data(&format!(
                "  {reviewer}: {} pass, {} fail, {} skipped, {} left",
                done.n_pass, done.n_fail, done.n_skipped, done.n_open
            ));
        }
        for line in decision
            .review
            .iter()
            .filter_map(|one| told(&decision, one))
        {
            printer.data(&line);
        }
        for line in decision.judges.iter().filter_map(agreement) {
            printer.data(&line);
        }
    }
    let named = args.run.as_deref().map(hint::word).unwrap_or_default();
    let is_open = done.is_empty() || done.values().any(|done| done.n_open > 0);
    let next = if is_open { "review label" } else { "decide" };
    printer.next(&common.command(format!("{next} {named}").trim_end()));
    Ok(Exit::Ok)
}

/// One candidate's pass rate before and after correction.
fn told(decision: &Decision, one: &CandidateReview) -> Option<String> {
    let id = &decision.candidates.get(one.candidate)?.id;
    let n = one.n_labels;
    let by_scorers = one.by_scorers.map_or_else(|| "nothing".to_owned(), share);
    Some(match (one.corrected, one.n_labels_missing) {
        (Some(corrected), _) => format!(
            "  `{id}`: {} pass by {n} labels and the scorers, {by_scorers} by the scorers alone",
            share(corrected)
        ),
        (None, Some(missing)) => format!(
            "  `{id}`: {by_scorers} pass by the scorers; {n} labels are too few to correct it, at least {missing} more are needed"
        ),
        (None, None) => format!("  `{id}`: {by_scorers} pass by the scorers; {n} labels"),
    })
}

fn agreement(judge: &JudgeResult) -> Option<String> {
    let humans = judge.humans.as_ref()?;
    let kappa = humans
        .kappa
        .map_or_else(String::new, |kappa| format!(", kappa {}", plain(kappa)));
    Some(format!(
        "  judge `{}` agrees with people on {} of {} answers{kappa}",
        judge.model,
        share(humans.same),
        humans.n_answers
    ))
}

fn share(figure: Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(
            "{:.1} % ({:.1}–{:.1} %)",
            figure.value * 100.0,
            low * 100.0,
            high * 100.0
        ),
        _ => format!("{:.1} %", figure.value * 100.0),
    }
}

fn plain(figure: Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{:.2} ({low:.2}–{high:.2})", figure.value),
        _ => format!("{:.2}", figure.value),
    }
}
