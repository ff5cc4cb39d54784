//! Where the calls of judges are recorded, and what they are paid from.
//!
//! In: a run of a store, its score set, its budget. Out: for each question a recorded reply, or leave
//! to ask. A question (endpoint, full request, round) is asked once, however many answers and runs it
//! is about: what it brought is used again. It makes no call itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::OwnedMutexGuard;
use trilemma_cost::Budget;
use trilemma_domain::{
    Attempt, Fingerprint, Judgement, JudgementKey, NanoUsd, RunId, ScoredOutcome, TrialKey,
    TrialOrigin, TrialOutcome,
};
use trilemma_store::{AnswerRow, OpenJudgements, RecordedReply, Store, Writer};

use crate::error::GradeError;

/// What happens to questions whose recorded reply holds no grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// The reply stands: the score stays missing.
    Stands,
    /// They are asked once more.
    AskAgain,
}

/// What a docket is made of.
pub struct DocketParts {
    /// Where answers and judgements are.
    pub store: Store,
    /// Where new judgements go.
    pub writer: Writer,
    /// The run.
    pub run: RunId,
    /// The score set in which scorers are counted.
    pub set: Fingerprint,
    /// What calls are paid from.
    pub budget: Arc<Budget>,
    /// Position of the incumbent, for judges that compare with it.
    pub incumbent: Option<u32>,
    /// What happens to unreadable replies.
    pub unreadable: Unreadable,
}

/// Where the calls of judges are recorded, and what they are paid from.
pub struct Docket {
    parts: DocketParts,
    open: OpenJudgements,
    turns: Mutex<HashMap<Fingerprint, Arc<tokio::sync::Mutex<()>>>>,
    tally: Counters,
    out_of_money: AtomicBool,
}

#[derive(Default)]
struct Counters {
    n_calls: AtomicU64,
    n_attempts: AtomicU64,
    n_reused: AtomicU64,
    n_repeated: AtomicU64,
    n_failed: AtomicU64,
    spent: AtomicI64,
}

/// What judges did in one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct JudgeTally {
    /// Questions asked.
    pub n_calls: u64,
    /// HTTP calls made for them.
    pub n_attempts: u64,
    /// Questions whose reply was on record.
    pub n_reused: u64,
    /// Questions asked though an interrupted session may have asked them too.
    pub n_repeated: u64,
    /// Questions that brought no reply.
    pub n_failed: u64,
    /// What it cost, as far as known.
    pub spent: NanoUsd,
}

impl Docket {
    /// Opens a docket: reads which calls an interrupted session may have made.
    ///
    /// # Errors
    /// [`GradeError::Store`].
    pub fn open(parts: DocketParts) -> Result<Self, GradeError> {
        Ok(Self {
            open: parts.store.unsettled_judgements(&parts.run)?,
            parts,
            turns: Mutex::default(),
            tally: Counters::default(),
            out_of_money: AtomicBool::new(false),
        })
    }

    /// What judges have done so far.
    #[must_use]
    pub fn tally(&self) -> JudgeTally {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        JudgeTally {
            n_calls: count(&self.tally.n_calls),
            n_attempts: count(&self.tally.n_attempts),
            n_reused: count(&self.tally.n_reused),
            n_repeated: count(&self.tally.n_repeated),
            n_failed: count(&self.tally.n_failed),
            spent: NanoUsd(self.tally.spent.load(Ordering::Relaxed)),
        }
    }

    /// Whether a question was not asked because that might have exceeded the budget.
    #[must_use]
    pub fn is_out_of_money(&self) -> bool {
        self.out_of_money.load(Ordering::Relaxed)
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.parts.budget
    }

    pub(crate) fn no_money(&self) {
        self.out_of_money.store(true, Ordering::Relaxed);
    }

    pub(crate) fn asks_again(&self) -> bool {
        self.parts.unreadable == Unreadable::AskAgain
    }

