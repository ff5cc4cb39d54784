//! All alternatives on the same items: simultaneous intervals and the set that holds the best.
//!
//! In: one score in [0, 1] per alternative and item; which items belong together and how much each
//! counts, where they differ. Out: a [`Family`]. One bootstrap of the items (of whole clusters) serves
//! all statements, so that it uses how strongly the alternatives go together, which Bonferroni ignores.
//! Conditions: independent items or clusters; means near normal, so not below about 50 of them. Where a
//! pair differs by the same amount on every item its standard error is taken as 1/n, one item's worth,
//! instead of 0. Standard errors with clusters or weights are those of the ratio `Σ w x / Σ w`, linearised:
//! `sqrt(G/(G−1) Σ_c (Σ_i w (x − mean))²) / Σ w`.
//! Source: max-T as C. W. Dunnett, JASA 50 (1955), by bootstrap; confidence set of the best: J. C. Hsu,
//! Multiple Comparisons (1996), chapter 4.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, TooFew, check_finite, check_same_length};
use crate::mean::group;
use crate::quantile::interpolated_of;
use crate::resample::{IndexStream, MIN_VALUES, Resampling, Stream};
use crate::special::{normal, student};
use crate::{Confidence, Estimate, Method};

/// What can be said about all alternatives together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Family {
    /// One entry per alternative, in the order given.
    pub members: Vec<Member>,
    /// All pairs `first < second`; their intervals hold all at once with the stated confidence.
    pub pairs: Vec<PairDifference>,
    /// Number of standard errors to either side in `pairs`.
    pub critical: f64,
    /// Number of items.
    pub n: usize,
}

/// One alternative among all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Best rank compatible with the simultaneous intervals, 1 = best.
    pub rank_best: usize,
    /// Worst rank compatible with the simultaneous intervals.
    pub rank_worst: usize,
    /// Whether it may be the best: the set of these holds the best with the stated confidence.
    pub may_be_best: bool,
    /// Share of resamples in which it is the best, ties split; to show, not to decide on.
    pub probability_best: f64,
    /// Largest advantage in mean score that another may have over it (simultaneous), at least 0.
    pub largest_regret: f64,
    /// Largest studentised lead of another over it.
    pub lead_of_others: f64,
    /// The lead beyond which it leaves the set of the best.
    pub lead_allowed: f64,
}

/// The difference of one pair with its simultaneous interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairDifference {
    /// Position of the first alternative.
    pub first: usize,
    /// Position of the second alternative.
    pub second: usize,
    /// Mean of the first minus mean of the second.
    pub difference: Estimate,
}

/// How items of a family relate; the default is independent items that count the same.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Items<'a> {
    /// For each item a number that items of one cluster share; `None` = every item is independent.
    pub clusters: Option<&'a [usize]>,
    /// Weight of each item, above 0; `None` = all count the same.
    pub weights: Option<&'a [f64]>,
    /// How far quantiles of the bootstrap are trusted.
    pub tail: Tail,
}

/// How far quantiles of the bootstrap are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tail {
    /// As they were drawn: covers 93 to 95 % where 95 % is claimed, as the standard error itself is
    /// estimated.
    #[default]
    AsDrawn,
    /// Covers as claimed: the upper 95 % limit of the drawn quantile, scaled by `sqrt(G/(G−1))` as a
    /// bootstrap of G groups is that much too narrow, and moved out from the normal to Student's t with
    /// G − 1 degrees of freedom. Checked by `slow_families_cover_at_least_95_percent`.
    Student,
}

