//! Checks that the house stays tidy: `cargo run -p xtask -- tidy|licences`. The tests run `tidy` too.
//!
//! Over recorded outcomes, `cargo run --release -p xtask -- race` simulates adaptive evaluation, `drift` checks of
//! drift, `decisions DATA` rules for choosing a model, `seeds DATA` full and raced runs on parts of a golden set; `lists DATA` answers the
//! design document's API list; `route DATA` says what routing is worth.

mod decisions;
mod drift;
mod licences;
mod lists;
mod race;
mod route;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let complaints = match std::env::args().nth(1).as_deref() {
        None | Some("tidy") => tidy::all(&root),
        Some("licences") => licences::check(&root),
        Some("race") => race::run(std::env::args().nth(2).as_deref()).map(|table| {
            print(&table);
            Vec::new()
        }),
        Some("drift") => drifts().map(|table| {
            print(&table);
            Vec::new()
        }),
        Some("decisions") => simulated(std::env::args().nth(2).as_deref()).map(|tables| {
            print(&tables);
            Vec::new()
        }),
        Some("seeds") => data()
            .and_then(|data| {
                decisions::seeds::print(Path::new(&data), std::env::args().nth(3).as_deref())
            })
            .map(|tables| {
                print(&tables);
                Vec::new()
            }),
        Some("best") => data()
            .and_then(|data| {
                decisions::best::print(Path::new(&data), std::env::args().nth(3).as_deref())
            })
            .map(|table| {
                print(&table);
                Vec::new()
            }),
        Some("route") => data()
            .and_then(|data| {
                let argument = |at| std::env::args().nth(at);
                route::print(
                    Path::new(&data),
                    argument(3).as_deref(),
                    argument(4).as_deref(),
                )
            })
            .map(|table| {
                print(&table);
                Vec::new()
            }),
        Some("lists") => data()
            .and_then(|data| lists::print(Path::new(&data)))
            .map(|table| {
                print(&table);
                Vec::new()
            }),
        Some(other) => Err(anyhow::anyhow!(
            "unknown check `{other}`; hint: tidy, licences, race, drift, decisions, seeds, best, route or lists"
        )),
    };
    match complaints {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            tell(&complaints.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            tell(&format!("failed to check the house: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder of recorded outcomes.
fn data() -> anyhow::Result<String> {
    std::env::args()
        .nth(2)
        .context("the folder of recorded outcomes is missing; hint: name it after the command")
}

/// The tables of drift checks.
fn drifts() -> anyhow::Result<String> {
    let mut arguments = std::env::args().skip(2);
    let (histories, data) = (arguments.next(), arguments.next());
    drift::run(histories.as_deref(), data.as_deref())
}

/// The tables of decisions.
fn simulated(data: Option<&str>) -> anyhow::Result<String> {
    let data = data.context("the folder of recorded outcomes is missing; hint: decisions DATA")?;
    decisions::print(Path::new(data))
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool that speaks to the terminal"
)]
fn tell(text: &str) {
    eprintln!("{text}");
}

#[expect(
    clippy::print_stdout,
    reason = "a developer's tool whose output is data"
)]
fn print(text: &str) {
    print!("{text}");
}
