//! Where random numbers come from: pinned generators, never the system.
//!
//! In: a seed. Out: the same stream on every machine and in every version. ChaCha8 is the product's
//! generator; SplitMix64 exists because it is ten lines in any language, so that other programs can
//! reproduce our resamples exactly.
//! Source: D. J. Bernstein, ChaCha (2008), as in `rand_chacha`; G. L. Steele, D. Lea, C. H. Flood,
//! "Fast splittable pseudorandom number generators" (OOPSLA 2014).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// How to resample; part of what makes a result reproducible, so it belongs in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resampling {
    /// Seed of the generator.
    pub seed: u64,
    /// Number of resamples; interval ends need 1,000 and more. Used within 1 to 1,000,000.
    pub resamples: usize,
    /// Which generator.
    pub generator: Generator,
}

/// The pinned generators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generator {
    /// ChaCha with 8 rounds; the index of n is `next_u64 · n / 2^64`.
    #[serde(rename = "chacha8")]
    ChaCha8,
    /// SplitMix64; the index of n is `next_u64 mod n`.
    #[serde(rename = "splitmix64")]
    SplitMix64,
}

impl Resampling {
    /// Number of resamples that [`Resampling::new`] sets: enough for the ends of a 95 % interval.
    pub const DEFAULT_RESAMPLES: usize = 2000;

    /// Returns 2,000 resamples by ChaCha8 from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            resamples: Self::DEFAULT_RESAMPLES,
            generator: Generator::ChaCha8,
        }
    }

    /// Returns the same with another number of resamples.
    #[must_use]
    pub fn with_resamples(self, resamples: usize) -> Self {
        Self { resamples, ..self }
    }

    /// Number of resamples, within bounds that memory holds.
    pub(crate) fn count(&self) -> usize {
        self.resamples.clamp(1, 1_000_000)
    }

    pub(crate) fn stream(&self) -> Stream {
        match self.generator {
            Generator::ChaCha8 => Stream::ChaCha8(Box::new(ChaChaStream::new(self.seed))),
            Generator::SplitMix64 => Stream::SplitMix64(SplitMix64::new(self.seed)),
        }
    }
}

/// A stream of uniform random numbers.
pub trait IndexStream {
    /// Returns the next 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// Returns a uniform index below `n`; 0 when `n` is 0.
    fn next_index(&mut self, n: usize) -> usize;
}

/// The product's generator, ChaCha with 8 rounds.
#[derive(Debug, Clone)]
pub struct ChaChaStream(ChaCha8Rng);

impl ChaChaStream {
    /// Starts the stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl IndexStream for ChaChaStream {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn next_index(&mut self, n: usize) -> usize {
        // The bias of this scaling is below n / 2^64.
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}

/// The generator of the reference vectors.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Starts the stream with `state = seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }
}

impl IndexStream for SplitMix64 {
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn next_index(&mut self, n: usize) -> usize {
        self.next_u64().checked_rem(n as u64).unwrap_or(0) as usize
    }
}

/// Either generator, chosen at run time.
#[derive(Debug, Clone)]
pub(crate) enum Stream {
    ChaCha8(Box<ChaChaStream>),
    SplitMix64(SplitMix64),
}

impl IndexStream for Stream {
    fn next_u64(&mut self) -> u64 {
        match self {
            Self::ChaCha8(stream) => stream.next_u64(),
            Self::SplitMix64(stream) => stream.next_u64(),
        }
    }

    fn next_index(&mut self, n: usize) -> usize {
        match self {
            Self::ChaCha8(stream) => stream.next_index(n),
            Self::SplitMix64(stream) => stream.next_index(n),
        }
    }
}
