//! Room for the bodies of requests under way: one bound for all of them.
//!
//! In: bytes as they come. Out: the body, or why it was not read. It takes room as it comes and keeps it until its
//! last copy is dropped, with everything that is done beside the request. A large one lies in memory of its own, which
//! the system has back then. Nobody waits here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

/// Bodies up to this size lie among everything else.
const SMALL: usize = 1 << 20;
/// Allocators take so much from the system for one owner and give it back whole: glibc does so above 32 MiB,
/// whatever its threshold has grown to (`mallopt(3)`, `M_MMAP_THRESHOLD`). Pages that nobody writes take no memory.
const APART: usize = 33 << 20;

/// Room for all bodies together.
#[derive(Debug)]
pub(crate) struct Rooms {
    left: AtomicU64,
}

/// What one body takes of it; it is free again when this is dropped.
#[derive(Debug)]
struct Room {
    of: Arc<Rooms>,
    taken: u64,
}

/// A body with its room.
struct Held {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is larger than a request may be.
    TooLarge,
    /// All bodies together are.
    NoRoom,
    /// It broke off.
    Broken,
}

impl Rooms {
    pub(crate) fn new(n_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicU64::new(n_bytes),
        })
    }

    /// Reads a body of at most so many bytes.
    pub(crate) async fn read(
        self: &Arc<Self>,
        body: Incoming,
        max_bytes: usize,
    ) -> Result<Bytes, Unread> {
        let mut room = self.enter();
        let bytes = room.fill(body, max_bytes).await?;
        Ok(Bytes::from_owner(Held { bytes, _room: room }))
    }

    /// A body without a byte.
    fn enter(self: &Arc<Self>) -> Room {
        Room {
            of: Arc::clone(self),
            taken: 0,
        }
    }

    /// Whether so much would fit now.
    pub(crate) fn has(&self, n_bytes: u64) -> bool {
        self.left.load(Ordering::Relaxed) >= n_bytes
    }
}

impl Room {
    /// Takes more; false = there is none.
    fn grow(&mut self, n_bytes: u64) -> bool {
        let left = &self.of.left;
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(n_bytes)
        });
        if taken.is_ok() {
            self.taken = self.taken.saturating_add(n_bytes);
        }
        taken.is_ok()
    }

    /// Takes in a body as it comes.
    async fn fill(&mut self, mut body: Incoming, max_bytes: usize) -> Result<Bytes, Unread> {
        let mut whole: Vec<u8> = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
                continue;
            };
            let n_bytes = whole.len().saturating_add(data.len());
            if n_bytes > max_bytes {
                return Err(Unread::TooLarge);
            }
            if !self.grow(data.len() as u64) {
                return Err(Unread::NoRoom);
            }
            if whole.is_empty() && body.is_end_stream() {
                // Most come as one piece.
                return Ok(data);
            }
            append(&mut whole, data, n_bytes);
        }
        Ok(Bytes::from(whole))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.left.fetch_add(self.taken, Ordering::Relaxed);
    }
}

/// Adds a piece; the whole is `n_bytes` long then.
fn append(whole: &mut Vec<u8>, data: Bytes, n_bytes: usize) {
    if n_bytes > SMALL && whole.capacity() < APART {
        let mut apart = Vec::with_capacity(APART.max(n_bytes));
        apart.extend_from_slice(whole);
        *whole = apart;
    }
    whole.extend_from_slice(data.chunk());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_common_and_comes_back() {
        let rooms = Rooms::new(100);
        let (mut first, mut second) = (rooms.enter(), rooms.enter());
        assert!(first.grow(60) && second.grow(40));
        assert!(!first.grow(1) && !rooms.has(1));
        drop(second);
        assert!(rooms.has(40) && !rooms.has(41));
        assert!(first.grow(40));
        drop(first);
        assert!(rooms.has(100) && !rooms.has(101));
    }

    #[test]
    fn a_large_body_lies_apart() {
        let mut whole = Vec::new();
        let piece = Bytes::from(vec![7_u8; SMALL / 2]);
        for n in 1..=4 {
            append(&mut whole, piece.clone(), n * SMALL / 2);
            assert_eq!(whole.len(), n * SMALL / 2);
            assert_eq!(whole.capacity() >= APART, n > 2, "{n}");
        }
        assert!(whole.iter().all(|byte| *byte == 7));
    }
}
