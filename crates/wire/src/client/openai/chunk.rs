//! Chat completion bodies and stream chunks: one shape, `message` or `delta`.
//!
//! In: one JSON object. Out: pieces added to an [`Answer`], and what the object marked. Only
//! choice 0 is read: we never ask for more.

use serde::Deserialize;
use serde_json::value::RawValue;
use trilemma_domain::FinishReason;

use super::logprobs;
use crate::client::answer::{Answer, CallDelta, Marks};
use crate::client::lenient::{Content, Count, Word, from_object};

#[derive(Debug, Deserialize)]
struct Chunk<'a> {
    #[serde(default, borrow)]
    id: Word<'a>,
    #[serde(default, borrow)]
    object: Word<'a>,
    #[serde(default, borrow)]
    model: Word<'a>,
    #[serde(default, borrow)]
    system_fingerprint: Word<'a>,
    #[serde(default, borrow)]
    service_tier: Word<'a>,
    #[serde(default, borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
    #[serde(default, borrow)]
    x_groq: Option<Box<GroqExtra<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Count,
    #[serde(default, borrow)]
    delta: Option<Delta<'a>>,
    /// Rare in streams, so it takes no room there.
    #[serde(default, borrow)]
    message: Option<Box<Delta<'a>>>,
    #[serde(default, borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(default, borrow)]
    finish_reason: Word<'a>,
    /// Moonshot reports usage here.
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(default, borrow)]
    content: Content<'a>,
    #[serde(default, borrow)]
    refusal: Word<'a>,
    /// DeepSeek, older vLLM and SGLang.
    #[serde(default, borrow)]
    reasoning_content: Content<'a>,
    /// Newer vLLM, Groq, OpenRouter; some servers send both names with the same text.
    #[serde(default, borrow)]
    reasoning: Content<'a>,
    #[serde(default, borrow)]
    tool_calls: Option<Vec<WireCall<'a>>>,
    /// The deprecated form of one call.
    #[serde(default, borrow)]
    function_call: Option<Box<WireFunction<'a>>>,
}

#[derive(Debug, Deserialize)]
struct WireCall<'a> {
    #[serde(default)]
    index: Count,
    #[serde(default, borrow)]
    id: Word<'a>,
    #[serde(default, borrow)]
    function: Option<WireFunction<'a>>,
}

#[derive(Debug, Deserialize)]
struct WireFunction<'a> {
    #[serde(default, borrow)]
    name: Word<'a>,
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct GroqExtra<'a> {
    #[serde(default, borrow)]
    usage: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

/// Reads one stream chunk, or a complete body.
///
/// # Errors
///
/// The parser's error when the object is no JSON of this shape; the answer is then unchanged.
pub(crate) fn absorb(json: &[u8], answer: &mut Answer) -> Result<Marks, serde_json::Error> {
    let chunk: Chunk<'_> = from_object(json)?;
    Ok(absorb_chunk(&chunk, answer))
}

fn absorb_chunk(chunk: &Chunk<'_>, answer: &mut Answer) -> Marks {
    answer.begin_event();
    answer.note_origin(
        chunk.id.text(),
        chunk.model.text(),
        chunk.system_fingerprint.text(),
    );
    answer.note_tier(chunk.service_tier.text());
    let groq = chunk.x_groq.as_deref();
    let mut marks = Marks {
        is_error: chunk.error.is_some()
            || groq.is_some_and(|extra| extra.error.is_some())
            || chunk.object.or_empty() == "error",
        ..Marks::default()
    };
    let choices = chunk.choices.as_deref().unwrap_or_default();
    for choice in choices
        .iter()
        .filter(|choice| choice.index.0.unwrap_or(0) == 0)
    {
        if let Some(delta) = choice.delta.as_ref() {
            marks.has_content = true;
            absorb_delta(delta, answer, Numbering::ByVendor);
        } else if let Some(message) = choice.message.as_deref() {
            // Perplexity repeats the whole message so far beside each delta: the delta counts.
            marks.has_content = true;
            marks.is_last = true;
            absorb_delta(message, answer, Numbering::ByPosition);
        }
        if let Some(json) = choice.logprobs {
            logprobs::absorb(json.get(), answer);
        }
        if let Some(word) = choice.finish_reason.text() {
            answer.set_finish(finish_of(word));
        }
        if let Some(usage) = choice.usage {
            answer.set_raw_usage(usage.get());
        }
    }
    let usage = chunk.usage.or(groq.and_then(|extra| extra.usage));
    if let Some(usage) = usage {
        answer.set_raw_usage(usage.get());
    }
    marks
}

/// How the calls of one event are told apart.
#[derive(Debug, Clone, Copy)]
enum Numbering {
    /// By `index`, in streams.
    ByVendor,
    /// By their place in the list, in complete messages.
    ByPosition,
}

fn absorb_delta(delta: &Delta<'_>, answer: &mut Answer, numbering: Numbering) {
    answer.add_reasoning(delta.content.reasoning());
    let reasoning = [&delta.reasoning_content, &delta.reasoning]
        .into_iter()
        .find(|content| !content.text().is_empty());
    if let Some(reasoning) = reasoning {
        answer.add_reasoning(reasoning.text());
    }
    answer.add_text(delta.content.text());
    answer.add_refusal(delta.refusal.or_empty());
    let calls = delta.tool_calls.as_deref().unwrap_or_default();
    for (position, call) in calls.iter().enumerate() {
        let index = match numbering {
            Numbering::ByVendor => call.index.0,
            Numbering::ByPosition => Some(position as u64),
        };
        add_call(answer, index, call.id.or_empty(), call.function.as_ref());
    }
    if delta.function_call.is_some() {
        add_call(answer, Some(0), "", delta.function_call.as_deref());
    }
}

fn add_call(
    answer: &mut Answer,
    index: Option<u64>,
    id: &str,
    function: Option<&WireFunction<'_>>,
) {
    let raw = function
        .and_then(|function| function.arguments)
        .map_or("", RawValue::get);
    // Text by the book; several compatible servers send the object itself.
    let text: Result<Word<'_>, _> = serde_json::from_str(raw);
    let arguments = match &text {
        Ok(text) if raw.starts_with('"') => text.or_empty(),
        Ok(_) | Err(_) => raw,
    };
    answer.add_call(CallDelta {
        index,
        id,
        name: function.map_or("", |function| function.name.or_empty()),
        arguments,
    });
}

/// Reads a finish reason: OpenAI's words, and those of servers that keep their own.
fn finish_of(word: &str) -> FinishReason {
    match word {
        "stop" | "end_turn" | "eos" | "eos_token" | "stop_sequence" => FinishReason::Stop,
        "length" | "max_tokens" | "model_length" => FinishReason::Length,
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        other => FinishReason::Other(other.to_owned()),
    }
}
