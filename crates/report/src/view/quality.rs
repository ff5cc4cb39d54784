//! Tables of quality: pass rates, scores, paired differences.

use trilemma_decide::{CandidateResult, Comparison};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, count, decimals, widen};

/// Pass rate, score and paired differences.
pub(crate) fn table(cast: &Cast<'_>) -> Table {
    let decision = cast.decision;
    let with_incumbent = decision.incumbent.is_some();
    let best = decision.best.map(|idx| cast.name(idx));
    let mut columns = vec![
        Column::words("Candidate"),
        Column::number("Pass rate"),
        Column::number("Passed"),
        Column::number("Mean score"),
    ];
    if with_incumbent {
        columns.push(Column::number("Difference to today, points"));
    }
    // One column is enough where today's model is the best.
    let with_best = !with_incumbent || decision.best != decision.incumbent;
    if with_best {
        columns.push(Column::number("Difference to the best, points"));
    }
    let rows = cast
        .listed()
        .map(|(idx, candidate)| {
            let mut row = vec![
                cast.name_cell(idx),
                pass_rate(cast, candidate),
                passed(candidate),
                score(candidate),
            ];
            if with_incumbent {
                row.push(difference(cast, candidate.versus_incumbent.as_ref()));
            }
            if with_best {
                row.push(difference(cast, candidate.versus_best.as_ref()));
            }
            row
        })
        .collect();
    let best = best.map_or_else(String::new, |name| {
        format!(" The best by pass rate is `{name}`; being picked as the best makes it look a little better than it is.")
    });
    Table {
        id: "quality",
        title: "Quality".to_owned(),
        note: format!(
            "An answer passes at a score of {} or more. Differences are paired: the same items, this candidate minus the other.{best}",
            decimals(decision.task.pass_threshold, 2)
        ),
        columns,
        rows,
    }
}

/// The pass rate with its interval.
pub(crate) fn pass_rate(cast: &Cast<'_>, candidate: &CandidateResult) -> Cell {
    match &candidate.pass_rate {
        Some(figure) => Cell::range(Range::from(figure), |rate, _| cast.digits.rate(rate)),
        None => Cell::unknown(),
    }
}

fn passed(candidate: &CandidateResult) -> Cell {
    let counts = &candidate.counts;
    let text = format!(
        "{} of {}",
        count(widen(counts.n_passed)),
        count(widen(counts.n_scored))
    );
    let n_items = widen(candidate.n_items);
    let cell = Cell {
        text,
        ..Cell::count(counts.n_passed)
    };
    if candidate.n_items == counts.n_scored {
        cell
    } else {
        cell.with_sub(crate::number::plural(n_items, "item"))
    }
}

fn score(candidate: &CandidateResult) -> Cell {
    match &candidate.score {
        Some(figure) => Cell::range(Range::from(figure), |score, _| decimals(score, 3)),
        None => Cell::unknown(),
    }
}

/// A paired difference with its interval and p-value.
pub(crate) fn difference(cast: &Cast<'_>, comparison: Option<&Comparison>) -> Cell {
    let Some(comparison) = comparison else {
        return Cell::none();
    };
    let cell = Cell::range(Range::from(&comparison.difference), |points, _| {
        cast.digits.signed(points)
    });
    match comparison.p_value {
        Some(p) => cell.with_sub(p_value(p)),
        None => cell,
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}
