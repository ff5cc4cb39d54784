//! Fits what a candidate's answer costs to the length of the query and its task.
//!
//! In: costs of items. Out: a line through their logarithms.

use super::prepared::Prepared;
use crate::learn::Bayes;
use crate::learned::{CostModel, brief};

/// ln cost = a + b ln(1 + characters) + task; the exponential of a mean of logarithms lies below the
/// mean, so half of the residual variance is added.
pub(super) fn fit_cost(prepared: &Prepared, rows: &[usize], member: usize) -> CostModel {
    let n_tasks = prepared.tasks.len();
    let row_of = |row: &usize| {
        let mut x = vec![0.0; 2 + n_tasks];
        let task = prepared.task_of.get(*row).copied().flatten();
        for (idx, x) in x.iter_mut().enumerate() {
            *x = match idx {
                0 => 1.0,
                1 => prepared.surface_of(*row).first().copied().unwrap_or(0.0),
                _ => f64::from(u8::from(task == Some(idx - 2))),
            };
        }
        x
    };
    let x: Vec<Vec<f64>> = rows.iter().map(row_of).collect();
    let costs = prepared.log_cost.get(member);
    let y: Vec<f64> = (rows.iter())
        .map(|row| {
            costs
                .and_then(|costs| costs.get(*row))
                .copied()
                .unwrap_or(0.0)
        })
        .collect();
    let mut prior_sd = vec![1.0; 2 + n_tasks];
    if let Some(base) = prior_sd.first_mut() {
        *base = 30.0;
    }
    let fit = Bayes {
        x: &x,
        y: &y,
        precision: &vec![4.0; rows.len()],
        prior_sd: &prior_sd,
    }
    .fit();
    let error = |(x, y): (&Vec<f64>, &f64)| (y - crate::learn::dot(x, &fit.mean)).powi(2);
    let variance = x.iter().zip(&y).map(error).sum::<f64>() / rows.len().max(1) as f64;
    let weight = |idx: usize| fit.mean.get(idx).copied().unwrap_or(0.0);
    CostModel {
        log_base: brief(weight(0) + variance / 2.0),
        per_log_chars: brief(weight(1)),
        tasks: (0..n_tasks).map(|idx| brief(weight(2 + idx))).collect(),
    }
}
