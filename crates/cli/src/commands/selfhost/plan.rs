//! From weights and GPUs to fit, speed, replicas and break-even.

use anyhow::anyhow;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trilemma_catalog::{Arch, Gpu, Model};
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_cost::decimal_of;
use trilemma_cost::selfhost::{BreakEven, Fleet, StairStep, break_even, staircase};
use trilemma_cost::speed::{Peak, Serving, roofline};
use trilemma_cost::vram::{Device, Fit, KvCache, Load, Scheme, Weights, fit};
use trilemma_domain::Usd;

use super::super::money::{Asked, Contender};
use crate::context::InputError;

/// Most GPUs of a replica that are tried.
const MOST_GPUS: u32 = 8;
/// Steps of the staircase that are shown.
const STEPS: u32 = 6;

/// How a model sits on a GPU.
pub(in crate::commands) struct GpuFit<'a> {
    pub(in crate::commands) gpu: &'a Gpu,
    /// Fewest that hold it, of those that were tried; `None` = none of them.
    pub(in crate::commands) n_gpus: Option<u32>,
    pub(in crate::commands) fit: Option<Fit>,
}

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

/// What the weights take.
struct Sized {
    bytes: f64,
    source: String,
    scheme: Option<Scheme>,
    kv: KvCache,
    active_share: f64,
    active_params: f64,
}

/// Whether enough is known of an architecture to size its weights and cache.
pub(in crate::commands) fn can_size(arch: &Arch) -> bool {
    KvCache::of(arch).is_some() && Weights::of(arch).is_some()
}

