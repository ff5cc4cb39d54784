//! How likely a requirement will be shown once every item is answered, looked at part of the way.
//!
//! In: what an arm (and its reference) did on the items so far, how many there will be, and the test that the
//! full answers will be put to. Out: the probability that it will be passed. For giving up arms that have no
//! chance: the test itself is taken once, over all items, so its error does not depend on how often one looked
//! or whom one gave up. Conditions: items in random order.
//! Source: predictive probability in the sense of D. J. Spiegelhalter, L. S. Freedman, P. R. Blackburn, Controlled
//! Clinical Trials 7 (1986). Priors: Jeffreys for a pass rate; those of `risk` for discordance rates.

use super::risk::{Wins, predictive, tail_sums};
use crate::Confidence;
use crate::error::{StatsError, TooFew, check_open_unit};
use crate::paired::{Cells, score};
use crate::special::{binomial, gamma};

/// How a claim will be tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Claim {
    /// About the source of the items, one-sided at this confidence.
    OfSource(Confidence),
    /// About the items themselves: known once all are answered.
    OfSet,
}

/// Returns the probability that "at least `bar` pass" will be shown after `items` answers, `passes` of the first
/// `asked` having passed.
///
/// With α = 1 - confidence, shown means that so many passes occur with probability α or less at the bar
/// (Clopper-Pearson). The passes to come are beta-binomial. Checked by
/// `outlook_is_what_comes_of_it`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless the bar is in (0, 1) and
/// `0 <= passes <= asked <= items`.
pub fn chance_of_bar(
    (passes, asked): (f64, usize),
    items: usize,
    bar: f64,
    claim: Claim,
) -> Result<f64, StatsError> {
    TooFew::check(items, 1)?;
    check_open_unit("bar", bar)?;
    if asked > items || !(0.0..=asked as f64).contains(&passes) {
        return Err(StatsError::OutOfRange {
            parameter: "passes",
            value: passes,
            range: "between 0 and the items asked, of all items",
        });
    }
    let wanted = match claim {
        Claim::OfSource(confidence) => {
            binomial::upper_quantile(confidence.alpha(), items, bar) as f64 + 1.0
        }
        Claim::OfSet => (bar * items as f64 - 1e-9).ceil(),
    };
    let missing = (wanted - passes - 1e-9).ceil().max(0.0);
    let rest = items - asked;
    if missing > rest as f64 {
        return Ok(0.0);
    }
    let (a, b) = (passes + 0.5, asked as f64 - passes + 0.5);
    Ok(beta_binomial_tail(rest, (a, b), missing as usize))
}

/// Returns the probability that "not worse by `margin`" will be shown after `items` pairs.
///
/// Shown means `Z(-margin) >= z`, Tango's statistic over all items; about the items themselves that the
/// difference is at least `-margin`. The discordant pairs to come are negative binomial, each way by
/// itself. Checked by `outlook_is_what_comes_of_it`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::OutOfRange`] unless the margin is in (0, 1) and there are no
/// more pairs than items.
pub fn chance_of_margin(
    seen: Cells,
    items: usize,
    margin: f64,
    claim: Claim,
) -> Result<f64, StatsError> {
    TooFew::check(items, 1)?;
    check_open_unit("margin", margin)?;
    let Some(rest) = items.checked_sub(seen.n()) else {
        return Err(StatsError::OutOfRange {
            parameter: "pairs",
            value: seen.n() as f64,
            range: "at most the number of items",
        });
    };
    let shown = |only_first: usize, only_second: usize| match claim {
        Claim::OfSource(confidence) => {
            score(items, only_first, only_second, -margin) >= confidence.z_one_sided()
        }
        Claim::OfSet => only_first as f64 - only_second as f64 >= -margin * items as f64 - 1e-9,
    };
    if rest == 0 {
        return Ok(f64::from(u8::from(shown(
            seen.only_first,
            seen.only_second,
        ))));
    }
    let exposure = seen.n() as f64;
    let losses = predictive(
        wins(seen.only_second),
        exposure + super::risk::WEIGHT,
        rest as f64,
    );
    let at_least = tail_sums(predictive(
        wins(seen.only_first),
        exposure + super::risk::WEIGHT,
        rest as f64,
    ));
    // The more the second wins, the more the first has to.
    let mut needed = 0;
    let mut chance = 0.0;
    for (lost, probability) in losses.iter().enumerate() {
        let only_second = seen.only_second + lost;
        while needed + lost <= rest && !shown(seen.only_first + needed, only_second) {
            needed += 1;
        }
        if needed + lost > rest {
            break;
        }
        chance += probability * at_least.get(needed).copied().unwrap_or(0.0);
    }
    Ok(chance.clamp(0.0, 1.0))
}

fn wins(count: usize) -> Wins {
    Wins {
        sum: count as f64,
        squares: count as f64,
    }
}

/// Probability of `least` or more successes among `n`, their rate having a beta distribution.
fn beta_binomial_tail(n: usize, (a, b): (f64, f64), least: usize) -> f64 {
    let ln_beta = |a: f64, b: f64| gamma::ln_gamma(a) + gamma::ln_gamma(b) - gamma::ln_gamma(a + b);
    // From all successes downwards: the terms that are wanted come first.
    let mut term = ln_beta(a + n as f64, b) - ln_beta(a, b);
    let mut sum = 0.0;
    for k in (least..=n).rev() {
        sum += term.exp();
        let (k, n) = (k as f64, n as f64);
        // P(k - 1) = P(k) · k/(n - k + 1) · (n - k + b)/(k - 1 + a)
        term += (k / (n - k + 1.0) * (n - k + b) / (k - 1.0 + a)).ln();
    }
    sum.clamp(0.0, 1.0)
}
