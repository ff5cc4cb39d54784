//! What `[routing]` states: what policies read, how answers are compared, rules that come first.

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::CandidateId;
use trilemma_route::{Compare, Labels, Reads, Rule, Target};

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
    /// The candidate whose labels may decide, with its labels; `None` = none.
    pub classifier: Option<Labels>,
    /// The `id` under `[[serve.embeddings]]` whose vectors of queries take part; `None` = none do.
    pub embedding: Option<String>,
}

impl RoutingSettings {
    /// Everyone whose answers are labels, by rules or as the classifier of the training, once each.
    #[must_use]
    pub fn gives_labels(&self) -> Vec<CandidateId> {
        let rules = self.rules.iter().flat_map(|rule| rule.then.gives_labels());
        let own = self.classifier.as_ref().map(|one| &one.by);
        let mut all: Vec<CandidateId> = Vec::new();
        for id in rules.chain(own) {
            if !all.contains(id) {
                all.push(id.clone());
            }
        }
        all
    }
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
            classifier: None,
            embedding: None,
        }
    }
}
