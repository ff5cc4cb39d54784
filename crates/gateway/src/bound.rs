//! How much a request can make its vendor read and write.
//!
//! In: the body of a request as the upstream gets it. Out: what its worst case rests on. Lengths are
//! read by the name that the upstream's dialect has for them: a field of another dialect bounds nothing
//! there. No token is shorter than a byte, so text is bounded by its bytes. Pictures are not: each is
//! counted by itself. What the body only refers to (files and conversations at the vendor, addresses)
//! and files whose text is packed (PDF, sound, film) are bounded by the model's context alone.
//!
//! It looks for the words of all dialects at once, because compatible servers read more than their own,
//! and takes a word that stands in a tool's arguments for meant: the worst case may only be too high.
//!
//! Source of the words: the vendors' API references, November 2026.

use serde::Deserialize;
use serde_json::value::RawValue;
use trilemma_domain::{Dialect, Place, ServiceTier};

use crate::ask::Service;

mod media;

/// What a request's worst case rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) n_bytes: u64,
    /// Pictures, by address or in the body.
    pub(crate) n_images: u64,
    /// Longest answer.
    pub(crate) longest: Longest,
    /// Tokens that may be billed beside the answer: those of a prediction that turns out wrong.
    pub(crate) n_predicted: u64,
    pub(crate) n_answers: u64,
    /// Whether only the model's context bounds what is read.
    pub(crate) fills_context: bool,
    /// The class of service that it asks for; `None` = the vendor chooses.
    pub(crate) tier: Option<ServiceTier>,
    /// Where the answer is to be computed; `None` = as the vendor's workspace says, or it has no such choice.
    pub(crate) place: Option<Place>,
}

/// Longest answer that a request allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Longest {
    /// So many tokens.
    Tokens(u64),
    /// The model's longest.
    Models,
    /// All that fits into the model's context: a budget for thinking that is no part of the length.
    Context,
}

/// Names of lengths in all dialects; each is read in its own only.
#[derive(Deserialize)]
struct Lengths<'a> {
    #[serde(borrow, default)]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_output_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    n: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    prediction: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        alias = "generation_config",
        rename = "generationConfig"
    )]
    generation: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "serviceTier")]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow, default)]
    speed: Option<&'a RawValue>,
    #[serde(borrow, default)]
    inference_geo: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(borrow, default)]
    budget_tokens: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Generation<'a> {
    #[serde(
        borrow,
        default,
        alias = "max_output_tokens",
        rename = "maxOutputTokens"
    )]
    max_output: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "candidate_count", rename = "candidateCount")]
    n: Option<&'a RawValue>,
}

/// Reads what the worst case of a request rests on.
///
/// # Errors
/// What of it nothing bounds.
pub(crate) fn size(service: Service, dialect: Dialect, body: &[u8]) -> Result<Size, String> {
    let unreadable = |_| "its lengths cannot be read; hint: name each field once".to_owned();
    let lengths: Lengths<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    let generation: Option<Generation<'_>> = lengths
        .generation
        .filter(|_| dialect == Dialect::Gemini)
        .map(|raw| serde_json::from_str(raw.get()))
        .transpose()
        .map_err(unreadable)?;
    let n_answers = match (service, dialect) {
        (Service::Embeddings, _) => 0,
        (Service::Chat, Dialect::OpenAi | Dialect::Azure) => answers(lengths.n)?,
        (Service::Chat, Dialect::Gemini) => answers(generation.as_ref().and_then(|one| one.n))?,
        // Neither has a word for several.
        (Service::Chat, Dialect::Anthropic | Dialect::Responses) => 1,
    };
    let longest = match dialect {
        Dialect::OpenAi | Dialect::Azure => {
            larger(&[lengths.max_tokens, lengths.max_completion_tokens])
        }
        Dialect::Responses => larger(&[lengths.max_output_tokens]),
        Dialect::Gemini => larger(&[generation.and_then(|one| one.max_output)]),
        Dialect::Anthropic => {
            let thinking: Option<Thinking<'_>> = lengths
                .thinking
                .map(|raw| serde_json::from_str(raw.get()))
                .transpose()
                .map_err(unreadable)?;
            let budget = larger(&[thinking.and_then(|one| one.budget_tokens)]);
            match (larger(&[lengths.max_tokens]), budget) {
                // Thinking between calls of tools may take more than the length says.
                (Longest::Tokens(most), Longest::Tokens(budget)) if budget >= most => {
                    Longest::Context
                }
                (longest, _) => longest,
            }
        }
    };
    let found = media::find(body);
    Ok(Size {
        n_bytes: body.len() as u64,
        n_images: found.map_or(0, |found| found.n_images),
        longest,
        n_predicted: lengths.prediction.map_or(0, |raw| raw.get().len() as u64),
        n_answers,
        // Halves of characters, and what is nested too deeply, hide what else there is.
        fills_context: found.is_none_or(|found| found.fills_context),
        tier: tier(dialect, &lengths),
        place: place(dialect, &lengths),
    })
}

