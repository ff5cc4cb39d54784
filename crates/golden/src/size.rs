//! How large a golden set must be, and what one of this size can show.
//!
//! In: items, a margin, the confidence that "not worse" is held to. Out: the smallest difference between
//! two candidates that the set can show, the smallest margin it can decide, and the number of items that
//! a given margin needs. The arithmetic is that of `trilemma_stats::power`; this module only says which
//! shares to put in. It is guidance before any call is made: once answers exist, their own discordance
//! says more.
//!
//! How often two candidates disagree is not known beforehand. Between GPT-4o (2024-08)
//! and six other models of its time, 3.5 % to 10.2 % of the 1,319 items of GSM8K are right for exactly
//! one of the two (ZeroEval results, commit 8c1485e); a range over these is given, never one number.

use serde::Serialize;
use trilemma_domain::Item;
use trilemma_stats::power::{
    DiscordantRates, detectable_difference, items_for_noninferiority_verdict, margin_chances,
};
use trilemma_stats::{Confidence, StatsError};

/// Share of items that exactly one of two close candidates gets right.
pub const DISCORDANT_LOW: f64 = 0.035;
/// The same for candidates further apart.
pub const DISCORDANT_HIGH: f64 = 0.10;
/// The chance with which a true difference is to be seen.
pub const POWER: f64 = 0.80;
/// Margins beyond this are no "not worse" any more.
pub const WIDEST_MARGIN: f64 = 0.20;
/// Margins are proposed in steps of half a point.
const MARGIN_STEP: f64 = 0.005;
/// More items are planned as this many: the exact sums go no further.
const MOST_ITEMS: usize = 10_000_000;

/// A range of figures, from favourable to unfavourable circumstances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range<T> {
    /// With candidates that rarely disagree, and each item counted as independent.
    pub low: T,
    /// With candidates that disagree more often, and each cluster counted once.
    pub high: T,
}

/// What a golden set of some size can show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeGuide {
    /// Items.
    pub n_items: usize,
    /// Items after unequal weights: `(Σw)² / Σw²` (Kish 1965), rounded down, at least 1.
    pub n_weighted: usize,
    /// Clusters, an item without one counting for itself.
    pub n_clusters: usize,
    /// Smallest true difference of pass rates that is seen with a chance of 80 % (two-sided, 95 %).
    pub detectable_difference: Range<f64>,
    /// The confidence that "not worse" is held to below (one-sided).
    pub held: Confidence,
    /// Smallest margin by which "not worse" is shown for equal candidates with a chance of 80 %, in
    /// half points; `None` = none below 100 points.
    pub decidable_margin: Range<Option<f64>>,
    /// The margin asked about, and the items it needs.
    pub needed: Option<(f64, Range<Option<usize>>)>,
}

impl SizeGuide {
    /// The margin to ask for: the smallest that is decidable however often candidates disagree; `None` =
    /// none up to [`WIDEST_MARGIN`]. (With few items it is rare disagreement that asks for more.)
    #[must_use]
    pub fn proposed_margin(&self) -> Option<f64> {
        let (low, high) = (self.decidable_margin.low?, self.decidable_margin.high?);
        Some(low.max(high)).filter(|margin| *margin <= WIDEST_MARGIN + MARGIN_STEP / 2.0)
    }
}

/// Says what these items can show, and what `margin` (in (0, 1)) would need.
///
/// A detectable difference cannot exceed the share of items on which candidates disagree; where the
/// formula says so, the disagreement is taken as just large enough: the least `d` with
/// `d = (z_{α/2} + z_β) sqrt(d / n)`. Margins and their items are exact sums, at the confidence `held`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless the margin is in (0, 1).
pub fn size_guide(
    items: &[Item],
    margin: Option<f64>,
    held: Confidence,
) -> Result<SizeGuide, StatsError> {
    let n_weighted = weighted_count(items);
    let n_clusters = cluster_count(items);
    let n_least = n_weighted.min(n_clusters);
    let needed = margin
        .map(|margin| items_for_margin(margin, held).map(|needed| (margin, needed)))
        .transpose()?;
    Ok(SizeGuide {
        n_items: items.len(),
        n_weighted,
        n_clusters,
        detectable_difference: Range {
            low: detectable(DISCORDANT_LOW, n_weighted)?,
            high: detectable(DISCORDANT_HIGH, n_least)?,
        },
        held,
        decidable_margin: Range {
            low: decidable(DISCORDANT_LOW, n_weighted, held)?,
            high: decidable(DISCORDANT_HIGH, n_least, held)?,
        },
        needed,
    })
}

