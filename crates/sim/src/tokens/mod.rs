//! o200k tokens: how many a text has and where they end.
//!
//! In: text. Out: counts and lengths, equal to those of OpenAI's `tiktoken`; they are estimates for
//! every model but OpenAI's own of that tokenizer. Stretches without a place to split (one letter
//! repeated, base64 without digits) are cut every [`MAX_PIECE_BYTES`], where a count may come out
//! higher by one or two for each cut, so that hostile texts take no more than linear time.
//!
//! The vocabulary is laid out by `build.rs` and indexed at the first use, which takes some
//! milliseconds and 3 MB. Special tokens such as `<|endoftext|>` are counted as the text they are.
//! Method: byte-pair encoding as in `tiktoken` (github.com/openai/tiktoken, `src/lib.rs`, 0.12).

mod cache;
mod merge;
mod pieces;
mod split;
mod vocabulary;

pub(crate) use cache::TokenCache;
pub use pieces::count_tokens;
pub(crate) use pieces::{Pieces, pieces};
pub use split::MAX_PIECE_BYTES;
