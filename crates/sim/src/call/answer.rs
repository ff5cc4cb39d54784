//! What a model says to one prompt.
//!
//! In: where answers come from, the prompt, and how manieth answer it is. Out: the answer in
//! neutral words with its token boundaries, or nothing when there is none.

use std::sync::Arc;

use serde_json::Value;
use trilemma_domain::{ChatResponse, FinishReason, ItemId, ToolCall, Usage, UsageSource};

use super::logprobs::{Asked, made_up};
use crate::model::Current;
use crate::replay::{Recorded, RecordedEnd, Replay};
use crate::sample::Draws;
use crate::scenario::{Answers, FaultKind, ScriptAnswer, ScriptRule, UsageRule};
use crate::tokens::{self, Pieces};

/// An answer and where its tokens end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: ChatResponse,
    /// Tokens of the visible text (that of a refusal, if it is one).
    pub(crate) pieces: Pieces,
    pub(crate) reasoning_pieces: Pieces,
    /// What goes wrong with it, as a script says.
    pub(crate) fault: Option<FaultKind>,
}

/// The prompt that is to be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prompt<'a> {
    pub(crate) text: &'a str,
    pub(crate) item: Option<(u32, &'a ItemId)>,
    pub(crate) max_output_tokens: Option<u64>,
}

/// Finds the `n`th answer, from 0.
pub(crate) fn find(
    current: &Current<'_>,
    model: &str,
    replay: &Replay,
    prompt: Prompt<'_>,
    n: u32,
) -> Option<Answer> {
    let mut answer = match current.answers {
        Answers::Echo => Answer::of_text(prompt.text.to_owned(), None),
        Answers::Text { text } => Answer::of_text(text.clone(), None),
        Answers::Tokens { count } => {
            let item = prompt.item.map_or(0, |(idx, _)| u64::from(idx));
            let purpose = u64::from_le_bytes(*b"anstoken");
            let n_tokens = Draws::new(current.seed ^ item, purpose, u64::from(n)).count(*count);
            filler(n_tokens)
        }
        Answers::Script { rules } => {
            let rule = rules.iter().find(|rule| fits(rule, &prompt))?;
            let nth = (n as usize).checked_rem(rule.answers.len())?;
            Answer::of_script(rule.answers.get(nth)?)
        }
        Answers::Replay { of } => {
            let (item, _) = prompt.item?;
            let recorded = replay.answer(of.as_deref().unwrap_or(model), item, n)?;
            // Recorded answers are given whole: they kept their own model's limit, which counted
            // other tokens than ours.
            return Some(Answer::of_record(recorded));
        }
    };
    if let Some(max) = prompt
        .max_output_tokens
        .and_then(|n| usize::try_from(n).ok())
        && answer.pieces.len() > max
    {
        answer.cut(max);
    }
    Some(answer)
}

fn fits(rule: &ScriptRule, prompt: &Prompt<'_>) -> bool {
    let contains = rule.contains.as_deref();
    let item = rule.item.as_deref();
    contains.is_none_or(|part| prompt.text.contains(part))
        && item.is_none_or(|id| prompt.item.is_some_and(|(_, known)| known.as_str() == id))
}

/// A text of exactly so many tokens: a word with a leading space is one token of o200k.
fn filler(n_tokens: usize) -> Answer {
    const WORD: &str = " word";
    let len = u16::try_from(WORD.len()).unwrap_or(u16::MAX);
    Answer::of_text(WORD.repeat(n_tokens), Some(vec![len; n_tokens].into()))
}

impl Answer {
    fn of_text(text: String, pieces: Option<Pieces>) -> Self {
        Self {
            pieces: pieces.unwrap_or_else(|| tokens::pieces(&text)),
            reasoning_pieces: Arc::from([]),
            fault: None,
            response: ChatResponse {
                text,
                finish: Some(FinishReason::Stop),
                ..ChatResponse::default()
            },
        }
    }

    fn of_record(recorded: Recorded<'_>) -> Self {
        let text = recorded.text().to_owned();
        let mut whole = Self::of_text(text, Some(recorded.pieces()));
        let response = &mut whole.response;
        match recorded.end() {
            RecordedEnd::Stop => {}
            RecordedEnd::Length => response.finish = Some(FinishReason::Length),
            RecordedEnd::Refusal => {
                response.refusal = Some(std::mem::take(&mut response.text));
                response.finish = Some(FinishReason::Refusal);
            }
        }
        whole
    }

