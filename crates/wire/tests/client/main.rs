//! The client side against transcripts: what vendors and their imitators really send.
//!
//! Transcripts are written by hand after the vendors' documentation and client packages; each
//! test names the fact that it holds fast.
#![cfg(test)]

mod encode_anthropic;
mod encode_gemini;
mod encode_openai;
mod errors;
mod heads;
mod responses;
mod stream_anthropic;
mod stream_faults;
mod stream_gemini;
mod stream_openai;
mod support;
