//! Calls that may have been sent and have no recorded outcome.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use trilemma_domain::{Fingerprint, RunId, TrialKey};

use crate::codec::{End, Reader, read_figures};
use crate::error::StoreError;
use crate::inner::{Fault, hold, sound};
use crate::journal::{judge_mark, run_hash};
use crate::rows::{RunRef, key_at, request, run_ref};
use crate::store::Store;

/// Calls announced less attempts recorded, per trial and session.
type Balance = HashMap<(TrialKey, u32), i64>;

impl Store {
    /// Names the trials of a run with a call that was announced and has no recorded outcome: it
    /// may or may not have reached the vendor. Exact where every attempt is announced, and known
    /// per trial: one that was settled by the announcing session or a later one is left out, even
    /// where an announced call was never made; so is everything of a completed run.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`]; errors of reading the journal.
    pub fn unsettled_calls(&self, run: &RunId) -> Result<HashSet<TrialKey>, StoreError> {
        let hash = run_hash(run);
        let mut balance = Balance::new();
        hold(&self.inner.journal).for_each(|call| {
            if call.run == hash && !call.is_judges() {
                *balance.entry((call.key, call.session)).or_default() += 1;
            }
        })?;
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            settle(tx, run, &mut balance)?;
            let open = balance.iter().filter(|(_, open)| **open > 0);
            Ok(open.map(|((key, _), _)| *key).collect())
        })
    }
}

/// Calls of judges that may have been sent and have no recorded outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenJudgements(HashMap<(TrialKey, u32), u32>);

impl OpenJudgements {
    /// Whether this question about this answer is one of them.
    #[must_use]
    pub fn contains(&self, key: TrialKey, request: &Fingerprint) -> bool {
        self.0.contains_key(&(key, judge_mark(request)))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Store {
    /// Names the calls of judges that were announced and have no recorded outcome, as
    /// [`Store::unsettled_calls`] does for trials.
    ///
    /// # Errors
    /// [`crate::RecordError::UnknownRun`]; errors of reading the journal.
    pub fn unsettled_judgements(&self, run: &RunId) -> Result<OpenJudgements, StoreError> {
        let hash = run_hash(run);
        let mut open = OpenJudgements::default();
        hold(&self.inner.journal).for_each(|call| {
            if call.run == hash && call.is_judges() {
                open.0.insert((call.key, call.attempt), call.session);
            }
        })?;
        if open.is_empty() {
            return Ok(open);
        }
        self.inner.read(|tx| {
            let run = run_ref(tx, run)?;
            let mut settled = tx.prepare_cached(
                "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, j.request_lead, \
                 j.request_rest, j.session FROM trial t \
                 JOIN judgement j ON j.trial_id = t.trial_id WHERE t.run_no = $1",
            )?;
            let mut rows = settled.query([run.run_no])?;
            while let Some(row) = rows.next()? {
                let rest = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
                let print = sound(
                    request::join(row.get(3)?, rest),
                    "a request hash has the wrong length",
                )?;
                let place = (key_at(row, 0)?, judge_mark(&print));
                let session: u32 = row.get(5)?;
                if open
                    .0
                    .get(&place)
                    .is_some_and(|announced| *announced <= session)
                {
                    open.0.remove(&place);
                }
            }
            Ok(open)
        })
    }
}

fn settle(conn: &Connection, run: RunRef, balance: &mut Balance) -> Result<(), Fault> {
    let mut early = conn.prepare_cached(
        "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, a.session FROM attempt a \
         JOIN trial t ON t.trial_id = a.trial_id WHERE t.run_no = $1",
    )?;
    let mut rows = early.query([run.run_no])?;
    while let Some(row) = rows.next()? {
        recorded(balance, key_at(row, 0)?, row.get(3)?);
    }
    let mut ended = conn.prepare_cached(
        "SELECT t.candidate_idx, t.item_idx, t.repeat_idx, t.session, t.facts FROM trial t \
         WHERE t.run_no = $1 AND t.state > 0",
    )?;
    let mut rows = ended.query([run.run_no])?;
    let mut settled_in = HashMap::new();
    while let Some(row) = rows.next()? {
        let key = key_at(row, 0)?;
        let session: u32 = row.get(3)?;
        let facts = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let figures = read_figures(&mut Reader::new(facts), run.base_us, None);
        let figures = sound(figures, "the facts of a trial make no sense")?;
        if let End::Answered(answer) = figures.end
            && let Some(last) = answer.last
        {
            recorded(balance, key, last.session);
        }
        settled_in.insert(key, session);
    }
    balance.retain(|(key, announced_in), _| {
        settled_in
            .get(key)
            .is_none_or(|session| session < announced_in)
    });
    Ok(())
}

fn recorded(balance: &mut Balance, key: TrialKey, session: u32) {
    if let Some(open) = balance.get_mut(&(key, session)) {
        *open -= 1;
    }
}
