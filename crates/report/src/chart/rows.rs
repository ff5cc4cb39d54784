//! One row per candidate: name, marks with intervals on a common axis, figures in words.
//!
//! Wide drawings put name, plot and figures beside each other; narrow ones put name and figures above
//! the plot, so that nothing shrinks below reading size on a telephone.

use super::scale::{Axis, Scale};
use super::svg::{Anchor, At, Shape, Svg, label, text_width};
use crate::number::Range;
use crate::text::one_line;

/// Below this width the drawing is made for a telephone.
const NARROW: f64 = 500.0;
/// From this ratio of largest to smallest value times are drawn on a logarithmic scale.
const LOG_FROM_RATIO: f64 = 30.0;

/// A figure in a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Where it lies.
    pub(crate) range: Range,
    /// How it looks.
    pub(crate) shape: Shape,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Whose it is.
    pub(crate) label: String,
    /// What its tooltip says.
    pub(crate) tooltip: String,
    /// The figures in words, short.
    pub(crate) figures: String,
    /// The figures as marks; empty = unknown.
    pub(crate) marks: Vec<Mark>,
    /// How single values lie; `None` = not shown.
    pub(crate) spread: Option<Spread>,
}

/// How single values lie: a line from least to most, a band for nine tenths of them, a stronger one for
/// the middle half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Least and most.
    pub(crate) all: (f64, f64),
    /// Where 5 % and 95 % of them lie below.
    pub(crate) most: (f64, f64),
    /// Where 25 % and 75 % of them lie below.
    pub(crate) half: (f64, f64),
}

/// An upright line over all rows.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Where.
    pub(crate) value: f64,
    /// What it means; empty = no text.
    pub(crate) text: String,
    /// Whether it is a limit (dashed), not just the origin.
    pub(crate) is_limit: bool,
}

/// The plot.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// What the axis measures.
    pub(crate) axis: Axis,
    /// The rows from the top.
    pub(crate) rows: Vec<Row>,
    /// Lines over all of them.
    pub(crate) lines: Vec<Line>,
    /// What the axis is called.
    pub(crate) axis_title: String,
    /// What a screen reader says of the whole.
    pub(crate) title: String,
}

struct Layout {
    width: f64,
    left: f64,
    right: f64,
    top: f64,
    row_height: f64,
    is_narrow: bool,
}

impl Layout {
    fn of(width: f64, n_line_rows: usize) -> Self {
        let is_narrow = width < NARROW;
        let line_rows = u32::try_from(n_line_rows).map_or(0.0, f64::from);
        Self {
            width,
            left: if is_narrow { 8.0 } else { 190.0 },
            right: if is_narrow {
                width - 8.0
            } else {
                width - 178.0
            },
            top: 6.0 + 16.0 * line_rows,
            row_height: if is_narrow { 42.0 } else { 30.0 },
            is_narrow,
        }
    }

    fn middle(&self, row_idx: usize) -> f64 {
        let before = u32::try_from(row_idx).map_or(0.0, f64::from) * self.row_height;
        self.top + before + if self.is_narrow { 29.0 } else { 15.0 }
    }

    fn bottom(&self, n_rows: usize) -> f64 {
        self.top + u32::try_from(n_rows).map_or(0.0, f64::from) * self.row_height + 2.0
    }
}

impl Rows {
    /// Draws it `width` CSS pixels wide.
    pub(crate) fn draw(&self, width: f64) -> String {
        let (texts, n_text_rows) = self.line_texts(width);
        let layout = Layout::of(width, n_text_rows);
        let bottom = layout.bottom(self.rows.len());
        let scale = self.scale(&layout);
        let mut svg = Svg::new(width, bottom + 42.0);
        self.draw_axis(&mut svg, &layout, &scale);
        for (text, line) in texts.iter().zip(&self.lines) {
            let x = scale.px(line.value);
            let class = if line.is_limit { "limit" } else { "origin" };
            svg.line(class, At::new(x, layout.top), At::new(x, bottom));
            if let Some((middle, base)) = text {
                svg.text(class, At::new(*middle, *base), Anchor::Middle, &line.text);
            }
        }
        for (idx, row) in self.rows.iter().enumerate() {
            draw_row(&mut svg, &layout, &scale, (idx, row));
        }
        svg.finish("chart", &self.title)
    }

    fn scale(&self, layout: &Layout) -> Scale {
        let marks = self.rows.iter().flat_map(|row| &row.marks);
        let mut values: Vec<f64> = marks.flat_map(|mark| mark.range.values()).collect();
        let spreads = self.rows.iter().filter_map(|row| row.spread);
        values.extend(spreads.flat_map(|spread| [spread.all.0, spread.all.1]));
        let (least, most) = values
            .iter()
            .fold((f64::MAX, f64::MIN), |(least, most), value| {
                (value.min(least), value.max(most))
            });
        let reaches = |line: &&Line| self.axis != Axis::Seconds || line.value <= most * 2.5;
        values.extend(self.lines.iter().filter(reaches).map(|line| line.value));
        let px = (layout.left + 8.0, layout.right - 8.0);
        let is_wide = least > 0.0 && most / least > LOG_FROM_RATIO;
        if self.axis == Axis::Seconds && is_wide {
            Scale::log(self.axis, &values, px)
        } else {
            Scale::linear(self.axis, &values, px)
        }
    }

