//! The record of one request while it is being answered.
//!
//! In: what happens, as it happens. Out: a row of the ledger with its evidence, exactly once: at the
//! end, or when the client goes away and the request is dropped. A call whose tokens nobody counted
//! costs what was seen of it allows at most, and is marked.

use std::sync::Arc;

use bytes::Bytes;
use trilemma_domain::{ChatResponse, Dialect, NanoUsd, Usage};
use trilemma_provider::Attempted;
use trilemma_route::Decision;
use trilemma_store::ledger::{
    Aid, AttemptNote, Evidence, Json, LedgerRow, RequestId, Spent, kept_usage,
};

use crate::ask::{Ask, Service};
use crate::blocks::Arm;
use crate::budget::Hold;
use crate::canary::{Canary, most_failures};
use crate::gateway::Gateway;
use crate::heard::Heard;
use crate::policy::Active;
use crate::refusal::{self, Refusal};
use crate::scored;
use crate::shadow::{Case, Served};
use crate::spent::End;
use crate::sum::sum;
use crate::texts::Drawn;
use crate::traces::{self, TracedCall};
use crate::upstream::Upstream;
use crate::weight::n_bytes;
use crate::words::{finish_word, kept};

/// The record of one request.
pub(crate) struct Record {
    gateway: Arc<Gateway>,
    began: tokio::time::Instant,
    row: LedgerRow,
    charged: i64,
    pub(crate) evidence: Evidence,
    open: Vec<(Ticket, Open)>,
    next_ticket: u32,
    /// Answers asked for at once.
    n_answers: u64,
    is_written: bool,
    /// Where the project keeps texts, and this request was drawn.
    drawn: Option<Box<Drawn>>,
    /// Where a challenger is asked as well.
    shadowed: Option<Box<Ask>>,
    /// Where this request is traced.
    traced: Option<Box<traces::Drawn>>,
    /// Whether the answer is of use once the request is over.
    is_captured: bool,
    /// Where traffic is split.
    split: Option<Split>,
    /// Where the answer is scored: what scorers read beside it.
    scored: Option<(Dialect, Bytes)>,
    response: Option<ChatResponse>,
    /// Calls that brought no answer, also those that were given no leave.
    pub(crate) n_failed: u32,
}

/// Where traffic is split: the arm, and what scorers and judges read.
struct Split {
    arm: Arm,
    dialect: Dialect,
    body: Bytes,
    /// Whether judges are asked about the answer.
    is_judged: bool,
}

/// Names a call that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

/// A call that is under way.
struct Open {
    upstream: Arc<Upstream>,
    hold: Option<Hold>,
    /// `None` = nothing bounds it.
    worst: Option<Usage>,
    /// From the request's arrival to its beginning.
    after: std::time::Duration,
    /// What has come of it.
    heard: Arc<Heard>,
    /// What it is made for beside an answer.
    aid: Option<Aid>,
}

impl Record {
    pub(crate) fn new(gateway: Arc<Gateway>, ask: &Ask) -> Self {
        let id = gateway.ledger.next_id();
        gateway.metrics.arrived();
        let texts = gateway.texts.as_ref();
        let drawn = texts.and_then(|texts| texts.draw(ask, id));
        let shadow = gateway.shadow.as_ref();
        let shadowed = shadow.and_then(|shadow| shadow.draw(ask, id));
        let scoring = gateway.scoring();
        let scored = scoring
            .filter(|scoring| scoring.draws(ask, id))
            .map(|_| (ask.dialect, ask.body.clone()));
        let traces = gateway.traces.as_ref();
        let traced = traces.and_then(|traces| traces.draw(ask.parent.clone(), id));
        Self {
            began: ask.began,
            row: LedgerRow {
                id,
                at_us: ask.at_us,
                client: ask.client.clone(),
                candidate: String::new(),
                requested: ask.peek.model.clone(),
                served: None,
                usage: None,
                raw_usage: None,
                cost: Some(NanoUsd(0)),
                is_estimated: false,
            },
            charged: 0,
            evidence: Evidence {
                dialect: match ask.service {
                    Service::Chat => ask.dialect.name().to_owned(),
                    Service::Embeddings => "embeddings".to_owned(),
                },
                stream: ask.peek.stream,
                ..Evidence::default()
            },
            open: Vec::new(),
            next_ticket: 0,
            n_answers: ask.peek.n_answers,
            is_written: false,
            is_captured: drawn.is_some() || shadowed.is_some() || scored.is_some(),
            drawn: drawn.map(Box::new),
            shadowed,
            traced,
            split: None,
            scored,
            response: None,
            n_failed: 0,
            gateway,
        }
    }

