//! The page of a load test.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use trilemma_domain::{
    LoadCandidateReport, LoadQuantile, LoadReport, LoadStageReport, LoadTimes, Verdict,
};

use super::charts::charts;
use crate::error::ReportError;
use crate::html::{SCRIPT, STYLE, policy, render_load};
use crate::number::{Range, duration, duration_near, rate_text};
use crate::view::{Cell, Column, Footnote, Table};

const CHART_WIDTHS: [f64; 2] = [880.0, 340.0];

/// Writes the page.
///
/// # Errors
/// [`ReportError`]; only for defects of this program.
pub fn load_html(report: &LoadReport) -> Result<Vec<u8>, ReportError> {
    let figures: Vec<Figure> = charts(report)
        .into_iter()
        .map(|chart| {
            let [wide, narrow] =
                CHART_WIDTHS.map(|width| Value::from_safe_string(chart.plot.draw(width)));
            Figure {
                id: chart.id,
                title: chart.title,
                caption: chart.caption,
                wide,
                narrow,
            }
        })
        .collect();
    let model = Model {
        policy: policy(false),
        title: headline(report),
        kicker: format!("load test {}, measured {}", report.test, report.started),
        project: &report.project,
        simulated: report.simulated,
        stopped: report.stopped.as_deref(),
        verdicts: verdicts(report),
        comparisons: comparisons(report),
        warnings: &report.warnings,
        figures,
        tables: tables(report),
        definitions: report
            .definitions
            .iter()
            .map(|(term, text)| note(term, text))
            .collect(),
        provenance: provenance(report),
    };
    let page = render_load(context! {
        page => Value::from(Serde(&model)),
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
    })?;
    Ok(page.into_bytes())
}

#[derive(Serialize)]
struct Model<'a> {
    policy: String,
    title: String,
    kicker: String,
    project: &'a str,
    simulated: bool,
    stopped: Option<&'a str>,
    verdicts: Table,
    comparisons: Option<Table>,
    warnings: &'a [String],
    figures: Vec<Figure>,
    tables: Vec<Table>,
    definitions: Vec<Footnote>,
    provenance: Vec<Footnote>,
}

#[derive(Serialize)]
struct Figure {
    id: &'static str,
    title: &'static str,
    caption: String,
    wide: Value,
    narrow: Value,
}

fn note(term: &str, text: &str) -> Footnote {
    Footnote::new(term, text)
}

/// One sentence: the first candidate's p95, or what a sweep or search found.
fn headline(report: &LoadReport) -> String {
    let of = |candidate: &LoadCandidateReport| {
        if let Some(found) = &candidate.goodput {
            return match found.holds_per_s {
                Some(rate) => format!(
                    "`{}` holds every budget at {}/s",
                    candidate.id,
                    rate_text(rate)
                ),
                None => format!(
                    "`{}` holds the budgets at no rate that was tried",
                    candidate.id
                ),
            };
        }
        if let Some(found) = &candidate.saturation {
            let word = if found.reached {
                "is saturated"
            } else {
                "was not saturated"
            };
            return format!(
                "`{}` {word} at {} answers/s",
                candidate.id,
                rate_text(found.requests_per_s)
            );
        }
        let p95 = candidate
            .stages
            .first()
            .and_then(|stage| stage.figures.e2e_scheduled.at(0.95)?.ms);
        match p95 {
            Some(ms) => format!(
                "`{}` answers 95 % of requests within {}",
                candidate.id,
                duration(ms / 1e3)
            ),
            None => format!("`{}`: too few answers for a 95th percentile", candidate.id),
        }
    };
    let all: Vec<String> = report.candidates.iter().take(3).map(of).collect();
    let more = report.candidates.len().saturating_sub(3);
    let rest = if more > 0 {
        format!("; and {more} more")
    } else {
        String::new()
    };
    format!("{}{rest}", all.join("; "))
}

fn stages(report: &LoadReport) -> impl Iterator<Item = (&LoadCandidateReport, &LoadStageReport)> {
    report.candidates.iter().flat_map(|candidate| {
        let stages = candidate.stages.iter();
        stages.map(move |stage| (candidate, stage))
    })
}

fn lead(candidate: &LoadCandidateReport, stage: &LoadStageReport) -> Cell {
    Cell::words(candidate.id.to_string())
        .with_sub(stage.plan.arrivals.to_string())
        .with_class("name")
}

