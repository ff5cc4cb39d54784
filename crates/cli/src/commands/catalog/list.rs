//! `trilemma catalog list`.

use jiff::civil::Date;
use trilemma_catalog::{Catalog, Found, LifecycleState, Pin, Service};
use trilemma_domain::TaskKind;

use super::ListArgs;
use super::facts::{input_error, state};
use super::json::state_json;
use super::money::{UNKNOWN, price, tokens};
use crate::args::Common;
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{Side, Table, terminal_width};
use crate::printer::Printer;

/// Runs the command.
pub(crate) fn run(args: &ListArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let catalog = context::catalog(common)?;
    let as_of = context::as_of(common);
    if let Some(name) = &args.provider {
        check_provider(&catalog, name)?;
    }
    let all = catalog.models().map_err(|error| input_error(&error))?;
    let wanted: Vec<Found<'_>> = all
        .into_iter()
        .filter(|found| {
            let provider = &found.model.id.provider;
            args.provider.as_ref().is_none_or(|name| name == provider)
        })
        .filter(|found| args.task.is_none_or(|task| suits(&catalog, found, task)))
        .collect();
    let n_wanted = wanted.len();
    let shown: Vec<Found<'_>> = wanted
        .into_iter()
        .filter(|found| args.all || is_to_be_had(found, as_of))
        .collect();
    let n_hidden = n_wanted - shown.len();
    if printer.json() {
        let rows: Vec<_> = shown.iter().map(|found| row_json(found, as_of)).collect();
        printer.value(&rows)?;
        return Ok(Exit::Ok);
    }
    printer.data(&table(&shown, as_of).draw(0, terminal_width()));
    printer.say(&format!(
        "{} models as of {as_of}; list prices in USD per million tokens",
        shown.len()
    ));
    if n_hidden > 0 {
        printer.say(&format!(
            "{n_hidden} more are shut down or not yet released: --all lists them"
        ));
    }
    if let Some(first) = shown.first() {
        printer.next(&format!("trilemma catalog show {}", first.model.id));
    }
    Ok(Exit::Ok)
}

fn check_provider(catalog: &Catalog, name: &str) -> anyhow::Result<()> {
    if catalog.provider_ids().any(|id| id == name) {
        return Ok(());
    }
    let ids: Vec<&str> = catalog.provider_ids().collect();
    Err(anyhow::anyhow!(InputError(format!(
        "failed to find provider `{name}` in the catalog; hint: one of {}",
        ids.join(", ")
    ))))
}

/// Whether its size class usually suffices for the task, and it is not made for others.
fn suits(catalog: &Catalog, found: &Found<'_>, task: TaskKind) -> bool {
    let model = found.model;
    let made_for = model.only_for.is_empty() || model.only_for.contains(&task);
    // Size classes are ordered: a larger one suffices wherever a smaller one does.
    let least = catalog
        .tiers()
        .ok()
        .and_then(|tiers| tiers.iter().find(|row| row.suits.contains(&task)))
        .map(|row| row.tier);
    made_for && least.is_none_or(|least| model.tier.is_none_or(|tier| tier >= least))
}

fn is_to_be_had(found: &Found<'_>, as_of: Date) -> bool {
    match found.model.lifecycle_at(as_of) {
        LifecycleState::Active | LifecycleState::Ending { .. } => true,
        LifecycleState::NotYetReleased { .. } | LifecycleState::ShutDown { .. } => false,
    }
}

fn table(shown: &[Found<'_>], as_of: Date) -> Table {
    let mut table = Table::new(&[
        ("model", Side::Left),
        ("size", Side::Left),
        ("input", Side::Right),
        ("output", Side::Right),
        ("context", Side::Right),
        ("state", Side::Left),
        ("pin", Side::Left),
    ]);
    for found in shown {
        let model = found.model;
        let rates = model
            .price_at(as_of, Service::Standard, 0)
            .map(|row| row.rates);
        table.push([
            model.id.to_string(),
            model
                .tier
                .map_or_else(|| UNKNOWN.to_owned(), |tier| tier.name().to_owned()),
            price(rates.and_then(|rates| rates.input)),
            price(rates.and_then(|rates| rates.output)),
            tokens(model.limits.context),
            state(model.lifecycle_at(as_of)),
            match model.pin {
                Pin::Snapshot => "snapshot",
                Pin::Unpinned => "unpinned",
            }
            .to_owned(),
        ]);
    }
    table
}

fn row_json(found: &Found<'_>, as_of: Date) -> serde_json::Value {
    let model = found.model;
    let row = model.price_at(as_of, Service::Standard, 0);
    serde_json::json!({
        "id": model.id.to_string(),
        "name": model.name,
        "tier": model.tier,
        "role": model.role.map(|role| role.name()),
        "as_of": as_of,
        "input_usd_per_mtok": row.and_then(|row| row.rates.input),
        "output_usd_per_mtok": row.and_then(|row| row.rates.output),
        "price_row": row.map(|row| row.id.as_str()),
        "context_tokens": model.limits.context,
        "lifecycle": state_json(model.lifecycle_at(as_of)),
        "pinned": model.pin == Pin::Snapshot,
    })
}
