//! Tokens per answer.

use trilemma_stats::Confidence;
use trilemma_stats::quantile::{Sorted, harrell_davis, quantile};

use super::interval;
use crate::collect::{Observed, Table};
use crate::figure::{Figure, Method};
use crate::result::{TokenFigures, TokenSide};
use crate::sample::{Design, Entry, Values};

/// Token counts of one candidate's answers.
pub(crate) fn token_figures(table: &Table, candidate: usize, design: &Design) -> TokenFigures {
    let side = |tokens: fn(&Observed) -> Option<u32>| token_side(table, candidate, design, tokens);
    TokenFigures {
        input: side(|trial| trial.input_tokens),
        output: side(|trial| trial.output_tokens),
    }
}

fn token_side(
    table: &Table,
    candidate: usize,
    design: &Design,
    tokens: fn(&Observed) -> Option<u32>,
) -> Option<TokenSide> {
    let mut all = Vec::new();
    let entries: Vec<Entry> = table
        .items_of(candidate)
        .enumerate()
        .filter_map(|(item, repeats)| {
            let before = all.len();
            let answered = repeats.iter().flatten().filter(|trial| trial.answered());
            all.extend(answered.filter_map(tokens).map(f64::from));
            let own = all.get(before..).unwrap_or_default();
            (!own.is_empty()).then(|| Entry {
                item,
                value: own.iter().sum::<f64>() / own.len() as f64,
                n_trials: own.len() as u32,
            })
        })
        .collect();
    let total = all.iter().map(|count| *count as u64).sum();
    let values = Values::new(design, entries.into_iter());
    let mean = match interval::mean_t(&values, Confidence::P95) {
        Ok((estimate, method)) => Figure::of(&estimate, method),
        Err(_) => Figure::plain(values.mean()?, values.n()),
    };
    let sorted = Sorted::new(all).ok()?;
    // Repeats of one item take about the same tokens, so only plain samples get an interval.
    let p95 = match quantile(&sorted, 0.95, Confidence::P95) {
        Ok(estimate) if values.plain => Figure::of(&estimate, Method::OrderStatistics),
        _ => Figure::plain(harrell_davis(&sorted, 0.95).ok()?, values.n()),
    };
    Some(TokenSide {
        mean: mean?,
        p95: p95?,
        total,
    })
}
