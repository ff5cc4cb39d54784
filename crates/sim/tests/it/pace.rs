//! Delays are kept to the millisecond, and chunks are written one by one.

use std::time::Duration;

use serde_json::json;
use trilemma_sim::{ChunkKind, Ended};

use crate::client::{connect, logged, openai, sim};

const SCENARIO: &str = r#"
[defaults]
first_token_ms = 200
gap_ms = 20
answers = { type = "tokens", count = 5 }
"#;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[tokio::test(start_paused = true)]
async fn streams_keep_first_token_and_gaps_in_every_dialect() {
    let sim = sim(SCENARIO);
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]});
    let anthropic = json!({"model": "m", "max_tokens": 9, "stream": true,
        "messages": [{"role": "user", "content": "x"}]});
    // The start events come with the head, the end together with the last chunk's instant.
    let with_start: &[u128] = &[0, 200, 220, 240, 260, 280, 280];
    for (path, body, wanted) in [
        ("/v1/chat/completions", openai("m", "x", true), with_start),
        (
            "/openai/deployments/m/chat/completions",
            openai("m", "x", true),
            with_start,
        ),
        ("/v1/messages", anthropic, with_start),
        (
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            gemini,
            &with_start[1..],
        ),
    ] {
        let seen = connect(&sim).await.post(path, &body).await.unwrap();
        assert_eq!((seen.status, seen.broken), (200, false));
        assert_eq!(seen.head_after, Duration::ZERO, "{path}");
        assert_eq!(seen.at_ms(), wanted, "{path}");
    }
    for record in logged(&sim, 4).await {
        let text: Vec<_> = record.text_stamps().map(|at| at - record.arrived).collect();
        assert_eq!(
            text,
            [200, 220, 240, 260, 280].map(ms),
            "{:?}",
            record.dialect
        );
        assert_eq!(record.first_text_after(), Some(ms(200)));
        assert_eq!(record.head, Some(record.arrived));
        assert_eq!(record.ended, Ended::Complete);
        assert_eq!(
            record.chunks.last().map(|chunk| chunk.kind),
            Some(ChunkKind::End)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whole_answers_wait_for_all_their_tokens() {
    let sim = sim(SCENARIO);
    let mut connection = connect(&sim).await;
    for _ in 0..3 {
        let seen = connection.ask("m", "x").await.unwrap();
        assert_eq!(seen.head_after, ms(280));
        assert_eq!(seen.at_ms(), [280]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_can_come_late_and_chunks_can_hold_several_tokens() {
    let sim = sim(r#"
        [models.m]
        head_ms = 50
        first_token_ms = 100
        gap_ms = 10
        tokens_per_chunk = 4
        answers = { type = "tokens", count = 10 }
    "#);
    let seen = connect(&sim).await.ask_stream("m", "x").await.unwrap();
    assert_eq!(seen.head_after, ms(50));
    assert_eq!(seen.at_ms(), [50, 100, 110, 120, 120]);
}

#[tokio::test(start_paused = true)]
async fn reasoning_is_told_first_and_counts_as_the_first_token() {
    let sim = sim(r#"
        [models.m]
        first_token_ms = 100
        gap_ms = 10
        answers = { type = "script", rules = [{ answers = [
            { reasoning = "one two three", text = "four five" }] }] }
    "#);
    let seen = connect(&sim).await.ask_stream("m", "x").await.unwrap();
    assert_eq!(seen.at_ms(), [0, 100, 110, 120, 130, 140, 140]);
    let record = logged(&sim, 1).await.remove(0);
    assert_eq!(record.first_text_after(), Some(ms(130)));
}

#[tokio::test(start_paused = true)]
async fn chunks_without_a_gap_leave_in_one_write_and_are_stamped_each() {
    let sim = sim(r#"
        [models.m]
        first_token_ms = 100
        answers = { type = "tokens", count = 1000 }
        [models.long]
        answers = { type = "tokens", count = 100000 }
    "#);
    let seen = connect(&sim).await.ask_stream("m", "x").await.unwrap();
    // Start, text in writes of some 16 KiB, end.
    let n_writes = seen.at_ms().len();
    assert!((4..30).contains(&n_writes), "{n_writes}");
    let record = logged(&sim, 1).await.remove(0);
    assert_eq!(record.n_chunks, 1_002);
    assert_eq!(record.text_stamps().count(), 1_000);
    assert!(
        record
            .text_stamps()
            .all(|at| at - record.arrived == ms(100))
    );
    assert_eq!(record.ended, Ended::Complete);
    let seen = connect(&sim).await.ask_stream("long", "x").await.unwrap();
    assert!(!seen.broken);
    assert_eq!(logged(&sim, 2).await.remove(1).n_chunks, 100_002);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_does_not_shift_the_deadlines() {
    // The pipe holds a few bytes only: the server must wait for the reader with its first chunk,
    // and then be back on its deadlines.
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sim = sim(SCENARIO);
    let (mut near, far) = tokio::io::duplex(64);
    let server = sim.clone();
    tokio::spawn(async move { server.serve_connection(far).await });
    let body = openai("m", "x", true).to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: s\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    near.write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    tokio::time::sleep(ms(230)).await;
    let mut all = Vec::new();
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        near.read_buf(&mut all).await.unwrap();
    }
    let record = logged(&sim, 1).await.remove(0);
    let text: Vec<_> = record.text_stamps().map(|at| at - record.arrived).collect();
    assert_eq!(text, [230, 230, 240, 260, 280].map(ms));
}

#[tokio::test(start_paused = true)]
async fn drawn_delays_depend_on_seed_and_prompt_alone() {
    let scenario = |seed: u64| {
        format!(
            "seed = {seed}\n[defaults]\nfirst_token_ms = {{ median = 300, sigma = 0.5, max = 900 }}"
        )
    };
    let mut seen = Vec::new();
    for (seed, prompts) in [(1, ["p", "q"]), (1, ["q", "p"]), (2, ["p", "q"])] {
        let sim = sim(&scenario(seed));
        let mut connection = connect(&sim).await;
        let mut delays = Vec::new();
        for prompt in prompts {
            let delay = connection.ask("m", prompt).await.unwrap().head_after;
            assert!(delay < ms(901));
            delays.push((prompt, delay));
        }
        delays.sort_unstable();
        seen.push(delays);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
    assert_ne!(seen[0][0].1, seen[0][1].1);
}

#[tokio::test(start_paused = true)]
async fn many_streams_at_once_keep_their_deadlines() {
    let sim = sim(SCENARIO);
    let streams = (0..200).map(|_| {
        let sim = sim.clone();
        tokio::spawn(async move { connect(&sim).await.ask_stream("m", "x").await.unwrap() })
    });
    for stream in streams.collect::<Vec<_>>() {
        assert_eq!(
            stream.await.unwrap().at_ms(),
            [0, 200, 220, 240, 260, 280, 280]
        );
    }
}