fn verdicts(report: &LoadReport) -> Table {
    let mut names: Vec<String> = Vec::new();
    for (_, stage) in stages(report) {
        for one in &stage.verdicts {
            let name = column(one);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let rows = stages(report).map(|(candidate, stage)| {
        let mut row = vec![lead(candidate, stage)];
        row.extend(names.iter().map(|name| {
            let found = stage.verdicts.iter().find(|one| column(one) == *name);
            let Some(one) = found else {
                return Cell::none();
            };
            let (sign, class) = match one.verdict {
                Verdict::Meets => ("✓", "meets"),
                Verdict::Fails => ("✗", "fails"),
                Verdict::Undecided => ("?", "undecided"),
            };
            let share = one.share.map_or("not measured".to_owned(), |share| {
                format!("{:.1} % within, n = {}", share * 100.0, one.n)
            });
            Cell::words(format!("{sign} {}", one.verdict.word()))
                .with_sub(share)
                .with_class(class)
        }));
        row
    });
    let rows = rows.collect();
    let mut columns = vec![Column::words("Candidate")];
    columns.extend(names.into_iter().map(Column::words));
    Table {
        id: "classes",
        title: "Classes and budgets".to_owned(),
        note: "95th percentile of what people wait, from schedule: streamed, a reader waits for the first token and \
               for later pauses; whole, for the last byte. Meets and fails are shown at 95 % confidence with failed \
               requests counted against the statement."
            .to_owned(),
        columns,
        rows,
    }
}

fn column(one: &trilemma_domain::SloVerdict) -> String {
    let asked = if one.required { " (asked for)" } else { "" };
    match one.class {
        Some(class) if one.slo.metric == trilemma_domain::LoadMetric::Perceived => {
            format!("{}, streamed", class.name())
        }
        Some(class) => format!("{}, whole", class.name()),
        None => format!("{}{asked}", one.text),
    }
}

fn comparisons(report: &LoadReport) -> Option<Table> {
    if report.comparisons.is_empty() {
        return None;
    }
    let rows = report.comparisons.iter().map(|one| {
        let range = one.difference_ms.map(|ms| Range {
            point: ms / 1e3,
            low: one.low_ms.map(|ms| ms / 1e3),
            high: one.high_ms.map(|ms| ms / 1e3),
        });
        vec![
            Cell::words(format!("{} − {}", one.first, one.second)).with_class("name"),
            Cell::words(format!("{} p{:.0}", one.metric.label(), one.p * 100.0)),
            range.map_or_else(Cell::unknown, |range| Cell::range(range, signed)),
            Cell::count(usize::try_from(one.n).unwrap_or(usize::MAX)),
        ]
    });
    Some(Table {
        id: "comparisons",
        title: "Candidates on the same requests".to_owned(),
        note: "Differences of percentiles, first minus second, from schedule; paired bootstrap over requests of the \
               same number, which had the same prompt and were due at the same moment."
            .to_owned(),
        columns: vec![
            Column::words("Candidates"),
            Column::words("Time"),
            Column::number("Difference"),
            Column::number("Pairs"),
        ],
        rows: rows.collect(),
    })
}

fn signed(seconds: f64, near: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "" };
    format!("{sign}{}", duration_near(seconds.abs(), near.abs()))
}

type Pick = fn(&trilemma_domain::LoadStageFigures) -> &LoadTimes;

fn tables(report: &LoadReport) -> Vec<Table> {
    let mut all = vec![throughput(report)];
    let times: [(&'static str, &str, Pick); 6] = [
        (
            "ttft",
            "TTFT: last byte sent to first visible token",
            |one| &one.ttft,
        ),
        (
            "ttft-scheduled",
            "First visible token, from schedule",
            |one| &one.ttft_scheduled,
        ),
        (
            "tpot",
            "TPOT: time per visible token after the first",
            |one| &one.tpot,
        ),
        (
            "e2e",
            "E2E: last byte sent to last byte of the answer",
            |one| &one.e2e,
        ),
        ("e2e-scheduled", "Whole answer, from schedule", |one| {
            &one.e2e_scheduled
        }),
        ("client", "Waiting inside this client", |one| {
            &one.client_wait
        }),
    ];
    all.extend(times.into_iter().filter_map(|(id, title, pick)| {
        let has = stages(report).any(|(_, stage)| pick(&stage.figures).n > 0);
        has.then(|| times_table(report, (id, title), pick))
    }));
    all.push(converted(report));
    all
}

fn throughput(report: &LoadReport) -> Table {
    let rows = stages(report).map(|(candidate, stage)| {
        let figures = &stage.figures;
        let whole = |n: u64| Cell::count(usize::try_from(n).unwrap_or(usize::MAX));
        let rate = |rate: Option<trilemma_domain::LoadRate>| {
            rate.map_or_else(Cell::unknown, |rate| {
                let range = Range {
                    point: rate.per_s,
                    low: rate.low,
                    high: rate.high,
                };
                Cell::range(range, |value, _| rate_text(value))
            })
        };
        let failures: Vec<String> = figures
            .failures
            .iter()
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect();
        vec![
            lead(candidate, stage),
            whole(figures.n_sent),
            whole(figures.n_answered),
            whole(figures.n_failed).with_sub(failures.join(", ")),
            whole(figures.n_unstarted),
            rate(figures.requests_per_s),
            rate(figures.output_tokens_per_s),
            figures
                .in_flight_mean
                .map_or_else(Cell::unknown, |n| Cell::number(n, rate_text(n))),
        ]
    });
    Table {
        id: "throughput-table",
        title: "Requests and throughput".to_owned(),
        note:
            "Warm-up excluded from counts; what ended in the measured window counts for throughput."
                .to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::number("Sent"),
            Column::number("Answered"),
            Column::number("Failed"),
            Column::number("Never began"),
            Column::number("Answers/s"),
            Column::number("Output tokens/s"),
            Column::number("In flight"),
        ],
        rows: rows.collect(),
    }
}

fn times_table(
    report: &LoadReport,
    (id, title): (&'static str, &str),
    pick: fn(&trilemma_domain::LoadStageFigures) -> &LoadTimes,
) -> Table {
    let levels = [0.5, 0.9, 0.95, 0.99, 0.999];
    let rows = stages(report).map(|(candidate, stage)| {
        let times = pick(&stage.figures);
        let mut row = vec![
            lead(candidate, stage),
            Cell::count(usize::try_from(times.n).unwrap_or(usize::MAX)),
        ];
        row.extend(
            levels
                .iter()
                .map(|p| times.at(*p).map_or_else(Cell::none, quantile)),
        );
        row
    });
    let mut columns = vec![Column::words("Candidate"), Column::number("n")];
    columns.extend(["p50", "p90", "p95", "p99", "p99.9"].map(Column::number));
    Table {
        id,
        title: title.to_owned(),
        note: String::new(),
        columns,
        rows: rows.collect(),
    }
}

fn quantile(one: &LoadQuantile) -> Cell {
    if let Some(needs) = one.needs {
        return Cell::none().with_sub(format!("needs n = {needs}"));
    }
    match one.ms {
        Some(ms) => {
            let range = Range {
                point: ms / 1e3,
                low: one.low_ms.map(|ms| ms / 1e3),
                high: one.high_ms.map(|ms| ms / 1e3),
            };
            Cell::range(range, duration_near)
        }
        None => Cell::words("beyond the timeout").with_class("unknown"),
    }
}

fn converted(report: &LoadReport) -> Table {
    let mut rows = Vec::new();
    for (candidate, stage) in stages(report) {
        for one in &stage.figures.converted {
            let ms = |ms: f64| Cell::number(ms, duration(ms / 1e3));
            rows.push(vec![
                lead(candidate, stage),
                Cell::words(format!("{} {}", one.tool, one.figure))
                    .with_sub(one.definition.clone()),
                ms(one.mean_ms),
                ms(one.p50_ms),
                ms(one.p95_ms),
                ms(one.p99_ms),
            ]);
        }
    }
    Table {
        id: "converted",
        title: "In the words of other tools".to_owned(),
        note: "The same stamps by their definitions, as plain sample figures without intervals, as they print them."
            .to_owned(),
        columns: vec![
            Column::words("Candidate"),
            Column::words("Figure"),
            Column::number("Mean"),
            Column::number("p50"),
            Column::number("p95"),
            Column::number("p99"),
        ],
        rows,
    }
}

fn provenance(report: &LoadReport) -> Vec<Footnote> {
    let mut all = vec![
        note("Measured", &report.started),
        note("Program", &format!("trilemma {}", report.trilemma_version)),
        note("Seed", &report.seed.to_string()),
        note("Longest time of a request", &duration(report.timeout_s)),
    ];
    if let Some(cores) = report.client_cores {
        all.push(note("Client", &format!("{cores} cores")));
    }
    let stated = |found: &Option<String>| found.clone().unwrap_or_else(|| "not stated".to_owned());
    all.push(note("Client's region", &stated(&report.client_region)));
    all.push(note("Endpoint's region", &stated(&report.endpoint_region)));
    for candidate in &report.candidates {
        let target = &candidate.target;
        let served = candidate.served_models.join(", ");
        all.push(note(
            candidate.id.as_str(),
            &format!(
                "{} at {}, answered as {}; cost {}",
                target.model,
                target.base_url,
                if served.is_empty() {
                    "nobody said"
                } else {
                    &served
                },
                candidate.cost
            ),
        ));
    }
    all
}
