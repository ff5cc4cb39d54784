//! What happens to a trial that is recorded again: earlier attempts stay, the outcome is replaced.

use rusqlite::params;
use trilemma_domain::{Attempt, TrialKey, TrialOutcome};

use crate::codec::Words;
use crate::inner::Fault;
use crate::rows::{RunRef, load_trial, state, trial_row};
use crate::writer::attempts::AttemptRow;
use crate::writer::insert::Session;

/// An attempt that the store has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) number: u32,
    pub(crate) said_number: u32,
    pub(crate) session: u32,
    pub(crate) started_us: i64,
    pub(crate) cost: Option<i64>,
}

/// What stands in the way of a trial that is about to be written: nothing any more.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    /// The row id to use again.
    pub(crate) trial_id: Option<i64>,
    pub(crate) attempts: Vec<Standing>,
}

/// Numbers of new attempts, and the sum of those that came before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// One per new attempt.
    pub(crate) numbers: Vec<u32>,
    /// Whether the last of the new attempts is in the store already.
    pub(crate) last_is_standing: bool,
    /// Attempts in the store that are none of the new ones.
    pub(crate) n_earlier: i64,
    /// Their known cost.
    pub(crate) earlier_cost: i64,
    /// How many of them have no known cost.
    pub(crate) n_unpriced: i64,
}

/// Numbers new attempts behind those that stand, recognising the ones that were recorded early.
pub(crate) fn number_attempts(standing: &[Standing], new: &[Attempt], session: u32) -> Numbered {
    let mut numbered = Numbered::default();
    let mut top = standing
        .iter()
        .map(|attempt| attempt.number)
        .max()
        .unwrap_or(0);
    let mut recognised = Vec::new();
    for attempt in new {
        let known = standing.iter().find(|known| {
            known.session == session
                && known.said_number == attempt.number
                && known.started_us == attempt.started_us
        });
        numbered.last_is_standing = known.is_some();
        let number = match known {
            Some(known) => {
                recognised.push(known.number);
                known.number
            }
            None => {
                top = attempt.number.max(top.saturating_add(1));
                top
            }
        };
        numbered.numbers.push(number);
    }
    for known in standing {
        if !recognised.contains(&known.number) {
            numbered.n_earlier += 1;
            match known.cost {
                Some(cost) => numbered.earlier_cost = numbered.earlier_cost.saturating_add(cost),
                None => numbered.n_unpriced += 1,
            }
        }
    }
    numbered
}

impl Session {
    /// Makes room for a trial: keeps the attempts of the row that stands there, deletes the rest.
    pub(crate) fn clear_for(&mut self, run: RunRef, key: TrialKey) -> Result<Cleared, Fault> {
        let Some(trial_id) = self.trial_id(run, key)? else {
            return Ok(Cleared::default());
        };
        let found: i64 = self
            .conn
            .prepare_cached("SELECT state FROM trial WHERE trial_id = $1")?
            .query_row([trial_id], |row| row.get(0))?;
        if found == state::ANSWERED {
            self.keep_last_attempt(run, key, trial_id)?;
        }
        for sql in [
            "DELETE FROM trial WHERE trial_id = $1",
            "DELETE FROM answer WHERE trial_id = $1",
            "DELETE FROM score WHERE trial_id = $1",
        ] {
            self.conn.prepare_cached(sql)?.execute([trial_id])?;
        }
        Ok(Cleared {
            trial_id: Some(trial_id),
            attempts: self.standing_attempts(trial_id)?,
        })
    }

    /// Gives the attempt that brought an answer a row of its own.
    fn keep_last_attempt(&mut self, run: RunRef, key: TrialKey, id: i64) -> Result<(), Fault> {
        // Words of this very transaction are not in the store yet.
        self.flush_words()?;
        let words = Words::load(&self.conn)?;
        let Some(row) = trial_row(&self.conn, run, key)? else {
            return Ok(());
        };
        let trial = load_trial(&self.conn, &row, &words)?;
        let (Some(last), Some(attempt)) = (row.last_attempt(), trial.attempts.last()) else {
            return Ok(());
        };
        if !matches!(trial.outcome, TrialOutcome::Answered { .. }) {
            return Ok(());
        }
        let row = AttemptRow {
            trial_id: id,
            number: last.number,
            said_number: last.said_number,
            session: last.session,
        };
        self.put_attempt_row(&row, attempt)
    }

    /// The attempt rows of a trial.
    pub(crate) fn standing_attempts(&self, trial_id: i64) -> Result<Vec<Standing>, Fault> {
        let mut statement = self.conn.prepare_cached(
            "SELECT number, said_number, session, started_us, cost FROM attempt \
             WHERE trial_id = $1",
        )?;
        let rows = statement.query_map(params![trial_id], |row| {
            Ok(Standing {
                number: row.get(0)?,
                said_number: row.get(1)?,
                session: row.get(2)?,
                started_us: row.get(3)?,
                cost: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{NanoUsd, Timing};

    fn attempt(number: u32, started_us: i64) -> Attempt {
        Attempt {
            number,
            started_us,
            timing: Timing::default(),
            status: None,
            request_id: None,
            failure: None,
            usage: None,
            cost: Some(NanoUsd(5)),
            raw_body: None,
        }
    }

    fn standing(number: u32, said_number: u32, session: u32, started_us: i64) -> Standing {
        Standing {
            number,
            said_number,
            session,
            started_us,
            cost: (number != 2).then_some(7),
        }
    }

    #[test]
    fn numbers_continue_across_sessions() {
        let earlier = [standing(1, 1, 1, 10), standing(2, 2, 1, 20)];
        let numbered = number_attempts(&earlier, &[attempt(1, 30), attempt(2, 40)], 2);
        assert_eq!(numbered.numbers, [3, 4]);
        assert_eq!(
            (
                numbered.n_earlier,
                numbered.earlier_cost,
                numbered.n_unpriced
            ),
            (2, 7, 1)
        );
    }

    #[test]
    fn attempts_recorded_early_are_recognised() {
        let early = [standing(1, 1, 1, 10), standing(3, 1, 2, 30)];
        let numbered = number_attempts(&early, &[attempt(1, 30), attempt(2, 40)], 2);
        assert_eq!(numbered.numbers, [3, 4]);
        assert_eq!((numbered.n_earlier, numbered.earlier_cost), (1, 7));
        assert!(!numbered.last_is_standing);
        assert!(number_attempts(&early, &[attempt(1, 30)], 2).last_is_standing);
    }

    #[test]
    fn numbers_always_rise() {
        let numbered = number_attempts(&[], &[attempt(1, 0), attempt(1, 0), attempt(0, 0)], 1);
        assert_eq!(numbered.numbers, [1, 2, 3]);
    }
}
