//! One judge endpoint: asks a question unless the reply is on record, and records what came back.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use trilemma_cost::{Bill, Pricer, Reservation, attempt_cost};
use trilemma_domain::{
    Attempt, ChatRequest, FailureKind, Fingerprint, Judgement, JudgementKey, NanoUsd,
    ScoredOutcome, Target, ToolChoice, TrialOrigin, TrialOutcome,
};
use trilemma_provider::{
    CallOutcome, Cancel, Client, Connect, EncodedRequest, Lane, LaneCall, Secret, TcpConnector,
};
use trilemma_score::{JudgePrompt, JudgeSpec};

use crate::docket::Docket;
use crate::error::GradeError;

/// Bytes per token that rate limits are planned with; true usage corrects it.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens that a grade with its explanation is planned with before any was seen.
const REPLY_TOKENS: u64 = 500;

/// What a judge endpoint is made of.
pub struct JudgeParts<C: Connect = TcpConnector> {
    /// Makes the calls.
    pub client: Client<C>,
    /// Where it is.
    pub target: Target,
    /// The key.
    pub secret: Option<Secret>,
    /// Its limits and retries, shared with whoever else calls this endpoint and model.
    pub lane: Arc<Lane>,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
}

/// One judge endpoint.
pub struct Judge<C: Connect = TcpConnector> {
    parts: JudgeParts<C>,
    /// Most output tokens seen so far; 0 = none was.
    most_output: AtomicU64,
}

/// One question to a judge.
pub(crate) struct Question<'a> {
    pub(crate) key: JudgementKey,
    pub(crate) model: &'a str,
    pub(crate) spec: &'a JudgeSpec,
    pub(crate) prompt: &'a JudgePrompt,
}

impl Question<'_> {
    fn read(&self, outcome: &TrialOutcome) -> ScoredOutcome {
        match outcome {
            TrialOutcome::Answered { reply, .. } => {
                self.spec.read(self.key.seat.order, &reply.response.text)
            }
            TrialOutcome::Failed(failure) => failed(format!(
                "the judge failed: {} ({})",
                failure.message,
                failure.kind.name()
            )),
        }
    }
}

impl<C: Connect> Judge<C> {
    /// Makes a judge.
    pub fn new(parts: JudgeParts<C>) -> Self {
        Self {
            parts,
            most_output: AtomicU64::new(0),
        }
    }

    /// Hashes a question; `None` = it cannot be sent.
    pub(crate) fn fingerprint(&self, question: &Question<'_>) -> Option<Fingerprint> {
        let encoded = self.encode(question).ok()?;
        Some(self.print(question, &encoded))
    }

