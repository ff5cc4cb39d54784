//! The calls of `route embed`: one after the other, each written down before it is made and when it is over.
//!
//! In: texts without a vector, and whom to ask. Out: vectors in the store, and what came of it. A batch that is refused
//! as a whole is asked for text by text.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, sleep};
use trilemma_cost::Pricer;
use trilemma_domain::{Failure, FailureKind, Fingerprint, NanoUsd, Retry};
use trilemma_provider::{
    Attempted, Call, Cancel, Client, EncodedRequest, Lane, LaneMemory, Secret, Vectors,
};
use trilemma_stats::quantile::{Sorted, quantile};
use trilemma_stats::{Confidence, Estimate};
use trilemma_store::{EmbeddingCall, EmbeddingEnd, Store};

use super::plan::sig;
use crate::clock;
use crate::printer::Printer;
use crate::routing::vectors::{Maker, tokens};

/// Failures in a row after which nothing more is asked.
const MAX_IN_A_ROW: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause that an endpoint may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) n_embedded: usize,
    pub(super) n_failed: usize,
    pub(super) n_calls: u64,
    pub(super) n_tokens: u64,
    pub(super) spent: NanoUsd,
    /// Calls whose cost nobody knows.
    pub(super) n_unpriced: u64,
    /// Waits of calls for one text, in seconds.
    pub(super) waits: Vec<f64>,
    /// The last failure, in words.
    pub(super) failure: Option<String>,
    pub(super) stopped: Option<Stop>,
}

impl Done {
    /// Median wait of a call for one text, in seconds; `None` = too few were made.
    pub(super) fn median_wait(&self) -> Option<Estimate> {
        let sample = Sorted::new(self.waits.clone()).ok()?;
        quantile(&sample, 0.5, Confidence::P95).ok()
    }
}

/// Why nothing more was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The next call could cost too much.
    Cost,
    /// The user asked for it.
    User,
    /// Failures that would go on.
    Failures,
}

/// Everything that calls are made with.
pub(super) struct Work<'a> {
    pub(super) texts: &'a [(Fingerprint, String)],
    pub(super) maker: &'a Maker,
    pub(super) pricer: &'a Pricer,
    pub(super) store: &'a Store,
    pub(super) secret: Option<Secret>,
    pub(super) client: Client,
    pub(super) lane: Arc<Lane>,
    pub(super) max_attempts: u32,
    pub(super) max_cost: Option<NanoUsd>,
    pub(super) done: Done,
}

