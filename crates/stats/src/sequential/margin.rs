//! E-values of "the first is worse than the second by the margin or more": anytime non-inferiority.
//!
//! In: paired differences (first minus second) in random order, and a margin. Out: the logarithm of an
//! e-value; the claim "worse by less than the margin" holds at level α once it reaches `ln(1/α)`, at any
//! moment. Works for pass or fail and for graded scores. Knows the size of a golden set: its own mean is
//! settled much earlier than that of the traffic it stands for. Conditions: random order.
//! Source: bets averaged over a grid, I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024), section 5; Ville's
//! inequality.

use super::Population;
use crate::error::check_open_unit;
use crate::paired::Cells;
use crate::{StatsError, TooFew};

/// Number of stakes that are averaged, evenly from `SMALLEST` to `LARGEST`.
const STAKES: u32 = 16;
const SMALLEST: f64 = 0.02;
const LARGEST: f64 = 0.9;
/// Share of the stake that would ruin at the worst difference of -1.
const SHARE_OF_RUIN: f64 = 0.95;

/// Evidence against "mean difference <= -margin" that grows with every item.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginProcess {
    null: f64,
    population: Population,
    log_capitals: Vec<f64>,
    seen: usize,
    sum: f64,
    impossible: bool,
}

impl MarginProcess {
    /// Starts without evidence.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless `0 <= margin < 1`.
    pub fn new(margin: f64, population: Population) -> Result<Self, StatsError> {
        if margin != 0.0 {
            check_open_unit("margin", margin)?;
        }
        Ok(Self {
            null: -margin,
            population,
            log_capitals: vec![0.0; STAKES as usize],
            seen: 0,
            sum: 0.0,
            impossible: false,
        })
    }

    /// Takes the difference of the next item, in [-1, 1].
    ///
    /// Each capital is multiplied by `1 + λ (d - μ)`, μ the mean of the next difference under the null;
    /// of a finite set `λ <= 0.95 / (1 + μ)`, and a null that the differences seen rule out counts as
    /// rejected.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] for a difference outside [-1, 1] or NaN, [`StatsError::LengthMismatch`]
    /// beyond the last item of the population; the evidence then stays as it was.
    pub fn observe(&mut self, difference: f64) -> Result<(), StatsError> {
        if !(-1.0..=1.0).contains(&difference) {
            return Err(StatsError::OutOfRange {
                parameter: "difference",
                value: difference,
                range: "between -1 and 1",
            });
        }
        self.population.check(self.seen + 1)?;
        let next = self.population.mean_of_next(self.null, self.seen, self.sum);
        if next < -1.0 {
            self.impossible = true;
        } else {
            let ruin = match self.population {
                Population::Source => f64::INFINITY,
                Population::Finite(_) => SHARE_OF_RUIN / (1.0 + next),
            };
            for (capital, stake) in self.log_capitals.iter_mut().zip(stakes()) {
                *capital += (stake.min(ruin) * (difference - next)).ln_1p();
            }
        }
        self.seen += 1;
        self.sum += difference;
        self.impossible |= self.is_impossible();
        Ok(())
    }

    /// Returns the logarithm of the e-value; infinite when the null is ruled out for certain.
    #[must_use]
    pub fn log_e_value(&self) -> f64 {
        if self.impossible {
            return f64::INFINITY;
        }
        log_mean_exp(&self.log_capitals)
    }

    /// Returns the number of items seen.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Whether even the worst rest of a finite set leaves the mean above the null.
    fn is_impossible(&self) -> bool {
        match self.population {
            Population::Source => false,
            Population::Finite(size) => {
                let rest = size.saturating_sub(self.seen) as f64;
                self.sum - rest > self.null * size as f64 + 1e-9
            }
        }
    }
}

/// Returns the logarithm of the e-value of independent draws, from the counts alone.
///
/// With b, c the discordant counts, n the items and D the margin: `E = mean over λ of (1+λ(1+D))^b (1+λD)
/// ^{n-b-c} (1-λ(1-D))^c`. The same as [`MarginProcess`] on the source, whose order does not matter.
/// Checked by `data_paired_e_processes`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless `0 <= margin < 1`.
pub fn log_margin_e_value(cells: Cells, margin: f64) -> Result<f64, StatsError> {
    TooFew::check(cells.n(), 1)?;
    if margin != 0.0 {
        check_open_unit("margin", margin)?;
    }
    let (b, c) = (cells.only_first as f64, cells.only_second as f64);
    let equal = cells.n() as f64 - b - c;
    let capitals: Vec<f64> = stakes()
        .map(|stake| {
            b * (stake * (1.0 + margin)).ln_1p()
                + equal * (stake * margin).ln_1p()
                + c * (-stake * (1.0 - margin)).ln_1p()
        })
        .collect();
    Ok(log_mean_exp(&capitals))
}

fn stakes() -> impl Iterator<Item = f64> {
    let step = (LARGEST - SMALLEST) / f64::from(STAKES - 1);
    (0..STAKES).map(move |index| SMALLEST + f64::from(index) * step)
}

fn log_mean_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / logs.len() as f64).ln()
}