    fn encode(&self, question: &Question<'_>) -> Result<EncodedRequest, String> {
        let request = ChatRequest {
            model: self.parts.target.model.clone(),
            messages: question.prompt.messages.clone(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            response_format: question.prompt.response_format.clone(),
            params: question.spec.params.clone(),
            stream: false,
        };
        EncodedRequest::new(&self.parts.target, &request).map_err(|failure| failure.message)
    }

    /// Endpoint, full request, round: the same question brings the same reply.
    fn print(&self, question: &Question<'_>, encoded: &EncodedRequest) -> Fingerprint {
        let target = &self.parts.target;
        Fingerprint::builder()
            .field("trilemma judgement 1")
            .field(target.dialect.name())
            .field(&target.base_url)
            .field(encoded.path_and_query())
            .field(encoded.body())
            .field([question.key.seat.round])
            .finish()
    }

    /// Gets a question answered, from the record or by a call; `None` = the run is being stopped or
    /// the budget is used up, so that the word stays missing and a later run asks.
    pub(crate) async fn ask(
        &self,
        docket: &Docket,
        question: &Question<'_>,
        cancel: &Cancel,
    ) -> Result<Option<ScoredOutcome>, GradeError> {
        let encoded = match self.encode(question) {
            Ok(encoded) => encoded,
            Err(why) => return Ok(Some(failed(format!("the judge cannot be asked: {why}")))),
        };
        let request = self.print(question, &encoded);
        let turn = docket.turn(request).await;
        let word = self.ask_in_turn(docket, question, (&encoded, request), cancel);
        let word = word.await;
        docket.done(&request);
        drop(turn);
        word
    }

    async fn ask_in_turn(
        &self,
        docket: &Docket,
        question: &Question<'_>,
        (encoded, request): (&EncodedRequest, Fingerprint),
        cancel: &Cancel,
    ) -> Result<Option<ScoredOutcome>, GradeError> {
        let known = docket.recorded(&request)?;
        if let Some(known) = known {
            let grade = question.read(&known.outcome);
            let is_readable = !matches!(grade, ScoredOutcome::Failed { .. });
            if is_readable || !docket.asks_again() {
                let judgement = Judgement {
                    key: question.key,
                    model: question.model.to_owned(),
                    request,
                    origin: TrialOrigin::Replayed {
                        run: known.run.to_string(),
                    },
                    attempts: Vec::new(),
                    cost: known.cost,
                    n_unpriced_attempts: 0,
                    price_row: known.price_row,
                    outcome: known.outcome,
                    grade: grade.clone(),
                };
                docket.settle(judgement).await?;
                return Ok(Some(grade));
            }
        }
        let (tokens, most_cost) = self.plan(question.spec, encoded);
        let Some(mut reservation) = docket.budget().reserve(most_cost) else {
            docket.no_money();
            return Ok(None);
        };
        let call = LaneCall {
            request: encoded,
            secret: self.parts.secret.as_ref(),
            estimated_tokens: tokens,
            cancel,
        };
        let called = match docket.announce(question.key.trial, &request) {
            Ok(origin) => {
                let called = self.call((docket, &mut reservation), question.key, call);
                Ok((origin, called.await))
            }
            Err(error) => Err(error),
        };
        let (origin, called) = match called {
            Ok((origin, Ok(called))) => (origin, called),
            Ok((_, Err(error))) | Err(error) => {
                docket.budget().settle(reservation, Some(NanoUsd(0)));
                return Err(error);
            }
        };
        let judgement = self.judgement(question, request, origin, called);
        // Failed attempts are booked already; nothing came of what is set aside after one.
        let last = judgement.attempts.last();
        let answered = last.filter(|last| last.failure.is_none());
        let cost = answered.map_or(Some(NanoUsd(0)), |last| last.cost);
        docket.budget().settle(reservation, cost);
        if matches!(&judgement.outcome, TrialOutcome::Failed(failure)
            if failure.kind == FailureKind::Interrupted)
        {
            return Ok(None);
        }
        let grade = judgement.grade.clone();
        docket.settle(judgement).await?;
        Ok(Some(grade))
    }

    /// Tokens to plan a call with, and the most that one attempt is expected to cost.
    fn plan(&self, spec: &JudgeSpec, encoded: &EncodedRequest) -> (u64, NanoUsd) {
        let input = encoded.body().len() as u64 / BYTES_PER_TOKEN;
        let seen = self.most_output.load(Ordering::Relaxed);
        let guess = if seen == 0 {
            REPLY_TOKENS
        } else {
            seen + seen / 2
        };
        let limit = spec.params.max_output_tokens.map(u64::from);
        let output = limit.map_or(guess, |limit| limit.min(guess));
        let most = self
            .parts
            .pricer
            .as_ref()
            .and_then(|pricer| pricer.production(input, output, None))
            .and_then(|cost| cost.settle().ok());
        (input + output, most.unwrap_or_default())
    }

    /// Makes the call; failed attempts are recorded as they happen.
    async fn call(
        &self,
        (docket, reservation): (&Docket, &mut Reservation),
        key: JudgementKey,
        call: LaneCall<'_>,
    ) -> Result<CallOutcome, GradeError> {
        let (sender, mut failures) = mpsc::unbounded_channel::<Attempt>();
        let pricer = self.parts.pricer.as_ref();
        let calling = async move {
            let mut sink = move |attempt: &Attempt| {
                if attempt.failure.is_some() {
                    let mut attempt = attempt.clone();
                    attempt.cost = attempt_cost(&attempt, pricer);
                    let may_follow = docket.budget().again(reservation, attempt.cost);
                    // The receiver lives as long as this future.
                    let _ = sender.send(attempt);
                    if !may_follow {
                        docket.no_money();
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            };
            self.parts
                .lane
                .call(&self.parts.client, call, &mut sink)
                .await
        };
        let recording = async {
            while let Some(attempt) = failures.recv().await {
                docket.attempt(key, attempt).await?;
            }
            Ok::<(), GradeError>(())
        };
        let (called, recorded) = tokio::join!(calling, recording);
        recorded?;
        Ok(called)
    }

    fn judgement(
        &self,
        question: &Question<'_>,
        request: Fingerprint,
        origin: TrialOrigin,
        called: CallOutcome,
    ) -> Judgement {
        let CallOutcome {
            mut attempts,
            result,
        } = called;
        for usage in attempts.iter().filter_map(|attempt| attempt.usage) {
            self.most_output.fetch_max(usage.output, Ordering::Relaxed);
        }
        let bill = Bill::of(&mut attempts, self.parts.pricer.as_ref(), result.is_ok());
        let outcome = match result {
            Ok((reply, timing)) => TrialOutcome::Answered { reply, timing },
            Err(failure) => TrialOutcome::Failed(failure),
        };
        Judgement {
            key: question.key,
            model: question.model.to_owned(),
            request,
            origin,
            attempts,
            cost: bill.cost,
            n_unpriced_attempts: bill.n_unpriced_attempts,
            price_row: bill.price_row,
            grade: question.read(&outcome),
            outcome,
        }
    }
}

fn failed(reason: String) -> ScoredOutcome {
    ScoredOutcome::Failed { reason }
}
