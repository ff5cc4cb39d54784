//! Trials in figures, each with the one score that its scorers make together.

use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::{Connection, Row, Rows};
use trilemma_domain::{
    Fingerprint, FinishReason, NanoUsd, Observation, ObservedState, RunId, Score, Timing, TrialKey,
    UsageSource,
};

use crate::codec::{AnswerFigures, End};
use crate::error::StoreError;
use crate::inner::{Fault, sound};
use crate::rows::{
    COLUMNS, KEY_ORDER, N_COLUMNS, RunRef, TrialRow, key_at, origin, run_ref, score_kind,
    scorer_numbers, set_by_no, set_by_print,
};
use crate::score_set::{ScoreSet, Word};
use crate::store::Store;

/// A score without its texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    /// `Missing` = the scorer could not run.
    pub(crate) word: Word,
    pub(crate) cost: Option<NanoUsd>,
}

impl Store {
    /// Streams the settled trials of a run in figures, in key order, until `see` breaks off;
    /// scores are those of the set that speaks for the run.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn observations(
        &self,
        run: &RunId,
        see: impl FnMut(Observation) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = set_by_no(tx, run.set_no)?;
            observe(tx, run, &set, (|_| true, see))
        })
    }

    /// As [`Store::observations`], of some trials: the others are passed over unread.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn observations_among(
        &self,
        run: &RunId,
        wanted: impl Fn(TrialKey) -> bool,
        see: impl FnMut(Observation) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = set_by_no(tx, run.set_no)?;
            observe(tx, run, &set, (wanted, see))
        })
    }

    /// Streams those of the named trials that are settled, in the order of the names; the work grows with their
    /// number, not with the run.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`].
    pub fn observations_of(
        &self,
        run: &RunId,
        keys: &[TrialKey],
        mut see: impl FnMut(Observation),
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = set_by_no(tx, run.set_no)?;
            let numbers = scorer_numbers(tx, &set)?;
            let only = " AND t.candidate_idx = $2 AND t.item_idx = $3 AND t.repeat_idx = $4";
            let mut statement = tx.prepare_cached(&select(only))?;
            for key in keys {
                let TrialKey {
                    candidate_idx,
                    item_idx,
                    repeat,
                } = *key;
                let named = (run.run_no, candidate_idx, item_idx, repeat);
                let rows = statement.query(named)?;
                visit(rows, run, (&numbers, |_| true), |row, cells| {
                    if let Some(observation) = observation(row, &set, cells) {
                        see(observation);
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            Ok(())
        })
    }

    /// As [`Store::observations`], with the scores of another registered set.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`],
    /// [`crate::RecordError::UnknownScoreSet`].
    pub fn observations_by(
        &self,
        run: &RunId,
        set: &Fingerprint,
        see: impl FnMut(Observation) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let set = set_by_print(tx, set)?;
            observe(tx, run, &set, (|_| true, see))
        })
    }
}

fn observe(
    conn: &Connection,
    run: RunRef,
    set: &ScoreSet,
    (wanted, mut see): (
        impl Fn(TrialKey) -> bool,
        impl FnMut(Observation) -> ControlFlow<()>,
    ),
) -> Result<(), Fault> {
    let numbers = scorer_numbers(conn, set)?;
    let mut statement = conn.prepare_cached(&select(""))?;
    let rows = statement.query([run.run_no])?;
    visit(rows, run, (&numbers, wanted), |row, cells| {
        Ok(match observation(row, set, cells) {
            Some(observation) => see(observation),
            None => ControlFlow::Continue(()),
        })
    })
}

/// Visits the trials of a run in key order, each with the cells of the given scorers.
pub(crate) fn scan(
    conn: &Connection,
    run: RunRef,
    scorers: &[i64],
    see: impl FnMut(&TrialRow, &[Option<Cell>]) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(&select(""))?;
    let rows = statement.query([run.run_no])?;
    visit(rows, run, (scorers, |_| true), see)
}