/// The class of service that is asked for.
fn tier(dialect: Dialect, lengths: &Lengths<'_>) -> Option<ServiceTier> {
    let read = |raw: &RawValue| match serde_json::from_str::<String>(raw.get()) {
        Ok(word) => ServiceTier::of_word(&word),
        Err(_) => Some(ServiceTier::Other),
    };
    let tier = lengths.service_tier.and_then(read);
    if dialect != Dialect::Anthropic {
        return tier;
    }
    match (tier, lengths.speed.and_then(read)) {
        // Capacity bought beforehand, which no list prices.
        (Some(ServiceTier::Priority), _) => Some(ServiceTier::Other),
        (tier, None | Some(ServiceTier::Standard)) => tier,
        (_, fast) => fast,
    }
}

/// The place that is asked for, by the one dialect that has a word for it.
fn place(dialect: Dialect, lengths: &Lengths<'_>) -> Option<Place> {
    let raw = lengths
        .inference_geo
        .filter(|_| dialect == Dialect::Anthropic)?;
    match serde_json::from_str::<Option<String>>(raw.get()) {
        Ok(word) => word.and_then(|word| Place::of_word(&word)),
        Err(_) => Some(Place::Other),
    }
}

/// The largest of a length's names; the model's longest where there is none, or one that is no length.
fn larger(names: &[Option<&RawValue>]) -> Longest {
    let mut longest = Longest::Models;
    for raw in names.iter().flatten() {
        match (raw.get().parse::<u64>(), longest) {
            (Ok(n), Longest::Tokens(before)) => longest = Longest::Tokens(n.max(before)),
            (Ok(n), _) if n > 0 => longest = Longest::Tokens(n),
            (Ok(_) | Err(_), _) => return Longest::Models,
        }
    }
    longest
}

