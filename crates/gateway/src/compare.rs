//! Two answers to one request of a client, scored by the benchmark's scorers.
//!
//! In: the project's scorers, a request, the answer that the client got and the challenger's. Out: a score
//! for each by the scorers that need no expected answer (format, schema, length, refusal, …), and how far
//! the challenger agrees with what the client got, by the scorers that do need one: the client's answer
//! stands for it. Judges and programs are not run. Only numbers come out, no word of an answer.

use bytes::Bytes;
use trilemma_domain::{ChatRequest, ChatResponse, Dialect, Expected, Input, Item, ScoredOutcome};
use trilemma_score::{Answer, Mode, Scorer};

use crate::prepare::decode_body;

/// What a comparison says; `None` = no scorer applies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Scored {
    /// Of the first answer and the second, in [0, 1].
    pub(crate) scores: [Option<f64>; 2],
    /// Of the second with the first, in [0, 1].
    pub(crate) agreement: Option<f64>,
}

/// Compares two answers to a request.
pub(crate) fn compare(
    scorers: &[Scorer],
    (dialect, body): (Dialect, &Bytes),
    [first, second]: [&ChatResponse; 2],
) -> Scored {
    let Ok(request) = decode_body(dialect, body) else {
        return Scored::default();
    };
    let free = item(&request.chat, None);
    let scores = [first, second].map(|one| mean(scorers.iter(), &free, one));
    let bound = item(&request.chat, Some(expected(first)));
    // Those that have an opinion without an expected answer say nothing of agreement.
    let needy = scorers
        .iter()
        .filter(|scorer| score(scorer, &free, second).is_none());
    Scored {
        scores,
        agreement: mean(needy, &bound, second).or_else(|| Some(same(first, second))),
    }
}

/// Scores an answer by the scorers that need no expected one; `None` = none applies.
pub(crate) fn score_of(
    scorers: &[Scorer],
    (dialect, body): (Dialect, &Bytes),
    answer: &ChatResponse,
) -> Option<f64> {
    let request = decode_body(dialect, body).ok()?;
    mean(scorers.iter(), &item(&request.chat, None), answer)
}

/// Whether a scorer runs here.
pub(crate) fn is_pure(scorer: &Scorer) -> bool {
    matches!(scorer.mode(), Mode::Pure)
}

/// The weighted mean of the scorers that apply.
fn mean<'a>(
    scorers: impl Iterator<Item = &'a Scorer>,
    item: &Item,
    answer: &ChatResponse,
) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for scorer in scorers {
        if let Some(score) = score(scorer, item, answer) {
            sum += scorer.weight() * score;
            weights += scorer.weight();
        }
    }
    (weights > 0.0).then(|| (sum / weights).clamp(0.0, 1.0))
}

fn score(scorer: &Scorer, item: &Item, answer: &ChatResponse) -> Option<f64> {
    if !is_pure(scorer) {
        return None;
    }
    let seen = Answer {
        text: &answer.text,
        tool_calls: &answer.tool_calls,
        finish: answer.finish.as_ref(),
        refusal: answer.refusal.as_deref(),
        output_tokens: answer.usage.map(|usage| usage.output),
        ..Answer::default()
    };
    match scorer.score(item, &seen) {
        ScoredOutcome::Scored { score, .. } => Some(score.value()),
        ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. } => None,
    }
}

fn item(chat: &ChatRequest, expected: Option<Expected>) -> Item {
    Item {
        expected,
        ..Item::new("live", Input::Messages(chat.messages.clone()))
    }
}

fn expected(answer: &ChatResponse) -> Expected {
    if answer.text.trim().is_empty() && !answer.tool_calls.is_empty() {
        Expected::ToolCalls(answer.tool_calls.clone())
    } else {
        Expected::Text(answer.text.clone())
    }
}

/// Whether two answers say the same but for case and white space, and call the same tools.
fn same(first: &ChatResponse, second: &ChatResponse) -> f64 {
    let words = |one: &ChatResponse| -> Vec<String> {
        one.text.split_whitespace().map(str::to_lowercase).collect()
    };
    let calls = |one: &ChatResponse| -> Vec<(String, serde_json::Value)> {
        one.tool_calls
            .iter()
            .map(|call| (call.name.clone(), call.arguments.clone()))
            .collect()
    };
    f64::from(words(first) == words(second) && calls(first) == calls(second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use trilemma_domain::ScorerSpec;

    fn scorer(kind: &str, options: &serde_json::Value) -> Scorer {
        let spec: ScorerSpec = serde_json::from_value(json!({
            "kind": kind, "label": kind, "weight": 1.0, "options": options,
        }))
        .unwrap();
        trilemma_score::build(&spec).unwrap()
    }

    fn said(text: &str) -> ChatResponse {
        ChatResponse {
            text: text.to_owned(),
            ..ChatResponse::default()
        }
    }

    fn check(scorers: &[Scorer], first: &str, second: &str) -> Scored {
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "a" }] });
        let body = Bytes::from(body.to_string());
        compare(
            scorers,
            (Dialect::OpenAi, &body),
            [&said(first), &said(second)],
        )
    }

    #[test]
    fn scorers_judge_what_they_can_without_an_expected_answer() {
        let scorers = [
            scorer("json_valid", &json!({})),
            scorer("exact", &json!({})),
        ];
        let found = check(&scorers, "{\"a\": 1}", "no json");
        assert_eq!(found.scores, [Some(1.0), Some(0.0)]);
        assert_eq!(found.agreement, Some(0.0));
        let found = check(&scorers, "[1]", "[1]");
        assert_eq!((found.scores[1], found.agreement), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn without_scorers_the_same_words_agree() {
        let found = check(&[], "Yes,  it is", "yes, IT is\n");
        assert_eq!((found.scores, found.agreement), ([None, None], Some(1.0)));
        assert_eq!(check(&[], "yes", "no").agreement, Some(0.0));
    }
}
