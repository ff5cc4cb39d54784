//! Scores become rows of their trial and scorer.

use rusqlite::params;
use trilemma_domain::{Fingerprint, RunId, ScoreRecord, ScoredOutcome};

use crate::error::RecordError;
use crate::inner::Fault;
use crate::rows::{score_kind, scorer_numbers, set_by_print};
use crate::writer::insert::Session;

impl Session {
    /// The number of a scorer of a registered set.
    pub(crate) fn scorer_no(&mut self, set: &Fingerprint, scorer_idx: u32) -> Result<i64, Fault> {
        if !self.score_sets.contains_key(set) {
            let found = set_by_print(&self.conn, set)?;
            let numbers = scorer_numbers(&self.conn, &found)?;
            self.score_sets.insert(*set, numbers);
        }
        let numbers = self.score_sets.get(set).map_or(&[][..], Vec::as_slice);
        let found = usize::try_from(scorer_idx)
            .ok()
            .and_then(|idx| numbers.get(idx));
        found.copied().ok_or_else(|| {
            RecordError::UnknownScorer {
                scorer_idx,
                n_scorers: numbers.len(),
            }
            .into()
        })
    }

    pub(crate) fn put_scores(
        &mut self,
        run: &RunId,
        set: &Fingerprint,
        scores: &[ScoreRecord],
    ) -> Result<(), Fault> {
        for score in scores {
            let trial_id = self.known_trial(run, score.key)?;
            let scorer_no = self.scorer_no(set, score.scorer_idx)?;
            let (kind, value, note) = match &score.outcome {
                ScoredOutcome::Scored { score, explanation } => (
                    score_kind::SCORED,
                    Some(score.value()),
                    explanation.as_deref(),
                ),
                ScoredOutcome::NotApplicable { reason } => {
                    (score_kind::NOT_APPLICABLE, None, Some(reason.as_str()))
                }
                ScoredOutcome::Failed { reason } => {
                    (score_kind::COULD_NOT_RUN, None, Some(reason.as_str()))
                }
            };
            self.conn
                .prepare_cached(
                    "INSERT INTO score (trial_id, scorer_no, kind, value, note, cost) \
                     VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (trial_id, scorer_no) DO UPDATE SET kind = excluded.kind, \
                     value = excluded.value, note = excluded.note, cost = excluded.cost",
                )?
                .execute(params![
                    trial_id,
                    scorer_no,
                    kind,
                    value,
                    note.map(str::as_bytes),
                    score.cost.map(|cost| cost.0),
                ])?;
        }
        Ok(())
    }
}