fn answers(raw: Option<&RawValue>) -> Result<u64, String> {
    raw.map_or(Ok(1), |raw| {
        let n = raw.get().parse::<u64>();
        n.map(|n| n.max(1))
            .map_err(|_| "how many answers it asks for cannot be read; hint: leave `n` out".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::Dialect::{Anthropic, Gemini, OpenAi, Responses};

    fn longest(dialect: Dialect, body: &str) -> Longest {
        let size = size(Service::Chat, dialect, body.as_bytes());
        size.unwrap_or_else(|reason| panic!("{body}: {reason}"))
            .longest
    }

    #[test]
    fn a_length_of_another_dialect_bounds_nothing() {
        let all = r#"{"max_tokens":64000,"max_completion_tokens":1,"max_output_tokens":2}"#;
        assert_eq!(longest(Anthropic, all), Longest::Tokens(64_000));
        assert_eq!(longest(OpenAi, all), Longest::Tokens(64_000));
        assert_eq!(longest(Responses, all), Longest::Tokens(2));
        assert_eq!(longest(Gemini, all), Longest::Models);
        let foreign = r#"{"max_output_tokens":1,"generationConfig":{"maxOutputTokens":3}}"#;
        assert_eq!(longest(Anthropic, foreign), Longest::Models);
        assert_eq!(longest(OpenAi, foreign), Longest::Models);
        assert_eq!(longest(Gemini, foreign), Longest::Tokens(3));
        let snake = r#"{"generation_config":{"max_output_tokens":5,"candidate_count":2}}"#;
        assert_eq!(longest(Gemini, snake), Longest::Tokens(5));
    }

    #[test]
    fn what_is_no_length_bounds_nothing() {
        for value in ["null", "0", "-1", "\"7\"", "7.5", "1e9", "[7]"] {
            let body = format!(r#"{{"max_tokens":{value}}}"#);
            assert_eq!(longest(OpenAi, &body), Longest::Models, "{value}");
        }
        let written = r#"{"max_t\u006fkens":9}"#;
        assert_eq!(longest(Anthropic, written), Longest::Tokens(9));
        for twice in [
            r#"{"max_tokens":1,"max_tokens":9}"#,
            r#"{"max_tokens":1,"max_t\u006fkens":9}"#,
        ] {
            assert!(size(Service::Chat, Anthropic, twice.as_bytes()).is_err());
        }
    }

    #[test]
    fn thinking_beyond_the_length_may_fill_the_context() {
        let body = |budget: u32| {
            format!(
                r#"{{"max_tokens":2000,"thinking":{{"type":"enabled","budget_tokens":{budget}}}}}"#
            )
        };
        assert_eq!(longest(Anthropic, &body(1_999)), Longest::Tokens(2_000));
        assert_eq!(longest(Anthropic, &body(2_000)), Longest::Context);
        assert_eq!(longest(OpenAi, &body(9_000)), Longest::Tokens(2_000));
    }

    #[test]
    fn the_class_of_service_is_read() {
        let tier =
            |dialect, body: &str| size(Service::Chat, dialect, body.as_bytes()).unwrap().tier;
        assert_eq!(tier(OpenAi, "{}"), None);
        let place =
            |dialect, body: &str| size(Service::Chat, dialect, body.as_bytes()).unwrap().place;
        let us = r#"{"inference_geo":"us"}"#;
        assert_eq!(place(Anthropic, us), Some(Place::Us));
        assert_eq!(place(OpenAi, us), None);
        assert_eq!(place(Anthropic, r#"{"inference_geo":null}"#), None);
        assert_eq!(
            place(Anthropic, r#"{"inference_geo":1}"#),
            Some(Place::Other)
        );
        assert_eq!(tier(OpenAi, r#"{"service_tier":"auto"}"#), None);
        assert_eq!(tier(OpenAi, r#"{"service_tier":null}"#), None);
        let priority = r#"{"service_tier":"priority"}"#;
        assert_eq!(tier(Responses, priority), Some(ServiceTier::Priority));
        assert_eq!(tier(Anthropic, priority), Some(ServiceTier::Other));
        assert_eq!(
            tier(OpenAi, r#"{"service_tier":7}"#),
            Some(ServiceTier::Other)
        );
        let standard = r#"{"service_tier":"standard_only","speed":"standard"}"#;
        assert_eq!(tier(Anthropic, standard), Some(ServiceTier::Standard));
        assert_eq!(
            tier(Anthropic, r#"{"speed":"fast"}"#),
            Some(ServiceTier::Priority)
        );
        let flex = r#"{"serviceTier":"SERVICE_TIER_FLEX"}"#;
        assert_eq!(tier(Gemini, flex), Some(ServiceTier::Flex));
    }

    #[test]
    fn several_answers_and_wrong_predictions_are_billed() {
        let body = br#"{"n":3,"prediction":{"type":"content","content":"abc"}}"#;
        let found = size(Service::Chat, OpenAi, body).unwrap();
        assert_eq!((found.n_answers, found.n_predicted), (3, 34));
        let n = |service, dialect| size(service, dialect, body).unwrap().n_answers;
        assert_eq!(n(Service::Chat, Anthropic), 1);
        assert_eq!(n(Service::Embeddings, OpenAi), 0);
        assert!(size(Service::Chat, OpenAi, br#"{"n":"3"}"#).is_err());
    }
}
