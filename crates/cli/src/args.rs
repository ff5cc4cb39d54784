//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use jiff::civil::Date;

use crate::commands;

/// Choose the right LLM for your production system, and prove the choice.
#[derive(Debug, Parser)]
#[command(
    name = "trilemma",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but data and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Options that most commands take.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// The project file.
    #[arg(long, short = 'p', global = true, value_name = "FILE")]
    pub(crate) project: Option<PathBuf>,
    /// The date whose prices, terms and lifecycles hold (default: today).
    #[arg(long, global = true, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// Lay a catalog file of your own over the built-in one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See the whole path work against simulated models; needs no key.
    Demo(commands::demo::DemoArgs),
    /// Write a commented, working project for a kind of task.
    Init(commands::init::InitArgs),
    /// Validate everything; say what a run would cost and could decide.
    Check(commands::check::CheckArgs),
    /// The main job: benchmark every candidate, decide, report.
    Select(commands::select::SelectArgs),
    /// The verdict on a recorded run as text, HTML, Markdown, JSON, CSV or JUnit.
    Report(commands::report::ReportArgs),
    /// Serve the candidates to OpenAI and Anthropic clients, with budgets and a record of each request.
    Serve(commands::serve::ServeArgs),
    /// Call every candidate on every item; score and record the answers.
    Bench(commands::bench::BenchArgs),
    /// The verdict on a recorded run, without calling anyone.
    Decide(commands::decide::DecideArgs),
    /// Whether pinned models are still what was measured: baseline, check, watch.
    Drift(commands::drift::DriftArgs),
    /// Let people label answers; scores are corrected by it.
    Review(commands::review::ReviewArgs),
    /// Score recorded answers again, without calling a candidate.
    Score(commands::score::ScoreArgs),
    /// List, show or remove what was measured.
    Runs(commands::runs::RunsArgs),
    /// The verdict on results that another tool has measured; needs no key.
    Import(commands::import::ImportArgs),
    /// Whether a new run is at least as good as a recorded one: for prompt and model changes in CI.
    Gate(commands::gate::GateArgs),
    /// What the gateway recorded: answers, costs and first tokens by candidate.
    Evidence(commands::evidence::EvidenceArgs),
    /// Write everything measured in a run as JSON lines.
    Export(commands::export::ExportArgs),
    /// Look up models: prices, lifecycles, terms, limits, with source and date.
    Catalog(commands::catalog::CatalogArgs),
    /// What a month of production costs, per candidate and mix.
    Cost(commands::cost::CostArgs),
    /// What owning a choice costs over its months, and what a switch pays back.
    Tco(commands::tco::TcoArgs),
    /// What serving open weights takes, and when it is cheaper than an API.
    Selfhost(commands::selfhost::SelfhostArgs),
    /// Whether rate limits carry the traffic at its peak, and what to apply for.
    Limits(commands::limits::LimitsArgs),
    /// What people wait at a given load, and where an endpoint's limit is.
    Latency(Box<commands::latency::LatencyArgs>),
    /// Train, evaluate and explain policies that route each query to a candidate.
    Route(commands::route::RouteArgs),
    /// Check, sample or split a golden set.
    Golden(commands::golden::GoldenArgs),
    /// Propose three to five candidates, with reasons.
    Shortlist(commands::shortlist::ShortlistArgs),
    /// Print the JSON Schema of a file format.
    Schema(commands::schema::SchemaArgs),
    /// Serve simulated or recorded models over HTTP.
    Sim(commands::sim::SimArgs),
    /// List scorers and extraction steps with their options.
    Scorers(commands::scorers::ScorersArgs),
    /// Write completions for a shell.
    Completions(commands::completions::CompletionsArgs),
}
