//! Names and positions: which candidate, which item, which occurrence.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use trilemma_domain::Fingerprint;

use crate::results::{ItemKey, Named};

/// Where a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) candidate: u32,
    pub(crate) item: u32,
    /// The numbered repeat, or how often the pair occurred before.
    pub(crate) repeat: u32,
    pub(crate) is_new_item: bool,
}

/// All names seen so far.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) candidates: Vec<Named>,
    by_name: HashMap<String, u32>,
    by_run: HashMap<String, u32>,
    by_key: HashMap<[u8; 16], u32>,
    pub(crate) item_ids: Vec<Box<str>>,
    /// Leading hash of what was asked in each item.
    asked: Vec<u64>,
    /// Items that were asked differently of different candidates.
    pub(crate) n_differing: u64,
    pub(crate) first_differing: Option<Box<str>>,
    /// How often each pair occurred, where rows carry no repeat of their own.
    pub(crate) occurrences: HashMap<(u32, u32), u32>,
    /// Numbered repeats that were seen.
    numbered: HashMap<(u32, u32), Vec<u32>>,
    /// Most items; more are refused, so that an index fits in memory.
    limit: usize,
}

/// Most items that one import takes.
const MOST_ITEMS: usize = 5_000_000;

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            limit: MOST_ITEMS,
            ..Self::default()
        }
    }

    /// Finds the place of a row; `Err` = what is wrong with it.
    pub(crate) fn place(
        &mut self,
        candidate: &Named,
        item: &ItemKey,
        repeat: Option<u32>,
    ) -> Result<Place, String> {
        let candidate = self.candidate(candidate)?;
        let (item, is_new_item) = self.item(item)?;
        let repeat = match repeat {
            None => {
                let seen = self.occurrences.entry((candidate, item)).or_insert(0);
                *seen = seen.saturating_add(1);
                *seen - 1
            }
            Some(repeat) => {
                if repeat >= 10_000 {
                    return Err(format!("repeat {repeat} is more than 10,000"));
                }
                let seen = self.numbered.entry((candidate, item)).or_default();
                if seen.contains(&repeat) {
                    return Err("this item, candidate and repeat occurred before".to_owned());
                }
                seen.push(repeat);
                repeat
            }
        };
        Ok(Place {
            candidate,
            item,
            repeat,
            is_new_item,
        })
    }

    /// Notes what was asked of this item, to find items that only share a name.
    pub(crate) fn note_asked(&mut self, item: u32, asked: u64) {
        let idx = item as usize;
        match self.asked.get(idx) {
            None => self.asked.push(asked),
            Some(known) if *known == asked || asked == 0 || *known == 0 => {}
            Some(_) => {
                self.n_differing += 1;
                if self.first_differing.is_none() {
                    self.first_differing = self.item_ids.get(idx).cloned();
                }
            }
        }
    }

    fn candidate(&mut self, named: &Named) -> Result<u32, String> {
        let known = match &named.run {
            Some(run) => self.by_run.get(run),
            None => self.by_name.get(&named.name),
        };
        if let Some(idx) = known {
            let known = self.candidates.get_mut(*idx as usize);
            if let Some(known) = known.filter(|known| known.model != named.model)
                && named.model.is_some()
            {
                known.model.clone_from(&named.model);
            }
            return Ok(*idx);
        }
        if self.candidates.len() >= 1_000 {
            return Err("there are more than 1,000 candidates".to_owned());
        }
        let idx = u32::try_from(self.candidates.len()).unwrap_or(u32::MAX);
        let mut named = named.clone();
        if let Some(run) = &named.run {
            // A model's second run goes by its run, too.
            if self.by_name.contains_key(&named.name) {
                named.name = format!("{} / {run}", named.name);
            }
            self.by_run.insert(run.clone(), idx);
        }
        self.by_name.insert(named.name.clone(), idx);
        self.candidates.push(named);
        Ok(idx)
    }

    fn item(&mut self, key: &ItemKey) -> Result<(u32, bool), String> {
        let (kind, text) = match key {
            ItemKey::Id(id) => ("id", id),
            ItemKey::Content(content) => ("content", content),
        };
        let print = Fingerprint::builder().field(kind).field(text).finish();
        let (lead, _) = print.as_bytes().split_at(16);
        let mut hash = [0; 16];
        hash.copy_from_slice(lead);
        let n_items = self.item_ids.len();
        match self.by_key.entry(hash) {
            Entry::Occupied(entry) => Ok((*entry.get(), false)),
            Entry::Vacant(_) if n_items >= self.limit => {
                Err(format!("there are more than {} items", self.limit))
            }
            Entry::Vacant(entry) => {
                let idx = u32::try_from(n_items).unwrap_or(u32::MAX);
                entry.insert(idx);
                let id = match key {
                    ItemKey::Id(id) => id.clone(),
                    ItemKey::Content(_) => print.short(),
                };
                self.item_ids.push(id.into());
                Ok((idx, true))
            }
        }
    }

    /// Largest numbered repeat and one, or most occurrences of a pair.
    pub(crate) fn repeats(&self) -> u32 {
        let numbered = self.numbered.values().flatten().map(|repeat| repeat + 1);
        let counted = self.occurrences.values().copied();
        numbered.chain(counted).max().unwrap_or(1)
    }

    /// Whether pairs without numbers occur equally often, so that occurrences are repeats.
    pub(crate) fn is_even(&self) -> bool {
        let most = self.occurrences.values().copied().max().unwrap_or(1);
        most == 1 || self.occurrences.values().all(|count| *count == most)
    }

    /// Items of which each candidate has at least one trial.
    pub(crate) fn n_items_of(&self) -> Vec<u64> {
        let mut counts = vec![0_u64; self.candidates.len()];
        let pairs = self.occurrences.keys().chain(self.numbered.keys());
        for (candidate, _) in pairs {
            if let Some(slot) = counts.get_mut(*candidate as usize) {
                *slot += 1;
            }
        }
        counts
    }

    /// Names of up to `most` items that a candidate lacks.
    pub(crate) fn lacking(&self, candidate: u32, most: usize) -> Vec<String> {
        let has = |item: u32| {
            self.occurrences.contains_key(&(candidate, item))
                || self.numbered.contains_key(&(candidate, item))
        };
        (0..)
            .zip(&self.item_ids)
            .filter(|(item, _)| !has(*item))
            .take(most)
            .map(|(_, id)| id.to_string())
            .collect()
    }

    /// How often each item occurred at most, over candidates.
    pub(crate) fn most_per_item(&self) -> Vec<u32> {
        let mut most = vec![1_u32; self.item_ids.len()];
        for ((_, item), count) in &self.occurrences {
            if let Some(slot) = most.get_mut(*item as usize) {
                *slot = (*slot).max(*count);
            }
        }
        most
    }
}
