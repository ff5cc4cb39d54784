//! `trilemma latency`: what people wait at a given load, and where an endpoint's limit is.

mod aim;
mod before;
mod launch;
mod output;
mod prompts;
mod record;
mod samples;
mod target;
mod typed;
mod view;
mod words;

use std::path::PathBuf;
use std::time::Duration;

use trilemma_domain::{Dialect, LatencyClass, Slo, Usd};

use crate::args::Common;
use crate::exit::Exit;
use crate::printer::Printer;
use typed::{Lengths, RampTyped};

/// Whom to load, how, and what to hold against it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LatencyArgs {
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    stop: StopArgs,
    #[command(flatten)]
    whom: WhomArgs,
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    bars: BarArgs,
    #[command(flatten)]
    out: OutArgs,
}

const EXAMPLES: &str = "\
Examples:
  trilemma latency                        100 requests to each candidate, 4 at once
  trilemma latency --rate 5 --duration 2m     5 a second, as independent users come
  trilemma latency --sweep                    the throughput-latency curve
  trilemma latency --goodput --slo ttft_p95=800ms --slo e2e_p95=5s
  trilemma latency --base-url http://127.0.0.1:8000/v1 --model llama \\
      --prompt-tokens 512 --output-tokens 128 --sweep --html latency.html

Exit code: 0 measured, and a candidate meets every budget asked for; 1 none does;
2 wrong input; 3 undecided; 4 a candidate gave no answer.";

/// How requests arrive.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "How requests arrive")]
struct LoadArgs {
    /// Users who each send their next request when the last is answered (closed loop; default: 4).
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), group = "pattern")]
    concurrency: Option<u32>,
    /// Requests a second, whatever comes back, with the gaps of independent users (open loop).
    #[arg(long, value_name = "PER_S", value_parser = typed::rate, group = "pattern")]
    rate: Option<f64>,
    /// A rate that rises or falls linearly over --duration, such as 1..20.
    #[arg(long, value_name = "FROM..TO", value_parser = typed::ramp, group = "pattern", requires = "duration")]
    ramp: Option<RampTyped>,
    /// Arrivals as recorded: a line each, seconds or RFC 3339, or JSON with `timestamp`.
    #[arg(long, value_name = "FILE", group = "pattern")]
    trace: Option<PathBuf>,
    /// Level after level to saturation; or these levels: users (1,2,4), or rates (2/s,5/s).
    #[arg(long, value_name = "LEVELS", num_args = 0..=1, require_equals = true, default_missing_value = "", group = "pattern")]
    sweep: Option<String>,
    /// Search the highest rate at which every --slo is shown to hold.
    #[arg(long, group = "pattern")]
    goodput: bool,
    /// With --rate: evenly spaced instead.
    #[arg(long, requires = "rate")]
    evenly: bool,
    /// Open loop: most requests in flight; the others wait here, and that counts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_in_flight: Option<u32>,
    /// With --goodput: the first rate tried (default: 1).
    #[arg(long, value_name = "PER_S", value_parser = typed::rate, requires = "goodput")]
    from: Option<f64>,
    /// With --goodput: the highest rate tried. With --sweep: the most users.
    #[arg(long, value_name = "N", value_parser = typed::rate)]
    most: Option<f64>,
}

