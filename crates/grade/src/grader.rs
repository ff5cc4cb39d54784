//! All scorers of a project, ready to run on one answer after the other.

use std::sync::Arc;

use trilemma_domain::{Item, NanoUsd, ScoreRecord, ScoredOutcome, TrialKey};
use trilemma_provider::{Cancel, Connect, TcpConnector};
use trilemma_score::{Answer, Mode, Scorer};

use crate::command;
use crate::error::GradeError;
use crate::judge::Judge;

/// Whether the user has allowed programs of the project to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLeave {
    /// Yes (`--allow-code`).
    Granted,
    /// No.
    Withheld,
}

/// All scorers of a project.
pub struct Grader<C: Connect = TcpConnector> {
    slots: Vec<Slot<C>>,
}

struct Slot<C: Connect> {
    scorer: Scorer,
    judge: Option<Arc<Judge<C>>>,
}

impl<C: Connect> Grader<C> {
    /// Puts scorers in project order together with the judges that some of them call.
    ///
    /// `judge_of` gives the endpoint for a scorer's label.
    ///
    /// # Errors
    /// [`GradeError::NoJudge`], [`GradeError::CodeForbidden`].
    pub fn new(
        scorers: Vec<Scorer>,
        leave: CodeLeave,
        mut judge_of: impl FnMut(&str) -> Option<Arc<Judge<C>>>,
    ) -> Result<Self, GradeError> {
        let mut slots = Vec::with_capacity(scorers.len());
        for scorer in scorers {
            let label = || scorer.label().to_owned();
            let judge = match scorer.mode() {
                Mode::Pure => None,
                Mode::Judge(_) => Some(
                    judge_of(scorer.label())
                        .ok_or_else(|| GradeError::NoJudge { label: label() })?,
                ),
                Mode::Command(_) if leave == CodeLeave::Withheld => {
                    return Err(GradeError::CodeForbidden { label: label() });
                }
                Mode::Command(_) => None,
            };
            slots.push(Slot { scorer, judge });
        }
        Ok(Self { slots })
    }

    /// Whether every scorer runs in place, without calls and processes.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        self.slots
            .iter()
            .all(|slot| matches!(slot.scorer.mode(), Mode::Pure))
    }

    /// Scores one answer by every scorer that runs in place; the others are left out.
    #[must_use]
    pub fn grade_in_place(
        &self,
        key: TrialKey,
        item: &Item,
        answer: &Answer<'_>,
    ) -> Vec<ScoreRecord> {
        (0u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| matches!(slot.scorer.mode(), Mode::Pure))
            .map(|(scorer_idx, slot)| ScoreRecord {
                key,
                scorer_idx,
                outcome: slot.scorer.score(item, answer),
                cost: None,
            })
            .collect()
    }

    /// Scores one answer by every scorer, calls and processes included.
    pub async fn grade(
        &self,
        key: TrialKey,
        item: &Item,
        answer: &Answer<'_>,
        cancel: &Cancel,
    ) -> Vec<ScoreRecord> {
        let mut records = self.grade_in_place(key, item, answer);
        for (scorer_idx, slot) in (0u32..).zip(&self.slots) {
            let Some((outcome, cost)) = slot.call(item, answer, cancel).await else {
                continue;
            };
            records.push(ScoreRecord {
                key,
                scorer_idx,
                outcome,
                cost,
            });
        }
        records
    }
}

impl<C: Connect> Slot<C> {
    /// Runs a scorer that needs a call or a process; `None` = it needs neither, or the run is being
    /// stopped and the word stays missing, so that a later run asks again.
    async fn call(
        &self,
        item: &Item,
        answer: &Answer<'_>,
        cancel: &Cancel,
    ) -> Option<(ScoredOutcome, Option<NanoUsd>)> {
        match (self.scorer.mode(), &self.judge) {
            (Mode::Pure, _) => None,
            (Mode::Judge(spec), Some(judge)) => match self.scorer.judge_prompt(item, answer) {
                Ok(prompt) => {
                    let ruling = judge.rule(spec, prompt, cancel).await?;
                    Some((self.scorer.settle(ruling.outcome), ruling.cost))
                }
                Err(outcome) => Some((outcome, None)),
            },
            (Mode::Judge(_), None) => None,
            (Mode::Command(spec), _) => {
                let outcome = match self.scorer.command_request(item, answer) {
                    Ok(request) => self.scorer.settle(command::run(spec, &request).await),
                    Err(outcome) => outcome,
                };
                Some((outcome, None))
            }
        }
    }
}
