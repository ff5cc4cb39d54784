//! What the tables hold, for those who write them and those who read them.
//!
//! In: a connection. Out: runs, score sets and trials by their numbers, and the codes of the file
//! format.

mod codes;
mod judgement;
mod run;
mod sets;
mod trial;

pub(crate) use codes::{origin, request, score_kind, state};
pub(crate) use judgement::{JUDGEMENT_COLUMNS, JudgementBody, JudgementRow, N_JUDGEMENT_COLUMNS};
pub(crate) use run::{RunRef, run_ref};
pub(crate) use sets::{register, scorer_numbers, set_by_no, set_by_print};
pub(crate) use trial::{
    COLUMNS, KEY_ORDER, N_COLUMNS, TrialRow, key_at, load_trial, reply_of, trial_row,
};
