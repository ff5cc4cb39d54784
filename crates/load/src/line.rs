//! One candidate that is ready to be called: requests encoded, key at hand, prices known.

use std::sync::atomic::{AtomicU64, Ordering};

use trilemma_cost::Pricer;
use trilemma_domain::{NanoUsd, Usage};
use trilemma_provider::{Client, Connect, EncodedRequest, Secret, TcpConnector};

/// Bytes of a request body per token, on the low side: planning errs towards more tokens.
const BYTES_PER_TOKEN: u64 = 3;
/// Output tokens that an unlimited answer is planned with before any was seen.
const FIRST_GUESS_TOKENS: u64 = 1_000;

/// What a line is made of.
pub struct LineParts<C: Connect = TcpConnector> {
    /// The candidate's name.
    pub name: String,
    /// Makes its calls. Connections are kept between requests, as a service keeps them.
    pub client: Client<C>,
    /// Its key.
    pub secret: Option<Secret>,
    /// What is sent, in the order in which it is sent, again from the first after the last; never empty.
    pub requests: Vec<EncodedRequest>,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
    /// Most output tokens that it is asked for; `None` = no limit.
    pub max_output_tokens: Option<u32>,
}

/// One candidate that is ready to be called.
pub struct Line<C: Connect = TcpConnector> {
    pub(crate) parts: LineParts<C>,
    /// Most output tokens seen so far; 0 = none was.
    most_output: AtomicU64,
}

impl<C: Connect> Line<C> {
    /// Makes a line.
    #[must_use]
    pub fn new(parts: LineParts<C>) -> Self {
        Self {
            parts,
            most_output: AtomicU64::new(0),
        }
    }

    /// The request of an arrival; `None` = there is nothing to send.
    pub(crate) fn request(&self, number: u64) -> Option<&EncodedRequest> {
        let n = self.parts.requests.len() as u64;
        let idx = number.checked_rem(n)?;
        self.parts.requests.get(usize::try_from(idx).ok()?)
    }

    /// Most that the request of an arrival is expected to cost; zero where no price is known.
    #[must_use]
    pub fn most_cost(&self, number: u64) -> NanoUsd {
        let input = self
            .request(number)
            .map_or(0, |request| request.body().len() as u64 / BYTES_PER_TOKEN);
        self.parts
            .pricer
            .as_ref()
            .and_then(|pricer| pricer.production(input, self.planned_output(), None))
            .and_then(|cost| cost.settle().ok())
            .unwrap_or_default()
    }

    /// Whether requests can be priced before they are sent.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        let pricer = self.parts.pricer.as_ref();
        pricer.is_some_and(|pricer| pricer.production(1, 1, None).is_some())
    }

    fn planned_output(&self) -> u64 {
        let limit = self.parts.max_output_tokens.map(u64::from);
        let seen = self.most_output.load(Ordering::Relaxed);
        let guess = if seen == 0 {
            FIRST_GUESS_TOKENS
        } else {
            seen + seen / 2
        };
        limit.map_or(guess, |limit| limit.min(guess))
    }

    /// Learns from an answer how long answers are.
    pub(crate) fn learn(&self, usage: &Usage) {
        self.most_output.fetch_max(usage.output, Ordering::Relaxed);
    }
}
