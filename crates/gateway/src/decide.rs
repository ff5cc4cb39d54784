//! What would be done with a request, told to another gateway that does it.
//!
//! In: a request in any dialect, and what its caller has seen of it so far (see `observed`). Out: whom to ask next or
//! whose answer to take, with reasons, on the way that the request would take here: that of the canary's arm to which it
//! belongs, and of who is in use where a challenger has failed. Nobody is called, and nothing is recorded or counted as
//! if a request had been served.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use trilemma_domain::{CandidateId, ChatRequest, Dialect, Message};
use trilemma_route::{Call, Decision, Observation, Outcome, Step, Use};
use trilemma_store::ledger::Json;

use crate::arrival::{self, Spoken};
use crate::ask::Ask;
use crate::blocks::Arm;
use crate::canary::Target;
use crate::dispatch::dialect_of;
use crate::gateway::Gateway;
use crate::observed::Said;
use crate::policy::{Active, Taken, Told, ToldCall, ToldMessage};
use crate::prepare;
use crate::refusal::Refusal;
use crate::upstream::Named;

/// Tells what would be done with a request in any dialect, and does nothing; beside it the dialect in which to say so.
pub(crate) async fn decide(
    gateway: &Arc<Gateway>,
    request: Request<Incoming>,
) -> (Dialect, Result<Bytes, Refusal>) {
    let spoken = Spoken::AnyChat(dialect_of(&request));
    match arrival::read(gateway, spoken, request).await {
        Ok(ask) => (ask.dialect, decision(gateway, &ask)),
        Err(refusal) => (spoken.dialect(), Err(refusal)),
    }
}

/// Tells what would be done with a request that has been read.
pub(crate) fn decision(gateway: &Gateway, ask: &Ask) -> Result<Bytes, Refusal> {
    decided(gateway, ask).map(Bytes::from)
}

/// Who decides about a request.
enum Decider {
    /// The request, or a canary, names the candidate.
    Named(Named, &'static str),
    /// A policy.
    Policy(Arc<Active>, Box<ChatRequest>),
}

fn decided(gateway: &Gateway, ask: &Ask) -> Result<String, Refusal> {
    let said = Said::read(&ask.body).map_err(Refusal::bad_request)?;
    let called = gateway.called_policy(ask);
    let canary = gateway.canary();
    let split = canary.and_then(|canary| {
        let drawn = canary.arm(ask, called.is_some())?;
        Some((canary, said.arm.unwrap_or(drawn)))
    });
    let policy = |active: &Arc<Active>| {
        let chat = prepare::decode(ask)?.chat;
        Ok::<_, Refusal>(Decider::Policy(Arc::clone(active), Box::new(chat)))
    };
    let challenger = match &split {
        Some((canary, Arm::Challenger)) => Some(match &canary.target {
            Target::Candidate(named) => {
                Decider::Named(named.clone(), "the canary's challenger answers")
            }
            Target::Policy(active) => policy(active)?,
        }),
        Some((_, Arm::Control)) | None => None,
    };
    let in_use = match &called {
        Some(active) => policy(active)?,
        None => Decider::Named(gateway.named(ask)?, "the request names the model"),
    };
    let deciders = || challenger.iter().chain([&in_use]);
    for (idx, seen) in said.seen.iter().enumerate() {
        if !deciders().any(|one| one.knows(seen)) {
            return Err(Refusal::bad_request(format!(
                "`observations[{idx}]` is of nobody whom this request may ask in that way; hint: `calls` names \
                 whom to ask and what for"
            )));
        }
    }
    // What a challenger's way did not need belongs to the way of who is in use.
    let mut rest = said.seen.as_slice();
    let mut offset = 0;
    let mut decider = &in_use;
    if let Some(challenger) = &challenger {
        match (0..=rest.len())
            .find(|n| challenger.has_failed(ask, rest.get(..*n).unwrap_or_default()))
        {
            Some(n) => {
                offset = n;
                rest = rest.get(n..).unwrap_or_default();
            }
            None => decider = challenger,
        }
    }
    let has_fallen_back = challenger.is_some() && std::ptr::eq(decider, &in_use);
    let step = decider.step(ask, rest);
    let mut told = decider.tell(&step);
    for call in &mut told.calls {
        call.messages = decider.messages(ask, call);
    }
    if has_fallen_back {
        told.why
            .insert(0, "the canary's challenger has failed".to_owned());
    }
    if let Step::Answer { seen_idx } = step.step
        && let Some(seen) = rest.get(seen_idx)
    {
        told.take = Some(Taken {
            observation: offset + seen_idx,
            candidate: seen.candidate.as_str(),
        });
    }
    told.canary = split.as_ref().map(|(_, arm)| *arm);
    told.propensity = match &split {
        Some((canary, arm)) => Some(canary.propensity(*arm)),
        None => called.is_some().then_some(1.0),
    };
    Ok(Json::of(&told).map_or_else(String::new, |told| told.text().to_owned()))
}

impl Decider {
    /// Whether it may have asked for what was seen.
    fn knows(&self, seen: &Observation) -> bool {
        let makes_vectors = match self {
            Self::Named(named, _) => {
                return named.upstream.id() == seen.candidate.as_str()
                    && !matches!(seen.outcome, Outcome::Embedded { .. });
            }
            Self::Policy(active, _) => {
                if active.member(seen.candidate.as_str()).is_none() {
                    return false;
                }
                active.makes_vectors(&seen.candidate)
            }
        };
        match seen.outcome {
            Outcome::Answered { .. } => !makes_vectors,
            Outcome::Embedded { .. } => makes_vectors,
            Outcome::Failed => true,
        }
    }

    fn step(&self, ask: &Ask, seen: &[Observation]) -> Decision {
        match self {
            Self::Policy(active, chat) => active.step(chat, ask, seen),
            Self::Named(named, _) => Decision {
                step: named_step(named, seen),
                why: Vec::new(),
            },
        }
    }

    /// What a classifier is to be asked; `None` = nobody asks for a label, or the request lacks what its prompt names.
    fn messages(&self, ask: &Ask, call: &ToldCall<'_>) -> Option<Vec<ToldMessage>> {
        let Self::Policy(active, chat) = self else {
            return None;
        };
        let by = CandidateId::from(call.candidate);
        let request = active.label_request(&by, (chat, ask))?;
        let message = |one: &Message| ToldMessage {
            role: one.role,
            content: one.joined_text(),
        };
        Some(request.messages.iter().map(message).collect())
    }

    /// Whether nobody is left whom it could ask.
    fn has_failed(&self, ask: &Ask, seen: &[Observation]) -> bool {
        matches!(self.step(ask, seen).step, Step::Exhausted)
    }

    fn tell<'a>(&'a self, decision: &'a Decision) -> Told<'a> {
        match self {
            Self::Policy(active, _) => active.tell(decision),
            Self::Named(named, why) => {
                let target = &named.upstream.parts.candidate.target;
                let mut told = Told::bare(&decision.step);
                for call in &mut told.calls {
                    call.model = Some(format!("{}/{}", target.provider, target.model));
                }
                told.why.push((*why).to_owned());
                told
            }
        }
    }
}

/// One candidate answers, or nobody does.
fn named_step(named: &Named, seen: &[Observation]) -> Step {
    match seen.iter().position(Observation::is_answered) {
        Some(seen_idx) => Step::Answer { seen_idx },
        None if seen.is_empty() => Step::Call(vec![Call {
            candidate: named.upstream.parts.candidate.id.clone(),
            purpose: Use::Given,
        }]),
        None => Step::Exhausted,
    }
}
