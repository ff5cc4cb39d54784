//! Connections that wait for their next request.
//!
//! In: connections after a complete exchange. Out: one that is still open, the latest used first,
//! so that the others age and close. A connection stays with the runtime that it was dialled in: there it
//! is waited for, so that using it wakes no other thread.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Handle, Id};
use tokio::time::Instant;

use crate::address::{Origin, Scheme};
use crate::connection::Connection;

/// Without a word of their own plain servers let go of unused connections soon: uvicorn, behind vLLM and many
/// others, after 5 seconds (its `--timeout-keep-alive`).
const PLAIN_IDLE: Duration = Duration::from_secs(4);

/// Unused connections by origin and runtime.
pub(crate) struct Pool<I: AsyncRead + AsyncWrite + Unpin> {
    shelves: Mutex<Vec<Shelf<I>>>,
    max_idle: Duration,
}

/// Those of one origin and runtime; there are so few that each look-up passes them all.
struct Shelf<I: AsyncRead + AsyncWrite + Unpin> {
    origin: Origin,
    runtime: Option<Id>,
    idle: VecDeque<Idle<I>>,
}

struct Idle<I: AsyncRead + AsyncWrite + Unpin> {
    connection: Box<Connection<I>>,
    expires: Instant,
}

impl<I: AsyncRead + AsyncWrite + Unpin + Send + 'static> Pool<I> {
    pub(crate) fn new(max_idle: Duration) -> Self {
        Self {
            shelves: Mutex::new(Vec::new()),
            max_idle,
        }
    }

    /// Takes an open connection out; `None` = there is none.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Box<Connection<I>>> {
        let now = Instant::now();
        loop {
            let mut idle = self.pop(origin)?;
            if idle.expires > now && idle.connection.is_reusable() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection for later, if it can serve again; `keep_alive` is the peer's own limit.
    pub(crate) fn put(
        &self,
        origin: &Origin,
        mut connection: Box<Connection<I>>,
        keep_alive: Option<Duration>,
    ) {
        let usual = match origin.scheme() {
            Scheme::Http => PLAIN_IDLE,
            Scheme::Https => self.max_idle,
        };
        let limit = keep_alive.unwrap_or(usual).min(self.max_idle);
        if limit.is_zero() || !connection.is_reusable() {
            return;
        }
        let now = Instant::now();
        let entry = Idle {
            connection,
            expires: now + limit,
        };
        let runtime = runtime();
        let mut aged = None;
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        match shelves.iter_mut().find(|one| one.is_of(origin, runtime)) {
            Some(shelf) => {
                if shelf
                    .idle
                    .front()
                    .is_some_and(|oldest| oldest.expires <= now)
                {
                    aged = shelf.idle.pop_front();
                }
                shelf.idle.push_back(entry);
            }
            None => shelves.push(Shelf {
                origin: origin.clone(),
                runtime,
                idle: VecDeque::from([entry]),
            }),
        }
        drop(shelves);
        // Closing a socket needs no lock.
        drop(aged);
    }

    fn pop(&self, origin: &Origin) -> Option<Idle<I>> {
        let runtime = runtime();
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let shelf = shelves.iter_mut().find(|one| one.is_of(origin, runtime))?;
        shelf.idle.pop_back()
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Shelf<I> {
    fn is_of(&self, origin: &Origin, runtime: Option<Id>) -> bool {
        self.runtime == runtime && self.origin == *origin
    }
}

/// The runtime of whoever calls.
fn runtime() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}