    /// The request's name.
    pub(crate) fn id(&self) -> RequestId {
        self.row.id
    }

    /// The candidate that is called, or was last.
    pub(crate) fn candidate(&self) -> &str {
        &self.row.candidate
    }

    /// Calls begun so far.
    pub(crate) fn n_calls(&self) -> usize {
        self.evidence.attempts.len() + self.open.len()
    }

    /// Whether a call is reserved or under way.
    pub(crate) fn is_calling(&self) -> bool {
        !self.open.is_empty()
    }

    /// A call begins; it counts in full until it is settled.
    pub(crate) fn begin(
        &mut self,
        upstream: &Arc<Upstream>,
        hold: Option<Hold>,
        worst: Option<Usage>,
    ) -> (Ticket, Arc<Heard>) {
        if self.n_calls() == 0 {
            self.evidence.queued_us = micros(self.began.elapsed());
        }
        if self.row.candidate != upstream.id() {
            upstream.id().clone_into(&mut self.row.candidate);
            self.forget_answer();
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.saturating_add(1);
        let heard = Arc::new(Heard::new(self.n_answers));
        let open = Open {
            upstream: Arc::clone(upstream),
            hold,
            worst,
            after: self.began.elapsed(),
            heard: Arc::clone(&heard),
            aid: None,
        };
        self.open.push((ticket, open));
        (ticket, heard)
    }

    /// The call is made for something else than an answer.
    pub(crate) fn aids(&mut self, ticket: Ticket, aid: Aid) {
        let open = self.open.iter_mut().find(|(open, _)| *open == ticket);
        if let Some((_, open)) = open {
            open.aid = Some(aid);
        }
    }

    /// A call of this candidate has no leave; whom else was called is said by what was called.
    pub(crate) fn meant(&mut self, upstream: &Upstream) {
        if self.n_calls() == 0 && self.n_failed == 0 {
            self.row.candidate.clear();
            self.evidence.meant = Some(upstream.id().to_owned());
        }
    }

    /// The call was not made after all.
    pub(crate) fn release(&mut self, ticket: Ticket) {
        if let Some(hold) = self.take(ticket).and_then(|open| open.hold) {
            hold.settle(NanoUsd(0));
        }
    }

    /// The client gets this candidate's answer, whoever else was asked.
    pub(crate) fn answered_by(&mut self, candidate: &str, response: &ChatResponse) {
        candidate.clone_into(&mut self.row.candidate);
        let raw_usage = response.raw_usage.as_ref().map(kept_usage).transpose();
        self.came(response, raw_usage);
    }

    /// Nobody has brought anything so far.
    fn forget_answer(&mut self) {
        self.row.served = None;
        self.row.raw_usage = None;
        self.evidence.fingerprint = None;
        self.evidence.finish = None;
        self.evidence.dropped_usage_bytes = None;
        if self.is_captured {
            self.response = Some(ChatResponse::default());
        }
    }

    /// What the candidate brought, and its report of tokens as it is kept.
    fn came(&mut self, response: &ChatResponse, raw_usage: Result<Option<String>, u64>) {
        self.row.served = kept(response.served_model.as_deref());
        self.evidence.fingerprint = kept(response.system_fingerprint.as_deref());
        self.evidence.finish = response.finish.as_ref().map(finish_word);
        self.evidence.dropped_usage_bytes = raw_usage.as_ref().err().copied();
        self.row.raw_usage = raw_usage.unwrap_or_default();
        if self.is_captured {
            self.response = Some(response.clone());
        }
    }

    /// What the policy decided last.
    pub(crate) fn decided(&mut self, active: &Active, decision: &Decision) {
        self.evidence.policy = Some(active.hash.clone());
        self.evidence.decision = active.told(decision);
        // Nothing of a policy is left to chance but whether a canary's arm runs it.
        self.evidence.propensity.get_or_insert(1.0);
    }

    /// The policy takes a step; `is_later` = it has judged an answer before.
    pub(crate) fn stepped(&mut self, is_later: bool) {
        let before = self.evidence.escalated.unwrap_or(false);
        self.evidence.escalated = Some(before || is_later);
    }

    /// Notes in what the request differs from what was measured.
    pub(crate) fn unmeasured(&mut self, what: &str) {
        let noted = &mut self.evidence.unmeasured;
        if !noted.iter().any(|one| one == what) {
            noted.push(what.to_owned());
        }
    }

    fn take(&mut self, ticket: Ticket) -> Option<Open> {
        let at = self.open.iter().position(|(open, _)| *open == ticket)?;
        Some(self.open.swap_remove(at).1)
    }

    /// A call is over; `response` is what it brought, as far as it came.
    pub(crate) fn settle(
        &mut self,
        ticket: Ticket,
        attempted: &Attempted,
        response: Option<&ChatResponse>,
    ) {
        let Some(open) = self.take(ticket) else {
            return;
        };
        let attempt = &attempted.attempt;
        let timing = &attempt.timing;
        let us = |time: Option<std::time::Duration>| time.map(micros);
        self.trace(&open, attempt.usage, response);
        if let Some(response) = response {
            open.heard.read(n_bytes(response) as u64, false, None);
        }
        let (upstream, end) = (Arc::clone(&open.upstream), End::of(attempt, &open.heard));
        let aid = open.aid;
        let raw_usage = response.and_then(|response| response.raw_usage.as_ref());
        let raw_usage = raw_usage.map(kept_usage).transpose();
        let spent = Spent {
            raw_usage: raw_usage.clone().ok().flatten().and_then(Json::written),
            ..self.spend(open, end)
        };
        self.evidence.attempts.push(AttemptNote {
            candidate: upstream.id().to_owned(),
            status: attempt.status,
            failure: attempt
                .failure
                .as_ref()
                .map(|failure| failure.kind.name().to_owned()),
            detail: attempt.failure.as_ref().and_then(refusal::detail),
            request_id: attempt.request_id.clone(),
            served: response.and_then(|response| kept(response.served_model.as_deref())),
            first_byte_us: us(timing.first_byte),
            first_token_us: us(timing.first_token),
            first_visible_us: us(timing.first_visible),
            end_us: us(timing.end),
            left_us: None,
            spent: Some(Box::new(spent)),
            aid,
        });
        self.gateway.metrics.attempted(upstream.id(), attempt);
        if let (Some(names), Some(response)) = (self.gateway.names_watched.get(), response) {
            names.saw(upstream.id(), response);
        }
        if let Some(response) = response
            && self.row.candidate == upstream.id()
        {
            self.came(response, raw_usage);
        }
    }

    /// Keeps for a trace what the record of a call does not say.
    fn trace(&mut self, open: &Open, usage: Option<Usage>, response: Option<&ChatResponse>) {
        if let Some(traced) = &mut self.traced {
            traced.called(TracedCall {
                upstream: Arc::clone(&open.upstream),
                after: open.after,
                lasted: self.began.elapsed().saturating_sub(open.after),
                usage,
                finish: response
                    .and_then(|one| one.finish.as_ref())
                    .map(finish_word),
            });
        }
    }

    /// Charges a call; gives what it used and cost.
    fn spend(&mut self, open: Open, end: End) -> Spent {
        let spent = end.spent(&open.upstream, open.worst.as_ref());
        let cost = spent.nano_usd.map(NanoUsd);
        self.gateway.metrics.spent(open.upstream.id(), &spent);
        self.row.is_estimated |= spent.is_estimated;
        self.row.usage = sum(self.row.usage, spent.usage);
        self.row.cost = match (self.row.cost, cost) {
            (Some(before), Some(cost)) => Some(NanoUsd(before.0.saturating_add(cost.0))),
            _ => None,
        };
        let worst = open.hold.as_ref().map_or(0, |hold| hold.worst().0);
        let charged = cost.map_or(worst, |cost| cost.0);
        self.charged = self.charged.saturating_add(charged);
        if let Some(hold) = open.hold {
            hold.settle(NanoUsd(charged));
        }
        spent
    }

    /// The request is over; `failure` is what the client was told.
    pub(crate) fn finish(mut self, status: u16, failure: Option<&str>) {
        self.evidence.status = status;
        self.evidence.failure = failure.map(str::to_owned);
        self.write();
    }

    /// The first byte that a client can show goes out.
    pub(crate) fn shown(&mut self) {
        let after = micros(self.began.elapsed());
        self.evidence.shown_us.get_or_insert(after);
    }

    /// The answer is there; what follows is not its time.
    pub(crate) fn ended(&mut self) {
        self.evidence.total_us = micros(self.began.elapsed()).max(1);
    }

    /// The request belongs to one arm of a split, with this probability.
    pub(crate) fn split(&mut self, arm: Arm, propensity: f64, ask: &Ask) {
        let word = match arm {
            Arm::Control => "control",
            Arm::Challenger => "challenger",
        };
        self.evidence.canary = Some(word.to_owned());
        self.evidence.propensity = Some(propensity);
        let canary = self.gateway.canary();
        let jury = canary.and_then(Canary::jury);
        let is_judged = jury.is_some_and(|jury| jury.draws(ask, self.row.id));
        self.is_captured |= is_judged || canary.is_some_and(Canary::wants_answers);
        self.split = Some(Split {
            arm,
            dialect: ask.dialect,
            body: ask.body.clone(),
            is_judged,
        });
    }

    /// The challenger has failed: who is in use is asked, and what the challenger brought is forgotten but
    /// for its calls.
    pub(crate) fn fell_back(&mut self, refusal: &Refusal) {
        self.evidence.canary_failure = Some(refusal.word().to_owned());
        if let Some(canary) = self.gateway.canary() {
            canary.fell_back();
        }
        // A budget that is used up says nothing of either arm.
        if refusal.reply.status == 429 && self.n_failed == 0 {
            self.split = None;
        }
        self.evidence.policy = None;
        self.evidence.decision = None;
        self.evidence.escalated = None;
        self.evidence.unmeasured.clear();
        self.evidence.lost.clear();
        self.row.candidate.clear();
        self.forget_answer();
    }

    /// Keeps the answer beyond the end of the request.
    pub(crate) fn capture(&mut self) {
        self.is_captured = true;
    }

    /// The answer that was kept.
    pub(crate) fn captured(&mut self) -> Option<ChatResponse> {
        self.response.take()
    }

    /// Nobody was called: there is nothing to record.
    pub(crate) fn forget(mut self) {
        self.is_written = true;
        self.gateway.metrics.left();
    }

    /// Hands what was drawn to those who work on it beside the traffic.
    fn pass_on(&mut self) {
        // Half an answer is none.
        let is_whole = self.evidence.failure.is_none() && !self.evidence.abandoned;
        let response = self.response.take().filter(|_| is_whole);
        if let (Some(canary), Some(split)) = (self.gateway.canary(), self.split.take()) {
            let is_wanted = split.is_judged || canary.wants_answers();
            let wanted = response.as_ref().filter(|_| is_wanted);
            let answer = wanted.map(|response| (split.dialect, split.body, response.clone()));
            let most = most_failures(self.gateway.settings.max_attempts);
            let is_late = self.n_failed >= most;
            let what = (&self.row, &self.evidence);
            canary.over((split.arm, is_late), what, (answer, split.is_judged));
        }
        if let (Some(scoring), Some((dialect, body)), Some(response)) =
            (self.gateway.scoring(), self.scored.take(), &response)
            && self.evidence.unmeasured.is_empty()
        {
            scoring.send(scored::Drawn {
                id: self.row.id,
                dialect,
                body,
                response: response.clone(),
            });
        }
        if let (Some(shadow), Some(ask)) = (&self.gateway.shadow, self.shadowed.take())
            && let Some(served) = Served::of(&self.row, &self.evidence)
        {
            shadow.send(Case {
                ask,
                response: response.clone(),
                served,
            });
        }
        if let (Some(texts), Some(drawn)) = (&self.gateway.texts, self.drawn.take()) {
            texts.keep(*drawn, response, &self.row);
        }
        if let (Some(traces), Some(traced)) = (&self.gateway.traces, self.traced.take()) {
            traces.send(*traced, &self.row, &self.evidence);
        }
    }

    fn write(&mut self) {
        if std::mem::replace(&mut self.is_written, true) {
            return;
        }
        for (_, open) in std::mem::take(&mut self.open) {
            let end = End::broken_off(&open.heard);
            let [left_us, first_visible_us] = open.heard.waited().map(|time| time.map(micros));
            if matches!(end, End::Free) {
                // It waited for its turn: nobody was called.
                self.spend(open, end);
                continue;
            }
            self.trace(&open, None, None);
            let (candidate, aid) = (open.upstream.id().to_owned(), open.aid);
            let spent = self.spend(open, end);
            self.evidence.attempts.push(AttemptNote {
                candidate,
                failure: Some("abandoned".to_owned()),
                first_visible_us,
                left_us,
                spent: Some(Box::new(spent)),
                aid,
                ..AttemptNote::default()
            });
        }
        if self.evidence.total_us == 0 {
            self.ended();
        }
        self.gateway.metrics.finished(&self.evidence, &self.row);
        if let Some(log) = &self.gateway.log {
            log(&crate::metrics::log_line(&self.row, &self.evidence));
        }
        self.pass_on();
        let row = LedgerRow {
            client: std::mem::take(&mut self.row.client),
            candidate: std::mem::take(&mut self.row.candidate),
            requested: std::mem::take(&mut self.row.requested),
            served: self.row.served.take(),
            raw_usage: self.row.raw_usage.take(),
            ..self.row
        };
        let evidence = std::mem::take(&mut self.evidence);
        self.gateway
            .ledger
            .record(row, NanoUsd(self.charged), evidence);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.is_written {
            self.evidence.abandoned = true;
            // When open answers have had their time, the gateway leaves, not the client.
            self.evidence.stopped = self.gateway.cancel.is_cancelled();
            self.write();
        }
    }
}

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
