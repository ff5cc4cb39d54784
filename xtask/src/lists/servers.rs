//! The list of open weights, served by oneself.
//!
//! In: the catalog's architectures and GPU rents, the assumptions of `trilemma selfhost`, outcomes of
//! GSM8K. Out: what a month takes at three volumes, and from how many tokens a day it pays against two
//! APIs; each with the range from fast replicas at the lowest rent to slow ones at the highest.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use trilemma_catalog::Catalog;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::selfhost::{BreakEven, Fleet, GpuFit, SetUp, Sizing};
use trilemma_domain::ModelName;

use super::apis::{TOKENS, VOLUMES, verdict};
use crate::decisions::recorded::Recorded;

/// The day whose rents hold.
const AS_OF: Date = date(2026, 11, 23);
/// How weights are stored.
const FORMAT: &str = "fp8";
/// The document's open weights, with their name in the recorded outcomes where there is one.
const WEIGHTS: [(&str, Option<&str>); 5] = [
    ("llama-3.1-8b-instruct", Some("Meta-Llama-3.1-8B-Instruct")),
    (
        "llama-3.1-70b-instruct",
        Some("Meta-Llama-3.1-70B-Instruct"),
    ),
    ("mistral-7b-instruct-v0.3", None),
    ("qwen2.5-72b-instruct", None),
    ("phi-4", None),
];
/// APIs with their price of 2024 per million tokens at 1,500 in and 300 out.
const APIS: [(&str, &str); 2] = [("GPT-4o", "3.75"), ("GPT-4o-mini", "0.225")];

/// Writes the tables: people counted, and without them.
pub(super) fn tables(recorded: &Recorded) -> anyhow::Result<String> {
    let mut text = String::new();
    for (title, fte) in [
        ("a quarter of an engineer", "0.25"),
        ("nobody to run it", "0"),
    ] {
        let mut assumptions = Assumptions::default();
        assumptions.state(
            Key::Fte,
            fte.parse()?,
            trilemma_cost::assume::Origin::CommandLine,
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", table(recorded, &assumptions, title)?);
    }
    Ok(text)
}

fn table(recorded: &Recorded, assumptions: &Assumptions, title: &str) -> anyhow::Result<String> {
    let mut text = format!(
        "Own servers, {FORMAT}, {title}, rents of {AS_OF}; USD a month at the likely speed and rent (fast and cheap to slow and dear)\n\n\
         | weights | GSM8K, minus GPT-4o | not worse by 3 points | set-up at 100k/day |{}{}\n|---|---|---|---|---|---|---|---|---|\n",
        VOLUMES.map(|queries| format!(" {queries}/day |")).concat(),
        APIS.map(|(name, _)| format!(" pays against {name} from, M tokens/day |"))
            .concat(),
    );
    for (name, outcomes) in WEIGHTS {
        let _ = writeln!(text, "{}", row(recorded, assumptions, (name, outcomes))?);
    }
    Ok(text)
}

fn row(
    recorded: &Recorded,
    assumptions: &Assumptions,
    (name, outcomes): (&str, Option<&str>),
) -> anyhow::Result<String> {
    let catalog = Catalog::builtin();
    let id = ModelName::parse(&format!("open-weights/{name}")).context("a name of the catalog")?;
    let found = catalog.get(&id)?.context("weights of the catalog")?;
    let sizing = Sizing::of(found.model, FORMAT).map_err(|error| anyhow!("failed to {error}"))?;
    let fits: Vec<GpuFit<'_>> = catalog
        .gpus()?
        .iter()
        .map(|gpu| GpuFit::of(gpu, &sizing, assumptions))
        .collect();
    let tokens = (Decimal::from(TOKENS.0), Decimal::from(TOKENS.1));
    let per_query = tokens.0 + tokens.1;
    let mut months = String::new();
    let mut shown = String::new();
    for queries in VOLUMES {
        let volume = Decimal::from(queries) * per_query;
        let best = SetUp::cheapest(&fits, &sizing, tokens, (assumptions, Some(volume)))
            .context("no GPU holds the weights")?;
        let (slow, fast) = best
            .ends(assumptions)
            .context("rents and speeds are known")?;
        let _ = write!(
            months,
            " {} ({} to {}) |",
            month(&best.fleet, volume)?,
            month(&fast, volume)?,
            month(&slow, volume)?
        );
        if queries == 100_000 {
            let replicas = best
                .fleet
                .replicas_for(volume)
                .context("a volume that can be")?;
            shown = format!("{replicas} × {} × {}", best.n_gpus, best.gpu.id);
        }
    }
    let mut pays = String::new();
    for (_, price) in APIS {
        let _ = write!(
            pays,
            " {} |",
            crossing(&fits, &sizing, (tokens, assumptions), price.parse()?)
        );
    }
    let quality = quality(recorded, outcomes)?;
    Ok(format!("| {name} | {quality} | {shown} |{months}{pays}"))
}

/// The earliest break-even over all GPUs, with the range of that set-up.
fn crossing(
    fits: &[GpuFit<'_>],
    sizing: &Sizing,
    (tokens, assumptions): ((Decimal, Decimal), &Assumptions),
    price: Decimal,
) -> String {
    let ranges: Vec<_> = fits
        .iter()
        .filter_map(|fit| SetUp::of(fit, sizing, tokens, assumptions))
        .map(|set_up| set_up.break_even(assumptions, price))
        .collect();
    let least = |pick: fn(&trilemma_cost::selfhost::BreakEvenRange) -> &Option<BreakEven>| {
        ranges
            .iter()
            .filter_map(|range| match pick(range) {
                Some(BreakEven::From { tokens_per_day, .. }) => Some(*tokens_per_day),
                Some(BreakEven::Never(_)) | None => None,
            })
            .min()
    };
    let words = |found: Option<Decimal>| {
        found.map_or_else(
            || "never".to_owned(),
            |tokens| {
                (tokens / Decimal::from(1_000_000))
                    .round_dp(1)
                    .normalize()
                    .to_string()
            },
        )
    };
    format!(
        "{} ({} to {})",
        words(least(|range| &range.likely)),
        words(least(|range| &range.fast)),
        words(least(|range| &range.slow))
    )
}

fn month(fleet: &Fleet, volume: Decimal) -> anyhow::Result<String> {
    let month = fleet
        .replicas_for(volume)
        .and_then(|replicas| fleet.month(replicas))
        .context("the month costs more than money can be")?;
    Ok(trilemma_domain::parted(
        &month.decimal().round_dp(0).to_string(),
    ))
}

fn quality(recorded: &Recorded, outcomes: Option<&str>) -> anyhow::Result<String> {
    let reference = recorded.models.first().context("no model is recorded")?;
    let found = outcomes.and_then(|name| recorded.models.iter().find(|one| one.name == name));
    let Some(model) = found else {
        return Ok("unknown | unknown".to_owned());
    };
    Ok(format!(
        "{:+.1} points (n = {}) | {}",
        (model.rate() - reference.rate()) * 100.0,
        recorded.n_items,
        verdict(model, reference)?
    ))
}
