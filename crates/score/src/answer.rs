//! What a scorer sees of one reply.
//!
//! In: fields of a stored reply. Out: a borrowed view. Holds no text of its own, so that scoring a
//! hundred thousand answers copies none of them.

use std::time::Duration;

use trilemma_domain::{FinishReason, NanoUsd, ToolCall};

/// One answer and its circumstances; `None` always means unknown, never zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer<'a> {
    /// The visible text; may be empty.
    pub text: &'a str,
    /// Calls of tools, in order.
    pub tool_calls: &'a [ToolCall],
    /// Why the model stopped.
    pub finish: Option<&'a FinishReason>,
    /// Text of an explicit refusal, where the vendor marks one.
    pub refusal: Option<&'a str>,
    /// From sending the request to the last byte; `None` also for replays, whose latency is not
    /// of this run.
    pub latency: Option<Duration>,
    /// To the first visible token.
    pub ttft: Option<Duration>,
    /// What the trial cost.
    pub cost: Option<NanoUsd>,
    /// Output tokens, reasoning included.
    pub output_tokens: Option<u64>,
}

impl<'a> Answer<'a> {
    /// Makes an answer of which only the text is known.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
