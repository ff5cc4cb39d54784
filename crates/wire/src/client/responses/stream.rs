//! Stream events of Responses.
//!
//! In: the data of one event. Out: pieces added to an [`Answer`]. Events that repeat what deltas
//! have brought, and unknown ones, are skipped; the last event's response fills in what no delta
//! brought, for servers that send none.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::response::{WireItem, WireResponse, absorb_origin, absorb_whole};
use crate::client::answer::{Answer, CallDelta, Marks};
use crate::client::lenient::{Count, Word, from_object};

#[derive(Debug, Deserialize)]
struct Event<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Word<'a>,
    #[serde(default)]
    output_index: Count,
    #[serde(default, borrow)]
    delta: Word<'a>,
    #[serde(default, borrow)]
    item: Option<Box<WireItem<'a>>>,
    #[serde(default, borrow)]
    response: Option<Box<WireResponse<'a>>>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

/// Reads one event.
///
/// # Errors
///
/// The parser's error when the data is no JSON of this shape; nothing is then changed.
pub(crate) fn absorb_event(json: &[u8], answer: &mut Answer) -> Result<Marks, serde_json::Error> {
    let event: Event<'_> = from_object(json)?;
    answer.begin_event();
    let kind = event.kind.or_empty();
    let mut marks = Marks {
        is_error: kind == "error" || event.error.is_some(),
        has_content: event.item.is_some() || event.delta.text().is_some(),
        is_last: false,
    };
    match kind {
        "response.output_text.delta" => answer.add_text(event.delta.or_empty()),
        "response.refusal.delta" => answer.add_refusal(event.delta.or_empty()),
        "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
            answer.add_reasoning(event.delta.or_empty());
        }
        "response.function_call_arguments.delta" => {
            answer.continue_call(event.output_index.0, event.delta.or_empty());
        }
        "response.output_item.added" => begin_item(&event, answer),
        "response.completed" | "response.incomplete" | "response.failed" => {
            if let Some(response) = &event.response {
                let whole = absorb_whole(response, answer);
                marks.is_error |= whole.is_error || kind == "response.failed";
                marks.has_content |= whole.has_content;
                marks.is_last = kind != "response.failed" && whole.is_last;
            }
        }
        _ => {
            if let Some(response) = &event.response {
                absorb_origin(response, answer);
            }
        }
    }
    Ok(marks)
}

fn begin_item(event: &Event<'_>, answer: &mut Answer) {
    let Some(item) = &event.item else { return };
    if item.kind.or_empty() == "function_call" {
        answer.add_call(CallDelta {
            index: event.output_index.0,
            id: item.call_id.or_empty(),
            name: item.name.or_empty(),
            arguments: item.arguments.or_empty(),
        });
    }
}
