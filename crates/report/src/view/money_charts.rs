//! Charts of money: a month with its range, sums by month, what moves a total, and where own
//! servers begin to pay.

use trilemma_cost::outlook::{Outlook, Owning, Servers};

use super::cast::Cast;
use super::charts::{Figure, Plot};
use super::money::{amount, month_range};
use crate::chart::{Axis, Line, Lines, Look, MAX_LINES, Mark, Row, Rows, Series, Shape};
use crate::number::{Range, decimals, exact_usd, plural, usd, usd_near, usd_number, widen};
use crate::text::one_line;

/// Anchors of the staircases.
const STAIR_IDS: [&str; 2] = ["staircase-1", "staircase-2"];

/// All charts for which there are figures.
pub(crate) fn all(cast: &Cast<'_>) -> Vec<Figure> {
    let Some(outlook) = &cast.decision.outlook else {
        return Vec::new();
    };
    let mut figures: Vec<Figure> = [
        bills(cast, outlook),
        ledgers(cast, outlook),
        tornado(cast, outlook),
    ]
    .into_iter()
    .flatten()
    .collect();
    let stairs = outlook.servers.iter().filter(|one| one.stairs.len() > 1);
    figures.extend(
        stairs
            .zip(STAIR_IDS)
            .map(|(servers, id)| staircase(cast, servers, id)),
    );
    figures
}

fn bills(cast: &Cast<'_>, outlook: &Outlook) -> Option<Figure> {
    let mut rows: Vec<(f64, Row)> = cast
        .order
        .iter()
        .filter_map(|idx| {
            let bill = outlook.candidates.get(*idx)?.bill.as_ref()?;
            let range = month_range(bill);
            let row = Row {
                label: cast.name(*idx),
                tooltip: format!("{}: {} a month", cast.name(*idx), range.written(usd_near)),
                figures: usd_number(range.point, range.point),
                marks: vec![Mark {
                    range,
                    shape: cast.shape(*idx),
                }],
                spread: None,
            };
            Some((range.point, row))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let cost = cast.decision.requirements.cost.as_ref();
    let budget = cost.and_then(|cost| cost.per_month).map(|budget| Line {
        value: budget.to_f64(),
        text: format!("budget {}", exact_usd(budget)),
        is_limit: true,
    });
    Some(Figure {
        id: "month-chart",
        title: "What a month costs".to_owned(),
        caption: "Cheapest first. The bar is the range of the traffic as stated and of the mean tokens as measured; no bar where it is thinner than the mark.".to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::Usd,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            lines: budget.into_iter().collect(),
            axis_title: "USD per month".to_owned(),
            title: "Cost of a month of production, one row per candidate".to_owned(),
        }),
    })
}

/// Candidates with a total, the chosen one and the one in use first, then the cheapest.
fn owned<'a>(cast: &Cast<'_>, outlook: &'a Outlook) -> Vec<(usize, &'a Owning)> {
    let mut all: Vec<(usize, &Owning)> = outlook
        .candidates
        .iter()
        .enumerate()
        .filter_map(|(idx, one)| Some((idx, one.owning.as_ref()?)))
        .collect();
    all.sort_by_key(|(idx, owning)| {
        let is_first = cast.chosen == Some(*idx) || owning.is_incumbent;
        (!is_first, owning.total)
    });
    all
}

fn ledgers(cast: &Cast<'_>, outlook: &Outlook) -> Option<Figure> {
    let owned = owned(cast, outlook);
    if owned.is_empty() {
        return None;
    }
    let n_left_out = owned.len().saturating_sub(MAX_LINES);
    let in_use = owned.iter().find(|(_, owning)| owning.is_incumbent);
    let paid = match in_use {
        None => "",
        Some((idx, _)) if cast.chosen == Some(*idx) => {
            " Where a line falls below that of the model in use, which is the one recommended, a switch has paid."
        }
        Some(_) => {
            " Where a line falls below the dashed one of the model in use, the switch has paid."
        }
    };
    let series = owned.into_iter().take(MAX_LINES).map(|(idx, owning)| {
        let months = (0u32..).map(f64::from);
        Series {
            label: cast.name(idx),
            tooltip: format!(
                "{}: {} over {} months",
                cast.name(idx),
                usd(amount(owning.total)),
                outlook.months
            ),
            points: months
                .zip(owning.paid_by.iter().map(|usd| amount(*usd)))
                .collect(),
            look: look(cast, idx, owning.is_incumbent),
        }
    });
    let left_out = if n_left_out > 0 {
        format!(
            " {} not drawn: dearer.",
            plural(widen(n_left_out), "candidate")
        )
    } else {
        String::new()
    };
    Some(Figure {
        id: "ledger-chart",
        title: "What has been paid by the end of each month".to_owned(),
        caption: format!(
            "Month 0 is what a switch costs once; steps are what is due in a month.{paid} Each input at its most likely value.{left_out}"
        ),
        plot: Plot::Lines(Lines {
            axes: (Axis::Count, Axis::Usd),
            series: series.collect(),
            at: None,
            top: None,
            titles: ("months".to_owned(), "USD paid so far".to_owned()),
            title: "Cumulative cost by month, one line per candidate".to_owned(),
        }),
    })
}

