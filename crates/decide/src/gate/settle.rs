//! What would settle an undecided gate.
//!
//! Numbers of items are for a chance of 80 %, taking the estimate for the truth, so they are rough: they
//! are shown with "about", and no verdict rests on them. `(z_α + z_β)² variance / room²` where no exact
//! search exists; all scaled by the design (items per effective item).

use trilemma_domain::Estimand;
use trilemma_stats::power::items_for_gate;
use trilemma_stats::{Confidence, normal};

use crate::evidence::Case;
use crate::result::{Cause, Settle};
use crate::wording;

/// Chance of a verdict that planned items should have.
const POWER: f64 = 0.80;

/// More than this is no advice.
const MOST_ITEMS: f64 = 1e5;

/// Effective items with which a share is told from a bar; `None` = out of reach.
pub(crate) fn items_for_share(rate: f64, bar: f64, confidence: Confidence) -> Option<f64> {
    if bar >= 1.0 || (rate - bar).abs() < 1e-9 {
        return None;
    }
    let needed = items_for_gate(rate, bar, confidence, POWER).ok()??;
    Some(needed as f64)
}

/// Effective items with which a mean is told from a threshold `room` away; `None` = out of reach.
pub(crate) fn items_for_mean(variance: f64, room: f64, confidence: Confidence) -> Option<f64> {
    let z = confidence.z_one_sided() + normal::quantile(POWER);
    let needed = z * z * variance / (room * room);
    needed.is_finite().then_some(needed)
}

/// Items that are needed beyond those at hand; at least one.
pub(crate) fn more_items(needed: Option<f64>, n: usize, n_effective: f64) -> Option<usize> {
    let per_effective = n as f64 / n_effective.max(1.0);
    let more = needed? * per_effective - n as f64;
    (more < MOST_ITEMS).then(|| (more.ceil() as usize).max(1))
}

/// Where a verdict is about the golden set alone, its other items settle it; `None` = it is about more,
/// or every item ran.
fn rest_of_the_set(case: &Case<'_>, concerned: &[usize]) -> Option<usize> {
    if case.input.requirements.estimand != Estimand::GoldenSet {
        return None;
    }
    let not_run = |idx: &usize| {
        let items = &case.candidates.get(*idx)?.column.items;
        Some(items.iter().filter(|cell| cell.n_run == 0).count())
    };
    concerned
        .iter()
        .filter_map(not_run)
        .max()
        .filter(|n_items| *n_items > 0)
}

/// Puts the advice together: for missing results to get them, else more items.
pub(crate) fn advice(
    case: &Case<'_>,
    cause: Option<Cause>,
    n_missing: usize,
    more: Option<usize>,
    concerned: &[usize],
) -> Option<Settle> {
    match cause? {
        Cause::MissingResults => Some(Settle {
            more_items: None,
            cost_usd: None,
            action: format!(
                "repeat the {} without result",
                wording::count(n_missing, "trial")
            ),
        }),
        _ => Some(rest_of_the_set(case, concerned).or(more).map_or_else(
            || {
                Settle {
                    more_items: None,
                    cost_usd: None,
                    action:
                        "the estimate is too close to the limit for any number of items that one \
                         would collect; relax the requirement or accept the uncertainty"
                            .to_owned(),
                }
            },
            |more| {
                let cost = case.cost_of_items(more, concerned.iter().copied());
                let price = cost.map_or_else(
                    || "cost unknown".to_owned(),
                    |cost| format!("about {}", wording::usd(cost)),
                );
                Settle {
                    more_items: Some(more),
                    cost_usd: cost,
                    action: format!("about {} more ({price})", wording::count(more, "item")),
                }
            },
        )),
    }
}
