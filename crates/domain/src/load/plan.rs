//! What a load test asks: whom, how often, until when, and what for.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::candidate::{Dialect, ModelName};
use crate::ids::{CandidateId, LoadTestId};

/// How requests arrive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Arrivals {
    /// Closed loop: each of so many users sends its next request when the last one is over.
    Closed {
        /// Requests in flight at once; at least 1.
        concurrency: u32,
    },
    /// Open loop: evenly spaced, whatever comes back.
    Constant {
        /// Requests per second; above 0.
        per_s: f64,
    },
    /// Open loop: independent users, exponential gaps.
    Poisson {
        /// Mean requests per second; above 0.
        per_s: f64,
    },
    /// Open loop: evenly spaced at a rate that changes linearly over the stage.
    Ramp {
        /// Requests per second at the start; at least 0.
        from_per_s: f64,
        /// Requests per second at the end; at least 0.
        to_per_s: f64,
    },
    /// Open loop: as recorded.
    Trace {
        /// Arrivals in the recording.
        arrivals: u64,
        /// From the first to the last of them, in seconds.
        seconds: f64,
    },
}

impl Arrivals {
    /// Mean requests per second that are meant to arrive; `None` in a closed loop, where answers set the
    /// pace, and for a trace of no length.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of arrivals are far below 2^52"
    )]
    pub fn per_s(&self) -> Option<f64> {
        match *self {
            Self::Closed { .. } => None,
            Self::Constant { per_s } | Self::Poisson { per_s } => Some(per_s),
            Self::Ramp {
                from_per_s,
                to_per_s,
            } => Some((from_per_s + to_per_s) / 2.0),
            Self::Trace { arrivals, seconds } => (seconds > 0.0).then(|| arrivals as f64 / seconds),
        }
    }

    /// Requests in flight that a closed loop keeps; `None` in an open loop.
    #[must_use]
    pub fn concurrency(&self) -> Option<u32> {
        match *self {
            Self::Closed { concurrency } => Some(concurrency),
            Self::Constant { .. }
            | Self::Poisson { .. }
            | Self::Ramp { .. }
            | Self::Trace { .. } => None,
        }
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Closed { concurrency } => write!(f, "{concurrency} at once"),
            Self::Constant { per_s } => write!(f, "{}/s, evenly", short(per_s)),
            Self::Poisson { per_s } => write!(f, "{}/s, Poisson", short(per_s)),
            Self::Ramp {
                from_per_s,
                to_per_s,
            } => write!(f, "{} to {}/s", short(from_per_s), short(to_per_s)),
            Self::Trace { arrivals, seconds } => {
                write!(f, "{arrivals} recorded arrivals in {} s", short(seconds))
            }
        }
    }
}

/// Three significant digits, without zeros at the end.
fn short(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// One stage: a pattern of arrivals and its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadStage {
    /// How requests arrive, at each candidate.
    pub arrivals: Arrivals,
    /// Positions of the candidates that take part, ascending.
    pub candidates: Vec<u32>,
    /// Requests that are meant to start before this are warm-up: recorded, shown apart, in no figure.
    #[serde(rename = "warmup_s", with = "super::seconds")]
    pub warmup: Duration,
    /// Of each candidate's first requests, so many are warm-up as well.
    pub warmup_requests: u64,
    /// No request is meant to start after this; `None` = until `requests`.
    #[serde(rename = "duration_s", with = "super::seconds::optional")]
    pub duration: Option<Duration>,
    /// Requests of each candidate, warm-up included; `None` = until `duration`.
    pub requests: Option<u64>,
    /// Open loop: most requests of a candidate in flight; those beyond it wait inside the client, which
    /// counts. `None` = no limit.
    pub max_in_flight: Option<u32>,
    /// How long after the last meant start waiting requests may still begin.
    #[serde(rename = "drain_s", with = "super::seconds")]
    pub drain: Duration,
}

/// A time of a request that can be bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadMetric {
    /// First visible token, from the intended start.
    Ttft,
    /// First token of any kind, reasoning included, from the intended start.
    FirstToken,
    /// The whole answer, from the intended start.
    E2e,
    /// Time per visible output token after the first.
    Tpot,
    /// What a reader waits in all when the answer is shown as it comes.
    Perceived,
}

impl LoadMetric {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ttft,
        Self::FirstToken,
        Self::E2e,
        Self::Tpot,
        Self::Perceived,
    ];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::FirstToken => "first_token",
            Self::E2e => "e2e",
            Self::Tpot => "tpot",
            Self::Perceived => "perceived",
        }
    }

    /// The words to show.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ttft => "TTFT",
            Self::FirstToken => "first token of any kind",
            Self::E2e => "E2E",
            Self::Tpot => "TPOT",
            Self::Perceived => "perceived wait",
        }
    }
}

