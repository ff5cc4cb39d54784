//! What `[routing]` states: what policies read, how answers are compared, rules that come first.

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::CandidateId;
use trilemma_route::{Compare, Reads, Rule, Target};

/// How policies are trained and what stands around their learned part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutingSettings {
    /// Whether a routed mix is proposed beside single candidates.
    pub propose: bool,
    /// What policies are to reach; one point below the best single candidate by default.
    #[serde(skip)]
    pub target: Target,
    /// Which text of a request features and rules read.
    pub reads: Reads,
    /// The metadata field that names an item's task, or `tags`: its first tag; `task` by default.
    pub task_field: String,
    /// From an answer to the part that is compared: extraction steps; `None` = those of the first
    /// scorer that has some.
    pub extract: Option<Value>,
    /// When two extracted answers are the same.
    pub compare: Compare,
    /// Rules, in order; they come before everything that is learned.
    pub rules: Vec<Rule>,
    /// Who is asked, in this order, when the one that is wanted has failed; empty = the training
    /// names one.
    pub fallback: Vec<CandidateId>,
    /// The `id` under `[[serve.embeddings]]` whose vectors of queries take part; `None` = none do.
    pub embedding: Option<String>,
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self {
            propose: true,
            target: Target::Loss(0.01),
            reads: Reads::LastUser,
            task_field: "task".to_owned(),
            extract: None,
            compare: Compare::Loose,
            rules: Vec::new(),
            fallback: Vec::new(),
            embedding: None,
        }
    }
}