/// Visits the wanted ones of a run's settled trials in key order, whatever their scores.
pub(crate) fn scan_trials(
    conn: &Connection,
    run: RunRef,
    wanted: impl Fn(TrialKey) -> bool,
    mut see: impl FnMut(&TrialRow) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let sql = format!(
        "SELECT {COLUMNS} FROM trial t WHERE t.run_no = $1 AND t.state > 0 ORDER BY {KEY_ORDER}"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([run.run_no])?;
    while let Some(row) = rows.next()? {
        if wanted(key_at(row, 1)?) && see(&TrialRow::read(row, run.base_us)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Settled trials of run `$1` with their scores, in key order; `only` narrows them down.
fn select(only: &str) -> String {
    format!(
        "SELECT {COLUMNS}, s.scorer_no, s.kind, s.value, s.cost FROM trial t \
         LEFT JOIN score s ON s.trial_id = t.trial_id \
         WHERE t.run_no = $1 AND t.state > 0{only} ORDER BY {KEY_ORDER}"
    )
}

fn visit(
    mut rows: Rows<'_>,
    run: RunRef,
    (scorers, wanted): (&[i64], impl Fn(TrialKey) -> bool),
    mut see: impl FnMut(&TrialRow, &[Option<Cell>]) -> Result<ControlFlow<()>, Fault>,
) -> Result<(), Fault> {
    let mut cells = vec![None; scorers.len()];
    let mut current: Option<TrialRow> = None;
    while let Some(row) = rows.next()? {
        if !wanted(key_at(row, 1)?) {
            continue;
        }
        let trial_id: i64 = row.get(0)?;
        if current
            .as_ref()
            .is_none_or(|current| current.trial_id != trial_id)
        {
            if let Some(done) = current.take()
                && see(&done, &cells)?.is_break()
            {
                return Ok(());
            }
            cells.fill(None);
            current = Some(TrialRow::read(row, run.base_us)?);
        }
        if let Some(scorer_no) = row.get::<_, Option<i64>>(N_COLUMNS)? {
            let place = scorers.iter().position(|scorer| *scorer == scorer_no);
            if let Some(place) = place.and_then(|idx| cells.get_mut(idx)) {
                *place = Some(cell(row)?);
            }
        }
    }
    if let Some(done) = current {
        let _ = see(&done, &cells)?;
    }
    Ok(())
}

fn cell(row: &Row<'_>) -> Result<Cell, Fault> {
    let word = match row.get(N_COLUMNS + 1)? {
        score_kind::SCORED => {
            let value: Option<f64> = row.get(N_COLUMNS + 2)?;
            let score = value.and_then(|value| Score::new(value).ok());
            Word::Scored(sound(score, "a score is outside its range")?)
        }
        score_kind::NOT_APPLICABLE => Word::NotApplicable,
        score_kind::COULD_NOT_RUN => Word::Missing,
        _ => return Err(Fault::Damage("a score is of an unknown kind")),
    };
    let cost = row.get::<_, Option<i64>>(N_COLUMNS + 3)?.map(NanoUsd);
    Ok(Cell { word, cost })
}

/// `None` = the trial is still under way.
fn observation(row: &TrialRow, set: &ScoreSet, cells: &[Option<Cell>]) -> Option<Observation> {
    let costs = cells.iter().flatten().filter_map(|cell| cell.cost);
    let mut seen = Observation {
        key: row.key,
        state: ObservedState::Unscored,
        refused: false,
        truncated: false,
        replayed: row.origin == origin::REPLAYED,
        simulated: false,
        usage_estimated: false,
        n_attempts: row.n_attempts,
        input_tokens: None,
        cache_read_tokens: None,
        output_tokens: None,
        n_unpriced_attempts: row.n_unpriced,
        cost: row.cost,
        scoring_cost: costs.reduce(|a, b| NanoUsd(a.0.saturating_add(b.0))),
        ttft_us: None,
        tpot_us: None,
        e2e_us: None,
        wall_us: row.figures.wall_us,
    };
    match &row.figures.end {
        End::UnderWay => return None,
        End::Failed(failure) => seen.state = ObservedState::Failed(failure.kind),
        End::Answered(answer) => {
            let words = cells
                .iter()
                .map(|cell| cell.map_or(Word::Missing, |cell| cell.word));
            seen.state = set.combine_words(words);
            seen.refused = is_refused(answer, set, cells);
            observe_answer(&mut seen, answer);
        }
    }
    Some(seen)
}

fn observe_answer(seen: &mut Observation, answer: &AnswerFigures) {
    seen.simulated = answer.simulated;
    seen.truncated = answer.finish == Some(FinishReason::Length);
    seen.ttft_us = answer.timing.first_visible.and_then(micros);
    seen.e2e_us = answer.timing.end.and_then(micros);
    if let Some(usage) = &answer.usage {
        seen.usage_estimated = usage.source == UsageSource::Estimated;
        seen.input_tokens = Some(usage.input_total());
        seen.cache_read_tokens = usage.cache_read;
        seen.output_tokens = Some(usage.output);
        // The definition of TPOT asks for the number of chunks only, not for their stamps.
        let n_chunks = usize::try_from(answer.n_chunks.min(2)).unwrap_or(2);
        let timing = Timing {
            chunk_us: vec![0; n_chunks],
            ..answer.timing.clone()
        };
        seen.tpot_us = timing.tpot(usage.output_visible()).and_then(micros);
    }
}

fn is_refused(answer: &AnswerFigures, set: &ScoreSet, cells: &[Option<Cell>]) -> bool {
    let by_scorer = set.scorers.iter().zip(cells).any(|(scorer, cell)| {
        matches!(
            (scorer.refused_at, cell),
            (Some(refused), Some(Cell { word: Word::Scored(score), .. })) if refused == *score
        )
    });
    by_scorer || answer.refusal_text || answer.finish == Some(FinishReason::Refusal)
}

fn micros(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_micros()).ok()
}
