//! The page and the table of a load test.

use trilemma_domain::LoadReport;

use super::{load_csv, load_html};

/// A report as another program would hand it over: through JSON.
fn report(id: &str, message: &str) -> LoadReport {
    let times = |n: u64, ms: f64| {
        let at = |p: f64, ms: serde_json::Value, needs: serde_json::Value| serde_json::json!({"p": p, "ms": ms, "low_ms": ms, "high_ms": ms, "needs": needs});
        let curve: Vec<f64> = if n == 0 {
            Vec::new()
        } else {
            (0..=100)
                .map(|k| ms * (1.0 + f64::from(k) / 100.0))
                .collect()
        };
        serde_json::json!({"n": n, "n_beyond": 0, "n_effective": null, "curve_ms": curve, "quantiles": if n == 0 { vec![] } else { vec![
            at(0.5, ms.into(), serde_json::Value::Null), at(0.95, (ms * 2.0).into(), serde_json::Value::Null),
            at(0.99, serde_json::Value::Null, 368.into())] }})
    };
    let stage = serde_json::json!({"arrivals": {"type": "poisson", "per_s": 2.5}, "candidates": [0], "warmup_s": 0.0,
        "warmup_requests": 5, "duration_s": null, "requests": 105, "max_in_flight": null, "drain_s": 60.0});
    let figures = serde_json::json!({"n_sent": 100, "n_answered": 99, "n_failed": 1, "n_unstarted": 0, "n_warmup": 5,
        "failures": {"rate_limited": 1}, "failure_examples": {"rate_limited": message}, "window_s": 40.0,
        "requests_per_s": {"per_s": 2.4, "low": 2.0, "high": 2.8}, "output_tokens_per_s": null, "in_flight_mean": 1.5,
        "input_tokens_mean": null, "output_tokens_mean": null, "first_byte": times(99, 90.0), "first_token": times(99, 100.0),
        "ttft": times(99, 110.0), "ttft_scheduled": times(99, 120.0), "e2e": times(99, 900.0), "e2e_scheduled": times(99, 910.0),
        "tpot": times(0, 0.0), "longest_pause": times(99, 60.0), "itl": null, "tokens_per_chunk": null,
        "client_wait": times(100, 0.5), "connect": times(2, 1.5), "perceived": null, "warmup_e2e": times(5, 950.0),
        "converted": [], "timeline": (0..20).map(|k| serde_json::json!({"at_s": k, "due": 2, "answered": 2, "failed": 0,
            "in_flight": 1, "e2e_p50_ms": 900.0, "e2e_max_ms": 950.0})).collect::<Vec<_>>()});
    let stages = serde_json::json!([{"stage_idx": 0, "plan": stage, "end": {"started_us": 0, "last_intended_s": 42.0, "ended_s": 43.0,
                "n_unstarted": [0], "stop": "complete"}, "figures": figures,
                "verdicts": [{"class": "real-time", "required": false, "slo": {"metric": "e2e", "p": 0.95, "limit_s": 1.0},
                    "text": "p95 E2E at most 1 s", "verdict": "fails", "share": 0.5, "share_low": 0.4, "share_high": 0.6,
                    "n": 100, "more_requests": null}]}]);
    let candidates = serde_json::json!([{"id": id, "output_tokens_per_s": null, "concurrency": 1.5, "input_tokens_mean": null,
            "output_tokens_mean": null, "measured": "2026-11-28",
            "target": {"id": id, "model": message, "identity": null, "provider": "p", "dialect": "openai",
                "base_url": "http://h/v1", "streamed": true},
            "served_models": [message], "cost": {"known_usd": "0.01", "n_unpriced": 0}, "saturation": null, "goodput": null,
            "stages": stages}]);
    let value = serde_json::json!({"schema_version": 1, "test": "latency-1", "measured": "2026-11-28",
        "started": "2026-11-28T12:00:00Z", "trilemma_version": "0.1.0", "project": message, "simulated": true,
        "stopped": null, "goal": {"type": "measure"}, "prompts": {"type": "golden", "n": 3}, "seed": 1, "timeout_s": 60.0,
        "client_region": message, "endpoint_region": null, "client_cores": 2,
        "candidates": candidates,
        "comparisons": [], "warnings": [format!("`{id}` {message}")], "definitions": [["TTFT", "to the first token"]]});
    serde_json::from_value(value).unwrap()
}

#[test]
fn the_page_stands_alone_and_has_its_charts() {
    let page = String::from_utf8(load_html(&report("mini", "m")).unwrap()).unwrap();
    for part in [
        "ttft-curve",
        "e2e-curve",
        "timeline",
        "in-flight",
        "needs n = 368",
        "✗ fails",
        "Simulated.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("http://www") && !page.contains("src=") && !page.contains("NaN"));
    assert_eq!(page.matches("<svg class").count(), 8);
}

#[test]
fn foreign_words_stay_words() {
    let evil = "<script>alert(1)</script>\u{1b}[31m\u{202e}";
    let report = report("=cmd|'/C calc'!A0", evil);
    let page = String::from_utf8(load_html(&report).unwrap()).unwrap();
    assert!(
        !page.contains("<script>alert") && !page.contains('\u{1b}') && !page.contains('\u{202e}')
    );
    let csv = load_csv(&report);
    assert!(
        csv.lines().skip(1).all(|line| line.starts_with("\"'=cmd")),
        "{csv}"
    );
    assert!(
        csv.contains(",ttft_scheduled,0.95,240,240,240,99,0,\n"),
        "{csv}"
    );
    assert!(csv.contains(",ttft_scheduled,0.99,,,,99,0,368\n"));
}
