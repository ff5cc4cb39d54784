//! All scorers of a project, ready to run on one answer after the other.

use std::sync::Arc;

use trilemma_domain::{
    Fingerprint, Item, JudgementKey, Order, ScoreRecord, ScoredOutcome, Seat, TrialKey,
};
use trilemma_provider::{Cancel, Connect, TcpConnector};
use trilemma_score::{Answer, JudgePrompt, JudgeSpec, Mode, Scorer};

use crate::command;
use crate::docket::{Docket, Opponent, itself};
use crate::error::GradeError;
use crate::judge::{Judge, Question};
use crate::view::answer_view;

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
    judges: Vec<Arc<Judge<C>>>,
}

impl<C: Connect> Grader<C> {
    /// Puts scorers in project order together with the judges that some of them call.
    ///
    /// `judges_of` gives the endpoints for a scorer's label, in the order of its models.
    ///
    /// # Errors
    /// [`GradeError::NoJudge`], [`GradeError::CodeForbidden`].
    pub fn new(
        scorers: Vec<Scorer>,
        leave: CodeLeave,
        mut judges_of: impl FnMut(&str) -> Vec<Arc<Judge<C>>>,
    ) -> Result<Self, GradeError> {
        let mut slots = Vec::with_capacity(scorers.len());
        for scorer in scorers {
            let label = || scorer.label().to_owned();
            let judges = match scorer.mode() {
                Mode::Pure => Vec::new(),
                Mode::Judge(spec) => {
                    let judges = judges_of(scorer.label());
                    if judges.len() != spec.models.len() {
                        return Err(GradeError::NoJudge { label: label() });
                    }
                    judges
                }
                Mode::Command(_) if leave == CodeLeave::Withheld => {
                    return Err(GradeError::CodeForbidden { label: label() });
                }
                Mode::Command(_) => Vec::new(),
            };
            slots.push(Slot { scorer, judges });
        }
        Ok(Self { slots })
    }

