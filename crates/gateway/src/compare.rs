//! Two answers to one request of a client, scored by the benchmark's scorers.
//!
//! In: the project's scorers, a request, the answer that the client got and the challenger's, and what judges
//! said of them (see `panel`). Out: a score for each by the scorers that need no expected answer (format, schema,
//! length, refusal, …), and how far the challenger agrees with what the client got, by the scorers that do need
//! one: the client's answer stands for it. A figure to which the word of a judge is missing is missing as a
//! whole: means of other scorers must not stand beside it. Programs are not run. Only numbers come out, no word
//! of an answer.

use bytes::Bytes;
use trilemma_domain::{
    ChatRequest, ChatResponse, Dialect, Expected, Input, Item, Message, ScoredOutcome,
};
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

/// What a judge scorer says of both answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heard {
    pub(crate) weight: f64,
    pub(crate) word: Word,
}

/// What a judge scorer says of one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Said {
    /// In [0, 1].
    Score(f64),
    /// It does not apply.
    Nothing,
    /// It applies, and its word could not be had.
    Missing,
}

/// The word of a judge scorer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Word {
    /// Of the first answer and the second, in [0, 1].
    Scores([f64; 2]),
    /// Of the second with the first, in [0, 1].
    Agreement(f64),
    /// It does not apply.
    Nothing,
    /// It would score, and could not be had.
    NoScores,
    /// It would say how far they agree, and could not be had.
    NoAgreement,
}

impl Word {
    /// Of both answers, each by itself.
    pub(crate) fn of_scores(first: Said, second: Said) -> Self {
        match (first, second) {
            (Said::Score(first), Said::Score(second)) => Self::Scores([first, second]),
            (Said::Nothing, Said::Nothing) => Self::Nothing,
            (Said::Score(_) | Said::Nothing | Said::Missing, _) => Self::NoScores,
        }
    }

    /// Of the second with the first.
    pub(crate) fn of_agreement(said: Said) -> Self {
        match said {
            Said::Score(score) => Self::Agreement(score),
            Said::Nothing => Self::Nothing,
            Said::Missing => Self::NoAgreement,
        }
    }
}

/// Compares two answers to a request.
pub(crate) fn compare(
    scorers: &[Scorer],
    heard: &[Heard],
    chat: &ChatRequest,
    [first, second]: [&ChatResponse; 2],
) -> Scored {
    let free = item(&chat.messages, None);
    let mut scores = [first, second].map(|one| Mean::of(scorers.iter(), &free, one));
    let bound = item(&chat.messages, Some(expected(first)));
    // Those that have an opinion without an expected answer say nothing of agreement.
    let needy = scorers
        .iter()
        .filter(|scorer| score(scorer, &free, second).is_none());
    let mut agreement = Mean::of(needy, &bound, second);
    let (mut has_scores, mut has_agreement) = (true, true);
    for Heard { weight, word } in heard {
        match word {
            Word::Scores(both) => {
                for (mean, score) in scores.iter_mut().zip(both) {
                    mean.add(*weight, *score);
                }
            }
            Word::Agreement(score) => agreement.add(*weight, *score),
            Word::Nothing => {}
            Word::NoScores => has_scores = false,
            Word::NoAgreement => has_agreement = false,
        }
    }
    let agreement = agreement.value().or_else(|| Some(same(first, second)));
    Scored {
        scores: scores.map(|mean| mean.value().filter(|_| has_scores)),
        agreement: agreement.filter(|_| has_agreement),
    }
}

/// Scores an answer by the scorers that need no expected one; `None` = none applies.
pub(crate) fn score_of(
    scorers: &[Scorer],
    (dialect, body): (Dialect, &Bytes),
    answer: &ChatResponse,
) -> Option<f64> {
    let request = decode_body(dialect, body).ok()?;
    Mean::of(scorers.iter(), &item(&request.chat.messages, None), answer).value()
}

/// Whether a scorer runs here.
pub(crate) fn is_pure(scorer: &Scorer) -> bool {
    matches!(scorer.mode(), Mode::Pure)
}

/// The weighted mean of the scorers that apply.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    sum: f64,
    weights: f64,
}

impl Mean {
    /// Of those that run in place.
    fn of<'a>(
        scorers: impl Iterator<Item = &'a Scorer>,
        item: &Item,
        answer: &ChatResponse,
    ) -> Self {
        let mut mean = Self::default();
        for scorer in scorers {
            if let Some(score) = score(scorer, item, answer) {
                mean.add(scorer.weight(), score);
            }
        }
        mean
    }

    pub(crate) fn add(&mut self, weight: f64, score: f64) {
        self.sum += weight * score;
        self.weights += weight;
    }

    /// `None` = no scorer applies.
    pub(crate) fn value(self) -> Option<f64> {
        (self.weights > 0.0).then(|| (self.sum / self.weights).clamp(0.0, 1.0))
    }
}

/// The score of one scorer that runs in place; `None` = it does not, or has no opinion.
pub(crate) fn score(scorer: &Scorer, item: &Item, answer: &ChatResponse) -> Option<f64> {
    if !is_pure(scorer) {
        return None;
    }
    match scorer.score(item, &view(answer)) {
        ScoredOutcome::Scored { score, .. } => Some(score.value()),
        ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. } => None,
    }
}

/// An answer as scorers see it.
pub(crate) fn view(answer: &ChatResponse) -> Answer<'_> {
    Answer {
        text: &answer.text,
        tool_calls: &answer.tool_calls,
        finish: answer.finish.as_ref(),
        refusal: answer.refusal.as_deref(),
        output_tokens: answer.usage.map(|usage| usage.output),
        ..Answer::default()
    }
}

/// A request as scorers see it.
pub(crate) fn item(messages: &[Message], expected: Option<Expected>) -> Item {
    Item {
        expected,
        ..Item::new("live", Input::Messages(messages.to_vec()))
    }
}

/// An answer as what is expected.
pub(crate) fn expected(answer: &ChatResponse) -> Expected {
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
        heard(scorers, &[], first, second)
    }

    fn heard(scorers: &[Scorer], heard: &[Heard], first: &str, second: &str) -> Scored {
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "a" }] });
        let body = Bytes::from(body.to_string());
        let chat = decode_body(Dialect::OpenAi, &body).unwrap().chat;
        compare(scorers, heard, &chat, [&said(first), &said(second)])
    }

    #[test]
    fn a_judge_counts_by_its_weight_and_a_missing_word_leaves_nothing() {
        let scorers = [scorer("json_valid", &json!({}))];
        let word = |word| Heard { weight: 3.0, word };
        let found = heard(
            &scorers,
            &[word(Word::Scores([0.5, 1.0])), word(Word::Agreement(0.25))],
            "[1]",
            "no json",
        );
        assert_eq!(found.scores, [Some(2.5 / 4.0), Some(3.0 / 4.0)]);
        assert_eq!(found.agreement, Some(0.25));
        let found = heard(&scorers, &[word(Word::NoScores)], "[1]", "[2]");
        assert_eq!((found.scores, found.agreement), ([None, None], Some(0.0)));
        let found = heard(&scorers, &[word(Word::NoAgreement)], "[1]", "[1]");
        assert_eq!(found.agreement, None);
        assert_eq!(found.scores, [Some(1.0), Some(1.0)]);
        assert_eq!(
            Word::of_scores(Said::Score(1.0), Said::Missing),
            Word::NoScores
        );
        assert_eq!(Word::of_scores(Said::Nothing, Said::Nothing), Word::Nothing);
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
