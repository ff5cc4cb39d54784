//! `trilemma limits`: whether rate limits carry the traffic at its peak, and what to apply for.

use std::fmt::Write as _;

use serde_json::{Value, json};
use trilemma_catalog::RateTier;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::limits::{Need, Peak, Room, TierCheck, check, erlang_c, mean_wait, room};

use super::money::{Asked, Contender, MoneyArgs, assumptions_json, assumptions_text, share};
use crate::args::Common;
use crate::context::InputError;
use crate::exit::Exit;
use crate::layout::{Side, Table, bullet, terminal_width};
use crate::printer::Printer;

/// Version of the JSON that is printed.
const SCHEMA_VERSION: u32 = 1;

/// What enters the figures.
pub(super) const KEYS: &[Key] = &[
    Key::QueriesPerDay,
    Key::PeakToMean,
    Key::InputTokens,
    Key::OutputTokens,
    Key::CacheableShare,
    Key::CacheableHitRate,
    Key::MaxOutputTokens,
    Key::LatencySeconds,
    Key::Headroom,
    Key::ConcurrencyCap,
    Key::FallbackShare,
];

/// Whom, on which figures.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct LimitsArgs {
    #[command(flatten)]
    money: MoneyArgs,
}

/// One contender's need, and how its provider's tiers take it.
pub(super) struct Row<'a> {
    contender: &'a Contender,
    pub(super) need: Need,
    tiers: Vec<(&'a RateTier, TierCheck)>,
    /// Chance of waiting for a slot, and the mean wait in seconds, at the stated cap.
    waiting: Option<(f64, Option<f64>)>,
}

impl Row<'_> {
    /// The first tier that is not too small.
    pub(super) fn first(&self) -> Option<&(&RateTier, TierCheck)> {
        let fits = |(_, taken): &&(&RateTier, TierCheck)| *taken != TierCheck::TooSmall;
        self.tiers.iter().find(fits)
    }
}

/// Runs the command.
pub(crate) fn run(args: &LimitsArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let asked = args.money.read(common, &[Key::QueriesPerDay])?;
    let rows: Vec<Row<'_>> = asked
        .contenders
        .iter()
        .map(|contender| row(&asked, contender))
        .collect::<anyhow::Result<_>>()?;
    if printer.json() {
        printer.value(&as_json(&asked, &rows))?;
        return Ok(Exit::Ok);
    }
    printer.data(&text(&asked, &rows, args.money.explain));
    printer.next("apply for the tier now where it has a lead time; limits of your own stand as [[limit]] rows in a catalog file");
    Ok(Exit::Ok)
}

/// Works out what a contender's traffic needs, and how the tiers of its provider take it.
pub(super) fn row<'a>(asked: &'a Asked, contender: &'a Contender) -> anyhow::Result<Row<'a>> {
    let assumptions = &asked.assumptions;
    let peak = peak(contender, assumptions);
    let fallback = assumptions.float(Key::FallbackShare).unwrap_or(0.0);
    let need = peak.need().share(1.0 - fallback);
    let headroom = assumptions.float(Key::Headroom).unwrap_or(1.0);
    let tiers = match &contender.identity {
        None => Vec::new(),
        Some(id) => asked
            .catalog
            .rate_tiers_of(id)
            .map_err(|error| anyhow::anyhow!(InputError(format!("failed to {error}"))))?,
    };
    let waiting = need
        .concurrency
        .zip(assumptions.count(Key::ConcurrencyCap))
        .and_then(|(offered, cap)| {
            let seconds = peak.latency_s?;
            let mean = mean_wait(offered, cap).map(|calls| calls * seconds);
            Some((erlang_c(offered, cap)?, mean))
        });
    Ok(Row {
        contender,
        need,
        tiers: tiers
            .into_iter()
            .map(|tier| (tier, check(&need, tier, headroom)))
            .collect(),
        waiting,
    })
}

fn peak(contender: &Contender, assumptions: &Assumptions) -> Peak {
    use rust_decimal::prelude::ToPrimitive as _;
    let (input, output) = contender.tokens(assumptions);
    let ratio = contender.token_ratio().to_f64().unwrap_or(1.0);
    let float = |key: Key| assumptions.float(key).unwrap_or(0.0);
    Peak {
        queries_per_day: float(Key::QueriesPerDay),
        peak_to_mean: float(Key::PeakToMean).max(1.0),
        tokens_in: input.mode().to_f64().unwrap_or(0.0) * ratio,
        tokens_out: output.mode().to_f64().unwrap_or(0.0) * ratio,
        cached_share: float(Key::CacheableShare) * float(Key::CacheableHitRate),
        max_tokens: assumptions.float(Key::MaxOutputTokens),
        latency_s: assumptions
            .float(Key::LatencySeconds)
            .or(contender.latency_s),
    }
}

