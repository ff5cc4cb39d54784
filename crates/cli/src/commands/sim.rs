//! `trilemma sim`: simulated or recorded models over HTTP.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use tokio::net::TcpListener;
use trilemma_sim::{LogOptions, Scenario, Sim, SimOptions};

use crate::context::InputError;
use crate::exit::Exit;
use crate::printer::Printer;

/// What is served, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct SimArgs {
    /// A scenario file (TOML or JSON): behaviour, limits and faults of each model.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// The golden set that recorded answers belong to.
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,
    /// Recorded answers (JSON lines of `id` and `output`); the model is the file's name.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "golden")]
    replay: Vec<PathBuf>,
    /// Port on the loopback interface; 0 = any free one.
    #[arg(long, default_value_t = 8383)]
    port: u16,
    /// Write each call as a JSON line to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Count the tokens of all recorded texts before serving.
    #[arg(long)]
    warm: bool,
}

/// Runs the command.
pub(crate) fn run(args: SimArgs, printer: Printer) -> anyhow::Result<Exit> {
    let bad = |error: &dyn std::fmt::Display| anyhow!(InputError(format!("failed to {error}")));
    let mut folder = PathBuf::from(".");
    let mut scenario = match &args.scenario {
        Some(path) => {
            folder = crate::places::folder_of(path);
            let text = fs_err::read_to_string(path)
                .map_err(|error| anyhow!(InputError(error.to_string())))?;
            Scenario::parse(&text).map_err(|error| bad(&error))?
        }
        None => Scenario::default(),
    };
    // Paths of the command line are relative to where it was typed.
    let typed = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(golden) = &args.golden {
        scenario.golden = Some(typed(golden));
    }
    scenario
        .replay
        .extend(args.replay.iter().map(|path| typed(path)));
    let mut options = SimOptions::load(scenario, &folder).map_err(|error| bad(&error))?;
    options.log = LogOptions {
        file: args.log.clone(),
        in_memory: false,
        ..LogOptions::default()
    };
    let sim = Sim::with_options(options).map_err(|error| bad(&error))?;
    if args.warm {
        sim.warm();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", args.port)).await?;
        let address = listener.local_addr()?;
        if printer.json() {
            printer.value(&serde_json::json!({ "url": format!("http://{address}") }))?;
        } else {
            printer.data(&format!("http://{address}"));
        }
        printer.say("serving simulated models; Ctrl-C ends");
        let stop = async {
            // Without the signal it serves until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        sim.serve(listener, stop).await;
        Ok(Exit::Ok)
    })
}
