//! `trilemma route embed`: vectors of a run's queries, each text asked for once.
//!
//! In: a model for embeddings of the project, and a run. Out: vectors in the store. The first texts are asked for one by one,
//! because that is how a gateway asks: they tell how long a query waits. The rest goes in batches, one after the other. Every
//! call is written down before it is made and when it is over, so a program that is killed repeats none that has ended.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Value, json};
use trilemma_domain::{Fingerprint, Usd};
use trilemma_golden::Side;
use trilemma_provider::{Cancel, Client, ClientConfig, Secret};
use trilemma_store::{EmbeddingCall, Store};

use super::embedding::{Done, Stop, Work};
use super::plan::sig;
use crate::args::Common;
use crate::commands::export::choose;
use crate::commands::words::split_side;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::layout::counted;
use crate::printer::{Printer, printable};
use crate::routing::vectors::{Maker, texts};
use crate::routing::{self, Part};
use crate::session::listen;
use crate::{hint, keys, lineup, places};

/// Texts that are asked for one by one, to see how long that takes.
const N_TIMED: usize = 32;

/// Whom to ask, and for what.
#[derive(Debug, clap::Args)]
pub(super) struct EmbedArgs {
    /// The model: an `id` under `[[serve.embeddings]]` (default: `embedding` under `[routing]`).
    name: Option<String>,
    /// The run whose queries get vectors (default: the latest).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Only these candidates, separated by commas, as for the training.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    candidates: Vec<String>,
    /// Only a part of the golden set.
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    /// Texts in one request.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=2_048))]
    batch: u16,
    /// Stop before these calls together could cost more than this.
    #[arg(long, value_name = "USD")]
    max_cost: Option<Usd>,
}

/// Runs the command.
pub(super) fn run(args: &EmbedArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let maker = Maker::named(&context, args.name.as_deref())?.ok_or_else(|| {
        anyhow!(InputError(
            "failed to find a model for embeddings; hint: name one of `[[serve.embeddings]]`, or set `embedding` \
             under `[routing]`"
                .to_owned()
        ))
    })?;
    let Some(pricer) = &maker.pricer else {
        return Err(anyhow!(InputError(format!(
            "failed to price `{}`: its price is unknown, so its vectors could take no part; hint: state `price` in \
             its `[[serve.embeddings]]` entry (0 for a model of your own)",
            maker.candidate.id
        ))));
    };
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let part = Part {
        only: &args.candidates,
        labels: &[],
        split: args.split,
        most_items: None,
    };
    let material = routing::gather(&context, (&store, &run), part)?;
    routing::demand_two(&material)?;
    let all = texts(&material.gathered.examples.rows);
    let hashes: Vec<Fingerprint> = all.keys().copied().collect();
    let (found, before) = store.embeddings(&maker.binding, &hashes)?;
    let missing: Vec<(Fingerprint, String)> = all
        .into_iter()
        .filter(|(hash, _)| !found.contains_key(hash))
        .collect();
    let work = Work {
        texts: &missing,
        maker: &maker,
        pricer,
        store: &store,
        secret: secret(&context, &maker)?,
        client: client(&context)?,
        lane: Arc::new(lineup::lane(&context.project, &maker.candidate)),
        max_attempts: context.project.bench.max_attempts,
        max_cost: args.max_cost.map(Usd::settle).transpose()?,
        done: Done::default(),
    };
    let told = Told {
        run: run.to_string(),
        by: maker.candidate.id.to_string(),
        n_texts: hashes.len(),
        n_before: found.len(),
        done: called(work, (&before, args), printer)?,
    };
    if printer.json() {
        printer.value(&told.json())?;
    } else {
        printer.data(&told.text());
    }
    let id = hint::word(&told.by);
    let again = args.run.as_deref().map(hint::word);
    let again = again.map_or_else(String::new, |run| format!(" --run {run}"));
    printer.next(&common.command(&match told.exit() {
        Exit::Ok => format!("route train --embed {id}{again}"),
        _ => format!("route embed {id}{again}"),
    }));
    Ok(told.exit())
}

