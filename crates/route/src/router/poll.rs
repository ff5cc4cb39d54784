//! What a cascade's answers say: which are complete, what they say in short, which agree.

use std::borrow::Cow;

use trilemma_domain::FinishReason;
use trilemma_score::Extraction;

use crate::learned::Evidence;
use crate::observe::Outcome;
use crate::policy::Compare;

/// The comparable part of an answer; `None` = failed, cut short, withheld, or nothing found in it.
pub(crate) fn gist(
    outcome: &Outcome,
    extract: Option<&Extraction>,
    compare: Compare,
) -> Option<String> {
    let Outcome::Answered { text, finish, .. } = outcome else {
        return None;
    };
    let is_whole = match finish {
        None | Some(FinishReason::Stop | FinishReason::Other(_)) => true,
        // An answer that calls tools has nothing to compare.
        Some(
            FinishReason::Length
            | FinishReason::ToolCalls
            | FinishReason::ContentFilter
            | FinishReason::Refusal,
        ) => false,
    };
    if !is_whole {
        return None;
    }
    let part = match extract {
        Some(extract) => extract.apply(text).ok()?,
        None => Cow::Borrowed(text.as_str()),
    };
    let part = part.trim();
    if part.is_empty() {
        return None;
    }
    Some(match compare {
        Compare::Exact => part.to_owned(),
        Compare::Loose => {
            let words: Vec<&str> = part.split_whitespace().collect();
            words.join(" ").to_lowercase()
        }
    })
}

/// The largest group of equal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Majority {
    /// How many say the same; 0 = nobody says anything.
    pub(super) n: usize,
    /// Position of the first who says it.
    pub(super) first_idx: usize,
}

/// Finds the largest group of equal gists; among equally large ones, that of the earliest.
pub(super) fn majority(gists: &[Option<String>]) -> Majority {
    let mut best = Majority::default();
    for (first_idx, gist) in gists.iter().enumerate() {
        let Some(gist) = gist else { continue };
        let n = gists
            .iter()
            .flatten()
            .filter(|other| *other == gist)
            .count();
        if n > best.n {
            best = Majority { n, first_idx };
        }
    }
    best
}

/// What those who were asked have answered, in the order in which they were asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The parts that are compared.
    pub(crate) gists: &'a [Option<String>],
    /// The answers.
    pub(crate) outcomes: &'a [Option<&'a Outcome>],
    /// Whether one candidate was asked, once or repeatedly.
    pub(crate) is_one: bool,
}

/// What a cascade's judge looks at, in the order in which the candidates were asked; without its signs.
pub(crate) fn evidence(query: &str, task: Option<usize>, asked: Asked<'_>) -> Evidence {
    let Asked {
        gists,
        outcomes,
        is_one,
    } = asked;
    let gist = |idx: usize| gists.get(idx).and_then(Option::as_ref);
    let log = |idx: usize| outcomes.get(idx).copied().flatten().map_or(0.0, log_tokens);
    let agree = !is_one && gist(0).is_some() && gists.iter().all(|other| other.as_ref() == gist(0));
    Evidence {
        agree,
        found: [gist(0).is_some(), gists.len() < 2 || gist(1).is_some()],
        logs: [log(0), log(1), (query.chars().count() as f64).ln_1p()],
        task,
        signs: Vec::new(),
    }
}

/// ln(1 + output tokens); where they were not reported, a quarter of the characters.
fn log_tokens(outcome: &Outcome) -> f64 {
    match outcome {
        Outcome::Failed | Outcome::Embedded { .. } => 0.0,
        Outcome::Answered {
            output_tokens: Some(tokens),
            ..
        } => (*tokens as f64).ln_1p(),
        Outcome::Answered { text, .. } => (text.chars().count() as f64 / 4.0).ln_1p(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_of_the_largest_group_speaks() {
        let check = |gists: &[&str], n, first_idx| {
            let gists: Vec<Option<String>> = gists
                .iter()
                .map(|gist| (!gist.is_empty()).then(|| (*gist).to_owned()))
                .collect();
            assert_eq!(majority(&gists), Majority { n, first_idx });
        };
        check(&[], 0, 0);
        check(&["", ""], 0, 0);
        check(&["a", "b"], 1, 0);
        check(&["a", "b", "b"], 2, 1);
        check(&["", "b", "a", "b", "a"], 2, 1);
    }

    #[test]
    fn cut_and_withheld_answers_say_nothing() {
        let of = |finish| {
            let outcome = Outcome::Answered {
                text: " The  Answer ".to_owned(),
                finish,
                output_tokens: None,
                logprob: None,
            };
            gist(&outcome, None, Compare::Loose)
        };
        assert_eq!(of(None), Some("the answer".to_owned()));
        assert_eq!(of(Some(FinishReason::Stop)), Some("the answer".to_owned()));
        assert_eq!(of(Some(FinishReason::Length)), None);
        assert_eq!(of(Some(FinishReason::Refusal)), None);
        assert_eq!(gist(&Outcome::Failed, None, Compare::Loose), None);
    }
}
