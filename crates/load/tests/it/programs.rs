//! Whole tests: recorded, searched, reported.

use std::sync::Arc;
use std::time::Duration;

use trilemma_domain::{Arrivals, LoadGoal, LoadMetric, LoadReport, Slo, Verdict};
use trilemma_load::{
    GoodputSpec, Levels, Live, LiveView, LoadError, Program, ReportParts, SweepSpec, TestParts,
    read_stage, report, run_test,
};
use trilemma_provider::{Cancel, Clock};
use trilemma_store::Store;

use crate::support::{line, ms, plan, sim, stage};

async fn whole(scenario: &str, models: &[&str], goal: LoadGoal, program: Program) -> LoadReport {
    watched(scenario, models, goal, program).await.0
}

/// The report, and what a viewer saw at the end.
async fn watched(
    scenario: &str,
    models: &[&str],
    goal: LoadGoal,
    program: Program,
) -> (LoadReport, LiveView) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let sim = sim(scenario);
    let live = Arc::new(Live::new(models.len()));
    let parts = TestParts {
        store: store.clone(),
        plan: plan(goal, models),
        lines: models
            .iter()
            .map(|model| line(&sim, model, 5, Some("2")))
            .collect(),
        trace: Arc::new([]),
        budget: None,
        cancel: Cancel::new(),
        clock: Clock::starting_at(0),
        live: Arc::clone(&live),
        program,
    };
    let test = run_test(parts).await.unwrap();
    let tests = store.load_tests().unwrap();
    let plan = tests
        .into_iter()
        .find(|info| info.plan.test == test)
        .unwrap()
        .plan;
    let stages = store.load_stages(&test).unwrap();
    let parts = ReportParts {
        plan: &plan,
        stages: &stages,
        measured: "2026-11-28".to_owned(),
        started: "2026-11-28T12:00:00Z".to_owned(),
    };
    let found: Result<LoadReport, LoadError> =
        report(&parts, |stage_idx| read_stage(&store, &plan, stage_idx));
    let found = found.unwrap();
    // What is printed is read again, such as by `selfhost`.
    let json = serde_json::to_string(&found).unwrap();
    let again: LoadReport = serde_json::from_str(&json).unwrap();
    assert_eq!(again.candidates.len(), models.len());
    assert_eq!(again.goal, found.goal);
    (found, live.view().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_has_ended_keeps_its_rate() {
    let scenario = r#"
        [defaults]
        answers = { type = "text", text = "ok" }
        [models.quick]
        first_token_ms = 100
        [models.slow]
        first_token_ms = 1000
    "#;
    let mut wanted = stage(Arrivals::Closed { concurrency: 1 }, 8);
    wanted.candidates = vec![0, 1];
    let models = ["quick", "slow"];
    let (_, seen) = watched(
        scenario,
        &models,
        LoadGoal::Measure,
        Program::Single(wanted),
    )
    .await;
    let told: Vec<(u64, Duration)> = (seen.candidates.iter())
        .map(|one| (one.n_answered, one.elapsed))
        .collect();
    assert_eq!(told, [(8, ms(800)), (8, ms(8_000))]);
}

#[tokio::test(start_paused = true)]
async fn two_candidates_are_compared_on_the_same_requests() {
    let scenario = r#"
        [defaults]
        answers = { type = "tokens", count = 40 }
        gap_ms = { median = 20, sigma = 0.3 }
        [models.slow]
        first_token_ms = { median = 400, sigma = 0.3 }
        [models.fast]
        first_token_ms = { median = 300, sigma = 0.3 }
    "#;
    let mut wanted = stage(Arrivals::Poisson { per_s: 10.0 }, 420);
    wanted.candidates = vec![0, 1];
    wanted.warmup_requests = 20;
    let found = whole(
        scenario,
        &["slow", "fast"],
        LoadGoal::Measure,
        Program::Single(wanted),
    )
    .await;
    assert!(found.simulated && found.stopped.is_none());
    let compared = |metric, p| {
        let is_it = |one: &&trilemma_domain::LoadComparison| one.metric == metric && one.p == p;
        found.comparisons.iter().find(is_it).unwrap()
    };
    let median = compared(LoadMetric::Ttft, 0.5);
    assert_eq!(median.n, 400);
    // The truth is 400 - 300; draws of the same prompt go together in the simulator.
    assert!(
        median.low_ms.unwrap() > 60.0 && median.high_ms.unwrap() < 140.0,
        "{median:?}"
    );
    let slow = &found.candidates[0];
    assert_eq!(slow.stages[0].figures.n_warmup, 20);
    let verdict = |class, metric| {
        let is_it = |one: &&trilemma_domain::SloVerdict| {
            one.class == Some(class) && one.slo.metric == metric
        };
        slow.stages[0].verdicts.iter().find(is_it).unwrap().verdict
    };
    use trilemma_domain::LatencyClass::{Batch, Interactive, RealTime};
    // 40 tokens at 20 ms: about 1.2 s whole, but a reader of 5 tokens a second waits for the first alone.
    assert_eq!(verdict(RealTime, LoadMetric::E2e), Verdict::Fails);
    assert_eq!(verdict(RealTime, LoadMetric::Perceived), Verdict::Meets);
    assert_eq!(verdict(Interactive, LoadMetric::E2e), Verdict::Meets);
    assert_eq!(verdict(Batch, LoadMetric::E2e), Verdict::Meets);
    let perceived = slow.stages[0].figures.perceived.as_ref().unwrap();
    assert!(perceived.streamed.at(0.5).unwrap().ms < perceived.whole.at(0.5).unwrap().ms);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_was_killed_tells_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let mut plan = plan(LoadGoal::Measure, &["m"]);
    plan.test = store.begin_load_test(&plan).unwrap();
    let stage = stage(Arrivals::Constant { per_s: 10.0 }, 1000);
    store.begin_load_stage(&plan.test, 0, &stage).unwrap();
    let sim = sim("[defaults]\nfirst_token_ms = 50\nanswers = { type = \"text\", text = \"ok\" }");
    let part = crate::support::stage(Arrivals::Constant { per_s: 10.0 }, 80);
    let run = crate::support::run(vec![line(&sim, "m", 5, None)], &part, Default::default()).await;
    store.put_load_samples(&plan.test, &run.samples).unwrap();
    let stages = store.load_stages(&plan.test).unwrap();
    let parts = ReportParts {
        plan: &plan,
        stages: &stages,
        measured: String::new(),
        started: String::new(),
    };
    let found: Result<LoadReport, LoadError> =
        report(&parts, |stage_idx| read_stage(&store, &plan, stage_idx));
    let found = found.unwrap();
    assert!(found.stopped.unwrap().contains("cut off"));
    let figures = &found.candidates[0].stages[0].figures;
    assert_eq!(figures.n_answered, 80);
    assert_eq!(figures.ttft.at(0.95).unwrap().ms, Some(50.0));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_goes_on_until_throughput_stops_growing() {
    // 200 requests a minute are let in: beyond that all further ones are refused.
    let scenario = r#"
        [defaults]
        first_token_ms = 1000
        answers = { type = "text", text = "ok" }
        limits = { requests_per_minute = 200 }
    "#;
    let mut wanted = stage(Arrivals::Closed { concurrency: 1 }, 0);
    wanted.requests = None;
    wanted.duration = Some(ms(20_000));
    wanted.warmup = ms(2000);
    let spec = SweepSpec {
        stage: wanted,
        levels: Levels::Doubling { most: 64 },
    };
    let found = whole(scenario, &["m"], LoadGoal::Sweep, Program::Sweep(spec)).await;
    let candidate = &found.candidates[0];
    let levels: Vec<u32> = candidate
        .stages
        .iter()
        .map(|stage| stage.plan.arrivals.concurrency().unwrap())
        .collect();
    assert!(
        levels.starts_with(&[1, 2, 4]) && levels.len() < 7,
        "{levels:?}"
    );
    let saturation = candidate.saturation.as_ref().unwrap();
    assert!(saturation.reached, "{saturation:?}");
    assert!(found.comparisons.is_empty());
}

fn goodput(slos: Vec<Slo>) -> (LoadGoal, Program) {
    let mut wanted = stage(Arrivals::Poisson { per_s: 1.0 }, 0);
    wanted.warmup_requests = 20;
    wanted.drain = Duration::from_secs(60);
    // A server of one worker, as it were: the client lets one request through at a time.
    wanted.max_in_flight = Some(1);
    let spec = GoodputSpec {
        stage: wanted,
        slos: slos.clone(),
        from_per_s: 3.0,
        most_per_s: 1000.0,
        tolerance: 1.4,
        least: Duration::from_secs(20),
        most_rates: 8,
    };
    let goal = LoadGoal::Goodput {
        slos,
        from_per_s: spec.from_per_s,
        most_per_s: spec.most_per_s,
        tolerance: spec.tolerance,
    };
    (goal, Program::Goodput(spec))
}

#[tokio::test(start_paused = true)]
async fn goodput_is_where_a_queue_of_one_server_crosses_the_limit() {
    // M/D/1 with a service of 100 ms. The share of waits beyond t has no simple closed form, but at half
    // load p95 of the whole time is about 0.29 s and at 0.8 about 0.75 s, so "p95 at most 500 ms" is crossed
    // near 6.8 a second (A. K. Erlang's 1909 formula, evaluated).
    let scenario = r#"
        [defaults]
        first_token_ms = 100
        answers = { type = "text", text = "ok" }
    "#;
    let slo = Slo {
        metric: LoadMetric::E2e,
        p: 0.95,
        limit: ms(500),
    };
    let (goal, program) = goodput(vec![slo]);
    let found = whole(scenario, &["m"], goal, program).await;
    let goodput = found.candidates[0].goodput.as_ref().unwrap();
    let holds = goodput.holds_per_s.unwrap();
    assert!((3.0..8.0).contains(&holds), "{goodput:?}");
    let breaks = goodput.breaks_per_s.unwrap();
    assert!(breaks > holds && breaks <= 12.0, "{goodput:?}");
    assert!(goodput.good_per_s.unwrap() <= holds * 1.2);
}

#[tokio::test(start_paused = true)]
async fn what_holds_at_no_rate_is_said() {
    let scenario = "[defaults]\nfirst_token_ms = 100\nanswers = { type = \"text\", text = \"ok\" }";
    let slo = Slo {
        metric: LoadMetric::Ttft,
        p: 0.95,
        limit: ms(50),
    };
    let (goal, program) = goodput(vec![slo]);
    let found = whole(scenario, &["m"], goal, program).await;
    let goodput = found.candidates[0].goodput.as_ref().unwrap();
    assert_eq!(goodput.holds_per_s, None);
    assert!(goodput.breaks_per_s.unwrap() < 0.1 && !goodput.resolved);
}
