//! `trilemma catalog update`: a downloaded price list beside the catalog; asks, then writes a file
//! to lay over it.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::json;
use trilemma_catalog::Rates;
use trilemma_catalog::import::{
    Agreement, Matched, PriceFile, match_prices, overlay_toml, read_prices,
};

use super::facts::input_error;
use super::money::price;
use crate::args::Common;
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{bullet, one_line, terminal_width};
use crate::printer::Printer;

/// Differences that are listed one by one.
const MOST_LINES: usize = 40;

/// Which list, and where to write.
#[derive(Debug, clap::Args)]
pub(crate) struct UpdateArgs {
    /// The list: prices.json of genai-prices, LiteLLM's price map, or api.json of models.dev.
    file: PathBuf,
    /// The catalog file to write.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "catalog-update.toml"
    )]
    out: PathBuf,
    /// Also models that the catalog does not know.
    #[arg(long)]
    new: bool,
    /// Write without asking.
    #[arg(long, short)]
    yes: bool,
}

/// Runs the command.
pub(crate) fn run(args: &UpdateArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let as_of = context::as_of(common);
    let catalog = context::catalog(common)?;
    let name = args.file.display().to_string();
    if name.contains("://") {
        return Err(anyhow!(InputError(format!(
            "failed to read `{}`: downloads are left to tools made for them; hint: curl -o prices.json '{}' && trilemma catalog update prices.json",
            one_line(&name),
            one_line(&name)
        ))));
    }
    let text = fs_err::read_to_string(&args.file)
        .map_err(|error| anyhow!(InputError(error.to_string())))?;
    let file = read_prices(&text, as_of)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let matched = match_prices(&catalog, &file, as_of).map_err(|error| input_error(&error))?;
    let chosen: Vec<&Matched> = matched
        .iter()
        .filter(|one| args.new || one.agreement != Agreement::New)
        .collect();
    if printer.json() {
        printer.value(&as_json(&file, &matched))?;
    } else {
        printer.data(&words(&file, &matched, args.new));
    }
    if chosen.is_empty() {
        printer.say("nothing to write");
        return Ok(Exit::Ok);
    }
    if !args.yes && !asked(args, printer)? {
        printer.say("nothing was written; --yes writes without asking");
        return Ok(Exit::Ok);
    }
    let title = format!("{}, file {}", file.format.name(), file_name(args));
    let overlay = overlay_toml(&chosen, (&title, as_of));
    // What is written must be read again: a file that is not accepted helps nobody.
    let out = args.out.display().to_string();
    context::catalog(common)?
        .with_overlay(&out, &overlay)
        .map_err(|error| input_error(&error))?;
    fs_err::write(&args.out, overlay)?;
    printer.say(&format!("wrote {} model(s) to {out}", chosen.len()));
    printer.next(&format!(
        "trilemma catalog doctor --catalog {}",
        one_line(&out)
    ));
    Ok(Exit::Ok)
}

fn file_name(args: &UpdateArgs) -> String {
    let name = args.file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Asks the person at the terminal; without one the answer is no.
fn asked(args: &UpdateArgs, printer: Printer) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    printer.tell(&format!("write {}? [y/N]", args.out.display()));
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn count(matched: &[Matched], wanted: &Agreement) -> usize {
    matched
        .iter()
        .filter(|one| one.agreement == *wanted)
        .count()
}

fn words(file: &PriceFile, matched: &[Matched], with_new: bool) -> String {
    let width = terminal_width();
    let mut text = format!(
        "{}: {} price(s) of providers that the catalog knows, {} entries passed over\n\
         {} agree, {} differ, {} fill a gap, {} are of models that the catalog does not know\n",
        file.format.name(),
        file.listed.len(),
        file.n_passed_over,
        count(matched, &Agreement::Agrees),
        count(matched, &Agreement::Differs),
        count(matched, &Agreement::Fills),
        count(matched, &Agreement::New),
    );
    let shown: Vec<&Matched> = matched
        .iter()
        .filter(|one| match one.agreement {
            Agreement::Agrees => false,
            Agreement::Differs | Agreement::Fills => true,
            Agreement::New => with_new,
        })
        .collect();
    for one in shown.iter().take(MOST_LINES) {
        let theirs = rates_text(&one.listed.rates);
        let line = match &one.ours {
            Some(ours) => format!(
                "{}: the catalog says {} [{}]; the file says {theirs}",
                one.listed.id,
                rates_text(&ours.rates),
                ours.provenance
            ),
            None => format!("{}: {theirs}", one.listed.id),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&line, 0, width));
    }
    if let Some(n_more) = shown.len().checked_sub(MOST_LINES + 1) {
        let _ = writeln!(text, "and {} more; --json lists all", n_more + 1);
    }
    text
}

fn rates_text(rates: &Rates) -> String {
    format!(
        "in {}, out {}, cache read {}",
        price(rates.input),
        price(rates.output),
        price(rates.cache_read)
    )
}

fn as_json(file: &PriceFile, matched: &[Matched]) -> serde_json::Value {
    let rates = |rates: &Rates| {
        json!({
            "input": rates.input,
            "output": rates.output,
            "cache_read": rates.cache_read,
            "cache_write_5m": rates.cache_write_5m,
            "cache_write_1h": rates.cache_write_1h,
        })
    };
    json!({
        "format": file.format.name(),
        "n_passed_over": file.n_passed_over,
        "models": matched.iter().map(|one| json!({
            "id": one.listed.id.to_string(),
            "is": match one.agreement {
                Agreement::Agrees => "agrees",
                Agreement::Differs => "differs",
                Agreement::Fills => "fills_a_gap",
                Agreement::New => "new",
            },
            "file_usd_per_mtok": rates(&one.listed.rates),
            "catalog_usd_per_mtok": one.ours.as_ref().map(|row| rates(&row.rates)),
            "catalog_source": one.ours.as_ref().map(|row| row.provenance.to_string()),
        })).collect::<Vec<_>>(),
    })
}
