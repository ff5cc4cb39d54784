//! A response body that keeps its deadlines.
//!
//! In: a plan and a tap. Out: frames, each handed to the HTTP library only when it is due and the
//! one before has left, so that every chunk is written by itself and stamped. Chunks of one kind
//! that are due at the same instant (a gap of 0) leave in one write, as they do from a server that
//! has them all ready, and share its stamp.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::plan::{Action, Plan, Step};
use crate::log::ChunkKind;
use crate::tap::Tap;

/// Chunks are added to a write until it has so many bytes.
const ENOUGH_BYTES: usize = 16 << 10;

/// The server closes the connection on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated cut of the connection")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The body of one response.
#[derive(Debug)]
pub(crate) struct CallBody {
    tap: Tap,
    plan: Plan,
    next: Option<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The length that the head declares; `None` = chunked.
    declared_len: Option<u64>,
    is_done: bool,
}

impl CallBody {
    /// Makes a body of declared length.
    pub(crate) fn whole(tap: Tap, plan: Plan, declared_len: usize) -> Self {
        Self {
            declared_len: Some(declared_len as u64),
            ..Self::chunked(tap, plan)
        }
    }

    /// Makes a body without declared length.
    pub(crate) fn chunked(tap: Tap, plan: Plan) -> Self {
        Self {
            tap,
            plan,
            next: None,
            sleep: None,
            declared_len: None,
            is_done: false,
        }
    }

    fn poll_due(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() != due {
            sleep.as_mut().reset(due);
        }
        sleep.as_mut().poll(cx)
    }
}

/// Chunks that leave together.
struct Write {
    bytes: Bytes,
    kind: ChunkKind,
    n_chunks: u32,
    is_last: bool,
}

impl CallBody {
    /// Adds the chunks of the same kind that are due at the same instant.
    fn add_simultaneous(&mut self, due: Instant, write: &mut Write) {
        let mut joined = BytesMut::new();
        while !write.is_last && joined.len() < ENOUGH_BYTES {
            match self.plan.next() {
                Some(Step {
                    due: also,
                    action:
                        Action::Send {
                            bytes,
                            kind,
                            is_last,
                        },
                }) if also == due && kind == write.kind => {
                    if joined.is_empty() {
                        joined.extend_from_slice(&write.bytes);
                    }
                    joined.extend_from_slice(&bytes);
                    write.n_chunks += 1;
                    write.is_last = is_last;
                }
                other => {
                    self.next = other;
                    break;
                }
            }
        }
        if !joined.is_empty() {
            write.bytes = joined.freeze();
        }
    }
}

impl Body for CallBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        ready!(self.tap.poll_written(cx));
        let step = match self.next.take() {
            Some(step) => Some(step),
            None => self.plan.next(),
        };
        let Some(step) = step else {
            self.is_done = true;
            self.tap.complete();
            return Poll::Ready(None);
        };
        if self.poll_due(step.due, cx).is_pending() {
            self.next = Some(step);
            return Poll::Pending;
        }
        match step.action {
            Action::Send {
                bytes,
                kind,
                is_last,
            } => {
                let mut write = Write {
                    bytes,
                    kind,
                    n_chunks: 1,
                    is_last,
                };
                self.add_simultaneous(step.due, &mut write);
                self.is_done = write.is_last;
                self.tap.hand(write.kind, write.n_chunks, write.is_last);
                Poll::Ready(Some(Ok(Frame::data(write.bytes))))
            }
            Action::Cut => {
                self.is_done = true;
                self.tap.cut();
                Poll::Ready(Some(Err(Cut)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_done
    }

    fn size_hint(&self) -> SizeHint {
        self.declared_len
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