/// Makes the calls that are missing, until they are done or Ctrl-C is pressed.
fn called(
    mut work: Work<'_>,
    (before, args): (&[EmbeddingCall], &EmbedArgs),
    printer: Printer,
) -> anyhow::Result<Done> {
    let n_open = before.iter().filter(|call| call.end.is_none()).count();
    if n_open > 0 {
        printer.say(&format!(
            "{} of earlier sessions ended without an outcome and may have been billed",
            counted(n_open as u64, "call")
        ));
    }
    if work.texts.is_empty() {
        return Ok(work.done);
    }
    let n_timed = N_TIMED.saturating_sub(before.iter().filter(|call| is_single(call)).count());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let cancel = Cancel::new();
    runtime.block_on(async {
        let listening = tokio::spawn(listen(printer, cancel.clone()));
        let done = work.all((n_timed, usize::from(args.batch)), &cancel, printer);
        let done = done.await;
        listening.abort();
        done
    })?;
    Ok(work.done)
}

fn is_single(call: &EmbeddingCall) -> bool {
    let is_answered = call.end.as_ref().is_some_and(|end| end.failure.is_none());
    call.n_texts == 1 && is_answered
}

fn secret(context: &Context, maker: &Maker) -> anyhow::Result<Option<Secret>> {
    let provider = &maker.candidate.target.provider;
    let (mut secrets, missing) = keys::read(&context.project, &context.folder);
    match missing.iter().find(|one| one.provider == *provider) {
        Some(missing) => Err(anyhow!(InputError(format!(
            "failed to read the key of `{provider}`: {}",
            missing.reason
        )))),
        None => Ok(secrets.remove(provider)),
    }
}

fn client(context: &Context) -> anyhow::Result<Client> {
    let bench = &context.project.bench;
    lineup::client_with(ClientConfig {
        // A whole answer is silent until it is there.
        stall_timeout: bench.stall_timeout.max(bench.call_timeout),
        call_deadline: bench.call_timeout,
        ..ClientConfig::default()
    })
}

/// What is told in the end.
struct Told {
    run: String,
    by: String,
    n_texts: usize,
    n_before: usize,
    done: Done,
}

impl Told {
    fn n_missing(&self) -> usize {
        let n_here = self.n_before + self.done.n_embedded;
        self.n_texts.saturating_sub(n_here)
    }

    fn exit(&self) -> Exit {
        match (self.n_missing(), self.done.stopped) {
            (0, _) => Exit::Ok,
            (_, Some(Stop::Cost | Stop::User)) => Exit::Undecided,
            (_, Some(Stop::Failures) | None) => Exit::Provider,
        }
    }

    fn text(&self) -> String {
        let done = &self.done;
        let mut lines = vec![format!(
            "{} of {} have a vector by `{}`: {} were there, {} came now",
            self.n_before + done.n_embedded,
            counted(self.n_texts as u64, "text"),
            self.by,
            self.n_before,
            done.n_embedded
        )];
        if done.n_calls > 0 {
            lines.push(format!(
                "{}, {} tokens, {} USD",
                counted(done.n_calls, "call"),
                done.n_tokens,
                sig(done.spent.to_f64_usd())
            ));
        }
        if done.n_unpriced > 0 {
            lines.push(format!(
                "the cost of {} is unknown: no tokens were reported",
                counted(done.n_unpriced, "call")
            ));
        }
        if let Some(wait) = done.median_wait() {
            lines.push(format!(
                "a call for one text takes {} s (median; {} to {}, n = {})",
                sig(wait.point),
                sig(wait.low),
                sig(wait.high),
                wait.n
            ));
        }
        if let Some(failure) = &done.failure {
            lines.push(format!(
                "{} failed, the last with: {}",
                counted(done.n_failed as u64, "text"),
                printable(failure)
            ));
        }
        match done.stopped {
            None => {}
            Some(Stop::Cost) => {
                lines.push("stopped: the next call could pass `--max-cost`".to_owned())
            }
            Some(Stop::User) => lines.push("stopped as you asked".to_owned()),
            Some(Stop::Failures) => lines.push("stopped: the failures would go on".to_owned()),
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let done = &self.done;
        json!({
            "schema_version": 1,
            "run": self.run,
            "model": self.by,
            "n_texts": self.n_texts,
            "n_before": self.n_before,
            "n_embedded": done.n_embedded,
            "n_missing": self.n_missing(),
            "n_failed": done.n_failed,
            "failure": done.failure,
            "n_calls": done.n_calls,
            "n_unpriced_calls": done.n_unpriced,
            "input_tokens": done.n_tokens,
            "cost_usd": done.spent.to_f64_usd(),
            "seconds_per_text": done.median_wait().map(|wait| json!({
                "median": wait.point, "low": wait.low, "high": wait.high, "n": wait.n,
            })),
            "stopped": done.stopped.map(|stop| match stop {
                Stop::Cost => "max_cost",
                Stop::User => "interrupted",
                Stop::Failures => "failures",
            }),
        })
    }
}
