//! Which charts a load test gets.

use trilemma_domain::{LoadGoal, LoadReport, LoadStageFigures, LoadTimes};

use super::plot::{AxisSpec, Plot, Series};
use crate::chart::Axis;
use crate::number::duration;

/// Most lines of one chart.
const MOST_LINES: usize = 12;

/// A chart with its words.
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) plot: Plot,
}

/// The charts of a report; those without data are left out.
pub(super) fn charts(report: &LoadReport) -> Vec<Chart> {
    let all = [
        curve(report),
        distribution(report, ("ttft-curve", "Time to the first token"), |one| {
            &one.ttft_scheduled
        }),
        distribution(report, ("e2e-curve", "Time of the whole answer"), |one| {
            &one.e2e_scheduled
        }),
        timeline(report),
        in_flight(report),
    ];
    all.into_iter()
        .flatten()
        .filter(|chart| {
            chart
                .plot
                .series
                .iter()
                .any(|series| series.points.len() > 1)
        })
        .collect()
}

fn seconds(title: &str, is_log: bool) -> AxisSpec {
    AxisSpec {
        axis: Axis::Seconds,
        is_log,
        title: title.to_owned(),
    }
}

fn counts(title: &str) -> AxisSpec {
    AxisSpec {
        axis: Axis::Number,
        is_log: false,
        title: title.to_owned(),
    }
}

/// Latency against throughput, a point per level.
fn curve(report: &LoadReport) -> Option<Chart> {
    if report.goal == LoadGoal::Measure {
        return None;
    }
    let mut series = Vec::new();
    for candidate in &report.candidates {
        for (p, name) in [(0.5, "p50"), (0.95, "p95")] {
            let points = candidate.stages.iter().filter_map(|stage| {
                let rate = stage.figures.requests_per_s?.per_s;
                let ms = stage.figures.e2e_scheduled.at(p)?.ms?;
                Some((rate, ms / 1e3))
            });
            series.push(Series {
                name: format!("{} {name}", candidate.id),
                tooltip: format!("{} E2E {name}, a point per level of load", candidate.id),
                points: points.collect(),
                marked: true,
            });
        }
    }
    series.truncate(MOST_LINES);
    Some(Chart {
        id: "throughput",
        title: "Throughput and latency",
        caption: "Whole answers, from schedule; a mark per level, in the order in which levels were run. Where the \
                  line turns upwards without going right, the endpoint is saturated."
            .to_owned(),
        plot: Plot {
            x: counts("answers per second"),
            y: seconds("E2E", true),
            series,
            limits: Vec::new(),
            title: "latency against throughput".to_owned(),
        },
    })
}

/// Shares of requests by time.
fn distribution(
    report: &LoadReport,
    (id, title): (&'static str, &'static str),
    pick: fn(&LoadStageFigures) -> &LoadTimes,
) -> Option<Chart> {
    let is_search = matches!(report.goal, LoadGoal::Goodput { .. });
    let mut series = Vec::new();
    for candidate in &report.candidates {
        for stage in &candidate.stages {
            let times = pick(&stage.figures);
            let n_all = count(times.n + times.n_beyond);
            let share = |rank: usize| rank_share(rank) * count(times.n) / n_all.max(1.0);
            let points = times.curve_ms.iter().enumerate();
            series.push(Series {
                name: format!("{}, {}", candidate.id, stage.plan.arrivals),
                tooltip: tooltip(times),
                points: points.map(|(rank, ms)| (ms / 1e3, share(rank))).collect(),
                marked: false,
            });
        }
    }
    series.retain(|one| one.points.len() > 1);
    let ends = |pick: fn(f64, f64) -> f64, from: f64| {
        let all = series.iter().flat_map(|one| &one.points);
        all.map(|(seconds, _)| *seconds).fold(from, pick)
    };
    // Less than a decade is read better on a plain scale.
    let is_wide = ends(f64::max, 0.0) > ends(f64::min, f64::MAX) * 10.0;
    series.truncate(MOST_LINES);
    if is_search || series.is_empty() {
        return None;
    }
    Some(Chart {
        id,
        title,
        caption: "The share of requests that took at most so long, from schedule. Requests that never ended keep a \
                  line below 100 %."
            .to_owned(),
        plot: Plot {
            x: seconds("time", is_wide),
            y: AxisSpec {
                axis: Axis::Rate,
                is_log: false,
                title: "share of requests".to_owned(),
            },
            series,
            limits: vec![(false, 0.95, "95 %".to_owned())],
            title: format!("distribution: {title}"),
        },
    })
}

fn tooltip(times: &LoadTimes) -> String {
    let at = |p| {
        times
            .at(p)
            .and_then(|one| one.ms)
            .map(|ms| duration(ms / 1e3))
    };
    let of = |name: &str, p| at(p).map(|text| format!("{name} {text}"));
    let parts: Vec<String> = [of("p50", 0.5), of("p95", 0.95), of("p99", 0.99)]
        .into_iter()
        .flatten()
        .collect();
    format!("{} (n = {})", parts.join(", "), times.n)
}

/// The median over time.
fn timeline(report: &LoadReport) -> Option<Chart> {
    let series = over_time(report, "slowest and median", |tick| {
        tick.e2e_p50_ms.map(|ms| ms / 1e3)
    })?;
    Some(Chart {
        id: "timeline",
        title: "Over time",
        caption: "Median time of the whole answer, from schedule, of requests by the moment at which they were meant \
                  to start; the warm-up is in it. A line that keeps rising is a queue that keeps growing."
            .to_owned(),
        plot: Plot {
            x: seconds("from the stage's start", false),
            y: seconds("E2E, median", false),
            series,
            limits: Vec::new(),
            title: "latency over time".to_owned(),
        },
    })
}

fn in_flight(report: &LoadReport) -> Option<Chart> {
    let series = over_time(report, "requests in flight", |tick| {
        Some(count(tick.in_flight))
    })?;
    Some(Chart {
        id: "in-flight",
        title: "Requests in flight",
        caption: "At the middle of each step of time.".to_owned(),
        plot: Plot {
            x: seconds("from the stage's start", false),
            y: counts("in flight"),
            series,
            limits: Vec::new(),
            title: "requests in flight over time".to_owned(),
        },
    })
}

fn over_time(
    report: &LoadReport,
    what: &str,
    value: fn(&trilemma_domain::LoadTick) -> Option<f64>,
) -> Option<Vec<Series>> {
    if report.goal != LoadGoal::Measure {
        return None;
    }
    let of = |candidate: &trilemma_domain::LoadCandidateReport| {
        let stage = candidate.stages.first()?;
        let ticks = stage.figures.timeline.iter();
        Some(Series {
            name: candidate.id.to_string(),
            tooltip: format!("{}: {what}", candidate.id),
            points: ticks
                .filter_map(|tick| Some((tick.at_s, value(tick)?)))
                .collect(),
            marked: false,
        })
    };
    let series: Vec<Series> = report
        .candidates
        .iter()
        .filter_map(of)
        .take(MOST_LINES)
        .collect();
    (!series.is_empty()).then_some(series)
}

/// Rank 0 to 100 as a share.
fn rank_share(rank: usize) -> f64 {
    u32::try_from(rank).map_or(1.0, f64::from) / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "only drawn")]
fn count(n: u64) -> f64 {
    n as f64
}
