//! What the traffic asks for in its busiest minute.
//!
//! requests/min = queries/day × peak ÷ 1440; tokens/min from it; concurrency = requests/s × latency
//! (J. D. C. Little, 1961). Checked against `cost/vectors/ratelimit.json` by
//! `data_rate_limits_equal_the_vectors`.

/// The load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Queries on a mean day.
    pub queries_per_day: f64,
    /// Rate of the busiest minute over the mean rate; at least 1.
    pub peak_to_mean: f64,
    /// Tokens of a query.
    pub tokens_in: f64,
    /// Tokens of an answer.
    pub tokens_out: f64,
    /// Share of input read from the vendor's cache, in [0, 1].
    pub cached_share: f64,
    /// `max_tokens` as sent: some vendors reserve it in advance. `None` = none is sent.
    pub max_tokens: Option<f64>,
    /// Seconds of a call; `None` = not known.
    pub latency_s: Option<f64>,
}

/// What that comes to, per minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Need {
    /// Requests.
    pub rpm: f64,
    /// Input tokens, cached ones included.
    pub itpm_total: f64,
    /// Input tokens that are not read from a cache.
    pub itpm_uncached: f64,
    /// Output tokens.
    pub otpm: f64,
    /// Input and output tokens together, where the vendor counts what was asked for (`max_tokens`).
    pub tpm_reserved: Option<f64>,
    /// Requests on a day of the mean.
    pub rpd: f64,
    /// Calls in flight at the peak; `None` = latency not known.
    pub concurrency: Option<f64>,
}

impl Peak {
    /// Works out the need.
    #[must_use]
    pub fn need(&self) -> Need {
        let rpm = self.queries_per_day * self.peak_to_mean / 1_440.0;
        let itpm_total = rpm * self.tokens_in;
        Need {
            rpm,
            itpm_total,
            itpm_uncached: itpm_total * (1.0 - self.cached_share),
            otpm: rpm * self.tokens_out,
            tpm_reserved: self.max_tokens.map(|most| rpm * (self.tokens_in + most)),
            rpd: self.queries_per_day,
            concurrency: self.latency_s.map(|seconds| rpm / 60.0 * seconds),
        }
    }
}

impl Need {
    /// The part of the need that is left when a fallback takes a share of it, in [0, 1].
    #[must_use]
    pub fn share(&self, share: f64) -> Self {
        Self {
            rpm: self.rpm * share,
            itpm_total: self.itpm_total * share,
            itpm_uncached: self.itpm_uncached * share,
            otpm: self.otpm * share,
            tpm_reserved: self.tpm_reserved.map(|rate| rate * share),
            rpd: self.rpd * share,
            concurrency: self.concurrency.map(|calls| calls * share),
        }
    }
}
