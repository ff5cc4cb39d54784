//! Charts as inline SVG: the frontier scatter, plots of one interval per row, and lines.
//!
//! In: labels and numbers. Out: SVG text that takes its colours from the page's style sheet, so that
//! it follows light, dark and print. Shapes, not colours, carry meaning. What it does not do: decide
//! what is shown; `view` does.

mod frame;
mod frontier;
mod labels;
mod lines;
mod rows;
mod scale;
mod svg;

pub(crate) use frame::{Axes, Frame};
pub(crate) use frontier::{Dot, Frontier, Path};
pub(crate) use lines::{Lines, Look, MAX_LINES, Series};
pub(crate) use rows::{Line, Mark, Row, Rows, Spread};
pub(crate) use scale::{Axis, Scale};
pub(crate) use svg::{Anchor, At, FONT_SIZE, Shape, Svg, label};

#[cfg(test)]
mod tests;