/// Works everything out.
pub(in crate::commands) fn plan<'a>(
    asked: &'a Asked,
    (weights, gpu, precision): (&str, Option<&str>, &str),
) -> anyhow::Result<SelfHost<'a>> {
    let fail = |text: String| anyhow!(InputError(text));
    let catalog_error = |error: trilemma_catalog::CatalogError| fail(format!("failed to {error}"));
    let name = if weights.contains('/') {
        weights.to_owned()
    } else {
        format!("open-weights/{weights}")
    };
    let found = asked
        .catalog
        .find(&name, asked.as_of)
        .map_err(catalog_error)?;
    let sized = sized(found.model, precision)?;
    let gpus = match gpu {
        Some(name) => std::slice::from_ref(asked.catalog.gpu(name).map_err(catalog_error)?),
        None => asked.catalog.gpus().map_err(catalog_error)?,
    };
    let assumptions = &asked.assumptions;
    let fits: Vec<GpuFit<'a>> = gpus
        .iter()
        .map(|gpu| fitted(gpu, &sized, assumptions))
        .collect();
    let kv_bits = assumptions.float(Key::KvBits).unwrap_or(16.0);
    let mut plan = SelfHost {
        weights: found.model,
        precision: precision.to_owned(),
        weight_bytes: sized.bytes,
        weight_source: sized.source.clone(),
        kv_bytes_per_token: sized.kv.bytes_per_token(0, kv_bits),
        tokens: PerQueryTokens::default(),
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
    plan.tokens = tokens(asked, found.model);
    let traffic = plan.tokens_per_day(assumptions);
    // The set-up whose month is cheapest for the traffic, or for one replica where it is not stated.
    let best = plan
        .fits
        .iter()
        .filter_map(|fit| {
            let (fleet, speed, source) = fleet(fit, (&sized, plan.tokens.counts), assumptions)?;
            let replicas = match traffic {
                Some(tokens) => fleet.replicas_for(tokens)?,
                None => fleet.min_replicas,
            };
            let month = fleet.month(replicas)?;
            Some((month, fit.gpu, fit.n_gpus?, fleet, speed, source))
        })
        .min_by_key(|(month, ..)| *month);
    if let Some((_, gpu, n_gpus, fleet, speed, source)) = best {
        plan.gpu = Some(gpu);
        plan.n_gpus = Some(n_gpus);
        plan.speed = Some(speed);
        plan.speed_source = source;
        plan.own_usd_per_mtok = fleet.marginal_usd_per_mtok();
        plan.stairs = staircase(&fleet, STEPS).unwrap_or_default();
        if let Some(tokens) = traffic {
            plan.replicas = fleet.replicas_for(tokens);
            plan.month = plan.replicas.and_then(|replicas| fleet.month(replicas));
        }
        plan.crossings = asked
            .contenders
            .iter()
            .map(|contender| {
                let blended = blended(contender, assumptions, plan.tokens);
                crossing((contender, blended), assumptions, (&fleet, gpu), speed)
            })
            .collect();
        plan.fleet = Some(fleet);
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

/// Weights in a format: a published size wins over the formula.
fn sized(model: &Model, precision: &str) -> anyhow::Result<Sized> {
    let fail = |text: String| anyhow!(InputError(text));
    let no_arch = || {
        fail(format!(
            "failed to size `{}`: the catalog does not say how it is built or how it remembers tokens; hint: add `arch` with `attention` to a [[model]] row of your own catalog file",
            model.id
        ))
    };
    let arch = model.arch.as_ref().ok_or_else(no_arch)?;
    let kv = KvCache::of(arch).ok_or_else(no_arch)?;
    let weights = Weights::of(arch).ok_or_else(no_arch)?;
    let scheme = Scheme::by_name(precision);
    let published = model
        .footprints
        .iter()
        .find(|size| size.scheme == precision);
    let (bytes, source) = match (published, scheme) {
        (Some(size), _) => (
            size.gb * 1e9,
            format!("published: {} GB [{}]", size.gb, size.provenance),
        ),
        (None, Some(scheme)) => (
            weights.bytes(scheme),
            "computed from the architecture".to_owned(),
        ),
        (None, None) => {
            let schemes = Scheme::ALL.iter().map(|scheme| scheme.name());
            let sizes = model.footprints.iter().map(|size| size.scheme.as_str());
            let known: Vec<&str> = schemes.chain(sizes).collect();
            return Err(fail(format!(
                "failed to find the format `{precision}`; hint: one of {}",
                known.join(", ")
            )));
        }
    };
    let params = weights.params().to_f64().unwrap_or(f64::NAN);
    let active_params = arch
        .active_params
        .and_then(|count| count.to_f64())
        .unwrap_or(params);
    Ok(Sized {
        bytes,
        source,
        scheme,
        kv,
        active_share: active_params / params,
        active_params,
    })
}

/// The fewest GPUs that hold the model at the stated context and concurrency.
fn fitted<'a>(gpu: &'a Gpu, sized: &Sized, assumptions: &Assumptions) -> GpuFit<'a> {
    let stated = assumptions.count(Key::GpusPerReplica);
    let count = |key: Key| assumptions.value(key).and_then(|value| value.to_u64());
    let try_on = |n_gpus: u32| {
        fit(
            &Load {
                weight_bytes: sized.bytes,
                kv: &sized.kv,
                kv_bits: assumptions.float(Key::KvBits).unwrap_or(16.0),
                context: count(Key::Context).unwrap_or(8_192),
                sequences: count(Key::Sequences).unwrap_or(1),
            },
            &Device {
                n_gpus,
                gib: gpu.plan_gib(),
                utilisation: assumptions.float(Key::MemoryShare).unwrap_or(0.9),
                reserved_gib: 0.0,
            },
        )
    };
    let tried: Vec<u32> = match stated {
        Some(n_gpus) => vec![n_gpus],
        // Tensor parallelism splits over powers of two.
        None => vec![1, 2, 4, MOST_GPUS],
    };
    let hit = tried
        .iter()
        .map(|n_gpus| (*n_gpus, try_on(*n_gpus)))
        .find(|(_, fit)| fit.fits());
    let last = tried.last().map(|n_gpus| try_on(*n_gpus));
    GpuFit {
        gpu,
        n_gpus: hit.map(|(n_gpus, _)| n_gpus),
        fit: hit.map(|(_, fit)| fit).or(last),
    }
}

type Planned = (Fleet, (f64, f64, f64), String);

