//! What one request of a load test brought, and how a stage ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;

/// One request of a load test. Offsets count from the start of its stage, on the monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadSample {
    /// Position of the stage in the test.
    pub stage_idx: u32,
    /// Position of the candidate in the test.
    pub candidate_idx: u32,
    /// Which arrival of the stage, from 0; the same number means the same prompt for every candidate.
    pub number: u64,
    /// When it was meant to start. In a closed loop, when its user became free.
    pub intended: Duration,
    /// When the attempt began; what lies between is waiting inside our own client.
    pub begun: Duration,
    /// When its last byte was handed to the socket; `None` = it never was.
    pub sent: Option<Duration>,
    /// When it was over, as our task saw it; the stamp of the last byte is in `attempt`.
    pub ended: Duration,
    /// Whether it belongs to the warm-up.
    pub is_warmup: bool,
    /// The model that said it answered; `None` = it did not say, or nothing came.
    pub served_model: Option<String>,
    /// Whether a simulator answered.
    pub simulated: bool,
    /// Stamps, tokens, cost, failure.
    pub attempt: Attempt,
}

impl LoadSample {
    /// Waiting inside our own client before the attempt: for a free slot, or for the machine.
    #[must_use]
    pub fn client_wait(&self) -> Duration {
        self.begun.saturating_sub(self.intended)
    }

    /// Moves a stamp that counts from `sent` to count from the intended start.
    #[must_use]
    pub fn from_schedule(&self, since_sent: Option<Duration>) -> Option<Duration> {
        let sent = self.sent?.saturating_sub(self.intended);
        Some(sent + since_sent?)
    }

    /// Moves a stamp that counts from `sent` to count from the attempt's beginning: connection set-up and
    /// sending included, waiting inside the client not.
    #[must_use]
    pub fn from_begin(&self, since_sent: Option<Duration>) -> Option<Duration> {
        let sent = self.sent?.saturating_sub(self.begun);
        Some(sent + since_sent?)
    }

    /// Whether the answer came whole.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.attempt.failure.is_none()
    }
}

/// Why a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStop {
    /// As planned.
    Complete,
    /// The next request might have exceeded the budget.
    Budget,
    /// The user stopped it.
    Interrupted,
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageEnd {
    /// Wall time of its start, microseconds since 1970-01-01 UTC.
    pub started_us: i64,
    /// When the last request was meant to start.
    #[serde(rename = "last_intended_s", with = "super::seconds")]
    pub last_intended: Duration,
    /// When the last answer was over.
    #[serde(rename = "ended_s", with = "super::seconds")]
    pub ended: Duration,
    /// Requests that were due and never began, by position of the candidate in the stage.
    pub n_unstarted: Vec<u64>,
    /// Why it ended.
    pub stop: StageStop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_in_the_client_is_part_of_the_time_from_schedule() {
        let ms = Duration::from_millis;
        let sample = LoadSample {
            stage_idx: 0,
            candidate_idx: 0,
            number: 3,
            intended: ms(300),
            begun: ms(1500),
            sent: Some(ms(1510)),
            ended: ms(2010),
            is_warmup: false,
            served_model: None,
            simulated: false,
            attempt: Attempt {
                number: 1,
                started_us: 0,
                timing: crate::Timing::default(),
                status: None,
                request_id: None,
                failure: None,
                usage: None,
                cost: None,
                raw_body: None,
            },
        };
        assert_eq!(sample.client_wait(), ms(1200));
        assert_eq!(sample.from_schedule(Some(ms(500))), Some(ms(1710)));
        assert_eq!(sample.from_begin(Some(ms(500))), Some(ms(510)));
        assert_eq!(sample.from_schedule(None), None);
    }
}
