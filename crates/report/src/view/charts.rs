//! What the charts show.

use trilemma_decide::{CandidateResult, Decision, TimeFigures};
use trilemma_domain::{Margin, Reference};

use super::cast::Cast;
use super::gates;
use crate::chart::{Axis, Dot, Frontier, Line, Lines, Mark, Row, Rows, Shape, Spread};
use crate::number::{Range, duration_near, exact_usd, threshold, usd_near};

/// A chart with its words.
pub(crate) struct Figure {
    /// Stable name, for anchors.
    pub(crate) id: &'static str,
    /// Heading: what it says, not what it is.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// The drawing.
    pub(crate) plot: Plot,
}

/// One of the kinds of drawing.
pub(crate) enum Plot {
    /// Quality against cost.
    Frontier(Frontier),
    /// One row per candidate.
    Rows(Rows),
    /// Lines over two axes.
    Lines(Lines),
}

impl Plot {
    /// Draws it `width` CSS pixels wide.
    pub(crate) fn draw(&self, width: f64) -> String {
        match self {
            Self::Frontier(plot) => plot.draw(width),
            Self::Rows(plot) => plot.draw(width),
            Self::Lines(plot) => plot.draw(width),
        }
    }
}

/// All charts for which there are figures.
pub(crate) fn all(cast: &Cast<'_>) -> Vec<Figure> {
    let charts = [
        frontier(cast),
        pass_rates(cast),
        differences(cast),
        times(
            cast,
            "latency-chart",
            "Response time of the whole answer",
            |one| one.latency.e2e_ms.as_ref(),
        ),
        spread(cast),
        times(cast, "ttft-chart", "Time to the first token", |one| {
            one.latency.ttft_ms.as_ref()
        }),
    ];
    charts.into_iter().flatten().collect()
}

fn tooltip(cast: &Cast<'_>, idx: usize, candidate: &CandidateResult, figures: &str) -> String {
    format!("{}: {}; {figures}", cast.name(idx), candidate.verdict)
}

fn frontier(cast: &Cast<'_>) -> Option<Figure> {
    let mut dots = Vec::new();
    let mut unplaced = Vec::new();
    for (idx, candidate) in cast.listed() {
        let (Some(cost), Some(rate)) = (&candidate.cost.per_1000, &candidate.pass_rate) else {
            unplaced.push(format!("`{}`", cast.name(idx)));
            continue;
        };
        let (x, y) = (Range::from(cost), Range::from(rate));
        let figures = format!(
            "{}, {} per 1,000 queries",
            cast.digits.rate_with_span(y),
            x.written(usd_near)
        );
        dots.push(Dot {
            label: cast.name(idx),
            tooltip: tooltip(cast, idx, candidate, &figures),
            x,
            y,
            shape: cast.shape(idx),
        });
    }
    if dots.is_empty() {
        return None;
    }
    let unplaced = if unplaced.is_empty() {
        String::new()
    } else {
        format!(
            " Without a place, because cost or pass rate is unknown: {}.",
            unplaced.join(", ")
        )
    };
    let cost = cast.decision.requirements.cost.as_ref();
    Some(Figure {
        id: "frontier",
        title: "Quality against cost".to_owned(),
        caption: format!(
            "Up and to the left is better. The line joins the candidates that no other beats on both. Crosses through a mark are 95 % intervals.{unplaced}"
        ),
        plot: Plot::Frontier(Frontier {
            dots,
            paths: Vec::new(),
            bar: bar(cast.decision),
            budget: cost.and_then(|cost| cost.per_query).map(|budget| {
                (
                    budget.to_f64() * 1000.0,
                    format!("budget {} per query", exact_usd(budget)),
                )
            }),
            x_title: "USD per 1,000 queries".to_owned(),
            title: "Pass rate against cost per 1,000 queries, one mark per candidate".to_owned(),
        }),
    })
}

fn bar(decision: &Decision) -> Option<(f64, String)> {
    let bar = decision.requirements.pass_rate.as_ref()?.min;
    Some((bar, format!("required {}", threshold(bar))))
}

