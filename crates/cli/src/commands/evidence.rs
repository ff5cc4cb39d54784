//! `trilemma evidence`: what the gateway recorded, by candidate, beside what the benchmark promised.
//!
//! Every share has its n and interval; costs are sums of what was recorded, the estimated part said.

mod anytime;
mod canary;
mod end;
mod golden;
mod kept;
mod policies;
mod promise;
mod replayed;
mod rests;
mod scores;
mod shadow;
mod show;
mod tally;
mod unseen;
mod wrapped;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use trilemma_gateway::LiveScorer;
use trilemma_project::Project;
use trilemma_store::Store;
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use super::export::{choose, latest_benchmark};
use super::serve::{ledger_path, shadow_path};
use crate::args::Common;
use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::live_scorers::live_scorers;
use crate::names;
use crate::places;
use crate::printer::Printer;

use kept::{Kept, Kind};
use promise::{Promise, Whose};
use tally::{Tally, Uncalled};

/// What of the ledger is told.
#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// Only requests from this day on (UTC).
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// The run whose figures are the promise (default: the latest benchmark).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Write every request as a JSON line to this file: figures and decisions, no texts.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Draw items to label for a golden set from the prompts that `[serve.texts]` kept, and write them to
    /// this file; nothing else is told then.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "export"])]
    to_golden: Option<PathBuf>,
    /// How many items.
    #[arg(long, default_value_t = 300, requires = "to_golden")]
    n: usize,
    /// Which draw: the same seed draws the same items from the same texts.
    #[arg(long, default_value_t = 0, requires = "to_golden")]
    seed: u64,
    /// Write over the file if it exists.
    #[arg(long, requires = "to_golden")]
    force: bool,
}

/// Everything that was counted.
#[derive(Debug, Default)]
struct Counted {
    /// All requests, by the candidate that answered.
    candidates: BTreeMap<String, Tally>,
    /// Those like what was measured, by whose promise they are compared with.
    promised: BTreeMap<Whose, Tally>,
    /// Those for which nobody was called.
    uncalled: Uncalled,
    /// How the canary stands.
    canary: Option<Value>,
}

/// Runs the command.
pub(crate) fn run(args: &EvidenceArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    if let Some(out) = &args.to_golden {
        let drawn = golden::Drawn {
            out: out.clone(),
            n: args.n,
            seed: args.seed,
            force: args.force,
        };
        return golden::run(drawn, &context, since_us(args)?, printer);
    }
    let counted = count(args, &ledger_path(&context)?)?;
    let Beside {
        promises,
        without,
        unseen,
    } = beside(&context, args, &counted)?;
    let shadowed = shadow::shadowed(&shadow_path(&context)?, since_us(args)?)?;
    if printer.json() {
        let candidates: Vec<Value> = counted
            .candidates
            .iter()
            .map(|(name, tally)| show::json(name, tally))
            .collect();
        printer.value(&json!({
            "schema_version": 1,
            "candidates": candidates,
            "uncalled": counted.uncalled,
            "promises": promises,
            "without": without,
            "unseen_names": unseen,
            "shadows": shadowed,
            "canary": counted.canary,
        }))?;
        return Ok(Exit::Ok);
    }
    if counted.candidates.is_empty() && counted.uncalled.requests == 0 {
        printer.say("no request has been recorded yet");
        printer.next(&common.command("serve"));
        return Ok(Exit::Ok);
    }
    printer.data(&show::candidates(&counted.candidates));
    for remark in show::remarks(&counted.candidates) {
        printer.say(&remark);
    }
    if let Some(words) = show::uncalled(&counted.uncalled) {
        printer.say(&words);
    }
    printer.data(&show::promises(&promises));
    if !unseen.is_empty() {
        printer.data(&unseen::words(&unseen));
    }
    if let Some(canary) = &counted.canary {
        printer.data(&canary::words(canary));
    }
    if !shadowed.is_empty() {
        printer.data(&shadow::words(&shadowed));
    }
    for reason in without {
        printer.say(&reason);
    }
    let is_broken = promises
        .iter()
        .any(|promise| promise.figures.iter().any(Kept::is_broken));
    printer.next(&common.command(if is_broken {
        "select --fresh"
    } else if promises.is_empty() {
        "evidence --export evidence.jsonl"
    } else {
        "drift check"
    }));
    Ok(Exit::Ok)
}

/// The moment from which requests are told.
fn since_us(args: &EvidenceArgs) -> anyhow::Result<i64> {
    Ok(match args.since {
        Some(day) => TimeZone::UTC
            .to_timestamp(day.at(0, 0, 0, 0))?
            .as_microsecond(),
        None => i64::MIN,
    })
}

/// Reads the ledger, one request at a time.
fn count(args: &EvidenceArgs, path: &Path) -> anyhow::Result<Counted> {
    let input =
        |error: trilemma_store::StoreError| anyhow!(InputError(format!("failed to {error}")));
    if !path.is_file() {
        return Err(anyhow!(InputError(format!(
            "failed to find evidence: `{}` does not exist; hint: `trilemma serve` writes it",
            path.display()
        ))));
    }
    let file = LedgerFile::open_existing(path).map_err(input)?;
    let mut out = match &args.export {
        Some(path) => Some(BufWriter::new(places::create_file(path)?)),
        None => None,
    };
    let mut counted = Counted {
        canary: canary::canary(&file).map_err(input)?,
        ..Counted::default()
    };
    let mut failure = None;
    file.entries(since_us(args)?, &mut |entry| {
        if let Some(out) = &mut out
            && failure.is_none()
        {
            failure = writeln!(out, "{}", line(&entry)).err();
        }
        counted.add(&entry);
    })
    .map_err(input)?;
    if let Some(mut out) = out {
        match failure {
            Some(error) => Err(error)?,
            None => out.flush()?,
        }
    }
    Ok(counted)
}

