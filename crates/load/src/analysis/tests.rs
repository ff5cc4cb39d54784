//! Figures from samples that are written down by hand.

use std::time::Duration;

use proptest::prelude::*;
use trilemma_domain::{
    Attempt, Failure, FailureKind, FaultSource, LoadMetric, LoadSample, NanoUsd, Retry, Slo,
    Timing, Usage, Verdict,
};

use super::*;
use crate::analysis::times::times;

const READING: f64 = 5.0;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A request due and sent at `at_ms`, with chunks at these milliseconds after that.
fn streamed(number: u64, at_ms: u64, chunks_ms: &[u32], tokens: u64) -> LoadSample {
    let at = |us: Option<&u32>| us.map(|ms| Duration::from_millis(u64::from(*ms)));
    LoadSample {
        stage_idx: 0,
        candidate_idx: 0,
        number,
        intended: ms(at_ms),
        begun: ms(at_ms),
        sent: Some(ms(at_ms)),
        ended: ms(at_ms + u64::from(chunks_ms.last().copied().unwrap_or(0))),
        is_warmup: false,
        served_model: None,
        simulated: false,
        attempt: Attempt {
            number: 1,
            started_us: 0,
            timing: Timing {
                first_byte: at(chunks_ms.first()),
                first_token: at(chunks_ms.first()),
                first_visible: at(chunks_ms.first()),
                last_visible: at(chunks_ms.last()),
                end: at(chunks_ms.last()),
                chunk_us: chunks_ms.iter().map(|ms| ms * 1000).collect(),
                ..Timing::default()
            },
            status: Some(200),
            request_id: None,
            failure: None,
            usage: Some(Usage {
                input_uncached: 10,
                output: tokens,
                ..Usage::default()
            }),
            cost: Some(NanoUsd(1)),
            raw_body: None,
        },
    }
}

fn failed(number: u64, kind: FailureKind) -> LoadSample {
    let mut sample = streamed(number, 0, &[], 0);
    sample.attempt.failure = Some(Failure::new(kind, FaultSource::Vendor, Retry::No, "no"));
    sample.attempt.usage = None;
    sample
}

fn point(sample: &LoadSample) -> Point {
    Point::of(sample, READING)
}

#[test]
fn a_reader_waits_for_the_first_token_and_for_every_pause() {
    let waits = |chunks: &[u32], tokens| point(&streamed(0, 0, chunks, tokens)).perceived;
    // 5 tokens a second are 200 ms each: faster tokens make nobody wait.
    assert_eq!(waits(&[300, 350, 400, 450], 4), Value::Known(300.0));
    // Slower ones do: TTFT + (N - 1) (TPOT - 1/R) = 300 + 3 · 50.
    assert_eq!(waits(&[300, 550, 800, 1050], 4), Value::Known(450.0));
    // One pause of 2 s after the first: the reader has 200 ms of it covered.
    assert_eq!(waits(&[300, 2300, 2310, 2320], 4), Value::Known(2100.0));
    // Two tokens in each chunk buy twice the time.
    assert_eq!(waits(&[300, 700, 1100, 1500], 8), Value::Known(300.0));
    let mut silent = streamed(0, 0, &[300, 900], 2);
    silent.attempt.usage = None;
    assert_eq!(point(&silent).perceived, Value::Absent);
}

#[test]
fn timeouts_are_beyond_and_other_failures_are_no_times() {
    let late = point(&failed(0, FailureKind::Deadline));
    assert_eq!(
        (late.e2e, late.e2e_scheduled),
        (Value::Beyond, Value::Beyond)
    );
    let refused = point(&failed(0, FailureKind::RateLimited));
    assert_eq!((refused.e2e, refused.ttft), (Value::Absent, Value::Absent));
}

