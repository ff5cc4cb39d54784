//! Two candidates: APGR and CPT as RouteLLM defines them (Ong et al., arXiv 2406.18665, and
//! `routellm/evals/evaluate.py`).
//!
//! PGR at a share of strong calls = (quality - weak) / (strong - weak). APGR is the area under PGR at
//! the shares 0, 0.1, … 1, by the trapezoid rule: 0.5 for a coin, above 1 possible. CPT(x) is the
//! least share at which PGR reaches x, by straight lines between those 11 points.

/// The figures of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Average performance gap recovered.
    pub apgr: f64,
    /// Share of strong calls for half of the gap; `None` = never reached.
    pub cpt50: Option<f64>,
    /// Share of strong calls for 80 % of the gap; `None` = never reached.
    pub cpt80: Option<f64>,
}

const N_STEPS: usize = 10;

/// Ranks items by score, highest first to the strong candidate.
///
/// `weak` and `strong` are qualities by item; equal scores share their places evenly. `None` when
/// lengths differ, there are no items, or the strong candidate is no better.
#[must_use]
pub fn pair(scores: &[f64], weak: &[f64], strong: &[f64]) -> Option<Pair> {
    let n = scores.len();
    if n == 0 || weak.len() != n || strong.len() != n {
        return None;
    }
    let mut ranked: Vec<(f64, f64)> = (scores.iter().zip(weak.iter().zip(strong)))
        .map(|(score, (weak, strong))| (*score, strong - weak))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let gap: f64 = ranked.iter().map(|one| one.1).sum();
    if gap <= 0.0 {
        return None;
    }
    // Within a group of equal scores each item gains the group's mean, as in a random order.
    let mut gained = vec![0.0];
    let mut total = 0.0;
    for group in ranked.chunk_by(|a, b| a.0 == b.0) {
        let mean = group.iter().map(|one| one.1).sum::<f64>() / group.len() as f64;
        for _ in group {
            total += mean;
            gained.push(total);
        }
    }
    let at = |step: usize| gained.get((step * n + N_STEPS / 2) / N_STEPS).copied();
    let pgr: Vec<f64> = (0..=N_STEPS)
        .filter_map(|step| Some(at(step)? / gap))
        .collect();
    let steps = || pgr.iter().zip(pgr.iter().skip(1));
    let apgr = steps().map(|(a, b)| (a + b) / 2.0).sum::<f64>() / N_STEPS as f64;
    let cpt = |wanted: f64| {
        let (idx, (a, b)) = steps().enumerate().find(|(_, (_, b))| **b >= wanted)?;
        Some((idx as f64 + (wanted - a) / (b - a)) / N_STEPS as f64)
    };
    Some(Pair {
        apgr,
        cpt50: cpt(0.5),
        cpt80: cpt(0.8),
    })
}
