//! The record of an attempt while it is being made.
//!
//! In: what happens, as it happens. Out: the `Attempt` of `domain`, its cost left open.

use http::response::Parts;
use tokio::time::Instant;
use trilemma_domain::{Attempt, Dialect, ServiceTier, Timing, Usage, UsageSource};
use trilemma_wire::client::{RateLimits, rate_limits, request_id, service_tier};

use crate::call::Call;
use crate::head::{self, View};
use crate::stamped::Stamps;

/// The record of an attempt while it is being made.
pub(crate) struct Trace {
    pub(crate) attempt: Attempt,
    pub(crate) limits: RateLimits,
    pub(crate) sent: Option<Instant>,
    /// Token counts are no vendor's.
    pub(crate) is_estimated: bool,
    pub(crate) is_simulated: bool,
    /// The class of service that the head states.
    tier: Option<ServiceTier>,
}

impl Trace {
    pub(crate) fn new(call: &Call<'_>, started_us: i64) -> Self {
        Self {
            attempt: Attempt {
                number: call.number,
                started_us,
                timing: Timing {
                    queued: call.queued,
                    ..Timing::default()
                },
                status: None,
                request_id: None,
                failure: None,
                usage: None,
                cost: None,
                raw_body: None,
            },
            limits: RateLimits::default(),
            sent: None,
            is_estimated: false,
            is_simulated: false,
            tier: None,
        }
    }

    pub(crate) fn stamp_sent(&mut self, ready: Instant, stamps: &Stamps) {
        self.sent = stamps.written();
        self.attempt.timing.send = self.sent.map(|sent| sent.saturating_duration_since(ready));
        if let (Some(sent), Some(first)) = (self.sent, stamps.first_byte()) {
            self.attempt.timing.first_byte = Some(first.saturating_duration_since(sent));
        }
    }

    /// Notes what the response head says.
    pub(crate) fn note_head(&mut self, dialect: Dialect, head: &Parts, now_ms: i64) {
        let view = View(&head.headers);
        self.attempt.status = Some(head.status.as_u16());
        self.attempt.request_id = request_id(dialect, &view);
        self.limits = rate_limits(dialect, &view, now_ms);
        self.tier = service_tier(dialect, &view);
        self.is_estimated = head::is_usage_estimated(&view);
        self.is_simulated = head::is_simulated(&view);
    }

    /// Notes token counts, and who counted.
    pub(crate) fn note_usage(&mut self, usage: Option<Usage>) {
        self.attempt.usage = usage.map(|mut usage| {
            self.mark(&mut usage);
            usage
        });
    }

    /// The class of service that the head states; `None` = it does not say.
    pub(crate) fn tier(&self) -> Option<ServiceTier> {
        self.tier
    }

    /// Marks counts that no vendor reported, and completes them by what the head says.
    pub(crate) fn mark(&self, usage: &mut Usage) {
        usage.tier = usage.tier.or(self.tier);
        if self.is_estimated {
            usage.source = UsageSource::Estimated;
        }
    }
}
