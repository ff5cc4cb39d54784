use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use trilemma_domain::{Attempt, Failure, FailureKind};
use trilemma_wire::client::KeyKind;

use super::*;
use crate::call::{Attempted, Call};
use crate::cancel::Cancel;
use crate::client::Client;
use crate::clock::Clock;
use crate::config::ClientConfig;
use crate::secret::Secret;
use crate::testkit::*;

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn client(pipes: &Pipes) -> Client<Pipes> {
    let config = ClientConfig {
        clock: Clock::starting_at(0),
        stall_timeout: secs(10),
        ..ClientConfig::default()
    };
    Client::with_connector(config, pipes.clone()).unwrap()
}

fn lane(change: impl FnOnce(&mut LaneConfig)) -> Arc<Lane> {
    let mut config = LaneConfig {
        seed: 7,
        ..LaneConfig::default()
    };
    change(&mut config);
    Arc::new(Lane::new(&config))
}

async fn one(lane: &Lane, client: &Client<Pipes>) -> CallOutcome {
    estimated(lane, client, 100).await
}

async fn estimated(lane: &Lane, client: &Client<Pipes>, estimated_tokens: u64) -> CallOutcome {
    let request = encoded(false);
    let cancel = Cancel::new();
    let call = LaneCall {
        request: &request,
        secret: None,
        estimated_tokens,
        cancel: &cancel,
    };
    lane.call(client, call, &mut |_| ControlFlow::Continue(()))
        .await
}