impl Tail {
    /// The quantile of ascending draws from a bootstrap of `n_groups`.
    fn quantile(self, drawn: &[f64], level: f64, n_groups: usize) -> f64 {
        match self {
            Self::AsDrawn => interpolated_of(drawn, level),
            Self::Student => {
                let noise = (level * (1.0 - level) / drawn.len().max(1) as f64).sqrt();
                let limit = level + Confidence::P95.z_one_sided() * noise;
                let groups = n_groups as f64;
                let normal =
                    interpolated_of(drawn, limit.min(1.0)) * (groups / (groups - 1.0)).sqrt();
                let above = normal::upper_tail(normal);
                if normal > 0.0 && above > 0.0 {
                    student::two_sided_critical(groups - 1.0, 2.0 * above)
                } else {
                    normal
                }
            }
        }
    }
}

/// Compares all alternatives on independent items that count the same; `scores[k][i]` is the score of
/// alternative k on item i, in [0, 1].
///
/// `t_ij ± q se_ij`, q the quantile of `max |t*_ij - t_ij| / se_ij` over resamples; alternative i stays in
/// the set of the best unless `max_j (m_j - m_i) / se_ij` exceeds the quantile of its centred resampled
/// counterpart. Checked by `data_simultaneous_intervals` and `set_of_the_best_holds_it`.
///
/// # Errors
/// [`StatsError::TooFew`] below 2 alternatives or 10 items, [`StatsError::LengthMismatch`],
/// [`StatsError::OutOfRange`] for a score outside [0, 1], [`StatsError::NotFinite`].
pub fn compare_family(
    scores: &[Vec<f64>],
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Family, StatsError> {
    compare_family_of(scores, Items::default(), confidence, resampling)
}

/// Compares all alternatives as [`compare_family`], with whole clusters resampled and weights kept.
///
/// Checked by `clusters_and_weights_widen_the_family` and `clustered_families_hold_their_intervals`.
///
/// # Errors
/// As [`compare_family`], below 10 clusters, and [`StatsError::OutOfRange`] for a weight that is not above 0.
pub fn compare_family_of(
    scores: &[Vec<f64>],
    items: Items<'_>,
    confidence: Confidence,
    resampling: &Resampling,
) -> Result<Family, StatsError> {
    let n = check(scores, items)?;
    let sample = Sample::of(scores, items);
    TooFew::check(sample.n_groups(), MIN_VALUES)?;
    let pairs = sample.pairs();
    let replicates = Replicates::draw(&sample, &pairs, resampling);
    let at_tail = |drawn: &[f64]| {
        items
            .tail
            .quantile(drawn, confidence.level(), sample.n_groups())
    };
    let critical = at_tail(&replicates.largest);
    let pairs: Vec<PairDifference> = pairs
        .iter()
        .map(|pair| pair.interval(critical, confidence, n))
        .collect();
    let members = (0..scores.len())
        .map(|member| {
            let leads = replicates.leads.get(member);
            let allowed = leads.map_or(0.0, |drawn| at_tail(drawn));
            let best = replicates.best.get(member).copied().unwrap_or(0.0);
            describe(member, &pairs, allowed, best)
        })
        .collect();
    Ok(Family {
        members,
        pairs,
        critical,
        n,
    })
}

fn check(scores: &[Vec<f64>], items: Items<'_>) -> Result<usize, StatsError> {
    TooFew::check(scores.len(), 2)?;
    let n = scores.first().map_or(0, Vec::len);
    for values in scores {
        check_same_length(n, values.len())?;
        check_finite(values)?;
        let outside = values.iter().find(|v| !(0.0..=1.0).contains(*v));
        check_range("score", outside, "between 0 and 1")?;
    }
    if let Some(clusters) = items.clusters {
        check_same_length(n, clusters.len())?;
    }
    if let Some(weights) = items.weights {
        check_same_length(n, weights.len())?;
        check_finite(weights)?;
        check_range("weight", weights.iter().find(|w| **w <= 0.0), "above 0")?;
    }
    TooFew::check(n, MIN_VALUES)?;
    Ok(n)
}

fn check_range(
    parameter: &'static str,
    outside: Option<&f64>,
    range: &'static str,
) -> Result<(), StatsError> {
    match outside {
        None => Ok(()),
        Some(value) => Err(StatsError::OutOfRange {
            parameter,
            value: *value,
            range,
        }),
    }
}

/// The scores, item by item or cluster by cluster: weighted sums of all members, then the weight.
struct Sample {
    /// One row per group, so that one draw touches one stretch of memory.
    rows: Vec<f64>,
    n_members: usize,
    means: Vec<f64>,
    weight: f64,
}

impl Sample {
    fn of(scores: &[Vec<f64>], items: Items<'_>) -> Self {
        let n_items = scores.first().map_or(0, Vec::len);
        let n_members = scores.len();
        let width = n_members + 1;
        let grouping = items.clusters.map(group);
        let n_groups = grouping.as_ref().map_or(n_items, |g| g.n_clusters);
        let mut rows = vec![0.0; n_groups * width];
        let mut total = vec![0.0; width];
        for item in 0..n_items {
            let slot = grouping
                .as_ref()
                .and_then(|grouping| grouping.slot_of_item.get(item))
                .copied()
                .unwrap_or(item);
            let weight = items
                .weights
                .and_then(|weights| weights.get(item))
                .copied()
                .unwrap_or(1.0);
            let values = scores
                .iter()
                .map(|s| weight * s.get(item).copied().unwrap_or(0.0))
                .chain([weight]);
            let row = rows
                .get_mut(slot * width..(slot + 1) * width)
                .unwrap_or_default();
            for ((cell, sum), value) in row.iter_mut().zip(&mut total).zip(values) {
                *cell += value;
                *sum += value;
            }
        }
        let weight = total.pop().unwrap_or(1.0);
        Self {
            rows,
            n_members,
            means: total.into_iter().map(|sum| sum / weight).collect(),
            weight,
        }
    }

    fn n_groups(&self) -> usize {
        self.rows.len() / (self.n_members + 1)
    }

    fn groups(&self) -> impl Iterator<Item = &[f64]> {
        self.rows.chunks_exact(self.n_members + 1)
    }

    fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for first in 0..self.n_members {
            for second in first + 1..self.n_members {
                let at = |row: &[f64], idx: usize| row.get(idx).copied().unwrap_or(0.0);
                let difference = at(&self.means, first) - at(&self.means, second);
                let squares: f64 = self
                    .groups()
                    .map(|row| {
                        let sum = at(row, first) - at(row, second);
                        let rest = sum - difference * at(row, self.n_members);
                        rest * rest
                    })
                    .sum();
                let n_groups = self.n_groups() as f64;
                let error = (squares * n_groups / (n_groups - 1.0)).sqrt() / self.weight;
                pairs.push(Pair {
                    first,
                    second,
                    difference,
                    error: if error > 1e-12 { error } else { 1.0 / n_groups },
                });
            }
        }
        pairs
    }

    /// Means of all members on as many groups drawn with replacement.
    fn resample(&self, stream: &mut Stream, sums: &mut [f64]) {
        let (width, n_groups) = (self.n_members + 1, self.n_groups());
        sums.fill(0.0);
        for _ in 0..n_groups {
            let start = stream.next_index(n_groups) * width;
            let row = self.rows.get(start..start + width).unwrap_or_default();
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let weight = sums.last().copied().unwrap_or(1.0);
        sums.iter_mut().for_each(|sum| *sum /= weight);
    }
}

/// A pair with the standard error that stays fixed over resamples.
struct Pair {
    first: usize,
    second: usize,
    difference: f64,
    error: f64,
}

impl Pair {
    fn interval(&self, critical: f64, confidence: Confidence, n: usize) -> PairDifference {
        let half = critical * self.error;
        let difference = Estimate {
            point: self.difference,
            low: self.difference - half,
            high: self.difference + half,
            confidence,
            n,
            method: Method::MaxT,
            standard_error: Some(self.error),
        };
        PairDifference {
            first: self.first,
            second: self.second,
            difference,
        }
    }
}

/// What the resamples say; every list of replicates is ascending.
struct Replicates {
    /// Largest studentised deviation of any pair.
    largest: Vec<f64>,
    /// Per member: largest studentised deviation of another's lead over it.
    leads: Vec<Vec<f64>>,
    /// Per member: share of resamples in which it is the best.
    best: Vec<f64>,
}

impl Replicates {
    fn draw(sample: &Sample, pairs: &[Pair], resampling: &Resampling) -> Self {
        let n_members = sample.n_members;
        let mut stream = resampling.stream();
        let mut largest = Vec::with_capacity(resampling.count());
        let mut leads = vec![Vec::with_capacity(resampling.count()); n_members];
        let mut best = vec![0.0; n_members];
        let mut sums = vec![0.0; n_members + 1];
        let mut deviations = vec![0.0; n_members];
        let mut leads_now = vec![0.0; n_members];
        for _ in 0..resampling.count() {
            sample.resample(&mut stream, &mut sums);
            let resampled = sums.get(..n_members).unwrap_or_default();
            for ((deviation, now), mean) in deviations.iter_mut().zip(resampled).zip(&sample.means)
            {
                *deviation = now - mean;
            }
            let at = |member: usize| deviations.get(member).copied().unwrap_or(0.0);
            leads_now.fill(f64::NEG_INFINITY);
            let mut largest_now: f64 = 0.0;
            for pair in pairs {
                let t = (at(pair.first) - at(pair.second)) / pair.error;
                largest_now = largest_now.max(t.abs());
                raise(&mut leads_now, pair.first, -t);
                raise(&mut leads_now, pair.second, t);
            }
            largest.push(largest_now);
            leads
                .iter_mut()
                .zip(&leads_now)
                .for_each(|(all, now)| all.push(*now));
            credit_best(resampled, &mut best);
        }
        largest.sort_unstable_by(f64::total_cmp);
        leads
            .iter_mut()
            .for_each(|all| all.sort_unstable_by(f64::total_cmp));
        best.iter_mut()
            .for_each(|share| *share /= resampling.count() as f64);
        Self {
            largest,
            leads,
            best,
        }
    }
}

fn raise(values: &mut [f64], idx: usize, candidate: f64) {
    if let Some(value) = values.get_mut(idx) {
        *value = value.max(candidate);
    }
}

/// Gives one credit to the best, shared between ties.
fn credit_best(means: &[f64], credit: &mut [f64]) {
    let top = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_top = |m: f64| m >= top - 1e-12;
    let ties = means.iter().filter(|m| is_top(**m)).count() as f64;
    for (share, _) in credit.iter_mut().zip(means).filter(|(_, m)| is_top(**m)) {
        *share += 1.0 / ties;
    }
}

fn describe(member: usize, pairs: &[PairDifference], allowed: f64, best: f64) -> Member {
    // Seen from the other side: how far another leads this member.
    let leads = pairs.iter().filter_map(|pair| {
        if pair.first == member {
            Some(pair.difference.negated())
        } else if pair.second == member {
            Some(pair.difference.clone())
        } else {
            None
        }
    });
    let (mut better, mut worse, mut regret, mut lead) = (0, 0, 0.0_f64, f64::NEG_INFINITY);
    let mut others = 0;
    for ahead in leads {
        others += 1;
        better += usize::from(ahead.low > 0.0);
        worse += usize::from(ahead.high < 0.0);
        regret = regret.max(ahead.high);
        lead = lead.max(ahead.point / ahead.standard_error.unwrap_or(f64::INFINITY));
    }
    Member {
        rank_best: 1 + better,
        rank_worst: 1 + others - worse,
        may_be_best: lead <= allowed,
        probability_best: best,
        largest_regret: regret,
        lead_of_others: lead,
        lead_allowed: allowed,
    }
}
