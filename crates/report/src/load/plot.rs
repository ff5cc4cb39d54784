//! Lines in a plane with round ticks; each line has its own dashes and mark, and its name at its end.

use crate::chart::{Anchor, At, Axes, Axis, FONT_SIZE, Frame, Scale, Shape, Svg, label};

/// Below this width the drawing is made for a telephone.
const NARROW: f64 = 500.0;
/// Dashes repeat after so many lines; names tell them apart anyway.
const N_DASHES: usize = 6;

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Its name.
    pub(super) name: String,
    /// What its tooltip says.
    pub(super) tooltip: String,
    /// Its points from the left.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether each point gets a mark.
    pub(super) marked: bool,
}

/// What an axis measures and how.
#[derive(Debug, Clone)]
pub(super) struct AxisSpec {
    pub(super) axis: Axis,
    pub(super) is_log: bool,
    pub(super) title: String,
}

/// The plane.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) x: AxisSpec,
    pub(super) y: AxisSpec,
    pub(super) series: Vec<Series>,
    /// Upright or level limits: whether upright, where, and what they mean.
    pub(super) limits: Vec<(bool, f64, String)>,
    /// What a screen reader says.
    pub(super) title: String,
}

impl Plot {
    /// Draws it `width` CSS pixels wide.
    pub(super) fn draw(&self, width: f64) -> String {
        let is_narrow = width < NARROW;
        let height = if is_narrow { 280.0 } else { 340.0 };
        let key_top = height;
        let n_lines = self.series.len();
        let key = 18.0 * f64::from(u32::try_from(n_lines).unwrap_or(u32::MAX)) + 6.0;
        let (left, right, top, bottom) = (58.0, width - 14.0, 28.0, height - 44.0);
        let x = scale(&self.x, self.values(true), (left, right));
        let y = scale(&self.y, self.values(false), (bottom, top));
        let mut svg = Svg::new(width, height + key);
        let named = |spec: &AxisSpec| {
            let log = if spec.is_log { ", logarithmic" } else { "" };
            format!("{}{log}", spec.title)
        };
        let (under, above) = (named(&self.x), named(&self.y));
        let axes = Axes {
            scales: (&x, &y),
            n_ticks: (if is_narrow { 4 } else { 8 }, 5),
            titles: (&under, &above),
        };
        let frame = Frame {
            left,
            right,
            top,
            bottom,
            beyond: 12.0,
        };
        frame.draw(&mut svg, &axes);
        for (is_upright, value, text) in &self.limits {
            let within = if *is_upright {
                x.px(*value)
            } else {
                y.px(*value)
            };
            let (from, to) = if *is_upright {
                (At::new(within, top), At::new(within, bottom))
            } else {
                (At::new(left, within), At::new(right, within))
            };
            svg.line("limit", from, to);
            let (at, anchor) = if *is_upright {
                (At::new(within + 4.0, top + FONT_SIZE), Anchor::Start)
            } else {
                (At::new(right - 2.0, within - 5.0), Anchor::End)
            };
            svg.text("limit", at, anchor, &label(text));
        }
        for (idx, series) in self.series.iter().enumerate() {
            svg.group(&series.tooltip);
            let class = format!("trace s{}", idx % N_DASHES);
            let points: Vec<At> = series
                .points
                .iter()
                .map(|(a, b)| At::new(x.px(*a), y.px(*b)))
                .collect();
            svg.polyline(&class, &points);
            if series.marked {
                for at in &points {
                    svg.mark(shape(idx), *at);
                }
            }
            let base = key_top + 12.0 + 18.0 * f64::from(u32::try_from(idx).unwrap_or(0));
            svg.polyline(
                &class,
                &[At::new(8.0, base - 4.0), At::new(44.0, base - 4.0)],
            );
            if series.marked {
                svg.mark(shape(idx), At::new(26.0, base - 4.0));
            }
            svg.text(
                "name",
                At::new(52.0, base),
                Anchor::Start,
                &label(&series.name),
            );
            svg.end();
        }
        svg.finish("chart", &self.title)
    }

    fn values(&self, of_x: bool) -> Vec<f64> {
        let points = self.series.iter().flat_map(|series| &series.points);
        let mut values: Vec<f64> = points.map(|(x, y)| if of_x { *x } else { *y }).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        // A far limit would squeeze all lines into a corner.
        let near = |(is_upright, value, _): &&(bool, f64, String)| {
            *is_upright == of_x && *value <= most * 3.0
        };
        values.extend(self.limits.iter().filter(near).map(|(_, value, _)| *value));
        values
    }
}

fn scale(spec: &AxisSpec, values: Vec<f64>, px: (f64, f64)) -> Scale {
    if spec.is_log {
        Scale::log(spec.axis, &values, px)
    } else {
        Scale::linear(spec.axis, &values, px)
    }
}

/// The mark of a line.
fn shape(idx: usize) -> Shape {
    match idx % 4 {
        0 => Shape::Meets,
        1 => Shape::Undecided,
        2 => Shape::Provisional,
        _ => Shape::Second,
    }
}
