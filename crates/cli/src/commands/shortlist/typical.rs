//! Tokens of an ordinary query and answer: measured where that is possible, else stated defaults.
//!
//! Input is the mean over the golden set of the rendered prompt, tools included. Output is the mean of
//! the expected answers where those have the shape of an answer; where they do not (a number after a
//! page of reasoning, criteria instead of an answer) the design document's 300 tokens are taken.

use trilemma_catalog::TypicalTokens;
use trilemma_domain::{Item, Message, Role, TaskKind};
use trilemma_project::{Project, Prompt};

use crate::tokens;

/// Items that are counted; of larger sets, evenly spread ones.
const MAX_COUNTED: usize = 500;

/// Typical tokens and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Typical {
    pub(crate) tokens: TypicalTokens,
    pub(crate) input_from: String,
    pub(crate) output_from: String,
}

impl Default for Typical {
    fn default() -> Self {
        let assumed = "assumed, as in the design document's example".to_owned();
        Self {
            tokens: TypicalTokens::default(),
            input_from: assumed.clone(),
            output_from: assumed,
        }
    }
}

impl Typical {
    /// Counts over a golden set with the project's default prompt.
    pub(crate) fn measured(project: &Project, items: &[Item]) -> Self {
        let prompt = project
            .prompts
            .get("default")
            .or_else(|| project.prompts.values().next())
            .and_then(|text| Prompt::parse(text).ok());
        Self::of(items, prompt.as_ref(), project.task.kind)
    }

    /// Counts over items with a prompt.
    pub(crate) fn of(items: &[Item], prompt: Option<&Prompt>, task: TaskKind) -> Self {
        let mut typical = Self::default();
        let step = items.len().div_ceil(MAX_COUNTED).max(1);
        let counted: Vec<&Item> = items.iter().step_by(step).collect();
        let inputs = counted.iter().map(|item| input(item, prompt));
        if let Some(input) = mean(inputs) {
            typical.tokens.input = input;
            typical.input_from = format!("mean over {} items, o200k tokens", counted.len());
        }
        if !is_answer_expected(task) {
            return typical;
        }
        let outputs: Vec<u64> = counted
            .iter()
            .filter_map(|item| tokens::of_expected(item))
            .collect();
        let n_outputs = outputs.len();
        if let Some(output) = mean(outputs.into_iter()) {
            typical.tokens.output = output;
            typical.output_from = format!("mean of {n_outputs} expected answers, o200k tokens");
        }
        typical
    }

    /// Takes what the user says instead.
    pub(super) fn overlay(&mut self, input: Option<u64>, output: Option<u64>) {
        if let Some(input) = input {
            self.tokens.input = input;
            self.input_from = "given".to_owned();
        }
        if let Some(output) = output {
            self.tokens.output = output;
            self.output_from = "given".to_owned();
        }
    }
}

/// Whether expected values are about as long as answers.
fn is_answer_expected(task: TaskKind) -> bool {
    match task {
        TaskKind::Classification
        | TaskKind::Extraction
        | TaskKind::Summarization
        | TaskKind::ToolUse
        | TaskKind::Generation
        | TaskKind::Rag => true,
        TaskKind::Reasoning | TaskKind::Code | TaskKind::Other => false,
    }
}

fn input(item: &Item, prompt: Option<&Prompt>) -> u64 {
    let rendered = prompt.and_then(|prompt| prompt.render(item).ok());
    let messages = rendered.unwrap_or_else(|| match &item.input {
        trilemma_domain::Input::Text(text) => vec![Message::text(Role::User, text.clone())],
        trilemma_domain::Input::Messages(messages) => messages.clone(),
    });
    let tools = if item.extras.tools.is_empty() {
        0
    } else {
        tokens::count(&serde_json::to_string(&item.extras.tools).unwrap_or_default())
    };
    tokens::of_messages(&messages) + tools
}

/// The mean, rounded up, at least 1; `None` = no counts.
fn mean(counts: impl Iterator<Item = u64>) -> Option<u64> {
    let (sum, n) = counts.fold((0_u64, 0_u64), |(sum, n), count| {
        (sum.saturating_add(count), n + 1)
    });
    (n > 0).then(|| sum.div_ceil(n).max(1))
}