    /// Whether an answer can wait for another: a judge compares it with the incumbent's.
    #[must_use]
    pub fn waits_for_incumbent(&self) -> bool {
        self.slots.iter().any(|slot| match slot.scorer.mode() {
            Mode::Judge(spec) => spec.needs_incumbent(),
            Mode::Pure | Mode::Command(_) => false,
        })
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

    /// Scores one answer by every scorer, calls and processes included. A word that cannot be had
    /// now is left out, so that a later run asks again.
    ///
    /// # Errors
    /// [`GradeError::Store`] where calls of judges cannot be recorded.
    pub async fn grade(
        &self,
        docket: &Docket,
        key: TrialKey,
        (item, answer): (&Item, &Answer<'_>),
        cancel: &Cancel,
    ) -> Result<Vec<ScoreRecord>, GradeError> {
        let mut records = self.grade_in_place(key, item, answer);
        for (scorer_idx, slot) in (0u32..).zip(&self.slots) {
            let place = (key, scorer_idx);
            let word = slot.word(docket, place, (item, answer), cancel).await?;
            let Some(outcome) = word else {
                continue;
            };
            let cost = match slot.judges.is_empty() {
                true => None,
                false => docket.cost(key, scorer_idx)?,
            };
            records.push(ScoreRecord {
                key,
                scorer_idx,
                outcome,
                cost,
            });
        }
        Ok(records)
    }
}

impl<C: Connect> Slot<C> {
    /// Runs a scorer that needs a call or a process; `None` = it needs neither, or the word stays
    /// missing.
    async fn word(
        &self,
        docket: &Docket,
        place: (TrialKey, u32),
        (item, answer): (&Item, &Answer<'_>),
        cancel: &Cancel,
    ) -> Result<Option<ScoredOutcome>, GradeError> {
        match self.scorer.mode() {
            Mode::Pure => Ok(None),
            Mode::Judge(spec) => {
                let prompts = match self.prompts(docket, (place.0, spec), item, answer)? {
                    Ok(prompts) => prompts,
                    Err(early) => return Ok(early),
                };
                let words = self.hear(docket, place, (spec, &prompts), cancel).await?;
                Ok(words.map(|words| self.scorer.settle(spec.combine(&words))))
            }
            Mode::Command(spec) => {
                let outcome = match self.scorer.command_request(item, answer) {
                    Ok(request) => self.scorer.settle(command::run(spec, &request).await),
                    Err(outcome) => outcome,
                };
                Ok(Some(outcome))
            }
        }
    }

    /// The questions about an answer, or the word where there are none.
    fn prompts(
        &self,
        docket: &Docket,
        (key, spec): (TrialKey, &JudgeSpec),
        item: &Item,
        answer: &Answer<'_>,
    ) -> Result<Result<Prompts, Option<ScoredOutcome>>, GradeError> {
        let other = if spec.needs_incumbent() {
            match docket.opponent(key)? {
                Opponent::Answer(row) => Some(row),
                Opponent::NotYet => return Ok(Err(None)),
                Opponent::Itself => return Ok(Err(Some(itself()))),
                Opponent::Never => None,
            }
        } else {
            None
        };
        let other = other
            .as_ref()
            .map(|row| answer_view(&row.reply, &row.timing, row.cost, row.replayed));
        let prompts = self.scorer.judge_prompts(item, answer, other.as_ref());
        Ok(prompts.map_err(Some))
    }

    /// Asks every judge in every order; of some answers, each judge once more.
    async fn hear(
        &self,
        docket: &Docket,
        (trial, scorer_idx): (TrialKey, u32),
        (spec, prompts): (&JudgeSpec, &Prompts),
        cancel: &Cancel,
    ) -> Result<Option<Vec<Vec<ScoredOutcome>>>, GradeError> {
        let mut all = Vec::with_capacity(self.judges.len());
        for (idx, (judge, model)) in self.judges.iter().zip(&spec.models).enumerate() {
            let question = |round, order, prompt| Question {
                key: JudgementKey {
                    trial,
                    scorer_idx,
                    seat: Seat {
                        judge: u8::try_from(idx).unwrap_or(u8::MAX),
                        round,
                        order,
                    },
                },
                model,
                spec,
                prompt,
            };
            let mut words = Vec::with_capacity(prompts.len());
            for (order, prompt) in prompts {
                let asked = question(0, *order, prompt);
                let Some(word) = judge.ask(docket, &asked, cancel).await? else {
                    return Ok(None);
                };
                words.push(word);
            }
            all.push(words);
            let Some((order, prompt)) = prompts.first() else {
                continue;
            };
            let is_chosen = judge
                .fingerprint(&question(0, *order, prompt))
                .is_some_and(|print| share_of(&print) < spec.recheck);
            if is_chosen
                && judge
                    .ask(docket, &question(1, *order, prompt), cancel)
                    .await?
                    .is_none()
            {
                return Ok(None);
            }
        }
        Ok(Some(all))
    }
}

/// What a judge is sent about one answer, by order.
type Prompts = Vec<(Order, JudgePrompt)>;

/// A number in [0, 1) that depends on the hash alone, so that the same answers are chosen in every
/// run.
fn share_of(print: &Fingerprint) -> f64 {
    (print.leading_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_chosen_answers_is_the_one_asked_for() {
        let chosen = (0..10_000_u32)
            .map(|idx| Fingerprint::of(&idx.to_be_bytes()))
            .filter(|print| share_of(print) < 0.1)
            .count();
        // Binomial: 1,000 within four standard errors of 30.
        assert!((880..=1_120).contains(&chosen), "{chosen}");
        let all = (0..100_u32).map(|idx| share_of(&Fingerprint::of(&idx.to_be_bytes())));
        assert!(all.into_iter().all(|share| (0.0..1.0).contains(&share)));
    }
}
