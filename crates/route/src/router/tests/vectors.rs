//! Policies that look at the vector of a query, step by step.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::features::{FEATURES, N_HASH, N_SURFACE};
use crate::learned::{
    CostModel, Embedding, EmbeddingWeights, Judge, QualityModel, QueryModel, Reader, Sign,
    TreeModel, UnseenTask,
};
use crate::observe::Observation;
use crate::policy::{Accept, Member, Plan, Policy, PolicyError, Rule, When};
use crate::request::RequestView;

/// `cheap` is as good as `large` where the first number of a vector is high; without a vector it is not.
fn model() -> QueryModel {
    let quality = |name: &str, mean| QualityModel {
        candidate: name.into(),
        mean,
        surface: vec![0.0; N_SURFACE],
        tasks: Vec::new(),
        pieces_scale: 0.0,
        pieces: STANDARD.encode(vec![0_u8; N_HASH]),
    };
    let cost = |usd: f64| CostModel {
        log_base: usd.ln(),
        per_log_chars: 0.0,
        tasks: Vec::new(),
    };
    let weights = |bytes: [i8; 2]| EmbeddingWeights {
        scale: 0.01,
        offset: 0.0,
        weights: STANDARD.encode(bytes.map(i8::cast_unsigned)),
    };
    QueryModel {
        features: FEATURES,
        quality_per_usd: 1.0,
        surface: vec![[0.0, 1.0]; N_SURFACE],
        tasks: Vec::new(),
        quality: vec![quality("cheap", 0.5), quality("large", 0.7)],
        cost: vec![cost(0.001), cost(0.01)],
        trees: Vec::new(),
        unseen: Some(UnseenTask {
            tasks: vec!["sums".to_owned()],
            then: "large".into(),
        }),
        embedding: Some(Embedding {
            by: "embed".into(),
            dimensions: 2,
            quality: vec![weights([50, 0]), weights([0, 0])],
        }),
        n: None,
    }
}

fn policy(plan: Plan) -> Policy {
    let members = ["cheap", "large", "embed"].map(Member::named).to_vec();
    Policy::new("test", members, plan)
}

fn router() -> Router {
    Router::new(policy(Plan::Learned(Box::new(model())))).unwrap()
}

fn vector(numbers: &[f32]) -> Observation {
    Observation::embedded("embed", numbers.to_vec(), Some(3))
}

#[track_caller]
fn check(router: &Router, seen: &[Observation], expected: (&str, Use)) -> Vec<Why> {
    let decision = router.step(&RequestView::of_text("1 + 1"), seen);
    let Step::Call(calls) = &decision.step else {
        panic!("{decision:?}")
    };
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].candidate.as_str(), calls[0].purpose),
        expected,
        "{:?}",
        decision.why
    );
    decision.why
}

