//! A self-hosting plan, for a terminal.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use trilemma_cost::selfhost::{BreakEven, Never};

use super::super::money::{Asked, assumptions_text, tokens, usd};
use super::KEYS;
use super::plan::{Crossing, SelfHost};
use crate::layout::{DEFAULT_WIDTH, Side, Table, bullet, counted, pairs, terminal_width, wrap};

/// The whole answer.
pub(super) fn text(asked: &Asked, plan: &SelfHost<'_>) -> String {
    let width = terminal_width();
    let mut text = format!(
        "Serving {} as {} yourself, as of {}\n\n",
        plan.weights.id, plan.precision, asked.as_of
    );
    let facts = [
        (
            "weights",
            format!("{:.2} GB, {}", plan.weight_bytes / 1e9, plan.weight_source),
        ),
        (
            "cache per token",
            format!("{:.0} KiB", plan.kv_bytes_per_token / 1_024.0),
        ),
    ];
    let rows = facts.iter().map(|(name, line)| (*name, line.as_str()));
    text.push_str(&pairs(rows, 0, width));
    text.push_str("\nDoes it fit\n");
    text.push_str(&fits(plan).draw(2, width));
    let Some(gpu) = plan.gpu else {
        text.push_str("\nNo GPU of the catalog holds it at this context and concurrency with a known price.\n");
        return finish(text, asked, width);
    };
    let line = format!(
        "Cheapest month: {} × {} per replica at {}",
        plan.n_gpus.unwrap_or(1),
        gpu.id,
        price_words(plan)
    );
    let line = wrap(&line, 0, width.unwrap_or(DEFAULT_WIDTH));
    let _ = writeln!(text, "\n{line}");
    if let Some((low, mode, high)) = plan.speed {
        let line = format!(
            "{mode:.0} tokens/s per replica, in and out ({low:.0} to {high:.0}): {}",
            plan.speed_source
        );
        let _ = writeln!(text, "{}", bullet(&line, 2, width));
    }
    if let Some(price) = plan.own_usd_per_mtok {
        let line = format!(
            "{} USD per million tokens when as busy as planned, people not counted",
            price.round_dp(3)
        );
        let _ = writeln!(text, "{}", bullet(&line, 2, width));
    }
    match (plan.replicas, plan.month) {
        (Some(replicas), Some(month)) => {
            let line = format!(
                "your traffic needs {}: {} USD a month, people included",
                counted(u64::from(replicas), "replica"),
                usd(Some(month))
            );
            let _ = writeln!(text, "{}", bullet(&line, 2, width));
        }
        _ => {
            let line = "state --queries-per-day to see what your traffic needs";
            let _ = writeln!(text, "{}", bullet(line, 2, width));
        }
    }
    text.push_str("\nStaircase: what replicas carry and cost\n");
    text.push_str(&stairs(plan).draw(2, width));
    text.push_str("\nBreak-even, in tokens per day, against\n");
    text.push_str(&crossings(plan).draw(2, width));
    for crossing in &plan.crossings {
        if let Some(line) = why_never(crossing) {
            let _ = writeln!(text, "{}", bullet(&line, 2, width));
        }
    }
    text.push_str(&rule_of_thumb(plan, width));
    finish(text, asked, width)
}

fn finish(mut text: String, asked: &Asked, width: Option<usize>) -> String {
    text.push_str(&assumptions_text(&asked.assumptions, KEYS, width));
    text
}

/// Rent per GPU and hour, with its source.
pub(in crate::commands) fn price_words(plan: &SelfHost<'_>) -> String {
    let stated = plan.fleet.as_ref().map(|fleet| fleet.usd_per_gpu_hour);
    let listed = plan.gpu.and_then(|gpu| gpu.plan_price());
    match (stated, listed) {
        (Some(price), Some(listed)) if listed.mid() == price => format!(
            "{price} USD per GPU and hour ({}, {}) [{}]",
            listed.place,
            listed.term.name(),
            listed.provenance
        ),
        (Some(price), _) => format!("{price} USD per GPU and hour, as stated"),
        (None, _) => "an unknown price".to_owned(),
    }
}

