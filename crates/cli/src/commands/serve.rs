//! `trilemma serve`: the gateway.
//!
//! Makes upstreams of the project's candidates, opens the ledger beside the store and serves until
//! Ctrl-C or SIGTERM; open answers then get time to end.

mod callable;
mod canary;
mod drift;
mod measured;
mod policy;
mod shadow;
mod texts;
mod traces;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;
use trilemma_gateway::{Gateway, GatewayParts, Upstream, Workers, serve, serve_admin};
use trilemma_provider::Clock;
use trilemma_store::ledger::LedgerFile;

use crate::args::Common;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::keys;
use crate::layout::counted;
use crate::live_scorers::live_scorers;
use crate::printer::Printer;
use crate::{clock, lineup, places};

use callable::Callable;
use policy::{Loaded, Watched};

pub(crate) use shadow::shadow_path;
pub(crate) use texts::texts_folder;

/// How the gateway is started; everything else stands under `[serve]` in the project.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Where clients connect, instead of the project's `listen`; port 0 = any free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where metrics and health are, instead of the project's `admin`.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Write a line of JSON to standard error for each request: names and figures, no texts.
    #[arg(long)]
    log: bool,
    /// First say that a gateway which died has spent no more than it recorded. Until somebody does,
    /// what it had leased of its budgets counts as spent.
    #[arg(long)]
    reconcile: bool,
    /// First forget what is known of the canary, so that one which was rolled back is tried again.
    #[arg(long)]
    restart_canary: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ServeArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = Context::open(common)?;
    let settings = &mut context.project.serve;
    settings.listen = args.listen.unwrap_or(settings.listen);
    settings.admin = args.admin.or(settings.admin);
    refuse_open_doors(&context)?;
    let prepared = prepared(args, &context, printer)?;
    // Takes connections in and does what is done beside answering.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serving(prepared, &context, printer))
}

/// Everything that is served with.
struct Prepared {
    parts: GatewayParts,
    shadow: Option<shadow::Prepared>,
    canary: Option<canary::Prepared>,
}

/// Reads keys, finds out who can be called, and opens the ledger.
fn prepared(args: &ServeArgs, context: &Context, printer: Printer) -> anyhow::Result<Prepared> {
    let (secrets, missing) = keys::read(&context.project, &context.folder);
    if let Some(missing) = missing.first() {
        return Err(anyhow!(InputError(format!(
            "failed to read the key of `{}`: {}",
            missing.provider, missing.reason
        ))));
    }
    let callable = Callable::of(context, &secrets)?;
    let upstreams = callable.candidates()?;
    let embedders = callable.embedders()?;
    refuse_unbounded(context, upstreams.iter().chain(&embedders))?;
    let token =
        keys::token(context.project.serve.token.as_ref(), &context.folder).map_err(|reason| {
            anyhow!(InputError(format!(
                "failed to read `serve.token`: {reason}"
            )))
        })?;
    let log = args
        .log
        .then(|| -> trilemma_gateway::LogSink { Box::new(move |line| printer.tell(line)) });
    Ok(Prepared {
        shadow: shadow::prepared(context, &callable)?,
        canary: canary::prepared(context, &callable, printer)?,
        parts: GatewayParts {
            upstreams,
            embedders,
            settings: context.project.serve.clone(),
            texts: texts::texts(context, &secrets, token.as_deref())?,
            token,
            ledger: ledger(context, args, printer)?,
            clock: Clock::system(),
            log,
            shadow: None,
            traces: traces::traces(context, printer)?,
            names: Arc::default(),
        },
    })
}

