//! `trilemma cost`: what a month of production costs, per candidate and mix.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::{PriceBasis, decimal_of, monthly, per_accepted_answer};
use trilemma_domain::Usd;

use super::money::{
    Asked, Contender, Mix, MoneyArgs, PRICE_OF_A_MIX, assumption_lines, assumptions_json,
    assumptions_text, left_out_json, left_out_text, mixes, per_query, tokens, usd,
};
use crate::args::Common;
use crate::exit::Exit;
use crate::layout::{Side, Table, bullet, terminal_width};
use crate::printer::Printer;

/// Version of the JSON that is printed.
const SCHEMA_VERSION: u32 = 1;

/// What enters the figures.
pub(super) const KEYS: &[Key] = &[
    Key::QueriesPerDay,
    Key::GrowthPerMonth,
    Key::InputTokens,
    Key::OutputTokens,
    Key::CacheableShare,
    Key::CacheableHitRate,
    Key::BatchShare,
    Key::FailureRate,
    Key::MaxAttempts,
    Key::FailedInputBilled,
    Key::FailedOutputBilled,
    Key::JudgedShare,
    Key::JudgeUsd,
    Key::RouterUsd,
    Key::Months,
];

/// Whom, on which figures, and which mixes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct CostArgs {
    #[command(flatten)]
    money: MoneyArgs,
    /// Traffic that several share, as NAME=SHARE,NAME=SHARE (may be repeated).
    #[arg(long, value_name = "NAME=SHARE,...")]
    mix: Vec<String>,
    /// A small model first, a large one for a share of queries, as SMALL,LARGE,SHARE.
    #[arg(long, value_name = "SMALL,LARGE,SHARE")]
    cascade: Vec<String>,
    /// Print every assumption that can be stated, and stop.
    #[arg(long)]
    list_assumptions: bool,
}

/// The figures of one contender.
struct Row<'a> {
    contender: &'a Contender,
    per_query: Option<Usd>,
    long_query: Option<Usd>,
    month: Option<Usd>,
    last_month: Option<Usd>,
    per_accepted: Option<Usd>,
}

/// Runs the command.
pub(crate) fn run(args: &CostArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    if args.list_assumptions {
        return list(common, printer);
    }
    let asked = args.money.read(common, &[Key::QueriesPerDay])?;
    let assumptions = &asked.assumptions;
    let mixes = mixes((&args.mix, &args.cascade), &asked.contenders, assumptions)?;
    let rows: Vec<Row<'_>> = asked
        .contenders
        .iter()
        .map(|contender| row(contender, assumptions))
        .collect();
    if printer.json() {
        printer.value(&as_json(&asked, &rows, &mixes))?;
        return Ok(Exit::Ok);
    }
    printer.data(&text(&asked, &rows, &mixes, args.money.explain));
    printer.next(&args.money.again(common, "tco"));
    Ok(Exit::Ok)
}

fn row<'a>(contender: &'a Contender, assumptions: &Assumptions) -> Row<'a> {
    let per_query = contender.mean_query(assumptions).map(|query| query.cost);
    let pass_rate = contender
        .pass_rate
        .as_ref()
        .and_then(|figure| decimal_of(figure.value));
    let hosting = contender.hosting_month();
    let hosted = |calls: Usd| {
        let sum = calls.decimal().checked_add(hosting?.decimal())?;
        Some(Usd::new(sum))
    };
    let calls = month(per_query, assumptions);
    Row {
        contender,
        per_query,
        long_query: contender.long_query(assumptions).map(|query| query.cost),
        month: calls.and_then(hosted),
        last_month: calls
            .and_then(|month| grown(month, assumptions))
            .and_then(hosted),
        per_accepted: per_query
            .zip(pass_rate)
            .and_then(|(cost, rate)| per_accepted_answer(cost, rate)),
    }
}

/// A month of 30 days at today's traffic.
fn month(per_query: Option<Usd>, assumptions: &Assumptions) -> Option<Usd> {
    monthly(per_query?, assumptions.float(Key::QueriesPerDay)?)
}

/// The last month of the horizon; `None` without growth.
pub(super) fn grown(month: Usd, assumptions: &Assumptions) -> Option<Usd> {
    let growth = assumptions.or_zero(Key::GrowthPerMonth);
    if growth.is_zero() {
        return None;
    }
    let months = assumptions.count(Key::Months)?;
    (1..months)
        .try_fold(month.decimal(), |cost, _| {
            cost.checked_mul(Decimal::ONE + growth)
        })
        .map(Usd::new)
}

