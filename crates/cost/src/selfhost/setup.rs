//! From weights and a GPU to replicas: what they take, how fast one may be, what a fleet costs.
//!
//! In: catalog rows and assumptions. Out: the fewest GPUs that hold the weights, tokens per second
//! with their range, and the fleet whose month is cheapest. Speed is the stated measurement, else a
//! share of the roofline; rent is the stated one, else the catalog's.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trilemma_catalog::{Gpu, Model};

use super::breakeven::{BreakEven, break_even};
use super::fleet::Fleet;
use crate::assume::{Assumptions, Key, Origin};
use crate::decimal::decimal_of;
use crate::speed::{Peak, Serving, roofline};
use crate::vram::{Device, Fit, KvCache, Load, Scheme, Weights, fit};

/// Most GPUs of a replica that are tried.
const MOST_GPUS: u32 = 8;

/// Says why weights cannot be sized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// No source states the architecture.
    #[error(
        "size `{model}`: the catalog does not say how it is built or how it remembers tokens; hint: add `arch` with `attention` to a [[model]] row of your own catalog file"
    )]
    NoArchitecture {
        /// The model.
        model: String,
    },
    /// Neither a format of the table nor a published size.
    #[error("find the format `{format}`; hint: one of {known}")]
    UnknownFormat {
        /// As given.
        format: String,
        /// Those that there are.
        known: String,
    },
}

/// What weights take in one format.
#[derive(Debug, Clone)]
pub struct Sizing {
    /// Bytes of all weights.
    pub bytes: f64,
    /// Where that figure comes from.
    pub source: String,
    scheme: Option<Scheme>,
    kv: KvCache,
    active_share: f64,
    active_params: f64,
}

impl Sizing {
    /// Sizes weights; a published size wins over the formula.
    ///
    /// # Errors
    /// [`SizeError`].
    pub fn of(model: &Model, format: &str) -> Result<Self, SizeError> {
        let no_arch = || SizeError::NoArchitecture {
            model: model.id.to_string(),
        };
        let arch = model.arch.as_ref().ok_or_else(no_arch)?;
        let kv = KvCache::of(arch).ok_or_else(no_arch)?;
        let weights = Weights::of(arch).ok_or_else(no_arch)?;
        let scheme = Scheme::by_name(format);
        let published = model.footprints.iter().find(|size| size.scheme == format);
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
                return Err(SizeError::UnknownFormat {
                    format: format.to_owned(),
                    known: known.join(", "),
                });
            }
        };
        let params = weights.params().to_f64().unwrap_or(f64::NAN);
        let active_params = arch
            .active_params
            .and_then(|count| count.to_f64())
            .unwrap_or(params);
        Ok(Self {
            bytes,
            source,
            scheme,
            kv,
            active_share: active_params / params,
            active_params,
        })
    }

    /// Bytes of cache for each token of context.
    #[must_use]
    pub fn kv_bytes_per_token(&self, assumptions: &Assumptions) -> f64 {
        let bits = assumptions.float(Key::KvBits).unwrap_or(16.0);
        self.kv.bytes_per_token(0, bits)
    }
}

/// How weights sit on a GPU.
#[derive(Debug, Clone, Copy)]
pub struct GpuFit<'a> {
    /// The GPU.
    pub gpu: &'a Gpu,
    /// Fewest that hold them, of those that were tried; `None` = none of them.
    pub n_gpus: Option<u32>,
    /// How they fit on so many, else on the most that were tried.
    pub fit: Option<Fit>,
}

impl<'a> GpuFit<'a> {
    /// Finds the fewest GPUs that hold the weights at the stated context and concurrency.
    #[must_use]
    pub fn of(gpu: &'a Gpu, sizing: &Sizing, assumptions: &Assumptions) -> Self {
        let count = |key: Key| assumptions.value(key).and_then(|value| value.to_u64());
        let load = Load {
            weight_bytes: sizing.bytes,
            kv: &sizing.kv,
            kv_bits: assumptions.float(Key::KvBits).unwrap_or(16.0),
            context: count(Key::Context).unwrap_or(8_192),
            sequences: count(Key::Sequences).unwrap_or(1),
        };
        let try_on = |n_gpus: u32| {
            let device = Device {
                n_gpus,
                gib: gpu.plan_gib(),
                utilisation: assumptions.float(Key::MemoryShare).unwrap_or(0.9),
                reserved_gib: 0.0,
            };
            fit(&load, &device)
        };
        let tried: Vec<u32> = match assumptions.count(Key::GpusPerReplica) {
            Some(n_gpus) => vec![n_gpus],
            // Tensor parallelism splits over powers of two.
            None => vec![1, 2, 4, MOST_GPUS],
        };
        let hit = tried
            .iter()
            .map(|n_gpus| (*n_gpus, try_on(*n_gpus)))
            .find(|(_, fit)| fit.fits());
        let last = tried.last().map(|n_gpus| try_on(*n_gpus));
        Self {
            gpu,
            n_gpus: hit.map(|(n_gpus, _)| n_gpus),
            fit: hit.map(|(_, fit)| fit).or(last),
        }
    }
}

/// Replicas of one kind.
#[derive(Debug, Clone)]
pub struct SetUp<'a> {
    /// Their GPU.
    pub gpu: &'a Gpu,
    /// GPUs of a replica.
    pub n_gpus: u32,
    /// Tokens per second of a replica, in and out: least, likely, most.
    pub speed: (f64, f64, f64),
    /// Where the speed comes from.
    pub speed_source: String,
    /// What they cost.
    pub fleet: Fleet,
}