/// When it ends.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "When it ends")]
struct StopArgs {
    /// Requests measured per candidate, or per level (default: 100 unless --duration is given).
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    requests: Option<u64>,
    /// How long requests are sent, per level, such as 30s or 5m.
    #[arg(long, short, value_name = "TIME", value_parser = typed::span)]
    duration: Option<Duration>,
    /// What comes first and is in no figure: requests (5) or a time (10s) (default: 5).
    #[arg(long, value_name = "N|TIME", value_parser = typed::warmup)]
    warmup: Option<typed::Warmup>,
    /// Longest time of one request.
    #[arg(long, value_name = "TIME", value_parser = typed::span, default_value = "60s")]
    timeout: Option<Duration>,
    /// Open loop with --max-in-flight: how long waiting requests may still begin.
    #[arg(long, value_name = "TIME", value_parser = typed::span, default_value = "60s")]
    drain: Option<Duration>,
    /// Most that the test may cost, in dollars (default: the project's).
    #[arg(long, value_name = "USD")]
    budget: Option<Usd>,
    /// Spend in spite of a budget where no price is known.
    #[arg(long)]
    allow_unknown_price: bool,
    /// Say what would be sent and what it would cost, and send nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Whom.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Whom")]
struct WhomArgs {
    /// Only these candidates of the project.
    #[arg(long, value_name = "ID", conflicts_with = "base_url")]
    only: Vec<String>,
    /// An endpoint without a project, such as http://127.0.0.1:8000/v1.
    #[arg(long, value_name = "URL", requires = "model")]
    base_url: Option<String>,
    /// Its model; several are compared.
    #[arg(long, value_name = "NAME", requires = "base_url")]
    model: Vec<String>,
    /// The language spoken there (default: openai).
    #[arg(long, value_name = "DIALECT", requires = "base_url", value_parser = typed::dialect())]
    dialect: Option<Dialect>,
    /// The environment variable that holds its key.
    #[arg(long, value_name = "VARIABLE", requires = "base_url")]
    key_env: Option<String>,
    /// Where this machine stands, for the record.
    #[arg(long, value_name = "TEXT")]
    region: Option<String>,
    /// Where the endpoint stands, for the record.
    #[arg(long, value_name = "TEXT")]
    endpoint_region: Option<String>,
}

/// What is sent.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What is sent (default: the golden set's prompts)")]
struct WhatArgs {
    /// Made-up prompts of so many tokens, such as 512 or 200..1000; none begins like another.
    #[arg(long, value_name = "TOKENS", value_parser = typed::lengths)]
    prompt_tokens: Option<Lengths>,
    /// Most tokens of an answer.
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    output_tokens: Option<u32>,
    /// Tokens that all made-up prompts begin with, as with a shared system prompt.
    #[arg(long, value_name = "TOKENS", requires = "prompt_tokens")]
    shared_prefix: Option<u32>,
    /// Different made-up prompts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), requires = "prompt_tokens")]
    prompts: Option<u32>,
    /// Ask servers like vLLM to go on to --output-tokens (sends `ignore_eos`).
    #[arg(long, requires = "output_tokens")]
    ignore_eos: bool,
    /// Do not stream.
    #[arg(long)]
    whole: bool,
    /// Seed of arrivals and prompts (default: the project's).
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// What is asked of the times.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Budgets (default: the project's latency requirement)")]
struct BarArgs {
    /// p95 of the whole answer: real-time 1 s, interactive 5 s, batch 60 s.
    #[arg(long, value_name = "CLASS", value_parser = typed::class())]
    class: Option<LatencyClass>,
    /// A budget, such as ttft_p95=800ms; also e2e, tpot, first_token, perceived.
    #[arg(long, value_name = "METRIC_pNN=TIME", value_parser = typed::slo)]
    slo: Vec<Slo>,
    /// Tokens a second that a reader takes in: 5.3 are 238 words a minute.
    #[arg(long, value_name = "TOKENS", value_parser = typed::rate, default_value = "5.3")]
    reading_speed: Option<f64>,
}

/// What comes out.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What comes out")]
struct OutArgs {
    /// Write a page with distribution, curve and timeline.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write every figure as a row.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write every request as a row (.csv), or as a line with the stamp of every chunk (.jsonl).
    #[arg(long, value_name = "FILE")]
    samples: Option<PathBuf>,
    /// Work a recorded test out again, without a call (default: the latest).
    #[arg(long, value_name = "TEST", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    again: Option<String>,
    /// List recorded tests.
    #[arg(long, conflicts_with = "again")]
    list: bool,
}

/// Runs the command.
pub(crate) fn run(args: &LatencyArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    samples::check(args.out.samples.as_deref())?;
    if args.out.list {
        return record::list(args, common, printer);
    }
    if let Some(named) = &args.out.again {
        return record::again(args, common, named, printer);
    }
    launch::run(args, common, printer)
}
