//! Months, own servers and rate limits: the tables, and a few lines for a terminal.

use trilemma_cost::outlook::{
    ApiCrossing, Bill, CandidateOutlook, Outlook, Owning, Servers, StatedFigure, Tokens,
    TokensPerDay,
};
use trilemma_domain::Usd;

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, UNKNOWN, count, decimals, usd, usd_number};
use crate::text::one_line;

/// The tables; empty = nothing was worked out.
pub(crate) fn tables(cast: &Cast<'_>) -> Vec<Table> {
    let Some(outlook) = &cast.decision.outlook else {
        return Vec::new();
    };
    let mut tables = vec![months(cast, outlook), totals(cast, outlook)];
    tables.extend(due(cast, outlook));
    let servers = outlook.servers.iter().zip(SERVER_IDS);
    tables.extend(servers.map(|(servers, id)| fleet(cast, servers, id)));
    tables.push(rates(cast, outlook));
    tables
}

/// Anchors of the tables of own servers, as many as an outlook has.
const SERVER_IDS: [&str; 4] = ["servers-1", "servers-2", "servers-3", "servers-4"];

/// Candidates with what they come to, in listing order.
fn listed<'a>(
    cast: &'a Cast<'_>,
    outlook: &'a Outlook,
) -> impl Iterator<Item = (usize, &'a CandidateOutlook)> {
    cast.order
        .iter()
        .filter_map(|idx| Some((*idx, outlook.candidates.get(*idx)?)))
}

/// An exact amount as a number.
pub(super) fn amount(usd: Usd) -> f64 {
    usd.to_f64()
}

fn cell(usd: Option<Usd>) -> Cell {
    usd.map_or_else(Cell::unknown, |usd| {
        let value = amount(usd);
        Cell::number(value, usd_number(value, value))
    })
}

/// A month with its range; without one where both ends are the point.
pub(super) fn month_range(bill: &Bill) -> Range {
    let point = amount(bill.month);
    let end = |usd: Option<Usd>| usd.map(amount);
    let (low, high) = (end(bill.month_low), end(bill.month_high));
    let is_exact = low == Some(point) && high == Some(point);
    Range {
        point,
        low: low.filter(|_| !is_exact),
        high: high.filter(|_| !is_exact),
    }
}

fn months(cast: &Cast<'_>, outlook: &Outlook) -> Table {
    let grows = listed(cast, outlook).any(|(_, one)| {
        one.bill
            .as_ref()
            .is_some_and(|bill| bill.last_month.is_some())
    });
    let mut columns = vec![
        Column::words("Candidate"),
        Column::number("Tokens in"),
        Column::number("Tokens out"),
        Column::number("Per query"),
        Column::number("1 query in 20 above"),
        Column::number("Per month"),
    ];
    if grows {
        columns.push(Column::number(format!("Month {}", outlook.months)));
    }
    columns.extend([
        Column::number("Per accepted answer"),
        Column::words("Price from"),
    ]);
    let rows = listed(cast, outlook)
        .map(|(idx, one)| {
            let mut row = vec![cast.name_cell(idx)];
            let n_cells = columns.len() - 1;
            match &one.bill {
                Some(bill) => row.extend(bill_cells(bill, grows)),
                None => row.extend((0..n_cells).map(|_| Cell::unknown())),
            }
            row
        })
        .collect();
    Table {
        id: "months",
        title: "A month of production, US dollars".to_owned(),
        note: format!(
            "30 days of {} queries a day at the prices of {}, with caching, batches, retries, judge and router as the assumptions below state them; the verdict's own figures count prices, tokens and cache hits only. The range of a month is that of the traffic as stated and of the mean tokens as measured (95 %).",
            decimals(outlook.queries_per_day, 0),
            outlook.as_of
        ),
        columns,
        rows,
    }
}

fn bill_cells(bill: &Bill, grows: bool) -> Vec<Cell> {
    let long = bill.long_query.map_or_else(
        || Cell::words("not measured").with_class("unknown"),
        |usd| cell(Some(usd)),
    );
    let mut cells = vec![
        tokens(&bill.input),
        tokens(&bill.output),
        cell(Some(bill.per_query)),
        long,
        Cell::range(month_range(bill), usd_number),
    ];
    if grows {
        cells.push(cell(bill.last_month));
    }
    let checked = match (bill.price_checked, bill.is_stale) {
        (None, _) => String::new(),
        (Some(day), false) => format!("checked {day}"),
        (Some(day), true) => format!("checked {day}: STALE"),
    };
    cells.push(cell(bill.per_accepted));
    cells.push(Cell::words(one_line(&bill.price_source, 120)).with_sub(checked));
    cells
}

