//! Settings of a lane.

use std::time::Duration;

/// How one endpoint and model is called.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneConfig {
    /// Most attempts in flight at once, at least 1; the lane starts there.
    pub max_concurrency: usize,
    /// Requests per minute; `None` = no limit known beforehand.
    pub rpm: Option<u64>,
    /// Tokens per minute, input and output together; `None` = no limit known beforehand.
    pub tpm: Option<u64>,
    /// How much of the minute's allowance may be used at once.
    pub burst: Duration,
    /// When and how often an attempt is repeated.
    pub retry: RetryPolicy,
    /// When the endpoint is given up on.
    pub breaker: BreakerConfig,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for LaneConfig {
    fn default() -> Self {
        Self {
            max_concurrency: 50,
            rpm: None,
            tpm: None,
            burst: Duration::from_secs(10),
            retry: RetryPolicy::default(),
            breaker: BreakerConfig::default(),
            seed: 0,
        }
    }
}

/// When and how often an attempt is repeated.
///
/// Back-off before attempt k + 1 is uniform in [0, min(`cap`, `base` · 2^(k−1))] ("full jitter",
/// Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Most attempts of a trial, throttled ones (429, 503, 529) not counted; at least 1.
    pub max_attempts: u32,
    /// Longest first back-off.
    pub base: Duration,
    /// Longest back-off of all.
    pub cap: Duration,
    /// Longest time of a trial from its first attempt's start, waits included.
    pub trial_deadline: Duration,
    /// Retries allowed per trial started, on average over the lane; in [0, 1].
    pub budget_per_call: f64,
    /// Retries allowed before that average counts.
    pub budget_burst: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 6,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            trial_deadline: Duration::from_secs(900),
            budget_per_call: 0.2,
            budget_burst: 10,
        }
    }
}

/// When the endpoint is given up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Trials that failed without a success in between before calls are held back.
    pub trials: u32,
    /// Refusals of key or name without a success in between before calls fail at once.
    pub refusals: u32,
    /// Wait before the first probe; each further one takes twice as long.
    pub cool_down: Duration,
    /// Failed probes before calls fail at once; 1 for an endpoint that has never answered.
    pub probes: u32,
    /// Time between further probes once calls fail at once.
    pub revisit: Duration,
    /// Whether an endpoint that comes back is called by few at first, twice as many with each round.
    pub slow_start: bool,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            trials: 10,
            refusals: 3,
            cool_down: Duration::from_secs(5),
            probes: 3,
            revisit: Duration::from_secs(30),
            slow_start: false,
        }
    }
}
