//! What routing is worth: sentences, a chart, tables, and what went where.
//!
//! All texts that come from outside (names, ids, tasks) are cut to one line; exporters escape them.

use trilemma_decide::{RouteItem, RoutePoint, Routed, Routing, RoutingKind};

use super::cast::Cast;
use super::charts::{Figure, Plot};
use super::table::{Cell, Column, Table};
use crate::chart::{Dot, Frontier, Path, Shape};
use crate::number::{Range, count, decimals, plural, usd_near, usd_number, widen};
use crate::text::one_line;

/// Most characters of a line that a policy wrote.
const MAX_LINE: usize = 300;
/// Points of the random mix between two corners: straight over cost, so curved over its logarithm.
const MIX_STEPS: u32 = 24;

/// Everything about routing.
pub(crate) struct RoutingView {
    /// What it comes to, a sentence each.
    pub(crate) lines: Vec<String>,
    /// Figures of what is compared, and what the mix is made of.
    pub(crate) tables: Vec<Table>,
    /// The curve.
    pub(crate) figures: Vec<Figure>,
    /// What went where and whether it was right; for pages that can hold it.
    pub(crate) items: Option<Table>,
}

impl RoutingView {
    /// Phrases it; `None` = nobody asked.
    pub(crate) fn of(cast: &Cast<'_>) -> Option<Self> {
        let routing = cast.decision.routing.as_ref()?;
        let mut tables = Vec::new();
        if !routing.curve.is_empty() {
            tables.push(points(cast, routing));
        }
        let routed = routed(cast, routing);
        tables.extend(routed.map(|routed| parts(cast, routed)));
        Some(Self {
            lines: lines(cast, routing),
            figures: chart(routing).into_iter().collect(),
            items: items(cast, routing),
            tables,
        })
    }
}

fn routed<'a>(cast: &Cast<'a>, routing: &Routing) -> Option<&'a Routed> {
    cast.candidate(routing.candidate?)?.routed.as_ref()
}

fn points_of(figure: &trilemma_decide::Figure) -> String {
    Range::from(figure)
        .scaled(100.0)
        .written(|value, _| signed(value))
}

fn signed(points: f64) -> String {
    let sign = if points < 0.0 { "−" } else { "+" };
    format!("{sign}{:.1}", points.abs())
}

fn lines(cast: &Cast<'_>, routing: &Routing) -> Vec<String> {
    let Some(candidate) = routing.candidate else {
        let reason = routing.reason.as_deref().unwrap_or("nothing was looked at");
        return vec![format!(
            "No routed mix is proposed: {}.",
            one_line(reason, 600)
        )];
    };
    let name = cast.name(candidate);
    let mut lines = vec![format!(
        "`{name}` is judged like the candidates, on {}; each was decided by policies that had not seen it \
         ({} folds, dependent items together). Every call is paid, and waits add up.",
        plural(widen(routing.n), "item"),
        routing.n_folds
    )];
    let plan: Vec<String> = (routing.plan.iter())
        .map(|line| one_line(line.trim(), MAX_LINE))
        .collect();
    if !plan.is_empty() {
        let target = one_line(&routing.target, 40);
        lines.push(format!("Its policy, target {target}: {}.", plan.join("; ")));
    }
    if let Some(routed) = routed(cast, routing) {
        let asked = routed
            .parts
            .iter()
            .filter(|part| part.calls_per_query > 0.0);
        let parts: Vec<String> = asked
            .map(|part| {
                format!(
                    "`{}` {} calls, answers {:.0} %",
                    cast.name(part.candidate),
                    decimals(part.calls_per_query, 2),
                    100.0 * part.answers
                )
            })
            .collect();
        let escalated = routing.escalated.as_ref().map_or_else(
            || format!("{:.0} %", 100.0 * routed.escalated),
            |share| {
                let range = Range::from(share).scaled(100.0);
                let written = range.interval(|value, _| format!("{value:.1}"));
                let ends = written.map_or_else(String::new, |ends| {
                    format!(" ({ends} %, n = {})", count(widen(share.n)))
                });
                format!("{:.1} %{ends}", range.point)
            },
        );
        lines.push(format!(
            "Per query: {}; {escalated} take a second step.",
            parts.join("; ")
        ));
    }
    if let Some(above) = &routing.above_mix {
        lines.push(format!(
            "It is {} points above a random mix of single candidates at its cost (95 %, n = {}).",
            points_of(above),
            count(widen(above.n))
        ));
    }
    if let Some(next) = &routing.next {
        lines.push(format!(
            "`trilemma {}` writes the policy.",
            one_line(next, 400)
        ));
    }
    lines
}

