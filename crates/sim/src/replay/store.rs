//! Inputs and answers in memory.
//!
//! In: items and answers, one by one. Out: the item of a prompt and the answers to it. Texts lie
//! end to end in one string for each model; token boundaries are found when first needed.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use trilemma_domain::{Fingerprint, ItemId};

use crate::error::SimError;
use crate::scenario::Join;
use crate::tokens::{self, Pieces, TokenCache};

/// Texts end to end.
#[derive(Debug, Default)]
struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str, name: &str) -> Result<u32, SimError> {
        let too_large = || SimError::TooLarge {
            name: name.to_owned(),
        };
        let idx = u32::try_from(self.ends.len()).map_err(|_| too_large())?;
        let end = u32::try_from(self.all.len() + text.len()).map_err(|_| too_large())?;
        self.all.push_str(text);
        self.ends.push(end);
        Ok(idx)
    }

    fn get(&self, idx: u32) -> &str {
        let at = |idx: usize| self.ends.get(idx).map_or(0, |&end| end as usize);
        let idx = idx as usize;
        let start = idx.checked_sub(1).map_or(0, at);
        self.all.get(start..at(idx)).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

/// How a recorded answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordedEnd {
    /// It was done.
    #[default]
    Stop,
    /// It was cut at the token limit.
    Length,
    /// The model declined; the text is what it said.
    Refusal,
}

#[derive(Debug, Default)]
struct ModelAnswers {
    texts: Texts,
    pieces: Vec<OnceLock<Pieces>>,
    /// Ends of answers other than `Stop`, which are few.
    ends: HashMap<u32, RecordedEnd>,
    /// Answers of each item, in the order of the file.
    by_item: HashMap<u32, Vec<u32>>,
}

/// Recorded answers of several models to the items of one golden set.
#[derive(Debug, Default)]
pub struct Replay {
    ids: Vec<ItemId>,
    by_id: HashMap<ItemId, u32>,
    inputs: Texts,
    by_prompt: HashMap<Fingerprint, u32>,
    n_same_input: usize,
    models: HashMap<Arc<str>, ModelAnswers>,
}

/// What a replay holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySummary {
    /// Items of the golden set.
    pub n_items: usize,
    /// Items whose input is that of an earlier one: prompts join to the earlier.
    pub n_same_input: usize,
    /// Model, its answers, and the items to which it has none; by name.
    pub models: Vec<(String, usize, usize)>,
}

/// A recorded answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded<'a> {
    model: &'a ModelAnswers,
    idx: u32,
}

impl<'a> Recorded<'a> {
    /// Its text.
    pub(crate) fn text(&self) -> &'a str {
        self.model.texts.get(self.idx)
    }

    /// How it ended.
    pub(crate) fn end(&self) -> RecordedEnd {
        self.model.ends.get(&self.idx).copied().unwrap_or_default()
    }

    /// Its token boundaries.
    pub(crate) fn pieces(&self) -> Pieces {
        match self.model.pieces.get(self.idx as usize) {
            Some(cell) => cell.get_or_init(|| tokens::pieces(self.text())).clone(),
            None => tokens::pieces(self.text()),
        }
    }
}

/// Hash by which prompts are joined: white space at both ends does not count.
pub(crate) fn prompt_fingerprint(text: &str) -> Fingerprint {
    Fingerprint::of(text.trim().as_bytes())
}

impl Replay {
    /// Makes an empty replay.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item: its id and the text of its last user message. An id that is already there is
    /// left as it is.
    ///
    /// # Errors
    /// [`SimError::TooLarge`] beyond 4 GiB of texts.
    pub fn add_item(&mut self, id: ItemId, input: &str) -> Result<(), SimError> {
        if self.by_id.contains_key(&id) {
            return Ok(());
        }
        let idx = self.inputs.push(input, "golden set")?;
        self.by_id.insert(id.clone(), idx);
        self.ids.push(id);
        let mut is_new = false;
        self.by_prompt
            .entry(prompt_fingerprint(input))
            .or_insert_with(|| {
                is_new = true;
                idx
            });
        self.n_same_input += usize::from(!is_new);
        Ok(())
    }

