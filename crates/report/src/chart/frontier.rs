//! Quality against cost: one point per candidate with both intervals, and the line that no candidate
//! beats.
//!
//! The line is a staircase: at each cost the highest pass rate that this cost has bought so far.

use super::labels::{Area, Obstacles, place};
use super::scale::{Axis, Scale};
use super::svg::{Anchor, At, Shape, Svg, label, text_width};
use crate::number::Range;

/// Most points that carry their names on a wide and on a narrow drawing; more carry numbers, with a
/// key below.
const MAX_NAMED: [usize; 2] = [14, 6];
/// Height of a line of the key.
const KEY_LINE: f64 = 17.0;
/// Below this width the drawing is made for a telephone.
const NARROW: f64 = 500.0;

/// One candidate in the plane.
#[derive(Debug, Clone)]
pub(crate) struct Dot {
    /// Its name.
    pub(crate) label: String,
    /// What its tooltip says.
    pub(crate) tooltip: String,
    /// Cost in dollars.
    pub(crate) x: Range,
    /// Pass rate, in [0, 1].
    pub(crate) y: Range,
    /// How it stands.
    pub(crate) shape: Shape,
}

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// Its class for the style sheet.
    pub(crate) class: &'static str,
    /// Its points (dollars, pass rate), from left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// The scatter.
#[derive(Debug, Clone)]
pub(crate) struct Frontier {
    /// The candidates with both figures.
    pub(crate) dots: Vec<Dot>,
    /// Lines through the plane; where there are some, the line that no candidate beats is not drawn.
    pub(crate) paths: Vec<Path>,
    /// The quality bar, in [0, 1], with its text.
    pub(crate) bar: Option<(f64, String)>,
    /// The cost budget in dollars, with its text.
    pub(crate) budget: Option<(f64, String)>,
    /// What the horizontal axis measures.
    pub(crate) x_title: String,
    /// What a screen reader says of the whole.
    pub(crate) title: String,
}

struct Plane {
    x: Scale,
    y: Scale,
    area: Area,
}

impl Plane {
    fn at(&self, x: f64, y: f64) -> At {
        At::new(self.x.px(x), self.y.px(y))
    }
}

impl Frontier {
    /// Draws it `width` CSS pixels wide.
    pub(crate) fn draw(&self, width: f64) -> String {
        let is_narrow = width < NARROW;
        let [most_wide, most_narrow] = MAX_NAMED;
        let is_numbered = self.dots.len() > if is_narrow { most_narrow } else { most_wide };
        let height = if is_narrow { 320.0 } else { 430.0 };
        let plane = self.plane(width, height);
        let n_columns = if is_narrow { 1 } else { 3 };
        let n_lines = if is_numbered {
            self.dots.len().div_ceil(n_columns)
        } else {
            0
        };
        let key_height = u32::try_from(n_lines).map_or(0.0, f64::from) * KEY_LINE + 6.0;
        let mut svg = Svg::new(width, height + key_height);
        self.draw_axes(&mut svg, &plane, is_narrow);
        if is_numbered {
            self.draw_key(&mut svg, n_columns, At::new(width, height));
        }
        let mut taken = self.draw_limits(&mut svg, &plane);
        let line = if self.paths.is_empty() {
            self.staircase(&plane)
        } else {
            Vec::new()
        };
        svg.polyline("frontier", &line);
        for path in &self.paths {
            let points: Vec<At> = path.points.iter().map(|(x, y)| plane.at(*x, *y)).collect();
            svg.polyline(path.class, &points);
        }
        for dot in &self.dots {
            draw_interval(&mut svg, &plane, dot);
        }
        taken.extend(self.dots.iter().map(|dot| {
            let at = plane.at(dot.x.point, dot.y.point);
            Area::around(at, at, 7.0)
        }));
        let names = self.names(is_numbered);
        let obstacles = self.obstacles(&plane, taken, &line);
        self.draw_labels(&mut svg, &plane, &names, obstacles);
        for dot in &self.dots {
            svg.group(&dot.tooltip);
            svg.mark(dot.shape, plane.at(dot.x.point, dot.y.point));
            svg.end();
        }
        svg.finish("chart", &self.title)
    }