/// Singles, the policy at each target, the oracle.
fn points(cast: &Cast<'_>, routing: &Routing) -> Table {
    let is_corner = |one: &RoutePoint| routing.mix.iter().any(|corner| corner.name == one.name);
    let cheapest = routing.singles.iter().min_by_key(|one| one.usd_per_query);
    let best = routing
        .singles
        .iter()
        .max_by(|a, b| a.pass_rate.value.total_cmp(&b.pass_rate.value));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for one in &routing.singles {
        let mut what = vec!["alone"];
        if cheapest.is_some_and(|other| other.name == one.name) {
            what.push("pure small");
        }
        if best.is_some_and(|other| other.name == one.name) {
            what.push("pure large");
        }
        if is_corner(one) {
            what.push("corner of the random mix");
        }
        rows.push(row(cast, one, &one_line(&one.name, 80), &what.join(", ")));
    }
    for one in &routing.curve {
        let name = format!("policy, target {}", one_line(&one.name, 40));
        rows.push(row(cast, one, &name, "trained on other items"));
    }
    if let Some(one) = &routing.oracle {
        rows.push(row(cast, one, "oracle", "by hindsight, no target"));
    }
    let area = routing.area.as_ref().map_or_else(String::new, |area| {
        format!(
            " The area between curve and random mix is {} % of that between oracle and mix.",
            Range::from(area)
                .scaled(100.0)
                .written(|value, _| format!("{value:.1}"))
        )
    });
    let kind = match routing.kind {
        Some(RoutingKind::Cascade) => {
            "Cheap candidates are asked first, and their answers compared."
        }
        Some(RoutingKind::Query) => "The query alone decides.",
        None => "",
    };
    Table {
        id: "routing-points",
        title: "Routing: quality and cost".to_owned(),
        note: format!(
            "{kind} The random mix sends each query to one of its corners by a coin: what needs no router. \
             {} of {} take part.{area}",
            plural(widen(routing.n), "item"),
            count(widen(routing.n_items))
        ),
        columns: vec![
            Column::words("Who"),
            Column::number("Pass rate"),
            Column::number("USD per 1,000 queries"),
            Column::words("What it is"),
        ],
        rows,
    }
}

fn row(cast: &Cast<'_>, one: &RoutePoint, name: &str, what: &str) -> Vec<Cell> {
    let digits = cast.digits;
    let cost = 1_000.0 * one.usd_per_query.to_f64();
    let cost = match &one.usd_interval {
        Some(figure) => Cell::range(Range::from(figure).scaled(1_000.0), usd_number),
        None => Cell::number(cost, usd_number(cost, cost)),
    };
    vec![
        Cell::words(name).with_class("name"),
        Cell::range(Range::from(&one.pass_rate), |value, _| digits.rate(value)),
        cost,
        Cell::words(what),
    ]
}

fn parts(cast: &Cast<'_>, routed: &Routed) -> Table {
    let tokens = |figure: Option<f64>| {
        figure.map_or_else(Cell::unknown, |tokens| {
            Cell::number(tokens, decimals(tokens, 0))
        })
    };
    let rows = routed.parts.iter().map(|part| {
        vec![
            cast.name_cell(part.candidate),
            Cell::number(part.calls_per_query, decimals(part.calls_per_query, 2)),
            Cell::number(part.answers, format!("{:.1} %", 100.0 * part.answers)),
            tokens(part.input_tokens),
            tokens(part.output_tokens),
        ]
    });
    Table {
        id: "routing-parts",
        title: "Routing: what the mix is made of".to_owned(),
        note: format!(
            "Over {}; rate limits are those of these models.",
            plural(widen(routed.n), "item")
        ),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Calls per query"),
            Column::number("Answers given"),
            Column::number("Input tokens per query"),
            Column::number("Output tokens per query"),
        ],
        rows: rows.collect(),
    }
}

