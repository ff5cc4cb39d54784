//! One candidate that is ready to be called: prompt parsed, lane open, prices known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trilemma_cost::Pricer;
use trilemma_domain::{Candidate, Failure, Fingerprint, Item, NanoUsd, Usage};
use trilemma_project::PromptError;
use trilemma_provider::{Client, Connect, EncodedRequest, Lane, Secret, TcpConnector};

use crate::asked::{Asked, fingerprint, is_replayable};

/// Bytes of a request body per token, on the low side: planning errs towards more tokens.
const BYTES_PER_TOKEN: u64 = 3;
/// Output tokens that an unlimited answer is planned with before any was seen.
const FIRST_GUESS_TOKENS: u64 = 1_000;

/// What an entrant is made of.
pub struct EntrantParts<C: Connect = TcpConnector> {
    /// The candidate.
    pub candidate: Candidate,
    /// Makes its calls.
    pub client: Client<C>,
    /// Its key.
    pub secret: Option<Secret>,
    /// Its limits and retries, shared by all candidates of one endpoint and model.
    pub lane: Arc<Lane>,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
}

/// One candidate that is ready to be called.
pub struct Entrant<C: Connect = TcpConnector> {
    pub(crate) parts: EntrantParts<C>,
    asked: Asked,
    /// Most output tokens seen so far; 0 = none was.
    most_output: AtomicU64,
}

/// One call, ready to be sent.
pub(crate) struct Prepared {
    pub(crate) encoded: EncodedRequest,
    pub(crate) fingerprint: Fingerprint,
    /// Whether an earlier identical call may stand for this one.
    pub(crate) is_replayable: bool,
    pub(crate) estimated_tokens: u64,
    /// Most that one attempt is expected to cost; zero where no price is known.
    pub(crate) most_cost: NanoUsd,
}

impl<C: Connect> Entrant<C> {
    /// Parses the candidate's templates.
    ///
    /// # Errors
    /// As [`Asked::new`].
    pub fn new(parts: EntrantParts<C>) -> Result<Self, PromptError> {
        let asked = Asked::new(&parts.candidate)?;
        Ok(Self {
            parts,
            asked,
            most_output: AtomicU64::new(0),
        })
    }

    /// Builds the request for an item.
    pub(crate) fn prepare(&self, item: &Item, repeat: u32) -> Result<Prepared, Box<Failure>> {
        let candidate = &self.parts.candidate;
        let encoded = self.asked.encode(candidate, item).map_err(Box::new)?;
        let input_tokens = encoded.body().len() as u64 / BYTES_PER_TOKEN;
        let output_tokens = self.planned_output();
        let most_cost = self
            .parts
            .pricer
            .as_ref()
            .and_then(|pricer| pricer.production(input_tokens, output_tokens, None))
            .and_then(|cost| cost.settle().ok())
            .unwrap_or_default();
        Ok(Prepared {
            is_replayable: is_replayable(candidate),
            fingerprint: fingerprint(candidate, &encoded, repeat),
            estimated_tokens: input_tokens.saturating_add(output_tokens),
            most_cost,
            encoded,
        })
    }

    fn planned_output(&self) -> u64 {
        let limit = self.parts.candidate.params.max_output_tokens.map(u64::from);
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
