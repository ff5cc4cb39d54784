//! How results are to be read: format, columns, scale.

use super::exports::Export;
use super::take::Tool;

/// How a file of results is to be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadOptions {
    /// Who wrote it; `None` = told by its content.
    pub tool: Option<Tool>,
    /// Which column means what, for tables: pairs of field and column. A `*` in the column stands
    /// for the candidate's name, for tables with columns per candidate.
    pub columns: Vec<(Field, String)>,
    /// Whose export a table is; `None` = told by its columns.
    pub export: Option<Export>,
    /// Whose results they are, where the file does not say.
    pub candidate: Option<String>,
}

/// What a column can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Name of the item.
    Item,
    /// Name of the candidate.
    Candidate,
    /// The model behind it, where its name does not say.
    Model,
    /// Number of the repeat.
    Repeat,
    /// The score, or an object of scores.
    Score,
    /// The answer's text.
    Output,
    /// Why there is no answer.
    Error,
    /// What was asked.
    Input,
    /// The expected answer.
    Expected,
    /// Labels for slices.
    Tags,
    /// Items that are not independent share one.
    Cluster,
    /// Which task the item is of: routing tells tasks apart by it.
    Task,
    /// Input tokens, cached ones included.
    InputTokens,
    /// Of these, read from a cache.
    CacheReadTokens,
    /// Output tokens, reasoning included.
    OutputTokens,
    /// Cost of the call in USD.
    CostUsd,
    /// Time of the whole answer, in milliseconds.
    LatencyMs,
    /// Time of the whole answer, in seconds.
    LatencyS,
    /// Time to the first visible token, in milliseconds.
    TtftMs,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Item,
        Self::Candidate,
        Self::Model,
        Self::Repeat,
        Self::Score,
        Self::Output,
        Self::Error,
        Self::Input,
        Self::Expected,
        Self::Tags,
        Self::Cluster,
        Self::Task,
        Self::InputTokens,
        Self::CacheReadTokens,
        Self::OutputTokens,
        Self::CostUsd,
        Self::LatencyMs,
        Self::LatencyS,
        Self::TtftMs,
    ];

    /// The word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Candidate => "candidate",
            Self::Model => "model",
            Self::Repeat => "repeat",
            Self::Score => "score",
            Self::Output => "output",
            Self::Error => "error",
            Self::Input => "input",
            Self::Expected => "expected",
            Self::Tags => "tags",
            Self::Cluster => "cluster",
            Self::Task => "task",
            Self::InputTokens => "input_tokens",
            Self::CacheReadTokens => "cache_read_tokens",
            Self::OutputTokens => "output_tokens",
            Self::CostUsd => "cost_usd",
            Self::LatencyMs => "latency_ms",
            Self::LatencyS => "latency_s",
            Self::TtftMs => "ttft_ms",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == text)
    }

    /// Whether a wide table has one such column per candidate.
    pub(crate) fn is_per_candidate(self) -> bool {
        match self {
            Self::Item
            | Self::Candidate
            | Self::Repeat
            | Self::Input
            | Self::Expected
            | Self::Tags
            | Self::Cluster
            | Self::Task => false,
            Self::Model
            | Self::Score
            | Self::Output
            | Self::Error
            | Self::InputTokens
            | Self::CacheReadTokens
            | Self::OutputTokens
            | Self::CostUsd
            | Self::LatencyMs
            | Self::LatencyS
            | Self::TtftMs => true,
        }
    }

    /// Column names that mean this without being told, most usual first.
    pub(crate) fn usual(self) -> impl Iterator<Item = &'static str> {
        let names = USUAL.iter().find(|(field, _)| *field == self);
        names
            .map_or("", |(_, names)| names)
            .split_ascii_whitespace()
    }
}

const USUAL: [(Field, &str); 18] = [
    (
        Field::Item,
        "item id item_id sample_id question_id case_id test_id doc_id example_id key",
    ),
    (
        Field::Candidate,
        "candidate model model_name model_id provider system variant run run_name experiment",
    ),
    (Field::Repeat, "repeat epoch trial attempt"),
    (
        Field::Score,
        "score scores pass passed correct is_correct success ok accuracy grade",
    ),
    (
        Field::Output,
        "output answer response completion prediction actual_output outputs model_output generation",
    ),
    (Field::Error, "error error_message exception"),
    (
        Field::Input,
        "input inputs question prompt query user_input",
    ),
    (
        Field::Expected,
        "expected expected_output expectedOutput target reference ideal ground_truth gold",
    ),
    (Field::Tags, "tags category tag slice subject"),
    (Field::Cluster, "cluster group source_document"),
    (Field::Task, "task task_name"),
    (Field::InputTokens, "input_tokens prompt_tokens tokens_in"),
    (
        Field::CacheReadTokens,
        "cache_read_tokens input_tokens_cache_read cached_tokens",
    ),
    (
        Field::OutputTokens,
        "output_tokens completion_tokens tokens_out",
    ),
    (Field::CostUsd, "cost_usd usd total_cost_usd"),
    (Field::LatencyMs, "latency_ms duration_ms e2e_ms latencyMs"),
    (
        Field::LatencyS,
        "latency_s duration_s latency_seconds duration_seconds",
    ),
    (Field::TtftMs, "ttft_ms time_to_first_token_ms"),
];
