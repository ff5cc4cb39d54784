//! One candidate that is ready to be called: prompt parsed, lane open, prices known.

use std::sync::Arc;

use trilemma_cost::{Forecast, Pricer};
use trilemma_domain::{Candidate, Failure, Fingerprint, Item, NanoUsd, Usage};
use trilemma_project::PromptError;
use trilemma_provider::{Client, Connect, EncodedRequest, Lane, Secret, TcpConnector};

use crate::asked::{Asked, fingerprint, is_replayable};

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
    forecast: Forecast,
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
            forecast: Forecast::new(parts.candidate.params.max_output_tokens),
            parts,
            asked,
        })
    }

    /// Builds the request for an item.
    pub(crate) fn prepare(&self, item: &Item, repeat: u32) -> Result<Prepared, Box<Failure>> {
        let candidate = &self.parts.candidate;
        let encoded = self.asked.encode(candidate, item).map_err(Box::new)?;
        let n_bytes = encoded.body().len();
        let pricer = self.parts.pricer.as_ref();
        Ok(Prepared {
            is_replayable: is_replayable(candidate),
            fingerprint: fingerprint(candidate, &encoded, repeat),
            estimated_tokens: self.forecast.tokens(n_bytes),
            most_cost: self.forecast.most_cost(n_bytes, pricer),
            encoded,
        })
    }

    /// Learns from an answer how long answers are.
    pub(crate) fn learn(&self, usage: &Usage) {
        self.forecast.learn(usage);
    }
}
