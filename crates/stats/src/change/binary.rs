//! Yes or no, item by item: is it more often yes now than before?
//!
//! In: how often each item came out "yes" before and now. Out: the exact p value of this look, given how
//! often each item came out "yes" in all: within an item every order is equally likely while nothing has
//! changed. Items that came out one way only say nothing and cost nothing. Conditions: answers to one
//! item independent, or exchangeable.
//! Source: the exact conditional test of several 2×2 tables (M. Zelen, Biometrika 58 (1971)), weighted.

use crate::error::{StatsError, TooFew};

/// Largest weight of an item; the smallest is 1.
const LARGEST_WEIGHT: u32 = 8;

/// One item: answers of which some are "yes", such as "fails".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BinaryItem {
    /// Answers before.
    pub n_before: u32,
    /// Of these, yes; at most `n_before`.
    pub yes_before: u32,
    /// Answers now.
    pub n_now: u32,
    /// Of these, yes; at most `n_now`.
    pub yes_now: u32,
}

impl BinaryItem {
    fn n(self) -> u32 {
        self.n_before.saturating_add(self.n_now)
    }

    fn yes(self) -> u32 {
        self.yes_before.saturating_add(self.yes_now)
    }

    /// Whether its answers can be told apart and stand on both sides.
    fn says_something(self) -> bool {
        self.n_now > 0 && self.n_before > 0 && self.yes() > 0 && self.yes() < self.n()
    }

    /// How much one more "yes" counts: `(n + 1) / (yes + 1/2) / 2`, rounded, 1 to `largest`.
    ///
    /// Best against a change that turns the same share of "no" into "yes" everywhere; where an item is
    /// often "yes" anyway, another one says little.
    fn weight(self, largest: u32) -> usize {
        let raw = (f64::from(self.n()) + 1.0) / (f64::from(self.yes()) + 0.5) / 2.0;
        raw.round().clamp(1.0, f64::from(largest.max(1))) as usize
    }
}

/// Returns the p value of "no more often yes now than before", in (0, 1].
///
/// `P(T > t) + tie · P(T = t)` with `T = Σ weight_i · yes_now_i`, each `yes_now_i` hypergeometric given the
/// item's totals; weights depend on totals alone. Uniform whatever the items' own rates are, if `tie` is
/// drawn uniformly from (0, 1]; with `tie = 1` it is the ordinary p value. Checked by
/// `exact_p_values_are_those_of_enumeration` and `data_conditional_p_values`.
///
/// # Errors
/// [`StatsError::TooFew`] where no item has answers before and now; [`StatsError::OutOfRange`] for more
/// "yes" than answers.
pub fn binary_p_value(items: &[BinaryItem], tie: f64) -> Result<f64, StatsError> {
    let sum = Sum::of(items, LARGEST_WEIGHT)?;
    let above: f64 = sum.chances.iter().skip(sum.observed + 1).sum();
    let here = sum.chances.get(sum.observed).copied().unwrap_or(0.0);
    Ok((above + tie.clamp(0.0, 1.0) * here).clamp(f64::MIN_POSITIVE, 1.0))
}

/// Returns the p value of "no more often yes now than before", in (0, 1], for many answers per item.
///
/// As [`binary_p_value`] with weights of 1 to `largest_weight` and `tie = 1`. With 1 every answer counts the same, which
/// is best against items that turn to "yes" for good. Checked by `pooled_p_values_are_those_of_enumeration`.
///
/// # Errors
/// As [`binary_p_value`].
pub fn pooled_p_value(items: &[BinaryItem], largest_weight: u32) -> Result<f64, StatsError> {
    let sum = Sum::of(items, largest_weight)?;
    let tail: f64 = sum.chances.iter().skip(sum.observed).sum();
    Ok(tail.clamp(f64::MIN_POSITIVE, 1.0))
}

/// A weighted number of "yes" now, and its distribution given the totals.
struct Sum {
    observed: usize,
    chances: Vec<f64>,
}

impl Sum {
    fn of(items: &[BinaryItem], largest_weight: u32) -> Result<Self, StatsError> {
        check(items)?;
        let (mut observed, mut chances) = (0, vec![1.0]);
        for one in items.iter().filter(|one| one.says_something()) {
            let weight = one.weight(largest_weight);
            observed += weight * one.yes_now as usize;
            chances = convolved(&chances, &hypergeometric(*one), weight);
        }
        Ok(Self { observed, chances })
    }
}

fn check(items: &[BinaryItem]) -> Result<(), StatsError> {
    let compared = items.iter().filter(|one| one.n_before > 0 && one.n_now > 0);
    TooFew::check(compared.count(), 1)?;
    let is_wrong = |one: &&BinaryItem| one.yes_before > one.n_before || one.yes_now > one.n_now;
    match items.iter().find(is_wrong) {
        None => Ok(()),
        Some(one) => Err(StatsError::OutOfRange {
            parameter: "yes",
            value: f64::from(one.yes_before.max(one.yes_now)),
            range: "at most the number of answers",
        }),
    }
}

/// Chances of 0, 1, … "yes" now, given the totals.
fn hypergeometric(item: BinaryItem) -> Vec<f64> {
    let (n, yes, now) = (
        f64::from(item.n()),
        f64::from(item.yes()),
        f64::from(item.n_now),
    );
    let least = (yes + now - n).max(0.0);
    let most = yes.min(now);
    let mut chances = vec![0.0; least as usize];
    // Relative to the least; the ratio of neighbours is elementary.
    let (mut chance, mut sum, mut k) = (1.0, 0.0, least);
    while k <= most {
        chances.push(chance);
        sum += chance;
        chance *= (yes - k) * (now - k) / ((k + 1.0) * (n - yes - now + k + 1.0));
        k += 1.0;
    }
    for chance in &mut chances {
        *chance /= sum;
    }
    chances
}

/// Distribution of a sum, the second part of which counts `weight` each.
fn convolved(chances: &[f64], of_item: &[f64], weight: usize) -> Vec<f64> {
    let most = of_item.len().saturating_sub(1) * weight;
    let mut sum = vec![0.0; chances.len() + most];
    for (k, own) in of_item.iter().enumerate() {
        if *own == 0.0 {
            continue;
        }
        let places = sum.iter_mut().skip(k * weight);
        for (place, chance) in places.zip(chances) {
            *place += own * chance;
        }
    }
    sum
}