fn tokens(side: &Tokens) -> Cell {
    let ends = (side.low != side.high).then_some((side.low, side.high));
    let range = Range {
        point: side.mean,
        low: ends.map(|(low, _)| low),
        high: ends.map(|(_, high)| high),
    };
    let about = match side.p95 {
        _ if !side.is_measured => "stated".to_owned(),
        Some(p95) => format!("p95 {}", decimals(p95, 0)),
        None => String::new(),
    };
    Cell::range(range, |value, _| decimals(value, 0)).with_sub(about)
}

fn totals(cast: &Cast<'_>, outlook: &Outlook) -> Table {
    let reference = outlook.reference.map(|idx| cast.name(idx));
    let mut columns = vec![
        Column::words("Candidate"),
        Column::number("Once"),
        Column::number("Total"),
        Column::number("P10"),
        Column::number("P50"),
        Column::number("P90"),
        Column::number("Staying instead"),
        Column::words("Pays back"),
    ];
    if let Some(reference) = &reference {
        columns.push(Column::number(format!("Cheaper than {reference}")));
    }
    let rows = listed(cast, outlook)
        .map(|(idx, one)| {
            let mut row = vec![cast.name_cell(idx)];
            match &one.owning {
                Some(owning) => row.extend(total_cells(owning, reference.is_some())),
                None => {
                    let why = one.left_out.as_deref().unwrap_or("its price is unknown");
                    row.extend((0..6).map(|_| Cell::unknown()));
                    row.push(Cell::words(format!("left out: {}", one_line(why, 200))));
                    row.extend((8..columns.len()).map(|_| Cell::unknown()));
                }
            }
            row
        })
        .collect();
    Table {
        id: "totals",
        title: format!("Owning it for {} months, US dollars", outlook.months),
        note: total_note(cast, outlook),
        columns,
        rows,
    }
}

fn total_cells(owning: &Owning, has_reference: bool) -> Vec<Cell> {
    let whole = |pick: fn(&trilemma_cost::outlook::Simulated) -> f64| {
        owning.simulated.as_ref().map_or_else(Cell::unknown, |all| {
            let value = pick(all);
            Cell::number(value, decimals(value, 0))
        })
    };
    let mut cells = vec![
        cell(Some(owning.one_off)),
        cell(Some(owning.total)),
        whole(|all| all.p10),
        whole(|all| all.p50),
        whole(|all| all.p90),
        owning
            .stay_total
            .map_or_else(Cell::none, |usd| cell(Some(usd))),
        Cell::words(pays_back(owning)),
    ];
    if has_reference {
        cells.push(owning.chance_cheaper.map_or_else(Cell::none, |chance| {
            Cell::number(chance, format!("{:.0} %", 100.0 * chance))
        }));
    }
    cells
}

fn pays_back(owning: &Owning) -> String {
    match (owning.is_incumbent, owning.stay_total, owning.payback_month) {
        (true, _, _) => "in use today".to_owned(),
        (false, None, _) => "nothing to compare with".to_owned(),
        (false, Some(_), Some(month)) => format!("in month {month}"),
        (false, Some(_), None) => "not within these months".to_owned(),
    }
}

fn total_note(cast: &Cast<'_>, outlook: &Outlook) -> String {
    let mut parts = vec![
        "Once: evaluation, review, engineering, prompts, both models running side by side. Total: that and every month, each input at its most likely value."
            .to_owned(),
    ];
    if let (Some(draws), Some(seed)) = (outlook.draws, outlook.seed) {
        parts.push(format!(
            "P10, P50 and P90 come from {} draws over the ranges of the assumptions, the same draws for all candidates (seed {seed}); the most likely total is no middle: ranges lean upwards.",
            count(u64::from(draws))
        ));
    }
    let switch = listed(cast, outlook)
        .filter_map(|(_, one)| one.owning.as_ref())
        .find(|owning| !owning.one_off_parts.is_empty());
    if let Some(owning) = switch {
        let lines: Vec<String> = owning
            .one_off_parts
            .iter()
            .map(|part| format!("{} {}", one_line(&part.what, 60), usd(amount(part.usd))))
            .collect();
        parts.push(format!("A switch costs once: {}.", lines.join(", ")));
    }
    parts.join(" ")
}

