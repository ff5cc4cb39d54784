use proptest::prelude::*;

use super::labels::{Area, LABEL_HEIGHT, Obstacles, place};
use super::scale::Scale;
use super::svg::At;
use super::*;
use crate::number::Range;

fn ticks(scale: &Scale, n: u32) -> Vec<String> {
    scale.ticks(n).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn ticks_are_round() {
    let rate = Scale::linear(Axis::Rate, &[0.82, 0.97], (0.0, 100.0));
    assert_eq!(ticks(&rate, 5), ["85 %", "90 %", "95 %"]);
    let cost = Scale::log(Axis::Usd, &[0.09, 7.5], (0.0, 100.0));
    assert_eq!(ticks(&cost, 7), ["0.1", "0.2", "0.5", "1", "2", "5"]);
    let time = Scale::linear(Axis::Seconds, &[0.4, 3.1], (0.0, 100.0));
    assert_eq!(ticks(&time, 5), ["0", "1 s", "2 s", "3 s"]);
    let points = Scale::linear(Axis::Points, &[-0.042, 0.011], (0.0, 100.0));
    assert_eq!(ticks(&points, 5), ["−4", "−2", "0"]);
}

#[test]
fn equal_and_absent_values_make_a_scale() {
    for values in [&[][..], &[0.5], &[0.0, 0.0], &[f64::NAN]] {
        for axis in [Axis::Rate, Axis::Points, Axis::Usd, Axis::Seconds] {
            for scale in [
                Scale::linear(axis, values, (0.0, 100.0)),
                Scale::log(axis, values, (0.0, 100.0)),
            ] {
                assert!(scale.px(0.5).is_finite());
                assert!(scale.ticks(5).len() <= 12);
            }
        }
    }
}

fn dots(points: &[(f64, f64)]) -> Vec<Dot> {
    points
        .iter()
        .enumerate()
        .map(|(idx, (x, y))| Dot {
            label: format!("candidate-with-a-name-{idx}"),
            tooltip: String::new(),
            x: Range::new(*x, x * 0.9, x * 1.1),
            y: Range::new(*y, (y - 0.03).max(0.0), (y + 0.03).min(1.0)),
            shape: Shape::Meets,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn labels_never_touch(points in prop::collection::vec((60.0..740.0, 40.0..370.0), 1..13)) {
        let labels: Vec<(At, f64)> = points.iter().map(|(x, y)| (At::new(*x, *y), 170.0)).collect();
        let hard = labels.iter().map(|(at, _)| Area::around(*at, *at, 7.0)).collect();
        let within = Area { left: 50.0, top: 26.0, right: 748.0, bottom: 384.0 };
        let placed = place(&labels, Obstacles { within, hard, soft: Vec::new(), points: Vec::new() });
        let found: Vec<Area> = placed.iter().flatten().copied().collect();
        prop_assert_eq!(found.len(), labels.len());
        for (idx, area) in found.iter().enumerate() {
            prop_assert!(within.holds(area) && area.bottom - area.top <= LABEL_HEIGHT + 0.001);
            prop_assert!(found[idx + 1..].iter().all(|other| !other.touches(area)));
        }
    }

    #[test]
    fn any_numbers_draw(points in prop::collection::vec((0.0..1e6, 0.0..1.0), 0..30)) {
        let chart = Frontier {
            dots: dots(&points),
            paths: Vec::new(),
            bar: Some((0.85, "bar".to_owned())),
            budget: Some((0.002, "budget".to_owned())),
            x_title: "cost".to_owned(),
            title: "t".to_owned(),
        };
        for width in [340.0, 760.0] {
            let svg = chart.draw(width);
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"));
            prop_assert_eq!(svg.matches("class=\"mark").count(), points.len());
        }
    }
}

#[test]
fn frontier_is_a_staircase_of_the_undominated() {
    let chart = Frontier {
        dots: dots(&[(1.0, 0.5), (2.0, 0.4), (4.0, 0.9), (8.0, 0.8)]),
        paths: Vec::new(),
        bar: None,
        budget: None,
        x_title: "cost".to_owned(),
        title: "t".to_owned(),
    };
    let svg = chart.draw(760.0);
    let line = svg.lines().find(|line| line.contains("polyline")).unwrap();
    // Two members make four corners: up at each of them, and on to the edge.
    assert_eq!(line.matches(',').count(), 4, "{line}");
}

#[test]
fn rows_show_open_ends_and_unknowns() {
    let row = |figures: &str, marks: Vec<Mark>| Row {
        label: "<b>".to_owned(),
        tooltip: "</title><script>".to_owned(),
        figures: figures.to_owned(),
        marks,
        spread: None,
    };
    let open = Range {
        high: None,
        ..Range::new(1.2, 0.9, 0.0)
    };
    let plot = Rows {
        axis: Axis::Seconds,
        rows: vec![
            row(
                "1.2 s",
                vec![Mark {
                    range: open,
                    shape: Shape::Undecided,
                }],
            ),
            row("unknown", Vec::new()),
        ],
        lines: vec![Line {
            value: 1.0,
            text: "budget".to_owned(),
            is_limit: true,
        }],
        axis_title: "time".to_owned(),
        title: "t".to_owned(),
    };
    insta::assert_snapshot!(plot.draw(760.0));
    assert!(!plot.draw(340.0).contains("<script"));
}

#[test]
fn a_spread_is_drawn_behind_its_mark_and_within_the_scale() {
    let spread = Spread {
        all: (0.2, 9.0),
        most: (0.3, 2.0),
        half: (0.5, 0.9),
    };
    let plot = Rows {
        axis: Axis::Seconds,
        rows: vec![Row {
            label: "a".to_owned(),
            tooltip: String::new(),
            figures: "300 ms to 2 s".to_owned(),
            marks: vec![Mark {
                range: Range {
                    low: None,
                    high: None,
                    ..Range::new(0.6, 0.0, 0.0)
                },
                shape: Shape::Meets,
            }],
            spread: Some(spread),
        }],
        lines: Vec::new(),
        axis_title: "time".to_owned(),
        title: "t".to_owned(),
    };
    let svg = plot.draw(760.0);
    let place = |class: &str| svg.find(&format!("class=\"{class}\"")).unwrap();
    assert!(place("reach") < place("band") && place("band") < place("half"));
    assert!(place("half") < place("mark meets"));
    let reach = svg.lines().find(|line| line.contains("\"reach\"")).unwrap();
    let x2: f64 = reach
        .split("x2=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!((190.0..760.0 - 178.0).contains(&x2), "{reach}");
}

#[test]
fn many_points_carry_numbers_with_a_key() {
    let points: Vec<(f64, f64)> = (1..=15).map(|n| (f64::from(n), 0.5)).collect();
    let chart = |n: usize| Frontier {
        dots: dots(&points[..n]),
        paths: Vec::new(),
        bar: None,
        budget: None,
        x_title: "cost".to_owned(),
        title: "t".to_owned(),
    };
    let has_key = |n: usize, width: f64| {
        chart(n)
            .draw(width)
            .contains("text-anchor=\"end\">1</text>")
    };
    assert!(!has_key(6, 340.0) && has_key(7, 340.0));
    assert!(!has_key(14, 880.0) && has_key(15, 880.0));
    let numbered = chart(15).draw(880.0);
    for n in 0..15 {
        assert_eq!(numbered.matches(&format!("name-{n}</text>")).count(), 1);
        assert!(numbered.matches(&format!(">{}</text>", n + 1)).count() >= 2);
    }
}
