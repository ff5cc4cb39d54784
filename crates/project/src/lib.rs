//! `trilemma.toml`, checked.
//!
//! In: the text of a project file, the catalog, a date, and a way to read the files beside it.
//! Out: a [`Project`] in which every name resolves, or all problems at once, each with line, column
//! and the fix. Keys never enter: a project holds only where they come from. Prompt templates are
//! parsed and filled in here, so that benchmark and gateway build the same requests.

mod adaptive;
mod budget;
mod key;
mod labels;
mod live;
mod load;
mod pipeline;
mod problem;
mod project;
mod prompt;
mod recover;
mod resolve;
mod routing;
mod section;
mod sections;
mod serve;

pub use adaptive::Adaptive;
pub use budget::{Period, ServeBudget};
pub use key::KeySource;
pub use labels::{LabelAsked, Labeller, label_faults};
pub use live::{
    CanaryJudges, CanarySettings, Consent, ShadowSettings, TextSettings, TraceSettings,
};
pub use load::{LoadContext, Loaded, has_errors, load};
pub use pipeline::{Body, pipeline_request};
pub use problem::{Position, Problem, ProjectErrors, Severity};
pub use project::{
    BenchSettings, GoldenLocation, KeyHeader, Project, Provider, StoreLocation, Task,
};
pub use prompt::{Prompt, PromptError, chat_request};
pub use recover::{Recovered, recover};
pub use routing::RoutingSettings;
pub use serve::{ClientKey, EmbeddingModel, ServeSettings};