    /// Places the texts of the lines above the plot, in as many rows as they need.
    ///
    /// Gives middle and baseline per line, and the number of rows.
    fn line_texts(&self, width: f64) -> (Vec<Option<(f64, f64)>>, usize) {
        let layout = Layout::of(width, 0);
        let scale = self.scale(&layout);
        let mut taken: Vec<Vec<(f64, f64)>> = Vec::new();
        let texts = self
            .lines
            .iter()
            .map(|line| {
                if line.text.is_empty() {
                    return None;
                }
                let half = text_width(&line.text) / 2.0;
                let middle = scale.px(line.value).min(width - half).max(half);
                let (from, to) = (middle - half - 4.0, middle + half + 4.0);
                let is_free = |row: &Vec<(f64, f64)>| {
                    row.iter()
                        .all(|(left, right)| to <= *left || *right <= from)
                };
                let row_idx = taken.iter().position(is_free).unwrap_or(taken.len());
                match taken.get_mut(row_idx) {
                    Some(row) => row.push((from, to)),
                    None => taken.push(vec![(from, to)]),
                }
                let rows_above = u32::try_from(row_idx).map_or(0.0, f64::from);
                Some((middle, 13.0 + 16.0 * rows_above))
            })
            .collect();
        (texts, taken.len())
    }

    fn draw_axis(&self, svg: &mut Svg, layout: &Layout, scale: &Scale) {
        let bottom = layout.bottom(self.rows.len());
        let mut free_from = f64::MIN;
        for (value, text) in scale.ticks(if layout.is_narrow { 4 } else { 7 }) {
            let x = scale.px(value);
            svg.line("grid", At::new(x, layout.top), At::new(x, bottom));
            let half = text_width(&text) / 2.0;
            if x - half > free_from {
                svg.text("tick", At::new(x, bottom + 16.0), Anchor::Middle, &text);
                free_from = x + half + 6.0;
            }
        }
        let log = if scale.is_log() { ", logarithmic" } else { "" };
        svg.text(
            "axis",
            At::new(layout.right, bottom + 35.0),
            Anchor::End,
            &format!("{}{log} →", self.axis_title),
        );
    }
}

fn draw_row(svg: &mut Svg, layout: &Layout, scale: &Scale, (idx, row): (usize, &Row)) {
    let y = layout.middle(idx);
    let texts_y = if layout.is_narrow { y - 14.0 } else { y + 4.0 };
    svg.group(&row.tooltip);
    let figures_left = layout.width - text_width(&row.figures);
    let name = if layout.is_narrow {
        let room = (figures_left - 12.0) / text_width("n");
        // Truncation towards fewer characters is what is wanted here.
        one_line(&row.label, room.clamp(6.0, 26.0) as usize)
    } else {
        label(&row.label)
    };
    let from = if layout.is_narrow {
        0.0
    } else {
        layout.right + 12.0
    };
    let class = row.marks.first().map_or("none", |mark| mark.shape.class());
    svg.text(class, At::new(0.0, texts_y), Anchor::Start, &name);
    if layout.is_narrow {
        svg.text(
            "figure",
            At::new(layout.width, texts_y),
            Anchor::End,
            &row.figures,
        );
    } else {
        svg.text(
            "figure",
            At::new(from, texts_y),
            Anchor::Start,
            &row.figures,
        );
    }
    if let Some(spread) = row.spread {
        draw_spread(svg, scale, (spread, y));
    }
    if let (Some(first), Some(last)) = (row.marks.first(), row.marks.last())
        && row.marks.len() > 1
    {
        let [from, to] = [first, last].map(|mark| At::new(scale.px(mark.range.point), y));
        svg.line("link", from, to);
    }
    for mark in &row.marks {
        draw_mark(svg, layout, scale, (mark, y));
    }
    svg.end();
}

fn draw_spread(svg: &mut Svg, scale: &Scale, (spread, y): (Spread, f64)) {
    let (from, to) = spread.all;
    svg.line(
        "reach",
        At::new(scale.px(from), y),
        At::new(scale.px(to), y),
    );
    for (class, (from, to), half) in [("band", spread.most, 4.0), ("half", spread.half, 7.0)] {
        let corner = At::new(scale.px(from), y - half);
        svg.rect(class, corner, At::new(scale.px(to), y + half));
    }
}

fn draw_mark(svg: &mut Svg, layout: &Layout, scale: &Scale, (mark, y): (&Mark, f64)) {
    let Range { point, low, high } = mark.range;
    let left = low.map(|low| scale.px(low));
    let right = high.map(|high| scale.px(high));
    let middle = scale.px(point);
    // An end that the data cannot support is drawn as open, to the edge of the plot.
    match (left, right) {
        (None, None) => {}
        (Some(left), Some(right)) => {
            svg.rect("interval", At::new(left, y - 2.0), At::new(right, y + 2.0));
        }
        (Some(left), None) => {
            svg.rect("interval", At::new(left, y - 2.0), At::new(middle, y + 2.0));
            svg.line("open", At::new(middle, y), At::new(layout.right, y));
        }
        (None, Some(right)) => {
            svg.line("open", At::new(layout.left, y), At::new(middle, y));
            svg.rect(
                "interval",
                At::new(middle, y - 2.0),
                At::new(right, y + 2.0),
            );
        }
    }
    svg.mark(mark.shape, At::new(middle, y));
}
