//! Finds room for labels beside their points.
//!
//! Greedy: labels come in order of importance; each takes the cheapest place that touches no other
//! label and no mark. Places right beside the point are tried first, then a grid over the whole area.
//! Crossing a line or
//! lying nearer to another point costs, but is allowed. A label without any free place is left out; its tooltip
//! remains.

use super::svg::At;

/// Height of a label's box, in CSS pixels.
pub(super) const LABEL_HEIGHT: f64 = 15.0;
/// Distance of a label from its point when it lies right beside it.
const GAP: f64 = 8.0;
/// A label should be nearer to its own point than to any other by this much.
const MARGIN: f64 = 8.0;
/// Step of the grid that is searched when the places beside the point are taken.
const GRID: f64 = 6.0;

/// A rectangle, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// The smallest area around two points, grown by `margin` on each side.
    pub(super) fn around(one: At, other: At, margin: f64) -> Self {
        Self {
            left: one.x.min(other.x) - margin,
            top: one.y.min(other.y) - margin,
            right: one.x.max(other.x) + margin,
            bottom: one.y.max(other.y) + margin,
        }
    }

    fn sized(left: f64, top: f64, width: f64) -> Self {
        Self {
            left,
            top,
            right: left + width,
            bottom: top + LABEL_HEIGHT,
        }
    }

    pub(super) fn touches(&self, other: &Self) -> bool {
        self.overlap(other) > 0.0
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && other.right <= self.right
            && other.bottom <= self.bottom
    }

    fn overlap(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width > 0.0 && height > 0.0 {
            width * height
        } else {
            0.0
        }
    }

    /// The point of the area that is nearest to `at`.
    pub(super) fn nearest(&self, at: At) -> At {
        At::new(
            at.x.clamp(self.left, self.right),
            at.y.clamp(self.top, self.bottom),
        )
    }
}

/// What labels have to keep clear of.
pub(super) struct Obstacles {
    /// Where labels may lie at all.
    pub(super) within: Area,
    /// What they must not touch.
    pub(super) hard: Vec<Area>,
    /// What they should not touch.
    pub(super) soft: Vec<Area>,
    /// All points: a label should lie nearest to its own.
    pub(super) points: Vec<At>,
}

/// Places labels of the given widths beside their points, the most important first.
///
/// Gives one area per label, in order; `None` where no place is free.
pub(super) fn place(labels: &[(At, f64)], mut obstacles: Obstacles) -> Vec<Option<Area>> {
    labels
        .iter()
        .map(|(point, width)| {
            let found = best(*point, *width, &obstacles);
            obstacles.hard.extend(found);
            found
        })
        .collect()
}

fn best(point: At, width: f64, obstacles: &Obstacles) -> Option<Area> {
    let mut found: Option<(f64, Area)> = None;
    let mut consider = |area: Area| {
        // Distance is the least that a place costs: most of the grid ends here.
        let distance = distance(&area, point);
        if found.is_some_and(|(least, _)| least <= distance) {
            return;
        }
        let cost = price(point, &area, obstacles);
        if let Some(cost) = cost
            && found.is_none_or(|(least, _)| cost < least)
        {
            found = Some((cost, area));
        }
    };
    beside(point, width).into_iter().for_each(&mut consider);
    let within = obstacles.within;
    let mut top = within.top;
    while top + LABEL_HEIGHT <= within.bottom {
        let mut left = within.left;
        while left + width <= within.right {
            consider(Area::sized(left, top, width));
            left += GRID;
        }
        top += GRID;
    }
    found.map(|(_, area)| area)
}

/// Right, left, above, below, and the four corners.
fn beside(point: At, width: f64) -> [Area; 8] {
    let middle = point.y - LABEL_HEIGHT / 2.0;
    let above = point.y - GAP - LABEL_HEIGHT;
    let below = point.y + GAP;
    let right = point.x + GAP;
    let left = point.x - GAP - width;
    let centre = point.x - width / 2.0;
    [
        (right, middle),
        (left, middle),
        (right, above + 4.0),
        (right, below - 4.0),
        (left, above + 4.0),
        (left, below - 4.0),
        (centre, above),
        (centre, below),
    ]
    .map(|(left, top)| Area::sized(left, top, width))
}

/// How far a point lies outside an area.
fn distance(area: &Area, point: At) -> f64 {
    let nearest = area.nearest(point);
    (nearest.x - point.x).hypot(nearest.y - point.y)
}

/// Distance from the point, plus what is crossed; `None` when something hard is in the way.
fn price(point: At, area: &Area, obstacles: &Obstacles) -> Option<f64> {
    let blocked =
        !obstacles.within.holds(area) || obstacles.hard.iter().any(|other| other.touches(area));
    if blocked {
        return None;
    }
    let crossed: f64 = obstacles.soft.iter().map(|other| other.overlap(area)).sum();
    let own = distance(area, point);
    let mistaken: f64 = obstacles
        .points
        .iter()
        .filter(|other| **other != point)
        .map(|other| (own + MARGIN - distance(area, *other)).max(0.0))
        .sum();
    Some(own + crossed * 0.2 + mistaken * 2.0)
}
