//! One file per section of `trilemma.toml`: each reads its table into the checked type.

mod assumptions;
mod bench;
mod candidates;
mod classifier;
mod live;
mod pipeline;
mod preference;
mod prompts;
mod providers;
mod requirements;
mod routing;
mod scorers;
mod serve;
mod store;
mod task;

pub(crate) use assumptions::{assumptions, with_traffic};
pub(crate) use bench::bench;
pub(crate) use candidates::{CandidateDraft, candidates};
pub(crate) use pipeline::{COMMAND_PROVIDER, pipeline};
pub(crate) use preference::preference;
pub(crate) use prompts::prompts;
pub(crate) use providers::{ProviderDraft, providers};
pub(crate) use requirements::{requirements, traffic};
pub(crate) use routing::routing;
pub(crate) use scorers::{ScorerDraft, scorers};
pub(crate) use serve::serve;
pub(crate) use store::store;
pub(crate) use task::task;