/// What is announced within the months; `None` = nothing.
fn due(cast: &Cast<'_>, outlook: &Outlook) -> Option<Table> {
    use trilemma_cost::outlook::DueKind;
    let mut rows = Vec::new();
    for (idx, one) in listed(cast, outlook) {
        for due in one.owning.iter().flat_map(|owning| &owning.due) {
            let effect = match &due.kind {
                DueKind::PriceFactor(factor) => format!("prices × {}", one_line(factor, 12)),
                DueKind::Usd(usd) => format!("{} more", crate::number::usd(amount(*usd))),
            };
            rows.push(vec![
                cast.name_cell(idx),
                Cell::number(f64::from(due.month), due.month.to_string()),
                Cell::words(effect),
                Cell::words(one_line(&due.reason, 200)),
            ]);
        }
    }
    (!rows.is_empty()).then(|| Table {
        id: "due",
        title: "What is due within these months".to_owned(),
        note: "Counted in the totals above. A vendor that ends a model forces a migration, which is counted like a switch of one's own.".to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Month"),
            Column::words("Effect"),
            Column::words("Why"),
        ],
        rows,
    })
}

fn fleet(cast: &Cast<'_>, servers: &Servers, id: &'static str) -> Table {
    let rows = servers
        .against
        .iter()
        .map(|crossing| crossing_row(cast, crossing))
        .collect();
    Table {
        id,
        title: format!("Own servers for {}", one_line(&servers.weights, 80)),
        note: fleet_note(servers),
        columns: vec![
            Column::words("Compared with"),
            Column::number("Its price per 1M tokens"),
            Column::number("Own servers pay from, tokens a day"),
            Column::number("If fast and cheap"),
            Column::number("If slow and dear"),
        ],
        rows,
    }
}

fn crossing_row(cast: &Cast<'_>, crossing: &ApiCrossing) -> Vec<Cell> {
    vec![
        cast.name_cell(crossing.candidate),
        Cell::number(
            crossing.usd_per_mtok,
            usd_number(crossing.usd_per_mtok, crossing.usd_per_mtok),
        ),
        volume(crossing.likely),
        volume(crossing.fast_and_cheap),
        volume(crossing.slow_and_dear),
    ]
}

fn volume(found: TokensPerDay) -> Cell {
    match found {
        TokensPerDay::From(tokens) => Cell::number(tokens, large(tokens)),
        TokensPerDay::NeverDearer => {
            Cell::words("never").with_sub("a busy replica's tokens cost more")
        }
        TokensPerDay::NeverThatLarge => Cell::words("never").with_sub("beyond any fleet looked at"),
        TokensPerDay::Unknown => Cell::unknown(),
    }
}

/// A volume in three digits: it rests on estimates.
fn large(tokens: f64) -> String {
    let (scaled, unit) = match tokens {
        tokens if !tokens.is_finite() => return UNKNOWN.to_owned(),
        tokens if tokens >= 1e9 => (tokens / 1e9, " billion"),
        tokens if tokens >= 1e6 => (tokens / 1e6, " million"),
        tokens => return decimals(tokens, 0),
    };
    let digits = match scaled {
        scaled if scaled >= 99.95 => 0,
        scaled if scaled >= 9.995 => 1,
        _ => 2,
    };
    format!("{}{unit}", decimals(scaled, digits))
}

fn fleet_note(servers: &Servers) -> String {
    let Some(set_up) = &servers.set_up else {
        return format!(
            "No GPU of the catalog holds these weights as {} at the assumed context and concurrency with a known price.",
            one_line(&servers.precision, 40)
        );
    };
    let mut parts = vec![format!(
        "Cheapest set-up: {} per replica as {}, at {}.",
        one_line(set_up, 60),
        one_line(&servers.precision, 40),
        one_line(&servers.rent, 200)
    )];
    if let Some((low, likely, high)) = servers.tokens_per_s {
        parts.push(format!(
            "Speed: {} tokens/s in and out ({} to {}), {}.",
            decimals(likely, 0),
            decimals(low, 0),
            decimals(high, 0),
            one_line(&servers.speed_source, 200)
        ));
    }
    if let (Some(replicas), Some(month)) = (servers.replicas, servers.month) {
        let noun = if replicas == 1 { "replica" } else { "replicas" };
        parts.push(format!(
            "This traffic needs {replicas} {noun}: {} a month, people included.",
            usd(amount(month))
        ));
    }
    parts.push("Measure one replica of your own and state it as `tokens_per_s`: the estimate gives way to it. Whether quality is the same, the verdict says.".to_owned());
    parts.join(" ")
}