#[test]
fn weights_of_other_features_are_refused() {
    let mut written = serde_json::to_value(model()).unwrap();
    written.as_object_mut().unwrap().remove("features");
    let first: QueryModel = serde_json::from_value(written).unwrap();
    let error = Router::new(policy(Plan::Learned(Box::new(first)))).unwrap_err();
    let text = error.to_string();
    for part in [
        "features",
        "is 1",
        "knows features 2",
        "train the policy again",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn trees_of_any_shape_are_read_or_refused() {
    let with = |features: Vec<usize>, n_thresholds: usize, n_leaves: usize| {
        let tree = TreeModel {
            features,
            thresholds: vec![0.0; n_thresholds],
            leaves: vec![0.0; n_leaves],
        };
        let model = QueryModel {
            trees: vec![tree],
            ..model()
        };
        Router::new(policy(Plan::Learned(Box::new(model)))).is_ok()
    };
    // Two candidates.
    assert!(with(vec![0, 1], 2, 8));
    assert!(with(vec![0; 4], 4, 32));
    assert!(with(Vec::new(), 0, 2));
    assert!(!with(vec![0, 1], 2, 7));
    assert!(!with(vec![0, 1], 1, 8));
    assert!(!with(vec![N_SURFACE], 1, 4));
    assert!(!with(vec![0; 64], 64, 2));
}

#[test]
fn the_vector_is_asked_for_once_and_decides() {
    let router = router();
    check(&router, &[], ("embed", Use::Embedded));
    // Vectors count by their direction, not by their length.
    let why = check(&router, &[vector(&[30.0, 0.0])], ("cheap", Use::Given));
    assert!(matches!(&why[0], Why::Embedded { by } if by.as_str() == "embed"));
    check(&router, &[vector(&[0.0, 0.1])], ("large", Use::Given));
    let done = [vector(&[1.0, 0.0]), Observation::text("cheap", "2")];
    let decision = router.step(&RequestView::of_text("1 + 1"), &done);
    assert_eq!(decision.step, Step::Answer { seen_idx: 1 });
    // Nobody else is left: a vector is never given as an answer.
    let failed = [vector(&[1.0, 0.0]), Observation::failed("cheap")];
    let decision = router.step(&RequestView::of_text("1 + 1"), &failed);
    assert_eq!(decision.step, Step::Exhausted);
}

#[test]
fn without_a_usable_vector_the_rest_decides_and_says_so() {
    let router = router();
    let cases = [
        (Observation::failed("embed"), NoVector::Failed),
        (vector(&[1.0]), NoVector::Unusable),
        (vector(&[1.0, 0.0, 0.0]), NoVector::Unusable),
        (vector(&[f32::NAN, 1.0]), NoVector::Unusable),
        (vector(&[0.0, 0.0]), NoVector::Unusable),
        (Observation::text("embed", "[1, 0]"), NoVector::Unusable),
    ];
    for (seen, expected) in cases {
        let why = check(&router, &[seen], ("large", Use::Given));
        assert!(
            matches!(&why[0], Why::NotEmbedded { instead, .. } if *instead == expected),
            "{why:?}"
        );
    }
    let decision = router.step(&RequestView::of_text(" \n"), &[]);
    assert!(matches!(&decision.step, Step::Call(calls) if calls[0].purpose == Use::Given));
    assert_eq!(
        decision.why[0].to_string(),
        "there is no text for `embed`: the query is judged without one"
    );
}

#[test]
fn nobody_is_asked_for_a_vector_that_decides_nothing() {
    let short = Rule {
        name: "short".to_owned(),
        when: When {
            contains: vec!["1 +".to_owned()],
            ..When::default()
        },
        then: Plan::Single("cheap".into()),
    };
    let router = Router::new(policy(Plan::Rules {
        rules: vec![short],
        otherwise: Box::new(Plan::Learned(Box::new(model()))),
    }))
    .unwrap();
    check(&router, &[], ("cheap", Use::Given));
    let other = RequestView::of_text("2 + 2");
    let step = router.step(&other, &[]).step;
    assert!(matches!(step, Step::Call(calls) if calls[0].purpose == Use::Embedded));
    let unseen = RequestView {
        task: Some("poems"),
        ..other
    };
    let step = router.step(&unseen, &[]).step;
    assert!(matches!(step, Step::Call(calls) if calls[0].candidate.as_str() == "large"));
}

#[test]
fn what_follows_the_vector_is_explained() {
    let request = RequestView::of_text("1 + 1");
    let found = router().explain(&request);
    assert_eq!(found.cases.len(), 1);
    assert_eq!(found.cases[0].then[0].as_str(), "large");
    assert!((found.estimates[0].quality - 0.5).abs() < 1e-9);
    let found = router().explain_after(&request, &[vector(&[1.0, 0.0])]);
    assert!(found.cases.is_empty());
    assert!((found.estimates[0].quality - 1.0).abs() < 1e-9);
    assert!(
        matches!(found.decision.step, Step::Call(calls) if calls[0].candidate.as_str() == "cheap")
    );
}

#[test]
fn a_file_holds_it_and_its_hash_covers_it() {
    let policy = policy(Plan::Learned(Box::new(model())));
    let text = policy.write();
    let read = Policy::read(&text).unwrap();
    assert_eq!(read.plan, policy.plan);
    assert_eq!(read.embedders(), [(&"embed".into(), 2)]);
    assert!(!policy.asks().contains(&"embed".into()));
    let other = text.replace("\"dimensions\": 2", "\"dimensions\": 3");
    assert!(matches!(
        Policy::read(&other),
        Err(PolicyError::Changed { .. })
    ));
    // A file without one reads as before.
    let plain = text.find("embedding").map(|_| QueryModel {
        embedding: None,
        ..model()
    });
    let plain = Policy::new(
        "test",
        policy.candidates,
        Plan::Learned(Box::new(plain.unwrap())),
    );
    assert!(!plain.write().contains("embedding"));
    assert_eq!(Policy::read(&plain.write()).unwrap().embedders(), []);
}

#[test]
fn everything_wrong_with_it_is_said_at_once() {
    let mut model = model();
    let embedding = model.embedding.as_mut().unwrap();
    embedding.by = "large".into();
    embedding.quality[0].scale = f64::NAN;
    embedding.quality[1].weights = STANDARD.encode([1, 2, 3]);
    embedding.quality.push(EmbeddingWeights {
        scale: 1.0,
        offset: f64::INFINITY,
        weights: "?".to_owned(),
    });
    let error = Router::new(policy(Plan::Learned(Box::new(model.clone())))).unwrap_err();
    let PolicyError::Problems(problems) = error else {
        panic!("{error}")
    };
    let at: Vec<&str> = problems.iter().map(|one| one.at.as_str()).collect();
    let of = |rest: &str| format!("plan.learned.embedding.{rest}");
    assert_eq!(
        at,
        [
            of("quality").as_str(),
            of("quality[0].scale").as_str(),
            of("quality[1].weights").as_str(),
            of("quality[2].offset").as_str(),
            of("quality[2].weights").as_str(),
            "plan",
        ]
    );
    model.embedding.as_mut().unwrap().dimensions = 0;
    model.embedding.as_mut().unwrap().by = "nobody".into();
    let error = Router::new(policy(Plan::Learned(Box::new(model)))).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("names `nobody`, which is no candidate"),
        "{text}"
    );
    assert!(text.contains("is 0, not 1 to 8192"), "{text}");
}

#[test]
fn vectors_of_one_maker_have_one_length() {
    let mut other = model();
    let embedding = other.embedding.as_mut().unwrap();
    embedding.dimensions = 1;
    for one in &mut embedding.quality {
        one.weights = STANDARD.encode([0]);
    }
    let plan = Plan::PerTask {
        tasks: [("sums".to_owned(), Plan::Learned(Box::new(other)))].into(),
        otherwise: Box::new(Plan::Learned(Box::new(model()))),
    };
    let error = Router::new(policy(plan)).unwrap_err();
    assert!(
        error.to_string().contains("vectors of two lengths"),
        "{error}"
    );
}

#[test]
fn answers_are_read_without_vectors() {
    let judge = Judge {
        signs: vec![Sign::Answer(Box::new(Reader {
            gain: [0.0, 1.0],
            model: model(),
        }))],
        threshold: 0.0,
        tasks: Vec::new(),
        lengths: vec![[0.0, 1.0]; 4],
        gain: vec![0.0; 13],
        log_cost: vec![0.0; 13],
        n: None,
        gain_covariance: None,
    };
    let plan = Plan::Cascade {
        ask: vec!["cheap".into()],
        pace: crate::policy::Pace::Together,
        extract: None,
        compare: crate::policy::Compare::Loose,
        accept: Accept::Judged(Box::new(judge)),
        escalate: Box::new(Plan::Single("large".into())),
    };
    let error = Router::new(policy(plan)).unwrap_err();
    assert!(
        error.to_string().contains("nobody makes of answers"),
        "{error}"
    );
}