    fn plane(&self, width: f64, height: f64) -> Plane {
        let area = Area {
            left: 50.0,
            top: 26.0,
            right: width - 12.0,
            bottom: height - 46.0,
        };
        let mut costs: Vec<f64> = self.dots.iter().flat_map(|dot| dot.x.values()).collect();
        // A far budget would squeeze all points into a corner.
        let dearest = costs.iter().copied().fold(0.0, f64::max);
        costs.extend(
            self.budget
                .iter()
                .map(|(budget, _)| *budget)
                .filter(|budget| *budget > 0.0 && *budget <= dearest * 10.0),
        );
        let mut rates: Vec<f64> = self.dots.iter().flat_map(|dot| dot.y.values()).collect();
        rates.extend(self.bar.iter().map(|(bar, _)| *bar));
        Plane {
            x: Scale::log(Axis::Usd, &costs, (area.left, area.right)),
            y: Scale::linear(Axis::Rate, &rates, (area.bottom, area.top)),
            area,
        }
    }

    fn draw_axes(&self, svg: &mut Svg, plane: &Plane, is_narrow: bool) {
        let area = plane.area;
        for (value, text) in plane.y.ticks(if is_narrow { 4 } else { 6 }) {
            let y = plane.y.px(value);
            svg.line("grid", At::new(area.left, y), At::new(area.right, y));
            svg.text(
                "tick",
                At::new(area.left - 8.0, y + 4.0),
                Anchor::End,
                &text,
            );
        }
        let mut free_from = f64::MIN;
        for (value, text) in plane.x.ticks(if is_narrow { 4 } else { 7 }) {
            let x = plane.x.px(value);
            svg.line("grid", At::new(x, area.top), At::new(x, area.bottom));
            let half = text_width(&text) / 2.0;
            if x - half > free_from && x + half < area.right + 12.0 {
                svg.text(
                    "tick",
                    At::new(x, area.bottom + 17.0),
                    Anchor::Middle,
                    &text,
                );
                free_from = x + half + 6.0;
            }
        }
        let scale = if plane.x.is_log() {
            ", logarithmic"
        } else {
            ""
        };
        svg.text(
            "axis",
            At::new(area.right, area.bottom + 38.0),
            Anchor::End,
            &format!("{}{scale} →", self.x_title),
        );
        svg.text("axis", At::new(2.0, 13.0), Anchor::Start, "↑ pass rate");
    }

    /// Draws bar and budget; gives the areas of their texts.
    fn draw_limits(&self, svg: &mut Svg, plane: &Plane) -> Vec<Area> {
        let area = plane.area;
        let mut taken = Vec::new();
        if let Some((bar, text)) = &self.bar {
            let y = plane.y.px(*bar);
            svg.line("limit", At::new(area.left, y), At::new(area.right, y));
            let text = label(text);
            // Above the line, unless that is outside the plane.
            let base = if y - 18.0 < area.top {
                y + 14.0
            } else {
                y - 5.0
            };
            // Not across the budget's line.
            let budget = self.budget.as_ref().map(|(budget, _)| plane.x.px(*budget));
            let edge = area.right - 2.0;
            let right = budget
                .filter(|x| (edge - text_width(&text)..area.right).contains(x))
                .map_or(edge, |x| x - 6.0);
            svg.text("limit", At::new(right, base), Anchor::End, &text);
            taken.push(Area::around(
                At::new(right - text_width(&text), base - 11.0),
                At::new(right, base + 3.0),
                1.0,
            ));
        }
        if let Some((budget, text)) = &self.budget {
            let x = plane.x.px(*budget);
            if x > area.left + 1.0 && x < area.right - 1.0 {
                svg.line("limit", At::new(x, area.top), At::new(x, area.bottom));
                let text = label(text);
                let half = text_width(&text) / 2.0;
                let middle = x.min(area.right - half).max(area.left + half + 60.0);
                svg.text(
                    "limit",
                    At::new(middle, area.top - 8.0),
                    Anchor::Middle,
                    &text,
                );
            }
        }
        taken
    }

    /// Where bar and budget run.
    fn limit_areas(&self, plane: &Plane) -> impl Iterator<Item = Area> {
        let area = plane.area;
        let bar = self.bar.as_ref().map(|(bar, _)| {
            let y = plane.y.px(*bar);
            Area::around(At::new(area.left, y), At::new(area.right, y), 1.5)
        });
        let budget = self.budget.as_ref().map(|(budget, _)| {
            let x = plane.x.px(*budget);
            Area::around(At::new(x, area.top), At::new(x, area.bottom), 1.5)
        });
        [bar, budget].into_iter().flatten()
    }

