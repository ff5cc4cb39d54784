//! Log-probabilities of an answer's first tokens, as chat completions carry them beside each choice.
//!
//! In: the JSON of `logprobs`. Out: places added to an [`Answer`]. What cannot be read is skipped: it must
//! not lose an answer that was paid for.

use serde::Deserialize;
use trilemma_domain::{LikelyToken, TokenPlace};

use crate::client::answer::Answer;

/// Longest token that is kept, in characters.
const MAX_CHARS: usize = 64;
/// What OpenAI says of tokens that are too unlikely to be listed.
const LEAST: f64 = -9_999.0;

#[derive(Deserialize)]
struct Logprobs {
    #[serde(default)]
    content: Option<Vec<Place>>,
}

#[derive(Deserialize)]
struct Place {
    token: String,
    logprob: f64,
    #[serde(default)]
    top_logprobs: Option<Vec<Likely>>,
}

#[derive(Deserialize)]
struct Likely {
    token: String,
    logprob: f64,
}

/// Adds what one chunk or message says.
pub(super) fn absorb(json: &str, answer: &mut Answer) {
    let n_open = answer.n_open_places();
    if n_open == 0 {
        return;
    }
    let Ok(Logprobs {
        content: Some(places),
    }) = serde_json::from_str(json)
    else {
        return;
    };
    for place in places.into_iter().take(n_open) {
        let likely = place.top_logprobs.unwrap_or_default();
        answer.add_place(TokenPlace {
            taken: kept(place.token, place.logprob),
            likely: likely
                .into_iter()
                .take(TokenPlace::MOST_LIKELY)
                .map(|one| kept(one.token, one.logprob))
                .collect(),
        });
    }
}

fn kept(token: String, logprob: f64) -> LikelyToken {
    let token = match token.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => token.get(..end).unwrap_or_default().to_owned(),
        None => token,
    };
    LikelyToken {
        token,
        logprob: logprob.clamp(LEAST, 0.0),
    }
}
