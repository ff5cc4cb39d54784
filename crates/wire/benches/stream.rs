//! Time per chunk of a streamed answer, by dialect.
//!
//! Run with `cargo bench -p trilemma-wire`. A stream of 150 chunks is decoded as 15 network reads of
//! ten chunks; printed is the quickest of 100 rounds in nanoseconds a chunk. The goal for the dialect
//! of OpenAI is 600 ns: 0.1 ms of CPU for a streamed answer.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use trilemma_domain::Dialect;
use trilemma_wire::client::StreamDecoder;

const N_CHUNKS: usize = 150;
const N_PER_READ: usize = 10;
const N_PER_ROUND: u32 = 200;

/// Chunks as the vendors send them; `WORD` is the text.
const OPENAI: &str = r#"data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4o-2024-08-06","system_fingerprint":"fp_44added55e","choices":[{"index":0,"delta":{"content":"WORD"},"logprobs":null,"finish_reason":null}],"usage":null}"#;
const PADDED: &str = r#"data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_44added55e","choices":[{"index":0,"delta":{"content":"WORD"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"NOISE"}"#;
const ANTHROPIC: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"WORD\"}}";
const GEMINI: &str = r#"data: {"candidates":[{"content":{"parts":[{"text":"WORD"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8},"modelVersion":"gemini-2.0-flash","responseId":"Ww4"}"#;

fn reads(chunk: &str) -> Vec<Vec<u8>> {
    let words = [
        " the",
        " farm",
        " earns",
        " 42",
        ",",
        " \\\"so\\\"",
        " it",
        ".",
    ];
    let texts: Vec<String> = words
        .iter()
        .cycle()
        .take(N_CHUNKS)
        .enumerate()
        .map(|(idx, word)| {
            let noise = "aB3dE5gH7jK9".get(..idx % 12).unwrap_or_default();
            chunk.replace("WORD", word).replace("NOISE", noise) + "\n\n"
        })
        .collect();
    texts
        .chunks(N_PER_READ)
        .map(|some| some.concat().into_bytes())
        .collect()
}

fn quickest_ns(dialect: Dialect, reads: &[Vec<u8>]) -> f64 {
    (0..100)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..N_PER_ROUND {
                let mut decoder = StreamDecoder::new(dialect);
                for read in reads {
                    black_box(decoder.push(black_box(read)));
                }
                black_box(decoder.finish());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(N_PER_ROUND) / N_CHUNKS as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    for (name, dialect, chunk) in [
        ("openai", Dialect::OpenAi, OPENAI),
        ("openai, padded", Dialect::OpenAi, PADDED),
        ("anthropic", Dialect::Anthropic, ANTHROPIC),
        ("gemini", Dialect::Gemini, GEMINI),
    ] {
        println!(
            "{name:>16}: {:.0} ns a chunk",
            quickest_ns(dialect, &reads(chunk))
        );
    }
}
