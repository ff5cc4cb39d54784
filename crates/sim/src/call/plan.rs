//! What is written when: the steps of one response body.
//!
//! In: an answer, delays and a fault. Out: steps with deadlines that count from the request's
//! arrival, so that lateness of one does not shift the next. Events are encoded when they are due.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use trilemma_domain::{FinishReason, TokenPlace, Usage};
use trilemma_wire::server::StreamEncoder;

use super::answer::Answer;
use super::errors::after_200;
use crate::log::ChunkKind;
use crate::sample::Draws;
use crate::scenario::{FaultKind, Spread};
use crate::tokens::Pieces;

/// One thing to do.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) due: Instant,
    pub(crate) action: Action,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Write these bytes at once and by themselves.
    Send {
        bytes: Bytes,
        kind: ChunkKind,
        is_last: bool,
    },
    /// Close the connection.
    Cut,
}

/// Where steps come from.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Known beforehand.
    Whole(VecDeque<Step>),
    /// Made as they are due.
    Stream(Box<StreamPlan>),
}

impl Plan {
    /// One body, at once.
    pub(crate) fn body(bytes: impl Into<Bytes>, due: Instant) -> Self {
        Self::Whole(VecDeque::from([Step {
            due,
            action: Action::Send {
                bytes: bytes.into(),
                kind: ChunkKind::Body,
                is_last: true,
            },
        }]))
    }

    /// Half of a body, and the connection is closed at `cut_at`.
    pub(crate) fn half_body(bytes: &Bytes, due: Instant, cut_at: Instant) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        Self::Whole(VecDeque::from([
            Step {
                due,
                action: Action::Send {
                    bytes: half,
                    kind: ChunkKind::Body,
                    is_last: false,
                },
            },
            Step {
                due: cut_at,
                action: Action::Cut,
            },
        ]))
    }

    /// The next step; `None` = the body ends here, in order.
    pub(crate) fn next(&mut self) -> Option<Step> {
        match self {
            Self::Whole(steps) => steps.pop_front(),
            Self::Stream(plan) => plan.next(),
        }
    }
}

/// Delays of one call.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) draws: Draws,
    pub(crate) first_token: Duration,
    pub(crate) gap: Spread,
    pub(crate) tokens_per_chunk: Spread,
    pub(crate) factor: f64,
}

impl Pace {
    fn chunk_len(&mut self) -> usize {
        self.draws.count(self.tokens_per_chunk)
    }

    fn gap(&mut self) -> Duration {
        self.draws.delay(self.gap, self.factor)
    }

    /// From arrival to the last of `n_tokens`.
    pub(crate) fn whole(mut self, n_tokens: u64) -> Duration {
        let mut total = self.first_token;
        if self.gap != Spread::ZERO {
            let mut left = usize::try_from(n_tokens).unwrap_or(usize::MAX);
            left = left.saturating_sub(self.chunk_len());
            while left > 0 {
                total = total.saturating_add(self.gap());
                left = left.saturating_sub(self.chunk_len());
            }
        }
        total
    }
}

/// A run of text that is told piece by piece.
#[derive(Debug)]
struct Run {
    kind: RunKind,
    text: String,
    pieces: Pieces,
    next_piece: usize,
    next_byte: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    Reasoning,
    Text,
    Refusal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Content,
    End,
    Done,
}

/// A stream.
#[derive(Debug)]
pub(crate) struct StreamPlan {
    encoder: StreamEncoder,
    runs: VecDeque<Run>,
    tool_calls: VecDeque<trilemma_domain::ToolCall>,
    /// Log-probabilities of the visible text's tokens; may be none.
    places: Vec<TokenPlace>,
    finish: FinishReason,
    usage: Option<Usage>,
    pace: Pace,
    phase: Phase,
    head_due: Instant,
    due: Instant,
    is_first: bool,
    n_sent: usize,
    n_half: usize,
    fault: Option<(FaultKind, Instant)>,
}

impl StreamPlan {
    /// Plans a stream. A fault strikes when half of the tokens are out; its instant is when a
    /// stalled connection is closed.
    pub(crate) fn new(
        encoder: StreamEncoder,
        answer: Answer,
        usage: Option<Usage>,
        (arrived, head): (Instant, Duration),
        (pace, fault): (Pace, Option<(FaultKind, Instant)>),
    ) -> Self {
        let n_tokens = answer.pieces.len() + answer.reasoning_pieces.len();
        let response = answer.response;
        let visible = match response.refusal {
            Some(text) => (RunKind::Refusal, text),
            None => (RunKind::Text, response.text),
        };
        let reasoning = (RunKind::Reasoning, response.reasoning.unwrap_or_default());
        let runs = [
            (reasoning, answer.reasoning_pieces),
            (visible, answer.pieces),
        ]
        .into_iter()
        .filter(|((_, text), _)| !text.is_empty())
        .map(|((kind, text), pieces)| Run {
            kind,
            text,
            pieces,
            next_piece: 0,
            next_byte: 0,
        })
        .collect();
        Self {
            encoder,
            runs,
            tool_calls: response.tool_calls.into(),
            places: response.first_tokens,
            finish: response.finish.unwrap_or(FinishReason::Stop),
            usage,
            phase: Phase::Start,
            head_due: arrived + head,
            due: arrived + pace.first_token.max(head),
            pace,
            is_first: true,
            n_sent: 0,
            n_half: n_tokens / 2,
            fault,
        }
    }

