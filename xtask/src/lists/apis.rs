//! The list of APIs at three volumes.
//!
//! In: recorded outcomes of GSM8K with list prices of 2024. Out: a table that says
//! who is not worse than GPT-4o by more than 3 points and what a month costs, and the cheapest of
//! those. A model without outcomes is unknown, never assumed.

use anyhow::Context as _;
use std::fmt::Write as _;
use trilemma_domain::{Usd, UsdPerMtok};
use trilemma_stats::paired::{Cells, tango_z};

use crate::decisions::recorded::{Model, Recorded};

/// How much worse is still acceptable.
const MARGIN: f64 = 0.03;
/// The one-sided 95 % point of the normal distribution.
const Z95: f64 = 1.645;
/// Queries per day.
pub(super) const VOLUMES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// The document's query: tokens in and out.
pub(super) const TOKENS: (u64, u64) = (1_500, 300);
/// The document's open weights without outcomes in the data.
const UNKNOWN: [&str; 3] = ["mistral-7b", "qwen2.5-72b", "phi-4"];

/// Prints the table.
pub(super) fn table(recorded: &Recorded) -> anyhow::Result<String> {
    let reference = recorded.models.first().context("no model is recorded")?;
    let mut text = String::from(
        "| model | right | minus GPT-4o | not worse by 3 points | 10k/day | 100k/day | 1M/day |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut fit: Vec<&Model> = Vec::new();
    for model in &recorded.models {
        let verdict = verdict(model, reference)?;
        if verdict == "yes" || model.name == reference.name {
            fit.push(model);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {:.1} % | {:+.1} | {verdict} | {} |",
            model.name,
            model.rate() * 100.0,
            (model.rate() - reference.rate()) * 100.0,
            months(model)?.join(" | ")
        );
    }
    for name in UNKNOWN {
        let _ = writeln!(text, "| {name} | unknown | unknown | unknown | | | |");
    }
    let mut priced = Vec::new();
    for model in fit {
        priced.push((month(model, 1)?, model));
    }
    let (_, cheapest) = priced
        .into_iter()
        .min_by_key(|(month, _)| *month)
        .context("no model is as good")?;
    let _ = writeln!(text, "\n{}", conclusion(recorded, cheapest)?);
    Ok(text)
}

/// Whether a model is not worse than the reference by the margin, in a word.
pub(super) fn verdict(model: &Model, reference: &Model) -> anyhow::Result<&'static str> {
    if model.name == reference.name {
        return Ok("it is GPT-4o");
    }
    let z = tango_z(Cells::of(&model.right, &reference.right)?, -MARGIN)?;
    Ok(if z >= Z95 {
        "yes"
    } else if z <= -Z95 {
        "no"
    } else {
        "undecided"
    })
}

/// Cost of a month of 30 days at list prices.
fn month(model: &Model, queries_per_day: u64) -> anyhow::Result<Usd> {
    let cost = |price: &str, tokens: u64| {
        let price: UsdPerMtok = price.parse()?;
        let cost = price.of_tokens(tokens * queries_per_day * 30);
        cost.context("the month costs more than money can be")
    };
    Ok(cost(&model.price.0, TOKENS.0)? + cost(&model.price.1, TOKENS.1)?)
}

fn months(model: &Model) -> anyhow::Result<Vec<String>> {
    let months = VOLUMES
        .into_iter()
        .map(|queries| Ok(month(model, queries)?.brief()));
    months.collect()
}

fn conclusion(recorded: &Recorded, cheapest: &Model) -> anyhow::Result<String> {
    Ok(format!(
        "Cheapest among those not worse than GPT-4o by 3 points (n = {}, one-sided 95 %), at every volume: {} at {} USD a month.",
        recorded.n_items,
        cheapest.name,
        months(cheapest)?.join(" / ")
    ))
}
