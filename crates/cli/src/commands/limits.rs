//! `trilemma limits`: whether rate limits carry the traffic at its peak, and what to apply for.

mod json;
mod load;
mod words;

use trilemma_cost::assume::Key;

use super::money::MoneyArgs;
use crate::args::Common;
use crate::exit::Exit;
use crate::printer::Printer;

use load::Row;
pub(super) use load::row;
pub(super) use words::carried;

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

/// Runs the command.
pub(crate) fn run(args: &LimitsArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let asked = args.money.read(common, &[Key::QueriesPerDay])?;
    let rows: Vec<Row<'_>> = asked
        .contenders
        .iter()
        .map(|contender| row(&asked, contender))
        .collect::<anyhow::Result<_>>()?;
    if printer.json() {
        printer.value(&json::as_json(&asked, &rows))?;
        return Ok(Exit::Ok);
    }
    printer.data(&words::text(&asked, &rows, args.money.explain));
    printer.next(&next(args, common));
    Ok(Exit::Ok)
}

/// First every tier with its limits, then what it costs to own.
fn next(args: &LimitsArgs, common: &Common) -> String {
    let words = if args.money.explain {
        "tco"
    } else {
        "limits --explain"
    };
    args.money.again(common, words)
}
