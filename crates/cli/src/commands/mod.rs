//! One file per command, and the one place that calls them.

pub(crate) mod bench;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod decide;
pub(crate) mod demo;
pub(crate) mod drift;
pub(crate) mod evidence;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod golden;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod latency;
pub(crate) mod limits;
mod money;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod route;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod score;
pub(crate) mod scorers;
pub(crate) mod select;
pub(crate) mod selfhost;
pub(crate) mod serve;
pub(crate) mod shortlist;
pub(crate) mod sim;
pub(crate) mod tco;
mod words;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::printer::Printer;

/// Runs what was asked for.
pub(crate) fn run(args: Args, printer: Printer) -> anyhow::Result<Exit> {
    let common = &args.common;
    match args.command {
        Command::Demo(args) => demo::run(&args, common, printer),
        Command::Check(args) => check::run(&args, common, printer),
        Command::Select(args) => select::run(&args, common, printer),
        Command::Report(args) => report::run(&args, common, printer),
        Command::Review(args) => review::run(&args, common, printer),
        Command::Bench(args) => bench::run(&args, common, printer),
        Command::Decide(args) => decide::run(&args, common, printer),
        Command::Drift(args) => drift::run(&args, common, printer),
        Command::Score(args) => score::run(&args, common, printer),
        Command::Runs(args) => runs::run(&args, common, printer),
        Command::Import(args) => import::run(&args, common, printer),
        Command::Gate(args) => gate::run(&args, common, printer),
        Command::Export(args) => export::run(&args, common, printer),
        Command::Evidence(args) => evidence::run(&args, common, printer),
        Command::Serve(args) => serve::run(&args, common, printer),
        Command::Sim(args) => sim::run(args, printer),
        Command::Catalog(args) => catalog::run(&args, common, printer),
        Command::Cost(args) => cost::run(&args, common, printer),
        Command::Tco(args) => tco::run(&args, common, printer),
        Command::Selfhost(args) => selfhost::run(&args, common, printer),
        Command::Latency(args) => latency::run(&args, common, printer),
        Command::Limits(args) => limits::run(&args, common, printer),
        Command::Route(args) => route::run(&args, common, printer),
        Command::Golden(args) => golden::run(&args, common, printer),
        Command::Shortlist(args) => shortlist::run(&args, common, printer),
        Command::Init(args) => init::run(&args, common, printer),
        Command::Schema(args) => schema::run(&args, printer),
        Command::Scorers(args) => scorers::run(&args, printer),
        Command::Completions(args) => completions::run(&args, printer),
    }
}
