//! The reviewer's desk: cards still open, words said, words taken back. Every word is on disk before the next
//! card is shown.

use std::collections::{BTreeMap, BTreeSet};

use trilemma_domain::{HumanLabel, HumanWord, RunId, TrialKey};
use trilemma_store::Store;

use super::cards::Card;
use crate::clock;

/// One reviewer at work.
pub(super) struct Desk<'a> {
    store: &'a Store,
    run: &'a RunId,
    reviewer: String,
    cards: Vec<Card>,
    said: BTreeMap<String, HumanWord>,
    /// Positions of the cards labelled in this sitting, for undo.
    history: Vec<usize>,
}

impl<'a> Desk<'a> {
    /// Sits down: what this reviewer said before is on the desk already.
    pub(super) fn new(
        store: &'a Store,
        run: &'a RunId,
        reviewer: String,
        cards: Vec<Card>,
    ) -> anyhow::Result<Self> {
        let before: BTreeMap<TrialKey, HumanWord> = store
            .labels(run)?
            .into_iter()
            .filter(|label| label.reviewer == reviewer)
            .map(|label| (label.key, label.word))
            .collect();
        let mut said = BTreeMap::new();
        for card in &cards {
            // An answer that came later, equal to a labelled one, has its word from that one.
            if let Some(word) = card.keys.iter().find_map(|key| before.get(key)) {
                said.insert(card.id.clone(), *word);
                let missing: Vec<TrialKey> = card
                    .keys
                    .iter()
                    .filter(|key| !before.contains_key(key))
                    .copied()
                    .collect();
                if !missing.is_empty() {
                    store.put_labels(run, &labels(&missing, &reviewer, *word, None))?;
                }
            }
        }
        Ok(Self {
            store,
            run,
            reviewer,
            cards,
            said,
            history: Vec::new(),
        })
    }

    /// The next card without a word.
    pub(super) fn next(&self) -> Option<(usize, &Card)> {
        let open = |card: &Card| !self.said.contains_key(&card.id);
        self.cards.iter().enumerate().find(|(_, card)| open(card))
    }

    /// Cards in all.
    pub(super) fn n_cards(&self) -> usize {
        self.cards.len()
    }

    /// Cards with a word, by word.
    pub(super) fn count(&self, word: HumanWord) -> usize {
        self.said.values().filter(|said| **said == word).count()
    }

    /// Cards without a word.
    pub(super) fn n_open(&self) -> usize {
        let ids: BTreeSet<&String> = self.cards.iter().map(|card| &card.id).collect();
        ids.iter()
            .filter(|id| !self.said.contains_key(**id))
            .count()
    }

    /// Writes a word down.
    pub(super) fn say(&mut self, idx: usize, word: HumanWord) -> anyhow::Result<()> {
        let Some(card) = self.cards.get(idx) else {
            return Ok(());
        };
        let labels = labels(&card.keys, &self.reviewer, word, None);
        self.store.put_labels(self.run, &labels)?;
        self.said.insert(card.id.clone(), word);
        self.history.push(idx);
        Ok(())
    }

    /// Takes the last word of this sitting back; `false` = there is none.
    pub(super) fn undo(&mut self) -> anyhow::Result<bool> {
        let Some(card) = self.history.pop().and_then(|idx| self.cards.get(idx)) else {
            return Ok(false);
        };
        self.store
            .remove_labels(self.run, &self.reviewer, &card.keys)?;
        self.said.remove(&card.id);
        Ok(true)
    }
}

/// The same word for all trials of a card.
pub(super) fn labels(
    keys: &[TrialKey],
    reviewer: &str,
    word: HumanWord,
    note: Option<&str>,
) -> Vec<HumanLabel> {
    let labelled_us = clock::now_us();
    keys.iter()
        .map(|key| HumanLabel {
            key: *key,
            reviewer: reviewer.to_owned(),
            word,
            note: note.map(str::to_owned),
            labelled_us,
        })
        .collect()
}
