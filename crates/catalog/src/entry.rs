//! The rows of the catalog: providers and the models that they serve.
//!
//! In: checked rows. Out: plain records with three-valued answers (yes, no, not stated).
//! No row is changed here, and nothing is said about quality: that is measured, not looked up.

use jiff::civil::Date;
use trilemma_domain::{Capability, Dialect, ModelName, TaskKind, Usd, UsdPerMtok};

use crate::arch::Arch;
use crate::lifecycle::{Lifecycle, LifecycleState};
use crate::price::{self, LIST, PriceQuery, PriceRow, Service};
use crate::source::{Provenance, Statement};
use crate::terms::{Licence, Terms};
use crate::tier::Tier;

/// Whoever answers calls: a vendor, a host of open weights, or the user's own servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// First part of the ids of its models.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Language spoken there.
    pub dialect: Dialect,
    /// Address up to and including the version part, without trailing slash; `None` = each user
    /// has an own one (Azure, self-hosted).
    pub base_url: Option<String>,
    /// Whether its OpenAI endpoint also speaks Responses, at the same address.
    pub responses: bool,
    /// Environment variable that holds the key by the vendor's own convention.
    pub api_key_env: Option<String>,
    /// How obvious a choice it is, 1 = most: an editorial rank that only orders proposals.
    pub standing: u8,
    /// Data terms; `None` = no source states any.
    pub terms: Option<Terms>,
    /// Where this row comes from.
    pub provenance: Provenance,
}

/// How a model is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// Called at a vendor.
    Api,
    /// Weights that the user hosts.
    OpenWeights,
}

/// What its vendor puts a model forward for: an editorial class that only orders proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// High volume at low price.
    Economy,
    /// Between the two.
    Workhorse,
    /// The vendor's answer to quality-sensitive tasks.
    Flagship,
    /// Above the flagship, at a price.
    Premium,
}

impl Role {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Workhorse => "workhorse",
            Self::Flagship => "flagship",
            Self::Premium => "premium",
        }
    }
}

/// Whether the id stays with one set of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// The vendor names it as a fixed snapshot.
    Snapshot,
    /// The vendor names no snapshot of it: it may change behind the name.
    Unpinned,
}

/// Another name of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name, without provider.
    pub name: String,
    /// Whether the vendor points it at another model when it pleases.
    pub moving: bool,
    /// First day on which it meant this model; `None` = as far back as is known.
    pub from: Option<Date>,
    /// First day on which it no longer did; `None` = still does.
    pub to: Option<Date>,
    /// Who says so.
    pub provenance: Provenance,
}

impl Alias {
    /// Whether the name meant this model on a day.
    #[must_use]
    pub fn holds(&self, as_of: Date) -> bool {
        self.from.is_none_or(|from| from <= as_of) && self.to.is_none_or(|to| as_of < to)
    }
}

/// Sizes in tokens; `None` = no source states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Input and output together.
    pub context: Option<u64>,
    /// Input alone, where it has its own limit.
    pub max_input: Option<u64>,
    /// Output, reasoning included.
    pub max_output: Option<u64>,
}

/// Yes, no, or no source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// A source says so.
    Yes,
    /// A source denies it.
    No,
    /// No source says.
    Unknown,
}

/// Whether and how a model reasons before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// It does not.
    Off,
    /// Only when asked to.
    OnRequest,
    /// Unless told not to.
    Default,
    /// Always.
    Always,
}

/// What a model does with request parameters; `None` = no source states it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterRules {
    /// Whether a temperature may be sent.
    pub temperature: Option<bool>,
    /// Whether `top_p` may be sent.
    pub top_p: Option<bool>,
    /// Whether a seed may be sent.
    pub seed: Option<bool>,
    /// Whether a limit of output tokens must be sent.
    pub needs_max_tokens: Option<bool>,
    /// Body field that limits output tokens, where the usual one is refused.
    pub max_tokens_field: Option<String>,
    /// How it reasons.
    pub reasoning: Option<Reasoning>,
    /// Efforts that it takes, weakest first; empty = not stated.
    pub efforts: Vec<String>,
    /// Anything else that breaks requests.
    pub note: Option<String>,
    /// Who says so.
    pub provenance: Option<Provenance>,
}

