//! Scores, score sets, observations.

use std::time::Duration;

use crate::support::*;
use trilemma_domain::*;
use trilemma_store::*;

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    run: RunId,
    writer: Writer,
}

impl Bench {
    fn begin(scores: ScoreSet) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s.db")).unwrap();
        let run = store
            .begin_run(&RunManifest {
                scores,
                ..manifest("r", 9)
            })
            .unwrap();
        let writer = store.writer().unwrap();
        Self {
            _folder: folder,
            store,
            run,
            writer,
        }
    }

    fn score(&self, set: &ScoreSet, scores: Vec<ScoreRecord>) -> Result<(), StoreError> {
        runtime().block_on(async {
            self.writer
                .scores(&self.run, set.fingerprint(), scores)
                .await?
                .await
        })
    }

    fn states(&self) -> Vec<ObservedState> {
        let seen: Vec<Observation> = collect(|see| self.store.observations(&self.run, see));
        seen.into_iter().map(|one| one.state).collect()
    }
}

fn state(score: f64, pass: bool) -> ObservedState {
    ObservedState::Scored {
        score: Score::new(score).unwrap(),
        pass,
    }
}

fn word(key: TrialKey, scorer_idx: u32, outcome: ScoredOutcome) -> ScoreRecord {
    ScoreRecord {
        key,
        scorer_idx,
        outcome,
        cost: Some(NanoUsd(11)),
    }
}

fn not_applicable() -> ScoredOutcome {
    ScoredOutcome::NotApplicable {
        reason: "no expected value".to_owned(),
    }
}

fn could_not_run() -> ScoredOutcome {
    ScoredOutcome::Failed {
        reason: "judge unreachable".to_owned(),
    }
}

#[test]
fn observations_join_the_scores_of_the_current_set() {
    let set = score_set(&[("exact", 1.0), ("judge", 3.0), ("length", 0.0)]);
    let bench = Bench::begin(set.clone());
    let mut noise = Noise(1);
    let trials = (0..5)
        .map(|idx| realistic(key(0, idx, 0), &mut noise))
        .collect::<Vec<_>>();
    put(&bench.store, &bench.run, trials.clone());
    put(&bench.store, &bench.run, [failed(key(0, 5, 0), &mut noise)]);
    let at = |idx| key(0, idx, 0);
    bench
        .score(
            &set,
            vec![
                scored(at(0), 0, 1.0),
                scored(at(0), 1, 0.8),
                scored(at(1), 0, 1.0),
                word(at(1), 1, could_not_run()),
                scored(at(2), 0, 0.0),
                word(at(2), 1, not_applicable()),
                scored(at(3), 0, 1.0),
                word(at(4), 0, not_applicable()),
                word(at(4), 1, not_applicable()),
            ],
        )
        .unwrap();
    assert_eq!(
        bench.states(),
        [
            state((1.0 + 3.0 * 0.8) / 4.0, true),
            ObservedState::Unscored,
            state(0.0, false),
            ObservedState::Unscored,
            ObservedState::Unscored,
            ObservedState::Failed(FailureKind::RateLimited),
        ]
    );
    let print = set.fingerprint();
    let unscored = |which| bench.store.unscored(&bench.run, &print, which).unwrap();
    // The third scorer, which does not count, has not spoken at all.
    assert_eq!(unscored(Unscored::Missing).len(), 5);
    let spoken = (0..5).map(|idx| scored(at(idx), 2, 1.0)).collect();
    bench.score(&set, spoken).unwrap();
    assert_eq!(unscored(Unscored::Missing), [at(3)]);
    assert_eq!(unscored(Unscored::MissingOrFailed), [at(1), at(3)]);
    let without = || bench.store.n_without_score(&bench.run, &print).unwrap();
    assert_eq!(without(), 2);
    assert_eq!(bench.store.spent(&bench.run).unwrap().scoring, NanoUsd(44));
    // A scorer that does not count keeps nobody from a score; not to apply is a word.
    bench
        .score(&set, vec![word(at(0), 2, could_not_run())])
        .unwrap();
    assert_eq!(without(), 2);
    bench
        .score(&set, vec![word(at(3), 1, not_applicable())])
        .unwrap();
    assert_eq!(without(), 1);
}

