//! Bodies of Responses, complete or as the last event of a stream repeats them.
//!
//! In: one JSON object. Out: pieces added to an [`Answer`]. Items of hosted tools are skipped, but
//! for searches, which are billed by piece.

use serde::Deserialize;
use serde_json::value::RawValue;
use trilemma_domain::FinishReason;

use crate::client::answer::{Answer, Marks};
use crate::client::lenient::{Count, Word, from_object};

/// A response, as bodies and events carry it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireResponse<'a> {
    #[serde(default, borrow)]
    id: Word<'a>,
    #[serde(default, borrow)]
    model: Word<'a>,
    #[serde(default, borrow)]
    status: Word<'a>,
    #[serde(default, borrow)]
    service_tier: Word<'a>,
    #[serde(default, borrow)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(default, borrow)]
    output: Option<Vec<WireItem<'a>>>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default)]
    tool_usage: Option<ToolUsage>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Incomplete<'a> {
    #[serde(default, borrow)]
    reason: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct ToolUsage {
    #[serde(default)]
    web_search: Option<SearchUsage>,
}

#[derive(Debug, Default, Deserialize)]
struct SearchUsage {
    #[serde(default)]
    num_requests: Count,
}

/// One item of the output.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireItem<'a> {
    #[serde(default, borrow, rename = "type")]
    pub(super) kind: Word<'a>,
    #[serde(default, borrow)]
    pub(super) call_id: Word<'a>,
    #[serde(default, borrow)]
    pub(super) name: Word<'a>,
    #[serde(default, borrow)]
    pub(super) arguments: Word<'a>,
    #[serde(default, borrow)]
    content: Option<Vec<WirePart<'a>>>,
    #[serde(default, borrow)]
    summary: Option<Vec<WirePart<'a>>>,
    #[serde(default, borrow)]
    action: Option<Action<'a>>,
}

#[derive(Debug, Deserialize)]
struct Action<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct WirePart<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Word<'a>,
    #[serde(default, borrow)]
    text: Word<'a>,
    #[serde(default, borrow)]
    refusal: Word<'a>,
}

/// Reads a complete body.
///
/// # Errors
///
/// The parser's error when the object is no JSON of this shape; the answer is then unchanged.
pub(crate) fn absorb_body(json: &[u8], answer: &mut Answer) -> Result<Marks, serde_json::Error> {
    let response: WireResponse<'_> = from_object(json)?;
    answer.begin_event();
    Ok(absorb_whole(&response, answer))
}

/// Reads a response that is over; what deltas have brought before is not read twice.
pub(super) fn absorb_whole(response: &WireResponse<'_>, answer: &mut Answer) -> Marks {
    absorb_origin(response, answer);
    let items = response.output.as_deref().unwrap_or_default();
    let known = Known {
        text: answer.has_text(),
        calls: answer.has_calls(),
        reasoning: answer.has_reasoning(),
    };
    for item in items {
        absorb_item(item, &known, answer);
    }
    let n_searches = items.iter().filter(|item| item.is_search()).count() as u64;
    let told = response
        .tool_usage
        .as_ref()
        .and_then(|usage| usage.web_search.as_ref()?.num_requests.0);
    answer.note_searches(told.unwrap_or(n_searches));
    if let Some(usage) = response.usage {
        answer.set_raw_usage(usage.get());
    }
    let status = response.status.or_empty();
    if let Some(finish) = finish_of(status, response) {
        answer.set_finish(finish);
    }
    let is_over = matches!(status, "completed" | "incomplete");
    Marks {
        is_error: response.error.is_some() || matches!(status, "failed" | "cancelled"),
        has_content: is_over && response.output.is_some(),
        is_last: is_over,
    }
}

/// Notes who answers.
pub(super) fn absorb_origin(response: &WireResponse<'_>, answer: &mut Answer) {
    answer.note_origin(response.id.text(), response.model.text(), None);
    answer.note_tier(response.service_tier.text());
}

impl WireItem<'_> {
    /// Whether it is a search, as opposed to a page that is opened or looked through.
    fn is_search(&self) -> bool {
        self.kind.or_empty() == "web_search_call"
            && self
                .action
                .as_ref()
                .is_none_or(|action| action.kind.or_empty() == "search")
    }
}

/// Kinds of content that deltas have brought.
struct Known {
    text: bool,
    calls: bool,
    reasoning: bool,
}

fn absorb_item(item: &WireItem<'_>, known: &Known, answer: &mut Answer) {
    match item.kind.or_empty() {
        "message" if !known.text => {
            for part in item.content.as_deref().unwrap_or_default() {
                match part.kind.or_empty() {
                    "output_text" | "text" => answer.add_text(part.text.or_empty()),
                    "refusal" => answer.add_refusal(part.refusal.or_empty()),
                    _ => {}
                }
            }
        }
        "reasoning" if !known.reasoning => {
            let texts = [&item.summary, &item.content];
            for part in texts.into_iter().flatten().flatten() {
                answer.add_reasoning(part.text.or_empty());
            }
        }
        "function_call" if !known.calls => answer.add_whole_call(
            item.call_id.or_empty(),
            item.name.or_empty(),
            item.arguments.or_empty(),
        ),
        _ => {}
    }
}

fn finish_of(status: &str, response: &WireResponse<'_>) -> Option<FinishReason> {
    match status {
        "completed" => Some(FinishReason::Stop),
        "incomplete" => {
            let reason = response.incomplete_details.as_ref();
            let reason = reason.and_then(|details| details.reason.text());
            Some(match reason {
                Some("max_output_tokens") | None => FinishReason::Length,
                Some("content_filter") => FinishReason::ContentFilter,
                Some(other) => FinishReason::Other(other.to_owned()),
            })
        }
        _ => None,
    }
}
