//! Total cost of ownership, for a terminal.

use std::fmt::Write as _;

use trilemma_cost::risk::Outcome;
use trilemma_domain::Usd;

use super::super::money::{Asked, assumptions_text, left_out_text, share, usd};
use super::keys;
use super::plan::{Owned, Tco};
use crate::layout::{Side, Table, bullet, pairs, terminal_width};

/// Inputs of the tornado that are shown.
const SWINGS: usize = 5;

/// The whole answer.
pub(super) fn text(asked: &Asked, tco: &Tco<'_>, explain: bool) -> String {
    let width = terminal_width();
    let mut text = format!(
        "Total cost of ownership over {} months, in USD, as of {}\n\n",
        tco.months, asked.as_of
    );
    text.push_str(&table(tco).draw(0, width));
    for (name, why) in &tco.left_out {
        let _ = writeln!(
            text,
            "{}",
            bullet(&format!("{name}: left out, {why}"), 0, width)
        );
    }
    text.push_str(&left_out_text(asked, width));
    for one in &tco.owned {
        for event in &one.events {
            let line = format!(
                "{}, month {}: {}",
                one.contender.name, event.month, event.reason
            );
            let _ = writeln!(text, "{}", bullet(&line, 0, width));
        }
    }
    if let Some(words) = payback(tco) {
        let _ = writeln!(text, "\n{words}");
    }
    text.push_str(&chances(tco, width));
    text.push_str(&swings(tco, width));
    if explain {
        text.push_str(&explained(tco, width));
    }
    text.push_str(&assumptions_text(&asked.assumptions, &keys(asked), width));
    text
}

fn table(tco: &Tco<'_>) -> Table {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("one-off", Side::Right),
        ("first month", Side::Right),
        ("total", Side::Right),
        ("P10", Side::Right),
        ("P50", Side::Right),
        ("P90", Side::Right),
        ("pays back", Side::Left),
    ]);
    let outcomes = tco
        .simulation
        .as_ref()
        .map(|simulation| &simulation.outcomes);
    for (idx, one) in tco.owned.iter().enumerate() {
        let outcome = outcomes.and_then(|outcomes| outcomes.get(idx));
        let float = |figure: fn(&Outcome) -> f64| {
            outcome.map_or_else(|| "unknown".to_owned(), |outcome| whole(figure(outcome)))
        };
        table.push([
            one.contender.name.clone(),
            usd(Some(one.ledger.one_off)),
            usd(one.ledger.rows.first().map(|row| row.run)),
            usd(Some(one.ledger.total)),
            float(|outcome| outcome.p10),
            float(|outcome| outcome.p50),
            float(|outcome| outcome.p90),
            pays_back(one),
        ]);
    }
    table
}

/// Dollars of a simulation: whole ones, more would pretend.
fn whole(figure: f64) -> String {
    let amount = trilemma_cost::decimal_of(figure.round()).map(Usd::new);
    let text = usd(amount);
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

fn pays_back(one: &Owned<'_>) -> String {
    if one.is_incumbent {
        return "in use today".to_owned();
    }
    match (one.ledger.stay_total, one.ledger.payback_month) {
        (None, _) => "nothing to compare with".to_owned(),
        (Some(_), Some(month)) => format!("month {month}"),
        (Some(_), None) => "not within the horizon".to_owned(),
    }
}

fn payback(tco: &Tco<'_>) -> Option<String> {
    let best = tco.owned.iter().min_by_key(|one| one.ledger.total)?;
    let total = usd(Some(best.ledger.total));
    let name = &best.contender.name;
    Some(match best.ledger.stay_total {
        None => format!(
            "Cheapest to own: {name} at {total} USD. Name the model in use (`--incumbent`) to see what a switch pays back."
        ),
        Some(_) if best.is_incumbent => {
            format!(
                "Staying with {name} is cheapest: {total} USD, no switch pays within the horizon."
            )
        }
        Some(stay) => format!(
            "Cheapest to own: {name} at {total} USD, staying costs {} USD.",
            usd(Some(stay))
        ),
    })
}

/// How often each beats the cheapest of the others.
fn chances(tco: &Tco<'_>, width: Option<usize>) -> String {
    let Some(simulation) = tco.simulation.as_ref().filter(|_| tco.owned.len() > 1) else {
        return String::new();
    };
    let mut text = format!(
        "\nChance of being cheaper, on the same {} draws (seed {})\n",
        simulation.draws, simulation.seed
    );
    let against = tco.owned.iter().position(|one| one.is_incumbent);
    let cheapest =
        (0..tco.owned.len()).min_by_key(|idx| tco.owned.get(*idx).map(|one| one.ledger.total));
    let Some(other) = against.or(cheapest) else {
        return String::new();
    };
    for (idx, one) in tco
        .owned
        .iter()
        .enumerate()
        .filter(|(idx, _)| *idx != other)
    {
        let chance = simulation.cheaper.get(idx).and_then(|row| row.get(other));
        let against = tco
            .owned
            .get(other)
            .map_or("", |one| one.contender.name.as_str());
        if let Some(chance) = chance {
            let line = format!("{} than {against}: {}", one.contender.name, share(*chance));
            let _ = writeln!(text, "{}", bullet(&line, 2, width));
        }
    }
    text
}

/// What moves the total of the cheapest most.
fn swings(tco: &Tco<'_>, width: Option<usize>) -> String {
    let Some(one) = tco.owned.iter().min_by_key(|one| one.ledger.total) else {
        return String::new();
    };
    if one.swings.is_empty() {
        return String::new();
    }
    let mut text = format!("\nWhat moves the total of {} most\n", one.contender.name);
    let rows: Vec<(String, String)> = one
        .swings
        .iter()
        .take(SWINGS)
        .map(|swing| {
            let from_to = format!("{} to {}", whole(swing.low), whole(swing.high));
            (swing.input.name().to_owned(), from_to)
        })
        .collect();
    let rows = rows
        .iter()
        .map(|(name, line)| (name.as_str(), line.as_str()));
    text.push_str(&pairs(rows, 2, width));
    text
}

fn explained(tco: &Tco<'_>, width: Option<usize>) -> String {
    let mut text = String::from("\nArithmetic\n");
    for one in &tco.owned {
        let name = &one.contender.name;
        let parts: Vec<String> = one
            .one_off
            .iter()
            .map(|line| format!("{} {}", line.what, usd(Some(line.cost))))
            .collect();
        let start = if parts.is_empty() {
            "nothing".to_owned()
        } else {
            parts.join(" + ")
        };
        let lines = [
            format!(
                "{name}: one-off = {start} = {}",
                usd(Some(one.ledger.one_off))
            ),
            format!(
                "{name}: month m = {} × (1 + growth)^(m − 1) × prices + {} fixed; total = one-off + all months = {}; in money of today {}",
                usd(Some(one.month)),
                usd(Some(one.fixed)),
                usd(Some(one.ledger.total)),
                usd(Some(one.ledger.present_value)),
            ),
        ];
        for line in lines {
            let _ = writeln!(text, "{}", bullet(&line, 2, width));
        }
    }
    text
}