/// Replicas of a fitting GPU; `None` where it does not fit or costs an unknown price.
fn fleet(
    found: &GpuFit<'_>,
    served: (&Sized, (Decimal, Decimal)),
    assumptions: &Assumptions,
) -> Option<Planned> {
    let n_gpus = found.n_gpus?;
    let (speed, source) = speed(found, n_gpus, served, assumptions)?;
    let price = match assumptions.value(Key::UsdPerGpuHour) {
        Some(stated) => stated,
        None => found.gpu.plan_price()?.mid(),
    };
    let value = |key: Key| assumptions.value(key);
    let fleet = Fleet {
        tokens_per_s: decimal_of(speed.1)?,
        gpus: n_gpus,
        usd_per_gpu_hour: price,
        min_replicas: assumptions.count(Key::MinReplicas)?,
        fte: value(Key::Fte)?,
        fte_usd_month: value(Key::FteUsdMonth)?,
        fixed_usd_month: value(Key::SelfhostUsdMonth)?,
        target_utilisation: value(Key::TargetUtilisation)?,
        peak_to_mean: value(Key::PeakToMean)?,
        commit_discount: value(Key::CommitDiscount)?,
    };
    Some((fleet, speed, source))
}

/// Tokens per second of a replica: measured where stated, else a share of the roofline.
fn speed(
    found: &GpuFit<'_>,
    n_gpus: u32,
    (sized, (input, output)): (&Sized, (Decimal, Decimal)),
    assumptions: &Assumptions,
) -> Option<((f64, f64, f64), String)> {
    if let Some(span) = assumptions.span(Key::TokensPerSecond) {
        let range = span.range();
        let triple = (range.low(), range.mode(), range.high());
        return Some((triple, "your own measurement".to_owned()));
    }
    let float = |key: Key| assumptions.float(key);
    let in_8_bits = sized.scheme.is_some_and(Scheme::computes_in_8_bits);
    let tflops = match (in_8_bits, found.gpu.fp8_tflops) {
        (true, Some(tflops)) => tflops,
        (true | false, _) => found.gpu.bf16_tflops,
    };
    let kv_bits = float(Key::KvBits)?;
    let kv = &sized.kv;
    let batch = found.fit?.max_sequences.clamp(1, 256);
    let best = roofline(
        &Peak {
            bytes_per_s: found.gpu.bandwidth_gb_s * 1e9,
            flops: tflops * 1e12,
        },
        &Serving {
            n_gpus,
            batch,
            weight_bytes: sized.bytes * sized.active_share,
            active_params: sized.active_params,
            kv_bytes_per_token: kv.bytes_per_token(0, kv_bits),
            tokens_in: input.to_f64()?,
            tokens_out: output.to_f64()?,
            prefix_cached: float(Key::CacheableShare)? * float(Key::CacheableHitRate)?,
            mbu: float(Key::Mbu)?,
            mfu: float(Key::Mfu)?,
            step_overhead_s: float(Key::StepOverhead)?,
        },
    )?;
    let share = assumptions.span(Key::RooflineShare)?.range();
    let total = best.total_tokens_per_s;
    let triple = (
        total * share.low(),
        total * share.mode(),
        total * share.high(),
    );
    let source = format!(
        "roofline of {total:.0} tokens/s with {batch} sequences at once, times the share that servers reach"
    );
    Some((triple, source))
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

/// The break-even, and its ends: slow replicas at the highest price that any row states, fast ones
/// at the lowest.
fn crossing<'a>(
    (contender, blended): (&'a Contender, Option<Decimal>),
    assumptions: &Assumptions,
    (fleet, gpu): (&Fleet, &Gpu),
    (slow, _, fast): (f64, f64, f64),
) -> Crossing<'a> {
    let span = assumptions.span(Key::UsdPerGpuHour);
    let (low, high) = match span {
        Some(span) => (span.low(), span.high()),
        None => gpu
            .price_range()
            .unwrap_or((fleet.usd_per_gpu_hour, fleet.usd_per_gpu_hour)),
    };
    let at = |speed: f64, price: Decimal| {
        let fleet = Fleet {
            tokens_per_s: decimal_of(speed)?,
            usd_per_gpu_hour: price,
            ..*fleet
        };
        break_even(&fleet, blended?)
    };
    Crossing {
        contender,
        blended,
        slow: at(slow, high),
        mode: blended.and_then(|price| break_even(fleet, price)),
        fast: at(fast, low),
    }
}