fn fits(plan: &SelfHost<'_>) -> Table {
    let mut table = Table::new(&[
        ("GPU", Side::Left),
        ("needed", Side::Right),
        ("GiB used", Side::Right),
        ("GiB usable", Side::Right),
        ("sequences", Side::Right),
        ("USD/h", Side::Right),
    ]);
    for fit in &plan.fits {
        let figure = |of: fn(&trilemma_cost::vram::Fit) -> f64| {
            fit.fit
                .map_or_else(String::new, |fit| format!("{:.1}", of(&fit)))
        };
        table.push([
            fit.gpu.id.clone(),
            fit.n_gpus
                .map_or_else(|| "does not fit".to_owned(), |count| count.to_string()),
            figure(|fit| fit.total_gib),
            figure(|fit| fit.usable_gib),
            fit.fit
                .map_or_else(String::new, |fit| fit.max_sequences.to_string()),
            fit.gpu.price_range().map_or_else(
                || "unknown".to_owned(),
                |(low, high)| {
                    if low == high {
                        low.to_string()
                    } else {
                        format!("{low} to {high}")
                    }
                },
            ),
        ]);
    }
    table
}

fn stairs(plan: &SelfHost<'_>) -> Table {
    let mut table = Table::new(&[
        ("replicas", Side::Right),
        ("tokens/day up to", Side::Right),
        ("USD per month", Side::Right),
        ("USD per 1M tokens when full", Side::Right),
    ]);
    for step in &plan.stairs {
        let month_tokens = step.tokens_per_day * trilemma_cost::MONTH_DAYS;
        let full = step
            .month
            .decimal()
            .checked_div(month_tokens)
            .map(|price| (price * Decimal::from(1_000_000)).round_dp(3).to_string());
        table.push([
            step.replicas.to_string(),
            tokens(step.tokens_per_day),
            usd(Some(step.month)),
            full.unwrap_or_else(|| "unknown".to_owned()),
        ]);
    }
    table
}

fn crossings(plan: &SelfHost<'_>) -> Table {
    let mut table = Table::new(&[
        ("API", Side::Left),
        ("USD per 1M tokens", Side::Right),
        ("from", Side::Right),
        ("fast and cheap", Side::Right),
        ("slow and dear", Side::Right),
    ]);
    for crossing in &plan.crossings {
        table.push([
            crossing.contender.name.clone(),
            crossing.blended.map_or_else(
                || "unknown".to_owned(),
                |price| price.round_dp(4).normalize().to_string(),
            ),
            cell(crossing.mode.as_ref()),
            cell(crossing.fast.as_ref()),
            cell(crossing.slow.as_ref()),
        ]);
    }
    table
}

fn cell(found: Option<&BreakEven>) -> String {
    match found {
        None => "unknown".to_owned(),
        Some(BreakEven::Never(_)) => "never".to_owned(),
        Some(BreakEven::From { tokens_per_day, .. }) => tokens(*tokens_per_day),
    }
}

fn why_never(crossing: &Crossing<'_>) -> Option<String> {
    let name = &crossing.contender.name;
    match crossing.mode.as_ref()? {
        BreakEven::From { .. } => None,
        BreakEven::Never(Never::MarginalCost {
            own_usd_per_mtok,
            api_usd_per_mtok,
        }) => Some(format!(
            "{name}: never, a busy replica's million tokens cost {} USD, the API's {}",
            own_usd_per_mtok.round_dp(3),
            api_usd_per_mtok.round_dp(3)
        )),
        BreakEven::Never(Never::TooFar { replicas }) => {
            Some(format!("{name}: not with up to {replicas} replicas"))
        }
    }
}

/// What the design document's "1 to 5 million tokens a day" means under these assumptions.
fn rule_of_thumb(plan: &SelfHost<'_>, width: Option<usize>) -> String {
    let (low, high) = (Decimal::from(1_000_000), Decimal::from(5_000_000));
    let inside: Vec<&str> = plan
        .crossings
        .iter()
        .filter(|crossing| {
            matches!(&crossing.mode, Some(BreakEven::From { tokens_per_day, .. })
                if *tokens_per_day >= low && *tokens_per_day <= high)
        })
        .map(|crossing| crossing.contender.name.as_str())
        .collect();
    let line = if inside.is_empty() {
        "The rule of thumb \"break-even at 1 to 5 million tokens a day\" holds against none of these. It needs an API of frontier price, one small GPU without a spare, and nobody to run it."
            .to_owned()
    } else {
        format!(
            "The rule of thumb \"break-even at 1 to 5 million tokens a day\" holds here against {}.",
            inside.join(", ")
        )
    };
    format!(
        "\n{}\n",
        crate::layout::wrap(&line, 0, width.unwrap_or(100))
    )
}
