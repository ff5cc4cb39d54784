//! From weights and GPUs to fit, speed, replicas and break-even.

use anyhow::anyhow;
use rust_decimal::Decimal;
use trilemma_catalog::{Gpu, Model};
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::selfhost::{BreakEven, Fleet, GpuFit, SetUp, Sizing, StairStep, staircase};
use trilemma_domain::Usd;

use super::super::money::{Asked, Contender};
use crate::context::InputError;

/// Steps of the staircase that are shown.
const STEPS: u32 = 6;

/// Where an API's bill meets the fleet's, for slow, likely and fast replicas.
pub(in crate::commands) struct Crossing<'a> {
    pub(in crate::commands) contender: &'a Contender,
    /// USD per million tokens in the traffic's proportion; `None` = price unknown.
    pub(in crate::commands) blended: Option<Decimal>,
    pub(in crate::commands) slow: Option<BreakEven>,
    pub(in crate::commands) mode: Option<BreakEven>,
    pub(in crate::commands) fast: Option<BreakEven>,
}

/// The whole plan.
pub(in crate::commands) struct SelfHost<'a> {
    pub(in crate::commands) weights: &'a Model,
    pub(in crate::commands) precision: String,
    pub(in crate::commands) weight_bytes: f64,
    pub(in crate::commands) weight_source: String,
    pub(in crate::commands) kv_bytes_per_token: f64,
    /// What a query of theirs takes.
    pub(in crate::commands) tokens: PerQueryTokens,
    pub(in crate::commands) fits: Vec<GpuFit<'a>>,
    pub(in crate::commands) gpu: Option<&'a Gpu>,
    pub(in crate::commands) n_gpus: Option<u32>,
    /// Tokens per second of a replica: least, likely, most.
    pub(in crate::commands) speed: Option<(f64, f64, f64)>,
    pub(in crate::commands) speed_source: String,
    pub(in crate::commands) fleet: Option<Fleet>,
    pub(in crate::commands) replicas: Option<u32>,
    pub(in crate::commands) month: Option<Usd>,
    pub(in crate::commands) own_usd_per_mtok: Option<Decimal>,
    pub(in crate::commands) stairs: Vec<StairStep>,
    pub(in crate::commands) crossings: Vec<Crossing<'a>>,
}

/// Tokens of a query, in and out.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::commands) struct PerQueryTokens {
    pub(in crate::commands) counts: (Decimal, Decimal),
    /// Whether a run measured them of these weights.
    pub(in crate::commands) is_own: bool,
}

impl SelfHost<'_> {
    /// Tokens of a mean day, in and out; `None` = traffic not stated.
    pub(in crate::commands) fn tokens_per_day(&self, assumptions: &Assumptions) -> Option<Decimal> {
        let (input, output) = self.tokens.counts;
        assumptions
            .value(Key::QueriesPerDay)?
            .checked_mul(input.checked_add(output)?)
    }
}

/// The catalog's name of weights; a bare name is one of those that one hosts oneself.
pub(super) fn weights_name(weights: &str) -> String {
    if weights.contains('/') {
        weights.to_owned()
    } else {
        format!("open-weights/{weights}")
    }
}

