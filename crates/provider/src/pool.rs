//! Connections that wait for their next request.
//!
//! In: connections after a complete exchange. Out: one that is still open, the latest used first,
//! so that the others age and close.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::address::Origin;
use crate::connection::Connection;

/// Unused connections by origin.
pub(crate) struct Pool<I: AsyncRead + AsyncWrite + Unpin> {
    idle: Mutex<HashMap<Origin, VecDeque<Idle<I>>>>,
    max_idle: Duration,
}

struct Idle<I: AsyncRead + AsyncWrite + Unpin> {
    connection: Connection<I>,
    expires: Instant,
}

impl<I: AsyncRead + AsyncWrite + Unpin + Send + 'static> Pool<I> {
    pub(crate) fn new(max_idle: Duration) -> Self {
        Self {
            idle: Mutex::new(HashMap::new()),
            max_idle,
        }
    }

    /// Takes an open connection out; `None` = there is none.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Connection<I>> {
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
        mut connection: Connection<I>,
        keep_alive: Option<Duration>,
    ) {
        let limit = keep_alive.map_or(self.max_idle, |limit| limit.min(self.max_idle));
        if limit.is_zero() || !connection.is_reusable() {
            return;
        }
        let now = Instant::now();
        let entry = Idle {
            connection,
            expires: now + limit,
        };
        let mut aged = None;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        match idle.get_mut(origin) {
            Some(waiting) => {
                if waiting.front().is_some_and(|oldest| oldest.expires <= now) {
                    aged = waiting.pop_front();
                }
                waiting.push_back(entry);
            }
            None => {
                idle.insert(origin.clone(), VecDeque::from([entry]));
            }
        }
        drop(idle);
        // Closing a socket needs no lock.
        drop(aged);
    }

    fn pop(&self, origin: &Origin) -> Option<Idle<I>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.get_mut(origin)?.pop_back()
    }
}
