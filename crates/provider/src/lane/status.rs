//! What a lane is doing, for progress displays.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::Failure;

use super::breaker::Stage;
use super::call::Lane;

/// A lane at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneStatus {
    /// Attempts in flight or about to start.
    pub n_in_flight: usize,
    /// Most attempts in flight at present.
    pub limit: usize,
    /// How long nothing starts, because the vendor said so; `None` = no pause.
    pub paused_for: Option<Duration>,
    /// Whether the endpoint is believed to work.
    pub health: LaneHealth,
}

/// Whether an endpoint is believed to work.
#[derive(Debug, Clone, PartialEq)]
pub enum LaneHealth {
    /// It is.
    Working,
    /// It failed repeatedly; calls wait until a probe succeeds.
    Suspended {
        /// The last failure.
        cause: Failure,
    },
    /// Probes failed, too: calls fail at once.
    GivenUp {
        /// The last failure.
        cause: Failure,
    },
}

impl Lane {
    /// Tells what the lane is doing.
    #[must_use]
    pub fn status(&self) -> LaneStatus {
        let (n_in_flight, limit) = self.in_use();
        let now = Instant::now();
        self.with_state(|state| {
            let until = state.pause.until(now);
            let health = match (state.breaker.stage(), state.breaker.cause().cloned()) {
                (Stage::Closed, _) | (_, None) => LaneHealth::Working,
                (Stage::Open { .. } | Stage::Probing { .. }, Some(cause)) => {
                    LaneHealth::Suspended { cause }
                }
                (Stage::GivenUp { .. }, Some(cause)) => LaneHealth::GivenUp { cause },
            };
            LaneStatus {
                n_in_flight,
                limit,
                paused_for: until.map(|until| until.saturating_duration_since(now)),
                health,
            }
        })
    }
}
