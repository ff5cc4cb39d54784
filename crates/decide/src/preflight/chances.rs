//! How likely a verdict is at plausible truths.
//!
//! Exact sums of `stats::power` on the effective number of items. "Meets" is held to the strictest level
//! that the family of all candidates can ask for (`gate::family`); comparisons are those with one other
//! candidate. Shares of
//! items on which two candidates disagree are those of `golden`, but never less than the difference
//! itself needs.

use trilemma_domain::{Margin, NotWorseThan, PassRateRequirement};
use trilemma_golden::{DISCORDANT_HIGH, DISCORDANT_LOW};
use trilemma_stats::Confidence;
use trilemma_stats::power::{DiscordantRates, gate_chances, margin_chances};

use super::types::{Chances, PreflightInput, Role, VerdictChance};
use crate::figure::tidy;
use crate::gate::Level;
use crate::result::GateKind;

/// Differences from the other candidate that are looked at.
const WORSE_BY: [f64; 5] = [0.0, -0.01, -0.02, -0.03, -0.05];
/// Differences from the bar that are looked at.
const AROUND_BAR: [f64; 9] = [0.05, 0.03, 0.02, 0.01, 0.0, -0.01, -0.02, -0.03, -0.05];
/// Pass rate of the reference that a ratio is turned into a margin with.
const USUAL_RATE: f64 = 0.9;

/// The strictest confidence that "not worse" is held to where `n_candidates` run, the reference among
/// them; `None` unless the confidence is in (0, 1).
#[must_use]
pub fn held(confidence: f64, n_candidates: usize) -> Option<Confidence> {
    // The reference is not compared with itself.
    strictest(confidence, n_candidates.saturating_sub(1))
}

/// Chances for every quality requirement that is set.
pub(crate) fn chances(input: &PreflightInput, n: usize) -> Vec<VerdictChance> {
    let mut list = Vec::new();
    let wanted = &input.requirements;
    let n_candidates = input
        .callers
        .iter()
        .filter(|caller| caller.role == Role::Candidate)
        .count();
    if let Some(bar) = &wanted.pass_rate {
        let rows = AROUND_BAR.iter();
        list.extend(rows.filter_map(|d| at_bar(bar, *d, n, n_candidates)));
    }
    if let Some(bar) = &wanted.not_worse_than {
        let rate = wanted.pass_rate.map_or(USUAL_RATE, |bar| bar.min);
        let held = held(bar.confidence, n_candidates);
        let rows = WORSE_BY.iter();
        list.extend(rows.filter_map(|d| at_margin(bar, *d, (n, held?), rate)));
    }
    list
}

/// The strictest level at which one of several candidates may be held to "meets"; `None` unless the confidence
/// is in (0, 1).
#[must_use]
pub fn strictest(confidence: f64, n_candidates: usize) -> Option<Confidence> {
    let plain = Confidence::new(confidence).ok()?;
    Some(Level::strictest(n_candidates).of(plain))
}

fn at_bar(
    bar: &PassRateRequirement,
    difference: f64,
    n: usize,
    n_candidates: usize,
) -> Option<VerdictChance> {
    let confidence = Confidence::new(bar.confidence).ok()?;
    let rate = bar.min + difference;
    let plain = gate_chances(rate, bar.min, n, confidence).ok()?;
    let strict = strictest(bar.confidence, n_candidates)?;
    let strict = gate_chances(rate, bar.min, n, strict).ok()?;
    let chances = three(strict.meets, plain.fails)?;
    Some(VerdictChance {
        gate: GateKind::PassRate,
        true_difference: difference,
        low: chances,
        high: chances,
    })
}

fn at_margin(
    bar: &NotWorseThan,
    difference: f64,
    (n, held): (usize, Confidence),
    rate: f64,
) -> Option<VerdictChance> {
    let confidence = Confidence::new(bar.confidence).ok()?;
    let margin = match bar.margin {
        Margin::Absolute(margin) => margin,
        Margin::Ratio(ratio) => (1.0 - ratio) * rate,
    };
    let at = |discordant: f64| {
        let discordant = discordant.max(difference.abs() + 0.01);
        let rates = DiscordantRates::new(discordant, difference).ok()?;
        let plain = margin_chances(rates, margin, n, confidence).ok()?;
        let strict = margin_chances(rates, margin, n, held).ok()?;
        three(strict.noninferior, plain.inferior)
    };
    Some(VerdictChance {
        gate: GateKind::NotWorseThan,
        true_difference: difference,
        low: at(DISCORDANT_LOW)?,
        high: at(DISCORDANT_HIGH)?,
    })
}

fn three(meets: f64, fails: f64) -> Option<Chances> {
    Some(Chances {
        meets: tidy(meets.clamp(0.0, 1.0))?,
        fails: tidy(fails.clamp(0.0, 1.0))?,
        undecided: tidy((1.0 - meets - fails).clamp(0.0, 1.0))?,
    })
}