impl Work<'_> {
    /// Asks for all of them: some one by one, the rest in batches.
    pub(super) async fn all(
        &mut self,
        (n_timed, n_batch): (usize, usize),
        cancel: &Cancel,
        printer: Printer,
    ) -> anyhow::Result<()> {
        let bar = bar(printer, self.texts.len());
        let places: Vec<usize> = (0..self.texts.len()).collect();
        let (timed, rest) = places.split_at(n_timed.min(places.len()));
        let mut queue: VecDeque<Vec<usize>> = timed.iter().map(|place| vec![*place]).collect();
        queue.extend(rest.chunks(n_batch.max(1)).map(<[usize]>::to_vec));
        let mut in_a_row = 0;
        while let Some(batch) = queue.pop_front() {
            if let Some(stop) = self.stop(&batch, cancel) {
                self.done.stopped = Some(stop);
                break;
            }
            match self.batch(&batch, cancel).await? {
                Ok(()) => {
                    in_a_row = 0;
                    self.done.n_embedded += batch.len();
                }
                Err(failure) if failure.kind == FailureKind::Interrupted => {
                    self.done.stopped = Some(Stop::User);
                    break;
                }
                // One text may be too long for the model: the others are not to suffer.
                Err(failure) if failure.kind == FailureKind::BadRequest && batch.len() > 1 => {
                    queue.extend(batch.into_iter().map(|place| vec![place]));
                }
                Err(failure) => {
                    in_a_row += 1;
                    self.done.n_failed += batch.len();
                    self.done.failure = Some(failure.message.clone());
                    let is_hopeless =
                        matches!(failure.kind, FailureKind::Auth | FailureKind::NotFound);
                    let is_of_the_text = failure.kind == FailureKind::BadRequest;
                    if is_hopeless || (in_a_row >= MAX_IN_A_ROW && !is_of_the_text) {
                        self.done.stopped = Some(Stop::Failures);
                        break;
                    }
                }
            }
            bar.set_position((self.done.n_embedded + self.done.n_failed) as u64);
            bar.set_message(format!("{} USD so far", sig(self.done.spent.to_f64_usd())));
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn stop(&self, batch: &[usize], cancel: &Cancel) -> Option<Stop> {
        if cancel.is_cancelled() {
            return Some(Stop::User);
        }
        let most = self.max_cost?;
        // No text has more tokens than bytes.
        let n_bytes: usize = self.of(batch).map(str::len).sum();
        let dearest = self.maker.usd(n_bytes as f64)?;
        (self.done.spent.to_f64_usd() + dearest > most.to_f64_usd()).then_some(Stop::Cost)
    }

    fn of(&self, batch: &[usize]) -> impl Iterator<Item = &str> {
        let text = |place: &usize| self.texts.get(*place).map(|(_, text)| text.as_str());
        batch.iter().filter_map(text)
    }

    /// Asks for some, as often as it takes; the failure is the last one.
    async fn batch(
        &mut self,
        batch: &[usize],
        cancel: &Cancel,
    ) -> anyhow::Result<Result<(), Failure>> {
        let texts: Vec<&str> = batch
            .iter()
            .filter_map(|place| self.texts.get(*place))
            .map(|(_, text)| text.as_str())
            .collect();
        let request = match EncodedRequest::texts(&self.maker.candidate.target, &texts) {
            Ok(request) => request,
            Err(failure) => return Ok(Err(failure)),
        };
        let n_chars = texts.iter().map(|text| text.chars().count() as u64).sum();
        let lanes = LaneMemory::default();
        let mut pause = FIRST_PAUSE;
        let mut number = 0;
        loop {
            number += 1;
            let call = EmbeddingCall {
                started_us: clock::now_us(),
                n_texts: u32::try_from(batch.len()).unwrap_or(u32::MAX),
                n_chars,
                end: None,
            };
            let failure = match self
                .attempt(&request, (&call, batch), (cancel, &lanes))
                .await?
            {
                Ok(()) => return Ok(Ok(())),
                Err(failure) => failure,
            };
            let wait = match failure.retry {
                Retry::No => return Ok(Err(failure)),
                Retry::Backoff => pause,
                Retry::After(wait) => wait,
            };
            if number >= self.max_attempts || wait > LONGEST_PAUSE {
                return Ok(Err(failure));
            }
            pause *= 2;
            tokio::select! {
                () = sleep(wait) => {}
                () = cancel.cancelled() => return Ok(Err(failure)),
            }
        }
    }

    /// One call, written down before it is made and when it is over.
    async fn attempt(
        &mut self,
        request: &EncodedRequest,
        (call, batch): (&EmbeddingCall, &[usize]),
        (cancel, lanes): (&Cancel, &LaneMemory),
    ) -> anyhow::Result<Result<(), Failure>> {
        let deadline = Instant::now() + LONGEST_PAUSE;
        let lane = Arc::clone(&self.lane);
        let leave = match lane.enter(tokens(call.n_chars), cancel, deadline).await {
            Ok(leave) => leave,
            Err(failure) => return Ok(Err(failure)),
        };
        let ticket = self.store.begin_embedding_call(&self.maker.binding, call)?;
        let secret = self.secret.as_ref().map(Secret::now);
        let first = Call::first(request, secret.as_ref());
        let (attempted, found) = self.client.vectors(&first, batch.len()).await;
        leave.settle(&attempted, lanes);
        let end = self.end(&attempted, found.as_ref());
        let vectors: Vec<(Fingerprint, Vec<f32>)> = (batch.iter())
            .filter_map(|place| Some(self.texts.get(*place)?.0))
            .zip(found.into_iter().flat_map(|found| found.vectors))
            .collect();
        self.store.end_embedding_call(ticket, &end, &vectors)?;
        if let (1, None, Some(took)) = (batch.len(), &end.failure, end.took_us) {
            self.done.waits.push(took as f64 / 1e6);
        }
        Ok(match attempted.attempt.failure {
            None => Ok(()),
            Some(failure) => Err(failure),
        })
    }

    /// What a call came to, added to what all of them have.
    fn end(&mut self, attempted: &Attempted, found: Option<&Vectors>) -> EmbeddingEnd {
        let attempt = &attempted.attempt;
        let cost = attempt.usage.and_then(|usage| self.pricer.price(&usage));
        let is_free =
            attempt.status.is_some_and(|status| status >= 400) || attempted.sent.is_none();
        let cost = match cost {
            Some(priced) => Some(priced.cost),
            None => is_free.then_some(NanoUsd(0)),
        };
        let tokens = attempt.usage.map(|usage| usage.input_total());
        let done = &mut self.done;
        done.n_calls += 1;
        done.n_tokens += tokens.unwrap_or(0);
        match cost {
            Some(cost) => done.spent = done.spent.saturating_add(cost),
            None => done.n_unpriced += 1,
        }
        EmbeddingEnd {
            took_us: attempt
                .timing
                .end
                .and_then(|took| u64::try_from(took.as_micros()).ok()),
            input_tokens: tokens,
            cost,
            served: found.and_then(|found| found.served_model.clone()),
            failure: attempt.failure.as_ref().map(|one| one.message.clone()),
        }
    }
}

fn bar(printer: Printer, n_texts: usize) -> ProgressBar {
    let target = if printer.draws() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(n_texts as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} texts  {msg}") {
        bar.set_style(style);
    }
    bar
}
