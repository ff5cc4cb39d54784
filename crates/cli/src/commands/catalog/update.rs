//! `trilemma catalog update`: price lists beside the catalog; asks, then writes a file to lay over it.
//!
//! In: files or addresses; the first list is what is written, further ones only witness. Out: where
//! catalog, list and witnesses disagree. A download sends no key and has limits of size and time.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;
use trilemma_catalog::Rates;
use trilemma_catalog::import::{
    Agreement, Matched, PriceFile, agrees, match_prices, overlay_toml, read_prices,
};
use trilemma_provider::ClientConfig;

use super::facts::input_error;
use super::money::price;
use crate::args::Common;
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{bullet, counted, one_line, terminal_width};
use crate::lineup::client_with;
use crate::printer::Printer;

/// Differences that are listed one by one.
const MOST_LINES: usize = 40;
/// Largest list that is fetched: ten times today's largest.
const MOST_BYTES: usize = 32 << 20;

/// Which list, and where to write.
#[derive(Debug, clap::Args)]
pub(crate) struct UpdateArgs {
    /// The list, as a file or an address: prices.json of genai-prices, LiteLLM's price map, or
    /// api.json of models.dev. Further ones are compared with the first.
    #[arg(value_name = "FILE|URL", required = true)]
    sources: Vec<String>,
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
    let mut files = Vec::with_capacity(args.sources.len());
    for source in &args.sources {
        let text = text_of(source, printer)?;
        let file = read_prices(&text, as_of).map_err(|error| {
            let source = short_name(source);
            anyhow!(InputError(format!("{source}: failed to {error}")))
        })?;
        files.push(file);
    }
    let (Some(file), Some(first)) = (files.first(), args.sources.first()) else {
        return Ok(Exit::Ok);
    };
    let matched = match_prices(&catalog, file, as_of).map_err(|error| input_error(&error))?;
    let mut witnesses = Vec::new();
    for (source, other) in args.sources.iter().zip(&files).skip(1) {
        let said = match_prices(&catalog, other, as_of).map_err(|error| input_error(&error))?;
        witnesses.extend(disagreements(&matched, (source, &said)));
    }
    let chosen: Vec<&Matched> = matched
        .iter()
        .filter(|one| args.new || one.agreement != Agreement::New)
        .collect();
    if printer.json() {
        printer.value(&as_json(file, &matched, &witnesses))?;
    } else {
        printer.data(&words(file, &matched, args.new));
        printer.data(&witness_words(&witnesses, args.sources.len()));
    }
    if chosen.is_empty() {
        printer.say("nothing to write");
        return Ok(Exit::Ok);
    }
    if !args.yes && !asked(args, printer)? {
        printer.say("nothing was written; --yes writes without asking");
        return Ok(Exit::Ok);
    }
    let title = format!("{}, {}", file.format.name(), short_name(first));
    let overlay = overlay_toml(&chosen, (&title, as_of));
    // What is written must be read again: a file that is not accepted helps nobody.
    let out = args.out.display().to_string();
    context::catalog(common)?
        .with_overlay(&out, &overlay)
        .map_err(|error| input_error(&error))?;
    fs_err::write(&args.out, overlay)?;
    printer.say(&format!(
        "wrote {} to {out}",
        counted(chosen.len() as u64, "model")
    ));
    printer.next(&format!(
        "trilemma catalog doctor --catalog {}",
        one_line(&out)
    ));
    Ok(Exit::Ok)
}

/// The text of a list, read or fetched.
fn text_of(source: &str, printer: Printer) -> anyhow::Result<String> {
    if !source.contains("://") {
        return fs_err::read_to_string(source).map_err(|error| {
            anyhow!(InputError(format!(
                "{error}; hint: name a file, or an address that begins with https://"
            )))
        });
    }
    let shown = without_secrets(source);
    if source.contains(['@', '?', '#']) {
        return Err(anyhow!(InputError(format!(
            "failed to fetch {shown}: an address with user, query or fragment may hold a key, and would be shown; hint: download the list yourself and name the file"
        ))));
    }
    printer.say(&format!("fetching {shown}"));
    let client = client_with(ClientConfig {
        connect_timeout: Duration::from_secs(10),
        stall_timeout: Duration::from_secs(20),
        call_deadline: Duration::from_secs(60),
        max_body_bytes: MOST_BYTES,
        ..ClientConfig::default()
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let fetched = runtime.block_on(client.fetch(source));
    let bytes = fetched.map_err(|failure| {
        let why = one_line(&failure.message);
        anyhow!(InputError(format!(
            "failed to fetch {shown}: {why}; hint: download it yourself and name the file"
        )))
    })?;
    String::from_utf8(bytes).map_err(|_| {
        anyhow!(InputError(format!(
            "failed to read {shown}: it is no text; hint: name the JSON file of a price list"
        )))
    })
}

/// The last part of a path or the address, for the title of the source.
fn short_name(source: &str) -> String {
    if source.contains("://") {
        return without_secrets(source);
    }
    let name = std::path::Path::new(source).file_name().unwrap_or_default();
    format!("file {}", one_line(&name.to_string_lossy()))
}

/// An address as it may be shown: no user, no query, no fragment.
fn without_secrets(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or_default();
    one_line(&format!("{scheme}://{host}{path}"))
}

/// Two lists that say different prices of one model.
struct Witness<'a> {
    source: &'a str,
    first: &'a Matched,
    other: Rates,
}

fn disagreements<'a>(
    matched: &'a [Matched],
    (source, said): (&'a str, &[Matched]),
) -> Vec<Witness<'a>> {
    let find = |one: &Matched| said.iter().find(|other| other.listed.id == one.listed.id);
    matched
        .iter()
        .filter_map(|first| {
            let other = find(first)?.listed.rates;
            (!agrees(&first.listed.rates, &other)).then_some(Witness {
                source,
                first,
                other,
            })
        })
        .collect()
}

fn witness_words(witnesses: &[Witness<'_>], n_sources: usize) -> String {
    if n_sources < 2 {
        return String::new();
    }
    let width = terminal_width();
    let mut text = format!(
        "\nThe lists disagree with each other on {}\n",
        counted(witnesses.len() as u64, "model")
    );
    for one in witnesses.iter().take(MOST_LINES) {
        let line = format!(
            "{}: the first says {}; {} says {}",
            one.first.listed.id,
            rates_text(&one.first.listed.rates),
            short_name(one.source),
            rates_text(&one.other)
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&line, 0, width));
    }
    if let Some(n_more) = witnesses.len().checked_sub(MOST_LINES + 1) {
        let _ = writeln!(text, "and {} more; --json lists all", n_more + 1);
    }
    text
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
        "{}: {} of providers that the catalog knows, {} entries passed over\n\
         {} agree, {} differ, {} fill a gap, {} are of models that the catalog does not know\n",
        file.format.name(),
        counted(file.listed.len() as u64, "price"),
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

fn as_json(file: &PriceFile, matched: &[Matched], witnesses: &[Witness<'_>]) -> serde_json::Value {
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
        "disagreements": witnesses.iter().map(|one| json!({
            "id": one.first.listed.id.to_string(),
            "source": short_name(one.source),
            "first_usd_per_mtok": rates(&one.first.listed.rates),
            "source_usd_per_mtok": rates(&one.other),
        })).collect::<Vec<_>>(),
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
