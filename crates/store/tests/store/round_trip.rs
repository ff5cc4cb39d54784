//! What is put in comes out equal.

use std::time::Duration;

use crate::support::*;
use proptest::prelude::*;
use serde_json::Value;
use trilemma_domain::*;
use trilemma_store::Store;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("\0NUL\0 and \u{1b}[31m".to_owned()),
        Just(String::new()),
    ]
}

fn any_duration() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(prop_oneof![
        (0_u64..100_000_000_000).prop_map(Duration::from_nanos),
        Just(Duration::MAX),
    ])
}

fn any_timing() -> impl Strategy<Value = Timing> {
    (
        any_duration(),
        prop::array::uniform7(any_duration()),
        prop::collection::vec(any::<u32>(), 0..20),
    )
        .prop_map(|(queued, stamps, chunk_us)| Timing {
            queued: queued.unwrap_or_default(),
            connect: stamps[0],
            send: stamps[1],
            first_byte: stamps[2],
            first_token: stamps[3],
            first_visible: stamps[4],
            last_visible: stamps[5],
            end: stamps[6],
            chunk_us,
        })
}

fn any_usage() -> BoxedStrategy<Option<Usage>> {
    let parts = (
        any::<[u64; 2]>(),
        any::<[Option<u64>; 4]>(),
        any::<[Option<u64>; 5]>(),
        prop::option::of(prop_oneof![
            Just(ServiceTier::Priority),
            Just(ServiceTier::Flex),
            Just(ServiceTier::Other),
        ]),
        prop::option::of(prop_oneof![
            Just(Place::Anywhere),
            Just(Place::Us),
            Just(Place::Other),
        ]),
        any::<bool>(),
    );
    prop::option::of(
        parts.prop_map(|(counts, parts, more, tier, place, estimated)| Usage {
            input_uncached: counts[0],
            output: counts[1],
            cache_read: parts[0],
            cache_write_5m: parts[1],
            cache_write_1h: parts[2],
            reasoning: parts[3],
            audio_input: more[0],
            image_input: more[1],
            audio_output: more[2],
            image_output: more[3],
            web_searches: more[4],
            // Estimates are of no class of service.
            tier: tier.filter(|_| !estimated),
            place,
            source: if estimated {
                UsageSource::Estimated
            } else {
                UsageSource::Reported
            },
        }),
    )
    // Unboxed, the tree of strategies does not fit on the stack of a test.
    .boxed()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_failure() -> impl Strategy<Value = Failure> {
    let kind = prop::sample::select(vec![
        FailureKind::RateLimited,
        FailureKind::Cut,
        FailureKind::Malformed,
        FailureKind::Unsendable,
    ]);
    let source = prop::sample::select(vec![
        FaultSource::Caller,
        FaultSource::Vendor,
        FaultSource::Network,
        FaultSource::Us,
    ]);
    let retry = prop_oneof![
        Just(Retry::No),
        Just(Retry::Backoff),
        any::<Duration>().prop_map(Retry::After),
    ];
    (kind, source, retry, any::<Option<u16>>(), any_text()).prop_map(
        |(kind, source, retry, status, message)| Failure {
            kind,
            source,
            retry,
            status,
            message,
        },
    )
}

fn any_place() -> impl Strategy<Value = TokenPlace> {
    let likely = || {
        (any_text(), -9_999.0..=0.0_f64).prop_map(|(token, logprob)| LikelyToken { token, logprob })
    };
    (likely(), prop::collection::vec(likely(), 0..3))
        .prop_map(|(taken, likely)| TokenPlace { taken, likely })
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let finish = prop::option::of(prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::ContentFilter),
        Just(FinishReason::Refusal),
        any_text().prop_map(FinishReason::Other),
    ]);
    let call = (any_text(), any_text(), any_json()).prop_map(|(id, name, arguments)| ToolCall {
        id,
        name,
        arguments,
    });
    (
        any_text(),
        prop::array::uniform6(prop::option::of(any_text())),
        prop::collection::vec(call, 0..3),
        finish,
        any_usage(),
        prop::option::of(any_json()),
        prop::collection::vec(any_place(), 0..3),
    )
        .prop_map(
            |(text, texts, tool_calls, finish, usage, raw_usage, first_tokens)| {
                let [
                    reasoning,
                    refusal,
                    served_model,
                    system_fingerprint,
                    response_id,
                    request_id,
                ] = texts;
                let request_id_is_odd = request_id.as_ref().is_some_and(|id| id.len() % 2 == 1);
                Reply {
                    response: ChatResponse {
                        text,
                        reasoning,
                        refusal,
                        tool_calls,
                        finish,
                        served_model,
                        system_fingerprint,
                        response_id,
                        usage,
                        raw_usage,
                        first_tokens,
                    },
                    simulated: request_id_is_odd,
                    request_id,
                }
            },
        )
}

