//! Byte-pair encoding of one piece.
//!
//! In: a piece. Out: the lengths of its tokens in bytes. Among all neighbours that together are a
//! token, those of the lowest rank are merged first, the leftmost of equals; over and over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::Vocabulary;

/// No neighbour, or no token.
const NONE: u32 = u32::MAX;

/// A token so far.
#[derive(Debug, Clone, Copy)]
struct Part {
    end: u32,
    /// Start of the part before; [`NONE`] at the start.
    before: u32,
    /// Rank of the token that it makes with the part after; [`NONE`] if it makes none.
    rank: u32,
}

/// Merges pieces; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Merger {
    /// By the byte where they start; those merged into the part before are left as they were.
    parts: Vec<Part>,
    /// Rank and start, lowest first; entries that no longer hold are passed over.
    open: BinaryHeap<Reverse<(u32, u32)>>,
}

impl Merger {
    /// Tells `each` the lengths of the tokens of `piece`, in order. The piece must be shorter than
    /// 4 GiB.
    pub(crate) fn lengths(
        &mut self,
        words: &Vocabulary,
        piece: &[u8],
        mut each: impl FnMut(usize),
    ) {
        if piece.is_empty() {
            return;
        }
        if piece.len() == 1 || words.rank(piece).is_some() {
            each(piece.len());
            return;
        }
        self.start(words, piece);
        while let Some(Reverse((rank, start))) = self.open.pop() {
            if self.part(start).is_some_and(|part| part.rank == rank) {
                self.merge(words, piece, start);
            }
        }
        let mut start = 0;
        while let Some(part) = self.part(start) {
            each((part.end - start) as usize);
            start = part.end;
        }
    }

    fn part(&self, start: u32) -> Option<Part> {
        self.parts.get(start as usize).copied()
    }

    /// Makes each byte a part.
    fn start(&mut self, words: &Vocabulary, piece: &[u8]) {
        self.parts.clear();
        self.open.clear();
        for (start, pair) in (0_u32..).zip(piece.windows(2)) {
            let rank = words.rank(pair).unwrap_or(NONE);
            self.push(start, rank);
        }
        self.push(u32::try_from(piece.len() - 1).unwrap_or(NONE), NONE);
    }

    fn push(&mut self, start: u32, rank: u32) {
        self.parts.push(Part {
            end: start + 1,
            before: start.checked_sub(1).unwrap_or(NONE),
            rank,
        });
        if rank != NONE {
            self.open.push(Reverse((rank, start)));
        }
    }

    /// Merges the part at `start` with the one after.
    fn merge(&mut self, words: &Vocabulary, piece: &[u8], start: u32) {
        let Some(left) = self.part(start) else { return };
        let Some(right) = self.part(left.end) else {
            return;
        };
        if let Some(gone) = self.parts.get_mut(left.end as usize) {
            gone.rank = NONE;
        }
        if let Some(after) = self.parts.get_mut(right.end as usize) {
            after.before = start;
        }
        if let Some(merged) = self.parts.get_mut(start as usize) {
            merged.end = right.end;
        }
        self.rate(words, piece, start);
        self.rate(words, piece, left.before);
    }

    /// Finds out anew what the part at `start` and the one after make together.
    fn rate(&mut self, words: &Vocabulary, piece: &[u8], start: u32) {
        let after = self.part(start).and_then(|part| self.part(part.end));
        let rank = after
            .and_then(|after| piece.get(start as usize..after.end as usize))
            .and_then(|both| words.rank(both))
            .unwrap_or(NONE);
        if let Some(part) = self.parts.get_mut(start as usize) {
            part.rank = rank;
        }
        if rank != NONE {
            self.open.push(Reverse((rank, start)));
        }
    }
}
