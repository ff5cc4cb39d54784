//! Pass rates and differences as people would have them.
//!
//! In: the scorers' passes of all items, labels of some. Out: PPI++ per stratum (`stats::humans`), over the items
//! that labels stand for. Weights scale an item's deviation from the scorers' mean; clusters multiply the
//! variance by the design effect of the scorers' passes and leave at most G - 1 degrees of freedom.

use trilemma_stats::humans::{Corrected, MIN_LABELS, Stratum, Tuning, prediction_powered};
use trilemma_stats::mean::design_effect;
use trilemma_stats::{StatsError, TooFew};

use super::labels::Reviews;
use crate::sample::{Column, Design, Scenario};

/// A candidate's column and how it counts: 1 for the one in question, -1 or -ratio for a reference.
pub(crate) type Term<'a> = (usize, &'a Column, f64);

/// What labels make of `Σ factor · pass rate`.
///
/// # Errors
/// [`StatsError::TooFew`] with too few labels in all, or in a stratum.
pub(crate) fn corrected(
    design: &Design,
    reviews: &Reviews,
    terms: &[Term<'_>],
) -> Result<Corrected, StatsError> {
    if reviews.is_empty() {
        return Err(TooFew {
            n: 0,
            needed: MIN_LABELS,
        }
        .into());
    }
    let rows = rows(design, reviews, terms);
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    let largest = rows.iter().fold(0.0, |most: f64, row| most.max(row.weight));
    let centre =
        rows.iter().map(|row| row.weight * row.judge).sum::<f64>() / total.max(f64::MIN_POSITIVE);
    // Plain items keep their values; with weights, deviations are weighed, kept within [-1, 1].
    let is_weighted = design.weights.is_some();
    let range = if terms.len() > 1 { 2.0 } else { 1.0 };
    let value = |x: f64, weight: f64| {
        if is_weighted {
            (x - centre) * weight / (largest * range)
        } else {
            x
        }
    };
    let n_strata = rows.iter().map(|row| row.stratum + 1).max().unwrap_or(0);
    let mut strata = vec![Stratum::default(); n_strata];
    for row in &rows {
        let Some(stratum) = strata.get_mut(row.stratum) else {
            continue;
        };
        stratum.weight += 1.0 / rows.len() as f64;
        let judge = value(row.judge, row.weight);
        match row.human {
            Some(human) => {
                stratum.human.push(value(human, row.weight));
                stratum.judge.push(judge);
            }
            None => stratum.unlabelled.push(judge),
        }
    }
    strata.retain(|stratum| stratum.weight > 0.0);
    let got = prediction_powered(&strata, Tuning::Tuned)?;
    let got = if is_weighted {
        let mean_weight = total / rows.len() as f64;
        got.scaled(centre, largest * range / mean_weight)
    } else {
        got
    };
    inflate(design, &rows, &got)
}

/// How often scorers and people put one candidate's answers on the same side; where people are split, half.
///
/// Labels alone, each stratum counted by its size.
///
/// # Errors
/// As [`corrected`].
pub(crate) fn agreement(
    design: &Design,
    reviews: &Reviews,
    term: Term<'_>,
) -> Result<Corrected, StatsError> {
    let rows = rows(design, reviews, &[term]);
    let n_strata = rows.iter().map(|row| row.stratum + 1).max().unwrap_or(0);
    let mut strata = vec![Stratum::default(); n_strata];
    for row in &rows {
        let Some(stratum) = strata.get_mut(row.stratum) else {
            continue;
        };
        stratum.weight += 1.0 / rows.len() as f64;
        match row.human {
            Some(human) => {
                let passes = f64::from(u8::from(row.judge >= 0.5));
                stratum
                    .human
                    .push(1.0 - (passes - human).abs().clamp(0.0, 1.0));
                stratum.judge.push(0.0);
            }
            None => stratum.unlabelled.push(0.0),
        }
    }
    strata.retain(|stratum| stratum.weight > 0.0);
    inflate(
        design,
        &rows,
        &prediction_powered(&strata, Tuning::LabelsOnly)?,
    )
}

/// Labels that are still missing for a correction; `None` = enough, or another reason.
pub(crate) fn missing_labels(error: &StatsError) -> Option<usize> {
    match error {
        StatsError::TooFew(few) => Some(few.missing()),
        _ => None,
    }
}

/// Labels below which nothing is corrected.
pub const MIN_ANSWER_LABELS: usize = MIN_LABELS;

/// One item that all terms have.
struct Row {
    item: usize,
    stratum: usize,
    weight: f64,
    judge: f64,
    human: Option<f64>,
}

fn rows(design: &Design, reviews: &Reviews, terms: &[Term<'_>]) -> Vec<Row> {
    let labels: Vec<Vec<Option<f64>>> = terms
        .iter()
        .map(|(candidate, _, _)| {
            let mut own = vec![None; design.n_items()];
            for label in reviews.of(*candidate) {
                if let Some(slot) = own.get_mut(label.item) {
                    *slot = Some(label.passes);
                }
            }
            own
        })
        .collect();
    (0..design.n_items())
        .filter_map(|item| {
            let stratum = (*reviews.strata.get(item)?)?;
            let judge: Option<f64> = terms
                .iter()
                .map(|(_, column, factor)| {
                    Some(factor * column.items.get(item)?.share(Scenario::Observed)?)
                })
                .sum();
            let judge = judge?;
            let human: Option<f64> = terms
                .iter()
                .zip(&labels)
                .map(|((_, _, factor), own)| Some(factor * own.get(item).copied().flatten()?))
                .sum();
            Some(Row {
                item,
                stratum,
                weight: design.weight(item),
                judge,
                human,
            })
        })
        .collect()
}

fn inflate(design: &Design, rows: &[Row], got: &Corrected) -> Result<Corrected, StatsError> {
    if design.clusters.is_none() {
        return Ok(got.clone());
    }
    let values: Vec<f64> = rows.iter().map(|row| row.judge).collect();
    let clusters: Vec<usize> = rows.iter().map(|row| design.cluster(row.item)).collect();
    let mut known = clusters.clone();
    known.sort_unstable();
    known.dedup();
    // Scores that are all equal say nothing of clusters: then a cluster counts as one item.
    let effect =
        design_effect(&values, &clusters).unwrap_or(rows.len() as f64 / known.len().max(1) as f64);
    got.inflated(effect, (known.len() as f64 - 1.0).max(1.0))
}
