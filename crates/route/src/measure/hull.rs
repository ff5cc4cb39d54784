//! Frontiers of (cost, quality) points, and areas under them.
//!
//! The random mix of candidates is the non-decreasing convex hull of their points: any point on a line
//! between two is a coin between them ("Zero router", Hu et al., RouterBench, arXiv 2403.12031).
//! Costs are linear, not logarithmic.

/// A frontier: quality as a function of cost, by straight lines between corners.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// (USD, quality), costs rising.
    pub corners: Vec<(f64, f64)>,
}

impl Frontier {
    /// The non-decreasing convex hull of points.
    #[must_use]
    pub fn hull(points: &[(f64, f64)]) -> Self {
        let mut corners: Vec<(f64, f64)> = Vec::new();
        for point in risen(points) {
            while let [.., a, b] = corners.as_slice() {
                let rise = (b.1 - a.1) * (point.0 - a.0);
                if rise > (point.1 - a.1) * (b.0 - a.0) {
                    break;
                }
                corners.pop();
            }
            corners.push(point);
        }
        Self { corners }
    }

    /// Straight lines between points as they are, those that cost more and are worse left in: what
    /// was promised is what counts, not the best of it.
    #[must_use]
    pub fn path(points: &[(f64, f64)]) -> Self {
        let mut corners = points.to_vec();
        corners.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Self { corners }
    }

    /// Quality at a cost: that of the last corner beyond the end, `None` below the first.
    #[must_use]
    pub fn at(&self, cost: f64) -> Option<f64> {
        let after = self.corners.partition_point(|corner| corner.0 <= cost);
        let before = self.corners.get(after.checked_sub(1)?)?;
        let Some(next) = self.corners.get(after) else {
            return Some(before.1);
        };
        let share = (cost - before.0) / (next.0 - before.0);
        Some(before.1 + share * (next.1 - before.1))
    }

    /// Mean quality between two costs: the area under the frontier over its width. `None` when it
    /// starts above `from` or the range is empty.
    #[must_use]
    pub fn mean_between(&self, from: f64, to: f64) -> Option<f64> {
        if from >= to {
            return None;
        }
        let mut stops = vec![from];
        stops.extend(
            self.corners
                .iter()
                .map(|corner| corner.0)
                .filter(|c| *c > from && *c < to),
        );
        stops.push(to);
        let mut area = 0.0;
        for (a, b) in stops.iter().zip(stops.iter().skip(1)) {
            // Two points inside: exact for straight lines, and safe where two corners share a cost.
            let third = (b - a) / 3.0;
            area += (b - a) * f64::midpoint(self.at(a + third)?, self.at(b - third)?);
        }
        Some(area / (to - from))
    }
}

/// Points in order of cost, without those that are no better than a cheaper one.
fn risen(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut best = f64::NEG_INFINITY;
    sorted.retain(|point| {
        let is_better = point.1 > best;
        best = best.max(point.1);
        is_better
    });
    sorted
}

/// AIQ: the area under the non-decreasing convex hull between two costs, over their distance
/// (RouterBench, with the limits fixed so that policies can be compared).
#[must_use]
pub fn aiq(points: &[(f64, f64)], from: f64, to: f64) -> Option<f64> {
    Frontier::hull(points).mean_between(from, to)
}