#[test]
fn scoring_anew_keeps_what_was_said_before() {
    let first = score_set(&[("exact", 1.0)]);
    let bench = Bench::begin(first.clone());
    let at = key(0, 0, 0);
    put(&bench.store, &bench.run, [realistic(at, &mut Noise(1))]);
    bench.score(&first, vec![scored(at, 0, 1.0)]).unwrap();
    assert_eq!(bench.states(), [state(1.0, true)]);

    // Another scorer joins: the first one's word counts on, the trial is unscored until it spoke.
    let both = score_set(&[("judge", 1.0), ("exact", 1.0)]);
    bench.store.use_scores(&bench.run, &both).unwrap();
    assert_eq!(bench.store.score_set(&bench.run).unwrap(), both);
    assert_eq!(bench.states(), [ObservedState::Unscored]);
    bench.score(&both, vec![scored(at, 0, 0.0)]).unwrap();
    assert_eq!(bench.states(), [state(0.5, false)]);

    // Weights and threshold alone ask for no new word.
    let mut lenient = both.clone();
    lenient.scorers[1].spec.weight = 3.0;
    bench.store.use_scores(&bench.run, &lenient).unwrap();
    assert_eq!(bench.states(), [state(0.75, true)]);

    // The same label configured otherwise is another scorer.
    let mut stricter = first.clone();
    stricter.scorers[0].fingerprint = Fingerprint::of(b"stricter");
    bench.store.use_scores(&bench.run, &stricter).unwrap();
    assert_eq!(bench.states(), [ObservedState::Unscored]);
    bench.score(&stricter, vec![scored(at, 0, 0.0)]).unwrap();
    assert_eq!(bench.states(), [state(0.0, false)]);
    let seen: Vec<Observation> = collect(|see| {
        bench
            .store
            .observations_by(&bench.run, &first.fingerprint(), see)
    });
    assert_eq!(seen[0].state, state(1.0, true));

    let scores = bench.store.trial_detail(&bench.run, at).unwrap().scores;
    let told: Vec<_> = scores
        .iter()
        .map(|s| (s.label.as_str(), s.scorer_idx))
        .collect();
    assert_eq!(told, [("exact", Some(0)), ("exact", None), ("judge", None)]);
    assert_eq!(scores[0].outcome, scored(at, 0, 0.0).outcome);
}

#[test]
fn scores_are_recorded_all_or_none() {
    let set = score_set(&[("exact", 1.0)]);
    let bench = Bench::begin(set.clone());
    let at = key(0, 0, 0);
    put(&bench.store, &bench.run, [realistic(at, &mut Noise(1))]);
    let error = bench.score(&set, vec![scored(at, 0, 1.0), scored(key(0, 8, 0), 0, 1.0)]);
    assert!(matches!(
        error,
        Err(StoreError::Record(RecordError::UnknownTrial { .. }))
    ));
    let error = bench.score(&set, vec![scored(at, 0, 1.0), scored(at, 1, 1.0)]);
    assert_eq!(
        error,
        Err(RecordError::UnknownScorer {
            scorer_idx: 1,
            n_scorers: 1
        }
        .into())
    );
    let unknown = score_set(&[("other", 1.0)]);
    let error = bench.score(&unknown, vec![scored(at, 0, 1.0)]);
    assert_eq!(
        error,
        Err(RecordError::UnknownScoreSet(unknown.fingerprint()).into())
    );
    assert_eq!(bench.states(), [ObservedState::Unscored]);
}

#[test]
fn a_replaced_answer_loses_its_scores() {
    let set = score_set(&[("exact", 1.0)]);
    let bench = Bench::begin(set.clone());
    let (at, mut noise) = (key(0, 0, 0), Noise(1));
    put(&bench.store, &bench.run, [realistic(at, &mut noise)]);
    bench.score(&set, vec![scored(at, 0, 1.0)]).unwrap();
    put(&bench.store, &bench.run, [realistic(at, &mut noise)]);
    assert_eq!(bench.states(), [ObservedState::Unscored]);
}

