//! Training with vectors of which it is known what they say.

use super::super::*;
use super::{examples, options};
use crate::measure::{Depth, evaluate_to, replay};
use crate::observe::Observation;
use crate::policy::{Member, Plan};
use crate::router::{Router, Why};

/// Made-up numbers, the same every time.
fn coin(seed: u64) -> f32 {
    let mut hash = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^= hash >> 31;
    ((hash >> 40) as f32 / (1_u64 << 23) as f32) - 1.0
}

/// Texts say nothing; hard items lie on one side of the vectors where `is_told`, else anywhere.
fn with_vectors(n: u64, dimensions: usize, is_told: bool, cost_usd: f64) -> Examples {
    let mut all = examples(n, 0);
    for (idx, row) in (0_u64..).zip(&mut all.rows) {
        row.text = format!("question {}", idx % 5);
        let is_hard = idx.is_multiple_of(3);
        let mut vector: Vec<f32> = (0..dimensions as u64)
            .map(|at| 0.3 * coin(idx * 10_007 + at))
            .collect();
        if is_told {
            vector[1] += if is_hard { 0.8 } else { -0.8 };
        }
        row.embedded = Some(Embedded {
            vector: vector.into(),
            input_tokens: Some(3),
            cost_usd,
            seconds: Some(0.05),
        });
    }
    all.embedder = Some(Embedder {
        member: Member::named("embed"),
        dimensions,
    });
    all
}

#[test]
fn vectors_that_tell_are_used_and_paid() {
    for dimensions in [8, 200] {
        let all = with_vectors(300, dimensions, true, 0.000_01);
        let trained = train(&all, &options(false));
        let Plan::Learned(model) = &trained.policy.plan else {
            panic!("{:?}", trained.loss)
        };
        let embedding = model.embedding.as_ref().unwrap();
        assert_eq!(
            (embedding.by.as_str(), embedding.dimensions),
            ("embed", dimensions)
        );
        let last = trained.policy.candidates.last().unwrap();
        assert_eq!(last.id.as_str(), "embed");
        // A third at 0.002, the rest at 0.0001, and 0.00001 for each vector.
        assert!(
            (0.0007..0.001).contains(&trained.cost_usd),
            "{}",
            trained.cost_usd
        );
        let router = Router::new(trained.policy).unwrap();
        let served = replay(&router, &all);
        let right = served.iter().filter(|one| one.quality > 0.5).count();
        assert!(right >= 297, "{right}");
        let easy = &served[1];
        assert!(matches!(easy.why[0], Why::Embedded { .. }));
        assert!(
            (easy.cost_usd - 0.000_11).abs() < 1e-12,
            "{}",
            easy.cost_usd
        );
        // The wait for the vector comes before the wait for the answer.
        assert!((easy.seconds.unwrap() - 0.15).abs() < 1e-9);
        // A vector is neither an answer nor an escalation.
        assert_eq!((easy.n_calls, easy.n_steps, easy.asked.len()), (1, 1, 1));
    }
}

#[test]
fn vectors_of_noise_are_left_alone() {
    for dimensions in [8, 200] {
        let all = with_vectors(300, dimensions, false, 0.0);
        let trained = train(&all, &options(false));
        assert!(trained.policy.embedders().is_empty(), "{dimensions}");
        assert!(
            trained
                .policy
                .candidates
                .iter()
                .all(|one| one.id.as_str() != "embed")
        );
    }
}

#[test]
fn vectors_that_cost_more_than_they_save_are_left_alone() {
    // The large candidate costs 0.002, so no choice saves as much as this.
    let all = with_vectors(300, 8, true, 0.003);
    assert!(train(&all, &options(false)).policy.embedders().is_empty());
    // A budget counts them, too.
    let all = with_vectors(300, 8, true, 0.000_2);
    let budget = Options {
        target: Target::BudgetUsd(0.000_25),
        ..options(false)
    };
    assert!(train(&all, &budget).policy.embedders().is_empty());
}

#[test]
fn texts_that_tell_need_no_vectors() {
    let mut all = examples(300, 0);
    all.embedder = with_vectors(1, 8, false, 0.0).embedder;
    let vectors = with_vectors(300, 8, true, 0.000_01);
    for (row, other) in all.rows.iter_mut().zip(vectors.rows) {
        row.embedded = other.embedded;
    }
    let trained = train(&all, &options(false));
    assert!(matches!(trained.policy.plan, Plan::Learned(_)));
    assert!(trained.policy.embedders().is_empty());
}

#[test]
fn a_missing_vector_is_as_in_serving() {
    let mut all = with_vectors(300, 8, true, 0.000_01);
    for row in all.rows.iter_mut().step_by(10) {
        row.embedded = None;
    }
    let trained = train(&all, &options(false));
    assert!(!trained.policy.embedders().is_empty());
    let router = Router::new(trained.policy).unwrap();
    for (row, served) in all.rows.iter().zip(replay(&router, &all)).take(40) {
        let mut seen = vec![match &row.embedded {
            Some(one) => Observation::embedded("embed", one.vector.to_vec(), None),
            None => Observation::failed("embed"),
        }];
        let member = served.answered_by.unwrap();
        let live = router.step(&row.view(), &seen);
        assert_eq!(live.why, served.why);
        seen.push(row.outcomes[member].observation.clone());
        assert_eq!(router.step(&row.view(), &seen).why, served.why);
        assert_eq!(served.seconds.is_none(), row.embedded.is_none());
    }
}

#[test]
fn the_curve_counts_vectors() {
    let dear = 0.000_1;
    let curve = |cost_usd| {
        let all = with_vectors(200, 8, true, cost_usd);
        evaluate_to(&all, &options(false), (Depth::Curve, &())).held[0]
            .found
            .point
            .clone()
    };
    let (free, paid) = (curve(0.0), curve(dear));
    assert!(
        free.quality > 0.97 && paid.quality > 0.97,
        "{free:?} {paid:?}"
    );
    assert!(
        (paid.cost_usd - free.cost_usd - dear).abs() < 1e-9,
        "{free:?} {paid:?}"
    );
}