    fn of_script(script: &ScriptAnswer) -> Self {
        let visible = script.refusal.as_ref().unwrap_or(&script.text);
        let finish = if script.refusal.is_some() {
            FinishReason::Refusal
        } else if script.tool_calls.is_empty() {
            FinishReason::Stop
        } else {
            FinishReason::ToolCalls
        };
        let tool_calls = script
            .tool_calls
            .iter()
            .enumerate()
            .map(|(idx, call)| ToolCall {
                id: format!("call_{idx}"),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            });
        Self {
            pieces: tokens::pieces(visible),
            reasoning_pieces: tokens::pieces(script.reasoning.as_deref().unwrap_or_default()),
            fault: script.fault,
            response: ChatResponse {
                text: if script.refusal.is_some() {
                    String::new()
                } else {
                    script.text.clone()
                },
                reasoning: script.reasoning.clone(),
                refusal: script.refusal.clone(),
                tool_calls: tool_calls.collect(),
                finish: Some(finish),
                ..ChatResponse::default()
            },
        }
    }

    /// Gives the visible text's tokens log-probabilities; a refusal has none.
    pub(crate) fn add_logprobs(&mut self, asked: Asked) {
        if self.response.refusal.is_none() {
            self.response.first_tokens = made_up(&self.response.text, &self.pieces, asked);
        }
    }

    /// Cuts the text after so many tokens, as a token limit does.
    pub(crate) fn cut(&mut self, n_tokens: usize) {
        let kept: Pieces = self.pieces.iter().copied().take(n_tokens).collect();
        let len = kept.iter().map(|&len| usize::from(len)).sum();
        self.response.text.truncate(len);
        self.response.first_tokens.truncate(kept.len());
        self.response.finish = Some(FinishReason::Length);
        self.response.tool_calls.clear();
        self.pieces = kept;
    }

    /// Lets a fault change what is said; others strike while it is told.
    pub(crate) fn strike(&mut self, fault: Option<FaultKind>) {
        match fault {
            Some(FaultKind::Refusal) => self.refuse(),
            Some(FaultKind::ContentFilter) => self.filter(),
            Some(FaultKind::Length) => self.cut(self.pieces.len() / 2),
            Some(_) | None => {}
        }
    }

    /// Turns it into a refusal.
    fn refuse(&mut self) {
        const WORDS: &str = "I can't help with that.";
        *self = Self::of_script(&ScriptAnswer {
            refusal: Some(WORDS.to_owned()),
            ..ScriptAnswer::default()
        });
    }

    /// Withholds it, as a vendor's filter does.
    fn filter(&mut self) {
        *self = Self::of_text(String::new(), Some(Arc::from([])));
        self.response.finish = Some(FinishReason::ContentFilter);
    }

    /// Tokens of it all, reasoning and arguments of calls included.
    pub(crate) fn n_tokens(&self) -> u64 {
        let of_calls: usize = self
            .response
            .tool_calls
            .iter()
            .map(|call| tokens::pieces(&arguments(&call.arguments)).len())
            .sum();
        (self.pieces.len() + self.reasoning_pieces.len() + of_calls) as u64
    }

    /// Usage as the scenario says it, with our own counts where it does not.
    pub(crate) fn usage(&self, rule: Option<&UsageRule>, n_input_tokens: u64) -> Option<Usage> {
        let default = UsageRule::default();
        let rule = rule.unwrap_or(&default);
        if rule.omit {
            return None;
        }
        let source = match (rule.input, rule.output) {
            (Some(_), Some(_)) => UsageSource::Reported,
            _ => UsageSource::Estimated,
        };
        let own_reasoning = self.reasoning_pieces.len() as u64;
        Some(Usage {
            input_uncached: rule.input.unwrap_or(n_input_tokens),
            cache_read: rule.cache_read,
            cache_write_5m: rule.cache_write,
            output: rule.output.unwrap_or_else(|| self.n_tokens()),
            reasoning: rule
                .reasoning
                .or((own_reasoning > 0).then_some(own_reasoning)),
            source,
            ..Usage::default()
        })
    }
}

fn arguments(value: &Value) -> String {
    value.to_string()
}
