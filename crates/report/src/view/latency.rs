//! Tables of response times.

use trilemma_decide::{Figure, LatencyFigures, TimeFigures};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, duration_near};

type Pick = fn(&LatencyFigures) -> Option<&TimeFigures>;

/// Whole answer, first token, and time per further token, as far as any was observed.
pub(crate) fn tables(cast: &Cast<'_>) -> Vec<Table> {
    let tables: [(&'static str, &str, &str, Pick); 3] = [
        (
            "e2e",
            "Response time of the whole answer",
            "From the request's last byte handed to the socket to the answer's last byte. Replayed answers are left out; where answers are too few to bound a percentile, the end is left open.",
            |latency| latency.e2e_ms.as_ref(),
        ),
        (
            "ttft",
            "Time to the first token",
            "To the first visible text; streamed answers only.",
            |latency| latency.ttft_ms.as_ref(),
        ),
        (
            "tpot",
            "Time per further token",
            "First to last visible text, per output token after the first; streamed answers only.",
            |latency| latency.tpot_ms.as_ref(),
        ),
    ];
    tables
        .into_iter()
        .filter(|(_, _, _, pick)| cast.listed().any(|(_, one)| pick(&one.latency).is_some()))
        .map(|(id, title, note, pick)| table(cast, (id, title, note), pick))
        .collect()
}

fn table(cast: &Cast<'_>, (id, title, note): (&'static str, &str, &str), pick: Pick) -> Table {
    let rows = cast
        .listed()
        .map(|(idx, candidate)| {
            let mut row = vec![cast.name_cell(idx)];
            match pick(&candidate.latency) {
                Some(figures) => {
                    row.push(Cell::count(figures.n_trials));
                    row.extend([&figures.mean, &figures.p50, &figures.p95].map(time));
                }
                None => row.extend(std::iter::repeat_n(Cell::unknown(), 4)),
            }
            row
        })
        .collect();
    Table {
        id,
        title: title.to_owned(),
        note: note.to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Answers"),
            Column::number("Mean"),
            Column::number("Median"),
            Column::number("95th percentile"),
        ],
        rows,
    }
}

/// A time given in milliseconds with its interval.
pub(crate) fn time(figure: &Figure) -> Cell {
    Cell::range(Range::from(figure).scaled(1e-3), duration_near)
}