/// Published size of the weights in a format.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Format, such as `4-bit` or `gguf-q4_k_m`.
    pub scheme: String,
    /// Size in gigabytes (10⁹ bytes) as printed.
    pub gb: f64,
    /// Who printed it.
    pub provenance: Provenance,
}

/// What a fine-tuned id is made from, and what it costs besides its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FineTuned {
    /// The model that was trained further.
    pub base: ModelName,
    /// Price of a million tokens of training; `None` = not stated.
    pub training: Option<UsdPerMtok>,
    /// Price of an hour in which it stands ready; `None` = not stated (0 = free).
    pub hosting_hour: Option<Usd>,
    /// Who says so.
    pub provenance: Provenance,
}

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// `provider/model`; the second part is the name on the wire.
    pub id: ModelName,
    /// Name for people.
    pub name: String,
    /// How it is had.
    pub kind: ModelKind,
    /// Product line; a newer model of the same line stands in for an older one.
    pub line: Option<String>,
    /// Size class.
    pub tier: Option<Tier>,
    /// What its vendor puts it forward for.
    pub role: Option<Role>,
    /// Task kinds that it is made for; empty = for all.
    pub only_for: Vec<TaskKind>,
    /// Whether the id is a fixed snapshot.
    pub pin: Pin,
    /// Other names.
    pub aliases: Vec<Alias>,
    /// The open weights that a host serves under this id.
    pub weights: Option<ModelName>,
    /// Set for ids that were trained further by the user.
    pub fine_tuned: Option<FineTuned>,
    /// What a source says it is good at.
    pub strengths: Option<Statement>,
    /// What a source says it is best for.
    pub best_for: Option<Statement>,
    /// Dates.
    pub lifecycle: Lifecycle,
    /// Sizes.
    pub limits: Limits,
    /// What it is known to do.
    pub can: Vec<Capability>,
    /// What it is known not to do.
    pub cannot: Vec<Capability>,
    /// Tokenizer family; see [`crate::Catalog::tokenizer`].
    pub tokenizer: Option<String>,
    /// What it does with parameters.
    pub parameters: ParameterRules,
    /// Data terms of its own; `None` = those of its provider.
    pub terms: Option<Terms>,
    /// Licence of the weights.
    pub licence: Option<Licence>,
    /// Architecture.
    pub arch: Option<Arch>,
    /// Published sizes.
    pub footprints: Vec<Footprint>,
    /// All dated prices, the user's own first.
    pub prices: Vec<PriceRow>,
}

impl Model {
    /// Gives the list price that holds on a day, anywhere; `None` = unknown, never zero.
    ///
    /// `context_tokens` are all input tokens of the request, cached ones included.
    #[must_use]
    pub fn price_at(&self, date: Date, service: Service, context_tokens: u64) -> Option<&PriceRow> {
        self.price(&PriceQuery {
            date,
            service,
            context_tokens,
            region: None,
            book: LIST,
        })
    }

    /// Gives the price row for any question; `None` = unknown.
    #[must_use]
    pub fn price(&self, query: &PriceQuery<'_>) -> Option<&PriceRow> {
        price::pick(&self.prices, query)
    }

    /// Says what the model is on a day.
    #[must_use]
    pub fn lifecycle_at(&self, as_of: Date) -> LifecycleState {
        self.lifecycle.at(as_of)
    }

    /// Says whether the model has an ability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> Stated {
        if self.can.contains(&capability) {
            Stated::Yes
        } else if self.cannot.contains(&capability) {
            Stated::No
        } else {
            Stated::Unknown
        }
    }

    /// Says whether a request of this many input and output tokens fits.
    #[must_use]
    pub fn fits(&self, input_tokens: u64, output_tokens: u64) -> Stated {
        let limits = &self.limits;
        let too_big = limits.max_input.is_some_and(|max| input_tokens > max)
            || limits.max_output.is_some_and(|max| output_tokens > max)
            || limits
                .context
                .is_some_and(|max| input_tokens.saturating_add(output_tokens) > max);
        if too_big {
            Stated::No
        } else if limits.context.is_some() || limits.max_input.is_some() {
            Stated::Yes
        } else {
            Stated::Unknown
        }
    }
}
