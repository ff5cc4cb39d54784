//! `generateContent` bodies and stream chunks: one shape.
//!
//! In: one JSON object. Out: pieces added to an [`Answer`]. Only candidate 0 is read: we never ask
//! for more. Parts that are neither text nor calls (code execution, inline data) are skipped.

use serde::Deserialize;
use serde_json::value::RawValue;
use trilemma_domain::FinishReason;

use crate::client::answer::{Answer, Marks};
use crate::client::lenient::{Count, Word, from_object};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(default, borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    #[serde(default, borrow)]
    prompt_feedback: Option<PromptFeedback<'a>>,
    #[serde(default, borrow)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(default, borrow)]
    model_version: Word<'a>,
    #[serde(default, borrow)]
    response_id: Word<'a>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(default)]
    index: Count,
    #[serde(default, borrow)]
    content: Option<Content<'a>>,
    #[serde(default, borrow)]
    finish_reason: Word<'a>,
    #[serde(default)]
    grounding_metadata: Option<Grounding>,
}

/// What the vendor searched for; of no other shape is anything known.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grounding {
    #[serde(default)]
    web_search_queries: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Content<'a> {
    #[serde(default, borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(default, borrow)]
    text: Word<'a>,
    #[serde(default, borrow)]
    thought: Option<&'a RawValue>,
    #[serde(default, borrow)]
    function_call: Option<FunctionCall<'a>>,
}

#[derive(Debug, Deserialize)]
struct FunctionCall<'a> {
    #[serde(default, borrow)]
    id: Word<'a>,
    #[serde(default, borrow)]
    name: Word<'a>,
    #[serde(default, borrow)]
    args: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback<'a> {
    #[serde(default, borrow)]
    block_reason: Word<'a>,
}

/// Reads one stream chunk, or a complete body.
///
/// # Errors
///
/// The parser's error when the object is no JSON of this shape; the answer is then unchanged.
pub(crate) fn absorb(json: &[u8], answer: &mut Answer) -> Result<Marks, serde_json::Error> {
    let chunk: Chunk<'_> = from_object(json)?;
    answer.begin_event();
    answer.note_origin(chunk.response_id.text(), chunk.model_version.text(), None);
    let mut marks = Marks {
        is_error: chunk.error.is_some(),
        ..Marks::default()
    };
    let candidates = chunk.candidates.as_deref().unwrap_or_default();
    for candidate in candidates
        .iter()
        .filter(|one| one.index.0.unwrap_or(0) == 0)
    {
        marks.has_content = true;
        let content = candidate.content.as_ref();
        let parts = content.and_then(|content| content.parts.as_deref());
        for part in parts.unwrap_or_default() {
            absorb_part(part, answer);
        }
        let grounding = candidate.grounding_metadata.as_ref();
        let queries = grounding.and_then(|found| found.web_search_queries.as_array());
        answer.note_searches(queries.map_or(0, |queries| queries.len() as u64));
        if let Some(finish) = finish_of(candidate.finish_reason.or_empty()) {
            marks.is_last = true;
            answer.set_finish(finish);
        }
    }
    let feedback = chunk.prompt_feedback.as_ref();
    if feedback.is_some_and(|feedback| feedback.block_reason.text().is_some()) {
        // A blocked prompt has no candidates: the refusal is the answer.
        marks.has_content = true;
        marks.is_last = true;
        answer.set_finish(FinishReason::ContentFilter);
    }
    if let Some(usage) = chunk.usage_metadata {
        answer.set_raw_usage(usage.get());
    }
    Ok(marks)
}

fn absorb_part(part: &Part<'_>, answer: &mut Answer) {
    if part.thought.is_some_and(|flag| flag.get() == "true") {
        answer.add_reasoning(part.text.or_empty());
    } else {
        answer.add_text(part.text.or_empty());
    }
    if let Some(call) = &part.function_call {
        let arguments = call.args.map_or("", RawValue::get);
        answer.add_whole_call(call.id.or_empty(), call.name.or_empty(), arguments);
    }
}

/// Reads a finish reason; `None` = not finished.
fn finish_of(word: &str) -> Option<FinishReason> {
    Some(match word {
        "" | "FINISH_REASON_UNSPECIFIED" => return None,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" | "CONTINUATION" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "ESCALATION"
        | "MODEL_ARMOR" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    })
}