/// Attempts numbered from 1; the last may be the one that brought the answer.
fn any_attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (
        any::<i64>(),
        any_timing(),
        any::<Option<u16>>(),
        (
            prop::option::of(any_text()),
            prop::option::of(any_failure()),
        ),
        any_usage(),
        any::<Option<i64>>(),
        any::<Option<Vec<u8>>>(),
    )
        .prop_map(
            |(started_us, timing, status, (request_id, failure), usage, cost, raw_body)| Attempt {
                number: 0,
                started_us,
                timing,
                status,
                request_id,
                failure,
                usage,
                cost: cost.map(NanoUsd),
                raw_body,
            },
        );
    prop::collection::vec(attempt, 0..4).prop_map(|mut attempts| {
        for (number, attempt) in (1..).zip(&mut attempts) {
            attempt.number = number;
        }
        attempts
    })
}

fn any_trial() -> impl Strategy<Value = Trial> {
    let origin = prop_oneof![
        Just(TrialOrigin::Called),
        Just(TrialOrigin::Repeated),
        any_text().prop_map(|run| TrialOrigin::Replayed { run }),
        Just(TrialOrigin::Imported),
    ];
    let outcome = prop_oneof![
        (any_reply(), any_timing()).prop_map(|(reply, timing)| TrialOutcome::Answered {
            reply: Box::new(reply),
            timing,
        }),
        any_failure().prop_map(TrialOutcome::Failed),
    ];
    (
        any::<[u32; 3]>(),
        any::<[u8; 32]>(),
        origin,
        any_attempts(),
        (
            any::<Option<i64>>(),
            any::<u32>(),
            any::<Option<[u8; 32]>>(),
        ),
        outcome,
        any::<bool>(),
    )
        .prop_map(
            |(at, request, origin, mut attempts, costs, outcome, usual)| {
                // In half of the cases the last attempt says what the answer says, as it does in life.
                if let (true, Some(last), TrialOutcome::Answered { reply, timing }) =
                    (usual, attempts.last_mut(), &outcome)
                {
                    last.failure = None;
                    last.timing = timing.clone();
                    last.usage = reply.response.usage;
                    last.request_id.clone_from(&reply.request_id);
                }
                Trial {
                    key: key(at[0], at[1], at[2]),
                    request: Fingerprint::from_bytes(request),
                    origin,
                    attempts,
                    cost: costs.0.map(NanoUsd),
                    n_unpriced_attempts: costs.1,
                    price_row: costs.2.map(Fingerprint::from_bytes),
                    outcome,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn trials_come_out_as_they_went_in(trials in prop::collection::vec(any_trial(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let mut unique: Vec<Trial> = Vec::new();
        for trial in trials {
            if unique.iter().all(|other| other.key != trial.key) {
                unique.push(trial);
            }
        }
        let run = {
            let store = Store::open(&path).unwrap();
            let run = store.begin_run(&manifest("r", 1)).unwrap();
            put(&store, &run, unique.clone());
            run
        };
        let store = Store::open_existing(&path).unwrap();
        for trial in &unique {
            prop_assert_eq!(&store.trial_detail(&run, trial.key).unwrap().trial, trial);
            if let TrialOutcome::Answered { reply, timing } = &trial.outcome {
                let row = store.answer(&run, trial.key).unwrap().unwrap();
                prop_assert_eq!(&row.reply, &**reply);
                prop_assert_eq!(&row.timing, timing);
                prop_assert_eq!(row.cost, trial.cost);
            }
        }
        unique.sort_by_key(|trial| trial.key);
        let keys: Vec<_> = unique.iter().map(|trial| trial.key).collect();
        let settled = store.settled(&run).unwrap();
        prop_assert_eq!(settled.iter().map(|(key, _)| key).collect::<Vec<_>>(), keys.clone());
        let seen: Vec<Observation> = collect(|see| store.observations(&run, see));
        prop_assert_eq!(seen.iter().map(|one| one.key).collect::<Vec<_>>(), keys);
        for (one, trial) in seen.iter().zip(&unique) {
            prop_assert_eq!(one.cost, trial.cost);
            prop_assert_eq!(one.n_attempts as usize, trial.attempts.len());
        }
    }
}