/// Says how many items "not worse by `margin`" needs between equal candidates, at the confidence
/// `held`; `None` = more than ten million.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless the margin is in (0, 1).
pub fn items_for_margin(margin: f64, held: Confidence) -> Result<Range<Option<usize>>, StatsError> {
    let needed = |discordant: f64| {
        let rates = DiscordantRates::new(discordant, 0.0)?;
        items_for_noninferiority_verdict(rates, margin, held, POWER)
    };
    Ok(Range {
        low: needed(DISCORDANT_LOW)?,
        high: needed(DISCORDANT_HIGH)?,
    })
}

fn detectable(discordant: f64, n: usize) -> Result<f64, StatsError> {
    let difference = detectable_difference(discordant, n, Confidence::P95, POWER)?;
    if difference <= discordant {
        return Ok(difference);
    }
    // d = c sqrt(d / n) has the solution d = c² / n, and c² / n is what the formula gives at p_d = d.
    let at_one = detectable_difference(1.0, n, Confidence::P95, POWER)?;
    Ok((at_one * at_one).min(1.0))
}

/// The smallest margin, in steps, with a chance of [`POWER`] for equal candidates. The chance rises with
/// the margin.
fn decidable(discordant: f64, n: usize, held: Confidence) -> Result<Option<f64>, StatsError> {
    let rates = DiscordantRates::new(discordant, 0.0)?;
    let n = n.min(MOST_ITEMS);
    let margin = |step: u32| f64::from(step) * MARGIN_STEP;
    let is_enough = |step: u32| {
        margin_chances(rates, margin(step), n, held).map(|chances| chances.noninferior >= POWER)
    };
    let (mut below, mut enough) = (0, 199);
    if !is_enough(enough)? {
        return Ok(None);
    }
    while enough - below > 1 {
        let middle = u32::midpoint(below, enough);
        if is_enough(middle)? {
            enough = middle;
        } else {
            below = middle;
        }
    }
    Ok(Some(margin(enough)))
}

/// Kish's effective number of items; items of weight zero or less count as absent.
fn weighted_count(items: &[Item]) -> usize {
    let weights = || {
        items
            .iter()
            .map(|item| item.weight)
            .filter(|weight| *weight > 0.0)
    };
    let largest = weights().fold(0.0_f64, f64::max);
    if largest <= 0.0 || !largest.is_finite() {
        return items.len();
    }
    // Scaled by the largest, so that no square overflows.
    let sum: f64 = weights().map(|weight| weight / largest).sum();
    let squares: f64 = weights().map(|weight| (weight / largest).powi(2)).sum();
    // Rounding must not turn 100 equal weights into 99 items.
    ((sum * sum / squares + 1e-6).floor() as usize).clamp(1, items.len().max(1))
}