/// The quality-cost curve; `None` = nothing was trained.
fn chart(routing: &Routing) -> Option<Figure> {
    if routing.curve.is_empty() {
        return None;
    }
    let x = |one: &RoutePoint| 1_000.0 * one.usd_per_query.to_f64();
    let dot = |one: &RoutePoint, label: String, shape: Shape| Dot {
        tooltip: format!(
            "{label}: {} pass, {} per 1,000 queries",
            Range::from(&one.pass_rate).written(|value, _| format!("{:.1} %", 100.0 * value)),
            usd_near(x(one), x(one))
        ),
        label,
        x: Range {
            point: x(one),
            low: None,
            high: None,
        },
        y: Range::from(&one.pass_rate),
        shape,
    };
    let is_headline = |one: &&RoutePoint| {
        one.name == routing.target
            || ["parity", "-1 points", "-2 points"].contains(&one.name.as_str())
    };
    let singles = routing.singles.iter();
    let mut dots: Vec<Dot> = singles
        .map(|one| dot(one, one_line(&one.name, 40), Shape::Undecided))
        .collect();
    let curve = routing.curve.iter().filter(is_headline);
    dots.extend(curve.map(|one| dot(one, one_line(&one.name, 20), Shape::Chosen)));
    let oracle = routing.oracle.iter();
    dots.extend(oracle.map(|one| dot(one, "oracle".to_owned(), Shape::Fails)));
    let corners: Vec<(f64, f64)> = routing
        .mix
        .iter()
        .map(|one| (x(one), one.pass_rate.value))
        .collect();
    let policy = routing
        .curve
        .iter()
        .map(|one| (x(one), one.pass_rate.value));
    Some(Figure {
        id: "routing-chart",
        title: "Quality against cost, routed".to_owned(),
        caption: "Circles are candidates alone, diamonds the policy at targets of parity, −1 and −2 points, each item \
                  decided by policies that had not seen it; the cross is the oracle, which knows every outcome. Bars \
                  are 95 % intervals. The thin line is the random mix of single candidates, the strong one the policy \
                  over all targets: routing is worth what lies between them."
            .to_owned(),
        plot: Plot::Frontier(Frontier {
            dots,
            paths: vec![
                Path {
                    class: "series plain",
                    points: bent(&corners),
                },
                Path {
                    class: "series chosen",
                    points: policy.collect(),
                },
            ],
            bar: None,
            budget: None,
            x_title: "USD per 1,000 queries".to_owned(),
            title: "Pass rate against cost of routed and single candidates".to_owned(),
        }),
    })
}

/// Straight lines over cost, cut into pieces.
fn bent(corners: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = corners.first().copied().into_iter().collect();
    for (a, b) in corners.iter().zip(corners.iter().skip(1)) {
        points.extend((1..=MIX_STEPS).map(|step| {
            let share = f64::from(step) / f64::from(MIX_STEPS);
            (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
        }));
    }
    points
}

/// What went where and whether it was right; `None` = nothing was served.
fn items(cast: &Cast<'_>, routing: &Routing) -> Option<Table> {
    if routing.items.is_empty() {
        return None;
    }
    let left_out = if routing.n_items_left_out > 0 {
        format!(
            " {} more are in the JSON of `route eval --items`.",
            count(widen(routing.n_items_left_out))
        )
    } else {
        String::new()
    };
    Some(Table {
        id: "routing-items",
        title: "What went where and was it right".to_owned(),
        note: format!(
            "First the items on which the mix is wrong and the best single candidate right, then the other way \
             round, then those that took a second step.{left_out}"
        ),
        columns: vec![
            Column::words("Item"),
            Column::words("Asked"),
            Column::words("Answer of"),
            Column::words("Right"),
            Column::words("Best alone"),
            Column::number("USD"),
            Column::words("Why"),
        ],
        rows: routing.items.iter().map(|one| item(cast, one)).collect(),
    })
}

fn item(cast: &Cast<'_>, one: &RouteItem) -> Vec<Cell> {
    let names = |step: &Vec<usize>| {
        let names: Vec<String> = step.iter().map(|idx| cast.name(*idx)).collect();
        names.join(" + ")
    };
    let steps: Vec<String> = one.asked.iter().map(names).collect();
    let right = |passes: bool| {
        if passes {
            Cell::words("✓ right").with_class("meets")
        } else {
            Cell::words("✗ wrong").with_class("fails")
        }
    };
    let cost = one.usd.to_f64();
    vec![
        Cell::words(one_line(&one.id, 120)).with_class("name"),
        Cell::words(steps.join(", then ")),
        one.answered_by
            .map_or_else(Cell::none, |idx| Cell::words(cast.name(idx))),
        right(one.passes),
        right(one.best_passes),
        Cell::number(cost, usd_number(cost, cost)),
        Cell::words(one_line(&one.why, 200)),
    ]
}
