//! The first volume at which an API's bill reaches that of one's own GPUs.
//!
//! Each step of the staircase is one more replica: flat cost, more capacity. The break-even is the
//! first volume v with v × 30.4375 × price ÷ 10⁶ ≥ cost of the replicas that v needs.
//! Checked against `cost/vectors/breakeven.json` by `data_break_even_equals_the_vectors`.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

use super::fleet::Fleet;
use crate::decimal::MONTH_DAYS;

/// More replicas than this are not looked at.
const MOST_REPLICAS: u32 = 100_000;

/// Where the lines cross.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BreakEven {
    /// From this volume on, self-hosting is not dearer (up to the end of its step).
    From {
        /// Tokens per mean day.
        tokens_per_day: Decimal,
        /// Replicas that it needs.
        replicas: u32,
    },
    /// At no volume.
    Never(Never),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Never {
    /// Even a busy replica's tokens cost more than the API's.
    MarginalCost {
        /// Rent per million tokens of a busy replica.
        own_usd_per_mtok: Decimal,
        /// The API's price.
        api_usd_per_mtok: Decimal,
    },
    /// The lines would cross beyond any fleet that is looked at.
    TooFar {
        /// Most replicas that were looked at.
        replicas: u32,
    },
}

/// One step: what a number of replicas costs and carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StairStep {
    /// Replicas.
    pub replicas: u32,
    /// Most tokens per mean day that they carry.
    pub tokens_per_day: Decimal,
    /// What they cost per month.
    pub month: Usd,
}

/// Finds the break-even against a price per million tokens; `None` when a figure makes no sense.
#[must_use]
pub fn break_even(fleet: &Fleet, api_usd_per_mtok: Decimal) -> Option<BreakEven> {
    let capacity = fleet.tokens_per_replica_day()?;
    let own = fleet.marginal_usd_per_mtok()?;
    let per_token_day = api_usd_per_mtok
        .checked_mul(MONTH_DAYS)?
        .checked_div(Decimal::from(1_000_000))?;
    let first = fleet.min_replicas.max(1);
    for replicas in first..=MOST_REPLICAS {
        if per_token_day <= Decimal::ZERO {
            break;
        }
        let cost = fleet.month(replicas)?.decimal();
        let crossing = cost.checked_div(per_token_day)?;
        if crossing <= capacity.checked_mul(Decimal::from(replicas))? {
            let begin = if replicas == first {
                Decimal::ZERO
            } else {
                capacity.checked_mul(Decimal::from(replicas - 1))?
            };
            return Some(BreakEven::From {
                tokens_per_day: crossing.max(begin),
                replicas,
            });
        }
        // A replica that costs more than its tokens earn makes every further step worse.
        if own >= api_usd_per_mtok {
            break;
        }
    }
    Some(BreakEven::Never(if own >= api_usd_per_mtok {
        Never::MarginalCost {
            own_usd_per_mtok: own,
            api_usd_per_mtok,
        }
    } else {
        Never::TooFar {
            replicas: MOST_REPLICAS,
        }
    }))
}

/// The first steps of the staircase, for charts; `None` when a figure makes no sense.
#[must_use]
pub fn staircase(fleet: &Fleet, n_steps: u32) -> Option<Vec<StairStep>> {
    let capacity = fleet.tokens_per_replica_day()?;
    let first = fleet.min_replicas.max(1);
    (first..first.checked_add(n_steps)?)
        .map(|replicas| {
            Some(StairStep {
                replicas,
                tokens_per_day: capacity.checked_mul(Decimal::from(replicas))?,
                month: fleet.month(replicas)?,
            })
        })
        .collect()
}
