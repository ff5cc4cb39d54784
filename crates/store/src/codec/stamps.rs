//! Chunk stamps in few bits: a stream of 300 tokens has 300 of them.
//!
//! Gaps between successive stamps, less the smallest gap, in Rice coding (R. F. Rice, "Some
//! practical universal noiseless coding techniques", JPL 79-22, 1979): quotient in unary, then k
//! low bits, with the k that makes the whole shortest. Gaps of a steady stream thus cost about
//! log2(spread) + 1.5 bits, where a byte-wise varint costs 24. A quotient of 24 and more is written
//! as 24 ones and the plain 32 bits, so that one stall costs 7 bytes, not kilobytes.

use crate::codec::{Reader, put_u64};

const ESCAPE: u32 = 24;

/// Writes the stamps; any sequence is allowed, rising ones are short.
pub(crate) fn put_stamps(out: &mut Vec<u8>, stamps: &[u32]) {
    put_u64(out, stamps.len() as u64);
    let Some((first, _)) = stamps.split_first() else {
        return;
    };
    put_u64(out, u64::from(*first));
    let gaps: Vec<u32> = stamps
        .iter()
        .zip(stamps.iter().skip(1))
        .map(|(earlier, later)| later.wrapping_sub(*earlier))
        .collect();
    let Some(least) = gaps.iter().min().copied() else {
        return;
    };
    put_u64(out, u64::from(least));
    let k = best_k(&gaps, least);
    out.push(k.to_le_bytes()[0]);
    let mut bits = BitWriter {
        out,
        held: 0,
        n_held: 0,
    };
    for gap in gaps {
        bits.put_rice(gap - least, k);
    }
    bits.finish();
}

/// Reads the stamps back; `None` = damaged.
pub(crate) fn read_stamps(from: &mut Reader<'_>) -> Option<Vec<u32>> {
    let n_stamps = usize::try_from(from.u64()?).ok()?;
    if n_stamps == 0 {
        return Some(Vec::new());
    }
    let mut stamp = from.u32()?;
    // A damaged count must not ask for memory that the bytes cannot back.
    let mut stamps = Vec::with_capacity(n_stamps.min(1 << 16));
    stamps.push(stamp);
    if n_stamps == 1 {
        return Some(stamps);
    }
    let least = from.u32()?;
    let k = u32::from(from.byte()?);
    if k >= 32 {
        return None;
    }
    let mut bits = BitReader {
        from,
        held: 0,
        n_held: 0,
    };
    for _ in 1..n_stamps {
        let gap = least.checked_add(bits.rice(k)?)?;
        stamp = stamp.wrapping_add(gap);
        stamps.push(stamp);
    }
    Some(stamps)
}

/// The parameter with the shortest whole.
fn best_k(gaps: &[u32], least: u32) -> u32 {
    let n_bits = |k: u32| -> u64 {
        gaps.iter()
            .map(|gap| {
                let quotient = (gap - least) >> k;
                u64::from(if quotient < ESCAPE {
                    quotient + 1 + k
                } else {
                    ESCAPE + 32
                })
            })
            .sum()
    };
    // The optimum lies near the usual length, which one stall must not shift: the median, not
    // the mean.
    let mut n_of_length = [0_usize; 33];
    for gap in gaps {
        let length = 32 - (gap - least).leading_zeros();
        if let Some(count) = n_of_length.get_mut(length as usize) {
            *count += 1;
        }
    }
    let mut n_below = 0;
    let median = n_of_length
        .iter()
        .zip(0_u32..)
        .find(|(count, _)| {
            n_below += **count;
            2 * n_below >= gaps.len()
        })
        .map_or(0, |(_, length)| length);
    (median.saturating_sub(3)..=(median + 2).min(31))
        .min_by_key(|k| n_bits(*k))
        .unwrap_or(0)
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    n_held: u32,
}

impl BitWriter<'_> {
    /// Appends up to 32 bits, lowest first.
    fn put(&mut self, value: u32, n_bits: u32) {
        self.held |= u64::from(value) << self.n_held;
        self.n_held += n_bits;
        while self.n_held >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.n_held -= 8;
        }
    }

    fn put_rice(&mut self, value: u32, k: u32) {
        let quotient = value >> k;
        if quotient < ESCAPE {
            self.put((1 << quotient) - 1, quotient + 1);
            self.put(value & ((1 << k) - 1), k);
        } else {
            self.put((1 << ESCAPE) - 1, ESCAPE);
            self.put(value, 32);
        }
    }

    fn finish(self) {
        if self.n_held > 0 {
            self.out.push(self.held.to_le_bytes()[0]);
        }
    }
}

struct BitReader<'r, 'a> {
    from: &'r mut Reader<'a>,
    held: u64,
    n_held: u32,
}

impl BitReader<'_, '_> {
    fn take(&mut self, n_bits: u32) -> Option<u32> {
        while self.n_held < n_bits {
            self.held |= u64::from(self.from.byte()?) << self.n_held;
            self.n_held += 8;
        }
        let value = self.held & ((1_u64 << n_bits) - 1);
        self.held >>= n_bits;
        self.n_held -= n_bits;
        u32::try_from(value).ok()
    }

    fn rice(&mut self, k: u32) -> Option<u32> {
        let mut quotient = 0;
        while self.take(1)? == 1 {
            quotient += 1;
            if quotient == ESCAPE {
                return self.take(32);
            }
        }
        Some((quotient << k) | self.take(k)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(stamps: &[u32]) -> usize {
        let mut out = Vec::new();
        put_stamps(&mut out, stamps);
        let mut reader = Reader::new(&out);
        assert_eq!(read_stamps(&mut reader).as_deref(), Some(stamps));
        assert!(reader.is_empty());
        out.len()
    }

    proptest! {
        #[test]
        fn any_sequence_comes_back(stamps: Vec<u32>) {
            round_trip(&stamps);
        }

        #[test]
        fn rising_sequences_come_back(gaps in prop::collection::vec(0_u32..50_000, 0..400)) {
            let mut stamp = 0_u32;
            let stamps: Vec<u32> = gaps.iter().map(|gap| { stamp += gap; stamp }).collect();
            round_trip(&stamps);
        }

        #[test]
        fn noise_never_panics(noise: Vec<u8>) {
            let _ = read_stamps(&mut Reader::new(&noise));
        }
    }

    #[test]
    fn a_steady_stream_is_short_and_a_stall_is_cheap() {
        let steady: Vec<u32> = (0..300)
            .map(|idx| 100_000 + idx * 20_000 + (idx * 7919) % 4096)
            .collect();
        assert!(round_trip(&steady) < 300 * 14 / 8);
        let mut stalled = steady;
        for stamp in stalled.iter_mut().skip(150) {
            *stamp += 10_000_000;
        }
        assert!(round_trip(&stalled) < 300 * 14 / 8 + 10);
    }
}
