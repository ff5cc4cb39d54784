//! A run as Parquet, read back by our own reader: every cell comes back, and unknown stays unknown.

use std::time::Duration;

use trilemma_domain::{Input, Item, NanoUsd, Usage};
use trilemma_interop::{
    ExportHead, ExportRow, ExportScore, GatheredTrial, ParquetExport, RowExport,
};

use crate::{items, read_one, trials, written};

/// One more than fits two groups of rows.
const N_ROWS: usize = 10_001;
const TEXT: &str = "Grüße, \"quoted\"\n\u{1f600} =SUM(A1)";

fn head() -> ExportHead {
    ExportHead {
        run: "r1".to_owned(),
        project: "p".to_owned(),
        created: "2026-11-29T00:00:00Z".to_owned(),
        version: "0.0.0".to_owned(),
        candidates: vec![
            ("known".to_owned(), "vendor/a".to_owned(), None),
            ("sparse".to_owned(), "vendor/b".to_owned(), None),
        ],
        scorers: vec!["exact".to_owned()],
    }
}

/// Even rows say everything, odd ones nothing that may be left out.
fn row(idx: usize, item: &Item) -> ExportRow<'_> {
    let is_known = idx.is_multiple_of(2);
    let known = |value: f64| is_known.then_some(value);
    ExportRow {
        candidate: idx % 2,
        item_idx: idx / 2,
        item,
        repeat: 0,
        output: is_known.then_some(TEXT),
        error: None,
        score: Some(if idx.is_multiple_of(3) { 1.0 } else { 0.25 }),
        pass: Some(idx.is_multiple_of(3)),
        scores: vec![ExportScore {
            value: known(0.5),
            explanation: None,
        }],
        usage: is_known.then_some(Usage {
            input_uncached: 70,
            cache_read: Some(30),
            output: 5,
            ..Usage::default()
        }),
        cost: is_known.then_some(NanoUsd(1_234_567_891)),
        ttft: known(0.25).map(Duration::from_secs_f64),
        latency: known(1.5).map(Duration::from_secs_f64),
        n_attempts: 1,
        replayed: false,
    }
}

fn exported() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut export = ParquetExport::new(&mut bytes, head()).unwrap();
    for idx in 0..N_ROWS {
        let mut item = Item::new(format!("q{}", idx / 2), Input::Text(String::new()));
        item.extras.tags = vec!["a".to_owned()];
        export.row(&row(idx, &item)).unwrap();
    }
    export.finish().unwrap();
    drop(export);
    bytes
}

#[test]
fn a_run_as_parquet_comes_back_cell_by_cell() {
    let (_folder, path) = written("run.parquet", exported());
    let (mut gathered, origin) = read_one(&path);
    assert!(origin.notes.is_empty(), "{:?}", origin.notes);
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| (one.name.as_str(), one.model.as_deref()))
        .collect();
    assert_eq!(names, [("known", None), ("sparse", None)]);
    assert_eq!(gathered.n_trials(), N_ROWS as u64);
    let passed = gathered.tallies.iter().map(|one| one.n_passed).sum::<u64>();
    assert_eq!(
        passed,
        (0..N_ROWS).filter(|idx| idx % 3 == 0).count() as u64
    );
    assert_eq!(items(&mut gathered)[7].id, "q7");
    for trial in trials(&mut gathered) {
        check(&trial);
    }
}

fn check(trial: &GatheredTrial) {
    if trial.candidate == 0 {
        let usage = trial.usage.unwrap();
        assert_eq!((usage.input_total(), usage.cache_read), (100, Some(30)));
        assert_eq!(usage.output, 5);
        assert_eq!(trial.cost, Some(NanoUsd(1_234_567_891)));
        assert_eq!(trial.latency, Some(Duration::from_millis(1_500)));
        assert_eq!(trial.ttft, Some(Duration::from_millis(250)));
        assert_eq!(trial.output.as_deref(), Some(TEXT));
    } else {
        assert_eq!((trial.usage, trial.cost), (None, None));
        assert_eq!((trial.latency, trial.ttft), (None, None));
        assert_eq!(trial.output, None);
    }
}

#[test]
fn reading_parquet_tells_how_far_it_is() {
    let bytes = exported();
    let (_folder, path) = written("run.parquet", &bytes);
    let n_read = std::sync::Arc::default();
    let mut gather = crate::gathering();
    let options = trilemma_interop::ReadOptions::default();
    trilemma_interop::read_results(&path, &options, &n_read, &mut gather).unwrap();
    let n_read = n_read.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(n_read, bytes.len() as u64);
}

#[test]
fn parquet_cut_short_is_told() {
    let bytes = exported();
    for part in [4, bytes.len() / 2, bytes.len() - 1] {
        let words = crate::refusal("run.parquet", &bytes[..part]);
        assert!(words.contains("hint:"), "{part}: {words}");
    }
}
