//! One upstream: a candidate that can be called, with its key, its lane and its prices.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};
use trilemma_cost::Pricer;
use trilemma_domain::{
    Candidate, ChatRequest, Dialect, Failure, NanoUsd, Place, ServiceTier, Target, ToolChoice,
    Usage,
};
use trilemma_provider::{Client, EncodedRequest, Lane, Secret};

use crate::bound::{Longest, Size};
use crate::ceiling::Ceilings;
use crate::fixed::FixedTexts;

/// Longest answer assumed where neither client, candidate nor catalog bounds it, in tokens.
const LONGEST_ANSWER: u64 = 131_072;
/// Most tokens read at once where nobody bounds them.
const LONGEST_CONTEXT: u64 = 2_000_000;
/// Most tokens that an image costs, whatever its bytes: gpt-4o-mini's 2,833 and 5,667 for each of eight
/// tiles (OpenAI, "Images and vision", November 2026) are the most that any vendor documents.
const PER_IMAGE: u64 = 50_000;
/// Most tokens that a vendor adds around a request: roles, tools, its own instructions.
const AROUND: u64 = 2_048;

/// What an upstream is made of.
pub struct UpstreamParts {
    /// What is called, with the parameters it was measured with.
    pub candidate: Candidate,
    /// Calls it for streams: gives up after the time to a first token.
    pub streamed: Client,
    /// Calls it for whole answers: silent until they are there.
    pub whole: Client,
    /// Its key.
    pub secret: Option<Secret>,
    /// When a call may start; upstreams that share one endpoint and model share it.
    pub lane: Arc<Lane>,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
    /// Longest answer that it gives, in tokens; `None` = unknown.
    pub max_output: Option<u64>,
    /// Most tokens that it reads at once; `None` = unknown.
    pub context: Option<u64>,
    /// Whether an endpoint of OpenAI's dialect also speaks Responses.
    pub responses: bool,
}

/// A candidate that can be called.
pub struct Upstream {
    pub(crate) parts: UpstreamParts,
    own: Side,
    /// How it is asked in Responses' words, where those pass through.
    responses: Option<Side>,
    embeddings: Option<EncodedRequest>,
    ceilings: Option<Ceilings>,
    /// By what the measured prompt is known; `None` = the item's input as it is.
    pub(crate) prompt: Option<FixedTexts>,
}

/// How an upstream is asked in one dialect.
pub(crate) struct Side {
    template: [EncodedRequest; 2],
    /// The candidate's parameters as fields of the dialect.
    pub(crate) defaults: Vec<(String, String)>,
}

impl Side {
    fn new(target: &Target, candidate: &Candidate) -> Result<Self, Failure> {
        Ok(Self {
            template: [
                EncodedRequest::of_body(target, Bytes::new(), false)?,
                EncodedRequest::of_body(target, Bytes::new(), true)?,
            ],
            defaults: defaults(target, candidate)?,
        })
    }

    /// A request with a body in the dialect.
    pub(crate) fn encoded(&self, body: Bytes, is_stream: bool) -> EncodedRequest {
        let [whole, streamed] = &self.template;
        let template = if is_stream { streamed } else { whole };
        template.clone().with_body(body)
    }
}

impl Upstream {
    /// Makes an upstream ready to be called.
    ///
    /// # Errors
    /// Why the candidate cannot be called: its address, or parameters that its dialect has no word
    /// for.
    pub fn new(parts: UpstreamParts) -> Result<Self, Failure> {
        let target = &parts.candidate.target;
        let own = Side::new(target, &parts.candidate)?;
        let in_responses = Target {
            dialect: Dialect::Responses,
            ..target.clone()
        };
        let passes = parts.responses && target.dialect == Dialect::OpenAi;
        Ok(Self {
            // Measured parameters without a word there are served in the words they were measured in.
            responses: passes
                .then(|| Side::new(&in_responses, &parts.candidate).ok())
                .flatten(),
            embeddings: EncodedRequest::embeddings(target).ok(),
            ceilings: parts.pricer.as_ref().map(Ceilings::new),
            prompt: (parts.candidate.prompt.as_ref()).map(|prompt| FixedTexts::of(&prompt.source)),
            own,
            parts,
        })
    }

