//! Candidates that no other beats on all axes.
//!
//! In: pass rates, costs and times. Out: [`Frontier`]. One candidate dominates another when it is at
//! least as good on every axis and better on one; equal candidates stay both. A candidate with an unknown
//! figure has no place and dominates nobody. Point estimates only: the frontier is a picture, no test.

use crate::evidence::Case;
use crate::result::{Axis, Dominated, Frontier, Unplaced};

/// The figures of one candidate; `None` = unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Point {
    pub(crate) pass_rate: Option<f64>,
    pub(crate) cost: Option<f64>,
    pub(crate) e2e_p50: Option<f64>,
    pub(crate) e2e_p95: Option<f64>,
}

impl Point {
    /// Value on an axis, turned so that less is better.
    fn on(&self, axis: Axis) -> Option<f64> {
        match axis {
            Axis::PassRate => self.pass_rate.map(|rate| -rate),
            Axis::Cost => self.cost,
            Axis::E2eP50 => self.e2e_p50,
            Axis::E2eP95 => self.e2e_p95,
        }
    }
}

/// The points of all candidates.
pub(crate) fn points(case: &Case<'_>) -> Vec<Point> {
    case.candidates
        .iter()
        .map(|candidate| Point {
            pass_rate: candidate.pass_rate.map(|figure| figure.value),
            cost: candidate
                .cost
                .as_ref()
                .and_then(|cost| cost.mean())
                .map(trilemma_domain::Usd::to_f64),
            e2e_p50: candidate.e2e_p50().map(|figure| figure.value),
            e2e_p95: candidate.e2e_p95().map(|figure| figure.value),
        })
        .collect()
}

/// Finds the frontier over some axes.
pub(crate) fn frontier(points: &[Point], axes: &[Axis]) -> Frontier {
    let mut placed: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut unplaced = Vec::new();
    for (candidate, point) in points.iter().enumerate() {
        let values: Option<Vec<f64>> = axes.iter().map(|axis| point.on(*axis)).collect();
        match values {
            Some(values) => placed.push((candidate, values)),
            None => unplaced.push(Unplaced {
                candidate,
                unknown: axes
                    .iter()
                    .copied()
                    .filter(|axis| point.on(*axis).is_none())
                    .collect(),
            }),
        }
    }
    let (beaten, members): (Vec<_>, Vec<_>) = placed
        .iter()
        .partition(|(_, own)| placed.iter().any(|(_, other)| dominates(other, own)));
    let dominated = beaten
        .into_iter()
        .map(|(candidate, own)| Dominated {
            candidate: *candidate,
            by: members
                .iter()
                .filter(|(_, other)| dominates(other, own))
                .map(|(idx, _)| *idx)
                .collect(),
        })
        .collect();
    Frontier {
        axes: axes.to_vec(),
        members: members.into_iter().map(|(idx, _)| *idx).collect(),
        dominated,
        unplaced,
    }
}

fn dominates(first: &[f64], second: &[f64]) -> bool {
    let pairs = || first.iter().zip(second);
    pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AXES: [Axis; 3] = [Axis::PassRate, Axis::Cost, Axis::E2eP50];

    fn point(rate: u32, cost: Option<u32>, time: u32) -> Point {
        Point {
            pass_rate: Some(f64::from(rate)),
            cost: cost.map(f64::from),
            e2e_p50: Some(f64::from(time)),
            e2e_p95: None,
        }
    }

    #[test]
    fn unknown_costs_have_no_place() {
        let points = [
            point(9, Some(5), 1),
            point(8, Some(6), 1),
            point(10, None, 1),
        ];
        let found = frontier(&points, &AXES);
        assert_eq!(found.members, [0]);
        assert_eq!(found.dominated.len(), 1);
        assert_eq!(found.dominated[0].by, [0]);
        assert_eq!(found.unplaced[0].candidate, 2);
        assert_eq!(found.unplaced[0].unknown, [Axis::Cost]);
        let both = frontier(&[point(1, Some(1), 1); 2], &AXES);
        assert_eq!(both.members, [0, 1]);
    }

    proptest! {
        #[test]
        fn members_are_undominated_and_the_rest_is_not(
            raw in prop::collection::vec((0u32..6, prop::option::weighted(0.9, 0u32..6), 0u32..6), 0..12)
        ) {
            let points: Vec<Point> = raw.iter().map(|(r, c, t)| point(*r, *c, *t)).collect();
            let found = frontier(&points, &AXES);
            let value = |idx: usize| AXES.map(|axis| points[idx].on(axis).unwrap());
            let placed: Vec<usize> =
                (0..points.len()).filter(|idx| points[*idx].cost.is_some()).collect();
            for member in &found.members {
                prop_assert!(placed.iter().all(|other| !dominates(&value(*other), &value(*member))));
            }
            for loser in &found.dominated {
                prop_assert!(!loser.by.is_empty());
                for winner in &loser.by {
                    prop_assert!(found.members.contains(winner));
                    prop_assert!(dominates(&value(*winner), &value(loser.candidate)));
                }
            }
            prop_assert_eq!(
                found.members.len() + found.dominated.len() + found.unplaced.len(),
                points.len()
            );
        }
    }
}
