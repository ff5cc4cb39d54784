//! What people's labels made of the scorers' word: a table, and a line each for the terminal.

use trilemma_decide::Figure;
use trilemma_decide::review::CandidateReview;

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, RateDigits, plural, usd, usd_number, widen};

/// Every candidate with labels; `None` where there is none.
pub(crate) fn table(cast: &Cast<'_>) -> Option<Table> {
    let reviews = &cast.decision.review;
    if reviews.is_empty() {
        return None;
    }
    let ranks = if reviews.iter().all(|one| one.ranks) {
        "Candidates are ranked by the corrected figures."
    } else {
        "Candidates are ranked by the scorers' word, because not all that may be chosen have labels enough."
    };
    Some(Table {
        id: "people",
        title: "People".to_owned(),
        note: format!(
            "People labelled a random part of the answers without seeing whose they were. Pass rates are corrected by \
             their labels (PPI++), and requirements on quality rest on them. Agreement counts the labelled \
             answers that scorers and people put on the same side, each stratum by its size. {ranks}"
        ),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Labels"),
            Column::number("Scorers and people agree"),
            Column::number("Passes by scorers"),
            Column::number("Passes, corrected by people"),
            Column::number("Correction, points"),
            Column::number("Per accepted answer, corrected, USD"),
        ],
        rows: reviews.iter().map(|one| row(cast, one)).collect(),
    })
}

fn row(cast: &Cast<'_>, review: &CandidateReview) -> Vec<Cell> {
    let labels = Cell::count(review.n_labels);
    let labels = match review.n_labels_missing {
        Some(n) => labels.with_sub(format!("{n} too few")),
        None => labels,
    };
    let correction = correction(review).map_or_else(Cell::none, |points| {
        Cell::number(points, signed_points(points))
    });
    let cost = review.cost_per_accepted.map_or_else(Cell::none, |cost| {
        let cost = cost.to_f64();
        Cell::number(cost, usd_number(cost, cost))
    });
    vec![
        cast.name_cell(review.candidate),
        labels,
        figure(review.agreement.as_ref()),
        figure(review.by_scorers.as_ref()),
        figure(review.corrected.as_ref()),
        correction,
        cost,
    ]
}

/// One line per candidate with labels.
pub(crate) fn lines(cast: &Cast<'_>) -> Vec<String> {
    cast.decision
        .review
        .iter()
        .map(|review| {
            let name = cast.name(review.candidate);
            let labels = plural(widen(review.n_labels), "label");
            let Some(corrected) = &review.corrected else {
                let lacking = review.n_labels_missing.unwrap_or(1);
                return format!("`{name}`: {labels}, {lacking} too few to correct by");
            };
            let mut line = format!(
                "`{name}`: {labels}; {} pass, corrected by people",
                Range::from(corrected).written(rate)
            );
            if let Some(points) = correction(review) {
                line.push_str(&format!(" ({} points)", signed_points(points)));
            }
            if let Some(agreement) = &review.agreement {
                line.push_str(&format!(
                    "; scorers and people agree on {}",
                    Range::from(agreement).written(rate)
                ));
            }
            if let Some(cost) = review.cost_per_accepted {
                line.push_str(&format!("; {} per accepted answer", usd(cost.to_f64())));
            }
            line
        })
        .collect()
}

fn figure(figure: Option<&Figure>) -> Cell {
    figure.map_or_else(Cell::none, |figure| Cell::range(Range::from(figure), rate))
}

fn rate(value: f64, _near: f64) -> String {
    RateDigits::fixed(1).rate(value)
}

/// Rate points by which people move a pass rate.
fn correction(review: &CandidateReview) -> Option<f64> {
    let (corrected, by_scorers) = (review.corrected?, review.by_scorers?);
    Some(100.0 * (corrected.value - by_scorers.value))
}

fn signed_points(points: f64) -> String {
    let sign = if points < 0.0 { "−" } else { "+" };
    format!("{sign}{:.1}", points.abs())
}
