//! Counts tokens before the first call.
//!
//! In: texts. Out: counts of the o200k tokenizer. They are exact for OpenAI's models of that tokenizer
//! and estimates for all others; bills come from reported usage.

use trilemma_domain::{Expected, Item, Message, Part};
use trilemma_sim::count_tokens;

/// Counts the tokens of a text.
pub(crate) fn count(text: &str) -> u64 {
    count_tokens(text)
}

/// Longer texts are estimated from their beginning.
const MAX_COUNTED_BYTES: usize = 200_000;

/// Counts the tokens of a text, those of a very long one in proportion to its beginning.
fn about(text: &str) -> u64 {
    if text.len() <= MAX_COUNTED_BYTES {
        return count(text);
    }
    let end = text.floor_char_boundary(MAX_COUNTED_BYTES);
    let head = text.get(..end).unwrap_or_default();
    let scaled = u128::from(count(head)) * text.len() as u128 / head.len().max(1) as u128;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Counts the tokens of rendered messages, long ones about; images and files count as nothing.
pub(crate) fn of_messages(messages: &[Message]) -> u64 {
    messages
        .iter()
        .flat_map(|message| &message.parts)
        .map(|part| match part {
            Part::Text { text } | Part::ToolResult { text, .. } => about(text),
            Part::ToolCall(call) => count(&call.name) + count(&call.arguments.to_string()),
            Part::Image { .. }
            | Part::File { .. }
            | Part::FileUrl { .. }
            | Part::CacheBreakpoint => 0,
        })
        .sum()
}

/// Counts the tokens of what is expected; `None` = the item has no expected answer.
pub(crate) fn of_expected(item: &Item) -> Option<u64> {
    Some(match item.expected.as_ref()? {
        Expected::Text(text) => about(text),
        // Alternatives: an answer is as long as one of them.
        Expected::List(texts) => texts.iter().map(|text| about(text)).max()?,
        Expected::Json(value) => about(&value.to_string()),
        Expected::ToolCalls(calls) => calls
            .iter()
            .map(|call| count(&call.name) + count(&call.arguments.to_string()))
            .sum(),
    })
}
