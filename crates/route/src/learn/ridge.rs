//! Ridge regression on sparse rows, for several outputs at once, by conjugate gradients.
//!
//! Minimises |XW - Y|² + λ|W|² (Hoerl and Kennard 1970) column by column; the columns share each
//! pass over X. Outputs must be centred by the caller: there is no intercept. Checked against the
//! solution by elimination in `ridge_is_what_elimination_gives`.
//!
//! Outputs are worked on in lots of two, four or eight, so that a processor adds up several at once, and columns that no
//! row has are left out: their weights are zero. Neither changes what is added to what, nor in which order.

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
    let (rows, used) = renumbered(x, n_columns);
    let found = match n_outputs {
        0..=2 => solve::<2>(&rows, used.len(), (y, n_outputs), lambda),
        3..=4 => solve::<4>(&rows, used.len(), (y, n_outputs), lambda),
        _ => solve::<8>(&rows, used.len(), (y, n_outputs), lambda),
    };
    let mut weights = vec![0.0; n_columns * n_outputs];
    if n_outputs > 0 {
        for (column, own) in used.iter().zip(found.chunks_exact(n_outputs)) {
            weights[column * n_outputs..][..n_outputs].copy_from_slice(own);
        }
    }
    weights
}

/// The rows with their columns numbered anew, and the columns that they have, in order.
fn renumbered(x: &[&Row], n_columns: usize) -> (Vec<Row>, Vec<usize>) {
    let mut is_used = vec![false; n_columns];
    for (column, _) in x.iter().copied().flatten() {
        is_used[*column as usize] = true;
    }
    let used: Vec<usize> = (0..n_columns).filter(|column| is_used[*column]).collect();
    let mut place = vec![0_u32; n_columns];
    for (new, old) in (0..).zip(&used) {
        place[*old] = new;
    }
    let row = |row: &&Row| {
        let columns = row.iter();
        columns
            .map(|(column, value)| (place[*column as usize], *value))
            .collect()
    };
    (x.iter().map(row).collect(), used)
}

/// Numbers of one column: lots of lanes, the last ones filled up with zeros.
type Lanes<const L: usize> = Vec<[f32; L]>;

/// Puts interleaved numbers into lanes.
fn in_lanes<const L: usize>(values: &[f32], n_outputs: usize) -> Lanes<L> {
    let n_lots = n_outputs.div_ceil(L);
    let mut lanes = Vec::with_capacity(values.len() / n_outputs.max(1) * n_lots);
    for own in values.chunks_exact(n_outputs.max(1)) {
        for lot in own.chunks(L) {
            let mut lane = [0.0; L];
            lane[..lot.len()].copy_from_slice(lot);
            lanes.push(lane);
        }
    }
    lanes
}

fn solve<const L: usize>(
    x: &[Row],
    n_columns: usize,
    (y, n_outputs): (&[f32], usize),
    lambda: f32,
) -> Vec<f32> {
    let n_lots = n_outputs.div_ceil(L);
    let y: Lanes<L> = in_lanes(y, n_outputs);
    let mut weights: Lanes<L> = vec![[0.0; L]; n_columns * n_lots];
    let mut residual = weights.clone();
    add_transposed(x, &y, n_lots, &mut residual);
    let mut direction = residual.clone();
    let mut size = squares(&residual, &residual, n_lots);
    let first = size.clone();
    let mut moved = weights.clone();
    let mut seen = y;
    let is_small = |(size, first): (&[f64; L], &[f64; L])| {
        let mut both = size.iter().zip(first);
        both.all(|(size, first)| *size <= ENOUGH * first)
    };
    for _ in 0..MAX_STEPS {
        if size.iter().zip(&first).all(is_small) {
            break;
        }
        multiply(x, &direction, n_lots, &mut seen);
        for (moved, direction) in moved.iter_mut().zip(&direction) {
            *moved = direction.map(|direction| lambda * direction);
        }
        add_transposed(x, &seen, n_lots, &mut moved);
        let curvature = squares(&direction, &moved, n_lots);
        let step = ratios(&size, &curvature);
        for (at, weights) in weights.iter_mut().enumerate() {
            let step = &step[at % n_lots];
            for lane in 0..L {
                weights[lane] += step[lane] * direction[at][lane];
                residual[at][lane] -= step[lane] * moved[at][lane];
            }
        }
        let next = squares(&residual, &residual, n_lots);
        let keep = ratios(&next, &size);
        for (at, direction) in direction.iter_mut().enumerate() {
            let keep = &keep[at % n_lots];
            for lane in 0..L {
                direction[lane] = residual[at][lane] + keep[lane] * direction[lane];
            }
        }
        size = next;
    }
    let mut out = Vec::with_capacity(n_columns * n_outputs);
    for own in weights.chunks_exact(n_lots.max(1)) {
        out.extend(own.iter().flatten().take(n_outputs));
    }
    out
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

/// As [`predict`], in lanes.
fn multiply<const L: usize>(x: &[Row], weights: &[[f32; L]], n_lots: usize, out: &mut [[f32; L]]) {
    for (row, out) in x.iter().zip(out.chunks_exact_mut(n_lots.max(1))) {
        for (lot, out) in out.iter_mut().enumerate() {
            let mut sums = [0.0; L];
            for (column, value) in row {
                let weights = &weights[*column as usize * n_lots + lot];
                for lane in 0..L {
                    sums[lane] += value * weights[lane];
                }
            }
            *out = sums;
        }
    }
}

fn add_transposed<const L: usize>(x: &[Row], y: &[[f32; L]], n_lots: usize, out: &mut [[f32; L]]) {
    for (row, y) in x.iter().zip(y.chunks_exact(n_lots.max(1))) {
        for (column, value) in row {
            let at = *column as usize * n_lots;
            for (out, y) in out[at..at + n_lots].iter_mut().zip(y) {
                for lane in 0..L {
                    out[lane] += value * y[lane];
                }
            }
        }
    }
}

fn squares<const L: usize>(a: &[[f32; L]], b: &[[f32; L]], n_lots: usize) -> Vec<[f64; L]> {
    let mut sums = vec![[0.0; L]; n_lots];
    let chunk = n_lots.max(1);
    for (a, b) in a.chunks_exact(chunk).zip(b.chunks_exact(chunk)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            for lane in 0..L {
                sum[lane] += f64::from(a[lane]) * f64::from(b[lane]);
            }
        }
    }
    sums
}

fn ratios<const L: usize>(above: &[[f64; L]], below: &[[f64; L]]) -> Vec<[f32; L]> {
    let ratio = |above: f64, below: f64| {
        if below > 1e-20 {
            (above / below) as f32
        } else {
            0.0
        }
    };
    (above.iter().zip(below))
        .map(|(above, below)| std::array::from_fn(|lane| ratio(above[lane], below[lane])))
        .collect()
}