/// Sends `n` trials at once; gives their outcomes in order.
async fn many(lane: &Arc<Lane>, client: &Client<Pipes>, n: usize) -> Vec<CallOutcome> {
    let mut running = JoinSet::new();
    for idx in 0..n {
        let (lane, client) = (Arc::clone(lane), client.clone());
        running.spawn(async move { (idx, one(&lane, &client).await) });
    }
    let mut outcomes = running.join_all().await;
    outcomes.sort_by_key(|(idx, _)| *idx);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn n_answered(outcomes: &[CallOutcome]) -> usize {
    outcomes
        .iter()
        .filter(|outcome| outcome.result.is_ok())
        .count()
}

fn failure(outcome: &CallOutcome) -> &Failure {
    outcome.result.as_ref().err().unwrap()
}

fn refused(status: u16, headers: &str) -> Vec<u8> {
    http(status, headers, r#"{"error":{"message":"not now"}}"#)
}

fn after(seconds: u64) -> Vec<u8> {
    refused(429, &format!("retry-after: {seconds}\r\n"))
}

/// Answers by number after 20 ms.
fn scripted(
    script: impl Fn(usize) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> (Pipes, Arc<AtomicUsize>) {
    Pipes::answering(move |n| {
        let bytes = script(n);
        async move {
            pass_ms(20).await;
            bytes
        }
    })
}

#[tokio::test(start_paused = true)]
async fn the_usual_faults_lose_no_trial() {
    // Of 100 calls 5 get 429, 2 get 500, 1 is cut, 1 stalls, 1 is malformed, in scattered order.
    let (pipes, n_requests) = Pipes::answering(|n| async move {
        pass_ms(20).await;
        match (n * 37) % 100 {
            0..5 => after(1),
            5..7 => refused(500, ""),
            7 => Vec::new(),
            8 => {
                pass_ms(1_000_000).await;
                Vec::new()
            }
            9 => http(200, "", "{\"id\": \"c1\", \"choi"),
            _ => answer("hi"),
        }
    });
    let start = Instant::now();
    let lane = lane(|_| {});
    let outcomes = many(&lane, &client(&pipes), 1000).await;
    assert_eq!(n_answered(&outcomes), 1000);
    assert!(start.elapsed() < secs(30), "{:?}", start.elapsed());
    let n_attempts: usize = outcomes.iter().map(|outcome| outcome.attempts.len()).sum();
    assert_eq!(n_attempts, n_requests.load(Ordering::SeqCst));
    assert!((1100..1130).contains(&n_attempts), "{n_attempts}");
    assert!(lane.status().limit >= 10, "{:?}", lane.status());
}

#[tokio::test(start_paused = true)]
async fn random_faults_lose_no_trial_either() {
    for seed in 0..8 {
        let draws = Arc::new(Mutex::new(jitter::Jitter::new(seed)));
        let (pipes, _) = Pipes::answering(move |_| {
            let draw = draws.lock().unwrap().up_to(Duration::from_micros(100));
            async move {
                pass_ms(20).await;
                match draw.as_micros() {
                    0..3 => after(1),
                    3..5 => refused(429, ""),
                    5..7 => refused(500, ""),
                    7 => Vec::new(),
                    8 => {
                        pass_ms(1_000_000).await;
                        Vec::new()
                    }
                    9 => http(200, "", "{\"id\": \"c1\", \"choi"),
                    _ => answer("hi"),
                }
            }
        });
        let start = Instant::now();
        let lane = lane(|config| config.seed = seed);
        let outcomes = many(&lane, &client(&pipes), 1000).await;
        assert_eq!(n_answered(&outcomes), 1000, "seed {seed}");
        assert!(
            start.elapsed() < secs(45),
            "seed {seed}: {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_repeated_up_to_the_most_attempts() {
    for (n_bad, answered) in [(5, true), (6, false)] {
        let (pipes, n_requests) = scripted(move |n| {
            if n < n_bad {
                refused(500, "")
            } else {
                answer("hi")
            }
        });
        let mut seen = Vec::new();
        let request = encoded(false);
        let call = LaneCall {
            request: &request,
            secret: None,
            estimated_tokens: 1,
            cancel: &Cancel::new(),
        };
        let client = client(&pipes);
        let outcome = lane(|_| {})
            .call(&client, call, &mut |attempt: &Attempt| {
                seen.push(attempt.number);
                ControlFlow::Continue(())
            })
            .await;
        assert_eq!(outcome.result.is_ok(), answered);
        assert_eq!(outcome.attempts.len(), 6);
        assert_eq!(n_requests.load(Ordering::SeqCst), 6);
        assert_eq!(seen, [1, 2, 3, 4, 5, 6]);
        for (attempt, longest_ms) in outcome.attempts.iter().zip([0, 250, 500, 1000, 2000, 4000]) {
            assert!(
                attempt.timing.queued <= Duration::from_millis(longest_ms),
                "{attempt:?}"
            );
        }
        match outcome.result {
            Ok((reply, timing)) => {
                assert_eq!(reply.response.text, "hi");
                assert_eq!(timing, outcome.attempts[5].timing);
            }
            Err(failure) => assert_eq!(failure.kind, FailureKind::ServerError),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_is_not_repeated() {
    let (pipes, n_requests) = scripted(|_| refused(400, ""));
    let outcome = one(&lane(|_| {}), &client(&pipes)).await;
    assert_eq!(failure(&outcome).kind, FailureKind::BadRequest);
    assert_eq!(n_requests.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn waits_are_the_same_under_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let (pipes, _) = scripted(|_| refused(500, ""));
        let outcome = one(&lane(|config| config.seed = seed), &client(&pipes)).await;
        let queued: Vec<_> = outcome.attempts.iter().map(|a| a.timing.queued).collect();
        runs.push(queued);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(start_paused = true)]
async fn a_vendors_pause_is_kept_and_costs_no_attempt() {
    let (pipes, _) = scripted(|n| if n < 20 { after(3) } else { answer("hi") });
    let start = Instant::now();
    let outcome = one(&lane(|_| {}), &client(&pipes)).await;
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.attempts.len(), 21);
    assert_eq!(outcome.attempts[1].timing.queued, secs(3));
    assert_eq!(
        start.elapsed(),
        20 * secs(3) + 21 * Duration::from_millis(20)
    );
}

/// The vendor has done nothing: one attempt is left after however many refusals, and the trial's time bounds them.
#[tokio::test(start_paused = true)]
async fn refusals_for_load_are_no_attempts_and_end_in_time() {
    let strict = || lane(|config| config.retry.max_attempts = 1);
    for status in [503, 529] {
        let (pipes, _) = scripted(move |n| {
            if n < 14 {
                refused(status, "")
            } else {
                answer("hi")
            }
        });
        let outcome = one(&strict(), &client(&pipes)).await;
        assert!(outcome.result.is_ok(), "{status}");
        assert_eq!(outcome.attempts.len(), 15, "{status}");
    }
    let (pipes, _) = scripted(|n| {
        if n < 14 {
            refused(503, "")
        } else {
            refused(500, "")
        }
    });
    let outcome = one(&strict(), &client(&pipes)).await;
    assert!(outcome.result.is_err());
    assert_eq!(outcome.attempts.len(), 15);
    let (pipes, _) = scripted(|_| refused(503, ""));
    let start = Instant::now();
    let outcome = one(&strict(), &client(&pipes)).await;
    assert!(outcome.result.is_err());
    assert!(start.elapsed() < secs(930), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_whole_lane_pauses() {
    let (pipes, _) = scripted(|n| if n == 0 { after(5) } else { answer("hi") });
    let (client, lane) = (client(&pipes), lane(|_| {}));
    let first = tokio::spawn({
        let (client, lane) = (client.clone(), Arc::clone(&lane));
        async move { one(&lane, &client).await }
    });
    pass_ms(1020).await;
    assert_eq!(lane.status().paused_for, Some(secs(4)));
    let second = one(&lane, &client).await;
    assert_eq!(second.attempts.len(), 1);
    assert_eq!(second.attempts[0].timing.queued, secs(4));
    assert!(first.await.unwrap().result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lane_goes_on_where_others_are_served_meanwhile() {
    // The third of many calls is refused; those sent with and after it are served.
    let (pipes, _) = scripted(|n| if n == 2 { after(30) } else { answer("hi") });
    let lane = lane(|config| config.max_concurrency = 10);
    let start = Instant::now();
    let running: Vec<_> = (0..100)
        .map(|idx| {
            let (lane, client) = (Arc::clone(&lane), client(&pipes));
            tokio::spawn(async move {
                pass_ms(idx).await;
                let outcome = one(&lane, &client).await;
                (outcome.attempts.len(), Instant::now())
            })
        })
        .collect();
    let mut ends = Vec::new();
    for call in running {
        let (n_attempts, end) = call.await.unwrap();
        if n_attempts == 1 {
            ends.push(end);
        } else {
            assert_eq!(n_attempts, 2);
            assert!(end >= start + secs(30));
        }
    }
    assert_eq!(ends.len(), 99);
    assert!(ends.iter().all(|end| *end < start + secs(1)));
}

#[tokio::test(start_paused = true)]
async fn calls_start_in_the_order_in_which_they_came() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (pipes, _) = scripted(|n| if n == 0 { after(2) } else { answer("hi") });
    let (client, lane) = (client(&pipes), lane(|config| config.max_concurrency = 1));
    let mut running = JoinSet::new();
    for idx in 0..12 {
        let (client, lane, order) = (client.clone(), Arc::clone(&lane), Arc::clone(&order));
        running.spawn(async move {
            one(&lane, &client).await;
            order.lock().unwrap().push(idx);
        });
    }
    running.join_all().await;
    // The refused one queues again, behind the three others that its lane had begun by then.
    assert_eq!(
        *order.lock().unwrap(),
        [1, 2, 3, 0, 4, 5, 6, 7, 8, 9, 10, 11]
    );
}

#[tokio::test(start_paused = true)]
async fn concurrency_falls_under_throttling_and_comes_back() {
    // More than four at once are refused.
    let in_flight = Arc::new(AtomicUsize::new(0));
    let n_refused = Arc::new(AtomicUsize::new(0));
    let (pipes, _) = Pipes::answering({
        let (in_flight, n_refused) = (Arc::clone(&in_flight), Arc::clone(&n_refused));
        move |_| {
            let (in_flight, n_refused) = (Arc::clone(&in_flight), Arc::clone(&n_refused));
            async move {
                if in_flight.fetch_add(1, Ordering::SeqCst) >= 4 {
                    in_flight.fetch_sub(1, Ordering::SeqCst);
                    n_refused.fetch_add(1, Ordering::SeqCst);
                    return refused(429, "");
                }
                pass_ms(50).await;
                in_flight.fetch_sub(1, Ordering::SeqCst);
                answer("hi")
            }
        }
    });
    let lane = lane(|config| config.max_concurrency = 64);
    let outcomes = many(&lane, &client(&pipes), 400).await;
    assert_eq!(n_answered(&outcomes), 400);
    let n_refused = n_refused.load(Ordering::SeqCst);
    assert!(n_refused < 300, "{n_refused} refusals for 400 answers");
    assert!(lane.status().limit <= 12, "{:?}", lane.status());
    let (calm, _) = scripted(|_| answer("hi"));
    many(&lane, &client(&calm), 400).await;
    assert!(lane.status().limit >= 20, "{:?}", lane.status());
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_does_not_multiply_calls() {
    let (pipes, n_requests) = scripted(|_| refused(500, ""));
    let lane = lane(|_| {});
    let start = Instant::now();
    let outcomes = many(&lane, &client(&pipes), 1000).await;
    assert_eq!(n_answered(&outcomes), 0);
    let n_requests = n_requests.load(Ordering::SeqCst);
    assert!(n_requests <= 50 + 11, "{n_requests}");
    assert!(start.elapsed() < secs(10), "{:?}", start.elapsed());
    let last = failure(&outcomes[999]);
    assert_eq!(
        (last.kind, last.status),
        (FailureKind::BreakerOpen, Some(500))
    );
    assert!(last.message.contains("server_error: not now"), "{last:?}");
    assert!(outcomes[999].attempts.is_empty());
    assert!(matches!(lane.status().health, LaneHealth::GivenUp { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_comes_back_finishes_its_run() {
    // It works, is gone from 1 s to 9 s, and works again.
    let start = Instant::now();
    let (pipes, n_requests) = Pipes::answering(move |_| async move {
        pass_ms(20).await;
        if (secs(1)..secs(9)).contains(&start.elapsed()) {
            return Vec::new();
        }
        answer("hi")
    });
    let lane = lane(|config| config.max_concurrency = 20);
    let outcomes = many(&lane, &client(&pipes), 3000).await;
    assert_eq!(n_answered(&outcomes), 3000);
    assert!(n_requests.load(Ordering::SeqCst) < 3050, "{n_requests:?}");
    assert!(start.elapsed() < secs(25), "{:?}", start.elapsed());
    assert_eq!(lane.status().health, LaneHealth::Working);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_stops_the_lane_at_once() {
    let (pipes, n_requests) = scripted(|_| refused(401, ""));
    let lane = lane(|config| config.max_concurrency = 4);
    let outcomes = many(&lane, &client(&pipes), 100).await;
    assert_eq!(n_requests.load(Ordering::SeqCst), 4);
    assert_eq!(failure(&outcomes[0]).kind, FailureKind::Auth);
    let last = failure(&outcomes[99]);
    assert_eq!(last.kind, FailureKind::BreakerOpen);
    assert!(last.message.contains("auth: "), "{last:?}");
}

/// 20 trials at once with a key that expires; how often the next one was asked for, and the outcomes.
async fn with_expiring_key(pipes: &Pipes, next: &'static str) -> (usize, Vec<CallOutcome>) {
    let n_asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_asked);
    let secret = Secret::new("old", KeyKind::Token, "http://llm.example/v1")
        .unwrap()
        .renewable(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                pass_ms(2000).await;
                Ok(next.to_owned())
            })
        });
    let lane = lane(|config| config.max_concurrency = 4);
    let mut running = JoinSet::new();
    for _ in 0..20 {
        let (lane, client, secret) = (Arc::clone(&lane), client(pipes), secret.clone());
        running.spawn(async move {
            let request = encoded(false);
            let call = LaneCall {
                request: &request,
                secret: Some(&secret),
                estimated_tokens: 1,
                cancel: &Cancel::new(),
            };
            lane.call(&client, call, &mut |_| ControlFlow::Continue(()))
                .await
        });
    }
    let outcomes = running.join_all().await;
    (n_asked.load(Ordering::SeqCst), outcomes)
}

#[tokio::test(start_paused = true)]
async fn an_expired_key_is_read_anew_once_for_all_calls() {
    let (pipes, n_requests) = scripted(|n| match n {
        0..4 => refused(401, ""),
        _ => answer("hi"),
    });
    let (n_asked, outcomes) = with_expiring_key(&pipes, "new").await;
    assert_eq!(n_answered(&outcomes), 20);
    assert_eq!(n_asked, 1);
    assert_eq!(n_requests.load(Ordering::SeqCst), 24);
    let refused: Vec<_> = outcomes.iter().flat_map(|one| &one.attempts).collect();
    let refused = refused.iter().filter(|attempt| attempt.status == Some(401));
    assert_eq!(refused.count(), 4, "refusals are on record too");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_stays_refused_stops_the_lane() {
    for next in ["old", "new"] {
        let (pipes, n_requests) = scripted(|_| refused(401, ""));
        let (n_asked, outcomes) = with_expiring_key(&pipes, next).await;
        assert_eq!(n_answered(&outcomes), 0);
        assert!(n_asked <= 2, "{next}: asked {n_asked} times");
        assert!(n_requests.load(Ordering::SeqCst) <= 12, "{n_requests:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_is_replaced() {
    let (pipes, n_requests) = Pipes::answering(|n| async move {
        match n {
            0..10 => refused(500, ""),
            10 => {
                pass_ms(5000).await;
                answer("late")
            }
            _ => answer("hi"),
        }
    });
    let lane = lane(|config| {
        config.max_concurrency = 10;
        config.retry.max_attempts = 1;
    });
    let client = client(&pipes);
    many(&lane, &client, 10).await;
    assert!(matches!(lane.status().health, LaneHealth::Suspended { .. }));
    let probe = tokio::time::timeout(secs(6), one(&lane, &client)).await;
    assert!(probe.is_err());
    assert_eq!(n_requests.load(Ordering::SeqCst), 11);
    assert!(one(&lane, &client).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn requests_per_minute_are_kept() {
    let (pipes, _) = scripted(|_| answer("hi"));
    let lane = lane(|config| {
        config.rpm = Some(60);
        config.burst = secs(1);
    });
    let start = Instant::now();
    let outcomes = many(&lane, &client(&pipes), 10).await;
    assert_eq!(start.elapsed().as_secs(), 9);
    for (second, outcome) in (0u64..).zip(&outcomes) {
        assert_eq!(
            outcome.attempts[0].timing.queued.as_millis().div_euclid(10),
            u128::from(second) * 100
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_per_minute_are_reserved_and_settled() {
    // Each answer uses 18 tokens; 6,000 a minute hold 1,000 at once.
    let (pipes, _) = scripted(|_| answer("hi"));
    let (client, lane) = (client(&pipes), lane(|config| config.tpm = Some(6000)));
    let start = Instant::now();
    for _ in 0..20 {
        estimated(&lane, &client, 900).await;
    }
    assert!(start.elapsed() < secs(3), "{:?}", start.elapsed());
    // Two reservations at once do not fit: the second waits for the first to settle (after 5 s)
    // rather than for the refill (after 8 s).
    pass_ms(10_000).await;
    let (slow, _) = Pipes::answering(|_| async {
        pass_ms(5000).await;
        answer("hi")
    });
    let client = self::client(&slow);
    let pair = tokio::join!(estimated(&lane, &client, 900), async {
        pass_ms(1).await;
        estimated(&lane, &client, 900).await
    });
    assert!(pair.0.attempts.len() + pair.1.attempts.len() >= 2);
    let queued = pair.1.attempts[0].timing.queued;
    assert!(
        queued > secs(5) && queued < secs(9),
        "{queued:?} {:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn limits_are_learnt_from_headers() {
    let (pipes, n_requests) = scripted(|n| match n {
        0 => http(
            200,
            "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 2m0s\r\n",
            &answer_json("hi"),
        ),
        _ => answer("hi"),
    });
    let (client, lane) = (client(&pipes), lane(|_| {}));
    assert_eq!(one(&lane, &client).await.attempts[0].timing.queued, secs(0));
    // Full in 120 s at 60: the next unit comes after 2 s.
    let queued = one(&lane, &client).await.attempts[0].timing.queued;
    assert_eq!(queued.as_millis().div_euclid(10), 200, "{queued:?}");
    assert_eq!(n_requests.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_header_stops_nobody() {
    let (pipes, _) = scripted(|_| {
        let headers =
            "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 24h0m0s\r\n";
        http(200, headers, &answer_json("hi"))
    });
    let (client, lane) = (client(&pipes), lane(|_| {}));
    let start = Instant::now();
    for _ in 0..20 {
        assert!(one(&lane, &client).await.result.is_ok());
    }
    assert!(start.elapsed() < secs(62), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_waits_and_finishes_what_is_in_flight() {
    let (pipes, n_requests) = Pipes::answering(|_| async {
        pass_ms(500).await;
        answer("hi")
    });
    let (client, lane) = (client(&pipes), lane(|config| config.max_concurrency = 3));
    let cancel = Cancel::new();
    let mut running = JoinSet::new();
    for _ in 0..10 {
        let (client, lane, cancel) = (client.clone(), Arc::clone(&lane), cancel.clone());
        running.spawn(async move {
            let request = encoded(false);
            let call = LaneCall {
                request: &request,
                secret: None,
                estimated_tokens: 1,
                cancel: &cancel,
            };
            lane.call(&client, call, &mut |_| ControlFlow::Continue(()))
                .await
        });
    }
    pass_ms(100).await;
    let start = Instant::now();
    cancel.cancel();
    let outcomes = running.join_all().await;
    assert!(
        start.elapsed() <= Duration::from_millis(401),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        (n_answered(&outcomes), n_requests.load(Ordering::SeqCst)),
        (3, 3)
    );
    let n_interrupted = outcomes
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .filter(|outcome| {
            failure(outcome).kind == FailureKind::Interrupted && outcome.attempts.is_empty()
        })
        .count();
    assert_eq!(n_interrupted, 7);
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_a_back_off() {
    let (pipes, _) = scripted(|_| after(600));
    let (client, lane, cancel) = (client(&pipes), lane(|_| {}), Cancel::new());
    let request = encoded(false);
    let call = LaneCall {
        request: &request,
        secret: None,
        estimated_tokens: 1,
        cancel: &cancel,
    };
    let mut sink = |_: &Attempt| ControlFlow::Continue(());
    let (outcome, ()) = tokio::join!(lane.call(&client, call, &mut sink), async {
        pass_ms(1000).await;
        cancel.cancel();
    });
    assert_eq!(failure(&outcome).kind, FailureKind::Interrupted);
    assert_eq!(outcome.attempts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_follows_where_the_sink_forbids_it() {
    let (pipes, n_requests) = scripted(|_| after(1));
    let client = client(&pipes);
    let request = encoded(false);
    let call = LaneCall {
        request: &request,
        secret: None,
        estimated_tokens: 1,
        cancel: &Cancel::new(),
    };
    let mut sink = |_: &Attempt| ControlFlow::Break(());
    let outcome = lane(|_| {}).call(&client, call, &mut sink).await;
    assert_eq!(failure(&outcome).kind, FailureKind::Interrupted);
    assert_eq!(outcome.attempts.len(), 1);
    assert_eq!(n_requests.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endless_throttle_ends_with_its_own_words() {
    let (pipes, n_requests) = scripted(|_| after(60));
    let client = client(&pipes);
    let outcome = one(&lane(|_| {}), &client).await;
    assert_eq!(failure(&outcome).kind, FailureKind::RateLimited);
    assert_eq!(outcome.attempts.len(), 15);
    // Many such trials end together, not one after the other.
    let start = Instant::now();
    let outcomes = many(&lane(|config| config.max_concurrency = 2), &client, 50).await;
    assert!(start.elapsed() < secs(1000), "{:?}", start.elapsed());
    assert_eq!(failure(&outcomes[0]).kind, FailureKind::RateLimited);
    assert_eq!(failure(&outcomes[49]).kind, FailureKind::BreakerOpen);
    assert!(n_requests.load(Ordering::SeqCst) < 60, "{n_requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_is_not_waited_for() {
    let (pipes, n_requests) = scripted(|_| after(3600));
    let (client, lane) = (client(&pipes), lane(|config| config.max_concurrency = 1));
    let start = Instant::now();
    let outcomes = many(&lane, &client, 5).await;
    assert!(start.elapsed() < secs(1));
    assert_eq!(n_requests.load(Ordering::SeqCst), 3, "then it is believed");
    assert_eq!(failure(&outcomes[0]).kind, FailureKind::RateLimited);
    assert_eq!(failure(&outcomes[4]).kind, FailureKind::BreakerOpen);
    for outcome in &outcomes {
        let message = &failure(outcome).message;
        assert!(message.contains("asks to wait 60 min"), "{message}");
    }
    assert!(matches!(lane.status().health, LaneHealth::GivenUp { .. }));
}

#[tokio::test(start_paused = true)]
async fn one_absurd_pause_costs_its_own_call_only() {
    let (pipes, n_requests) = scripted(|n| {
        if n == 2 {
            after(u64::MAX)
        } else {
            answer("hi")
        }
    });
    let (client, lane) = (client(&pipes), lane(|config| config.max_concurrency = 1));
    let start = Instant::now();
    let outcomes = many(&lane, &client, 10).await;
    assert!(start.elapsed() < secs(1), "{:?}", start.elapsed());
    assert_eq!(n_answered(&outcomes), 9);
    assert_eq!(n_requests.load(Ordering::SeqCst), 10);
    let message = &failure(&outcomes[2]).message;
    assert!(message.contains("asks to wait 30 days"), "{message}");
}

/// One attempt by leave, as the gateway makes it.
async fn by_leave(lane: &Lane, client: &Client<Pipes>, memory: &LaneMemory) -> Attempted {
    let deadline = Instant::now() + secs(1);
    let leave = lane.enter(100, &Cancel::new(), deadline).await.unwrap();
    let request = encoded(false);
    let attempted = client.attempt(&Call::first(&request, None)).await;
    leave.settle(&attempted, memory);
    attempted
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_several_times_counts_once() {
    let lane = lane(|config| config.breaker.trials = 5);
    let (pipes, _) = scripted(|_| http(200, "", "no JSON"));
    let client = client(&pipes);
    for n_requests in 1..=5 {
        assert_eq!(lane.status().health, LaneHealth::Working, "{n_requests}");
        let memory = LaneMemory::default();
        for _ in 0..3 {
            if lane.status().health == LaneHealth::Working {
                let attempted = by_leave(&lane, &client, &memory).await;
                assert!(attempted.attempt.failure.is_some());
            }
        }
    }
    assert_ne!(lane.status().health, LaneHealth::Working);
}
