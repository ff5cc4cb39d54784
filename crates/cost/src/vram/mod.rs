//! Memory that open weights need on GPUs: weights, key-value cache, overhead, and what fits.
//!
//! In: an architecture, a number format, context and concurrency. Out: bytes and counts. Floats and
//! integers only: nothing here is money. Architectures that are not described completely are
//! refused, never guessed: a wrong guess is off by factors (hybrid attention 4×, latent 50×).

mod fit;
mod kv;
mod weights;

pub use fit::{Device, Fit, GIB, Load, MIN_OVERHEAD_GIB, fit};
pub use kv::{KvCache, KvGroup, LinearState};
pub use weights::{Scheme, Shape, Weights};