    fn next(&mut self) -> Option<Step> {
        match self.phase {
            Phase::Start => {
                self.phase = Phase::Content;
                self.count(0);
                let bytes = self.encoder.start();
                if bytes.is_empty() {
                    return self.next();
                }
                Some(self.send(self.head_due, bytes, ChunkKind::Start))
            }
            Phase::Content => self.content(),
            Phase::End => {
                self.phase = Phase::Done;
                let bytes = self.encoder.finish(&self.finish, self.usage.as_ref());
                Some(last(self.due, bytes, ChunkKind::End))
            }
            Phase::Done => None,
        }
    }

    fn content(&mut self) -> Option<Step> {
        if self.n_sent >= self.n_half
            && let Some((fault, cut_at)) = self.fault.take()
        {
            return self.strike(fault, cut_at);
        }
        let Some((kind, bytes)) = self.next_events() else {
            self.phase = Phase::End;
            return self.next();
        };
        let due = self.next_due();
        Some(self.send(due, bytes, kind))
    }

    /// The deadline of the next content.
    fn next_due(&mut self) -> Instant {
        if self.is_first {
            self.is_first = false;
        } else {
            self.due += self.pace.gap();
        }
        self.due
    }

    /// The next piece of content as events.
    fn next_events(&mut self) -> Option<(ChunkKind, Vec<u8>)> {
        while let Some(mut run) = self.runs.pop_front() {
            let wanted = self.pace.chunk_len();
            let (start, first_piece) = (run.next_byte, run.next_piece);
            while let Some(&len) = run.pieces.get(run.next_piece) {
                run.next_piece += 1;
                run.next_byte += usize::from(len);
                let is_full = run.next_piece - first_piece >= wanted;
                if is_full && run.next_byte > start {
                    break;
                }
            }
            self.n_sent += run.next_piece - first_piece;
            self.count(self.n_sent);
            let text = run.text.get(start..run.next_byte).unwrap_or_default();
            let events = match run.kind {
                RunKind::Reasoning => (ChunkKind::Reasoning, self.encoder.reasoning(text)),
                RunKind::Text => {
                    let places = self.places.get(first_piece..run.next_piece);
                    let places = places.unwrap_or_default();
                    (ChunkKind::Text, self.encoder.text_with(text, places))
                }
                RunKind::Refusal => (ChunkKind::Text, self.encoder.refusal(text)),
            };
            let is_empty = text.is_empty();
            if run.next_piece < run.pieces.len() {
                self.runs.push_front(run);
            }
            if !is_empty {
                return Some(events);
            }
        }
        let call = self.tool_calls.pop_front()?;
        Some((ChunkKind::ToolCall, self.encoder.tool_call(&call)))
    }

    fn strike(&mut self, fault: FaultKind, cut_at: Instant) -> Option<Step> {
        match fault {
            FaultKind::CutMidBody => Some(Step {
                due: self.due,
                action: Action::Cut,
            }),
            FaultKind::StallMidBody => Some(Step {
                due: cut_at,
                action: Action::Cut,
            }),
            FaultKind::MalformedJson => {
                let (_, mut bytes) = self.next_events()?;
                bytes.truncate(bytes.len() / 2);
                bytes.extend_from_slice(b"\n\n");
                let due = self.next_due();
                Some(self.send(due, bytes, ChunkKind::Body))
            }
            FaultKind::MalformedStream => {
                self.phase = Phase::Done;
                let bytes = b"<html><body>502 Bad Gateway</body></html>\n\n".to_vec();
                Some(last(self.due, bytes, ChunkKind::Body))
            }
            FaultKind::ErrorAfter200 => {
                self.phase = Phase::Done;
                let bytes = self.encoder.error(&after_200());
                Some(last(self.due, bytes, ChunkKind::Error))
            }
            FaultKind::NoTerminal => {
                self.phase = Phase::Done;
                None
            }
            FaultKind::RateLimited
            | FaultKind::ServerError
            | FaultKind::Unavailable
            | FaultKind::Overloaded
            | FaultKind::CutBeforeHead
            | FaultKind::StallBeforeHead
            | FaultKind::Refusal
            | FaultKind::ContentFilter
            | FaultKind::Length => self.content(),
        }
    }

    /// Tells the encoder the output so far.
    fn count(&mut self, n_output: usize) {
        if let Some(usage) = self.usage {
            self.encoder.count(Usage {
                output: usage.output.min(n_output as u64),
                reasoning: usage.reasoning.map(|n| n.min(n_output as u64)),
                ..usage
            });
        }
    }

    fn send(&self, due: Instant, bytes: Vec<u8>, kind: ChunkKind) -> Step {
        Step {
            due,
            action: Action::Send {
                bytes: bytes.into(),
                kind,
                is_last: self.phase == Phase::Done,
            },
        }
    }
}

fn last(due: Instant, bytes: Vec<u8>, kind: ChunkKind) -> Step {
    Step {
        due,
        action: Action::Send {
            bytes: bytes.into(),
            kind,
            is_last: true,
        },
    }
}
