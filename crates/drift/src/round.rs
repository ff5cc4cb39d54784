//! The answers of one run, by candidate and item.
//!
//! In: a recorded run. Out: what drift checks look at of each answer. Calls without an answer are counted and
//! left out; an answer without a score has none.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use trilemma_domain::{
    DriftChannel, FinishReason, ObservedState, Reply, RunId, TokenPlace, TrialKey,
};
use trilemma_store::{AnswerRow, Store};

use crate::error::DriftError;

/// Symbols of an answer that are compared.
const MAX_SYMBOLS: usize = 500;
/// Characters of an answer that are kept to be shown.
const MAX_SHOWN_CHARS: usize = 1_000;

/// One answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Whether it passes; `None` = it has no score.
    pub passes: Option<bool>,
    /// Its beginning, tool calls included, as symbols.
    pub symbols: Vec<u32>,
    /// `ln(1 + characters)`.
    pub log_length: f64,
    /// Whether the model declined.
    pub refused: bool,
    /// Whether it is empty, cut, or no JSON where JSON was asked for.
    pub malformed: bool,
    /// Time to its last byte, in microseconds; `None` = not observed.
    pub e2e_us: Option<u64>,
    /// Its beginning, as text.
    pub text: String,
    /// Log-probabilities of its first tokens; empty where the vendor gave none.
    pub first_tokens: Vec<TokenPlace>,
}

/// The answers of one candidate in one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Round {
    /// Answers by item of the run.
    pub items: Vec<Vec<Answer>>,
    /// Model names that answers carried.
    pub served: BTreeMap<String, u64>,
    /// Fingerprints of the back end that answers carried.
    pub fingerprints: BTreeMap<String, u64>,
    /// Answers.
    pub n_answers: u64,
    /// Calls without an answer.
    pub n_failed: u64,
    /// Whether a simulator answered.
    pub simulated: bool,
}

impl Round {
    /// What is looked at in checks over this baseline: log-probabilities only where it has some, so that
    /// others need not share the chance of a false alarm with them.
    #[must_use]
    pub fn channels(&self) -> Vec<DriftChannel> {
        let mut answers = self.items.iter().flatten();
        let has_logprobs = answers.any(|answer| !answer.first_tokens.is_empty());
        DriftChannel::ALL
            .into_iter()
            .filter(|channel| *channel != DriftChannel::Logprobs || has_logprobs)
            .collect()
    }
}

/// Reads the answers of a run, one round per candidate.
///
/// # Errors
/// As the store gives them.
pub fn rounds(store: &Store, run: &RunId) -> Result<Vec<Round>, DriftError> {
    let manifest = store.manifest(run)?;
    let wants_json: Vec<bool> = manifest
        .candidates
        .iter()
        .map(|record| record.candidate.response_format.is_some())
        .collect();
    let empty = Round {
        items: vec![Vec::new(); manifest.items.len()],
        ..Round::default()
    };
    let mut all = vec![empty; manifest.candidates.len()];
    let mut figures: BTreeMap<TrialKey, (Option<bool>, bool)> = BTreeMap::new();
    store.observations(run, |seen| {
        match seen.state {
            ObservedState::Failed(_) => {
                if let Some(round) = all.get_mut(seen.key.candidate_idx as usize) {
                    round.n_failed += 1;
                }
            }
            ObservedState::Scored { pass, .. } => {
                figures.insert(seen.key, (Some(pass), seen.refused));
            }
            ObservedState::Unscored => {
                figures.insert(seen.key, (None, seen.refused));
            }
        }
        ControlFlow::Continue(())
    })?;
    store.answers(run, |row| {
        let (passes, refused) = figures.get(&row.key).copied().unwrap_or_default();
        let candidate_idx = row.key.candidate_idx as usize;
        let wants = wants_json.get(candidate_idx).copied().unwrap_or(false);
        if let Some(round) = all.get_mut(candidate_idx) {
            take(round, row, (passes, refused, wants));
        }
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

fn take(round: &mut Round, row: AnswerRow, (passes, refused, wants): (Option<bool>, bool, bool)) {
    let AnswerRow {
        key, reply, timing, ..
    } = row;
    let response = &reply.response;
    round.n_answers += 1;
    round.simulated |= reply.simulated;
    for (name, counts) in [
        (&response.served_model, &mut round.served),
        (&response.system_fingerprint, &mut round.fingerprints),
    ] {
        if let Some(name) = name {
            *counts.entry(name.clone()).or_default() += 1;
        }
    }
    let text = whole(&reply);
    let answer = Answer {
        passes,
        symbols: text.chars().take(MAX_SYMBOLS).map(u32::from).collect(),
        log_length: (text.chars().count() as f64).ln_1p(),
        refused,
        malformed: malformed(&reply, &text, wants),
        e2e_us: timing
            .end
            .and_then(|end| u64::try_from(end.as_micros()).ok()),
        text: text.chars().take(MAX_SHOWN_CHARS).collect(),
        first_tokens: reply.response.first_tokens.clone(),
    };
    if let Some(answers) = round.items.get_mut(key.item_idx as usize) {
        answers.push(answer);
    }
}

/// Everything visible of an answer: text, then what it calls.
fn whole(reply: &Reply) -> String {
    let response = &reply.response;
    let mut text = response.refusal.clone().unwrap_or_default();
    text.push_str(&response.text);
    for call in &response.tool_calls {
        let call = serde_json::to_string(call).unwrap_or_default();
        text.push_str(&call);
    }
    text
}

fn malformed(reply: &Reply, text: &str, wants_json: bool) -> bool {
    let response = &reply.response;
    let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(response.text.trim()).is_ok();
    text.trim().is_empty()
        || response.finish == Some(FinishReason::Length)
        || (wants_json
            && response.refusal.is_none()
            && response.tool_calls.is_empty()
            && !is_json())
}
