//! Ridge regression on sparse rows, for several outputs at once, by conjugate gradients.
//!
//! Minimises |XW - Y|² + λ|W|² (Hoerl and Kennard 1970) column by column; the columns share each
//! pass over X. Outputs must be centred by the caller: there is no intercept. Checked against the
//! solution by elimination in `ridge_is_what_elimination_gives`.

#![expect(
    clippy::indexing_slicing,
    reason = "numeric kernel; bounds are those of its own vectors"
)]

/// A sparse row: columns with their values.
pub(crate) type Row = Vec<(u32, f32)>;

const MAX_STEPS: usize = 40;
/// Squared residual, as a share of the first, at which it stops.
const ENOUGH: f64 = 1e-5;

/// Fits weights, interleaved: those of column `c` are at `c * n_outputs`. `y` is interleaved too.
pub(crate) fn ridge(
    x: &[&Row],
    n_columns: usize,
    y: &[f32],
    n_outputs: usize,
    lambda: f32,
) -> Vec<f32> {
    let mut weights = vec![0.0; n_columns * n_outputs];
    let mut residual = vec![0.0; n_columns * n_outputs];
    add_transposed(x, y, n_outputs, &mut residual);
    let mut direction = residual.clone();
    let mut size = squares(&residual, &residual, n_outputs);
    let first = size.clone();
    let mut moved = vec![0.0; n_columns * n_outputs];
    for _ in 0..MAX_STEPS {
        if size
            .iter()
            .zip(&first)
            .all(|(size, first)| *size <= ENOUGH * first)
        {
            break;
        }
        let seen = predict(x, &direction, n_outputs);
        for (moved, direction) in moved.iter_mut().zip(&direction) {
            *moved = lambda * direction;
        }
        add_transposed(x, &seen, n_outputs, &mut moved);
        let curvature = squares(&direction, &moved, n_outputs);
        let step = ratios(&size, &curvature);
        for (at, weights) in weights.chunks_exact_mut(n_outputs).enumerate() {
            for (output, weight) in weights.iter_mut().enumerate() {
                let at = at * n_outputs + output;
                *weight += step[output] * direction[at];
                residual[at] -= step[output] * moved[at];
            }
        }
        let next = squares(&residual, &residual, n_outputs);
        let keep = ratios(&next, &size);
        for (at, direction) in direction.iter_mut().enumerate() {
            *direction = residual[at] + keep[at % n_outputs] * *direction;
        }
        size = next;
    }
    weights
}

/// Multiplies rows with weights; interleaved as `y` of [`ridge`].
pub(crate) fn predict(x: &[&Row], weights: &[f32], n_outputs: usize) -> Vec<f32> {
    let mut out = vec![0.0; x.len() * n_outputs];
    for (row, out) in x.iter().zip(out.chunks_exact_mut(n_outputs)) {
        for (column, value) in row.iter() {
            let at = *column as usize * n_outputs;
            for (out, weight) in out.iter_mut().zip(&weights[at..at + n_outputs]) {
                *out += value * weight;
            }
        }
    }
    out
}

fn add_transposed(x: &[&Row], y: &[f32], n_outputs: usize, out: &mut [f32]) {
    for (row, y) in x.iter().zip(y.chunks_exact(n_outputs)) {
        for (column, value) in row.iter() {
            let at = *column as usize * n_outputs;
            for (out, y) in out[at..at + n_outputs].iter_mut().zip(y) {
                *out += value * y;
            }
        }
    }
}

fn squares(a: &[f32], b: &[f32], n_outputs: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_outputs];
    for (a, b) in a.chunks_exact(n_outputs).zip(b.chunks_exact(n_outputs)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    sums
}

fn ratios(above: &[f64], below: &[f64]) -> Vec<f32> {
    let ratio = |(above, below): (&f64, &f64)| {
        if *below > 1e-20 {
            (above / below) as f32
        } else {
            0.0
        }
    };
    above.iter().zip(below).map(ratio).collect()
}