fn look(cast: &Cast<'_>, idx: usize, is_incumbent: bool) -> Look {
    if cast.chosen == Some(idx) {
        Look::Chosen
    } else if is_incumbent {
        Look::Present
    } else {
        Look::Plain
    }
}

/// Inputs of a total as people call them.
fn input_name(name: &str) -> &str {
    match name {
        "queries_per_day" => "queries per day",
        "tokens_in" => "input tokens",
        "growth_per_month" => "growth of traffic",
        "tokens_out" => "output tokens",
        "input_ratio" => "tokenizer",
        "price_change_per_year" => "change of prices",
        "fixed_usd_month" => "fixed cost of a month",
        "one_off_usd" => "cost of the switch",
        other => other,
    }
}

/// Of the chosen candidate, else of the cheapest to own.
fn tornado(cast: &Cast<'_>, outlook: &Outlook) -> Option<Figure> {
    let owned = owned(cast, outlook);
    let chosen = owned.iter().find(|(idx, _)| cast.chosen == Some(*idx));
    let cheapest = || owned.iter().min_by_key(|(_, owning)| owning.total);
    let (idx, owning) = chosen.or_else(cheapest)?;
    if owning.swings.is_empty() {
        return None;
    }
    let total = amount(owning.total);
    let rows = owning
        .swings
        .iter()
        .map(|swing| {
            let (low, high) = (swing.low.min(swing.high), swing.low.max(swing.high));
            let name = input_name(&swing.input);
            let span = format!("{}–{}", decimals(low, 0), decimals(high, 0));
            Row {
                label: one_line(name, 40),
                tooltip: format!("{name}: total from {} to {}", usd(low), usd(high)),
                figures: span,
                marks: vec![Mark {
                    range: Range {
                        point: total,
                        low: Some(low),
                        high: Some(high),
                    },
                    shape: Shape::Second,
                }],
                spread: None,
            }
        })
        .collect();
    let name = cast.name(*idx);
    Some(Figure {
        id: "tornado",
        title: format!("What moves the total of `{name}`"),
        caption: format!(
            "Each input at the least and at the most of its range, all others at their most likely value. Widest first; the upright bar is the total of {}.",
            usd(total)
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::UsdAround,
            rows,
            lines: Vec::new(),
            axis_title: format!("USD over {} months", outlook.months),
            title: format!("Range of the total of {name} by input"),
        }),
    })
}

fn staircase(cast: &Cast<'_>, servers: &Servers, id: &'static str) -> Figure {
    let widest = servers
        .stairs
        .last()
        .map_or(1.0, |step| step.tokens_per_day);
    let highest = servers.stairs.last().map_or(1.0, |step| amount(step.month));
    let mut steps = Vec::new();
    let mut from = 0.0;
    for step in &servers.stairs {
        steps.push((from, amount(step.month)));
        steps.push((step.tokens_per_day, amount(step.month)));
        from = step.tokens_per_day;
    }
    let own = Series {
        label: "own servers".to_owned(),
        tooltip: format!(
            "own servers for {}: {} for the first {} tokens a day",
            one_line(&servers.weights, 80),
            usd(servers
                .stairs
                .first()
                .map_or(0.0, |step| amount(step.month))),
            decimals(
                servers
                    .stairs
                    .first()
                    .map_or(0.0, |step| step.tokens_per_day),
                0
            )
        ),
        points: steps,
        look: Look::Stairs,
    };
    let apis = servers.against.iter().take(MAX_LINES - 1).map(|one| {
        // 30.4375 days: the same mean month as that of the rent.
        let month = widest * 30.4375 * one.usd_per_mtok / 1e6;
        Series {
            label: cast.name(one.candidate),
            tooltip: format!(
                "{}: {} per million tokens",
                cast.name(one.candidate),
                usd(one.usd_per_mtok)
            ),
            points: vec![(0.0, 0.0), (widest, month)],
            look: look(
                cast,
                one.candidate,
                cast.decision.incumbent == Some(one.candidate),
            ),
        }
    });
    Figure {
        id,
        title: format!("When own servers for `{}` pay", one_line(&servers.weights, 80)),
        caption: "A month's bill by volume. Own servers come whole, so their line is a staircase; they pay where a candidate's line is above it. People are counted in, quality is not. Likely speed and rent; the table gives the range.".to_owned(),
        plot: Plot::Lines(Lines {
            axes: (Axis::Count, Axis::Usd),
            series: std::iter::once(own).chain(apis).collect(),
            at: servers
                .traffic_tokens_per_day
                .filter(|tokens| *tokens <= widest)
                .map(|tokens| (tokens, "this traffic".to_owned())),
            top: Some(highest * 1.25),
            titles: ("tokens per day".to_owned(), "USD per month".to_owned()),
            title: "Monthly cost by tokens per day: own servers against each candidate".to_owned(),
        }),
    }
}
