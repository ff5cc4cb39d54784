//! `trilemma selfhost`: what serving open weights takes, and when it is cheaper than an API.

mod measured;
pub(super) mod plan;
mod words;

use std::path::PathBuf;

use anyhow::anyhow;
use jiff::civil::Date;
use serde_json::{Value, json};
use trilemma_catalog::{Catalog, CatalogError};
use trilemma_cost::InputProblem;
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::selfhost::{BreakEven, Never, Sizing};

use super::money::{MoneyArgs, assumptions_json};
use crate::args::Common;
use crate::context::InputError;
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;
use plan::{Crossing, SelfHost};

pub(super) use words::price_words;

/// Version of the JSON that is printed.
const SCHEMA_VERSION: u32 = 1;

/// What enters the figures.
pub(in crate::commands) const KEYS: &[Key] = &[
    Key::QueriesPerDay,
    Key::InputTokens,
    Key::OutputTokens,
    Key::WeightBits,
    Key::Context,
    Key::Sequences,
    Key::KvBits,
    Key::MemoryShare,
    Key::GpusPerReplica,
    Key::UsdPerGpuHour,
    Key::TokensPerSecond,
    Key::RooflineShare,
    Key::Mbu,
    Key::Mfu,
    Key::StepOverhead,
    Key::MinReplicas,
    Key::PeakToMean,
    Key::TargetUtilisation,
    Key::Fte,
    Key::FteUsdMonth,
    Key::SelfhostUsdMonth,
    Key::CommitDiscount,
];

/// Which weights, where, against whom.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct SelfhostArgs {
    /// The weights, such as llama-3.1-8b-instruct.
    #[arg(long, short, value_name = "MODEL")]
    weights: String,
    /// The GPU (default: every GPU of the catalog is tried for fit, and the cheapest month taken).
    #[arg(long, value_name = "GPU")]
    gpu: Option<String>,
    /// How weights are stored: bf16, fp8, int8, awq-g128, gptq-g128, nf4-dq, mxfp4, or a published size such as gguf-q4_k_m (default: by `weight_bits`, fp8 unless stated).
    #[arg(long, value_name = "FORMAT")]
    precision: Option<String>,
    /// The speed of a replica as measured: a file of what `trilemma latency --json` printed.
    #[arg(long, value_name = "FILE", requires = "gpu")]
    measured: Option<PathBuf>,
    /// The candidate of that file (default: its only one).
    #[arg(long, value_name = "ID", requires = "measured")]
    measured_candidate: Option<String>,
    #[command(flatten)]
    money: MoneyArgs,
}

/// Runs the command.
pub(crate) fn run(args: &SelfhostArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut asked = args
        .money
        .read_with(common, &[], |catalog, as_of| wrong(args, catalog, as_of))?;
    if let Some(path) = &args.measured {
        let candidate = args.measured_candidate.as_deref();
        measured::state(&mut asked.assumptions, (path, candidate))?;
    }
    let precision = match &args.precision {
        Some(named) => named.clone(),
        None => precision(&asked.assumptions)?,
    };
    let plan = plan::plan(&asked, (&args.weights, args.gpu.as_deref(), &precision))?;
    if printer.json() {
        printer.value(&as_json(&asked, &plan))?;
        return Ok(Exit::Ok);
    }
    printer.data(&words::text(&asked, &plan));
    printer.next(&next(args, common));
    Ok(Exit::Ok)
}

/// What is wrong with weights, format and GPU.
fn wrong(args: &SelfhostArgs, catalog: &Catalog, as_of: Date) -> Vec<InputProblem> {
    let mut problems = Vec::new();
    match catalog.find(&plan::weights_name(&args.weights), as_of) {
        Ok(found) => {
            let sized = args
                .precision
                .as_ref()
                .map(|format| Sizing::of(found.model, format));
            if let Some(Err(error)) = sized {
                problems.push(InputProblem {
                    field: "--precision".to_owned(),
                    problem: error.to_string(),
                    hint: "leave it out, or name one of these".to_owned(),
                });
            }
        }
        Err(_) => problems.push(InputProblem {
            field: format!("--weights {}", args.weights),
            problem: "names no model".to_owned(),
            hint:
                "`trilemma catalog list --provider open-weights --all` names those of the catalog"
                    .to_owned(),
        }),
    }
    if let Some(Err(error)) = args.gpu.as_deref().map(|name| catalog.gpu(name)) {
        let known = match &error {
            CatalogError::UnknownGpu { known, .. } => known.join(", "),
            other => other.to_string(),
        };
        problems.push(InputProblem {
            field: format!("--gpu {}", args.gpu.as_deref().unwrap_or_default()),
            problem: "names no GPU".to_owned(),
            hint: format!("one of {known}; others stand as [[gpu]] rows in a catalog file"),
        });
    }
    problems
}

