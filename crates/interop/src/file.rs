//! What identifies a file: its size and the hash of its bytes.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use trilemma_domain::Fingerprint;

use crate::error::InteropError;

/// Hashes a file (SHA-256) without holding it; gives its size as well. `n_read` counts its bytes.
///
/// # Errors
/// [`InteropError::Io`].
pub fn file_fingerprint(
    path: &Path,
    n_read: &AtomicU64,
) -> Result<(Fingerprint, u64), InteropError> {
    let io = |error: std::io::Error| InteropError::io(path, &error);
    let mut file = fs_err::File::open(path).map_err(io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut n_bytes = 0_u64;
    loop {
        let n = file.read(&mut buffer).map_err(io)?;
        if n == 0 {
            return Ok((Fingerprint::from_bytes(hash.finalize().into()), n_bytes));
        }
        hash.update(buffer.get(..n).unwrap_or_default());
        n_bytes += n as u64;
        n_read.store(n_bytes, Ordering::Relaxed);
    }
}