fn pass_rates(cast: &Cast<'_>) -> Option<Figure> {
    let mut rows: Vec<(f64, Row)> = cast
        .listed()
        .filter_map(|(idx, candidate)| {
            let range = Range::from(candidate.pass_rate.as_ref()?);
            let figures = cast.digits.rate_with_span(range);
            let row = Row {
                label: cast.name(idx),
                tooltip: tooltip(cast, idx, candidate, &figures),
                figures,
                marks: vec![Mark {
                    range,
                    shape: cast.shape(idx),
                }],
                spread: None,
            };
            Some((range.point, row))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let lines = bar(cast.decision).map(|(value, text)| Line {
        value,
        text,
        is_limit: true,
    });
    Some(Figure {
        id: "pass-rates",
        title: "Pass rate".to_owned(),
        caption: "Point and 95 % interval. Overlapping intervals do not mean that two candidates are equal: compare them by the paired differences below.".to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::Rate,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            lines: lines.into_iter().collect(),
            axis_title: "pass rate".to_owned(),
            title: "Pass rate of each candidate with its interval".to_owned(),
        }),
    })
}

/// Whom differences are drawn against: the one that a requirement names, the incumbent, the best.
fn reference(decision: &Decision) -> Option<usize> {
    match decision
        .requirements
        .not_worse_than
        .as_ref()
        .map(|gate| &gate.reference)
    {
        Some(Reference::Best) => decision.best,
        Some(Reference::Incumbent) | None => decision.incumbent.or(decision.best),
        Some(Reference::Candidate(id)) => {
            let named = decision.candidates.iter().position(|one| one.id == *id);
            // Only differences to the incumbent and to the best are measured.
            named
                .filter(|idx| Some(*idx) == decision.incumbent)
                .or(decision.best)
        }
    }
}

