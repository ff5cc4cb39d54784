//! Needs, tiers and what follows, for people.

use std::fmt::Write as _;

use trilemma_catalog::RateTier;
use trilemma_cost::limits::{Room, TierCheck, room};

use super::KEYS;
use super::load::{Load, Row, Waiting};
use crate::commands::money::{Asked, assumptions_text, left_out_text, share};
use crate::layout::{Side, Table, bullet, terminal_width};

/// The whole answer.
pub(super) fn text(asked: &Asked, rows: &[Row<'_>], explain: bool) -> String {
    let width = terminal_width();
    let mut text = format!("Needed per minute at the peak, as of {}\n\n", asked.as_of);
    text.push_str(&table(rows).draw(0, width));
    text.push_str(&left_out_text(asked, width));
    text.push('\n');
    for row in rows {
        for line in advice(asked, row) {
            let _ = writeln!(text, "{}", bullet(&line, 0, width));
        }
    }
    if explain {
        text.push_str("\nTiers\n");
        for row in rows {
            for (tier, taken) in &row.load.tiers {
                let line = format!(
                    "{}, {}: {}; {}",
                    row.contender.name,
                    tier.tier,
                    match taken {
                        TierCheck::Carries => "carries it",
                        TierCheck::TooSmall => "too small",
                        TierCheck::Unknown => "not known",
                    },
                    rooms_text(&room(&row.load.need, tier))
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
            number(row.load.need.rpm),
            number(row.load.need.itpm_total),
            number(row.load.need.itpm_uncached),
            number(row.load.need.otpm),
            row.load.need.concurrency.map_or_else(unknown, number),
            if row.contender.parts.is_empty() {
                tier_of(&row.load)
            } else {
                "its models".to_owned()
            },
        ]);
    }
    table
}

/// The tier that carries a load, in short.
fn tier_of(load: &Load<'_>) -> String {
    match load.first() {
        None if load.tiers.is_empty() => "no limits are known".to_owned(),
        None => "no tier".to_owned(),
        Some((tier, TierCheck::Carries)) => tier.tier.clone(),
        Some((tier, _)) => format!("not known ({} may)", tier.tier),
    }
}

/// What it takes to be carried, without the contender's name.
pub(crate) fn carried(asked: &Asked, row: &Row<'_>) -> String {
    if let Some(text) = parts_text(&row.contender.parts) {
        return text;
    }
    let load = &row.load;
    match load.first() {
        None if load.tiers.is_empty() => "no source states limits; read them from the account or from response headers and state them as [[limit]]".to_owned(),
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

/// Whose limits hold for a routed mix; `None` = it is one model.
fn parts_text(parts: &[(String, f64)]) -> Option<String> {
    let told = |(name, calls): &(String, f64)| format!("{name} ({calls:.2} calls a query)");
    let names: Vec<String> = parts.iter().map(told).collect();
    (!names.is_empty()).then(|| format!("the limits are those of its models: {}", names.join(", ")))
}

/// What follows for one contender.
fn advice(asked: &Asked, row: &Row<'_>) -> Vec<String> {
    let name = &row.contender.name;
    let mut lines = vec![format!("{name}: {}", carried(asked, row))];
    if let Some(waiting) = row.load.waiting {
        lines.push(format!(
            "{name}: at this cap {} of calls wait for a slot at the peak (Erlang C), {}",
            share(waiting.chance),
            wait(waiting)
        ));
    }
    if let Some(fallback) = &row.fallback {
        let taken = share(fallback.share);
        lines.push(format!(
            "{name}: without the fallback that takes {taken}, {}{}",
            tier_words(&fallback.alone),
            waiting_words(&fallback.alone)
        ));
        lines.push(format!(
            "{name}, as the fallback of another: its {taken} {}; to take over while the other is down: {}",
            tier_words(&fallback.helping),
            tier_words(&fallback.alone)
        ));
    }
    lines
}

fn tier_words(load: &Load<'_>) -> String {
    match load.first() {
        None if load.tiers.is_empty() => "would meet limits that are not known".to_owned(),
        None => "would be beyond every listed tier".to_owned(),
        Some((tier, TierCheck::Carries)) => format!("would be carried by {}", tier.tier),
        Some((tier, _)) => format!(
            "may be carried by {}, whose limits are not all known",
            tier.tier
        ),
    }
}

fn waiting_words(load: &Load<'_>) -> String {
    load.waiting.map_or_else(String::new, |waiting| {
        format!(
            ", and {} of calls would wait at this cap, {}",
            share(waiting.chance),
            wait(waiting)
        )
    })
}

fn wait(waiting: Waiting) -> String {
    waiting.mean_s.map_or_else(
        || "the queue grows without end".to_owned(),
        |seconds| format!("{seconds:.2} s on average over all calls"),
    )
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
