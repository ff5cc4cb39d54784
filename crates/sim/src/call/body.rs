//! A response body that keeps its deadlines.
//!
//! In: a plan and a tap. Out: frames, each handed to the HTTP library only when it is due and the
//! one before has left, so that every chunk is written by itself and stamped.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::plan::{Action, Plan, Step};
use crate::tap::Tap;

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
                self.is_done = is_last;
                self.tap.hand(kind, is_last);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
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
