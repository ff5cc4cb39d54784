//! Message bodies.
//!
//! In: one JSON object. Out: pieces added to an [`Answer`]. Blocks of server tools and unknown
//! kinds are skipped. The block types are shared with `stream`.

use serde::Deserialize;
use serde_json::value::RawValue;
use trilemma_domain::FinishReason;

use crate::client::answer::{Answer, Marks};
use crate::client::lenient::{Word, from_object};
use crate::client::schema::JSON_ANSWER_TOOL;

/// A message, complete or as `message_start` announces it.
#[derive(Debug, Deserialize)]
pub(super) struct WireMessage<'a> {
    #[serde(default, borrow)]
    pub(super) id: Word<'a>,
    #[serde(default, borrow)]
    pub(super) model: Word<'a>,
    #[serde(default, borrow)]
    content: Option<Vec<WireBlock<'a>>>,
    #[serde(default, borrow)]
    stop_reason: Word<'a>,
    #[serde(default, borrow)]
    stop_details: Option<StopDetails<'a>>,
    #[serde(default, borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

/// A content block.
#[derive(Debug, Deserialize)]
pub(super) struct WireBlock<'a> {
    #[serde(default, borrow, rename = "type")]
    pub(super) kind: Word<'a>,
    #[serde(default, borrow)]
    pub(super) text: Word<'a>,
    #[serde(default, borrow)]
    pub(super) thinking: Word<'a>,
    #[serde(default, borrow)]
    pub(super) id: Word<'a>,
    #[serde(default, borrow)]
    pub(super) name: Word<'a>,
    #[serde(default, borrow)]
    pub(super) input: Option<&'a RawValue>,
}

/// Why a refusal was made.
#[derive(Debug, Deserialize)]
pub(super) struct StopDetails<'a> {
    #[serde(default, borrow)]
    explanation: Word<'a>,
}

/// Reads a complete body.
///
/// # Errors
///
/// The parser's error when the object is no JSON of this shape; the answer is then unchanged.
pub(crate) fn absorb_body(json: &[u8], answer: &mut Answer) -> Result<Marks, serde_json::Error> {
    let message: WireMessage<'_> = from_object(json)?;
    answer.begin_event();
    answer.note_origin(message.id.text(), message.model.text(), None);
    let has_content = message.content.is_some();
    let mut is_json_answer = false;
    for block in message.content.as_deref().unwrap_or_default() {
        is_json_answer |= absorb_block(block, answer);
    }
    absorb_stop(
        &message.stop_reason,
        message.stop_details.as_ref(),
        is_json_answer,
        answer,
    );
    if let Some(usage) = message.usage {
        answer.set_raw_usage(usage.get());
    }
    Ok(Marks {
        is_error: message.error.is_some(),
        has_content,
        is_last: has_content,
    })
}

/// Reads a complete block; tells whether it is the answer in the guise of a tool call.
fn absorb_block(block: &WireBlock<'_>, answer: &mut Answer) -> bool {
    let input = block.input.map_or("", RawValue::get);
    match block.kind.or_empty() {
        "text" => answer.add_text(block.text.or_empty()),
        "thinking" => answer.add_reasoning(block.thinking.or_empty()),
        "redacted_thinking" => answer.note_hidden_token(),
        "tool_use" if block.name.or_empty() == JSON_ANSWER_TOOL => {
            answer.add_text(input);
            return true;
        }
        "tool_use" => answer.add_whole_call(block.id.or_empty(), block.name.or_empty(), input),
        _ => {}
    }
    false
}

/// Notes why the model stopped.
pub(super) fn absorb_stop(
    reason: &Word<'_>,
    details: Option<&StopDetails<'_>>,
    is_json_answer: bool,
    answer: &mut Answer,
) {
    let Some(reason) = reason.text() else { return };
    answer.set_finish(match reason {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" if is_json_answer => FinishReason::Stop,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Refusal,
        other => FinishReason::Other(other.to_owned()),
    });
    if let Some(explanation) = details.and_then(|details| details.explanation.text()) {
        answer.explain_refusal(explanation);
    }
}