/// First the speed of a replica as it is, then what a switch costs.
fn next(args: &SelfhostArgs, common: &Common) -> String {
    if args.measured.is_some() {
        return args.money.again(common, "tco");
    }
    format!(
        "trilemma latency --base-url http://localhost:8000/v1 --model {} --json > replica.json",
        hint::word(&args.weights)
    )
}

/// The usual format of so many bits per weight.
///
/// # Errors
/// [`InputError`] for a number of bits that no format of the table has.
pub(super) fn precision(assumptions: &Assumptions) -> anyhow::Result<String> {
    let format = match assumptions.count(Key::WeightBits) {
        Some(16) => "bf16",
        Some(8) => "fp8",
        Some(4) => "awq-g128",
        Some(_) | None => {
            return Err(anyhow!(InputError(
                "failed to find a format of so many bits; hint: `weight_bits` is 16, 8 or 4, other formats go by --precision"
                    .to_owned()
            )));
        }
    };
    Ok(format.to_owned())
}

fn as_json(asked: &super::money::Asked, plan: &SelfHost<'_>) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_of": asked.as_of,
        "weights": plan.weights.id.to_string(),
        "precision": plan.precision,
        "weight_bytes": plan.weight_bytes,
        "weight_bytes_from": plan.weight_source,
        "kv_bytes_per_token": plan.kv_bytes_per_token,
        "fits": plan.fits.iter().map(|fit| json!({
            "gpu": fit.gpu.id,
            "gpus": fit.n_gpus,
            "total_gib": fit.fit.map(|fit| fit.total_gib),
            "usable_gib": fit.fit.map(|fit| fit.usable_gib),
            "weights_gib": fit.fit.map(|fit| fit.weights_gib),
            "kv_gib": fit.fit.map(|fit| fit.kv_gib),
            "overhead_gib": fit.fit.map(|fit| fit.overhead_gib),
            "max_sequences": fit.fit.map(|fit| fit.max_sequences),
            "usd_per_gpu_hour": fit.gpu.plan_price().map(|price| price.mid().normalize().to_string()),
        })).collect::<Vec<_>>(),
        "gpu": plan.gpu.as_ref().map(|gpu| gpu.id.clone()),
        "gpus_per_replica": plan.n_gpus,
        "tokens_per_s": plan.speed.map(|(low, mode, high)| json!({ "low": low, "mode": mode, "high": high })),
        "tokens_per_s_from": plan.speed_source,
        "replicas": plan.replicas,
        "usd_per_month": plan.month.map(|cost| cost.decimal().round_dp(2).to_string()),
        "own_usd_per_mtok": plan.own_usd_per_mtok.map(|price| price.round_dp(6).to_string()),
        "staircase": plan.stairs.iter().map(|step| json!({
            "replicas": step.replicas,
            "tokens_per_day": step.tokens_per_day.round_dp(0).to_string(),
            "usd_per_month": step.month.decimal().round_dp(2).to_string(),
        })).collect::<Vec<_>>(),
        "against": plan.crossings.iter().map(crossing_json).collect::<Vec<_>>(),
        "assumptions": assumptions_json(&asked.assumptions, KEYS),
    })
}

fn crossing_json(crossing: &Crossing<'_>) -> Value {
    let tokens = |found: &Option<BreakEven>| match found {
        Some(BreakEven::From { tokens_per_day, .. }) => {
            Some(tokens_per_day.round_dp(0).to_string())
        }
        Some(BreakEven::Never(_)) | None => None,
    };
    json!({
        "name": crossing.contender.name,
        "api_usd_per_mtok": crossing.blended.map(|price| price.round_dp(9).normalize().to_string()),
        "break_even_tokens_per_day": tokens(&crossing.mode),
        "if_fast": tokens(&crossing.fast),
        "if_slow": tokens(&crossing.slow),
        "never_because": match &crossing.mode {
            Some(BreakEven::Never(Never::MarginalCost { .. })) => Some("a busy replica's tokens cost more than the API's"),
            Some(BreakEven::Never(Never::TooFar { .. })) => Some("beyond any fleet that was looked at"),
            Some(BreakEven::From { .. }) | None => None,
        },
    })
}
