//! `trilemma catalog show`.

use std::fmt::Write as _;

use jiff::civil::Date;
use trilemma_catalog::{Found, Model, PriceRow, Staleness};

use super::facts::{facts, input_error, price_period, price_scope, state};
use super::json::model_json;
use super::money::{UNKNOWN, price};
use crate::args::Common;
use crate::context;
use crate::exit::Exit;
use crate::layout::{Side, Table, bullet, one_line, pairs, terminal_width};
use crate::printer::Printer;

/// Runs the command.
pub(crate) fn run(name: &str, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let catalog = context::catalog(common)?;
    let as_of = context::as_of(common);
    let found = catalog
        .find(name, as_of)
        .map_err(|error| input_error(&error))?;
    if printer.json() {
        printer.value(&model_json(&found, as_of))?;
        return Ok(Exit::Ok);
    }
    printer.data(&text(&found, as_of));
    printer.next(&format!(
        "name it under [[candidates]] as model = \"{}\"",
        found.model.id
    ));
    Ok(Exit::Ok)
}

fn text(found: &Found<'_>, as_of: Date) -> String {
    let model = found.model;
    let width = terminal_width();
    let mut text = format!("{}\n", one_line(&model.id.to_string()));
    if let Some(alias) = found.alias {
        let moves = if alias.moving {
            "a moving name: its vendor may change what it means"
        } else {
            "another name"
        };
        let line = format!(
            "`{}` is {moves}; as of {as_of} it means this model",
            alias.name
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&line, 0, width));
    }
    let line = format!("as of {as_of}: {}", state(model.lifecycle_at(as_of)));
    let _ = writeln!(text, "{}", bullet(&line, 0, width));
    let all = facts(found);
    let mut groups: Vec<&str> = all.iter().map(|fact| fact.group).collect();
    groups.dedup();
    for group in groups {
        let _ = writeln!(text, "\n{group}");
        let rows = all.iter().filter(|fact| fact.group == group);
        let rows = rows.map(|fact| (fact.name.as_str(), fact.value.as_str()));
        text.push_str(&pairs(rows, 2, width));
    }
    text.push_str(&prices(model, as_of, width));
    text
}

fn prices(model: &Model, as_of: Date, width: Option<usize>) -> String {
    let mut text = format!("\nPrices in USD per million tokens (* holds on {as_of})\n");
    if model.prices.is_empty() {
        let _ = writeln!(text, "  {UNKNOWN}");
        return text;
    }
    let mut table = Table::new(&[
        ("days", Side::Left),
        ("book", Side::Left),
        ("for", Side::Left),
        ("input", Side::Right),
        ("output", Side::Right),
        ("cache read", Side::Right),
        ("write 5 min", Side::Right),
        ("write 1 h", Side::Right),
        ("source", Side::Left),
        ("checked", Side::Left),
    ]);
    let mut rows: Vec<&PriceRow> = model.prices.iter().collect();
    rows.sort_by_key(|row| {
        (
            &row.book,
            row.service,
            row.above_tokens,
            &row.region,
            row.from,
        )
    });
    for row in &rows {
        table.push(cells(row, as_of));
    }
    text.push_str(&table.draw(2, width));
    let mut sources: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "source {}: {}",
                row.provenance.source.key, row.provenance.source
            )
        })
        .collect();
    sources.sort();
    sources.dedup();
    let notes = rows.iter().filter_map(|row| {
        let note = row.note.as_ref()?;
        Some(format!("{}: {note}", price_period(row.from, row.to)))
    });
    let others = rows.iter().flat_map(|row| other_prices(row));
    for line in others.chain(notes).chain(sources) {
        let _ = writeln!(text, "{}", bullet(&line, 2, width));
    }
    text
}

/// Prices that few models have, a line each.
fn other_prices(row: &PriceRow) -> Vec<String> {
    let rates = &row.rates;
    let days = price_period(row.from, row.to);
    let tokens = [
        ("reasoning tokens", rates.reasoning),
        ("audio input", rates.audio_input),
        ("audio output", rates.audio_output),
        ("image input", rates.image_input),
        ("image output", rates.image_output),
    ];
    let pieces = [
        ("a thousand web searches", rates.web_search_1k),
        (
            "a thousand requests that search the web",
            rates.grounded_request_1k,
        ),
    ];
    let searches = pieces.into_iter().filter_map(|(name, usd)| {
        let usd = usd?.decimal().normalize();
        Some(format!("{days}: {name} {usd}"))
    });
    tokens
        .into_iter()
        .filter_map(|(name, rate)| Some(format!("{days}: {name} {}", price(Some(rate?)))))
        .chain(searches)
        .collect()
}

fn cells(row: &PriceRow, as_of: Date) -> Vec<String> {
    let holds = row.from <= as_of && row.to.is_none_or(|to| as_of < to);
    let age = match row.staleness(as_of) {
        // How old closed prices are is of no interest.
        _ if !holds => String::new(),
        Staleness::Fresh => String::new(),
        Staleness::Ageing { days } => format!(" ({days} days ago)"),
        Staleness::Stale { days } => format!(" ({days} days ago: stale)"),
    };
    vec![
        format!(
            "{} {}",
            if holds { "*" } else { "-" },
            price_period(row.from, row.to)
        ),
        row.book.clone(),
        price_scope(row),
        price(row.rates.input),
        price(row.rates.output),
        price(row.rates.cache_read),
        price(row.rates.cache_write_5m),
        price(row.rates.cache_write_1h),
        row.provenance.source.key.clone(),
        format!("{}{age}", row.provenance.checked),
    ]
}
