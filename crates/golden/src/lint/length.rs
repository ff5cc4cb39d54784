//! Items that a candidate cannot take in.
//!
//! Without a counter, tokens are estimated as one per four ASCII characters, one per other character
//! and four per message, a tenth added: more than o200k counts for prose in European languages, Chinese
//! or Japanese; dense numbers and code can exceed it. Images and files are not counted.

use trilemma_domain::{Input, Item};

use super::finding::{Finding, FindingCode, Severity, count};
use super::run::{ContextWindow, LintContext};
use crate::fingerprint::canonical_json;
use crate::text::input_texts;

const TOKENS_PER_MESSAGE: u64 = 4;

pub(crate) fn lint(items: &[Item], context: &LintContext<'_>) -> Vec<Finding> {
    if context.windows.is_empty() {
        return Vec::new();
    }
    let room = |window: &ContextWindow| window.tokens.saturating_sub(context.extra_tokens);
    let least_room = context.windows.iter().map(room).min().unwrap_or_default();
    let tokens: Vec<u64> = items
        .iter()
        .map(|item| match item_bytes(item) {
            // No token is shorter than a byte, and counting takes its time.
            bytes if bytes <= least_room => 0,
            _ => item_tokens(item, context),
        })
        .collect();
    let longest = tokens.iter().copied().max().unwrap_or_default();
    let mut findings = Vec::new();
    for window in context.windows {
        let room = room(window);
        let found: Vec<usize> = tokens
            .iter()
            .enumerate()
            .filter(|&(_, &tokens)| tokens > room)
            .map(|(idx, _)| idx)
            .collect();
        if found.is_empty() {
            continue;
        }
        let measure = if context.count_tokens.is_some() {
            ""
        } else {
            "about "
        };
        let message = format!(
            "{} longer than the {room} tokens that `{}` has room for (longest {measure}{longest})",
            count(found.len(), "item"),
            window.candidate,
        );
        findings.push(
            Finding::new(
                FindingCode::OverContext,
                Severity::Error,
                message,
                "shorten them, or leave the candidate out: it would fail on them",
            )
            .of(items, &found),
        );
    }
    findings
}

/// Bytes of everything that [`item_tokens`] counts, and as much again as its frame may take.
fn item_bytes(item: &Item) -> u64 {
    let mut bytes = match &item.input {
        Input::Text(_) => TOKENS_PER_MESSAGE,
        Input::Messages(messages) => messages.len() as u64 * TOKENS_PER_MESSAGE,
    };
    input_texts(&item.input, &mut |text| bytes += text.len() as u64 + 1);
    for tool in &item.extras.tools {
        bytes += (tool.name.len() + tool.description.as_deref().unwrap_or_default().len()) as u64;
        bytes += canonical_json(&tool.parameters).len() as u64 + 3;
    }
    bytes
}

fn item_tokens(item: &Item, context: &LintContext<'_>) -> u64 {
    let of = |text: &str| {
        context
            .count_tokens
            .map_or_else(|| estimate(text), |count| count(text))
    };
    let mut tokens = match &item.input {
        Input::Text(_) => TOKENS_PER_MESSAGE,
        Input::Messages(messages) => messages.len() as u64 * TOKENS_PER_MESSAGE,
    };
    input_texts(&item.input, &mut |text| {
        tokens = tokens.saturating_add(of(text))
    });
    for tool in &item.extras.tools {
        tokens += of(&tool.name) + of(tool.description.as_deref().unwrap_or_default());
        tokens += of(&canonical_json(&tool.parameters));
    }
    tokens
}

/// Estimates tokens from above for ordinary prose.
fn estimate(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let other = text.chars().filter(|c| !c.is_ascii()).count() as u64;
    let tokens = ascii.div_ceil(4) + other;
    tokens + tokens.div_ceil(10)
}