fn cluster_count(items: &[Item]) -> usize {
    let mut clusters: Vec<&str> = items
        .iter()
        .filter_map(|item| item.extras.cluster.as_deref())
        .collect();
    let alone = items.len() - clusters.len();
    clusters.sort_unstable();
    clusters.dedup();
    alone + clusters.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::item;

    fn items(count: usize) -> Vec<Item> {
        (0..count)
            .map(|idx| item(&idx.to_string(), "x", "1"))
            .collect()
    }

    fn guide(items: &[Item], margin: Option<f64>) -> SizeGuide {
        size_guide(items, margin, Confidence::P95).unwrap()
    }

    #[test]
    fn figures_agree_with_the_formulas() {
        let guide = guide(&items(300), Some(0.05));
        // (1.959964 + 0.841621) sqrt(p / 300).
        assert!((guide.detectable_difference.low - 0.030_260).abs() < 1e-5);
        assert!((guide.detectable_difference.high - 0.051_150).abs() < 1e-5);
        // Near (1.644854 + 0.841621)² p / 0.05², which is 87 and 248 and takes the test for normal.
        let (margin, needed) = guide.needed.unwrap();
        assert!((margin - 0.05).abs() < 1e-12);
        assert!((80..=130).contains(&needed.low.unwrap()), "{needed:?}");
        assert!((240..=280).contains(&needed.high.unwrap()), "{needed:?}");
        // (1.644854 + 0.841621) sqrt(0.1 / 300) = 0.045397.
        assert_eq!(guide.decidable_margin.high, Some(0.05));
        assert_eq!(guide.proposed_margin(), Some(0.05));
    }

    #[test]
    fn what_is_decidable_is_so_with_the_promised_chance() {
        let chance = |margin: f64, n: usize, held: Confidence| {
            let of = |discordant| {
                let rates = DiscordantRates::new(discordant, 0.0).unwrap();
                margin_chances(rates, margin, n, held).unwrap().noninferior
            };
            of(DISCORDANT_LOW).min(of(DISCORDANT_HIGH))
        };
        let strict = Confidence::new(0.9875).unwrap();
        for (n, held) in [
            (40, Confidence::P95),
            (170, strict),
            (300, strict),
            (5_000, strict),
        ] {
            let guide = size_guide(&items(n), None, held).unwrap();
            let margin = guide.proposed_margin().unwrap_or(0.5);
            if margin > WIDEST_MARGIN {
                assert!(chance(WIDEST_MARGIN, n, held) < POWER, "{n}");
                continue;
            }
            assert!(chance(margin, n, held) >= POWER, "{n}: {margin}");
            assert!(
                chance(margin - MARGIN_STEP, n, held) < POWER,
                "{n}: {margin}"
            );
            let needed = items_for_margin(margin, held).unwrap();
            let needed = needed.low.max(needed.high).unwrap();
            assert!(needed <= n + n / 20, "{n}: {margin} takes {needed}");
        }
        // Held to more, the same items decide less.
        let (plain, strict) = (
            guide(&items(300), None),
            size_guide(&items(300), None, strict).unwrap(),
        );
        assert!(plain.decidable_margin.high < strict.decidable_margin.high);
        assert_eq!(guide(&items(12), None).proposed_margin(), None);
    }

    #[test]
    fn a_difference_larger_than_the_disagreement_is_not_promised() {
        let guide = guide(&items(100), None);
        // 7.8489 / 100, not 2.80 sqrt(0.035 / 100) = 0.052, which would exceed 0.035.
        assert!((guide.detectable_difference.low - 0.078_489).abs() < 1e-5);
        assert!((guide.detectable_difference.high - 0.088_594).abs() < 1e-5);
        let three = self::guide(&items(3), None);
        assert_eq!(three.detectable_difference.high, 1.0);
        assert!(size_guide(&[], None, Confidence::P95).is_err());
        assert!(size_guide(&items(3), Some(0.0), Confidence::P95).is_err());
    }

    #[test]
    fn weights_and_clusters_count() {
        let mut items = items(90);
        for (idx, item) in items.iter_mut().enumerate() {
            item.extras.cluster = Some((idx / 3).to_string());
        }
        let guide = guide(&items, None);
        assert_eq!(
            (guide.n_items, guide.n_weighted, guide.n_clusters),
            (90, 90, 30)
        );
        // One item of weight 9 among nine of weight 1: 18² / (81 + 9) = 3.6.
        let mut items = self::items(10);
        items[0].weight = 9.0;
        assert_eq!(self::guide(&items, None).n_weighted, 3);
        items.iter_mut().for_each(|item| item.weight = -1.0);
        assert_eq!(self::guide(&items, None).n_weighted, 10);
    }
}