/// Works everything out.
pub(in crate::commands) fn plan<'a>(
    asked: &'a Asked,
    (weights, gpu, precision): (&str, Option<&str>, &str),
) -> anyhow::Result<SelfHost<'a>> {
    let fail = |text: String| anyhow!(InputError(text));
    let catalog_error = |error: trilemma_catalog::CatalogError| fail(format!("failed to {error}"));
    let found = asked
        .catalog
        .find(&weights_name(weights), asked.as_of)
        .map_err(catalog_error)?;
    let sizing =
        Sizing::of(found.model, precision).map_err(|error| fail(format!("failed to {error}")))?;
    let gpus = match gpu {
        Some(name) => std::slice::from_ref(asked.catalog.gpu(name).map_err(catalog_error)?),
        None => asked.catalog.gpus().map_err(catalog_error)?,
    };
    let assumptions = &asked.assumptions;
    let fits: Vec<GpuFit<'a>> = gpus
        .iter()
        .map(|gpu| GpuFit::of(gpu, &sizing, assumptions))
        .collect();
    let tokens = tokens(asked, found.model);
    let mut plan = SelfHost {
        weights: found.model,
        precision: precision.to_owned(),
        weight_bytes: sizing.bytes,
        weight_source: sizing.source.clone(),
        kv_bytes_per_token: sizing.kv_bytes_per_token(assumptions),
        tokens,
        gpu: None,
        n_gpus: None,
        speed: None,
        speed_source: String::new(),
        fleet: None,
        replicas: None,
        month: None,
        own_usd_per_mtok: None,
        stairs: Vec::new(),
        crossings: Vec::new(),
        fits,
    };
    let traffic = plan.tokens_per_day(assumptions);
    let best = SetUp::cheapest(&plan.fits, &sizing, tokens.counts, (assumptions, traffic));
    if let Some(best) = best {
        plan.crossings = asked
            .contenders
            .iter()
            .map(|contender| crossing(contender, assumptions, (&best, tokens)))
            .collect();
        plan.gpu = Some(best.gpu);
        plan.n_gpus = Some(best.n_gpus);
        plan.speed = Some(best.speed);
        plan.speed_source = best.speed_source;
        plan.own_usd_per_mtok = best.fleet.marginal_usd_per_mtok();
        plan.stairs = staircase(&best.fleet, STEPS).unwrap_or_default();
        if let Some(tokens) = traffic {
            plan.replicas = best.fleet.replicas_for(tokens);
            plan.month = plan
                .replicas
                .and_then(|replicas| best.fleet.month(replicas));
        }
        plan.fleet = Some(best.fleet);
    }
    Ok(plan)
}

/// Tokens of a query of these weights: measured where one of those compared is these weights, else
/// as stated.
fn tokens(asked: &Asked, weights: &Model) -> PerQueryTokens {
    let own = asked.contenders.iter().find(|one| {
        one.weights.as_ref() == Some(&weights.id) && one.is_measured(&asked.assumptions)
    });
    let stated = |key: Key| asked.assumptions.or_zero(key);
    match own {
        Some(own) => {
            let (input, output) = own.tokens(&asked.assumptions);
            PerQueryTokens {
                counts: (input.mode(), output.mode()),
                is_own: true,
            }
        }
        None => PerQueryTokens {
            counts: (stated(Key::InputTokens), stated(Key::OutputTokens)),
            is_own: false,
        },
    }
}

/// What a contender's queries cost per million tokens of the weights: the same queries on both
/// sides. Where the weights were not measured, per million of the contender's own tokens.
fn blended(
    contender: &Contender,
    assumptions: &Assumptions,
    weights: PerQueryTokens,
) -> Option<Decimal> {
    let (input, output) = contender.tokens(assumptions);
    let (input, output) = if weights.is_own {
        weights.counts
    } else {
        (input.mode(), output.mode())
    };
    contender
        .mean_query(assumptions)?
        .cost
        .decimal()
        .checked_mul(Decimal::from(1_000_000))?
        .checked_div(input.checked_add(output)?)
}

/// Where a contender's bill meets the fleet's.
fn crossing<'a>(
    contender: &'a Contender,
    assumptions: &Assumptions,
    (set_up, tokens): (&SetUp<'_>, PerQueryTokens),
) -> Crossing<'a> {
    let blended = blended(contender, assumptions, tokens);
    let range = blended.map(|price| set_up.break_even(assumptions, price));
    let (slow, mode, fast) = range.map_or((None, None, None), |range| {
        (range.slow, range.likely, range.fast)
    });
    Crossing {
        contender,
        blended,
        slow,
        mode,
        fast,
    }
}