fn text(asked: &Asked, rows: &[Row<'_>], mixes: &[Mix], explain: bool) -> String {
    let assumptions = &asked.assumptions;
    let width = terminal_width();
    let mut text = format!(
        "Cost of a month of {} queries a day (30 days), in USD, as of {}\n\n",
        assumptions
            .span(Key::QueriesPerDay)
            .map_or_else(|| "unknown".to_owned(), |span| span.to_string()),
        asked.as_of
    );
    let has_growth = rows.iter().any(|row| row.last_month.is_some());
    text.push_str(&table(asked, rows, mixes, has_growth).draw(0, width));
    for row in rows {
        for note in &row.contender.notes {
            let _ = writeln!(
                text,
                "{}",
                bullet(&format!("{}: {note}", row.contender.name), 0, width)
            );
        }
    }
    text.push_str(&left_out_text(asked, width));
    if let Some(words) = cheapest(rows) {
        let _ = writeln!(text, "\n{words}");
    }
    if explain {
        text.push_str("\nArithmetic\n");
        for row in rows {
            for line in explained(row, assumptions) {
                let _ = writeln!(text, "{}", bullet(&line, 2, width));
            }
        }
    }
    let used: Vec<Key> = KEYS
        .iter()
        .copied()
        .filter(|key| is_used(*key, rows, assumptions))
        .collect();
    text.push_str(&assumptions_text(assumptions, &used, width));
    text
}

/// Tokens that were measured are no assumption; what has no effect is not worth a line.
fn is_used(key: Key, rows: &[Row<'_>], assumptions: &Assumptions) -> bool {
    let is_zero = |key: Key| assumptions.or_zero(key).is_zero();
    match key {
        Key::InputTokens | Key::OutputTokens => rows
            .iter()
            .any(|row| !row.contender.is_measured(assumptions)),
        Key::CacheableHitRate => !is_zero(Key::CacheableShare),
        Key::MaxAttempts | Key::FailedInputBilled | Key::FailedOutputBilled => {
            !is_zero(Key::FailureRate)
        }
        Key::JudgeUsd => !is_zero(Key::JudgedShare),
        Key::Months => !is_zero(Key::GrowthPerMonth),
        _ => true,
    }
}

fn table(asked: &Asked, rows: &[Row<'_>], mixes: &[Mix], has_growth: bool) -> Table {
    let assumptions = &asked.assumptions;
    let mut columns = vec![
        ("candidate", Side::Left),
        ("in", Side::Right),
        ("out", Side::Right),
        ("per query", Side::Right),
        ("1 in 20 above", Side::Right),
        ("per month", Side::Right),
    ];
    if has_growth {
        columns.push(("last month", Side::Right));
    }
    columns.extend([("per accepted", Side::Right), ("price from", Side::Left)]);
    let mut table = Table::new(&columns);
    for row in rows {
        let (input, output) = row.contender.tokens(assumptions);
        let origin = if row.contender.is_measured(assumptions) {
            ""
        } else {
            "~"
        };
        let mut cells = vec![
            row.contender.name.clone(),
            format!("{origin}{}", tokens(input.mode())),
            format!("{origin}{}", tokens(output.mode())),
            per_query(row.per_query),
            row.long_query
                .map_or_else(|| "not measured".to_owned(), |cost| per_query(Some(cost))),
            usd(row.month),
        ];
        if has_growth {
            cells.push(usd(row.last_month));
        }
        cells.push(match (row.per_accepted, &row.contender.pass_rate) {
            (None, None) => "not measured".to_owned(),
            (cost, _) => per_query(cost),
        });
        cells.push(price_source(row.contender, assumptions));
        table.push(cells);
    }
    for mix in mixes {
        let mut cells = vec![
            mix.text.clone(),
            String::new(),
            String::new(),
            per_query(mix.per_query),
            String::new(),
            usd(month(mix.per_query, assumptions)),
        ];
        if has_growth {
            let month = month(mix.per_query, assumptions);
            cells.push(usd(month.and_then(|month| grown(month, assumptions))));
        }
        cells.extend([String::new(), String::new()]);
        table.push(cells);
    }
    table
}

fn price_source(contender: &Contender, assumptions: &Assumptions) -> String {
    match contender.price_step(assumptions).map(|step| &step.basis) {
        None => "no source states a price".to_owned(),
        Some(PriceBasis::Contract) if !contender.parts.is_empty() => {
            let stale = match contender.is_stale(assumptions) {
                true => ": STALE",
                false => "",
            };
            format!("{PRICE_OF_A_MIX}{stale}")
        }
        Some(PriceBasis::Contract) => "own contract".to_owned(),
        Some(PriceBasis::Catalog {
            source, checked, ..
        }) => {
            let stale = if contender.is_stale(assumptions) {
                ": STALE"
            } else {
                ""
            };
            format!("{source}, {checked}{stale}")
        }
    }
}

fn cheapest(rows: &[Row<'_>]) -> Option<String> {
    let best = |cost: fn(&Row<'_>) -> Option<Usd>| {
        rows.iter()
            .filter_map(|row| Some((cost(row)?, row.contender.name.as_str())))
            .min()
    };
    if let Some((cost, name)) = best(|row| row.per_accepted) {
        return Some(format!(
            "Cheapest per accepted answer: {name} at {} USD.",
            per_query(Some(cost))
        ));
    }
    let (cost, name) = best(|row| row.month)?;
    Some(format!(
        "Cheapest per query: {name} at {} USD a month. Quality is not in this: `trilemma select` measures it.",
        usd(Some(cost))
    ))
}

/// The arithmetic of one row, step by step.
fn explained(row: &Row<'_>, assumptions: &Assumptions) -> Vec<String> {
    let name = &row.contender.name;
    let (Some(query), Some(step)) = (
        row.contender.mean_query(assumptions),
        row.contender.price_step(assumptions),
    ) else {
        return vec![format!(
            "{name}: a price that is needed is unknown, so no cost is"
        )];
    };
    let list = |rate: Option<trilemma_domain::UsdPerMtok>| {
        rate.map_or_else(
            || "not listed".to_owned(),
            |rate| rate.decimal().normalize().to_string(),
        )
    };
    let rates = &step.rates;
    let mut lines = vec![
        format!(
            "{name}: price row {}; list input {}, cache read {}, cache write {}, output {} USD per 1M tokens",
            step.row,
            list(rates.input),
            list(rates.cache_read),
            list(rates.cache_write_5m),
            list(rates.output)
        ),
        format!(
            "{name}: with caching, batches, retries and tokenizer: input {}, output {} USD per 1M tokens",
            query.prices.input.normalize(),
            query.prices.output.normalize()
        ),
        format!(
            "{name}: ({} × {} + {} × {}) / 1M{} = {} USD per query",
            query.input_tokens.normalize(),
            query.prices.input.normalize(),
            query.output_tokens.normalize(),
            query.prices.output.normalize(),
            overhead_words(assumptions),
            query.cost.decimal().normalize()
        ),
    ];
    if let (Some(month), Some(queries)) = (row.month, assumptions.value(Key::QueriesPerDay)) {
        lines.push(format!(
            "{name}: {} × 30 days × {} = {} USD per month",
            queries.normalize(),
            query.cost.decimal().normalize(),
            month.decimal().normalize()
        ));
    }
    lines
}

fn overhead_words(assumptions: &Assumptions) -> String {
    let judge = assumptions.or_zero(Key::JudgedShare) * assumptions.or_zero(Key::JudgeUsd);
    let router = assumptions.or_zero(Key::RouterUsd);
    if (judge + router).is_zero() {
        String::new()
    } else {
        format!(
            " + judge {} + router {}",
            judge.normalize(),
            router.normalize()
        )
    }
}

fn as_json(asked: &Asked, rows: &[Row<'_>], mixes: &[Mix]) -> Value {
    let assumptions = &asked.assumptions;
    let amount = |cost: Option<Usd>| cost.map(|cost| cost.decimal().normalize().to_string());
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_of": asked.as_of,
        "candidates": rows.iter().map(|row| {
            let (input, output) = row.contender.tokens(assumptions);
            json!({
                "name": row.contender.name,
                "model": row.contender.identity.as_ref().map(ToString::to_string),
                "input_tokens": input.mode().normalize().to_string(),
                "output_tokens": output.mode().normalize().to_string(),
                "tokens_measured": row.contender.is_measured(assumptions),
                "pass_rate": row.contender.pass_rate.as_ref().map(|figure| figure.value),
                "usd_per_query": amount(row.per_query),
                "usd_per_query_p95_tokens": amount(row.long_query),
                "usd_per_month": amount(row.month),
                "usd_last_month": amount(row.last_month),
                "usd_per_accepted_answer": amount(row.per_accepted),
                "price_row": row.contender.price_step(assumptions).map(|step| step.row.clone()),
                "price_source": price_source(row.contender, assumptions),
                "price_is_stale": row.contender.is_stale(assumptions),
                "notes": row.contender.notes,
            })
        }).collect::<Vec<_>>(),
        "left_out": left_out_json(asked),
        "mixes": mixes.iter().map(|mix| json!({
            "mix": mix.text,
            "usd_per_query": amount(mix.per_query),
            "usd_per_month": amount(month(mix.per_query, assumptions)),
        })).collect::<Vec<_>>(),
        "assumptions": assumptions_json(assumptions, KEYS),
    })
}

/// Every assumption that can be stated.
fn list(common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let none = Assumptions::default();
    if printer.json() {
        printer.value(&assumptions_json(&none, Key::ALL))?;
        return Ok(Exit::Ok);
    }
    printer.data(&assumption_lines(&none, Key::ALL, 0, terminal_width()));
    printer.say("\neach is stated under [assumptions] of trilemma.toml, or by --set NAME=FIGURE");
    printer.next(&common.command("cost --set peak_to_mean=4"));
    Ok(Exit::Ok)
}
