//! A project as files of another tool describe it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trilemma_domain::{Item, Params, Pipeline, PromptText, ScorerSpec};

/// The tool whose files were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupTool {
    /// promptfoo's configuration or its CSV of tests.
    Promptfoo,
    /// OpenAI Evals: definitions of graders, rows of items, or samples of the open-source tool.
    OpenaiEvals,
    /// Samples of Inspect.
    Inspect,
    /// Goldens of DeepEval.
    DeepEval,
    /// Samples of Ragas.
    Ragas,
    /// Prompts of Amazon Bedrock's evaluation jobs.
    Bedrock,
    /// Dataset rows of MLflow, Langfuse, Braintrust or LangSmith.
    Dataset,
    /// LiteLLM's `model_list`.
    LiteLlm,
}

impl SetupTool {
    /// The tool's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Promptfoo => "promptfoo",
            Self::OpenaiEvals => "OpenAI Evals",
            Self::Inspect => "Inspect",
            Self::DeepEval => "DeepEval",
            Self::Ragas => "Ragas",
            Self::Bedrock => "Amazon Bedrock",
            Self::Dataset => "dataset rows",
            Self::LiteLlm => "LiteLLM",
        }
    }
}

/// The parts of a project.
#[derive(Debug, Default)]
pub struct Draft {
    /// What was read, in order, each once.
    pub tools: Vec<SetupTool>,
    /// What the files call it.
    pub name: Option<String>,
    /// Items, with ids that are unique.
    pub items: Vec<Item>,
    /// Checks by item id, as the scorer `checks` reads them.
    pub checks: Map<String, Value>,
    /// Scorers besides the checks.
    pub scorers: Vec<ScorerSpec>,
    /// Prompts, as templates of ours.
    pub prompts: Vec<PromptText>,
    /// Candidates.
    pub candidates: Vec<DraftCandidate>,
    /// What has no counterpart here.
    pub unmapped: Vec<Unmapped>,
}

/// A candidate, as far as the files tell.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftCandidate {
    /// Its name.
    pub id: String,
    /// How it is called.
    pub call: DraftCall,
    /// The prompt that it is asked with; `None` = every one of them.
    pub prompt: Option<String>,
    /// Its parameters.
    pub params: Params,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftCall {
    /// A model, as `provider/model`; the address and the variable with its key where they are told.
    Model {
        /// The provider.
        provider: String,
        /// The model.
        model: String,
        /// Where it is, where the files say.
        base_url: Option<String>,
        /// Which variable holds the key, where the files say.
        key_env: Option<String>,
    },
    /// A JSON endpoint.
    Http {
        /// Its origin.
        base_url: String,
        /// How it is called.
        pipeline: Box<Pipeline>,
    },
}

/// Something that has no counterpart here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmapped {
    /// What it is, such as `assertion javascript`.
    pub what: String,
    /// Why it was left out, and what to do.
    pub why: String,
    /// Where it stands first.
    pub first: String,
    /// How often it occurs, at least once.
    pub n: usize,
}

/// Collects what has no counterpart, like with like.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    by_what: BTreeMap<(String, String), (String, usize)>,
}

impl Losses {
    /// Notes one loss.
    pub(crate) fn add(&mut self, place: &str, what: impl Into<String>, why: impl Into<String>) {
        let entry = self
            .by_what
            .entry((what.into(), why.into()))
            .or_insert_with(|| (place.to_owned(), 0));
        entry.1 += 1;
    }

    pub(crate) fn into_list(self) -> Vec<Unmapped> {
        self.by_what
            .into_iter()
            .map(|((what, why), (first, n))| Unmapped {
                what,
                why,
                first,
                n,
            })
            .collect()
    }
}

/// The tag of items some of whose assertions were left out: passing says less than it did there.
pub(crate) const PARTLY: &str = "partly-imported";

impl Draft {
    /// Adds an item under a name that no other has.
    pub(crate) fn push(
        &mut self,
        mut item: Item,
        taken: &mut std::collections::HashSet<String>,
    ) -> String {
        let wanted = item.id.to_string();
        let mut id = wanted.clone();
        let mut n = 2;
        while !taken.insert(id.clone()) {
            id = format!("{wanted}-{n}");
            n += 1;
        }
        item.id = id.as_str().into();
        self.items.push(item);
        id
    }

    /// Notes whose file it is.
    pub(crate) fn of(&mut self, tool: SetupTool) {
        if !self.tools.contains(&tool) {
            self.tools.push(tool);
        }
    }

    /// Adds a scorer once; labels stay unique.
    pub(crate) fn add_scorer(&mut self, spec: ScorerSpec) {
        if !self.scorers.iter().any(|known| known.label == spec.label) {
            self.scorers.push(spec);
        }
    }
}
