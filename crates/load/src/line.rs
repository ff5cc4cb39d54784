//! One candidate that is ready to be called: requests encoded, key at hand, prices known.

use trilemma_cost::{Forecast, Pricer};
use trilemma_domain::{NanoUsd, Usage};
use trilemma_provider::{Client, Connect, EncodedRequest, Secret, TcpConnector};

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
    forecast: Forecast,
}

impl<C: Connect> Line<C> {
    /// Makes a line.
    #[must_use]
    pub fn new(parts: LineParts<C>) -> Self {
        Self {
            forecast: Forecast::new(parts.max_output_tokens),
            parts,
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
        let request = self.request(number);
        let n_bytes = request.map_or(0, |request| request.body().len());
        let pricer = self.parts.pricer.as_ref();
        self.forecast.most_cost(n_bytes, pricer)
    }

    /// Whether requests can be priced before they are sent.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        let pricer = self.parts.pricer.as_ref();
        pricer.is_some_and(|pricer| pricer.production(1, 1, None).is_some())
    }

    /// Learns from an answer how long answers are.
    pub(crate) fn learn(&self, usage: &Usage) {
        self.forecast.learn(usage);
    }
}
