//! The frame of a plane: grid, ticks and what the axes are called.

use super::scale::Scale;
use super::svg::{Anchor, At, Svg, text_width};

/// Where the plane lies, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    /// How far texts of ticks may reach beyond its right edge.
    pub(crate) beyond: f64,
}

/// The two axes with about how many ticks each has: horizontal, upright.
pub(crate) struct Axes<'a> {
    pub(crate) scales: (&'a Scale, &'a Scale),
    pub(crate) n_ticks: (u32, u32),
    pub(crate) titles: (&'a str, &'a str),
}

impl Frame {
    /// Draws the grid, ticks that do not run into each other, and titles.
    pub(crate) fn draw(&self, svg: &mut Svg, axes: &Axes<'_>) {
        let (x, y) = axes.scales;
        for (value, text) in y.ticks(axes.n_ticks.1) {
            let at = y.px(value);
            svg.line("grid", At::new(self.left, at), At::new(self.right, at));
            svg.text(
                "tick",
                At::new(self.left - 8.0, at + 4.0),
                Anchor::End,
                &text,
            );
        }
        let mut free_from = f64::MIN;
        for (value, text) in x.ticks(axes.n_ticks.0) {
            let at = x.px(value);
            svg.line("grid", At::new(at, self.top), At::new(at, self.bottom));
            let half = text_width(&text) / 2.0;
            if at - half > free_from && at + half < self.right + self.beyond {
                let below = At::new(at, self.bottom + 17.0);
                svg.text("tick", below, Anchor::Middle, &text);
                free_from = at + half + 6.0;
            }
        }
        let (under, above) = axes.titles;
        let at = At::new(self.right, self.bottom + 37.0);
        svg.text("axis", at, Anchor::End, &format!("{under} →"));
        svg.text(
            "axis",
            At::new(2.0, 13.0),
            Anchor::Start,
            &format!("↑ {above}"),
        );
    }
}