#[test]
fn too_few_requests_support_no_percentile_and_say_how_many_would() {
    let found = times((0..100).map(|k| Value::Known(f64::from(k))));
    let needs: Vec<Option<u64>> = found.quantiles.iter().map(|one| one.needs).collect();
    assert_eq!(needs, [None, None, None, Some(368), Some(3688)]);
    assert_eq!(found.quantiles[3].ms, None);
    let curve = super::times::drawn((0..100).map(|k| Value::Known(f64::from(k)))).curve_ms;
    assert_eq!(
        (curve.len(), curve[0], curve[50], curve[100]),
        (101, 0.0, 49.5, 99.0)
    );
    let few = times((0..5).map(|k| Value::Known(f64::from(k))));
    assert_eq!(few.quantiles[0].needs, Some(6));
    assert_eq!(times([]).quantiles, []);
}

#[test]
fn requests_that_hang_together_count_as_fewer() {
    // Twenty stretches of 50, each slow or fast as a whole.
    let slow = |block: u32| block.wrapping_mul(2_654_435_761) >> 31 == 1;
    let together = (0..1000_u32).map(|k| {
        let base = if slow(k / 50) { 900.0 } else { 100.0 };
        Value::Known(base + f64::from(k * 7919 % 100))
    });
    let found = times(together);
    let worth = found.n_effective.unwrap();
    assert!(worth < 60.0, "{worth}");
    let apart = times((0..1000_u32).map(|k| Value::Known(f64::from(k * 7919 % 1000))));
    assert_eq!(apart.n_effective, None);
    let width = |one: &trilemma_domain::LoadTimes| {
        let median = one.at(0.5).unwrap();
        median.high_ms.unwrap() - median.low_ms.unwrap()
    };
    assert!(width(&found) > 500.0 && width(&apart) < 80.0);
}

#[test]
fn a_budget_is_met_only_if_failures_counted_as_slow_leave_it_so() {
    let slo = Slo {
        metric: LoadMetric::E2e,
        p: 0.95,
        limit: ms(500),
    };
    let check = |n_fast: u64, n_slow: u64, n_failed: u64, n_unstarted: u64| {
        let fast = (0..n_fast).map(|k| streamed(k, k, &[100, 400], 2));
        let slow = (0..n_slow).map(|k| streamed(k, k, &[100, 900], 2));
        let failed = (0..n_failed).map(|k| failed(k, FailureKind::ServerError));
        let samples: Vec<LoadSample> = fast.chain(slow).chain(failed).collect();
        let points: Vec<Point> = samples.iter().map(point).collect();
        let points: Vec<&Point> = points.iter().collect();
        verdict(&points, n_unstarted, slo)
    };
    assert_eq!(check(59, 0, 0, 0).verdict, Verdict::Meets);
    let few = check(58, 0, 0, 0);
    assert_eq!(
        (few.verdict, few.more_requests),
        (Verdict::Undecided, Some(1))
    );
    assert_eq!(check(0, 20, 0, 0).verdict, Verdict::Fails);
    // Six failures of 65 would break it if they were slow, and would not if they were fast.
    assert_eq!(check(59, 0, 6, 0).verdict, Verdict::Undecided);
    assert_eq!(check(59, 0, 0, 20).verdict, Verdict::Fails);
    let nothing = check(0, 0, 30, 0);
    assert_eq!(
        (nothing.verdict, nothing.share, nothing.share_low),
        (Verdict::Undecided, None, None)
    );
}

#[test]
fn candidates_are_compared_where_both_answered() {
    let many = |shift: u32, skip: u64| -> Vec<Point> {
        let samples = (0..200_u64).filter(|k| k % skip != 0).map(|k| {
            let e2e = 500 + shift + u32::try_from(k * 37 % 100).unwrap();
            streamed(k, k * 10, &[100, e2e], 2)
        });
        samples.map(|sample| point(&sample)).collect()
    };
    let (left, right) = (many(80, 5), many(0, 7));
    let (left, right): (Vec<&Point>, Vec<&Point>) = (left.iter().collect(), right.iter().collect());
    let ids = ["a".into(), "b".into()];
    let found = compare((&ids[0], &left), (&ids[1], &right), LoadMetric::E2e, 3);
    assert_eq!(found.len(), 2);
    // Every fifth is missing here, every seventh there: 200 - 40 - 29 + 6.
    assert_eq!(found[0].n, 137);
    // All pairs differ by the same 80 ms, which no resample can vary.
    assert_eq!(found[0].difference_ms, None);
    let found = compare((&ids[0], &left), (&ids[1], &left), LoadMetric::Ttft, 3);
    assert_eq!(found[0].difference_ms, None);
}

