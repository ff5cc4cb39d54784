//! Tables of candidates among each other: who may be the best, and pass rates by tag.

use trilemma_decide::{Slice, SliceComparison, Standing};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, decimals, plural, widen};
use crate::text::one_line;

/// Most tags that are listed.
const MAX_SLICES: usize = 40;

/// Who may be the best; `None` where nothing could be compared.
pub(crate) fn standings(cast: &Cast<'_>) -> Option<Table> {
    let standings = cast.decision.standings.as_ref()?;
    let columns = vec![
        Column::words("Candidate"),
        Column::words("May be the best"),
        Column::number("Rank by pass rate"),
        Column::number("Best in resampled sets"),
        Column::number("Pass rate, all at once"),
        Column::number("Behind the best by at most, points"),
    ];
    let rows = cast
        .order
        .iter()
        .map(|idx| {
            let mut row = vec![cast.name_cell(*idx)];
            match standings.candidates.get(*idx).and_then(Option::as_ref) {
                Some(standing) => row.extend(standing_cells(cast, standing)),
                None => row.extend((0..5).map(|_| Cell::unknown())),
            }
            row
        })
        .collect();
    let n_best = standings.best_set.len();
    let verb = if n_best == 1 { "is" } else { "are" };
    Some(Table {
        id: "standings",
        title: "Who may be the best".to_owned(),
        note: format!(
            "By pass rate on the {} that all compared candidates have: {} {verb} left as the best, the others are not it. Set, ranks and pass rates each hold for all candidates together at 95 %, so the pass rates also for one that was picked because of them. Being the best is no requirement: the verdict asks for the preferred one that is good enough.",
            plural(widen(standings.n_items), "item"),
            plural(widen(n_best), "candidate"),
        ),
        columns,
        rows,
    })
}

fn standing_cells(cast: &Cast<'_>, standing: &Standing) -> Vec<Cell> {
    let ranks = if standing.rank_best == standing.rank_worst {
        standing.rank_best.to_string()
    } else {
        format!("{}–{}", standing.rank_best, standing.rank_worst)
    };
    let best = if standing.may_be_best {
        Cell::words("yes").with_class("meets")
    } else {
        Cell::words("no").with_class("unknown")
    };
    vec![
        best,
        Cell::number(order(standing), ranks),
        Cell::number(
            standing.probability_best,
            format!("{:.0} %", 100.0 * standing.probability_best),
        ),
        Cell::range(Range::from(&standing.pass_rate), |rate, _| {
            cast.digits.rate(rate)
        }),
        Cell::number(
            standing.largest_regret,
            decimals(100.0 * standing.largest_regret, 1),
        ),
    ]
}

/// Sorts ranks by their better end, then by the worse one.
#[expect(clippy::cast_precision_loss, reason = "only sorts")]
fn order(standing: &Standing) -> f64 {
    standing.rank_best as f64 + standing.rank_worst as f64 * 1e-6
}

/// Pass rates by tag; `None` without tags.
pub(crate) fn slices(cast: &Cast<'_>) -> Option<Table> {
    let slices = &cast.decision.slices;
    if slices.is_empty() {
        return None;
    }
    let compared = slices.iter().filter_map(|slice| slice.versus.as_ref());
    let with = compared.clone().map(|versus| versus.with).next();
    let n_compared = compared.count();
    let mut columns = vec![Column::words("Tag"), Column::number("Items")];
    if let (Some(chosen), Some(with)) = (cast.chosen, with) {
        columns.push(Column::number(format!(
            "{} minus {}, points",
            cast.name(chosen),
            cast.name(with)
        )));
    }
    columns.extend(cast.order.iter().map(|idx| Column::number(cast.name(*idx))));
    let rows = slices
        .iter()
        .take(MAX_SLICES)
        .map(|slice| slice_row(cast, slice, with.is_some()))
        .collect();
    let n_left = slices.len().saturating_sub(MAX_SLICES);
    let left = if n_left > 0 {
        format!(" {} are not shown.", plural(widen(n_left), "more tag"))
    } else {
        String::new()
    };
    let versus = if n_compared > 0 {
        format!(
            " The differences hold for all {} at once; where the choice is shown to be worse it says so.",
            plural(widen(n_compared), "tag")
        )
    } else {
        String::new()
    };
    Some(Table {
        id: "slices",
        title: "Pass rate by tag".to_owned(),
        note: format!(
            "With this many comparisons some pass rates differ by chance, and no verdict rests on them.{versus}{left}"
        ),
        columns,
        rows,
    })
}

fn slice_row(cast: &Cast<'_>, slice: &Slice, with_versus: bool) -> Vec<Cell> {
    let mut row = vec![
        Cell::words(one_line(&slice.tag, 80)),
        Cell::count(slice.n_items),
    ];
    if with_versus && cast.chosen.is_some() {
        row.push(versus(cast, slice.versus.as_ref()));
    }
    row.extend(cast.order.iter().map(
        |idx| match slice.pass_rates.get(*idx).and_then(Option::as_ref) {
            Some(figure) => Cell::range(Range::from(figure), |rate, _| cast.digits.rate(rate)),
            None => Cell::unknown(),
        },
    ));
    row
}

fn versus(cast: &Cast<'_>, versus: Option<&SliceComparison>) -> Cell {
    let Some(versus) = versus else {
        return Cell::none();
    };
    let cell = Cell::range(Range::from(&versus.difference), |points, _| {
        cast.digits.signed(points)
    });
    if versus.worse {
        cell.with_sub("worse").with_class("fails")
    } else {
        cell
    }
}
