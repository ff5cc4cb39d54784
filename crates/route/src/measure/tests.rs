//! Formulas against figures worked out by hand.

use super::*;

fn close(found: Option<f64>, expected: f64) {
    assert!(
        (found.unwrap() - expected).abs() < 1e-12,
        "{found:?} is not {expected}"
    );
}

#[test]
fn the_mix_is_the_hull_of_what_rises() {
    let hull = Frontier::hull(&[
        (3.0, 0.9),
        (1.0, 0.5),
        (2.0, 0.6),
        (4.0, 0.8),
        (2.5, 0.85),
        (1.0, 0.4),
    ]);
    assert_eq!(hull.corners, [(1.0, 0.5), (2.5, 0.85), (3.0, 0.9)]);
    close(hull.at(1.75), 0.675);
    close(hull.at(9.0), 0.9);
    assert_eq!(hull.at(0.5), None);
    // Two trapezia: 1.5 × 0.675 and 0.5 × 0.875.
    close(
        hull.mean_between(1.0, 3.0),
        (1.5 * 0.675 + 0.5 * 0.875) / 2.0,
    );
    close(aiq(&[(1.0, 0.5), (3.0, 0.9)], 1.0, 3.0), 0.7);
    assert_eq!(hull.mean_between(3.0, 3.0), None);
}

#[test]
fn a_path_keeps_what_is_worse() {
    let path = Frontier::path(&[(1.0, 0.5), (3.0, 0.9), (2.0, 0.4)]);
    close(path.at(2.0), 0.4);
    close(path.mean_between(1.0, 3.0), (0.45 + 0.65) / 2.0);
    // A jump at one cost.
    let jump = Frontier::path(&[(1.0, 0.5), (2.0, 0.5), (2.0, 0.9), (3.0, 0.9)]);
    close(jump.mean_between(1.0, 3.0), 0.7);
}

#[test]
fn a_pair_is_scored_as_routellm_scores_it() {
    // Ten items, the strong candidate gains on the first five by score: PGR 0.2, 0.4, … 1, 1, …
    let scores: Vec<f64> = (0..10).rev().map(f64::from).collect();
    let strong = [1.0; 10];
    let weak: Vec<f64> = (0..10).map(|idx| if idx < 5 { 0.0 } else { 1.0 }).collect();
    let found = pair(&scores, &weak, &strong).unwrap();
    // Trapezoid rule by hand: (0.1 + 0.3 + 0.5 + 0.7 + 0.9 + 5) / 10.
    close(Some(found.apgr), 0.75);
    close(found.cpt50, 0.25);
    close(found.cpt80, 0.4);
    // A coin: all scores equal.
    let coin = pair(&[1.0; 10], &weak, &strong).unwrap();
    close(Some(coin.apgr), 0.5);
    close(coin.cpt80, 0.8);
    assert_eq!(pair(&scores, &strong, &weak), None);
    assert_eq!(pair(&[], &[], &[]), None);
    assert_eq!(pair(&scores, &weak, &strong[1..]), None);
}
