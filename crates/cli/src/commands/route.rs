//! `trilemma route`: policies that serve each query with the cheapest sufficient candidate.

mod curve_csv;
mod draw;
mod embed;
mod embedding;
mod eval;
mod expected;
mod explain;
mod explained;
mod fit;
mod kind;
mod rule_words;
mod seal;
mod sheet;
mod sheet_json;
mod sheet_words;
mod signals;
mod target;
mod train;
mod trainings;
mod words;

pub(crate) use eval::read_policy;

use clap::Subcommand;

use crate::args::Common;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::routing::plan;

/// What to do with policies.
#[derive(Debug, clap::Args)]
pub(crate) struct RouteArgs {
    #[command(subcommand)]
    command: RouteCommand,
}

#[derive(Debug, Subcommand)]
enum RouteCommand {
    /// Train a policy on a recorded run and write it, unless it is not shown to be worth anything.
    Train(train::TrainArgs),
    /// What routing is worth on items that it has not seen, or what a policy file does on a run.
    Eval(eval::EvalArgs),
    /// Ask a model for embeddings for the vectors of a run's queries, each text once, so that training can use them.
    Embed(embed::EmbedArgs),
    /// Which candidate a policy asks for a query, why, and what would change that.
    ///
    /// Each expectation says on how many items (n) it rests. Means have their 95 % interval. What asking on would gain,
    /// after cheap answers, has its posterior standard deviation: of the mean over such answers, not of one. An estimate
    /// of quality or cost for one query has no interval: it comes from penalised weights and trees, which give none
    /// that holds, and one answer is right or wrong; `route eval` says what choices by such estimates came to.
    Explain(Box<explain::ExplainArgs>),
}

/// Runs the command.
pub(crate) fn run(args: &RouteArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    match &args.command {
        RouteCommand::Train(args) => train::run(args, common, printer),
        RouteCommand::Eval(args) => eval::run(args, common, printer),
        RouteCommand::Embed(args) => embed::run(args, common, printer),
        RouteCommand::Explain(args) => explain::run(args, common, printer),
    }
}