    /// Adds an answer of `model` to an item; `false` when there is no such item. Several answers
    /// to one item are given by order of call, and after the last comes the first again.
    ///
    /// # Errors
    /// [`SimError::TooLarge`] beyond 4 GiB of texts.
    pub fn add_answer(&mut self, model: &str, id: &ItemId, text: &str) -> Result<bool, SimError> {
        self.add_ended_answer(model, id, (text, RecordedEnd::Stop))
    }

    /// As [`Self::add_answer`], with how the answer ended.
    ///
    /// # Errors
    /// [`SimError::TooLarge`] beyond 4 GiB of texts.
    pub(crate) fn add_ended_answer(
        &mut self,
        model: &str,
        id: &ItemId,
        (text, end): (&str, RecordedEnd),
    ) -> Result<bool, SimError> {
        let Some(&item) = self.by_id.get(id) else {
            return Ok(false);
        };
        let answers = self.models.entry(Arc::from(model)).or_default();
        let idx = answers.texts.push(text, model)?;
        answers.pieces.push(OnceLock::new());
        if end != RecordedEnd::Stop {
            answers.ends.insert(idx, end);
        }
        answers.by_item.entry(item).or_default().push(idx);
        Ok(true)
    }

    /// Tells what it holds.
    #[must_use]
    pub fn summary(&self) -> ReplaySummary {
        let mut models: Vec<_> = self
            .models
            .iter()
            .map(|(name, answers)| {
                let missing = self.ids.len().saturating_sub(answers.by_item.len());
                (name.to_string(), answers.texts.len(), missing)
            })
            .collect();
        models.sort();
        ReplaySummary {
            n_items: self.ids.len(),
            n_same_input: self.n_same_input,
            models,
        }
    }

    /// Names of the models, sorted.
    #[must_use]
    pub fn models(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.models.keys().map(AsRef::as_ref).collect();
        names.sort_unstable();
        names
    }

    /// Whether answers of this model are recorded.
    #[must_use]
    pub fn has_model(&self, model: &str) -> bool {
        self.models.contains_key(model)
    }

    /// Whether an item of this name is known.
    pub(crate) fn has_item(&self, id: &str) -> bool {
        self.by_id.contains_key(&ItemId::from(id))
    }

    /// The item that a prompt joins to.
    pub(crate) fn item(&self, prompt: &Fingerprint, text: &str, join: Join) -> Option<u32> {
        let exact = self.by_prompt.get(prompt).copied();
        match join {
            Join::Exact => exact,
            Join::Contains => exact.or_else(|| {
                (0..self.ids.len())
                    .filter_map(|idx| u32::try_from(idx).ok())
                    .filter(|&idx| {
                        let input = self.inputs.get(idx).trim();
                        !input.is_empty() && text.contains(input)
                    })
                    .max_by_key(|&idx| (self.inputs.get(idx).trim().len(), std::cmp::Reverse(idx)))
            }),
        }
    }

    /// The name of an item.
    pub(crate) fn item_id(&self, idx: u32) -> Option<&ItemId> {
        self.ids.get(idx as usize)
    }

    /// The `n`th answer (from 0) of a model to an item.
    pub(crate) fn answer(&self, model: &str, item: u32, n: u32) -> Option<Recorded<'_>> {
        let model = self.models.get(model)?;
        let answers = model.by_item.get(&item)?;
        let nth = (n as usize).checked_rem(answers.len())?;
        let &idx = answers.get(nth)?;
        Some(Recorded { model, idx })
    }

    /// Counts all tokens now instead of at the first call.
    pub(crate) fn warm(&self, cache: &TokenCache) {
        for idx in (0..self.ids.len()).filter_map(|idx| u32::try_from(idx).ok()) {
            let text = self.inputs.get(idx);
            cache.count(&prompt_fingerprint(text), text);
        }
        for model in self.models.values() {
            for idx in (0..model.texts.len()).filter_map(|idx| u32::try_from(idx).ok()) {
                Recorded { model, idx }.pieces();
            }
        }
    }
}
