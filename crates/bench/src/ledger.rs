//! Makes the trial that is recorded, attempts priced.

use trilemma_cost::Pricer;
use trilemma_domain::{Fingerprint, Trial, TrialKey, TrialOrigin, TrialOutcome};
use trilemma_grade::Bill;
use trilemma_provider::CallOutcome;

/// What a trial is besides its calls.
pub(crate) struct Entry {
    pub(crate) key: TrialKey,
    pub(crate) request: Fingerprint,
    pub(crate) is_repeat: bool,
}

/// Makes the record of a called trial.
pub(crate) fn called(entry: &Entry, called: CallOutcome, pricer: Option<&Pricer>) -> Trial {
    let CallOutcome {
        mut attempts,
        result,
    } = called;
    let bill = Bill::of(&mut attempts, pricer, result.is_ok());
    Trial {
        key: entry.key,
        request: entry.request,
        origin: if entry.is_repeat {
            TrialOrigin::Repeated
        } else {
            TrialOrigin::Called
        },
        cost: bill.cost,
        n_unpriced_attempts: bill.n_unpriced_attempts,
        price_row: bill.price_row,
        outcome: match result {
            Ok((reply, timing)) => TrialOutcome::Answered { reply, timing },
            Err(failure) => TrialOutcome::Failed(failure),
        },
        attempts,
    }
}

/// Makes the record of a trial that an earlier identical call has answered.
pub(crate) fn replayed(entry: &Entry, run: &str, earlier: Trial) -> Trial {
    Trial {
        key: entry.key,
        request: entry.request,
        origin: TrialOrigin::Replayed {
            run: run.to_owned(),
        },
        attempts: Vec::new(),
        cost: earlier.cost,
        n_unpriced_attempts: 0,
        price_row: earlier.price_row,
        outcome: earlier.outcome,
    }
}
