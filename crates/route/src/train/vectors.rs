//! Vectors of queries as columns of the linear fit.
//!
//! In: the vectors of the items that are fitted on. Out: each vector less the mean, along the directions in which they vary
//! most (principal components, by subspace iteration with a fixed start), at a mean length of one. A few directions are
//! as good as all for a fit of some thousand items, and keep it as fast as without; the weights are turned back to the
//! vectors' own numbers for the file. Labels are not looked at.

use std::sync::Arc;

use crate::learned::unit;

/// Most directions.
const MAX_DIRECTIONS: usize = 96;
/// Most vectors by which directions are found.
const MAX_VECTORS: usize = 1_000;
const N_ITERATIONS: usize = 4;
/// Numbers that are summed side by side.
const LANES: usize = 8;

/// Vectors of the items, along their directions.
pub(super) struct Vectors {
    /// Mean of the vectors that directions rest on.
    pub(super) mean: Vec<f32>,
    /// Each of length one, at right angles to the others.
    directions: Vec<Vec<f32>>,
    /// By item; empty = it has no vector, which counts as the mean.
    rows: Vec<Vec<f32>>,
    scale: f32,
}

impl Vectors {
    /// Finds directions by the vectors at some places; `None` = fewer than two of them are there, or all are alike.
    pub(super) fn of(raw: &[Option<Arc<[f32]>>], dimensions: usize, fit: &[usize]) -> Option<Self> {
        let units: Vec<Option<Vec<f32>>> = raw
            .iter()
            .map(|one| unit(one.as_deref()?, dimensions))
            .collect();
        let own: Vec<&Vec<f32>> = fit
            .iter()
            .filter_map(|row| units.get(*row)?.as_ref())
            .collect();
        if own.len() < 2 {
            return None;
        }
        let mean = mean(&own, dimensions);
        let step = own.len().div_ceil(MAX_VECTORS);
        let sample: Vec<Vec<f32>> = own
            .iter()
            .step_by(step)
            .map(|one| less(one, &mean))
            .collect();
        let directions = directions(&sample, dimensions);
        let along = |one: &Vec<f32>| -> Vec<f32> {
            let centred = less(one, &mean);
            directions.iter().map(|way| dot(way, &centred)).collect()
        };
        let rows: Vec<Vec<f32>> = units
            .iter()
            .map(|one| one.as_ref().map(along).unwrap_or_default())
            .collect();
        let fitted = fit.iter().filter_map(|row| rows.get(*row));
        let squares: f32 = fitted.map(|row| dot(row, row)).sum::<f32>() / own.len() as f32;
        (squares > 1e-12).then(|| Self {
            scale: 1.0 / squares.sqrt(),
            mean,
            directions,
            rows,
        })
    }

    /// Columns of an item.
    pub(super) fn columns(&self, row: usize) -> impl Iterator<Item = f32> {
        let own = self.rows.get(row).map_or(&[][..], Vec::as_slice);
        own.iter().map(|one| one * self.scale)
    }

    /// How many there are.
    pub(super) fn n_columns(&self) -> usize {
        self.directions.len()
    }

    /// From weights of the columns to weights of a vector's own numbers.
    pub(super) fn turned_back(&self, weights: &[f64]) -> Vec<f64> {
        let mut own = vec![0.0; self.mean.len()];
        for (way, weight) in self.directions.iter().zip(weights) {
            for (own, part) in own.iter_mut().zip(way) {
                *own += weight * f64::from(self.scale) * f64::from(*part);
            }
        }
        own
    }
}

fn mean(vectors: &[&Vec<f32>], dimensions: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; dimensions];
    for vector in vectors {
        for (sum, one) in sums.iter_mut().zip(*vector) {
            *sum += f64::from(*one);
        }
    }
    let n = vectors.len().max(1) as f64;
    sums.into_iter().map(|sum| (sum / n) as f32).collect()
}

fn less(vector: &[f32], mean: &[f32]) -> Vec<f32> {
    vector
        .iter()
        .zip(mean)
        .map(|(one, mean)| one - mean)
        .collect()
}