#[test]
fn figures_are_those_of_the_trial() {
    let bench = Bench::begin(score_set(&[]));
    let mut plain = realistic(key(0, 0, 0), &mut Noise(1));
    // A rate-limited attempt one second before the one that brought the answer.
    let last = plain.attempts[0].clone();
    let early = failed_attempt(1, last.started_us - 1_000_000, Some(NanoUsd(0)));
    plain.attempts = vec![early, Attempt { number: 2, ..last }];
    let mut whole = realistic(key(0, 1, 0), &mut Noise(2));
    change(&mut whole, |reply, timing| {
        reply.response.usage = reply.response.usage.map(|usage| Usage {
            cache_read: None,
            ..usage
        });
        *timing = Timing {
            end: Some(Duration::from_micros(2_500)),
            ..Timing::default()
        };
    });
    put(&bench.store, &bench.run, [plain.clone(), whole]);
    let seen: Vec<Observation> = collect(|see| bench.store.observations(&bench.run, see));

    let TrialOutcome::Answered { reply, timing } = &plain.outcome else {
        panic!()
    };
    let usage = reply.response.usage.unwrap();
    let micros = |duration: Option<Duration>| duration.map(|d| d.as_micros() as u64);
    assert_eq!(seen[0].ttft_us, micros(timing.first_visible));
    assert_eq!(seen[0].tpot_us, micros(timing.tpot(usage.output)));
    assert_eq!(seen[0].e2e_us, micros(timing.end));
    let own = (timing.send.unwrap() + timing.end.unwrap() + Duration::from_micros(12)).as_micros();
    assert_eq!(seen[0].wall_us, Some(own as u64 + 1_000_000));
    assert_eq!((seen[0].n_attempts, seen[0].cost), (2, plain.cost));
    assert_eq!(seen[0].input_tokens, Some(usage.input_total()));
    assert_eq!(
        (seen[0].cache_read_tokens, seen[0].output_tokens),
        (Some(0), Some(usage.output))
    );
    assert_eq!(
        (seen[1].ttft_us, seen[1].tpot_us, seen[1].e2e_us),
        (None, None, Some(2_500))
    );
    assert_eq!(seen[1].cache_read_tokens, None);
}

#[test]
fn flags_are_those_of_the_trial_or_of_a_refusal_scorer() {
    let set = ScoreSet {
        scorers: vec![ScorerEntry {
            refused_at: Some(Score::ONE),
            ..scorer("refusal", 0.0)
        }],
        ..score_set(&[])
    };
    let bench = Bench::begin(set.clone());
    let mut noise = Noise(1);
    let mut trials: Vec<_> = (0..5)
        .map(|idx| realistic(key(0, idx, 0), &mut noise))
        .collect();
    change(&mut trials[1], |reply, _| {
        reply.response.finish = Some(FinishReason::Length)
    });
    change(&mut trials[2], |reply, _| {
        reply.response.refusal = Some("I cannot".to_owned())
    });
    change(&mut trials[3], |reply, _| {
        reply.response.usage = reply.response.usage.map(|usage| Usage {
            source: UsageSource::Estimated,
            ..usage
        });
    });
    trials[3].origin = TrialOrigin::Replayed {
        run: "r0".to_owned(),
    };
    put(&bench.store, &bench.run, trials);
    bench
        .score(
            &set,
            vec![scored(key(0, 4, 0), 0, 1.0), scored(key(0, 0, 0), 0, 0.0)],
        )
        .unwrap();
    let seen: Vec<Observation> = collect(|see| bench.store.observations(&bench.run, see));
    let flags = |one: &Observation| {
        (
            one.refused,
            one.truncated,
            one.replayed,
            one.usage_estimated,
        )
    };
    assert_eq!(flags(&seen[0]), (false, false, false, false));
    assert_eq!(flags(&seen[1]), (false, true, false, false));
    assert_eq!(flags(&seen[2]), (true, false, false, false));
    assert_eq!(flags(&seen[3]), (false, false, true, true));
    assert_eq!(flags(&seen[4]), (true, false, false, false));
}

fn change(trial: &mut Trial, change: impl FnOnce(&mut Reply, &mut Timing)) {
    if let TrialOutcome::Answered { reply, timing } = &mut trial.outcome {
        change(reply, timing);
    }
}
