//! A response whose head and body come out of one future.
//!
//! In: a future that writes into an [`Outlet`]. Out: the head once it is known, and a body that
//! drives the future on. Nothing is spawned: when the client goes away, hyper drops the body, which
//! drops the future, which closes the upstream's connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};

/// What the future comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The body is complete.
    Clean,
    /// The body is not complete, and the client must see that.
    Aborted,
}

/// The future behind a response.
pub(crate) type Job = Pin<Box<dyn Future<Output = Ending> + Send>>;

/// The head of a response.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Whole bodies are known with the head.
    pub(crate) whole: Option<Bytes>,
}

#[derive(Debug, Default)]
struct Slot {
    head: Option<Head>,
    chunk: Option<Bytes>,
}

/// Where the future writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlet {
    slot: Arc<Mutex<Slot>>,
}

impl Outlet {
    /// Sets the head; the body follows by [`Outlet::send`], unless it is whole.
    pub(crate) fn head(&self, head: Head) {
        self.with(|slot| slot.head = Some(head));
    }

    /// Hands bytes to the client; ready when they have been taken, so that a slow client slows the
    /// upstream down.
    pub(crate) async fn send(&self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.with(|slot| slot.chunk = Some(bytes));
        // Whoever takes the chunk polls this future again afterwards; no waker is needed.
        std::future::poll_fn(|_| {
            if self.with(|slot| slot.chunk.is_some()) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Drives a job to its end whose answer nobody reads.
    pub(crate) async fn drained<T>(&self, job: impl Future<Output = T>) -> T {
        let mut job = Box::pin(job);
        std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(done) = job.as_mut().poll(cx) {
                    return Poll::Ready(done);
                }
                // Whoever takes the chunk polls again.
                if self.with(|slot| slot.chunk.take()).is_none() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn with<T>(&self, work: impl FnOnce(&mut Slot) -> T) -> T {
        work(&mut self.slot.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a body was broken off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the answer was broken off")]
pub(crate) struct Aborted;

/// The body of every response.
pub(crate) struct Reply {
    kind: Kind,
}

enum Kind {
    Whole(Option<Bytes>),
    Live {
        job: Option<Job>,
        outlet: Outlet,
        ending: Ending,
    },
}

/// Drives a job until it has written its head.
pub(crate) async fn respond(mut job: Job, outlet: Outlet) -> Response<Reply> {
    let mut ending = None;
    let head = std::future::poll_fn(|cx| {
        if ending.is_none()
            && let Poll::Ready(end) = job.as_mut().poll(cx)
        {
            ending = Some(end);
        }
        match (outlet.with(|slot| slot.head.take()), ending) {
            (Some(head), _) => Poll::Ready(Some(head)),
            // A job that ends without a head is a fault of ours, which the client must see.
            (None, Some(_)) => Poll::Ready(None),
            (None, None) => Poll::Pending,
        }
    })
    .await;
    let Some(head) = head else {
        return whole(
            StatusCode::INTERNAL_SERVER_ERROR,
            HeaderMap::new(),
            Bytes::new(),
        );
    };
    let kind = match head.whole {
        Some(bytes) => Kind::Whole(Some(bytes)),
        None => Kind::Live {
            job: ending.is_none().then_some(job),
            outlet,
            ending: ending.unwrap_or(Ending::Clean),
        },
    };
    let mut response = Response::new(Reply { kind });
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

/// A response that is known as a whole.
pub(crate) fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Reply> {
    let mut response = Response::new(Reply {
        kind: Kind::Whole(Some(body)),
    });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        match &mut self.kind {
            Kind::Whole(bytes) => Poll::Ready(
                bytes
                    .take()
                    .filter(|bytes| !bytes.is_empty())
                    .map(|bytes| Ok(Frame::data(bytes))),
            ),
            Kind::Live {
                job,
                outlet,
                ending,
            } => {
                if let Some(running) = job
                    && let Poll::Ready(end) = running.as_mut().poll(cx)
                {
                    *ending = end;
                    *job = None;
                }
                if let Some(chunk) = outlet.with(|slot| slot.chunk.take()) {
                    return Poll::Ready(Some(Ok(Frame::data(chunk))));
                }
                match (job.is_some(), *ending) {
                    (true, _) => Poll::Pending,
                    (false, Ending::Clean) => Poll::Ready(None),
                    (false, Ending::Aborted) => {
                        *ending = Ending::Clean;
                        Poll::Ready(Some(Err(Aborted)))
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Live { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Live { .. } => SizeHint::default(),
        }
    }
}
