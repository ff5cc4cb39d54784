//! Grades what is recorded but not graded: after a crash, or with new scorers.

use std::sync::Arc;

use tokio::task::JoinSet;
use trilemma_domain::{Fingerprint, Item, RunId, ScoreRecord, TrialKey};
use trilemma_provider::{Cancel, Connect};
use trilemma_score::Answer;
use trilemma_store::{AnswerRow, Store, Unscored, Writer};

use crate::docket::Docket;
use crate::error::GradeError;
use crate::grader::Grader;
use crate::view::answer_view;

/// Answers that are graded at once where a scorer makes calls; lanes limit the calls themselves.
const IN_FLIGHT: usize = 64;
/// Records that are written together.
const BATCH: usize = 256;

/// What is graded, and into what.
pub struct Pending<'a, C: Connect> {
    /// Where answers are.
    pub store: &'a Store,
    /// Where scores go.
    pub writer: &'a Writer,
    /// The run.
    pub run: &'a RunId,
    /// The run's items in order.
    pub items: Arc<Vec<Item>>,
    /// The scorers.
    pub grader: Arc<Grader<C>>,
    /// The score set that the scorers make up.
    pub set: Fingerprint,
    /// Where the calls of judges are recorded.
    pub docket: Arc<Docket>,
    /// Which trials.
    pub which: Unscored,
}

/// Grades every answered trial that misses the word of a scorer; gives how many were graded.
///
/// # Errors
/// [`GradeError::Store`], [`GradeError::UnknownItem`].
pub async fn grade_pending<C: Connect>(
    pending: Pending<'_, C>,
    cancel: &Cancel,
    mut seen: impl FnMut(usize, usize),
) -> Result<usize, GradeError> {
    let keys = pending
        .store
        .unscored(pending.run, &pending.set, pending.which)?;
    let n_all = keys.len();
    let mut tasks: Tasks = JoinSet::new();
    let mut batch = Vec::with_capacity(BATCH);
    let mut n_graded = 0;
    for key in keys {
        if cancel.is_cancelled() {
            break;
        }
        let Some(answer) = pending.store.answer(pending.run, key)? else {
            continue;
        };
        item_of(&pending.items, key)?;
        if pending.grader.is_pure() {
            batch.extend(graded_in_place(&pending, &answer)?);
            n_graded += 1;
        } else {
            while tasks.len() >= IN_FLIGHT {
                n_graded += take_one(&mut tasks, &mut batch).await?;
            }
            let (grader, items) = (pending.grader.clone(), pending.items.clone());
            let (docket, cancel) = (pending.docket.clone(), cancel.clone());
            tasks.spawn(async move {
                let item = item_of(&items, key)?;
                grader
                    .grade(&docket, key, (item, &view(&answer)), &cancel)
                    .await
            });
        }
        if batch.len() >= BATCH {
            write(&pending, &mut batch).await?;
            seen(n_graded, n_all);
        }
    }
    while !tasks.is_empty() {
        n_graded += take_one(&mut tasks, &mut batch).await?;
        if batch.len() >= BATCH {
            write(&pending, &mut batch).await?;
            seen(n_graded, n_all);
        }
    }
    write(&pending, &mut batch).await?;
    pending.writer.flush().await?;
    seen(n_graded, n_all);
    Ok(n_graded)
}

type Tasks = JoinSet<Result<Vec<ScoreRecord>, GradeError>>;

async fn take_one(tasks: &mut Tasks, batch: &mut Vec<ScoreRecord>) -> Result<usize, GradeError> {
    match tasks.join_next().await {
        Some(Ok(records)) => {
            batch.extend(records?);
            Ok(1)
        }
        // A scorer that died leaves its trial unscored; a later run asks again.
        Some(Err(_)) | None => Ok(0),
    }
}

async fn write<C: Connect>(
    pending: &Pending<'_, C>,
    batch: &mut Vec<ScoreRecord>,
) -> Result<(), GradeError> {
    if !batch.is_empty() {
        let records = std::mem::take(batch);
        pending
            .writer
            .scores(pending.run, pending.set, records)
            .await?;
    }
    Ok(())
}

fn graded_in_place<C: Connect>(
    pending: &Pending<'_, C>,
    answer: &AnswerRow,
) -> Result<Vec<ScoreRecord>, GradeError> {
    let item = item_of(&pending.items, answer.key)?;
    Ok(pending
        .grader
        .grade_in_place(answer.key, item, &view(answer)))
}

fn item_of(items: &[Item], key: TrialKey) -> Result<&Item, GradeError> {
    items
        .get(key.item_idx as usize)
        .ok_or(GradeError::UnknownItem {
            item_idx: key.item_idx,
        })
}

fn view(row: &AnswerRow) -> Answer<'_> {
    answer_view(&row.reply, &row.timing, row.cost, row.replayed)
}
