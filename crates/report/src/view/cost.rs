//! Tables of money: cost figures, and the prices they rest on.

use trilemma_decide::{CandidateResult, CostBasis, MoneyFigure};
use trilemma_domain::Usd;

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, count, decimals, threshold, usd_number, widen};
use crate::text::one_line;

/// What queries cost.
pub(crate) fn table(cast: &Cast<'_>) -> Table {
    let decision = cast.decision;
    let with_month = decision.traffic.is_some();
    let mut columns = vec![
        Column::words("Candidate"),
        Column::number("Per query"),
        Column::number("Per 1,000 queries"),
    ];
    if with_month {
        columns.push(Column::number("Per month"));
    }
    columns.extend([
        Column::number("Per accepted answer"),
        Column::number("Billed by this benchmark"),
        Column::number("Score ÷ USD per query"),
    ]);
    let rows = cast
        .listed()
        .map(|(idx, candidate)| row(cast, idx, candidate))
        .collect();
    Table {
        id: "cost",
        title: "Cost, US dollars".to_owned(),
        note: note(cast),
        columns,
        rows,
    }
}

fn row(cast: &Cast<'_>, idx: usize, candidate: &CandidateResult) -> Vec<Cell> {
    let cost = &candidate.cost;
    let basis = match cost.basis {
        Some(CostBasis::Billed) => "as billed here",
        Some(CostBasis::Production) | None => "",
    };
    let mut row = vec![
        cast.name_cell(idx),
        money(cost.per_query.as_ref()),
        money(cost.per_1000.as_ref()),
    ];
    if cast.decision.traffic.is_some() {
        row.push(money(cost.per_month.as_ref()));
    }
    row.push(money(cost.per_accepted.as_ref()));
    row.push(billed(candidate, basis));
    row.push(ratio(cast, idx, candidate));
    row
}

/// An amount with its interval, without unit.
pub(crate) fn money(figure: Option<&MoneyFigure>) -> Cell {
    figure.map_or_else(Cell::unknown, |figure| {
        Cell::range(Range::from(figure), usd_number)
    })
}

fn billed(candidate: &CandidateResult, basis: &str) -> Cell {
    let cost = &candidate.cost;
    let Some(total) = cost.billed_total else {
        return Cell::unknown();
    };
    let judges = cost
        .scoring_total
        .filter(|judges| *judges != Usd::ZERO)
        .map(|judges| format!("judges {}", plain(judges)));
    let unpriced = (cost.n_unpriced_answers > 0).then(|| {
        format!(
            "without {}",
            crate::number::plural(widen(cost.n_unpriced_answers), "unpriced answer")
        )
    });
    let basis = (!basis.is_empty()).then(|| basis.to_owned());
    let notes: Vec<String> = [judges, unpriced, basis].into_iter().flatten().collect();
    Cell::number(total.to_f64(), plain(total)).with_sub(notes.join(", "))
}

fn plain(amount: Usd) -> String {
    usd_number(amount.to_f64(), amount.to_f64())
}

fn ratio(cast: &Cast<'_>, idx: usize, candidate: &CandidateResult) -> Cell {
    let Some(ratio) = candidate.quality_cost_ratio else {
        return Cell::unknown();
    };
    let digits = if ratio < 100.0 { 1 } else { 0 };
    let cell = Cell::number(ratio, decimals(ratio, digits));
    if cast.decision.ratio_pick == Some(idx) {
        cell.with_sub("highest; does not decide")
    } else {
        cell
    }
}

fn note(cast: &Cast<'_>) -> String {
    let decision = cast.decision;
    let mut parts = vec!["Today's prices on the tokens measured here.".to_owned()];
    if let Some(traffic) = &decision.traffic {
        let hits = match traffic.cache_hit_rate {
            Some(rate) => format!("with {} of input read from cache", threshold(rate)),
            None => "no cache hits counted".to_owned(),
        };
        parts.push(format!(
            "A month is 30 days of {} queries a day, {hits}; peak and growth are not in it.",
            decimals(traffic.queries_per_day, 0)
        ));
    }
    parts.push(
        "What this benchmark was billed includes its own cache hits, failed attempts and retries; judges apart."
            .to_owned(),
    );
    if decision.ratio_pick.is_some() {
        parts.push(
            "The quality/cost ratio picks the cheapest model even where it is far worse: it is shown because people ask, and never decides."
                .to_owned(),
        );
    }
    parts.join(" ")
}

/// The prices used, when they were checked, which model answered and when it ends.
pub(crate) fn prices(cast: &Cast<'_>) -> Table {
    let mut rows = Vec::new();
    for (idx, candidate) in cast.listed() {
        let name = || Cell::words(cast.name(idx)).with_class("name");
        let model = model_cell(candidate);
        let end = end_cell(candidate);
        if candidate.routed.is_some() {
            let own = || Cell::words("of its models").with_class("unknown");
            rows.push(vec![name(), model, own(), own(), Cell::none(), end]);
            continue;
        }
        if candidate.prices.is_empty() {
            rows.push(vec![
                name(),
                model.clone(),
                Cell::unknown(),
                Cell::unknown(),
                Cell::none(),
                end.clone(),
            ]);
        }
        for price in &candidate.prices {
            let above = if price.above_tokens > 0 {
                format!("above {} input tokens", count(price.above_tokens))
            } else {
                String::new()
            };
            let checked = price
                .checked
                .map_or_else(|| "own contract".to_owned(), |day| format!("checked {day}"));
            rows.push(vec![
                name(),
                model.clone(),
                mtok(price.input_usd_per_mtok.as_deref()).with_sub(above),
                mtok(price.output_usd_per_mtok.as_deref()),
                Cell::words(one_line(&price.source, 120)).with_sub(checked),
                end.clone(),
            ]);
        }
    }
    Table {
        id: "prices",
        title: "Models and prices".to_owned(),
        note: format!(
            "Prices in US dollars per million tokens, as of {}.",
            cast.decision.as_of
        ),
        columns: vec![
            Column::words("Candidate"),
            Column::words("Model"),
            Column::number("Input"),
            Column::number("Output"),
            Column::words("Source"),
            Column::words("End"),
        ],
        rows,
    }
}

fn mtok(price: Option<&str>) -> Cell {
    match price {
        Some(text) => Cell {
            sort: text.parse().ok(),
            ..Cell::words(one_line(text, 40))
        },
        None => Cell::unknown(),
    }
}

fn model_cell(candidate: &CandidateResult) -> Cell {
    let asked = one_line(&candidate.model, 120);
    let served: Vec<String> = candidate
        .served
        .iter()
        .take(4)
        .map(|served| one_line(&served.name, 80))
        .filter(|name| !asked.ends_with(name.as_str()))
        .collect();
    let cell = Cell::words(asked);
    if served.is_empty() {
        cell
    } else {
        cell.with_sub(format!("answered as {}", served.join(", ")))
    }
}

fn end_cell(candidate: &CandidateResult) -> Cell {
    let Some(end) = &candidate.end else {
        return Cell::words("none announced").with_class("unknown");
    };
    let by = if end.exact {
        end.by.to_string()
    } else {
        format!("gone by {}", end.by)
    };
    let instead = end
        .replacement
        .as_ref()
        .map_or_else(String::new, |name| format!("then {}", one_line(name, 80)));
    Cell::words(by).with_sub(instead)
}