fn text(asked: &Asked, rows: &[Row<'_>], explain: bool) -> String {
    let width = terminal_width();
    let mut text = format!("Needed per minute at the peak, as of {}\n\n", asked.as_of);
    text.push_str(&table(rows).draw(0, width));
    text.push('\n');
    for row in rows {
        for line in advice(asked, row) {
            let _ = writeln!(text, "{}", bullet(&line, 0, width));
        }
    }
    if explain {
        text.push_str("\nTiers\n");
        for row in rows {
            for (tier, taken) in &row.tiers {
                let line = format!(
                    "{}, {}: {}; {}",
                    row.contender.name,
                    tier.tier,
                    match taken {
                        TierCheck::Carries => "carries it",
                        TierCheck::TooSmall => "too small",
                        TierCheck::Unknown => "not known",
                    },
                    rooms_text(&room(&row.need, tier))
                );
                let _ = writeln!(text, "{}", bullet(&line, 2, width));
            }
        }
    }
    text.push_str(&assumptions_text(&asked.assumptions, KEYS, width));
    text
}

fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("requests", Side::Right),
        ("input", Side::Right),
        ("of it uncached", Side::Right),
        ("output", Side::Right),
        ("calls in flight", Side::Right),
        ("carried by", Side::Left),
    ]);
    let number = |figure: f64| format!("{figure:.1}");
    let unknown = || "unknown".to_owned();
    for row in rows {
        table.push([
            row.contender.name.clone(),
            number(row.need.rpm),
            number(row.need.itpm_total),
            number(row.need.itpm_uncached),
            number(row.need.otpm),
            row.need.concurrency.map_or_else(unknown, number),
            match row.first() {
                None if row.tiers.is_empty() => "no limits are known".to_owned(),
                None => "no tier".to_owned(),
                Some((tier, TierCheck::Carries)) => tier.tier.clone(),
                Some((tier, _)) => format!("not known ({} may)", tier.tier),
            },
        ]);
    }
    table
}

/// What it takes to be carried, without the contender's name.
pub(super) fn carried(asked: &Asked, row: &Row<'_>) -> String {
    match row.first() {
        None if row.tiers.is_empty() => "no source states limits; read them from the account or from response headers and state them as [[limit]]".to_owned(),
        None => "beyond every listed tier; spread the load, use batches or a fallback provider, or talk to sales before launch".to_owned(),
        Some((tier, taken)) => {
            let verb = if *taken == TierCheck::Carries {
                "carries it"
            } else {
                "may carry it: its limits are not all known"
            };
            format!(
                "{} {verb}; {} [{}, {} days ago]",
                tier.tier,
                lead(tier),
                tier.provenance,
                tier.age_days(asked.as_of)
            )
        }
    }
}

/// What follows for one contender.
fn advice(asked: &Asked, row: &Row<'_>) -> Vec<String> {
    let name = &row.contender.name;
    let mut lines = vec![format!("{name}: {}", carried(asked, row))];
    if let Some((chance, mean)) = row.waiting {
        let wait = mean.map_or_else(
            || "the queue grows without end".to_owned(),
            |seconds| format!("{seconds:.2} s on average over all calls"),
        );
        lines.push(format!(
            "{name}: at this cap {} of calls wait for a slot at the peak (Erlang C), {wait}",
            share(chance)
        ));
    }
    lines
}

/// What it takes to be in a tier.
fn lead(tier: &RateTier) -> String {
    let mut parts = Vec::new();
    if let Some(usd) = tier.paid_usd {
        parts.push(format!("{usd} USD paid in all"));
    }
    if let Some(days) = tier.days {
        parts.push(format!("at least {days} days after the first payment"));
    }
    parts.extend(tier.note.clone());
    if parts.is_empty() {
        "what it takes is not stated".to_owned()
    } else {
        parts.join(", ")
    }
}

fn rooms_text(rooms: &[Room]) -> String {
    if rooms.is_empty() {
        return "no limit is stated".to_owned();
    }
    let parts: Vec<String> = rooms
        .iter()
        .map(|room| {
            format!(
                "{} {:.0} of {:.0} ({})",
                room.limit,
                room.needed,
                room.allowed,
                share(room.used())
            )
        })
        .collect();
    parts.join(", ")
}

fn as_json(asked: &Asked, rows: &[Row<'_>]) -> Value {
    let taken_name = |taken: TierCheck| match taken {
        TierCheck::Carries => "carries",
        TierCheck::TooSmall => "too_small",
        TierCheck::Unknown => "unknown",
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_of": asked.as_of,
        "candidates": rows.iter().map(|row| json!({
            "name": row.contender.name,
            "rpm": row.need.rpm,
            "itpm_total": row.need.itpm_total,
            "itpm_uncached": row.need.itpm_uncached,
            "otpm": row.need.otpm,
            "tpm_reserved": row.need.tpm_reserved,
            "concurrency": row.need.concurrency,
            "chance_of_waiting": row.waiting.map(|(chance, _)| chance),
            "mean_wait_s": row.waiting.and_then(|(_, mean)| mean),
            "first_tier": row.first().map(|(tier, _)| tier.tier.clone()),
            "first_tier_is": row.first().map(|(_, taken)| taken_name(*taken)),
            "tiers": row.tiers.iter().map(|(tier, taken)| json!({
                "tier": tier.tier,
                "check": taken_name(*taken),
                "paid_usd": tier.paid_usd.map(|usd| usd.to_string()),
                "days": tier.days,
                "note": tier.note,
                "source": tier.provenance.source.title,
                "checked": tier.provenance.checked,
                "limits": room(&row.need, tier).iter().map(|room| json!({
                    "limit": room.limit,
                    "needed": room.needed,
                    "allowed": room.allowed,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "assumptions": assumptions_json(&asked.assumptions, KEYS),
    })
}