/// Serves until it is told to stop.
async fn serving(prepared: Prepared, context: &Context, printer: Printer) -> anyhow::Result<Exit> {
    let settings = &context.project.serve;
    let input = |reason: String| anyhow!(InputError(format!("failed to {reason}")));
    let names = Arc::clone(&prepared.parts.names);
    let shadow = prepared
        .shadow
        .map(|prepared| shadow::begin(prepared, Arc::clone(&names)));
    let (shadow, shadow_session) = shadow.transpose()?.unzip();
    let parts = GatewayParts {
        shadow,
        ..prepared.parts
    };
    let (gateway, session) = Gateway::new(parts).map_err(|error| input(error.to_string()))?;
    let policy = settings.policy.as_ref();
    let policy = policy.map(|path| Watched::new(context.folder.join(path), Arc::clone(&gateway)));
    let told = match &policy {
        Some(policy) => Some(policy.begin().await?),
        None => None,
    };
    gateway.set_scorers(live_scorers(context));
    let canary = prepared.canary.map(canary::begin).transpose()?;
    let (canary, canary_session) = canary.unzip();
    let canary = canary.map(|canary| gateway.set_canary(canary));
    let is_rolled_back = canary.transpose().map_err(input)? == Some(true);
    let listener = bind(settings.listen).await?;
    let address = listener.local_addr()?;
    let admin = match settings.admin {
        Some(admin) => Some(bind(admin).await?),
        None => None,
    };
    tell(context, printer, address, admin.as_ref())?;
    if let Some(Loaded { told, warning }) = told {
        printer.say(&format!("`model: \"auto\"` runs policy {told}"));
        warning.iter().for_each(|warning| printer.tell(warning));
    }
    if is_rolled_back {
        printer.say(
            "the canary was rolled back and gets nothing; `trilemma evidence` says why, \
             --restart-canary tries it again",
        );
    }
    let watching = policy.map(|policy| tokio::spawn(policy.watch(printer)));
    let reading = drift::watch(context, (Arc::clone(&gateway), names), printer)?;
    let checks = admin
        .is_some()
        .then(|| drift::follow_checks(context, Arc::clone(&gateway), printer))
        .transpose()?;
    let admin = admin.map(|listener| tokio::spawn(serve_admin(Arc::clone(&gateway), listener)));
    let workers =
        Workers::start(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))?;
    let served = serve(&workers, Arc::clone(&gateway), listener, stopped()).await;
    drop(workers);
    for task in admin.into_iter().chain(watching).chain(checks) {
        task.abort();
        let _ended = task.await;
    }
    gateway.end().await;
    drop(gateway);
    if let Some(reading) = reading {
        reading.await?;
    }
    let recorded = tokio::task::spawn_blocking(move || {
        let sessions = [Some(session), shadow_session, canary_session.flatten()];
        let sessions = sessions.into_iter().flatten();
        let ended: Vec<_> = sessions
            .map(|session| session.end(clock::now_us()))
            .collect();
        ended.into_iter().collect::<Result<(), _>>()
    })
    .await?;
    if served.n_cut > 0 {
        printer.say(&format!(
            "{} did not end in time and was cut off",
            counted(served.n_cut as u64, "connection")
        ));
    }
    recorded.map_err(|error| anyhow!("failed to {error}"))?;
    Ok(Exit::Ok)
}

/// The command line may have opened what the project keeps shut.
fn refuse_open_doors(context: &Context) -> anyhow::Result<()> {
    let settings = &context.project.serve;
    let is_open = settings.token.is_none() && settings.keys.is_empty();
    if is_open && !settings.listen.ip().is_loopback() {
        return Err(anyhow!(InputError(format!(
            "failed to listen on {}: other machines can reach it, and nothing says who may call; \
             hint: add `token = {{ env = \"NAME\" }}` under `[serve]`",
            settings.listen
        ))));
    }
    if let Some(admin) = settings.admin.filter(|admin| !admin.ip().is_loopback()) {
        return Err(anyhow!(InputError(format!(
            "failed to serve metrics on {admin}: they take no token; hint: use 127.0.0.1"
        ))));
    }
    Ok(())
}

