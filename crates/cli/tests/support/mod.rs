//! What end-to-end tests share: a simulator in this process, a project in a folder of its own, and
//! the program itself.

#![expect(dead_code, reason = "every test binary uses a part of this")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on may panic, and says when it is skipped"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use trilemma_sim::{CallLog, Sim, SimOptions};

/// The folder of recorded data; `None` = the test is skipped, and says so.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find recorded data through the environment"
)]
pub(crate) fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TRILEMMA_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
    }
    folder
}

/// A simulator that serves until it is dropped.
pub(crate) struct Served {
    _runtime: Runtime,
    pub(crate) url: String,
    pub(crate) log: CallLog,
}

/// Serves simulated models on a free port of the loopback interface.
pub(crate) fn serve(options: SimOptions) -> Served {
    serve_at(options, "127.0.0.1:0")
}

/// Serves simulated models at an address.
pub(crate) fn serve_at(options: SimOptions, address: &str) -> Served {
    let sim = Sim::with_options(options).unwrap();
    let log = sim.log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { sim.serve(listener, std::future::pending()).await });
    Served {
        _runtime: runtime,
        url,
        log,
    }
}

/// The program, told to work on the project in `folder`.
pub(crate) fn trilemma(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilemma"));
    command
        .arg("--project")
        .arg(folder.join("trilemma.toml"))
        .args(arguments)
        .env_clear()
        .env("SIM_KEY", "sk-simulated-0123456789");
    command
}

/// Starts the gateway on the project in `folder`; gives the child and its address.
pub(crate) fn start_gateway(folder: &Path) -> (Child, String) {
    let mut child = trilemma(folder, &["serve", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().to_owned();
    (child, address)
}

/// What a command printed as JSON; its exit code must be one of these.
pub(crate) fn json(output: &Output, exits: &[i32]) -> Value {
    let code = output.status.code();
    assert!(
        code.is_some_and(|code| exits.contains(&code)),
        "exit {code:?}, expected one of {exits:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether the slow suites run too.
#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
pub(crate) fn is_slow_run() -> bool {
    std::env::var_os("TRILEMMA_SLOW_TESTS").is_some_and(|value| !value.is_empty())
}

/// A golden set of numbered items, of which every seventh expects something else than an echo.
pub(crate) fn write_golden(folder: &Path, n_items: usize) -> PathBuf {
    let mut text = String::new();
    for idx in 0..n_items {
        let expected = if idx % 7 == 0 {
            "something else".to_owned()
        } else {
            format!("say {idx}")
        };
        let line = serde_json::json!({
            "id": format!("i{idx}"), "input": format!("say {idx}"), "expected": expected
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    let path = folder.join("golden.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

/// A project over `golden.jsonl` whose candidates all speak to one simulator.
pub(crate) fn write_project(folder: &Path, url: &str, models: &[&str], bench: &str) {
    let mut text = format!(
        "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [providers.sim]\ndialect = \"openai\"\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[scorers]]\ntype = \"exact\"\n[bench]\n{bench}\n"
    );
    for model in models {
        text.push_str(&format!(
            "[[candidates]]\nmodel = \"sim/{model}\"\nprice = {{ input = \"1\", output = \"2\" }}\n"
        ));
    }
    std::fs::write(folder.join("trilemma.toml"), text).unwrap();
}
