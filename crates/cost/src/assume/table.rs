//! All assumptions, with what each means, what it may be, and why its default is what it is.
//!
//! Open set, one static table: a new assumption is one row here. Defaults are editorial (2026-11)
//! unless their reason names a source; every command prints those that it used.

/// What is known of an assumption before anybody states it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Its name in files and on the command line.
    pub name: &'static str,
    /// What it is, with its unit.
    pub about: &'static str,
    /// Its default, as it would be typed; `None` = unknown until stated.
    pub default: Option<&'static str>,
    /// Least and most that it may be, both included.
    pub bounds: (f64, f64),
    /// Whether it must be a whole number.
    pub is_whole: bool,
    /// Why the default is what it is.
    pub reason: &'static str,
}

macro_rules! keys {
    ($($(#[doc = $doc:literal])* $key:ident = $name:literal, $default:expr, $low:literal ..= $high:literal, $whole:ident, $reason:literal;)*) => {
        /// Which assumption.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $($(#[doc = $doc])* $key,)*
        }

        impl Key {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$key,)*];

            /// Its row of the table.
            #[must_use]
            pub fn spec(self) -> Spec {
                match self {
                    $(Self::$key => Spec {
                        name: $name,
                        about: concat!($($doc),*),
                        default: $default,
                        bounds: ($low, $high),
                        is_whole: keys!(@$whole),
                        reason: $reason,
                    },)*
                }
            }
        }
    };
    (@whole) => { true };
    (@any) => { false };
}