fn differences(cast: &Cast<'_>) -> Option<Figure> {
    let decision = cast.decision;
    let reference = reference(decision)?;
    let is_incumbent = decision.incumbent == Some(reference);
    let mut rows: Vec<(f64, Row)> = cast
        .listed()
        .filter_map(|(idx, candidate)| {
            let comparison = if is_incumbent {
                candidate.versus_incumbent.as_ref()
            } else {
                candidate.versus_best.as_ref()
            }?;
            let range = Range::from(&comparison.difference);
            let interval = range
                .interval(|points, _| cast.digits.signed(points))
                .map_or_else(String::new, |interval| format!(" ({interval})"));
            let figures = format!("{}{interval}", cast.digits.signed(range.point));
            let row = Row {
                label: cast.name(idx),
                tooltip: tooltip(cast, idx, candidate, &cast.digits.points_with_span(range)),
                figures,
                marks: vec![Mark {
                    range,
                    shape: cast.shape(idx),
                }],
                spread: None,
            };
            Some((range.point, row))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let name = cast.name(reference);
    let mut lines = vec![Line {
        value: 0.0,
        text: "equal".to_owned(),
        is_limit: false,
    }];
    lines.extend(margin(decision, reference));
    Some(Figure {
        id: "differences",
        title: format!("Pass rate compared with `{name}`"),
        caption: format!(
            "Same items, candidate minus `{name}`, in percentage points, with 95 % interval. To the right is better."
        ),
        plot: Plot::Rows(Rows {
            axis: Axis::Points,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            lines,
            axis_title: "difference in points".to_owned(),
            title: "Paired difference of pass rates with its interval".to_owned(),
        }),
    })
}

/// The margin of "not worse than" where it refers to the reference drawn.
fn margin(decision: &Decision, reference: usize) -> Option<Line> {
    let gate = decision.requirements.not_worse_than.as_ref()?;
    let refers = match &gate.reference {
        Reference::Best => decision.best == Some(reference),
        Reference::Incumbent => decision.incumbent == Some(reference),
        Reference::Candidate(id) => decision
            .candidates
            .get(reference)
            .is_some_and(|one| one.id == *id),
    };
    match gate.margin {
        Margin::Absolute(margin) if refers => Some(Line {
            value: -margin,
            text: "margin".to_owned(),
            is_limit: true,
        }),
        Margin::Absolute(_) | Margin::Ratio(_) => None,
    }
}

fn times(
    cast: &Cast<'_>,
    id: &'static str,
    title: &str,
    pick: impl Fn(&CandidateResult) -> Option<&TimeFigures>,
) -> Option<Figure> {
    let mut rows: Vec<(f64, Row)> = Vec::new();
    for (idx, candidate) in cast.listed() {
        let Some(figures) = pick(candidate) else {
            continue;
        };
        let p50 = Range::from(&figures.p50).scaled(1e-3);
        let p95 = Range::from(&figures.p95).scaled(1e-3);
        let text = format!(
            "{} · {}",
            duration_near(p50.point, p50.point),
            duration_near(p95.point, p95.point)
        );
        let row = Row {
            label: cast.name(idx),
            tooltip: tooltip(
                cast,
                idx,
                candidate,
                &format!(
                    "median {}, p95 {}",
                    p50.written(duration_near),
                    p95.written(duration_near)
                ),
            ),
            figures: text,
            marks: vec![
                Mark {
                    range: p50,
                    shape: cast.shape(idx),
                },
                Mark {
                    range: p95,
                    shape: Shape::Second,
                },
            ],
            spread: None,
        };
        rows.push((p50.point, row));
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let caption = if id == "ttft-chart" {
        "Read like the chart of the whole answer."
    } else {
        "Median (mark) and 95th percentile (upright bar), each with its 95 % interval; a dotted line runs on where the answers are too few to bound it. Fastest first."
    };
    Some(Figure {
        id,
        title: title.to_owned(),
        caption: caption.to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::Seconds,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            lines: gates::time_limits(cast.decision, id == "ttft-chart"),
            axis_title: "median · p95".to_owned(),
            title: title.to_owned(),
        }),
    })
}

/// How the response times of single answers lie.
fn spread(cast: &Cast<'_>) -> Option<Figure> {
    let mut rows: Vec<(f64, Row)> = Vec::new();
    for (idx, candidate) in cast.listed() {
        let Some((figures, spread)) = candidate
            .latency
            .e2e_ms
            .as_ref()
            .and_then(|figures| Some((figures, figures.spread?)))
        else {
            continue;
        };
        let seconds = |ms: f64| ms * 1e-3;
        let written = |ms: f64| duration_near(seconds(ms), seconds(ms));
        let p50 = Range {
            low: None,
            high: None,
            ..Range::from(&figures.p50).scaled(1e-3)
        };
        let row = Row {
            label: cast.name(idx),
            tooltip: tooltip(
                cast,
                idx,
                candidate,
                &format!(
                    "{} answers, fastest {}, middle half {} to {}, slowest {}",
                    figures.n_trials,
                    written(spread.least),
                    written(spread.p25),
                    written(spread.p75),
                    written(spread.most)
                ),
            ),
            figures: format!("{} – {}", written(spread.p5), written(spread.p95)),
            marks: vec![Mark {
                range: p50,
                shape: cast.shape(idx),
            }],
            spread: Some(Spread {
                all: (seconds(spread.least), seconds(spread.most)),
                most: (seconds(spread.p5), seconds(spread.p95)),
                half: (seconds(spread.p25), seconds(spread.p75)),
            }),
        };
        rows.push((p50.point, row));
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(Figure {
        id: "spread-chart",
        title: "How response times spread".to_owned(),
        caption: "Single answers: the line runs from the fastest to the slowest, the band holds nine tenths of them (5th to 95th percentile), its dark part the middle half; the mark is the median.".to_owned(),
        plot: Plot::Rows(Rows {
            axis: Axis::Seconds,
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            lines: gates::time_limits(cast.decision, false),
            axis_title: "5 % – 95 % of answers".to_owned(),
            title: "Distribution of response times of each candidate".to_owned(),
        }),
    })
}
