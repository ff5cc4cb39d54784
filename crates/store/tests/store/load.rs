//! Load tests are kept whole.

use std::time::Duration;

use trilemma_domain::{
    Arrivals, Attempt, Failure, FailureKind, FaultSource, LoadGoal, LoadPlan, LoadPrompts,
    LoadSample, LoadStage, LoadTestId, NanoUsd, Retry, StageEnd, StageStop, Timing, Usage,
};
use trilemma_store::Store;

fn plan() -> LoadPlan {
    LoadPlan {
        test: LoadTestId::from("latency-1"),
        created_us: 1_790_000_000_000_000,
        trilemma_version: "0.1.0".to_owned(),
        project: "p".to_owned(),
        goal: LoadGoal::Measure,
        candidates: Vec::new(),
        prompts: LoadPrompts::Golden { n: 3 },
        seed: 7,
        timeout: Duration::from_secs(60),
        client_region: None,
        endpoint_region: Some("eu-west-1".to_owned()),
        client_cores: Some(2),
        reading_tokens_per_s: 5.0,
        slos: Vec::new(),
    }
}

fn stage() -> LoadStage {
    LoadStage {
        arrivals: Arrivals::Poisson { per_s: 2.5 },
        candidates: vec![0, 1],
        warmup: Duration::from_millis(1500),
        warmup_requests: 2,
        duration: Some(Duration::from_secs(30)),
        requests: None,
        max_in_flight: Some(8),
        drain: Duration::from_secs(60),
    }
}

fn sample(stage_idx: u32, number: u64) -> LoadSample {
    let is_failed = number % 3 == 2;
    let failure = Failure::new(
        FailureKind::RateLimited,
        FaultSource::Vendor,
        Retry::After(Duration::from_millis(250)),
        "slow down",
    )
    .with_status(429);
    LoadSample {
        stage_idx,
        candidate_idx: u32::try_from(number % 2).unwrap(),
        number,
        intended: Duration::from_nanos(number * 400_000_001),
        begun: Duration::from_nanos(number * 400_000_001 + 17),
        sent: (!is_failed).then(|| Duration::from_nanos(number * 400_000_001 + 950)),
        ended: Duration::from_nanos(number * 400_000_001 + 99_001_950),
        is_warmup: number < 2,
        served_model: number.is_multiple_of(2).then(|| "m-2026-01-01".to_owned()),
        simulated: true,
        attempt: Attempt {
            number: 1,
            started_us: 1_790_000_000_000_000,
            timing: Timing {
                queued: Duration::from_nanos(17),
                first_byte: Some(Duration::from_micros(12_345)),
                first_visible: Some(Duration::from_micros(12_900)),
                last_visible: Some(Duration::from_micros(99_000)),
                end: Some(Duration::from_micros(99_001)),
                chunk_us: vec![12_900, 40_000, 99_000],
                ..Timing::default()
            },
            status: Some(if is_failed { 429 } else { 200 }),
            request_id: Some(format!("req-{number}")),
            failure: is_failed.then_some(failure),
            usage: (!is_failed).then(|| Usage {
                input_uncached: 11,
                output: 7,
                ..Usage::default()
            }),
            cost: (number != 1).then_some(NanoUsd(2_500)),
            raw_body: None,
        },
    }
}

#[test]
fn plans_stages_and_samples_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let test = store.begin_load_test(&plan()).unwrap();
    assert_eq!(test.as_str(), "latency-1");
    // Names tell seconds apart; two tests may begin within one.
    assert_eq!(
        store.begin_load_test(&plan()).unwrap().as_str(),
        "latency-1-2"
    );
    let samples: Vec<LoadSample> = (0..9).map(|number| sample(0, number)).collect();
    let later: Vec<LoadSample> = (0..2).map(|number| sample(1, number)).collect();
    let end = StageEnd {
        started_us: 5,
        last_intended: Duration::from_secs(29),
        ended: Duration::from_millis(31_250),
        n_unstarted: vec![0, 4],
        stop: StageStop::Complete,
    };
    store.begin_load_stage(&test, 0, &stage()).unwrap();
    store.put_load_samples(&test, &samples[..4]).unwrap();
    // A batch may hold samples of several stages.
    store.begin_load_stage(&test, 1, &stage()).unwrap();
    let mixed: Vec<LoadSample> = samples[4..].iter().chain(&later).cloned().collect();
    store.put_load_samples(&test, &mixed).unwrap();
    store.end_load_stage(&test, 0, &end).unwrap();
    drop(store);

    let store = Store::open_existing(&path).unwrap();
    let tests = store.load_tests().unwrap();
    assert_eq!(tests.len(), 2);
    assert_eq!(tests[0].plan, plan());
    assert_eq!((tests[0].n_stages, tests[0].n_ended), (2, 1));
    let stages = store.load_stages(&test).unwrap();
    assert_eq!(stages, [(stage(), Some(end)), (stage(), None)]);
    let read = |stage_idx| {
        let mut read = Vec::new();
        store
            .load_samples(&test, stage_idx, |sample| read.push(sample))
            .unwrap();
        read
    };
    assert_eq!(read(0), samples);
    assert_eq!(read(1), later);
    store.remove_load_test(&test).unwrap();
    assert_eq!(store.load_tests().unwrap().len(), 1);
    assert!(store.load_stages(&test).is_err());
}