    /// The corners of the staircase, from the cheapest candidate to the right edge.
    fn staircase(&self, plane: &Plane) -> Vec<At> {
        let mut dots: Vec<(f64, f64)> = self
            .dots
            .iter()
            .map(|dot| (dot.x.point, dot.y.point))
            .collect();
        dots.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut corners: Vec<At> = Vec::new();
        let mut highest = f64::MIN;
        for (x, y) in dots {
            if y > highest {
                if !corners.is_empty() {
                    corners.push(plane.at(x, highest));
                }
                corners.push(plane.at(x, y));
                highest = y;
            }
        }
        if let Some(last) = corners.last() {
            corners.push(At::new(plane.area.right, last.y));
        }
        corners
    }

    /// What stands beside the points: names, or numbers from 1.
    fn names(&self, is_numbered: bool) -> Vec<String> {
        self.dots
            .iter()
            .enumerate()
            .map(|(idx, dot)| {
                if is_numbered {
                    (idx + 1).to_string()
                } else {
                    label(&dot.label)
                }
            })
            .collect()
    }

    /// Writes which number is whose, in columns below the axis.
    fn draw_key(&self, svg: &mut Svg, n_columns: usize, corner: At) {
        let n_lines = self.dots.len().div_ceil(n_columns).max(1);
        let float = |number: usize| u32::try_from(number).map_or(0.0, f64::from);
        for (idx, dot) in self.dots.iter().enumerate() {
            let x = float(idx / n_lines) * corner.x / float(n_columns);
            let y = corner.y + 12.0 + float(idx % n_lines) * KEY_LINE;
            let class = dot.shape.class();
            let number = (idx + 1).to_string();
            svg.text(class, At::new(x + 18.0, y), Anchor::End, &number);
            svg.text(
                class,
                At::new(x + 26.0, y),
                Anchor::Start,
                &label(&dot.label),
            );
        }
    }

    fn obstacles(&self, plane: &Plane, hard: Vec<Area>, line: &[At]) -> Obstacles {
        let mut soft: Vec<Area> = self.dots.iter().flat_map(|dot| arms(plane, dot)).collect();
        soft.extend(
            line.iter()
                .zip(line.iter().skip(1))
                .map(|(from, to)| Area::around(*from, *to, 1.5)),
        );
        soft.extend(self.limit_areas(plane));
        let points = self
            .dots
            .iter()
            .map(|dot| plane.at(dot.x.point, dot.y.point));
        Obstacles {
            within: plane.area,
            hard,
            soft,
            points: points.collect(),
        }
    }

    fn draw_labels(&self, svg: &mut Svg, plane: &Plane, names: &[String], obstacles: Obstacles) {
        let wanted: Vec<(At, f64)> = self
            .dots
            .iter()
            .zip(names)
            .map(|(dot, name)| {
                let point = plane.at(dot.x.point, dot.y.point);
                (point, text_width(name) + 4.0)
            })
            .collect();
        let placed = place(&wanted, obstacles);
        for (((dot, name), (point, _)), area) in
            self.dots.iter().zip(names).zip(&wanted).zip(placed)
        {
            let Some(area) = area else { continue };
            let near = area.nearest(*point);
            if (near.x - point.x).hypot(near.y - point.y) > 13.0 {
                svg.line("leader", *point, near);
            }
            let base = At::new(area.left + 2.0, area.bottom - 4.0);
            svg.text(dot.shape.class(), base, Anchor::Start, name);
        }
    }
}

fn draw_interval(svg: &mut Svg, plane: &Plane, dot: &Dot) {
    for arm in arm_ends(plane, dot) {
        svg.line("interval", arm.0, arm.1);
    }
}

fn arm_ends(plane: &Plane, dot: &Dot) -> impl Iterator<Item = (At, At)> {
    let (x, y) = (dot.x, dot.y);
    let across = x
        .ends()
        .map(|(low, high)| (plane.at(low, y.point), plane.at(high, y.point)));
    let upright = y
        .ends()
        .map(|(low, high)| (plane.at(x.point, low), plane.at(x.point, high)));
    [across, upright].into_iter().flatten()
}

fn arms(plane: &Plane, dot: &Dot) -> Vec<Area> {
    arm_ends(plane, dot)
        .map(|(from, to)| Area::around(from, to, 1.5))
        .collect()
}