    /// How a client of this dialect is passed through; `None` = it has to be translated.
    pub(crate) fn side(&self, client: Dialect) -> Option<&Side> {
        let is_same = match client {
            Dialect::OpenAi | Dialect::Azure => {
                matches!(self.dialect(), Dialect::OpenAi | Dialect::Azure)
            }
            Dialect::Responses | Dialect::Anthropic | Dialect::Gemini => self.dialect() == client,
        };
        if is_same {
            return Some(&self.own);
        }
        self.responses
            .as_ref()
            .filter(|_| client == Dialect::Responses)
    }

    /// A request for embeddings; `None` = it has none in OpenAI's words.
    pub(crate) fn embeddings(&self, body: Bytes) -> Option<EncodedRequest> {
        Some(self.embeddings.clone()?.with_body(body))
    }

    /// Whether the candidate's own parameters have fields in its dialect.
    pub(crate) fn has_defaults(&self) -> bool {
        !self.own.defaults.is_empty()
    }

    /// The candidate's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.parts.candidate.id.as_str()
    }

    /// The language spoken there.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.parts.candidate.target.dialect
    }

    /// The model's name there.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.parts.candidate.target.model
    }

    /// Whether its prices are known, so that a budget can bound its calls.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.ceilings.is_some()
    }

    /// Whether its prices are known in the class of service and the place that a request asks for.
    pub(crate) fn is_priced_in(&self, tier: Option<ServiceTier>, place: Option<Place>) -> bool {
        let ceilings = self.ceilings.as_ref();
        ceilings.is_some_and(|ceilings| ceilings.of(tier, place).is_some())
    }

    /// Most that a request can use: no token of a text is shorter than a byte, and each search may
    /// fill the context anew.
    pub(crate) fn worst_usage(&self, size: &Size, n_searches: u64) -> Usage {
        let context = self.parts.context.unwrap_or(LONGEST_CONTEXT);
        let longest = self.parts.max_output.unwrap_or(LONGEST_ANSWER);
        let answer = match size.longest {
            Longest::Tokens(n) => n,
            Longest::Models => longest,
            Longest::Context => longest.max(context),
        };
        let told = size
            .n_bytes
            .saturating_add(size.n_images.saturating_mul(PER_IMAGE))
            .saturating_add(AROUND);
        let input = if size.fills_context || n_searches > 0 {
            told.max(context)
        } else {
            told
        };
        Usage {
            input_uncached: input.saturating_mul(n_searches.saturating_add(1)),
            output: answer
                .saturating_add(size.n_predicted)
                .saturating_mul(size.n_answers),
            web_searches: (n_searches > 0).then_some(n_searches),
            tier: size.tier,
            place: size.place,
            ..Usage::default()
        }
    }

    /// Most that so much usage can cost, in the dearest class of service and place that its request allows;
    /// `None` = a price is unknown.
    pub(crate) fn worst_cost(&self, usage: &Usage) -> Option<NanoUsd> {
        let ceiling = self.ceilings.as_ref()?.of(usage.tier, usage.place)?;
        let searches = match usage.web_searches {
            Some(n) => u128::from(n).saturating_mul(ceiling.search?),
            None => 0,
        };
        let millis = u128::from(usage.input_uncached)
            .saturating_mul(ceiling.input)
            .saturating_add(u128::from(usage.output).saturating_mul(ceiling.output))
            .saturating_add(searches);
        Some(NanoUsd(
            i64::try_from(millis.div_ceil(1_000)).unwrap_or(i64::MAX),
        ))
    }
}

/// What a name means.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) upstream: Arc<Upstream>,
    /// Whether the name is the candidate's id: its measured parameters then fill in what the client
    /// leaves out.
    pub(crate) is_candidate: bool,
}

/// The fields that the candidate's parameters are in a dialect, as JSON.
///
/// # Errors
/// When the dialect has no word for one of them.
fn defaults(target: &Target, candidate: &Candidate) -> Result<Vec<(String, String)>, Failure> {
    let request = |params| ChatRequest {
        model: String::new(),
        messages: Vec::new(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params,
        stream: false,
    };
    let fields = |params| -> Result<Map<String, Value>, Failure> {
        let encoded = EncodedRequest::new(target, &request(params))?;
        Ok(serde_json::from_slice(encoded.body()).unwrap_or_default())
    };
    let without = fields(trilemma_domain::Params::default())?;
    Ok(fields(candidate.params.clone())?
        .into_iter()
        .filter(|(name, value)| without.get(name) != Some(value))
        .map(|(name, value)| (name, value.to_string()))
        .collect())
}
