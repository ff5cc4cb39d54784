//! Lines over a common pair of axes: sums by month, bills by volume.
//!
//! Every line carries its name at its right end, so that nothing rests on colour; names are pushed
//! apart where lines end close to each other.

use super::frame::{Axes, Frame};
use super::scale::{Axis, Scale};
use super::svg::{Anchor, At, Svg, text_width};
use crate::text::one_line;

/// Below this width the drawing is made for a telephone.
const NARROW: f64 = 500.0;
/// Least distance of two names, in CSS pixels.
const NAME_HEIGHT: f64 = 15.0;
/// Most lines that are drawn: more cannot be told apart.
pub(crate) const MAX_LINES: usize = 8;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Of the recommended or provisional candidate: strong.
    Chosen,
    /// In use today: dashed.
    Present,
    /// Any other.
    Plain,
    /// A staircase of one's own servers.
    Stairs,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Chosen => "series chosen",
            Self::Present => "series present",
            Self::Plain => "series plain",
            Self::Stairs => "series stairs",
        }
    }

    fn text_class(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Stairs => "limit",
            Self::Present | Self::Plain => "name",
        }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// Whose it is.
    pub(crate) label: String,
    /// What its tooltip says.
    pub(crate) tooltip: String,
    /// Its points, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
    /// How it looks.
    pub(crate) look: Look,
}

/// The plot.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// What the axes measure: horizontal, upright.
    pub(crate) axes: (Axis, Axis),
    /// The lines; beyond [`MAX_LINES`] they are left out.
    pub(crate) series: Vec<Series>,
    /// An upright line with its text.
    pub(crate) at: Option<(f64, String)>,
    /// Most that the upright axis shows; lines are cut there. `None` = all of it.
    pub(crate) top: Option<f64>,
    /// What the axes are called: horizontal, upright.
    pub(crate) titles: (String, String),
    /// What a screen reader says of the whole.
    pub(crate) title: String,
}

struct Plane {
    x: Scale,
    y: Scale,
    frame: Frame,
    is_narrow: bool,
}

impl Lines {
    fn shown(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().take(MAX_LINES)
    }

    /// Draws it `width` CSS pixels wide.
    pub(crate) fn draw(&self, width: f64) -> String {
        let plane = self.plane(width);
        let mut svg = Svg::new(width, plane.frame.bottom + 44.0);
        let axes = Axes {
            scales: (&plane.x, &plane.y),
            n_ticks: (
                if plane.is_narrow { 4 } else { 7 },
                upright_ticks(plane.is_narrow),
            ),
            titles: (&self.titles.0, &self.titles.1),
        };
        plane.frame.draw(&mut svg, &axes);
        if let Some((value, text)) = &self.at {
            let x = plane.x.px(*value);
            svg.line(
                "limit",
                At::new(x, plane.frame.top),
                At::new(x, plane.frame.bottom),
            );
            let half = text_width(text) / 2.0;
            let middle = x.min(width - half).max(half);
            svg.text(
                "limit",
                At::new(middle, plane.frame.top - 5.0),
                Anchor::Middle,
                text,
            );
        }
        let bases = self.name_bases(&plane);
        for (series, base) in self.shown().zip(bases) {
            let points: Vec<At> = self
                .cut(series)
                .into_iter()
                .map(|(x, y)| At::new(plane.x.px(x), plane.y.px(y)))
                .collect();
            svg.group(&series.tooltip);
            svg.polyline(series.look.class(), &points);
            if let Some(end) = points.last() {
                let from = At::new(plane.frame.right + 4.0, base - 4.0);
                svg.line("leader", *end, from);
                let room = (width - plane.frame.right - 8.0) / text_width("n");
                // Truncation towards fewer characters is what is wanted here.
                let name = one_line(&series.label, room.clamp(4.0, 26.0) as usize);
                let at = At::new(plane.frame.right + 7.0, base);
                svg.text(series.look.text_class(), at, Anchor::Start, &name);
            }
            svg.end();
        }
        svg.finish("chart", &self.title)
    }

    fn plane(&self, width: f64) -> Plane {
        let is_narrow = width < NARROW;
        let widest = self
            .shown()
            .map(|series| text_width(&series.label) + 10.0)
            .fold(40.0, f64::max);
        let names = widest.min(width * if is_narrow { 0.3 } else { 0.22 });
        let top = 34.0;
        let (right, bottom) = (width - names, top + if is_narrow { 190.0 } else { 240.0 });
        let points = || self.shown().flat_map(|series| self.cut(series));
        let mut xs: Vec<f64> = points().map(|(x, _)| x).collect();
        xs.extend(self.at.iter().map(|(value, _)| *value));
        let ys: Vec<f64> = points().map(|(_, y)| y).collect();
        let y = Scale::linear(self.axes.1, &ys, (bottom, top));
        let ticks = y.ticks(upright_ticks(is_narrow));
        let widest_tick = ticks.iter().map(|(_, text)| text_width(text));
        let left = 12.0 + widest_tick.fold(20.0, f64::max);
        Plane {
            x: Scale::linear(self.axes.0, &xs, (left, right)),
            y,
            frame: Frame {
                left,
                right,
                top,
                bottom,
                beyond: width - right,
            },
            is_narrow,
        }
    }

    /// A line up to where it leaves the plot at the top.
    fn cut(&self, series: &Series) -> Vec<(f64, f64)> {
        let finite = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
        let points = series.points.iter().filter(finite).copied();
        let Some(top) = self.top else {
            return points.collect();
        };
        let mut kept: Vec<(f64, f64)> = Vec::new();
        for (x, y) in points {
            if y <= top {
                kept.push((x, y));
                continue;
            }
            if let Some((from_x, from_y)) = kept.last().copied().filter(|(_, from)| *from < top) {
                let share = (top - from_y) / (y - from_y);
                kept.push((from_x + share * (x - from_x), top));
            }
            break;
        }
        kept
    }

    /// Baselines of the names, pushed apart from the top down, then back into the drawing.
    fn name_bases(&self, plane: &Plane) -> Vec<f64> {
        let mut wanted: Vec<(usize, f64)> = self
            .shown()
            .map(|series| {
                let end = self.cut(series).last().map_or(0.0, |(_, y)| *y);
                plane.y.px(end) + 4.0
            })
            .enumerate()
            .collect();
        wanted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut free_from = f64::MIN;
        for (_, base) in &mut wanted {
            *base = base.max(free_from);
            free_from = *base + NAME_HEIGHT;
        }
        let mut free_to = plane.frame.bottom + 4.0;
        for (_, base) in wanted.iter_mut().rev() {
            *base = base.min(free_to);
            free_to = *base - NAME_HEIGHT;
        }
        wanted.sort_by_key(|(idx, _)| *idx);
        wanted.into_iter().map(|(_, base)| base).collect()
    }
}

/// About how many ticks the upright axis has.
fn upright_ticks(is_narrow: bool) -> u32 {
    if is_narrow { 4 } else { 5 }
}
