//! Calls that may have been sent and have no recorded outcome.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use trilemma_domain::{RunId, TrialKey};

use crate::codec::{End, Reader, read_figures};
use crate::error::StoreError;
use crate::inner::{Fault, hold, sound};
use crate::journal::run_hash;
use crate::rows::{RunRef, key_at, run_ref};
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
            if call.run == hash {
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
