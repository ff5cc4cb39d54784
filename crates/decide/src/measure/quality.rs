//! Scores, pass rates, and the paired comparison of two candidates.

use trilemma_stats::Confidence;

use super::interval;
use crate::figure::{Figure, tidy};
use crate::rate::{Paired, Share};
use crate::result::{Cells, Comparison};
use crate::sample::{Column, Design, Entry, Scenario, Values};

/// Passes per item.
fn passes(design: &Design, column: &Column, scenario: Scenario) -> Values {
    let entries = column.items.iter().enumerate().filter_map(|(item, cell)| {
        let n_trials = match scenario {
            Scenario::Observed => cell.n_scored,
            Scenario::Worst | Scenario::Best => cell.n_run,
        };
        Some(Entry {
            item,
            value: cell.share(scenario)?,
            n_trials,
        })
    });
    Values::new(design, entries)
}

/// Pass rate, ready for exact bounds; `None` = the scenario has no item.
pub(crate) fn pass_rate(design: &Design, column: &Column, scenario: Scenario) -> Option<Share> {
    Share::of(&passes(design, column, scenario))
}

/// Scores per item.
fn scores(design: &Design, column: &Column) -> Values {
    let entries = column.items.iter().enumerate().filter_map(|(item, cell)| {
        Some(Entry {
            item,
            value: cell.score()?,
            n_trials: cell.n_scored,
        })
    });
    Values::new(design, entries)
}

/// Mean score with its interval; scores that are only 0 and 1 are a share.
pub(crate) fn score(design: &Design, column: &Column, seed: u64) -> Option<Figure> {
    let values = scores(design, column);
    if is_binary(&values) {
        return Share::of(&values)?.figure(Confidence::P95);
    }
    if values.census {
        return Figure::exact(values.mean()?, values.n(), Confidence::P95);
    }
    let (estimate, method) = interval::bounded(&values, Confidence::P95, seed)?;
    Some(Figure::of(&estimate, method)?.within(0.0, 1.0))
}

fn is_binary(values: &Values) -> bool {
    values.plain && values.x.iter().all(|x| *x == 0.0 || *x == 1.0)
}

/// Compares two candidates on the items that both have scored; `None` without such items.
pub(crate) fn compare(
    design: &Design,
    columns: (&Column, &Column),
    other: (usize, &trilemma_domain::CandidateId),
    seed: u64,
) -> Option<Comparison> {
    let (first, second) = columns;
    let paired = Paired::of(design, first, second, Scenario::Observed)?;
    Some(Comparison {
        with: other.0,
        with_id: other.1.clone(),
        difference: paired.figure(Confidence::P95)?,
        p_value: paired.mcnemar().and_then(tidy),
        cells: paired.cells().map(|cells| Cells {
            both: cells.both,
            only_this: cells.only_first,
            only_other: cells.only_second,
            neither: cells.neither,
        }),
        score_difference: score_difference(design, first, second, seed),
    })
}

fn score_difference(design: &Design, first: &Column, second: &Column, seed: u64) -> Option<Figure> {
    let entries = first
        .items
        .iter()
        .zip(&second.items)
        .enumerate()
        .filter_map(|(item, (a, b))| {
            Some(Entry {
                item,
                value: a.score()? - b.score()?,
                n_trials: a.n_scored.min(b.n_scored),
            })
        });
    let values = Values::new(design, entries);
    if is_binary(&scores(design, first)) && is_binary(&scores(design, second)) {
        return None;
    }
    if values.census {
        return Figure::exact(values.mean()?, values.n(), Confidence::P95);
    }
    match interval::mean(&values, Confidence::P95, seed) {
        Ok((estimate, method)) => Some(Figure::of(&estimate, method)?.within(-1.0, 1.0)),
        Err(_) => Figure::plain(values.mean()?, values.n()),
    }
}