    /// Waits until nobody else asks the same question.
    pub(crate) async fn turn(&self, request: Fingerprint) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(request).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// Forgets a question that nobody waits for.
    pub(crate) fn done(&self, request: &Fingerprint) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // One is the table's, one the caller's guard.
        if turns
            .get(request)
            .is_some_and(|turn| Arc::strong_count(turn) <= 2)
        {
            turns.remove(request);
        }
    }

    /// What a question has brought before.
    pub(crate) fn recorded(
        &self,
        request: &Fingerprint,
    ) -> Result<Option<RecordedReply>, GradeError> {
        Ok(self.parts.store.replied_by_request(request)?)
    }

    /// Announces a call; the origin to record it with.
    pub(crate) fn announce(
        &self,
        key: TrialKey,
        request: &Fingerprint,
    ) -> Result<TrialOrigin, GradeError> {
        self.parts
            .writer
            .announce_judgement(&self.parts.run, key, request)?;
        Ok(if self.open.contains(key, request) {
            TrialOrigin::Repeated
        } else {
            TrialOrigin::Called
        })
    }

    /// Records a failed attempt of a call that goes on.
    pub(crate) async fn attempt(
        &self,
        key: JudgementKey,
        attempt: Attempt,
    ) -> Result<(), GradeError> {
        let (run, set) = (&self.parts.run, self.parts.set);
        let receipt = self
            .parts
            .writer
            .judge_attempt(run, set, key, attempt)
            .await?;
        Ok(receipt.await?)
    }

    /// Records a judgement and waits until it is durable.
    pub(crate) async fn settle(&self, judgement: Judgement) -> Result<(), GradeError> {
        self.count(&judgement);
        let (run, set) = (&self.parts.run, self.parts.set);
        let receipt = self.parts.writer.judgement(run, set, judgement).await?;
        Ok(receipt.await?)
    }

    fn count(&self, judgement: &Judgement) {
        let add = |counter: &AtomicU64, n: u64| {
            counter.fetch_add(n, Ordering::Relaxed);
        };
        match judgement.origin {
            TrialOrigin::Replayed { .. } | TrialOrigin::Imported => add(&self.tally.n_reused, 1),
            TrialOrigin::Called => add(&self.tally.n_calls, 1),
            TrialOrigin::Repeated => {
                add(&self.tally.n_calls, 1);
                add(&self.tally.n_repeated, 1);
            }
        }
        add(&self.tally.n_attempts, judgement.attempts.len() as u64);
        if matches!(judgement.outcome, TrialOutcome::Failed(_)) {
            add(&self.tally.n_failed, 1);
        }
        let spent: NanoUsd = judgement.attempts.iter().filter_map(|one| one.cost).sum();
        self.tally.spent.fetch_add(spent.0, Ordering::Relaxed);
    }

    /// What the calls of one scorer about one answer have cost, those of earlier sessions included.
    pub(crate) fn cost(
        &self,
        key: TrialKey,
        scorer_idx: u32,
    ) -> Result<Option<NanoUsd>, GradeError> {
        let scorer = (&self.parts.set, scorer_idx);
        Ok(self
            .parts
            .store
            .judging_cost(&self.parts.run, key, scorer)?)
    }

    /// The answer that an answer is compared with.
    pub(crate) fn opponent(&self, key: TrialKey) -> Result<Opponent, GradeError> {
        let Some(candidate_idx) = self.parts.incumbent else {
            return Ok(Opponent::Never);
        };
        if candidate_idx == key.candidate_idx {
            return Ok(Opponent::Itself);
        }
        let other = TrialKey {
            candidate_idx,
            ..key
        };
        let answer = self.parts.store.answer(&self.parts.run, other)?;
        Ok(match answer {
            Some(row) => Opponent::Answer(Box::new(row)),
            None => Opponent::NotYet,
        })
    }
}

/// What an answer is compared with.
pub(crate) enum Opponent {
    /// This answer.
    Answer(Box<AnswerRow>),
    /// The incumbent has not answered the item yet.
    NotYet,
    /// It is the incumbent's own answer.
    Itself,
    /// There is no incumbent.
    Never,
}

/// The word on an answer that would be compared with itself.
pub(crate) fn itself() -> ScoredOutcome {
    ScoredOutcome::Scored {
        score: trilemma_domain::Score::clamped(0.5),
        explanation: Some("the incumbent's own answer: a tie with itself".to_owned()),
    }
}
