//! One chat call and what is common to all its ends.
//!
//! In: the shared state, the connection's tap, the call's arrival and number. Out: the record to
//! be logged, rejections, token counts, the word of the rate limits.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;
use trilemma_domain::{Dialect, Fingerprint, Usage};
use trilemma_wire::server::{ErrorReply, Peek, RateState, encode_error, request_id_header};

use super::answer::Answer;
use super::head::{Answered, push, push_retry_after, respond};
use crate::log::{CallOutcome, CallRecord, Ended};
use crate::model::ModelState;
use crate::shared::Shared;
use crate::tap::Tap;

/// One chat call.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) tap: &'a Tap,
    pub(super) arrived: Instant,
    pub(super) seq: u64,
}

impl Call<'_> {
    pub(super) fn record(&self, dialect: Dialect) -> CallRecord {
        CallRecord {
            seq: self.seq,
            dialect,
            model: Arc::from(""),
            stream: false,
            item: None,
            prompt: Fingerprint::from_bytes([0; 32]),
            nth: 1,
            outcome: CallOutcome::Answered,
            status: None,
            arrived: self.arrived,
            head: None,
            chunks: Vec::new(),
            n_chunks: 0,
            ended_at: self.arrived,
            ended: Ended::Dropped,
        }
    }

    pub(super) fn n_input_tokens(&self, peek: &Peek<'_>, prompt: &Fingerprint) -> u64 {
        let last = peek.last_user_text();
        peek.texts
            .iter()
            .map(|(_, text)| {
                let is_prompt = std::ptr::eq(text.as_ref(), last);
                let fingerprint = if is_prompt {
                    *prompt
                } else {
                    Fingerprint::of(text.as_bytes())
                };
                self.shared.tokens.count(&fingerprint, text)
            })
            .sum()
    }

    pub(super) fn limit(
        &self,
        model: &ModelState,
        answer: &Answer,
        usage: Option<Usage>,
    ) -> (Result<(), Duration>, RateState) {
        let Some(limiter) = &model.limiter else {
            return (Ok(()), RateState::default());
        };
        let n_tokens = usage.map_or_else(
            || answer.n_tokens(),
            |usage| usage.input_total().saturating_add(usage.output),
        );
        limiter.take(n_tokens, self.arrived)
    }

    pub(super) fn reject(&self, mut record: CallRecord, error: &ErrorReply) -> Answered {
        record.status = Some(error.status);
        let dialect = record.dialect;
        self.tap.begin(record);
        let mut headers = HeaderMap::new();
        self.push_request_id(dialect, &mut headers);
        push_retry_after(dialect, error, &mut headers);
        let body = encode_error(dialect, error);
        respond(self.tap, error.status, headers, body.into())
    }

    pub(super) fn push_request_id(&self, dialect: Dialect, headers: &mut HeaderMap) {
        push(
            headers,
            request_id_header(dialect),
            &format!("req_sim{:016x}", self.seq),
        );
    }
}
