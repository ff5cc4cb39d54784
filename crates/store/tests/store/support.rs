//! Records for the tests of the store: plausible ones, and arbitrary ones.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::{Map, json};
use trilemma_domain::{
    Attempt, Candidate, ChatResponse, Dialect, Failure, FailureKind, FaultSource, Fingerprint,
    FinishReason, ItemId, NanoUsd, Params, Reply, Retry, RunId, Score, ScoreRecord, ScoredOutcome,
    ScorerSpec, Target, Timing, ToolChoice, Trial, TrialKey, TrialOrigin, TrialOutcome, Usage,
};
use trilemma_store::{
    CandidateRecord, MANIFEST_VERSION, RunManifest, ScoreSet, ScorerEntry, Store,
};

pub(crate) const BASE_US: i64 = 1_733_000_000_000_000;

/// A small generator (SplitMix64, Steele et al. 2014), so that tests repeat.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Lower-case words of about `n_chars` characters.
    pub(crate) fn text(&mut self, n_chars: usize) -> String {
        (0..n_chars)
            .map(|idx| {
                if idx % 6 == 5 {
                    ' '
                } else {
                    char::from(b'a' + (self.below(26) as u8))
                }
            })
            .collect()
    }

    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:012x}", self.next(), self.next() >> 16)
    }
}

pub(crate) fn key(candidate_idx: u32, item_idx: u32, repeat: u32) -> TrialKey {
    TrialKey {
        candidate_idx,
        item_idx,
        repeat,
    }
}

pub(crate) fn scorer(label: &str, weight: f64) -> ScorerEntry {
    ScorerEntry::of(ScorerSpec {
        kind: "exact".to_owned(),
        label: label.to_owned(),
        weight,
        options: Map::new(),
    })
}

pub(crate) fn score_set(labels: &[(&str, f64)]) -> ScoreSet {
    ScoreSet {
        scorers: labels
            .iter()
            .map(|(label, weight)| scorer(label, *weight))
            .collect(),
        pass_threshold: Score::new(0.7).unwrap(),
    }
}

pub(crate) fn manifest(run: &str, n_items: u32) -> RunManifest {
    RunManifest {
        schema_version: MANIFEST_VERSION,
        run: RunId::from(run),
        created_us: BASE_US,
        trilemma_version: "0.1.0".to_owned(),
        project: "support-triage".to_owned(),
        seed: 7,
        as_of: jiff::civil::date(2024, 12, 1),
        repeats: 1,
        golden: Fingerprint::of(b"golden"),
        items: (0..n_items)
            .map(|idx| ItemId::from(format!("item-{idx}")))
            .collect(),
        candidates: vec![candidate("mini"), candidate("large")],
        scores: score_set(&[("exact", 1.0)]),
        parameters: Map::from_iter([("split".to_owned(), json!("dev"))]),
        notes: Map::new(),
    }
}