/// A budget that some calls would not keep to is none.
fn refuse_unbounded<'a>(
    context: &Context,
    upstreams: impl Iterator<Item = &'a Upstream>,
) -> anyhow::Result<()> {
    let settings = &context.project.serve;
    let has_budget =
        settings.budget.is_some() || settings.keys.iter().any(|key| key.budget.is_some());
    let names: Vec<String> = upstreams
        .filter(|upstream| !upstream.is_priced())
        .map(|upstream| upstream.id().to_owned())
        .collect();
    if !has_budget || names.is_empty() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to keep to the budget: {}; hint: state `price = {{ input = \"…\", output = \"…\" }}` \
         in USD per million tokens (\"0\" for a server of your own)",
        lineup::unbounded_text(&names)
    ))))
}

/// Where the gateway records: beside the store.
pub(crate) fn ledger_path(context: &Context) -> anyhow::Result<PathBuf> {
    let store = places::store_path(&context.folder, &context.project)?;
    Ok(store.with_file_name("gateway.db"))
}

fn ledger(context: &Context, args: &ServeArgs, printer: Printer) -> anyhow::Result<LedgerFile> {
    let input =
        |error: trilemma_store::StoreError| anyhow!(InputError(format!("failed to {error}")));
    let file = LedgerFile::open(&ledger_path(context)?).map_err(input)?;
    if args.reconcile {
        file.reconcile(clock::now_us()).map_err(input)?;
    }
    if args.restart_canary {
        file.forget_note(trilemma_gateway::CANARY_NOTE)
            .map_err(input)?;
    }
    for crashed in file.crashed().map_err(input)? {
        let more = crashed.counted.0 - crashed.recorded.0;
        if more > 0 {
            printer.say(&format!(
                "session {} died: {} USD that it had leased count as spent; --reconcile ends that",
                crashed.session,
                trilemma_domain::NanoUsd(more).to_usd().brief()
            ));
        }
    }
    Ok(file)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {address}"))
        .map_err(|error| anyhow!(InputError(format!("failed to {error:#}"))))
}

fn tell(
    context: &Context,
    printer: Printer,
    address: SocketAddr,
    admin: Option<&TcpListener>,
) -> anyhow::Result<()> {
    let url = format!("http://{address}");
    let metrics = match admin {
        Some(admin) => Some(format!("http://{}/metrics", admin.local_addr()?)),
        None => None,
    };
    if printer.json() {
        printer.value(&serde_json::json!({ "url": url, "metrics": metrics }))?;
        return Ok(());
    }
    printer.data(&url);
    for warning in &context.warnings {
        printer.say(&warning.to_string());
    }
    let candidates = &context.project.candidates;
    let n_models = candidates
        .iter()
        .filter(|candidate| candidate.target.pipeline.is_none())
        .count();
    if n_models < candidates.len() {
        printer.say("candidates that are pipelines are not served");
    }
    printer.say(&format!(
        "serving {}; OpenAI clients use base URL {url}/v1, Anthropic clients {url}",
        counted(n_models as u64, "candidate")
    ));
    if let Some(metrics) = metrics {
        printer.say(&format!("metrics at {metrics}"));
    }
    if let Some(settings) = &context.project.serve.texts {
        printer.say(&texts::told(settings, &texts_folder(context)?));
    }
    if let Some(settings) = &context.project.serve.canary {
        printer.say(&canary::told(settings, context));
    }
    if let Some(settings) = &context.project.serve.shadow {
        printer.say(&shadow::told(settings, &shadow::scorers(context)));
    }
    if let Some(settings) = &context.project.serve.traces {
        printer.say(&traces::told(settings));
    }
    printer.say("Ctrl-C ends; open answers then get time to end");
    Ok(())
}

/// Ready at Ctrl-C or SIGTERM.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminated.recv() => return,
                interrupted = tokio::signal::ctrl_c() => if interrupted.is_ok() { return },
            }
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal it serves until it is killed.
        std::future::pending::<()>().await;
    }
}