/// "At least this share of requests within this time."
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    /// Which time.
    pub metric: LoadMetric,
    /// The share, in (0, 1); 0.95 = p95.
    pub p: f64,
    /// The limit, inclusive.
    #[serde(rename = "limit_s", with = "super::seconds")]
    pub limit: Duration,
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.p * 100.0;
        let millis = self.limit.as_secs_f64() * 1e3;
        let metric = self.metric.label();
        if millis >= 1000.0 {
            write!(
                f,
                "p{} {metric} at most {} s",
                short(percent),
                short(millis / 1e3)
            )
        } else {
            write!(
                f,
                "p{} {metric} at most {} ms",
                short(percent),
                short(millis)
            )
        }
    }
}

/// What a test is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum LoadGoal {
    /// The figures of one pattern.
    Measure,
    /// The throughput-latency curve, up to saturation or through given levels.
    Sweep,
    /// The highest rate at which every SLO is shown to hold.
    Goodput {
        /// What must hold; at least one.
        slos: Vec<Slo>,
        /// The first rate that is tried, requests per second.
        from_per_s: f64,
        /// The highest rate that is tried.
        most_per_s: f64,
        /// The search ends when the ratio of its ends is at most this; above 1.
        tolerance: f64,
    },
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum LoadPrompts {
    /// The items of the project's golden set, through each candidate's own prompt.
    Golden {
        /// Items.
        n: u64,
    },
    /// Made-up texts of a stated length.
    Synthetic {
        /// How many different ones.
        n: u64,
        /// Input tokens asked for, o200k; the shortest.
        input_min: u32,
        /// The longest.
        input_max: u32,
        /// Output tokens asked for (`max_output_tokens`); `None` = as the candidate has it.
        output: Option<u32>,
        /// Tokens that all of them begin with, as a shared system prompt does.
        shared_prefix: u32,
    },
}

/// Who is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadCandidate {
    /// Its name.
    pub id: CandidateId,
    /// The model's name on the wire.
    pub model: String,
    /// Which catalog model it is; `None` = unknown.
    pub identity: Option<ModelName>,
    /// The provider's name.
    pub provider: String,
    /// The language spoken there.
    pub dialect: Dialect,
    /// Where it is called.
    pub base_url: String,
    /// Whether answers are streamed; without, there is no first token.
    pub streamed: bool,
}

/// Everything that a test rests on, but its stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadPlan {
    /// Its name.
    pub test: LoadTestId,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub created_us: i64,
    /// The program that ran it.
    pub trilemma_version: String,
    /// The project's name.
    pub project: String,
    /// What it is for.
    pub goal: LoadGoal,
    /// Who is measured.
    pub candidates: Vec<LoadCandidate>,
    /// What is sent.
    pub prompts: LoadPrompts,
    /// Seed of arrivals and of the order of prompts.
    pub seed: u64,
    /// Longest time of one request.
    #[serde(rename = "timeout_s", with = "super::seconds")]
    pub timeout: Duration,
    /// Where the client stands, in the user's words; `None` = not stated.
    pub client_region: Option<String>,
    /// Where the endpoint stands, in the user's words; `None` = not stated.
    pub endpoint_region: Option<String>,
    /// Cores of the client machine; `None` = unknown.
    pub client_cores: Option<u32>,
    /// Tokens per second that a reader takes in; above 0.
    pub reading_tokens_per_s: f64,
    /// Budgets that are held against the figures besides the classes.
    pub slos: Vec<Slo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_budgets_read_as_people_write_them() {
        let shown = |arrivals: Arrivals| arrivals.to_string();
        assert_eq!(shown(Arrivals::Closed { concurrency: 8 }), "8 at once");
        assert_eq!(shown(Arrivals::Poisson { per_s: 2.5 }), "2.5/s, Poisson");
        assert_eq!(
            shown(Arrivals::Constant { per_s: 1234.0 }),
            "1234/s, evenly"
        );
        let slo = Slo {
            metric: LoadMetric::Ttft,
            p: 0.95,
            limit: Duration::from_millis(800),
        };
        assert_eq!(slo.to_string(), "p95 TTFT at most 800 ms");
        let slo = Slo {
            metric: LoadMetric::E2e,
            p: 0.999,
            limit: Duration::from_millis(2500),
        };
        assert_eq!(slo.to_string(), "p99.9 E2E at most 2.5 s");
    }

    #[test]
    fn mean_rates_are_those_of_the_pattern() {
        let ramp = Arrivals::Ramp {
            from_per_s: 1.0,
            to_per_s: 5.0,
        };
        assert_eq!(ramp.per_s(), Some(3.0));
        let instant = Arrivals::Trace {
            arrivals: 3,
            seconds: 0.0,
        };
        assert_eq!(instant.per_s(), None);
        assert_eq!(Arrivals::Closed { concurrency: 3 }.per_s(), None);
    }
}
