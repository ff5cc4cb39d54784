//! A canary's challenger that fails costs its clients time, not their answers.
//!
//! In: a request that a challenger could not answer, of which nothing has gone out. Out: the plan of who is
//! in use. Of the calls that the settings allow one is kept for it, so that all together are no more. Also
//! what a challenger takes for the request's own mistake is asked again: only if who is in use says so too
//! was it one.

use tokio::time::Instant;

use crate::chat::Plan;
use crate::job::{Job, Told};

impl Job {
    /// Answers as planned, or as without a canary.
    pub(crate) async fn answer_for_sure(&mut self, plan: Plan) -> Told {
        let told = self.answer(plan).await;
        match self.fallback(&told) {
            Some(plan) => self.answer(plan).await,
            None => told,
        }
    }

    /// Who answers instead of a challenger; `None` = the client has been told, or there is no try left.
    fn fallback(&mut self, told: &Told) -> Option<Plan> {
        let trial = self.trial.take()?;
        let Told::Error(refusal) = told else {
            return None;
        };
        if !self.has_attempts_left() || Instant::now() >= self.deadline {
            return None;
        }
        let plan = Plan::in_use(&self.gateway, &self.ask, trial.in_use).ok()?;
        self.record.fell_back(refusal);
        Some(plan)
    }
}
