//! Stream events of Anthropic Messages.
//!
//! In: the data of one event. Out: pieces added to an [`Answer`]. Deltas of unknown kinds
//! (signatures, citations) and unknown events are skipped, as the vendor asks of clients.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::response::{StopDetails, WireBlock, WireMessage, absorb_stop};
use super::usage::overlay;
use crate::client::answer::{Answer, CallDelta, Marks};
use crate::client::lenient::{Count, Word, from_object};
use crate::client::schema::JSON_ANSWER_TOOL;

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Word<'a>,
    #[serde(default)]
    index: Count,
    #[serde(default, borrow)]
    message: Option<WireMessage<'a>>,
    #[serde(default, borrow)]
    content_block: Option<WireBlock<'a>>,
    #[serde(default, borrow)]
    delta: Option<Delta<'a>>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(default, borrow)]
    text: Word<'a>,
    #[serde(default, borrow)]
    thinking: Word<'a>,
    #[serde(default, borrow)]
    partial_json: Word<'a>,
    #[serde(default, borrow)]
    stop_reason: Word<'a>,
    #[serde(default, borrow)]
    stop_details: Option<StopDetails<'a>>,
}

/// What must be remembered between events.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// Number of the block that is the answer in the guise of a tool call.
    json_answer: Option<u64>,
    /// The last usage of `message_delta`: cumulative, but not complete.
    last_usage: String,
}

impl Blocks {
    /// Reads one event.
    ///
    /// # Errors
    ///
    /// The parser's error when the data is no JSON of this shape; nothing is then changed.
    pub(crate) fn absorb_event(
        &mut self,
        json: &[u8],
        answer: &mut Answer,
    ) -> Result<Marks, serde_json::Error> {
        let event: Event<'_> = from_object(json)?;
        answer.begin_event();
        if let Some(message) = &event.message {
            answer.note_origin(message.id.text(), message.model.text(), None);
            if let Some(usage) = message.usage {
                answer.set_raw_usage(usage.get());
            }
        }
        if let Some(block) = &event.content_block {
            self.begin_block(event.index.0, block, answer);
        }
        if let Some(delta) = &event.delta {
            self.absorb_delta(event.index.0, delta, answer);
        }
        if let Some(usage) = event.usage {
            self.last_usage.clear();
            self.last_usage.push_str(usage.get());
        }
        let kind = event.kind.or_empty();
        let is_last = kind == "message_stop";
        if is_last {
            self.close(answer);
        }
        Ok(Marks {
            is_error: kind == "error" || event.error.is_some(),
            has_content: event.content_block.is_some() || event.delta.is_some(),
            is_last,
        })
    }

    /// Ends the stream: joins both reports of usage.
    pub(crate) fn close(&mut self, answer: &mut Answer) {
        if self.last_usage.is_empty() {
            return;
        }
        let merged = overlay(answer.raw_usage(), &self.last_usage);
        answer.set_raw_usage(merged.as_deref().unwrap_or(&self.last_usage));
        self.last_usage.clear();
    }

    fn begin_block(&mut self, index: Option<u64>, block: &WireBlock<'_>, answer: &mut Answer) {
        answer.add_text(block.text.or_empty());
        answer.add_reasoning(block.thinking.or_empty());
        // Calls begin with an empty object; their arguments follow in pieces.
        let input = block.input.map_or("", RawValue::get);
        let input = if input == "{}" { "" } else { input };
        match block.kind.or_empty() {
            "redacted_thinking" => answer.note_hidden_token(),
            "tool_use" if block.name.or_empty() == JSON_ANSWER_TOOL => {
                self.json_answer = index;
                answer.add_text(input);
            }
            "tool_use" => answer.add_call(CallDelta {
                index,
                id: block.id.or_empty(),
                name: block.name.or_empty(),
                arguments: input,
            }),
            _ => {}
        }
    }

    fn absorb_delta(&mut self, index: Option<u64>, delta: &Delta<'_>, answer: &mut Answer) {
        answer.add_reasoning(delta.thinking.or_empty());
        answer.add_text(delta.text.or_empty());
        if let Some(json) = delta.partial_json.text() {
            if self.json_answer.is_some() && self.json_answer == index {
                answer.add_text(json);
            } else {
                answer.continue_call(index, json);
            }
        }
        absorb_stop(
            &delta.stop_reason,
            delta.stop_details.as_ref(),
            self.json_answer.is_some(),
            answer,
        );
    }
}
