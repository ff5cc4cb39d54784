use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, advance};
use trilemma_domain::{FailureKind, FaultSource, Retry, Timing, UsageSource};
use trilemma_wire::client::KeyKind;

use super::*;
use crate::clock::Clock;
use crate::secret::Secret;
use crate::testkit::*;

fn ms(ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(ms))
}

fn client(pipes: &Pipes) -> Client<Pipes> {
    client_with(pipes, |_| {})
}

fn client_with(pipes: &Pipes, change: impl FnOnce(&mut ClientConfig)) -> Client<Pipes> {
    let mut config = ClientConfig {
        clock: Clock::starting_at(1_000_000),
        ..ClientConfig::default()
    };
    change(&mut config);
    Client::with_connector(config, pipes.clone()).unwrap()
}

async fn plain(client: &Client<Pipes>) -> Attempted {
    client.attempt(&Call::first(&encoded(false), None)).await
}

async fn stream(client: &Client<Pipes>) -> Attempted {
    client.attempt(&Call::first(&encoded(true), None)).await
}

fn text(attempted: &Attempted) -> &str {
    let failure = &attempted.attempt.failure;
    &attempted
        .reply
        .as_ref()
        .unwrap_or_else(|| panic!("{failure:?}"))
        .response
        .text
}

fn failure(attempted: &Attempted) -> &Failure {
    assert!(attempted.reply.is_none());
    attempted.attempt.failure.as_ref().unwrap()
}