/// Directions in which centred vectors vary most; all of them where they are few.
fn directions(vectors: &[Vec<f32>], dimensions: usize) -> Vec<Vec<f32>> {
    if dimensions <= MAX_DIRECTIONS {
        let axis = |idx| {
            (0..dimensions)
                .map(|at| f32::from(u8::from(at == idx)))
                .collect()
        };
        return (0..dimensions).map(axis).collect();
    }
    let mut state = 7;
    let mut found: Vec<Vec<f32>> = (0..MAX_DIRECTIONS)
        .map(|_| (0..dimensions).map(|_| uniform(&mut state)).collect())
        .collect();
    for _ in 0..N_ITERATIONS {
        let mut next = vec![vec![0.0; dimensions]; found.len()];
        for vector in vectors {
            for (way, next) in found.iter().zip(&mut next) {
                let along = dot(way, vector);
                for (next, one) in next.iter_mut().zip(vector) {
                    *next += along * one;
                }
            }
        }
        found = at_right_angles(next);
    }
    found
}

/// Gram and Schmidt's way, twice for the rounding; directions that hold nothing of their own are dropped.
fn at_right_angles(vectors: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let mut done: Vec<Vec<f32>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors {
        let before = dot(&vector, &vector);
        for _ in 0..2 {
            for other in &done {
                let along = dot(other, &vector);
                for (one, other) in vector.iter_mut().zip(other) {
                    *one -= along * other;
                }
            }
        }
        let squares = dot(&vector, &vector);
        if squares > 1e-8 * before && squares > 1e-20 {
            let scale = 1.0 / squares.sqrt();
            done.push(vector.into_iter().map(|one| one * scale).collect());
        }
    }
    done
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = (a_parts.remainder().iter().zip(b_parts.remainder()))
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_parts.zip(b_parts) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// A number between −1 and 1, the same on every machine.
fn uniform(state: &mut u64) -> f32 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 40) as f32 / (1_u64 << 23) as f32) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_hold_what_varies_and_weights_turn_back() {
        // 200 numbers that vary in three of them only.
        let mut state = 3;
        let vector = |state: &mut u64| -> Option<Arc<[f32]>> {
            let mut one = vec![0.1; 200];
            for at in [5, 50, 150] {
                one[at] += uniform(state);
            }
            Some(one.into())
        };
        let mut raw: Vec<_> = (0..60).map(|_| vector(&mut state)).collect();
        raw.push(None);
        let fit: Vec<usize> = (0..raw.len()).collect();
        let found = Vectors::of(&raw, 200, &fit).unwrap();
        assert!(
            (3..=8).contains(&found.n_columns()),
            "{}",
            found.n_columns()
        );
        assert_eq!(found.columns(60).count(), 0);
        let weights: Vec<f64> = (0..found.n_columns()).map(|idx| 1.0 + idx as f64).collect();
        let own = found.turned_back(&weights);
        for (row, one) in raw.iter().enumerate().take(60) {
            let by_columns: f64 = (found.columns(row).zip(&weights))
                .map(|(x, w)| f64::from(x) * w)
                .sum();
            let unit = unit(one.as_deref().unwrap(), 200).unwrap();
            let by_numbers: f64 = (unit.iter().zip(&found.mean).zip(&own))
                .map(|((one, mean), w)| f64::from(one - mean) * w)
                .sum();
            assert!(
                (by_columns - by_numbers).abs() < 1e-3,
                "{by_columns} {by_numbers}"
            );
        }
        let length: f32 = (0..60)
            .map(|row| found.columns(row).map(|one| one * one).sum::<f32>())
            .sum();
        assert!((length / 60.0 - 1.0).abs() < 1e-3, "{length}");
    }

    #[test]
    fn equal_vectors_say_nothing() {
        let raw = vec![Some(Arc::from([1.0, 0.0])); 5];
        assert!(Vectors::of(&raw, 2, &[0, 1, 2, 3, 4]).is_none());
        assert!(Vectors::of(&[None], 2, &[0]).is_none());
    }
}
