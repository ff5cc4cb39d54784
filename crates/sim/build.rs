//! Lays out the o200k vocabulary for `src/tokens/vocabulary.rs`.
//!
//! In: the vocabulary as `tiktoken-rs` carries it (OpenAI's `o200k_base.tiktoken`, MIT). Out: two
//! files, the length of each token in order of rank, and the bytes of all tokens end to end. That
//! takes 1.5 MB of the binary; the crate's own text form would take 3.6 MB, and its tables 30 MB
//! of memory at run time.

use std::path::Path;

/// Tokens of the vocabulary, special ones not counted.
const N_TOKENS: u32 = 199_998;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo says where to write in the environment"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let tokenizer = tiktoken_rs::o200k_base()?;
    let mut lengths = Vec::with_capacity(N_TOKENS as usize);
    let mut bytes = Vec::new();
    for rank in 0..N_TOKENS {
        let token = tokenizer.decode_bytes(&[rank])?;
        lengths.push(u8::try_from(token.len())?);
        bytes.extend(token);
    }
    fs_err::write(Path::new(&out).join("o200k_lengths.bin"), lengths)?;
    fs_err::write(Path::new(&out).join("o200k_bytes.bin"), bytes)?;
    Ok(())
}