pub(crate) fn candidate(id: &str) -> CandidateRecord {
    let candidate = Candidate {
        id: id.into(),
        target: Target {
            provider: "openai".to_owned(),
            dialect: Dialect::OpenAi,
            base_url: "https://api.openai.com/v1".to_owned(),
            model: id.to_owned(),
            api_version: None,
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params {
            temperature: Some(0.7),
            ..Params::default()
        },
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: None,
        stream: true,
    };
    CandidateRecord {
        candidate,
        prompt: None,
        request_base: Fingerprint::of(id.as_bytes()),
    }
}

pub(crate) fn failure(kind: FailureKind) -> Failure {
    Failure::new(
        kind,
        FaultSource::Vendor,
        Retry::After(Duration::from_millis(1_000)),
        "Rate limit reached for gpt-4o-mini in organization org-x on requests per min",
    )
    .with_status(429)
}

pub(crate) fn failed_attempt(number: u32, started_us: i64, cost: Option<NanoUsd>) -> Attempt {
    Attempt {
        number,
        started_us,
        timing: Timing {
            queued: Duration::from_micros(12),
            end: Some(Duration::from_millis(30)),
            ..Timing::default()
        },
        status: Some(429),
        request_id: Some("req_0011".to_owned()),
        failure: Some(failure(FailureKind::RateLimited)),
        usage: None,
        cost,
        raw_body: None,
    }
}

/// A trial as a streaming vendor gives it: one attempt, ids, usage, a stamp per token.
pub(crate) fn realistic(key: TrialKey, noise: &mut Noise) -> Trial {
    let n_tokens = 60 + noise.below(120);
    let mut stamp = 180_000 + noise.below(300_000) as u32;
    let first = stamp;
    let chunk_us: Vec<u32> = (0..n_tokens)
        .map(|_| {
            stamp += 6_000 + noise.below(18_000) as u32;
            stamp
        })
        .collect();
    let micros = |us: u32| Some(Duration::from_nanos(u64::from(us) * 1_000 + 417));
    let timing = Timing {
        queued: Duration::from_nanos(noise.below(40_000_000)),
        connect: None,
        send: Some(Duration::from_nanos(20_000 + noise.below(90_000))),
        first_byte: micros(first - 20_000),
        first_token: micros(first),
        first_visible: chunk_us.first().copied().and_then(micros),
        last_visible: chunk_us.last().copied().and_then(micros),
        end: micros(stamp + 900),
        chunk_us,
    };
    let input = 900 + noise.below(700);
    let usage = Usage {
        input_uncached: input,
        cache_read: Some(0),
        output: n_tokens,
        reasoning: Some(0),
        ..Usage::default()
    };
    let raw_usage = json!({
        "prompt_tokens": input, "completion_tokens": n_tokens, "total_tokens": input + n_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    });
    let reply = Reply {
        response: ChatResponse {
            text: noise.text(4 * n_tokens as usize),
            finish: Some(FinishReason::Stop),
            served_model: Some("gpt-4o-mini-2024-07-18".to_owned()),
            system_fingerprint: Some(format!("fp_{:010x}", noise.below(3))),
            response_id: Some(noise.id("chatcmpl-")),
            usage: Some(usage),
            raw_usage: Some(raw_usage),
            ..ChatResponse::default()
        },
        request_id: Some(noise.id("req_")),
        simulated: false,
    };
    let cost = Some(NanoUsd((150 * input + 600 * n_tokens) as i64));
    let attempt = Attempt {
        number: 1,
        started_us: BASE_US + noise.below(600_000_000) as i64,
        timing: timing.clone(),
        status: Some(200),
        request_id: reply.request_id.clone(),
        failure: None,
        usage: Some(usage),
        cost,
        raw_body: None,
    };
    Trial {
        key,
        request: Fingerprint::of(&noise.next().to_be_bytes()),
        origin: TrialOrigin::Called,
        attempts: vec![attempt],
        cost,
        n_unpriced_attempts: 0,
        price_row: Some(Fingerprint::of(b"price row")),
        outcome: TrialOutcome::Answered {
            reply: Box::new(reply),
            timing,
        },
    }
}

pub(crate) fn failed(key: TrialKey, noise: &mut Noise) -> Trial {
    let started_us = BASE_US + noise.below(600_000_000) as i64;
    let attempts = vec![
        failed_attempt(1, started_us, Some(NanoUsd(0))),
        failed_attempt(2, started_us + 1_100_000, None),
    ];
    Trial {
        key,
        request: Fingerprint::of(&noise.next().to_be_bytes()),
        origin: TrialOrigin::Called,
        attempts,
        cost: Some(NanoUsd(0)),
        n_unpriced_attempts: 1,
        price_row: None,
        outcome: TrialOutcome::Failed(failure(FailureKind::RateLimited)),
    }
}

pub(crate) fn scored(key: TrialKey, scorer_idx: u32, value: f64) -> ScoreRecord {
    ScoreRecord {
        key,
        scorer_idx,
        outcome: ScoredOutcome::Scored {
            score: Score::new(value).unwrap(),
            explanation: Some("expected 18, got 18".to_owned()),
        },
        cost: None,
    }
}

pub(crate) fn text_of(trial: &Trial) -> &str {
    match &trial.outcome {
        TrialOutcome::Answered { reply, .. } => &reply.response.text,
        TrialOutcome::Failed(_) => "",
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

/// Records trials and waits for all of them.
pub(crate) fn put(store: &Store, run: &RunId, trials: impl IntoIterator<Item = Trial>) {
    let writer = store.writer().unwrap();
    runtime().block_on(async {
        for trial in trials {
            drop(writer.trial(run, trial).await.unwrap());
        }
        writer.flush().await.unwrap();
    });
}

/// Collects what a streaming reader shows.
pub(crate) fn collect<T, E: std::fmt::Debug>(
    read: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>) -> Result<(), E>,
) -> Vec<T> {
    let mut all = Vec::new();
    read(&mut |one| {
        all.push(one);
        ControlFlow::Continue(())
    })
    .unwrap();
    all
}
