//! Vectors of texts: durable, asked for once.

use trilemma_domain::{Fingerprint, NanoUsd};
use trilemma_store::{EmbeddingCall, EmbeddingEnd, Store};

use crate::support::manifest;

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    (folder, store)
}

fn hash(text: &str) -> Fingerprint {
    Fingerprint::of(text.as_bytes())
}

fn call(n_texts: u32) -> EmbeddingCall {
    EmbeddingCall {
        started_us: 1_000,
        n_texts,
        n_chars: 12,
        end: None,
    }
}

fn end(failure: Option<&str>) -> EmbeddingEnd {
    EmbeddingEnd {
        took_us: Some(40_000),
        input_tokens: Some(6),
        cost: Some(NanoUsd(120)),
        served: Some("e-1".to_owned()),
        failure: failure.map(str::to_owned),
    }
}

#[test]
fn vectors_outlive_the_program_and_their_runs() {
    let (folder, store) = open();
    let run = store.begin_run(&manifest("r1", 1)).unwrap();
    let model = hash("model");
    let ticket = store.begin_embedding_call(&model, &call(2)).unwrap();
    let vectors = [
        (hash("a"), vec![0.25, -1.5, f32::MIN_POSITIVE]),
        (hash("b"), vec![0.1, 0.2, 0.3]),
    ];
    store
        .end_embedding_call(ticket, &end(None), &vectors)
        .unwrap();
    store.delete_run(&run).unwrap();
    drop(store);
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let wanted = [hash("b"), hash("nobody asked"), hash("a")];
    let (found, calls) = store.embeddings(&model, &wanted).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[&hash("a")].vector, vectors[0].1);
    assert_eq!(found[&hash("b")].vector, vectors[1].1);
    assert_eq!(calls[found[&hash("b")].call_idx].end, Some(end(None)));
    // Another model knows nothing of it.
    let (found, calls) = store.embeddings(&hash("other"), &wanted).unwrap();
    assert!(found.is_empty() && calls.is_empty());
}

#[test]
fn the_first_vector_of_a_text_stands() {
    let (_folder, store) = open();
    let model = hash("model");
    for (numbers, idx) in [([1.0], 0), ([2.0], 1)] {
        let ticket = store.begin_embedding_call(&model, &call(1)).unwrap();
        let vector = [(hash("a"), numbers.to_vec())];
        store
            .end_embedding_call(ticket, &end(None), &vector)
            .unwrap();
        assert_eq!(store.embedding_calls(&model).unwrap().len(), idx + 1);
    }
    let (found, _) = store.embeddings(&model, &[hash("a")]).unwrap();
    assert_eq!(found[&hash("a")].vector, [1.0]);
    assert_eq!(found[&hash("a")].call_idx, 0);
}

#[test]
fn calls_that_failed_or_never_ended_are_told() {
    let (folder, store) = open();
    let model = hash("model");
    let failed = store.begin_embedding_call(&model, &call(3)).unwrap();
    store.begin_embedding_call(&model, &call(5)).unwrap();
    store
        .end_embedding_call(failed, &end(Some("too long")), &[])
        .unwrap();
    drop(store);
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let calls = store.embedding_calls(&model).unwrap();
    assert_eq!(calls[0].end, Some(end(Some("too long"))));
    assert_eq!(calls[1], call(5));
}
