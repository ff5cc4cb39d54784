//! A small SVG writer: every text is escaped, every coordinate finite and short.

use crate::text::{escape, one_line};

/// Average width of a character as a share of the font size; wide on purpose, so that boxes
/// reserved for labels are never too small in any system font.
const CHAR_WIDTH: f64 = 0.58;
/// Size of text in charts, in CSS pixels.
pub(crate) const FONT_SIZE: f64 = 12.0;
/// Most characters of a label; the full text stands in its tooltip.
pub(crate) const MAX_LABEL_CHARS: usize = 26;

/// The mark that stands for a candidate's standing; understandable without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Recommended: a filled diamond.
    Chosen,
    /// To take if one must be taken now: an open diamond.
    Provisional,
    /// Meets every requirement: a filled circle.
    Meets,
    /// Undecided: an open circle.
    Undecided,
    /// Fails a requirement: a cross.
    Fails,
    /// A second figure of the same row: a short bar.
    Second,
}

impl Shape {
    /// The class that the style sheet knows.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Provisional => "provisional",
            Self::Meets => "meets",
            Self::Undecided => "undecided",
            Self::Fails => "fails",
            Self::Second => "second",
        }
    }
}

/// Where a text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A point of the drawing, in CSS pixels from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct At {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl At {
    pub(crate) fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

/// An SVG under construction.
pub(crate) struct Svg {
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            body: String::with_capacity(4096),
            width,
            height,
        }
    }

    /// Draws a straight line.
    pub(crate) fn line(&mut self, class: &str, from: At, to: At) {
        if from.is_finite() && to.is_finite() {
            let [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map(short);
            self.push(&format!(
                r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
            ));
        }
    }

    /// Draws a filled rectangle between two corners.
    pub(crate) fn rect(&mut self, class: &str, corner: At, opposite: At) {
        if corner.is_finite() && opposite.is_finite() {
            let x = short(corner.x.min(opposite.x));
            let y = short(corner.y.min(opposite.y));
            let width = short((opposite.x - corner.x).abs());
            let height = short((opposite.y - corner.y).abs());
            self.push(&format!(
                r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
            ));
        }
    }

    /// Draws a line through several points.
    pub(crate) fn polyline(&mut self, class: &str, points: &[At]) {
        let path: Vec<String> = points
            .iter()
            .filter(|point| point.is_finite())
            .map(|point| format!("{},{}", short(point.x), short(point.y)))
            .collect();
        if path.len() > 1 {
            self.push(&format!(
                r#"<polyline class="{class}" points="{}"/>"#,
                path.join(" ")
            ));
        }
    }

    /// Writes a text with its baseline at a point.
    pub(crate) fn text(&mut self, class: &str, at: At, anchor: Anchor, text: &str) {
        if at.is_finite() {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            self.push(&format!(
                r#"<text class="{class}" x="{}" y="{}" text-anchor="{anchor}">{}</text>"#,
                short(at.x),
                short(at.y),
                escape(text)
            ));
        }
    }

    /// Draws a mark.
    pub(crate) fn mark(&mut self, shape: Shape, at: At) {
        if !at.is_finite() {
            return;
        }
        let class = shape.class();
        let [x, y] = [at.x, at.y].map(short);
        let mark = match shape {
            Shape::Meets | Shape::Undecided => {
                format!(r#"<circle class="mark {class}" cx="{x}" cy="{y}" r="4.5"/>"#)
            }
            Shape::Chosen | Shape::Provisional => {
                format!(r#"<path class="mark {class}" d="M{x} {y}m0-7l7 7-7 7-7-7z"/>"#)
            }
            Shape::Fails => {
                format!(r#"<path class="mark {class}" d="M{x} {y}m-4-4l8 8m0-8l-8 8"/>"#)
            }
            Shape::Second => format!(r#"<path class="mark {class}" d="M{x} {y}m0-6v12"/>"#),
        };
        self.push(&mark);
    }

    /// Opens a group whose tooltip is `title`; close it with [`Svg::end`].
    pub(crate) fn group(&mut self, title: &str) {
        self.push(&format!(
            "<g><title>{}</title>",
            escape(&one_line(title, 400))
        ));
    }

    /// Closes a group.
    pub(crate) fn end(&mut self) {
        self.push("</g>");
    }

    /// Gives the drawing; `title` is what a screen reader says, `class` what the style sheet knows.
    pub(crate) fn finish(self, class: &str, title: &str) -> String {
        let [width, height] = [self.width, self.height].map(short);
        format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{}\">\n{}</svg>",
            escape(&one_line(title, 400)),
            self.body
        )
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

/// One decimal of a pixel, without a trailing zero or a negative zero.
fn short(value: f64) -> String {
    let text = format!("{:.1}", value + 0.0);
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Width that a text may take, in CSS pixels; full-width characters count double.
pub(crate) fn text_width(text: &str) -> f64 {
    let n_columns = unicode_width::UnicodeWidthStr::width(text);
    let n_columns = u32::try_from(n_columns).unwrap_or(u32::MAX);
    f64::from(n_columns) * FONT_SIZE * CHAR_WIDTH
}

/// A label as it is drawn: one line, cut.
pub(crate) fn label(text: &str) -> String {
    one_line(text, MAX_LABEL_CHARS)
}