/// A break-even with its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakEvenRange {
    /// With the slowest replicas at the highest rent that any row states.
    pub slow: Option<BreakEven>,
    /// With likely speed and rent.
    pub likely: Option<BreakEven>,
    /// With the fastest at the lowest.
    pub fast: Option<BreakEven>,
}

impl<'a> SetUp<'a> {
    /// Plans replicas; `None` where the weights do not fit or the rent is unknown.
    ///
    /// `tokens` are those of a query, in and out.
    #[must_use]
    pub fn of(
        found: &GpuFit<'a>,
        sizing: &Sizing,
        tokens: (Decimal, Decimal),
        assumptions: &Assumptions,
    ) -> Option<Self> {
        let n_gpus = found.n_gpus?;
        let (speed, speed_source) = speed(found, sizing, tokens, assumptions)?;
        let usd_per_gpu_hour = match assumptions.value(Key::UsdPerGpuHour) {
            Some(stated) => stated,
            None => found.gpu.plan_price()?.mid(),
        };
        let value = |key: Key| assumptions.value(key);
        let fleet = Fleet {
            tokens_per_s: decimal_of(speed.1)?,
            gpus: n_gpus,
            usd_per_gpu_hour,
            min_replicas: assumptions.count(Key::MinReplicas)?,
            fte: value(Key::Fte)?,
            fte_usd_month: value(Key::FteUsdMonth)?,
            fixed_usd_month: value(Key::SelfhostUsdMonth)?,
            target_utilisation: value(Key::TargetUtilisation)?,
            peak_to_mean: value(Key::PeakToMean)?,
            commit_discount: value(Key::CommitDiscount)?,
        };
        Some(Self {
            gpu: found.gpu,
            n_gpus,
            speed,
            speed_source,
            fleet,
        })
    }

    /// The set-up whose month is cheapest for so many tokens a day, or for the fewest replicas where
    /// the traffic is not stated.
    #[must_use]
    pub fn cheapest(
        fits: &[GpuFit<'a>],
        sizing: &Sizing,
        tokens: (Decimal, Decimal),
        (assumptions, traffic): (&Assumptions, Option<Decimal>),
    ) -> Option<Self> {
        fits.iter()
            .filter_map(|fit| {
                let set_up = Self::of(fit, sizing, tokens, assumptions)?;
                let replicas = match traffic {
                    Some(tokens) => set_up.fleet.replicas_for(tokens)?,
                    None => set_up.fleet.min_replicas,
                };
                Some((set_up.fleet.month(replicas)?, set_up))
            })
            .min_by_key(|(month, _)| *month)
            .map(|(_, set_up)| set_up)
    }

    /// The break-even against a price per million tokens, and its ends.
    #[must_use]
    pub fn break_even(
        &self,
        assumptions: &Assumptions,
        api_usd_per_mtok: Decimal,
    ) -> BreakEvenRange {
        let ends = self.ends(assumptions);
        let at = |fleet: Fleet| break_even(&fleet, api_usd_per_mtok);
        BreakEvenRange {
            slow: ends.and_then(|(slow, _)| at(slow)),
            likely: at(self.fleet),
            fast: ends.and_then(|(_, fast)| at(fast)),
        }
    }

    /// The fleet with the slowest replicas at the highest rent, and with the fastest at the lowest.
    #[must_use]
    pub fn ends(&self, assumptions: &Assumptions) -> Option<(Fleet, Fleet)> {
        let (low, high) = self.rents(assumptions);
        let at = |speed: f64, price: Decimal| {
            Some(Fleet {
                tokens_per_s: decimal_of(speed)?,
                usd_per_gpu_hour: price,
                ..self.fleet
            })
        };
        Some((at(self.speed.0, high)?, at(self.speed.2, low)?))
    }

    /// Lowest and highest rent: as stated, else of all rows.
    fn rents(&self, assumptions: &Assumptions) -> (Decimal, Decimal) {
        match assumptions.span(Key::UsdPerGpuHour) {
            Some(span) => (span.low(), span.high()),
            None => {
                let only = self.fleet.usd_per_gpu_hour;
                self.gpu.price_range().unwrap_or((only, only))
            }
        }
    }
}

/// Tokens per second of a replica: measured where stated, else a share of the roofline.
fn speed(
    found: &GpuFit<'_>,
    sizing: &Sizing,
    (input, output): (Decimal, Decimal),
    assumptions: &Assumptions,
) -> Option<((f64, f64, f64), String)> {
    if let Some(assumed) = assumptions.get(Key::TokensPerSecond) {
        let range = assumed.span.range();
        let triple = (range.low(), range.mode(), range.high());
        let source = match assumed.origin {
            Origin::Measured(what) => what,
            Origin::Default | Origin::Project | Origin::CommandLine | Origin::Catalog(_) => {
                "your own measurement".to_owned()
            }
        };
        return Some((triple, source));
    }
    let float = |key: Key| assumptions.float(key);
    let in_8_bits = sizing.scheme.is_some_and(Scheme::computes_in_8_bits);
    let tflops = match (in_8_bits, found.gpu.fp8_tflops) {
        (true, Some(tflops)) => tflops,
        (true | false, _) => found.gpu.bf16_tflops,
    };
    let batch = found.fit?.max_sequences.clamp(1, 256);
    let best = roofline(
        &Peak {
            bytes_per_s: found.gpu.bandwidth_gb_s * 1e9,
            flops: tflops * 1e12,
        },
        &Serving {
            n_gpus: found.n_gpus?,
            batch,
            weight_bytes: sizing.bytes * sizing.active_share,
            active_params: sizing.active_params,
            kv_bytes_per_token: sizing.kv_bytes_per_token(assumptions),
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
