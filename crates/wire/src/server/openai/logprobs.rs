//! Log-probabilities as chat completions carry them.

use serde::Serialize;
use trilemma_domain::{LikelyToken, TokenPlace};

/// The `logprobs` of a choice.
#[derive(Serialize)]
pub(super) struct LogprobsBody<'a> {
    content: Vec<PlaceBody<'a>>,
    refusal: Option<()>,
}

#[derive(Serialize)]
struct PlaceBody<'a> {
    token: &'a str,
    logprob: f64,
    bytes: &'a [u8],
    top_logprobs: Vec<LikelyBody<'a>>,
}

#[derive(Serialize)]
struct LikelyBody<'a> {
    token: &'a str,
    logprob: f64,
    bytes: &'a [u8],
}

impl<'a> From<&'a TokenPlace> for PlaceBody<'a> {
    fn from(place: &'a TokenPlace) -> Self {
        Self {
            token: &place.taken.token,
            logprob: place.taken.logprob,
            bytes: place.taken.token.as_bytes(),
            top_logprobs: place.likely.iter().map(LikelyBody::from).collect(),
        }
    }
}

impl<'a> From<&'a LikelyToken> for LikelyBody<'a> {
    fn from(one: &'a LikelyToken) -> Self {
        Self {
            token: &one.token,
            logprob: one.logprob,
            bytes: one.token.as_bytes(),
        }
    }
}

/// The body; `None` = there are none to tell.
pub(super) fn logprobs(places: &[TokenPlace]) -> Option<LogprobsBody<'_>> {
    (!places.is_empty()).then(|| LogprobsBody {
        content: places.iter().map(PlaceBody::from).collect(),
        refusal: None,
    })
}