/// Serves one connection: reads the request, then follows `script`.
fn once<F, Fut>(script: F) -> Pipes
where
    F: Fn(Peer) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    Pipes::new(move |_, mut peer| {
        let script = script.clone();
        async move {
            peer.request().await;
            script(peer).await;
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_is_stamped_and_read() {
    let pipes = once(|mut peer| async move {
        pass_ms(40).await;
        let bytes = answer("hi");
        let (early, late) = bytes.split_at(bytes.len() - 20);
        peer.write(early).await;
        pass_ms(10).await;
        peer.write(late).await;
        pass_ms(1).await;
    })
    .with_delay(Duration::from_millis(7));
    let attempted = plain(&client(&pipes)).await;
    assert_eq!(text(&attempted), "hi");
    let attempt = &attempted.attempt;
    assert_eq!(
        (attempt.number, attempt.started_us, attempt.status),
        (1, 1_000_000, Some(200))
    );
    assert_eq!(attempt.request_id.as_deref(), Some("req-1"));
    assert_eq!(
        attempted.reply.as_ref().unwrap().request_id.as_deref(),
        Some("req-1")
    );
    let usage = attempt.usage.unwrap();
    assert_eq!(
        (usage.input_total(), usage.output, usage.source),
        (11, 7, UsageSource::Reported)
    );
    assert_eq!(
        attempt.timing,
        Timing {
            connect: ms(7),
            send: ms(0),
            first_byte: ms(40),
            end: ms(50),
            ..Timing::default()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_stamped_to_the_microsecond() {
    let pipes = once(|mut peer| async move {
        pass_ms(20).await;
        peer.write(STREAM_HEAD).await;
        pass_ms(5).await;
        peer.write(&chunk(&delta(r#"{"role":"assistant","content":""}"#)))
            .await;
        pass_ms(75).await;
        peer.write(&chunk(&delta(r#"{"reasoning_content":"hm"}"#)))
            .await;
        pass_ms(150).await;
        advance(Duration::from_micros(123)).await;
        peer.write(&chunk(&delta(r#"{"content":"a"}"#))).await;
        // Two deltas in two HTTP chunks, read at once.
        pass_ms(50).await;
        let two = [
            chunk(&delta(r#"{"content":"b"}"#)),
            chunk(&delta(r#"{"content":"c"}"#)),
        ];
        peer.write(&two.concat()).await;
        // `advance` moves the clock before others run.
        tokio::task::yield_now().await;
        advance(Duration::from_micros(17)).await;
        peer.write(&chunk(&delta(r#"{"content":"d"}"#))).await;
        pass_ms(9).await;
        peer.write(&chunk(&format!("{FINISH}{DONE}"))).await;
        pass_ms(1).await;
        peer.write(LAST_CHUNK).await;
        pass_ms(1).await;
    });
    let attempted = stream(&client(&pipes)).await;
    assert_eq!(text(&attempted), "abcd");
    let timing = &attempted.attempt.timing;
    assert_eq!((timing.first_byte, timing.first_token), (ms(20), ms(100)));
    let us = |duration: Option<Duration>| duration.unwrap().as_micros();
    assert_eq!(us(timing.first_visible), 250_123);
    // The runtime's timers count whole milliseconds and round up.
    let start_of_two = 301_123;
    assert_eq!(us(timing.last_visible), start_of_two + 17);
    let two = u32::try_from(start_of_two).unwrap();
    assert_eq!(timing.chunk_us, [250_123, two, two, two + 17]);
    assert_eq!(timing.gaps_us().collect::<Vec<_>>(), [51_000, 0, 17]);
    assert_eq!(us(timing.end), start_of_two + 17 + 10_000 + 2_000);
    assert_eq!(attempted.attempt.usage.unwrap().output, 7);
}

#[tokio::test(start_paused = true)]
async fn an_event_split_over_reads_counts_when_it_is_whole() {
    let pipes = once(|mut peer| async move {
        peer.write(STREAM_HEAD).await;
        let bytes = chunk(&delta(r#"{"content":"ä"}"#));
        for (idx, byte) in bytes.iter().enumerate() {
            if idx % 16 == 0 {
                pass_ms(1).await;
            }
            peer.write(&[*byte]).await;
        }
        peer.write(&chunk(&format!("{FINISH}{DONE}"))).await;
        peer.write(LAST_CHUNK).await;
        pass_ms(1).await;
    });
    let attempted = stream(&client(&pipes)).await;
    assert_eq!(text(&attempted), "ä");
    let timing = &attempted.attempt.timing;
    assert_eq!(timing.chunk_us.len(), 1);
    assert!(timing.first_visible >= ms(5), "{timing:?}");
}

/// How a scripted connection fails, and what must be recorded of it.
struct Case {
    name: &'static str,
    /// Milliseconds to wait, then bytes to write.
    pieces: &'static [(u64, &'static str)],
    is_stream: bool,
    expected: (FailureKind, FaultSource, Retry),
}

const fn case(
    name: &'static str,
    pieces: &'static [(u64, &'static str)],
    expected: (FailureKind, FaultSource, Retry),
) -> Case {
    Case {
        name,
        pieces,
        is_stream: false,
        expected,
    }
}

const fn stream_case(
    name: &'static str,
    pieces: &'static [(u64, &'static str)],
    expected: (FailureKind, FaultSource, Retry),
) -> Case {
    Case {
        name,
        pieces,
        is_stream: true,
        expected,
    }
}

const NOT_THERE: (FailureKind, FaultSource, Retry) =
    (FailureKind::NotFound, FaultSource::Caller, Retry::No);
const BAD_REQUEST: (FailureKind, FaultSource, Retry) =
    (FailureKind::BadRequest, FaultSource::Caller, Retry::No);
const CUT: (FailureKind, FaultSource, Retry) =
    (FailureKind::Cut, FaultSource::Network, Retry::Backoff);
const MALFORMED: (FailureKind, FaultSource, Retry) =
    (FailureKind::Malformed, FaultSource::Vendor, Retry::Backoff);
const STALLED: (FailureKind, FaultSource, Retry) =
    (FailureKind::Stalled, FaultSource::Vendor, Retry::Backoff);

#[rustfmt::skip]
const REFUSALS: &[Case] = &[
    case("429", &[(0, "HTTP/1.1 429 X\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n")],
        (FailureKind::RateLimited, FaultSource::Vendor, Retry::After(Duration::from_secs(3)))),
    case("529", &[(0, "HTTP/1.1 529 X\r\ncontent-length: 0\r\n\r\n")],
        (FailureKind::Overloaded, FaultSource::Vendor, Retry::Backoff)),
    case("500", &[(0, "HTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\nno")],
        (FailureKind::ServerError, FaultSource::Vendor, Retry::Backoff)),
    case("401", &[(0, "HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n")],
        (FailureKind::Auth, FaultSource::Caller, Retry::No)),
    case("404", &[(0, "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n")],
        (FailureKind::NotFound, FaultSource::Caller, Retry::No)),
    case("400", &[(0, "HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n")], BAD_REQUEST),
    case("400 stalled", &[(0, "HTTP/1.1 400 X\r\ncontent-length: 9\r\n\r\nab"), (90_000, "")], BAD_REQUEST),
    case("redirect", &[(0, "HTTP/1.1 302 X\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n")], NOT_THERE),
    case("odd status", &[(0, "HTTP/1.1 799 X\r\ncontent-length: 0\r\n\r\n")], MALFORMED),
];

#[rustfmt::skip]
const BREAKS: &[Case] = &[
    case("closed before the head", &[], CUT),
    case("cut in the head", &[(1, "HTTP/1.1 200 O")], CUT),
    case("cut in a whole body", &[(1, "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\"")], CUT),
    case("cut in a chunked body", &[(1, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab")], CUT),
    stream_case("cut in a stream", &[(1, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"), (1, "6\r\ndata: \r\n")], CUT),
    case("bad chunk size", &[(1, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab")], MALFORMED),
    case("no HTTP", &[(1, "220 mail.example ESMTP\r\n\r\n")], MALFORMED),
    case("bad JSON", &[(1, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\": 1")], MALFORMED),
    case("no body", &[(1, "HTTP/1.1 204 X\r\n\r\n")], MALFORMED),
    case("silence before the head", &[(61_000, "HTTP/1.1 200 OK\r\n\r\n")], STALLED),
    case("silence within the body", &[(59_000, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"), (61_000, "}")], STALLED),
    stream_case("a stream without its end", &[(0, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 46\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")],
        (FailureKind::Truncated, FaultSource::Vendor, Retry::Backoff)),
];

#[tokio::test(start_paused = true)]
async fn every_way_to_fail_is_told_apart() {
    for case in REFUSALS.iter().chain(BREAKS) {
        let pieces = case.pieces;
        let pipes = once(move |mut peer| async move {
            for (wait, bytes) in pieces {
                pass_ms(*wait).await;
                peer.write(bytes.as_bytes()).await;
            }
        });
        let client = client(&pipes);
        let attempted = if case.is_stream {
            stream(&client).await
        } else {
            plain(&client).await
        };
        let (name, found) = (case.name, failure(&attempted));
        let outcome = (found.kind, found.source, found.retry);
        assert_eq!(outcome, case.expected, "{name}: {found:?}");
        assert_eq!(attempted.attempt.status, found.status, "{name}");
        assert!(attempted.attempt.cost.is_none(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_measured_from_the_last_byte() {
    let pipes = once(|mut peer| async move {
        pass_ms(59_000).await;
        peer.write(STREAM_HEAD).await;
        for _ in 0..3 {
            pass_ms(59_000).await;
            peer.write(&chunk(": still here\n\n")).await;
        }
        pass_ms(70_000).await;
    });
    let client = client(&pipes);
    let start = Instant::now();
    let attempted = stream(&client).await;
    assert_eq!(failure(&attempted).kind, FailureKind::Stalled);
    assert_eq!(start.elapsed(), Duration::from_secs(4 * 59 + 60));
    assert_eq!(attempted.attempt.timing.end, None);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_even_a_lively_call() {
    let pipes = once(|mut peer| async move {
        peer.write(STREAM_HEAD).await;
        loop {
            pass_ms(1000).await;
            peer.write(&chunk(&delta(r#"{"content":"a"}"#))).await;
        }
    });
    let client = client_with(&pipes, |config| {
        config.call_deadline = Duration::from_millis(5500)
    });
    let start = Instant::now();
    let attempted = stream(&client).await;
    assert_eq!(failure(&attempted).kind, FailureKind::Deadline);
    assert_eq!(start.elapsed(), Duration::from_millis(5500));
    assert_eq!(attempted.attempt.timing.chunk_us.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn connecting_has_its_own_limit() {
    let pipes = once(|_| async {}).with_delay(Duration::from_secs(30));
    let start = Instant::now();
    let attempted = plain(&client(&pipes)).await;
    let found = failure(&attempted);
    assert_eq!(
        (found.kind, found.retry),
        (FailureKind::Connect, Retry::Backoff)
    );
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!(attempted.attempt.timing.send, None);
}

#[tokio::test(start_paused = true)]
async fn answers_beyond_the_limit_are_not_read() {
    for (head, is_stream) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n",
            true,
        ),
    ] {
        let pipes = once(move |mut peer| async move {
            peer.write(head.as_bytes()).await;
            peer.write(&[b' '; 5000]).await;
            pass_ms(1).await;
        });
        let client = client_with(&pipes, |config| config.max_body_bytes = 4000);
        let attempted = if is_stream {
            stream(&client).await
        } else {
            plain(&client).await
        };
        let found = failure(&attempted);
        assert_eq!(
            (found.kind, found.retry),
            (FailureKind::TooLarge, Retry::No),
            "{head}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_in_many_pieces_is_joined() {
    let long = "x".repeat(3_000_000);
    let bytes = answer(&long);
    let pipes = once(move |mut peer| {
        let bytes = bytes.clone();
        async move {
            for piece in bytes.chunks(10_007) {
                peer.write(piece).await;
            }
            pass_ms(1).await;
        }
    });
    let attempted = plain(&client(&pipes)).await;
    assert_eq!(text(&attempted), long);
}

#[tokio::test(start_paused = true)]
async fn connections_are_reused_as_long_as_both_sides_keep_them() {
    let serve = |_, mut peer: Peer| async move {
        for headers in ["", "keep-alive: timeout=5\r\n", "connection: close\r\n"] {
            if peer.request().await.is_none() {
                return;
            }
            peer.write(&http(200, headers, &answer_json("hi"))).await;
        }
    };
    let pipes = Pipes::new(serve).with_delay(Duration::from_millis(3));
    let client = client(&pipes);
    let first = plain(&client).await;
    assert_eq!((first.attempt.timing.connect, pipes.n_opened()), (ms(3), 1));
    // Plain servers are not trusted to keep it for long without a word.
    pass_ms(3_900).await;
    let second = plain(&client).await;
    assert_eq!((second.attempt.timing.connect, pipes.n_opened()), (None, 1));
    // The server said five seconds.
    pass_ms(4500).await;
    let third = plain(&client).await;
    assert_eq!((third.attempt.timing.connect, pipes.n_opened()), (ms(3), 2));
    let _ = plain(&client).await;
    let _ = plain(&client).await;
    let after_close = plain(&client).await;
    assert_eq!((text(&after_close), pipes.n_opened()), ("hi", 3));
    assert_eq!(after_close.attempt.timing.first_byte, ms(0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_closed_while_idle_is_replaced_without_a_trace() {
    let pipes = Pipes::new(|n, mut peer| async move {
        peer.request().await;
        peer.write(&answer("hi")).await;
        if n > 0 {
            pass_ms(100_000).await;
        }
    });
    let client = client(&pipes);
    plain(&client).await;
    let second = plain(&client).await;
    assert_eq!((text(&second), second.attempt.number), ("hi", 1));
    assert_eq!(pipes.n_opened(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reused_connection_that_breaks_after_the_request_is_a_cut() {
    // The server may have worked on it all the while.
    let pipes = Pipes::new(|_, mut peer| async move {
        peer.request().await;
        peer.write(&answer("hi")).await;
        peer.request().await;
    });
    let client = client(&pipes);
    plain(&client).await;
    let second = plain(&client).await;
    assert_eq!(failure(&second).kind, FailureKind::Cut);
    assert_eq!((second.attempt.timing.connect, pipes.n_opened()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_closes_its_connection() {
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(std::sync::Mutex::new(Some(tell)));
    let pipes = once(move |mut peer| {
        let tell = tell.lock().unwrap().take();
        async move {
            peer.write(STREAM_HEAD).await;
            let is_closed = peer.is_closed().await;
            tell.unwrap().send(is_closed).unwrap();
        }
    });
    let client = client(&pipes);
    let limit = Duration::from_millis(100);
    assert!(tokio::time::timeout(limit, stream(&client)).await.is_err());
    assert!(told.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_its_terminal_event_is_whole_however_the_body_ends() {
    // The server leaves the body open for long, or breaks it off.
    for wait_ms in [100_000, 0] {
        let pipes = once(move |mut peer| async move {
            peer.write(STREAM_HEAD).await;
            peer.write(&chunk(&format!(
                "{}{FINISH}{DONE}",
                delta(r#"{"content":"a"}"#)
            )))
            .await;
            pass_ms(wait_ms).await;
        });
        let client = client(&pipes);
        let start = Instant::now();
        let attempted = stream(&client).await;
        assert_eq!(text(&attempted), "a");
        assert_eq!(attempted.attempt.timing.end, ms(0));
        assert!(start.elapsed() <= Duration::from_secs(2));
        let _ = stream(&client).await;
        assert_eq!(pipes.n_opened(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_inside_a_stream_is_a_failure_with_its_usage() {
    let pipes = once(|mut peer| async move {
        peer.write(STREAM_HEAD).await;
        let first = format!("{}{FINISH}", delta(r#"{"content":"a"}"#));
        peer.write(&chunk(&first)).await;
        peer.write(&chunk(
            "data: {\"error\":{\"message\":\"engine died\",\"type\":\"server_error\"}}\n\n",
        ))
        .await;
        pass_ms(100_000).await;
    });
    let client = client(&pipes);
    let start = Instant::now();
    let attempted = stream(&client).await;
    let found = failure(&attempted);
    assert_eq!(
        (found.kind, found.status),
        (FailureKind::InStream, Some(200))
    );
    assert!(found.message.contains("engine died"), "{found:?}");
    assert_eq!(attempted.attempt.usage.unwrap().output, 7);
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

/// Tokens that are reported before the reason to stop are a beginning, as Anthropic's streams have one.
#[tokio::test(start_paused = true)]
async fn what_a_broken_stream_reported_so_far_is_no_count() {
    let pipes = once(|mut peer| async move {
        peer.write(STREAM_HEAD).await;
        let begun = concat!(
            r#"data: {"choices":[{"index":0,"delta":{"content":"a"}}],"#,
            r#""usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
            "\n\n"
        );
        peer.write(&chunk(begun)).await;
        pass_ms(1).await;
    });
    let attempted = stream(&client(&pipes)).await;
    assert!(attempted.reply.is_none());
    let usage = attempted.attempt.usage.unwrap();
    assert_eq!((usage.input_total(), usage.output), (9, 1));
    assert_eq!(usage.source, UsageSource::Estimated);
}

#[tokio::test(start_paused = true)]
async fn estimated_usage_is_marked() {
    let pipes = once(|mut peer| async move {
        peer.write(&http(
            200,
            "x-trilemma-usage: estimated\r\n",
            &answer_json("hi"),
        ))
        .await;
        pass_ms(1).await;
    });
    let attempted = plain(&client(&pipes)).await;
    assert_eq!(
        attempted.attempt.usage.unwrap().source,
        UsageSource::Estimated
    );
    let reply = attempted.reply.unwrap();
    assert_eq!(reply.response.usage.unwrap().source, UsageSource::Estimated);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_stream_is_understood() {
    let pipes = once(|mut peer| async move {
        peer.write(&answer("hi")).await;
        pass_ms(1).await;
    });
    let attempted = stream(&client(&pipes)).await;
    assert_eq!(text(&attempted), "hi");
    assert_eq!(attempted.attempt.timing.first_visible, None);
}

#[tokio::test(start_paused = true)]
async fn raw_bodies_are_kept_where_asked_and_hold_no_key() {
    let secret = Secret::new("sk-123456", KeyKind::ApiKey, "http://llm.example").unwrap();
    let pipes = Pipes::new(|n, mut peer| async move {
        let request = peer.request().await.unwrap();
        assert!(
            request.contains("\r\nauthorization: Bearer sk-123456\r\n"),
            "{request}"
        );
        let bytes = match n {
            0 => http(
                401,
                "connection: close\r\n",
                r#"{"error":{"message":"wrong: sk-123456"}}"#,
            ),
            _ => http(200, "", &answer_json("hi")),
        };
        peer.write(&bytes).await;
        pass_ms(1).await;
    });
    let client = client_with(&pipes, |config| config.keep_raw = true);
    let request = encoded(false);
    let call = Call::first(&request, Some(&secret));
    let refused = client.attempt(&call).await;
    let raw = String::from_utf8(refused.attempt.raw_body.clone().unwrap()).unwrap();
    assert_eq!(raw, r#"{"error":{"message":"wrong: ***"}}"#);
    assert!(
        failure(&refused).message.contains("wrong: ***"),
        "{refused:?}"
    );
    let answered = client.attempt(&call).await;
    assert_eq!(
        answered.attempt.raw_body.unwrap(),
        answer_json("hi").into_bytes()
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_origin_is_not_sent() {
    let pipes = once(|_| async {});
    let client = client(&pipes);
    let secret = Secret::new("sk-123456", KeyKind::ApiKey, "http://other.example").unwrap();
    let attempted = client
        .attempt(&Call::first(&encoded(false), Some(&secret)))
        .await;
    let found = failure(&attempted);
    assert_eq!(
        (found.kind, found.retry),
        (FailureKind::Unsendable, Retry::No)
    );
    assert_eq!(pipes.n_opened(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_request_is_what_the_dialect_says() {
    let pipes = Pipes::new(|_, mut peer| async move {
        let request = peer.request().await.unwrap();
        assert!(
            request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
            "{request}"
        );
        for line in [
            "host: llm.example",
            "content-type: application/json",
            "user-agent: trilemma/",
        ] {
            assert!(
                request.contains(&format!("\r\n{line}")),
                "{line} in {request}"
            );
        }
        assert!(request.contains("\"model\":\"m\""), "{request}");
        peer.write(&answer("hi")).await;
        pass_ms(1).await;
    });
    assert_eq!(text(&plain(&client(&pipes)).await), "hi");
    assert_eq!(pipes.n_opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_calls_at_once_share_nothing_but_the_pool() {
    let (pipes, n_requests) = Pipes::answering(|n| async move {
        pass_ms(10 + u64::try_from(n % 7).unwrap()).await;
        answer(&format!("answer {n}"))
    });
    let client = client(&pipes);
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let first = plain(&client).await;
                let second = plain(&client).await;
                [text(&first).to_owned(), text(&second).to_owned()]
            })
        })
        .collect();
    let mut texts = std::collections::BTreeSet::new();
    for call in calls {
        texts.extend(call.await.unwrap());
    }
    assert_eq!((texts.len(), n_requests.load(Ordering::SeqCst)), (80, 80));
    assert_eq!(pipes.n_opened(), 40);
}

#[tokio::test(start_paused = true)]
async fn stamps_below_tls_are_as_exact() {
    let (acceptor, ca_pem) = tls("llm.example");
    let pipes = Pipes::new(move |_, peer| {
        let acceptor = acceptor.clone();
        async move {
            let mut peer = peer.secured(&acceptor).await;
            for _ in 0..2 {
                peer.request().await;
                pass_ms(20).await;
                peer.write(STREAM_HEAD).await;
                pass_ms(100).await;
                peer.write(&chunk(&delta(r#"{"content":"a"}"#))).await;
                pass_ms(30).await;
                peer.write(&chunk(&delta(r#"{"content":"b"}"#))).await;
                pass_ms(7).await;
                peer.write(&chunk(&format!("{FINISH}{DONE}"))).await;
                peer.write(LAST_CHUNK).await;
            }
            pass_ms(1).await;
        }
    });
    let client = client_with(&pipes, |config| {
        config.extra_ca_pem = Some(ca_pem.into_bytes())
    });
    let mut target = target();
    target.base_url = "https://llm.example/v1".to_owned();
    let request = encoded_for(&target, "hello", true);
    for connect in [ms(0), None] {
        let attempted = client.attempt(&Call::first(&request, None)).await;
        assert_eq!(text(&attempted), "ab");
        assert_eq!(
            attempted.attempt.timing,
            Timing {
                connect,
                send: ms(0),
                first_byte: ms(20),
                first_token: ms(120),
                first_visible: ms(120),
                last_visible: ms(150),
                end: ms(157),
                chunk_us: vec![120_000, 150_000],
                ..Timing::default()
            }
        );
    }
    assert_eq!(pipes.n_opened(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_before_the_request_is_out_is_understood() {
    // The peer reads nothing of a request larger than the pipe, refuses it and goes.
    let pipes = Pipes::new(|_, mut peer| async move {
        peer.write(&http(
            413,
            "connection: close\r\n",
            r#"{"error":{"message":"too long"}}"#,
        ))
        .await;
    });
    let request = encoded_for(&target(), &"x".repeat(4 << 20), false);
    let attempted = client(&pipes).attempt(&Call::first(&request, None)).await;
    let found = failure(&attempted);
    assert_eq!(
        (found.kind, found.status),
        (FailureKind::BadRequest, Some(413)),
        "{found:?}"
    );
}
