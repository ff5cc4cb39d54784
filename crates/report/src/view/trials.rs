//! Tables of what happened: how trials ended, and how many tokens they used.

use trilemma_decide::{Figure, TokenSide};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, count, decimals, plural, widen};

/// How trials ended; errors, refusals and truncations apart.
pub(crate) fn table(cast: &Cast<'_>) -> Table {
    let rows = cast
        .listed()
        .map(|(idx, candidate)| {
            let counts = &candidate.counts;
            let causes: Vec<String> = counts
                .failed_by
                .iter()
                .map(|(kind, n)| format!("{} {}", count(widen(*n)), kind.name().replace('_', " ")))
                .collect();
            let tried = counts.n_planned.saturating_sub(counts.n_not_run);
            vec![
                cast.name_cell(idx),
                Cell::count(counts.n_planned),
                Cell::count(counts.n_answered),
                Cell::count(counts.n_failed).with_sub(causes.join(", ")),
                Cell::count(counts.n_not_run),
                Cell::count(counts.n_unscored),
                Cell::count(counts.n_refused),
                Cell::count(counts.n_truncated),
                Cell::count(counts.n_replayed),
                Cell {
                    text: count(counts.n_attempts),
                    sub: extra_calls(
                        counts.n_attempts,
                        widen(tried.saturating_sub(counts.n_replayed)),
                    ),
                    ..Cell::default()
                },
            ]
        })
        .collect();
    Table {
        id: "trials",
        title: "How trials ended".to_owned(),
        note: "A failed call and an answer that could not be scored are missing results, never a score of 0. Refused, cut and replayed answers are among the answered.".to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Planned"),
            Column::number("Answered"),
            Column::number("Failed"),
            Column::number("Not run"),
            Column::number("Not scored"),
            Column::number("Refused"),
            Column::number("Cut at limit"),
            Column::number("Replayed"),
            Column::number("Calls"),
        ],
        rows,
    }
}

fn extra_calls(n_attempts: u64, n_trials: u64) -> String {
    match n_attempts.saturating_sub(n_trials) {
        0 => String::new(),
        1 => "1 retry".to_owned(),
        extra => format!("{} retries", count(extra)),
    }
}

/// Tokens per answer.
pub(crate) fn tokens(cast: &Cast<'_>) -> Table {
    let mut n_estimated = 0;
    let rows = cast
        .listed()
        .map(|(idx, candidate)| {
            n_estimated += candidate.counts.n_usage_estimated;
            let mut row = vec![cast.name_cell(idx)];
            row.extend(side(candidate.tokens.input.as_ref()));
            row.extend(side(candidate.tokens.output.as_ref()));
            row
        })
        .collect();
    let estimated = if n_estimated > 0 {
        format!(
            " {} are estimates, not the vendor's.",
            plural(widen(n_estimated), "count")
        )
    } else {
        String::new()
    };
    Table {
        id: "tokens",
        title: "Tokens per answer".to_owned(),
        note: format!("Input includes cached tokens, output includes reasoning.{estimated}"),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Input, mean"),
            Column::number("Input, p95"),
            Column::number("Input, total"),
            Column::number("Output, mean"),
            Column::number("Output, p95"),
            Column::number("Output, total"),
        ],
        rows,
    }
}

fn side(side: Option<&TokenSide>) -> [Cell; 3] {
    match side {
        Some(side) => [
            figure(&side.mean, 1),
            figure(&side.p95, 0),
            Cell {
                text: count(side.total),
                ..Cell::count(usize::try_from(side.total).unwrap_or(usize::MAX))
            },
        ],
        None => [Cell::unknown(), Cell::unknown(), Cell::unknown()],
    }
}

fn figure(figure: &Figure, n_decimals: usize) -> Cell {
    Cell::range(Range::from(figure), |tokens, _| {
        decimals(tokens, n_decimals)
    })
}
