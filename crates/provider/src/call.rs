//! What one attempt is asked and what it brings.

use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{Attempt, Reply};
use trilemma_wire::client::RateLimits;

use crate::encoded::EncodedRequest;
use crate::secret::Secret;

/// One attempt to be made.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What is sent, and where.
    pub request: &'a EncodedRequest,
    /// The key; `None` for endpoints without one.
    pub secret: Option<&'a Secret>,
    /// Position within the trial, from 1.
    pub number: u32,
    /// How long it waited inside our own client.
    pub queued: Duration,
    /// When it must be over, if sooner than the client's own deadline.
    pub deadline: Option<Instant>,
}

impl<'a> Call<'a> {
    /// Makes the first attempt of a trial, with no wait behind it and the client's own deadline.
    #[must_use]
    pub fn first(request: &'a EncodedRequest, secret: Option<&'a Secret>) -> Self {
        Self {
            request,
            secret,
            number: 1,
            queued: Duration::ZERO,
            deadline: None,
        }
    }
}

/// What an attempt brought.
#[derive(Debug)]
pub struct Attempted {
    /// The record; its cost is left open, but where a pipeline states it.
    pub attempt: Attempt,
    /// The answer; `None` = the attempt failed, and says why.
    pub reply: Option<Box<Reply>>,
    /// What the response head says about rate limits.
    pub limits: RateLimits,
    /// When the request's last byte was handed to the socket: what the stamps of the record count
    /// from. `None` = it never was.
    pub sent: Option<Instant>,
}
