//! `trilemma tco`: what owning a choice costs over its months, and what a switch pays back.

mod csv;
mod events;
mod json;
pub(super) mod plan;
mod words;

use std::path::PathBuf;

use trilemma_cost::assume::Key;

use super::money::{Asked, MoneyArgs};
use crate::args::Common;
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;

/// Whom, over how long, and against what.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TcoArgs {
    #[command(flatten)]
    money: MoneyArgs,
    /// The model in use today: switching costs and savings refer to it.
    #[arg(long, value_name = "NAME")]
    incumbent: Option<String>,
    /// Months looked at.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    months: Option<String>,
    /// Write the ledger, month by month, as CSV.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

/// What enters the figures besides tokens and prices.
pub(in crate::commands) const KEYS: &[Key] = &[
    Key::QueriesPerDay,
    Key::GrowthPerMonth,
    Key::InputTokens,
    Key::OutputTokens,
    Key::CacheableShare,
    Key::CacheableHitRate,
    Key::BatchShare,
    Key::FailureRate,
    Key::JudgedShare,
    Key::JudgeUsd,
    Key::RouterUsd,
    Key::Months,
    Key::DiscountPerYear,
    Key::PriceChangePerYear,
    Key::RateUsdHour,
    Key::EngDays,
    Key::HoursPerDay,
    Key::Prompts,
    Key::HoursPerPrompt,
    Key::OverlapDays,
    Key::TrainingMtok,
    Key::EvalItems,
    Key::EvalModels,
    Key::EvalRuns,
    Key::EvalUsdPerItem,
    Key::ReviewItems,
    Key::ReviewMinutes,
    Key::MonitoringUsdMonth,
    Key::InfrastructureUsdMonth,
    Key::MaintenanceHoursMonth,
    Key::ReviewAnswersMonth,
    Key::UpdatesPerYear,
    Key::HoursPerUpdate,
    Key::Draws,
    Key::Seed,
];

/// What enters the figures of a routed mix besides.
pub(in crate::commands) const ROUTER_KEYS: &[Key] = &[
    Key::RouterEngDays,
    Key::RouterUsdMonth,
    Key::RouterHoursMonth,
];

/// What enters these figures.
fn keys(asked: &Asked) -> Vec<Key> {
    let has_mix = asked.contenders.iter().any(|one| !one.parts.is_empty());
    let router: &[Key] = if has_mix { ROUTER_KEYS } else { &[] };
    [KEYS, router].concat()
}

/// Runs the command.
pub(crate) fn run(args: &TcoArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut money = args.money.clone();
    money.also(Key::Months, args.months.as_deref());
    money.add_model(args.incumbent.as_deref());
    let mut asked = money.read(common, &[Key::QueriesPerDay])?;
    asked.name_incumbent(args.incumbent.as_deref())?;
    let tco = plan::plan(&asked, args.money.stale_ok)?;
    if let Some(path) = &args.ledger {
        places::write_file(path, csv::ledger(&tco))?;
        printer.say(&format!("wrote {}", path.display()));
    }
    if printer.json() {
        printer.value(&json::as_json(&asked, &tco))?;
        return Ok(Exit::Ok);
    }
    printer.data(&words::text(&asked, &tco, args.money.explain));
    printer.next(&match &args.ledger {
        Some(_) => args.money.again(common, "limits"),
        None => again(args, common),
    });
    Ok(Exit::Ok)
}

/// The same with every month written for a spreadsheet.
fn again(args: &TcoArgs, common: &Common) -> String {
    let mut words = "tco --ledger tco.csv".to_owned();
    for (name, value) in [("--months", &args.months), ("--incumbent", &args.incumbent)] {
        if let Some(value) = value {
            words.push_str(&format!(" {name} {}", hint::word(value)));
        }
    }
    args.money.again(common, &words)
}
