//! What is sent: the golden set's prompts, or made-up ones of a stated length.
//!
//! Made-up prompts are words drawn at random, counted by the o200k tokenizer until the length is met. None
//! begins like another, so that no prefix cache helps, unless a shared prefix is asked for.

use anyhow::anyhow;
use trilemma_domain::{Candidate, Input, Item, ItemId, LoadPrompts};
use trilemma_project::{Prompt, chat_request};
use trilemma_provider::EncodedRequest;
use trilemma_stats::resample::{ChaChaStream, IndexStream as _};

use super::WhatArgs;
use super::typed::Lengths;
use crate::context::{Context, InputError};
use crate::golden;
use crate::tokens;

/// Different prompts where nobody says how many.
const DEFAULT_PROMPTS: u32 = 200;
/// Common words of one token each.
const WORDS: [&str; 40] = [
    "river", "stone", "window", "garden", "market", "silver", "paper", "winter", "morning",
    "table", "letter", "island", "engine", "forest", "mirror", "bridge", "candle", "harbor",
    "signal", "pocket", "basket", "copper", "desert", "fabric", "guitar", "hammer", "jacket",
    "kitchen", "ladder", "meadow", "needle", "orange", "planet", "ribbon", "saddle", "ticket",
    "valley", "wagon", "yellow", "summer",
];
const ASK: &str = "Write a long text about what follows.\n";

/// What is sent to every candidate, in order.
pub(super) struct Prompts {
    pub(super) items: Vec<Item>,
    pub(super) described: LoadPrompts,
    is_made_up: bool,
}

/// Gathers the prompts.
///
/// # Errors
/// [`InputError`] for a golden set that cannot be read.
pub(super) fn gather(context: &Context, what: &WhatArgs, seed: u64) -> anyhow::Result<Prompts> {
    match what.prompt_tokens {
        Some(lengths) => Ok(made_up(what, lengths, seed)),
        None => from_golden(context, seed),
    }
}

fn from_golden(context: &Context, seed: u64) -> anyhow::Result<Prompts> {
    let items = golden::read(context, None)
        .map_err(|error| {
            anyhow!(InputError(format!(
                "{error:#}; hint: or send made-up prompts: --prompt-tokens 500"
            )))
        })?
        .into_items();
    let described = LoadPrompts::Golden {
        n: items.len() as u64,
    };
    Ok(Prompts {
        items: shuffled(items, seed),
        described,
        is_made_up: false,
    })
}

fn shuffled(mut items: Vec<Item>, seed: u64) -> Vec<Item> {
    let mut stream = ChaChaStream::new(seed);
    for place in (1..items.len()).rev() {
        items.swap(place, stream.next_index(place + 1));
    }
    items
}

fn made_up(what: &WhatArgs, lengths: Lengths, seed: u64) -> Prompts {
    let n = what.prompts.unwrap_or(DEFAULT_PROMPTS);
    let shared = what.shared_prefix.unwrap_or(0).min(lengths.least);
    let mut stream = ChaChaStream::new(seed);
    let prefix = words(&mut stream, shared);
    let items = (0..n).map(|number| {
        let spread = lengths.most - lengths.least;
        let drawn = stream.next_index(spread as usize + 1);
        let length = lengths.least + u32::try_from(drawn).unwrap_or(0);
        let text = text(&mut stream, &prefix, (number, length));
        Item::new(format!("made-up-{number}"), Input::Text(text))
    });
    Prompts {
        items: items.collect(),
        described: LoadPrompts::Synthetic {
            n: u64::from(n),
            input_min: lengths.least,
            input_max: lengths.most,
            output: what.output_tokens,
            shared_prefix: shared,
        },
        is_made_up: true,
    }
}

/// A text of so many tokens, to within a few: words are single tokens, the frame is counted.
fn text(stream: &mut ChaChaStream, prefix: &str, (number, length): (u32, u32)) -> String {
    let head = format!("{prefix}Request {number}. {ASK}");
    let counted = u32::try_from(tokens::count(&head)).unwrap_or(u32::MAX);
    let mut text = head;
    text.push_str(&words(stream, length.saturating_sub(counted)));
    text
}

fn words(stream: &mut ChaChaStream, n: u32) -> String {
    let mut text = String::new();
    for _ in 0..n {
        let word = WORDS.get(stream.next_index(WORDS.len()));
        text.push_str(word.copied().unwrap_or("river"));
        text.push(' ');
    }
    text
}

/// Encodes the prompts for a candidate; made-up ones leave its own prompt aside.
///
/// # Errors
/// [`InputError`] that names the item that cannot be sent.
pub(super) fn encode(
    candidate: &Candidate,
    prompts: &Prompts,
) -> anyhow::Result<Vec<EncodedRequest>> {
    let bad = |item: &ItemId, why: &dyn std::fmt::Display| {
        anyhow!(InputError(format!(
            "failed to send item `{item}` to `{}`: {why}",
            candidate.id
        )))
    };
    let prompt = match &candidate.prompt {
        Some(prompt) if !prompts.is_made_up => {
            let parsed = Prompt::parse(prompt);
            Some(parsed.map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?)
        }
        _ => None,
    };
    prompts
        .items
        .iter()
        .map(|item| {
            let mut request = chat_request(candidate, prompt.as_ref(), item)
                .map_err(|error| bad(&item.id, &error))?;
            if prompts.is_made_up {
                request.response_format = None;
            }
            EncodedRequest::new(&candidate.target, &request)
                .map_err(|failure| bad(&item.id, &failure.message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_prompts_have_their_length_and_begin_differently() {
        let lengths = Lengths {
            least: 100,
            most: 300,
        };
        let what = WhatArgs {
            prompts: Some(40),
            ..WhatArgs::default()
        };
        let prompts = made_up(&what, lengths, 7);
        let texts: Vec<String> = prompts
            .items
            .iter()
            .map(|item| item.input.last_user_text())
            .collect();
        for text in &texts {
            let n = tokens::count(text);
            assert!((98..=303).contains(&n), "{n}: {text}");
        }
        let starts: std::collections::BTreeSet<&str> =
            texts.iter().map(|text| text.get(..12).unwrap()).collect();
        assert_eq!(starts.len(), 40);
        let again = made_up(&what, lengths, 7);
        assert_eq!(again.items, prompts.items);
    }
}
