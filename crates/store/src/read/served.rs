//! Which models answered, as vendors name them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use trilemma_domain::RunId;

use crate::codec::{End, Reader, Words, read_names};
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
        let mut counts: BTreeMap<(u32, String), u64> = BTreeMap::new();
        self.each_name(run, |candidate_idx, [served, _]| {
            if let Some(model) = served {
                *counts.entry((candidate_idx, model)).or_default() += 1;
            }
        })?;
        let served = counts.into_iter();
        Ok(served
            .map(|((candidate_idx, model), n_answers)| Served {
                candidate_idx,
                model,
                n_answers,
            })
            .collect())
    }

    /// The names of models, and the vendors' fingerprints of back ends, that the answers of a run carried, each
    /// with its candidate's position in the manifest.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn names(&self, run: &RunId) -> Result<[BTreeSet<(u32, String)>; 2], StoreError> {
        let mut all = [BTreeSet::new(), BTreeSet::new()];
        self.each_name(run, |candidate_idx, names| {
            for (all, name) in all.iter_mut().zip(names) {
                all.extend(name.map(|name| (candidate_idx, name)));
            }
        })?;
        Ok(all)
    }

    /// Visits the candidate of each answer with the model and the fingerprint that it names.
    fn each_name(
        &self,
        run: &RunId,
        mut see: impl FnMut(u32, [Option<String>; 2]),
    ) -> Result<(), StoreError> {
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
                        let both = [names.served_model, names.system_fingerprint];
                        see(row.key.candidate_idx, both);
                    }
                    Ok(ControlFlow::Continue(()))
                },
            )
        })
    }
}
