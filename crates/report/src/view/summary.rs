//! The one table that fits a terminal and a chat message.

use super::cast::Cast;
use super::gates::symbol;
use super::table::{Cell, Column, Table};
use super::{cost, latency, quality};

/// One row per candidate: verdict, quality, difference, cost, time; least important columns last.
pub(crate) fn table(cast: &Cast<'_>) -> Table {
    let with_incumbent = cast.decision.incumbent.is_some();
    let with_month = cast.decision.traffic.is_some();
    let mut columns = vec![
        Column::words("Candidate"),
        Column::words("Verdict"),
        Column::number("Pass rate"),
        Column::number(if with_month {
            "USD per month"
        } else {
            "USD per 1,000"
        }),
        Column::number("p95"),
        Column::number(if with_incumbent {
            "Points to today"
        } else {
            "Points to best"
        }),
    ];
    columns.push(Column::words("Role"));
    let rows = cast
        .listed()
        .map(|(idx, candidate)| {
            let comparison = if with_incumbent {
                candidate.versus_incumbent.as_ref()
            } else {
                candidate.versus_best.as_ref()
            };
            let money = if with_month {
                candidate.cost.per_month.as_ref()
            } else {
                candidate.cost.per_1000.as_ref()
            };
            let time = candidate.latency.e2e_ms.as_ref();
            let word = candidate.verdict.word();
            vec![
                Cell::words(cast.name(idx)).with_class("name"),
                Cell::words(format!("{} {word}", symbol(candidate.verdict))).with_class(word),
                quality::pass_rate(cast, candidate),
                cost::money(money).bare(),
                time.map_or_else(Cell::unknown, |time| latency::time(&time.p95).bare()),
                quality::difference(cast, comparison).bare().with_sub(""),
                Cell::words(cast.role(idx)),
            ]
        })
        .collect();
    Table {
        id: "summary",
        title: "Candidates".to_owned(),
        note: String::new(),
        columns,
        rows,
    }
}
