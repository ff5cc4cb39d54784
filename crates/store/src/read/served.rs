//! Which models answered, as vendors name them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use trilemma_domain::RunId;

use crate::codec::{End, Names, Reader, Words, read_names};
use crate::error::StoreError;
use crate::inner::sound;
use crate::read::observations::scan_trials;
use crate::rows::run_ref;
use crate::store::Store;

/// A model name that answers of one candidate carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Position of the candidate in the manifest.
    pub candidate_idx: u32,
    /// The name as the vendor wrote it.
    pub model: String,
    /// Answers that carried it.
    pub n_answers: u64,
}

impl Store {
    /// Counts the model names that the answers of a run carried, by candidate and name; answers
    /// without a name are left out.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn served(&self, run: &RunId) -> Result<Vec<Served>, StoreError> {
        let served = self.names(run, |names| names.served_model)?.into_iter();
        Ok(served
            .map(|((candidate_idx, model), n_answers)| Served {
                candidate_idx,
                model,
                n_answers,
            })
            .collect())
    }

    /// The vendors' fingerprints of back ends that the answers of a run carried, each with its candidate's
    /// position in the manifest.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn fingerprints(&self, run: &RunId) -> Result<Vec<(u32, String)>, StoreError> {
        let found = self.names(run, |names| names.system_fingerprint)?;
        Ok(found.into_keys().collect())
    }

    fn names(
        &self,
        run: &RunId,
        pick: fn(Names) -> Option<String>,
    ) -> Result<BTreeMap<(u32, String), u64>, StoreError> {
        let mut counts: BTreeMap<(u32, String), u64> = BTreeMap::new();
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let words = Words::load(tx)?;
            scan_trials(
                tx,
                run,
                |_| true,
                |row| {
                    if let End::Answered(figures) = &row.figures.end {
                        let names = read_names(&mut Reader::new(&row.names), figures, &words);
                        let names = sound(names, "the names of an answer cannot be read")?;
                        if let Some(name) = pick(names) {
                            *counts.entry((row.key.candidate_idx, name)).or_default() += 1;
                        }
                    }
                    Ok(ControlFlow::Continue(()))
                },
            )
        })?;
        Ok(counts)
    }
}
