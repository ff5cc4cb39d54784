//! `trilemma demo`: the whole path against simulated models over real HTTP.
//!
//! The bundled project is written to a folder, so that everything can be looked at and changed; its
//! endpoints are a simulator inside this process. Everything that comes out says that it is simulated.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use jiff::civil::Date;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use trilemma_sim::{LogOptions, Scenario, Sim, SimOptions};

use crate::args::Common;
use crate::commands::bench::BenchArgs;
use crate::commands::select::{self, SelectArgs};
use crate::context::InputError;
use crate::decision::DecideOptions;
use crate::exit::Exit;
use crate::printer::Printer;

/// The day whose prices and lifecycles the demo uses, so that it comes out the same on any day.
const AS_OF: Date = Date::constant(2026, 11, 23);
/// The address that the bundled project names.
const BUNDLED_ADDRESS: &str = "127.0.0.1:8383";

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../examples/support-triage/", $name)))),*]
    };
}

/// The bundled project, by path in its folder.
const FILES: &[(&str, &str)] = bundled![
    "trilemma.toml",
    "prompt.md",
    "golden.jsonl",
    "sim.toml",
    "answers/claude-haiku-4-5-20251001.jsonl",
    "answers/claude-opus-5-5.jsonl",
    "answers/gemini-2.5-flash-lite.jsonl",
    "answers/gpt-4o-2024-08-06.jsonl",
    "answers/gpt-5.4-mini-2026-03-17.jsonl",
];

/// Where the demo is put.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The folder for the demo project; what an earlier demo left there is replaced.
    #[arg(long, default_value = "trilemma-demo", value_name = "FOLDER")]
    dir: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &DemoArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let served = serve(&args.dir)?;
    write_project(&args.dir, &served.address)?;
    printer.say(&format!(
        "demo project in {}; five simulated models answer at http://{}",
        args.dir.display(),
        served.address
    ));
    let common = Common {
        project: Some(args.dir.join("trilemma.toml")),
        as_of: Some(common.as_of.unwrap_or(AS_OF)),
        ..common.clone()
    };
    let select = SelectArgs {
        bench: BenchArgs::default(),
        decide: DecideOptions::default(),
        report: None,
    };
    let exit = select::run(&select, &common, printer)?;
    drop(served);
    Ok(exit)
}

/// The simulator; it serves until it is dropped.
struct Served {
    _runtime: Runtime,
    address: String,
}

fn serve(folder: &Path) -> anyhow::Result<Served> {
    write_files(folder)?;
    let text = fs_err::read_to_string(folder.join("sim.toml"))?;
    let bad = |error: &dyn std::fmt::Display| anyhow!("failed to {error}");
    let scenario = Scenario::parse(&text).map_err(|error| bad(&error))?;
    let mut options = SimOptions::load(scenario, folder).map_err(|error| bad(&error))?;
    options.log = LogOptions {
        in_memory: false,
        ..LogOptions::default()
    };
    let sim = Sim::with_options(options).map_err(|error| bad(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .context("open a port on the loopback interface")?;
    let address = listener.local_addr()?.to_string();
    runtime.spawn(async move { sim.serve(listener, std::future::pending()).await });
    Ok(Served {
        _runtime: runtime,
        address,
    })
}

/// Writes the bundled project; a folder with other files in it is left alone.
fn write_files(folder: &Path) -> anyhow::Result<()> {
    let marker = folder.join("sim.toml");
    let is_strange =
        folder.exists() && !marker.exists() && fs_err::read_dir(folder)?.next().is_some();
    if is_strange {
        return Err(anyhow!(InputError(format!(
            "{} holds other files; hint: name another folder with --dir",
            folder.display()
        ))));
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&path, text)?;
    }
    // The demo measures anew each time: its simulator has another address.
    let state = folder.join(".trilemma");
    if state.exists() {
        fs_err::remove_dir_all(state)?;
    }
    Ok(())
}

fn write_project(folder: &Path, address: &str) -> anyhow::Result<()> {
    let path = folder.join("trilemma.toml");
    let text = fs_err::read_to_string(&path)?.replace(BUNDLED_ADDRESS, address);
    fs_err::write(&path, text)?;
    Ok(())
}
