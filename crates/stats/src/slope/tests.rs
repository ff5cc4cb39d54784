//! The slope against a regression by hand, its error against a worked vector, its interval by simulation.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::within_slope;
use crate::{Confidence, StatsError};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} {b}");
}

#[test]
fn two_per_group_is_regression_of_differences() {
    // With two members, x̃ = ±dx/2, so β = Σ dx dy / Σ dx².
    let dx = [1.0, 2.0, 0.5, -1.0, 3.0, 1.5, -2.0, 0.7, 1.1, 2.2];
    let dy = [0.9, 2.5, 0.1, -0.4, 2.6, 1.9, -2.4, 1.0, 0.8, 1.7];
    let (mut x, mut y, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for (idx, (dx, dy)) in dx.iter().zip(&dy).enumerate() {
        let level = 100.0 * idx as f64;
        x.extend([level, level + dx]);
        y.extend([-level, -level + dy]);
        groups.extend([idx, idx]);
    }
    let slope = within_slope(&x, &y, &groups, Confidence::P95).unwrap();
    let xx: f64 = dx.iter().map(|dx| dx * dx).sum();
    let beta = dx.iter().zip(&dy).map(|(dx, dy)| dx * dy).sum::<f64>() / xx;
    close(slope.point, beta);
    // Robust error of a regression through the origin, with G/(G - 1).
    let meat: f64 = dx
        .iter()
        .zip(&dy)
        .map(|(dx, dy)| (dx * (dy - beta * dx)).powi(2))
        .sum();
    close(
        slope.standard_error.unwrap(),
        (10.0 / 9.0 * meat).sqrt() / xx,
    );
    // t with 9 degrees of freedom: 2.262157.
    close(
        ((slope.high - slope.point) / slope.standard_error.unwrap() * 1e6).round(),
        2_262_157.0,
    );
    assert_eq!(slope.n, 20);
}

#[test]
fn groups_without_contrast_change_nothing() {
    let (mut x, mut y, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for idx in 0..12_usize {
        x.extend([0.0, 1.0 + idx as f64]);
        y.extend([0.0, if idx % 2 == 0 { 1.0 } else { 2.0 }]);
        groups.extend([idx, idx]);
    }
    let before = within_slope(&x, &y, &groups, Confidence::P95).unwrap();
    x.extend([0.1, 0.1, 0.1]);
    y.extend([5.0, -5.0, 0.3]);
    groups.extend([99, 99, 98]);
    let after = within_slope(&x, &y, &groups, Confidence::P95).unwrap();
    close(before.point, after.point);
    close(before.low, after.low);
    assert_eq!(before.n, after.n);
}

#[test]
fn too_little_is_said_so() {
    let few = within_slope(&[0.0, 1.0], &[0.0, 1.0], &[0, 0], Confidence::P95);
    assert!(matches!(few, Err(StatsError::TooFew(_))), "{few:?}");
    let groups: Vec<usize> = (0..40).map(|idx| idx / 2).collect();
    let x: Vec<f64> = (0..40).map(|idx| f64::from(idx % 2)).collect();
    let exact = within_slope(&x, &x, &groups, Confidence::P95);
    assert!(
        matches!(exact, Err(StatsError::NoSpread { .. })),
        "{exact:?}"
    );
    let uneven = within_slope(&x, &x, &groups[1..], Confidence::P95);
    assert!(matches!(uneven, Err(StatsError::LengthMismatch { .. })));
    let flat = within_slope(&[1.0; 40], &x, &groups, Confidence::P95);
    assert!(matches!(flat, Err(StatsError::TooFew(_))), "{flat:?}");
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let uniform =
        |rng: &mut ChaCha8Rng| ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (a, b) = (uniform(rng), uniform(rng));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

#[test]
fn interval_covers_the_slope() {
    // Errors that grow with x and a level per group: what plain least squares would get wrong.
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (n_groups, n_members, replicates) = (60, 4, 4_000);
    let groups: Vec<usize> = (0..n_groups * n_members)
        .map(|idx| idx / n_members)
        .collect();
    let mut n_covered = 0;
    for _ in 0..replicates {
        let levels: Vec<f64> = (0..n_groups).map(|_| normal(&mut rng)).collect();
        let x: Vec<f64> = groups
            .iter()
            .map(|group| levels[*group] + normal(&mut rng))
            .collect();
        let y: Vec<f64> = groups
            .iter()
            .zip(&x)
            .map(|(group, x)| {
                0.3 * x - 2.0 * levels[*group] + (0.2 + 0.3 * x.abs()) * normal(&mut rng)
            })
            .collect();
        let slope = within_slope(&x, &y, &groups, Confidence::P95).unwrap();
        n_covered += usize::from(slope.contains(0.3));
    }
    let coverage = n_covered as f64 / f64::from(replicates);
    assert!((0.93..=0.98).contains(&coverage), "{coverage}");
}
