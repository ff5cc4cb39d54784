//! Open and closed loops, to the millisecond.

use std::time::Duration;

use trilemma_domain::{Arrivals, FailureKind, NanoUsd, StageStop};
use trilemma_load::figures;
use trilemma_provider::Cancel;

use crate::support::{Run, Settings, line, ms, run, sim, stage};

const HALF_A_SECOND: &str = r#"
    [defaults]
    first_token_ms = 500
    answers = { type = "text", text = "ok" }
"#;

fn times_from_schedule(run: &Run, candidate_idx: u32) -> Vec<Duration> {
    let of = run.of(candidate_idx);
    let times = of
        .iter()
        .map(|sample| sample.from_schedule(sample.attempt.timing.end).unwrap());
    times.collect()
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_client_is_told_from_schedule_exactly() {
    // 10 a second, half a second each, one at a time: request k is over at 0.5 (k + 1) s and was due at
    // 0.1 k s, so it took 0.5 + 0.4 k s. Seen from its own sending it took half a second like all others.
    let sim = sim(HALF_A_SECOND);
    let mut stage = stage(Arrivals::Constant { per_s: 10.0 }, 60);
    stage.max_in_flight = Some(1);
    let run = run(vec![line(&sim, "m", 3, None)], &stage, Settings::default()).await;
    let from_schedule = times_from_schedule(&run, 0);
    assert_eq!(from_schedule.len(), 60);
    for (k, (sample, time)) in (0..).zip(run.of(0).into_iter().zip(from_schedule)) {
        assert_eq!(time, ms(500 + 400 * k), "request {k}");
        assert_eq!(sample.client_wait(), ms(400 * k), "request {k}");
        assert_eq!(sample.attempt.timing.end, Some(ms(500)), "request {k}");
        assert_eq!(
            sample.from_schedule(sample.attempt.timing.first_visible),
            Some(ms(500 + 400 * k))
        );
        // One connection serves them all.
        assert_eq!(sample.attempt.timing.connect.is_some(), k == 0);
    }
    let found = figures(&run.boiled(0), (&stage, &run.end, 0), 5.0);
    // The median of 0.5 + 0.4 k over k = 0..59 is that of k = 29.5.
    let median = found.e2e_scheduled.at(0.5).unwrap().ms.unwrap();
    assert!((median - 12_300.0).abs() < 1.0, "{median}");
    assert_eq!(found.e2e.at(0.5).unwrap().ms, Some(500.0));
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nothing_waits() {
    let sim = sim(HALF_A_SECOND);
    let stage = stage(Arrivals::Constant { per_s: 10.0 }, 60);
    let run = run(vec![line(&sim, "m", 3, None)], &stage, Settings::default()).await;
    assert!(
        times_from_schedule(&run, 0)
            .iter()
            .all(|time| *time == ms(500))
    );
    assert_eq!(run.end.ended, ms(5900 + 500));
    assert_eq!(run.end.last_intended, ms(5900));
    let found = figures(&run.boiled(0), (&stage, &run.end, 0), 5.0);
    // Five at a time once the first half second is over: 0, 1, 2, 3, 4 and then 5 of 59 tenths.
    let in_flight = found.in_flight_mean.unwrap();
    assert!(
        (in_flight - (59.0 - 2.5 + 0.5) * 0.5 / 5.9).abs() < 0.2,
        "{in_flight}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_keeps_its_users_busy_and_no_more() {
    let sim = sim(HALF_A_SECOND);
    let mut wanted = stage(Arrivals::Closed { concurrency: 4 }, 0);
    wanted.requests = None;
    wanted.duration = Some(ms(10_000));
    wanted.warmup = ms(1000);
    let run = run(vec![line(&sim, "m", 3, None)], &wanted, Settings::default()).await;
    assert_eq!(run.samples.len(), 4 * 20);
    assert_eq!(
        run.samples.iter().filter(|sample| sample.is_warmup).count(),
        8
    );
    let found = figures(&run.boiled(0), (&wanted, &run.end, 0), 5.0);
    assert_eq!((found.n_sent, found.n_warmup), (72, 8));
    assert_eq!(found.in_flight_mean, Some(4.0));
    assert!((found.requests_per_s.unwrap().per_s - 8.0).abs() < 0.5);
    assert!(found.timeline.iter().all(|tick| tick.in_flight <= 4));
}

#[tokio::test(start_paused = true)]
async fn candidates_get_the_same_arrivals_and_prompts_at_the_same_moments() {
    let sim = sim(
        "[models.slow]\nfirst_token_ms = 900\nanswers = { type = \"echo\" }\n\
         [models.fast]\nfirst_token_ms = 100\nanswers = { type = \"echo\" }",
    );
    let mut stage = stage(Arrivals::Poisson { per_s: 20.0 }, 200);
    stage.candidates = vec![0, 1];
    let lines = vec![line(&sim, "slow", 7, None), line(&sim, "fast", 7, None)];
    let run = run(lines, &stage, Settings::default()).await;
    for (slow, fast) in run.of(0).into_iter().zip(run.of(1)) {
        assert_eq!((slow.number, slow.intended), (fast.number, fast.intended));
        // A timer of the runtime has a resolution of a millisecond.
        assert!(slow.client_wait() <= ms(1) && fast.client_wait() <= ms(1));
        assert_eq!(slow.attempt.timing.first_visible, Some(ms(900)));
        assert_eq!(fast.attempt.timing.first_visible, Some(ms(100)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_began_is_counted() {
    let sim = sim(HALF_A_SECOND);
    let mut stage = stage(Arrivals::Constant { per_s: 10.0 }, 60);
    stage.max_in_flight = Some(1);
    stage.drain = ms(4100);
    let run = run(vec![line(&sim, "m", 3, None)], &stage, Settings::default()).await;
    // Until 10 s, one each half second: 20 began, and 40 never did.
    assert_eq!(run.samples.len(), 20);
    assert_eq!(run.end.n_unstarted, [40]);
    let found = figures(&run.boiled(0), (&stage, &run.end, 0), 5.0);
    assert_eq!((found.n_sent, found.n_unstarted), (20, 40));
    let median = found.e2e_scheduled.at(0.5).unwrap();
    assert_eq!(
        (median.ms, median.high_ms, median.needs),
        (None, None, None)
    );
    assert_eq!(found.e2e_scheduled.n_beyond, 40);
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_by_cause_and_enter_no_distribution() {
    let sim = sim(
        "[defaults]\nfirst_token_ms = 50\nanswers = { type = \"text\", text = \"ok\" }\n\
         [[faults]]\nkind = \"rate_limited\"\nper_100 = 20\n\
         [[faults]]\nkind = \"stall_before_head\"\nper_100 = 10",
    );
    let stage = stage(Arrivals::Constant { per_s: 50.0 }, 300);
    let settings = Settings {
        timeout: ms(2000),
        ..Settings::default()
    };
    let run = run(vec![line(&sim, "m", 3, None)], &stage, settings).await;
    let found = figures(&run.boiled(0), (&stage, &run.end, 0), 5.0);
    assert_eq!(found.failures["rate_limited"], 60);
    assert_eq!(found.failures["deadline"], 30);
    assert_eq!((found.n_answered, found.n_failed), (210, 90));
    // Timeouts are slower than anything, refusals are no times at all.
    assert_eq!((found.e2e.n, found.e2e.n_beyond), (210, 30));
    assert_eq!(found.e2e.at(0.5).unwrap().ms, Some(50.0));
    let tail = found.e2e.at(0.95).unwrap();
    assert_eq!((tail.ms, tail.needs), (None, None));
    let kinds = run
        .samples
        .iter()
        .filter_map(|sample| sample.attempt.failure.as_ref());
    assert!(
        kinds
            .filter(|failure| failure.kind == FailureKind::Deadline)
            .count()
            == 30
    );
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_a_hard_stop() {
    // 100 tokens at most at 10 USD per million: 1,000,000 nano-dollars set aside, 20,000 spent each.
    let sim = sim(
        "[defaults]\nfirst_token_ms = 50\nanswers = { type = \"text\", text = \"ok\" }\n\
         usage = { input = 10, output = 2 }",
    );
    let wanted = stage(Arrivals::Closed { concurrency: 4 }, 10_000);
    let settings = Settings {
        budget: Some(NanoUsd(5_000_000)),
        ..Settings::default()
    };
    let run = run(vec![line(&sim, "m", 3, Some("10"))], &wanted, settings).await;
    assert_eq!(run.end.stop, StageStop::Budget);
    assert!(run.spent <= NanoUsd(5_000_000), "{:?}", run.spent);
    assert!(run.samples.len() > 100, "{}", run.samples.len());
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_requests_in_flight_come_home() {
    let sim = sim(HALF_A_SECOND);
    let cancel = Cancel::new();
    let stage = stage(Arrivals::Constant { per_s: 10.0 }, 1000);
    let settings = Settings {
        cancel: cancel.clone(),
        ..Settings::default()
    };
    let stopping = async {
        tokio::time::sleep(ms(2050)).await;
        cancel.cancel();
    };
    let lines = vec![line(&sim, "m", 3, None)];
    let (run, ()) = tokio::join!(run(lines, &stage, settings), stopping);
    assert_eq!(run.end.stop, StageStop::Interrupted);
    assert_eq!(run.samples.len(), 21);
    assert!(
        run.samples
            .iter()
            .all(trilemma_domain::LoadSample::is_answered)
    );
    assert_eq!(run.end.n_unstarted, [0]);
}

#[tokio::test(start_paused = true)]
async fn recorded_arrivals_come_as_recorded() {
    let sim = sim(HALF_A_SECOND);
    let trace = vec![ms(0), ms(0), ms(370), ms(2000)];
    let arrivals = Arrivals::Trace {
        arrivals: 4,
        seconds: 2.0,
    };
    let mut stage = stage(arrivals, 0);
    stage.requests = None;
    let settings = Settings {
        trace: trace.clone(),
        ..Settings::default()
    };
    let run = run(vec![line(&sim, "m", 3, None)], &stage, settings).await;
    let intended: Vec<Duration> = run.of(0).iter().map(|sample| sample.intended).collect();
    assert_eq!(intended, trace);
}