impl Counted {
    fn add(&mut self, entry: &LedgerEntry) {
        if entry.row.candidate.is_empty() {
            return self.uncalled.add(entry);
        }
        self.of(&entry.row.candidate).add(entry);
        self.add_costs(entry);
        let Some(evidence) = &entry.evidence else {
            return;
        };
        // What deviates from what was measured says nothing of the promise, nor does what a canary's
        // challenger failed first: its calls are in the cost.
        if !evidence.unmeasured.is_empty() || evidence.canary_failure.is_some() {
            return;
        }
        let whose = match &evidence.policy {
            Some(hash) => Whose::Policy(hash.clone()),
            None => Whose::Candidate(entry.row.candidate.clone()),
        };
        self.promised.entry(whose).or_default().add(entry);
    }

    fn of(&mut self, candidate: &str) -> &mut Tally {
        self.candidates.entry(candidate.to_owned()).or_default()
    }

    /// Each call costs whom it asked; where only the sum is known, it is put on whoever came last.
    fn add_costs(&mut self, entry: &LedgerEntry) {
        let attempts = entry.evidence.as_ref().map(|evidence| &evidence.attempts);
        let is_told = attempts.is_some_and(|all| all.iter().all(|one| one.spent.is_some()));
        if let Some(attempts) = attempts.filter(|_| is_told) {
            for attempt in attempts {
                let spent = attempt.spent.as_ref().and_then(|spent| spent.nano_usd);
                let aids = std::iter::once(attempt.aid);
                let nano = spent.unwrap_or(0);
                self.of(&attempt.candidate).add_cost(nano, aids);
            }
        } else {
            let aids: Vec<_> =
                attempts.map_or_else(|| vec![None], |all| all.iter().map(|one| one.aid).collect());
            let nano = entry.row.cost.map_or(0, |cost| cost.0);
            let whose = self.of(&entry.row.candidate);
            whose.add_cost(nano, aids.into_iter());
        }
    }
}

/// What was measured beside what came.
struct Beside {
    promises: Vec<Promise>,
    /// Why nothing can be said of the rest.
    without: Vec<String>,
    /// Names that were not measured.
    unseen: Vec<unseen::Unseen>,
}

fn beside(context: &Context, args: &EvidenceArgs, counted: &Counted) -> anyhow::Result<Beside> {
    let mut promises = Vec::new();
    let mut without = Vec::new();
    let path = places::store_path(&context.folder, &context.project)?;
    let named = args.run.as_deref();
    let mut unseen = Vec::new();
    let run = if path.is_file() {
        let store = Store::open_existing(&path)?;
        let run = match named {
            Some(_) => Some(choose(&store, named)?),
            None => latest_benchmark(&store)?,
        };
        let measured = names::measured(&context.project.candidates, &store, run.as_ref())?;
        unseen = unseen::unseen(&counted.candidates, &measured);
        run.map(|run| (store, run))
    } else {
        None
    };
    let scorers = scorers_of(context, counted);
    match &run {
        Some((store, run)) => {
            let decision = decision::decide(context, store, run, DecideOptions::default())?;
            let scores = if scorers.is_empty() {
                scores::Scores::new()
            } else {
                scores::of_run(store, run, &scorers)?
            };
            let both = (&counted.promised, &scores);
            promises.extend(promise::of_run((run, &decision), both));
        }
        None if named.is_some() => {
            return Err(anyhow!(InputError(format!(
                "failed to find the run `{}`: nothing was measured here; hint: `trilemma select` does",
                named.unwrap_or_default()
            ))));
        }
        None => without.push(
            "nothing was measured here, so that nothing was promised of candidates".to_owned(),
        ),
    }
    let run = run.as_ref().map(|(store, run)| (store, run));
    let (found, reasons) = policies::promised(context, run, (&counted.promised, &scorers))?;
    promises.extend(found);
    without.extend(reasons);
    without.extend(unscored(&context.project, &promises));
    Ok(Beside {
        promises,
        without,
        unseen,
    })
}

/// Why nothing is said of quality; `None` = something is, or there is nothing of which it could be.
fn unscored(project: &Project, promises: &[Promise]) -> Option<String> {
    let mut figures = promises.iter().flat_map(|promise| &promise.figures);
    if promises.is_empty() || figures.any(|kept| kept.figure == Kind::Score) {
        return None;
    }
    Some(if project.serve.score_share > 0.0 {
        "no answer of traffic was scored: no scorer that needs no expected answer had an opinion; hint: add one to \
         `[[scorers]]` (`trilemma scorers` lists them), or let clients say (`POST /v1/feedback`)"
            .to_owned()
    } else {
        "no answer of traffic is scored; hint: set `serve.score_share` above 0".to_owned()
    })
}

/// The project's scorers that have scored traffic.
fn scorers_of(context: &Context, counted: &Counted) -> Vec<LiveScorer> {
    let mut scorers = live_scorers(context);
    scorers.retain(|one| {
        let mut tallies = counted.promised.values();
        tallies.any(|tally| tally.scores().any(|(scorer, _)| scorer == one.key))
    });
    scorers
}

fn line(entry: &LedgerEntry) -> Value {
    let row = &entry.row;
    json!({
        "schema_version": 1,
        "request": row.id.to_string(),
        "at_us": row.at_us,
        "client": row.client,
        "candidate": row.candidate,
        "requested": row.requested,
        "served": row.served,
        "usage": row.usage,
        "raw_usage": row.raw_usage.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
        "cost_nano_usd": row.cost.map(|cost| cost.0),
        "is_estimated": row.is_estimated,
        "feedback": entry.feedback,
        "scores": entry.scores,
        "evidence": entry.evidence,
    })
}