fn rates(cast: &Cast<'_>, outlook: &Outlook) -> Table {
    let rate = |value: f64| Cell::number(value, decimals(value, usize::from(value < 100.0)));
    let rows = listed(cast, outlook)
        .map(|(idx, one)| {
            let need = &one.rates;
            let tier = match (&need.tier, need.carries) {
                (None, _) => Cell::words("not known").with_class("unknown"),
                (Some(tier), true) => Cell::words(one_line(tier, 60)),
                (Some(tier), false) => {
                    Cell::words("not known").with_sub(format!("{} may", one_line(tier, 60)))
                }
            };
            vec![
                cast.name_cell(idx),
                rate(need.rpm),
                rate(need.itpm),
                rate(need.otpm),
                need.concurrency.map_or_else(Cell::unknown, rate),
                tier,
                Cell::words(one_line(&need.advice, 600)),
            ]
        })
        .collect();
    Table {
        id: "rates",
        title: "Rate limits at the peak".to_owned(),
        note: "Per minute in the busiest minute; limits are used up to the assumed headroom. `trilemma limits` adds waiting times and fallbacks.".to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Requests"),
            Column::number("Tokens in"),
            Column::number("Tokens out"),
            Column::number("Calls in flight"),
            Column::words("Carried by"),
            Column::words("What it takes"),
        ],
        rows,
    }
}

/// Every assumption with who stated it; `None` = nothing was worked out.
pub(crate) fn assumptions(cast: &Cast<'_>) -> Option<Table> {
    let outlook = cast.decision.outlook.as_ref()?;
    let row = |one: &StatedFigure| {
        let value = one.value.as_ref();
        vec![
            Cell::words(one_line(&one.name, 60)).with_class("name"),
            value.map_or_else(Cell::unknown, |value| Cell::words(one_line(value, 60))),
            Cell::words(one_line(&one.about, 200)),
            Cell::words(one_line(&one.origin, 200)),
        ]
    };
    Some(Table {
        id: "assumptions",
        title: "Assumptions".to_owned(),
        note: "Each can be stated under `[assumptions]` of the project file, as a number or as [least, most likely, most].".to_owned(),
        columns: vec![
            Column::words("Name"),
            Column::words("Figure"),
            Column::words("What it is"),
            Column::words("Who says so"),
        ],
        rows: outlook.assumptions.iter().map(row).collect(),
    })
}

/// The short table of a terminal; `None` = nothing was worked out.
pub(crate) fn short(cast: &Cast<'_>) -> Option<Table> {
    let outlook = cast.decision.outlook.as_ref()?;
    let rows = listed(cast, outlook)
        .map(|(idx, one)| {
            let owning = one.owning.as_ref();
            let span = owning
                .and_then(|owning| owning.simulated)
                .map_or_else(Cell::unknown, |all| {
                    Cell::words(format!("{}–{}", decimals(all.p10, 0), decimals(all.p90, 0)))
                });
            vec![
                Cell::words(cast.name(idx)).with_class("name"),
                cell(one.bill.as_ref().map(|bill| bill.month)),
                cell(owning.map(|owning| owning.total)),
                span,
                owning.map_or_else(Cell::unknown, |owning| Cell::words(pays_back(owning))),
                Cell::words(
                    one.rates
                        .tier
                        .as_deref()
                        .map_or_else(|| "not known".to_owned(), |tier| one_line(tier, 24)),
                ),
            ]
        })
        .collect();
    Some(Table {
        id: "outlook",
        title: format!("Money over {} months, US dollars", outlook.months),
        note: String::new(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Per month"),
            Column::number("Total"),
            Column::number("P10–P90"),
            Column::words("Pays back"),
            Column::words("Rate tier"),
        ],
        rows,
    })
}
