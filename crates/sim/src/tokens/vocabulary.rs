//! Which byte strings are tokens, and their ranks.
//!
//! In: bytes. Out: the rank, by which merges are ordered. Tokens lie end to end as `build.rs` laid
//! them; an open-addressing table over them is built at the first use.

use std::sync::LazyLock;

static LENGTHS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k_lengths.bin"));
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k_bytes.bin"));

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::index);

/// The vocabulary, indexed at the first call.
pub(crate) fn vocabulary() -> &'static Vocabulary {
    &VOCABULARY
}

/// Slots are a power of two, at most two fifths of them taken.
const N_SLOTS: usize = 1 << 19;
const EMPTY: u32 = u32::MAX;
/// Ranks are below 2^18; the other bits of a slot hold a part of the hash.
const RANK_BITS: u32 = 18;
const RANK_MASK: u32 = (1 << RANK_BITS) - 1;

/// Tokens by their bytes.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    starts: Vec<u32>,
    slots: Vec<u32>,
    longest: usize,
}

impl Vocabulary {
    fn index() -> Self {
        let mut new = Self {
            starts: Vec::with_capacity(LENGTHS.len()),
            slots: vec![EMPTY; N_SLOTS],
            longest: 0,
        };
        let mut start = 0_u32;
        for (rank, &len) in (0_u32..).zip(LENGTHS) {
            new.starts.push(start);
            new.longest = new.longest.max(usize::from(len));
            start += u32::from(len);
            let (mut slot, tag) = place(new.token(rank));
            while new.slots.get(slot).is_some_and(|&taken| taken != EMPTY) {
                slot = (slot + 1) % N_SLOTS;
            }
            if let Some(free) = new.slots.get_mut(slot) {
                *free = tag | rank;
            }
        }
        new
    }

    fn token(&self, rank: u32) -> &'static [u8] {
        let rank = rank as usize;
        let start = self.starts.get(rank).map_or(0, |&start| start as usize);
        let len = LENGTHS.get(rank).map_or(0, |&len| usize::from(len));
        BYTES.get(start..start + len).unwrap_or_default()
    }

    /// The rank of a token; `None` = these bytes are not a token.
    pub(crate) fn rank(&self, bytes: &[u8]) -> Option<u32> {
        if bytes.len() > self.longest {
            return None;
        }
        let (mut slot, tag) = place(bytes);
        loop {
            let &taken = self.slots.get(slot)?;
            if taken == EMPTY {
                return None;
            }
            let rank = taken & RANK_MASK;
            if taken & !RANK_MASK == tag && self.token(rank) == bytes {
                return Some(rank);
            }
            slot = (slot + 1) % N_SLOTS;
        }
    }
}

/// The first slot to look in, and the part of the hash that is kept there.
fn place(bytes: &[u8]) -> (usize, u32) {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = bytes.len() as u64;
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    }
    let last = rest
        .iter()
        .fold(0, |word, &byte| word << 8 | u64::from(byte));
    hash = (hash.rotate_left(5) ^ last).wrapping_mul(FACTOR);
    hash ^= hash >> 32;
    let [a, b, c, d, ..] = hash.to_le_bytes();
    let low = u32::from_le_bytes([a, b, c, d]);
    let slot = (hash >> 40) as usize ^ low as usize;
    (slot % N_SLOTS, low & !RANK_MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_its_rank_and_every_byte_is_a_token() {
        let vocabulary = vocabulary();
        assert_eq!(LENGTHS.len(), 199_998);
        for rank in 0..199_998 {
            assert_eq!(vocabulary.rank(vocabulary.token(rank)), Some(rank));
        }
        for byte in 0..=u8::MAX {
            assert!(vocabulary.rank(&[byte]).is_some());
        }
        assert_eq!(vocabulary.rank(b""), None);
        assert_eq!(vocabulary.rank(b"qqqqqqqqzz"), None);
    }
}