keys! {
    /// Queries on a mean day.
    QueriesPerDay = "queries_per_day", None, 0.0 ..= 1e12, any, "";
    /// Growth of the traffic per month, as a share.
    GrowthPerMonth = "growth_per_month", Some("0"), -0.9 ..= 10.0, any, "no growth unless stated";
    /// Rate of the busiest minute over the mean rate.
    PeakToMean = "peak_to_mean", Some("3"), 1.0 ..= 10_000.0, any, "office-hours traffic peaks at about three times its mean";
    /// Input tokens of a query.
    InputTokens = "input_tokens", Some("1500"), 0.0 ..= 1e8, any, "the design document's example";
    /// Output tokens of a query, reasoning included.
    OutputTokens = "output_tokens", Some("300"), 0.0 ..= 1e8, any, "the design document's example";
    /// Share of input tokens that repeats from query to query and can be cached.
    CacheableShare = "cacheable_share", Some("0"), 0.0 ..= 1.0, any, "no caching unless stated";
    /// How often the repeating part is found in the cache.
    CacheableHitRate = "cacheable_hit_rate", Some("0"), 0.0 ..= 1.0, any, "no caching unless stated";
    /// Share of queries sent as batches.
    BatchShare = "batch_share", Some("0"), 0.0 ..= 1.0, any, "no batches unless stated";
    /// Chance that an attempt fails and is tried again.
    FailureRate = "failure_rate", Some("0"), 0.0 ..= 0.99, any, "no retries unless stated";
    /// Most attempts of a query.
    MaxAttempts = "max_attempts", Some("3"), 1.0 ..= 100.0, whole, "usual setting of clients";
    /// Share of its input that a failed attempt is billed for.
    FailedInputBilled = "failed_input_billed", Some("1"), 0.0 ..= 1.0, any, "a request that was read is billed";
    /// Share of its output that a failed attempt is billed for.
    FailedOutputBilled = "failed_output_billed", Some("0.5"), 0.0 ..= 1.0, any, "cut off half-way on average";
    /// Share of production answers that a judge reads.
    JudgedShare = "judged_share", Some("0"), 0.0 ..= 1.0, any, "no judge in production unless stated";
    /// What a judgement costs, in US dollars.
    JudgeUsd = "judge_usd", Some("0"), 0.0 ..= 1000.0, any, "no judge in production unless stated";
    /// What routing a query costs, in US dollars.
    RouterUsd = "router_usd", Some("0"), 0.0 ..= 1000.0, any, "no router unless stated";
    /// Months looked at.
    Months = "months", Some("12"), 1.0 ..= 36.0, whole, "the design document asks for 6 to 12";
    /// Discount rate per year, as a share.
    DiscountPerYear = "discount_per_year", Some("0"), -0.5 ..= 10.0, any, "no discounting unless stated";
    /// Change of list prices over a year, as a share.
    PriceChangePerYear = "price_change_per_year", Some("-0.3,0,0.3"), -0.95 ..= 10.0, any, "of 85 recorded changes of output prices 46 went up and 39 down (model-prices 0.0.5)";
    /// What an hour of work costs, in US dollars.
    RateUsdHour = "rate_usd_hour", Some("95"), 0.0 ..= 10_000.0, any, "editorial";
    /// Days of engineering that a switch takes.
    EngDays = "eng_days", Some("3,6,12"), 0.0 ..= 10_000.0, any, "editorial";
    /// Hours of a working day.
    HoursPerDay = "hours_per_day", Some("7.5"), 0.0 ..= 24.0, any, "editorial";
    /// Prompts that a switch has to migrate.
    Prompts = "prompts", Some("3"), 0.0 ..= 1e6, any, "editorial";
    /// Hours of work for each.
    HoursPerPrompt = "hours_per_prompt", Some("1,2.5,6"), 0.0 ..= 1000.0, any, "editorial";
    /// Days for which both models run during a switch.
    OverlapDays = "overlap_days", Some("7"), 0.0 ..= 1000.0, any, "editorial";
    /// Millions of tokens that a fine-tuned model is trained on, all epochs together.
    TrainingMtok = "training_mtok", None, 0.0 ..= 1e9, any, "nobody else knows your training set";
    /// Items of the evaluation before a switch.
    EvalItems = "eval_items", Some("300"), 0.0 ..= 1e8, any, "enough to see differences of about 8 points";
    /// Models compared in it.
    EvalModels = "eval_models", Some("4"), 0.0 ..= 1000.0, any, "a shortlist of three to five";
    /// Times that each is run.
    EvalRuns = "eval_runs", Some("1"), 0.0 ..= 1000.0, any, "one run of a shortlist";
    /// What an item costs with one model, judges included, in US dollars.
    EvalUsdPerItem = "eval_usd_per_item", Some("0.012"), 0.0 ..= 1000.0, any, "editorial; a run of your own says it exactly";
    /// Answers that people read in the evaluation.
    ReviewItems = "review_items", Some("60"), 0.0 ..= 1e8, any, "editorial";
    /// Minutes that reading one takes.
    ReviewMinutes = "review_minutes", Some("3"), 0.0 ..= 10_000.0, any, "editorial";
    /// Monitoring per month, in US dollars.
    MonitoringUsdMonth = "monitoring_usd_month", Some("60"), 0.0 ..= 1e9, any, "editorial";
    /// Infrastructure per month besides the model, in US dollars.
    InfrastructureUsdMonth = "infrastructure_usd_month", Some("0"), 0.0 ..= 1e9, any, "counted as the same for all candidates unless stated";
    /// Hours of maintenance per month.
    MaintenanceHoursMonth = "maintenance_hours_month", Some("4"), 0.0 ..= 10_000.0, any, "editorial";
    /// Production answers that people read per month.
    ReviewAnswersMonth = "review_answers_month", Some("0"), 0.0 ..= 1e9, any, "no review in production unless stated";
    /// Model updates per year that are tested before they go live.
    UpdatesPerYear = "updates_per_year", Some("2"), 0.0 ..= 365.0, any, "snapshots of large vendors last about half a year to a year";
    /// Hours of work for each update, evaluation counted apart.
    HoursPerUpdate = "hours_per_update", Some("4,8,16"), 0.0 ..= 10_000.0, any, "editorial";
    /// Days of engineering until a routed mix serves, besides what a switch takes.
    RouterEngDays = "router_eng_days", Some("1,3,8"), 0.0 ..= 10_000.0, any, "editorial";
    /// The gateway that runs a routed mix, per month, in US dollars.
    RouterUsdMonth = "router_usd_month", Some("60"), 0.0 ..= 1e9, any, "editorial; a small server";
    /// Hours per month to watch a routed mix and train it again.
    RouterHoursMonth = "router_hours_month", Some("1,2,4"), 0.0 ..= 10_000.0, any, "editorial";
    /// GPUs of a replica.
    GpusPerReplica = "gpus_per_replica", None, 1.0 ..= 1024.0, whole, "the fewest on which the model fits";
    /// Rent of a GPU, in US dollars per hour.
    UsdPerGpuHour = "usd_per_gpu_hour", None, 0.0 ..= 1000.0, any, "the catalog's dated price";
    /// Fewest replicas that run, whatever the load.
    MinReplicas = "min_replicas", Some("1"), 1.0 ..= 10_000.0, whole, "one; two survive the loss of one";
    /// People who run it, in full-time equivalents.
    Fte = "fte", Some("0.25"), 0.0 ..= 1000.0, any, "editorial; 0 hides a real cost";
    /// What a full-time equivalent costs per month, in US dollars.
    FteUsdMonth = "fte_usd_month", Some("15000"), 0.0 ..= 1e7, any, "editorial";
    /// Other costs of one's own servers per month, in US dollars.
    SelfhostUsdMonth = "selfhost_usd_month", Some("0"), 0.0 ..= 1e9, any, "storage, traffic and tools add 30 to 50 % in one survey (mercatus 2026-05)";
    /// Share of capacity that is planned to be used at the peak.
    TargetUtilisation = "target_utilisation", Some("0.7"), 0.01 ..= 1.0, any, "room for queues; means of 5 to 30 % are seen in the wild (Cast AI, 2026)";
    /// Discount for a commitment.
    CommitDiscount = "commit_discount", Some("0"), 0.0 ..= 0.99, any, "on-demand prices unless stated";
    /// Tokens per second, in and out, that one replica serves: your own measurement.
    TokensPerSecond = "tokens_per_s", None, 0.001 ..= 1e9, any, "estimated by roofline until measured";
    /// Share of the roofline that a server reaches.
    RooflineShare = "roofline_share", Some("0.25,0.5,0.8"), 0.01 ..= 1.0, any, "published measurements of one pair of model and GPU spread threefold";
    /// Bits in which weights are stored: 16, 8 or 4.
    WeightBits = "weight_bits", Some("8"), 4.0 ..= 16.0, whole, "8-bit floats fit in half the memory of 16";
    /// Tokens of context that each sequence may take.
    Context = "context", Some("8192"), 1.0 ..= 1e8, whole, "editorial";
    /// Sequences at once that must fit into memory.
    Sequences = "sequences", Some("8"), 1.0 ..= 100_000.0, whole, "editorial";
    /// Bits per value of the key-value cache.
    KvBits = "kv_bits", Some("16"), 4.0 ..= 32.0, any, "vLLM's default";
    /// Share of GPU memory that the server may take.
    MemoryShare = "memory_share", Some("0.9"), 0.1 ..= 1.0, any, "vLLM's default (newer versions 0.92)";
    /// Share of memory bandwidth that decoding reaches.
    Mbu = "mbu", Some("0.6"), 0.01 ..= 1.0, any, "Databricks 2023 and the vectors of this project";
    /// Share of peak arithmetic that prefill reaches.
    Mfu = "mfu", Some("0.4"), 0.01 ..= 1.0, any, "Databricks 2023 and the vectors of this project";
    /// Seconds that each decoding step takes besides.
    StepOverhead = "step_overhead_s", Some("0.002"), 0.0 ..= 10.0, any, "scheduling of a current server";
    /// Share of a rate limit that may be used at the peak.
    Headroom = "headroom", Some("0.8"), 0.01 ..= 1.0, any, "limits are enforced over seconds, not minutes";
    /// Seconds of a call.
    LatencySeconds = "latency_s", None, 0.0 ..= 100_000.0, any, "measured by a run, or stated";
    /// `max_tokens` as sent: some vendors reserve it in advance.
    MaxOutputTokens = "max_output_tokens", None, 1.0 ..= 1e8, whole, "counted only where stated";
    /// Most calls in flight that a client allows.
    ConcurrencyCap = "concurrency_cap", None, 1.0 ..= 1e6, whole, "waiting is counted only where stated";
    /// Share of the peak that a fallback provider takes.
    FallbackShare = "fallback_share", Some("0"), 0.0 ..= 1.0, any, "no fallback unless stated";
    /// Draws of the simulation.
    Draws = "draws", Some("10000"), 1.0 ..= 1_000_000.0, whole, "P10 and P90 to about half a percent";
    /// Seed of the simulation.
    Seed = "seed", Some("20261123"), 0.0 ..= 1e15, whole, "any number; the same one gives the same figures";
}

impl Key {
    /// Finds an assumption by name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|key| key.spec().name == name)
    }

    /// Its name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assume::Span;

    #[test]
    fn every_default_is_a_figure_within_its_bounds_and_has_a_reason() {
        for key in Key::ALL {
            let spec = key.spec();
            assert_eq!(Key::by_name(spec.name), Some(*key));
            let Some(default) = spec.default else {
                continue;
            };
            let range = default.parse::<Span>().unwrap().range();
            let (low, high) = spec.bounds;
            assert!(range.low() >= low && range.high() <= high, "{}", spec.name);
            assert!(!spec.reason.is_empty(), "{}", spec.name);
        }
    }
}
