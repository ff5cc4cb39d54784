//! Cards: one answer as a reviewer sees it, without a word of whose it is.
//!
//! Equal answers to one item are one card: what is said of it holds for all of them. Items come in the order
//! of the queue, the cards of an item in an order of their own that tells nothing.

use anyhow::Context as _;
use trilemma_domain::{Fingerprint, Item, ItemId, RunId, TrialKey};
use trilemma_store::RunManifest;

use super::Bench;
use crate::content::{expected_text, input_text};
use crate::context::InputError;
use crate::field;

/// One answer to be judged.
#[derive(Debug, Clone)]
pub(super) struct Card {
    /// Name in sheets: says nothing of the candidate.
    pub(super) id: String,
    pub(super) item: ItemId,
    pub(super) input: String,
    pub(super) expected: Option<String>,
    pub(super) criteria: Vec<String>,
    pub(super) answer: String,
    /// The trials that gave this answer.
    pub(super) keys: Vec<TrialKey>,
}

/// Lays out all cards of the queue.
///
/// # Errors
/// [`InputError`] for a candidate that the run does not have, and for an empty queue.
pub(super) fn cards(bench: &Bench, wanted: &[String]) -> anyhow::Result<Vec<Card>> {
    let (store, run) = (&bench.store, &bench.run);
    let manifest = store.manifest(run)?;
    let mut candidates = candidates(&manifest, wanted)?;
    if wanted.is_empty() {
        // A label is no answer that a person could judge.
        let labels = field::labels(&bench.context, &manifest);
        candidates.retain(|idx| labels.get(*idx as usize) != Some(&true));
    }
    let mut queue: Vec<(u32, u32)> = store
        .review_items(run)?
        .iter()
        .filter_map(|item| Some((item.place?, item.item_idx)))
        .collect();
    queue.sort_unstable();
    if queue.is_empty() {
        anyhow::bail!(InputError(format!(
            "failed to find items to review in run {run}; hint: `trilemma review sample` draws them"
        )));
    }
    let mut all = Vec::new();
    for (_, item_idx) in queue {
        let Some(id) = manifest.items.get(item_idx as usize) else {
            continue;
        };
        let body = store
            .item(&manifest.golden, id)?
            .with_context(|| format!("find item `{id}` in the store"))?;
        let item: Item = serde_json::from_str(&body)?;
        let mut own: Vec<Card> = Vec::new();
        for candidate_idx in &candidates {
            let key = TrialKey {
                candidate_idx: *candidate_idx,
                item_idx,
                repeat: 0,
            };
            let Some(row) = store.answer(run, key)? else {
                continue;
            };
            let answer = answer_text(&row.reply.response);
            match own.iter_mut().find(|card| card.answer == answer) {
                Some(card) => card.keys.push(key),
                None => own.push(card(run, &item, answer, key)),
            }
        }
        // By hash: an order that neither time nor candidate has a part in.
        own.sort_by(|a, b| a.id.cmp(&b.id));
        all.extend(own);
    }
    Ok(all)
}

fn candidates(manifest: &RunManifest, wanted: &[String]) -> anyhow::Result<Vec<u32>> {
    let known: Vec<&str> = manifest
        .candidates
        .iter()
        .map(|record| record.candidate.id.as_str())
        .collect();
    let unknown: Vec<&String> = wanted
        .iter()
        .filter(|id| !known.contains(&id.as_str()))
        .collect();
    if !unknown.is_empty() {
        anyhow::bail!(InputError(format!(
            "failed to find candidate {}; hint: the run has {}",
            quoted(unknown.iter().map(|id| id.as_str())),
            quoted(known.iter().copied())
        )));
    }
    Ok((0..)
        .zip(&known)
        .filter(|(_, id)| wanted.is_empty() || wanted.iter().any(|one| one == *id))
        .map(|(idx, _)| idx)
        .collect())
}

fn quoted<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.map(|id| format!("`{id}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn answer_text(response: &trilemma_domain::ChatResponse) -> String {
    let mut text = response.text.clone();
    if !response.tool_calls.is_empty() {
        text.push_str(&serde_json::to_string(&response.tool_calls).unwrap_or_default());
    }
    if let Some(refusal) = &response.refusal {
        text.push_str(refusal);
    }
    text
}

fn card(run: &RunId, item: &Item, answer: String, key: TrialKey) -> Card {
    let print = Fingerprint::builder()
        .field("review card 1")
        .field(run.as_str())
        .field(item.id.as_str())
        .field(&answer)
        .finish();
    Card {
        id: print
            .to_string()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect(),
        item: item.id.clone(),
        input: input_text(&item.input),
        expected: item.expected.as_ref().map(expected_text),
        criteria: item.extras.criteria.clone(),
        answer,
        keys: vec![key],
    }
}
