//! All alternatives on the same items: simultaneous intervals and the set that holds the best.
//!
//! In: one score in [0, 1] per alternative and item. Out: a [`Family`]. One bootstrap of the items serves
//! all statements, so that it uses how strongly the alternatives go together, which Bonferroni ignores.
//! Conditions: independent items; means near normal, so not below about 50 items. Where a pair differs by
//! the same amount on every item its standard error is taken as 1/n, one item's worth, instead of 0.
//! Source: max-T as C. W. Dunnett, JASA 50 (1955), by bootstrap; confidence set of the best: J. C. Hsu,
//! Multiple Comparisons (1996), chapter 4.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, TooFew, check_finite, check_same_length};
use crate::mean::{mean, standard_error};
use crate::quantile::interpolated_of;
use crate::resample::{IndexStream, MIN_VALUES, Resampling, Stream, differences};
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

/// Compares all alternatives; `scores[k][i]` is the score of alternative k on item i, in [0, 1].
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
    let n = check(scores)?;
    let means: Vec<f64> = scores.iter().map(|s| mean(s)).collect();
    let pairs = pairs(scores, &means)?;
    let replicates = Replicates::draw(scores, &means, &pairs, resampling);
    let critical = interpolated_of(&replicates.largest, confidence.level());
    let pairs: Vec<PairDifference> = pairs
        .iter()
        .map(|pair| pair.interval(critical, confidence, n))
        .collect();
    let members = (0..scores.len())
        .map(|member| describe(member, &pairs, &replicates, confidence))
        .collect();
    Ok(Family {
        members,
        pairs,
        critical,
        n,
    })
}

fn check(scores: &[Vec<f64>]) -> Result<usize, StatsError> {
    TooFew::check(scores.len(), 2)?;
    let n = scores.first().map_or(0, Vec::len);
    for values in scores {
        check_same_length(n, values.len())?;
        check_finite(values)?;
        if let Some(value) = values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
            return Err(StatsError::OutOfRange {
                parameter: "score",
                value: *value,
                range: "between 0 and 1",
            });
        }
    }
    TooFew::check(n, MIN_VALUES)?;
    Ok(n)
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

fn pairs(scores: &[Vec<f64>], means: &[f64]) -> Result<Vec<Pair>, StatsError> {
    let mut pairs = Vec::new();
    for (first, (left, left_mean)) in scores.iter().zip(means).enumerate() {
        for (second, (right, right_mean)) in scores.iter().zip(means).enumerate().skip(first + 1) {
            let error = standard_error(&differences(left, right)?)?;
            let error = if error > 0.0 {
                error
            } else {
                1.0 / left.len() as f64
            };
            pairs.push(Pair {
                first,
                second,
                difference: left_mean - right_mean,
                error,
            });
        }
    }
    Ok(pairs)
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
    fn draw(scores: &[Vec<f64>], means: &[f64], pairs: &[Pair], resampling: &Resampling) -> Self {
        let n_members = scores.len();
        let items = by_item(scores);
        let mut stream = resampling.stream();
        let mut largest = Vec::with_capacity(resampling.count());
        let mut leads = vec![Vec::with_capacity(resampling.count()); n_members];
        let mut best = vec![0.0; n_members];
        for _ in 0..resampling.count() {
            let resampled = resample_means(&items, n_members, &mut stream);
            let deviations: Vec<f64> = resampled.iter().zip(means).map(|(r, m)| r - m).collect();
            let at = |member: usize| deviations.get(member).copied().unwrap_or(0.0);
            let mut leads_now = vec![f64::NEG_INFINITY; n_members];
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
                .zip(leads_now)
                .for_each(|(all, now)| all.push(now));
            credit_best(&resampled, &mut best);
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

/// Scores item after item, so that one draw touches one stretch of memory.
fn by_item(scores: &[Vec<f64>]) -> Vec<f64> {
    let n = scores.first().map_or(0, Vec::len);
    (0..n)
        .flat_map(|item| {
            scores
                .iter()
                .map(move |s| s.get(item).copied().unwrap_or(0.0))
        })
        .collect()
}

fn resample_means(items: &[f64], n_members: usize, stream: &mut Stream) -> Vec<f64> {
    let n = items.len() / n_members.max(1);
    let mut sums = vec![0.0; n_members];
    for _ in 0..n {
        let start = stream.next_index(n) * n_members;
        let row = items.get(start..start + n_members).unwrap_or_default();
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, score)| *sum += score);
    }
    sums.iter_mut().for_each(|sum| *sum /= n as f64);
    sums
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

fn describe(
    member: usize,
    pairs: &[PairDifference],
    replicates: &Replicates,
    confidence: Confidence,
) -> Member {
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
    let allowed = replicates
        .leads
        .get(member)
        .map_or(0.0, |all| interpolated_of(all, confidence.level()));
    Member {
        rank_best: 1 + better,
        rank_worst: 1 + others - worse,
        may_be_best: lead <= allowed,
        probability_best: replicates.best.get(member).copied().unwrap_or(0.0),
        largest_regret: regret,
        lead_of_others: lead,
        lead_allowed: allowed,
    }
}