#[test]
fn other_tools_words_divide_by_all_tokens_and_count_the_connection() {
    let mut sample = streamed(0, 1000, &[200, 300, 400, 500, 600], 5);
    // 30 ms went by between the beginning and the last byte sent.
    sample.begun = ms(970);
    let mut samples = StageSamples::default();
    samples.add(&sample, READING);
    let points: Vec<&Point> = samples.measured().collect();
    let all = super::converted::converted(&points, &super::gaps::Gaps::default());
    let mean = |figure: &str, tool: &str| {
        let is_it = |one: &&trilemma_domain::LoadConverted| {
            one.figure == figure && one.tool.starts_with(tool)
        };
        all.iter().find(is_it).unwrap().mean_ms
    };
    assert_eq!(mean("time_to_first_token_ms", "guidellm"), 230.0);
    assert_eq!(mean("inter_token_latency_ms", "guidellm"), 100.0);
    assert_eq!(mean("time_per_output_token_ms", "guidellm"), 126.0);
    assert_eq!(mean("request_latency", "guidellm"), 630.0);
    assert_eq!(mean("tpot_ms", "vLLM"), 100.0);
}

/// Searches against an endpoint whose truth is known.
fn search(from: f64, most: f64, truth: impl Fn(f64) -> Finding) -> trilemma_domain::LoadGoodput {
    let mut search = Search::new(from, most, 1.05);
    for _ in 0..60 {
        let Some(rate) = search.next() else { break };
        search.note(rate, truth(rate));
    }
    search.found(Some(1.0))
}

#[test]
fn the_gap_closes_around_the_limit() {
    for limit in [0.7, 1.0, 3.2, 77.0] {
        let found = search(1.0, 1e6, |rate| {
            if rate <= limit {
                Finding::Holds
            } else {
                Finding::Breaks
            }
        });
        let (holds, breaks) = (found.holds_per_s.unwrap(), found.breaks_per_s.unwrap());
        assert!(
            holds <= limit && limit < breaks && breaks / holds <= 1.05,
            "{found:?}"
        );
        assert!(found.resolved);
    }
}

#[test]
fn a_limit_that_is_never_reached_ends_at_the_highest_rate() {
    let found = search(1.0, 100.0, |_| Finding::Holds);
    assert_eq!((found.holds_per_s, found.breaks_per_s), (Some(100.0), None));
    assert!(found.resolved);
}

#[test]
fn rates_that_stay_open_are_told_and_resolve_nothing() {
    let found = search(1.0, 100.0, |rate| {
        if rate < 4.0 {
            Finding::Holds
        } else if rate < 6.0 {
            Finding::Undecided
        } else {
            Finding::Breaks
        }
    });
    let holds = found.holds_per_s.unwrap();
    assert!(holds < 4.0 && holds > 3.5, "{found:?}");
    assert!(!found.undecided_per_s.is_empty() && !found.resolved);
}

#[test]
fn hopeless_searches_end() {
    let found = search(1.0, 100.0, |_| Finding::Breaks);
    assert_eq!(found.holds_per_s, None);
    assert!(found.breaks_per_s.unwrap() < 0.01 && !found.resolved);
}

proptest! {
    #[test]
    fn no_distribution_panics_or_crosses_its_ends(
        values in prop::collection::vec((0.0..1e6_f64, 0..10_u8), 0..600)
    ) {
        let values = values.into_iter().map(|(ms, kind)| match kind {
            0 => Value::Beyond,
            1 => Value::Absent,
            _ => Value::Known(ms),
        });
        for one in times(values).quantiles {
            if let (Some(low), Some(point)) = (one.low_ms, one.ms) {
                prop_assert!(low <= point + 1e-6, "{one:?}");
            }
            if let (Some(high), Some(point)) = (one.high_ms, one.ms) {
                prop_assert!(point <= high + 1e-6, "{one:?}");
            }
            prop_assert!(one.needs.is_none() || one.ms.is_none());
        }
    }
}
