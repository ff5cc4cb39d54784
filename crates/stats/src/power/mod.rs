//! Planning: how many items settle a question, and how likely a verdict is with the items at hand.
//!
//! In: plausible true rates, a margin or a bar, a confidence, a wanted power. Out: numbers of items,
//! detectable differences, chances of each verdict. Chances are sums over all possible counts, not
//! simulations; formulas say so where they are normal approximations. Conditions: independent items; with
//! clusters multiply the number of items by the design effect.

mod difference;
mod gate;
mod margin;
mod mcnemar;
mod rates;
mod search;

pub use difference::{detectable_difference, items_for_mcnemar, items_to_detect};
pub use gate::{GateChances, gate_chances, items_for_gate};
pub use margin::{
    MarginChances, items_for_noninferiority, items_for_noninferiority_verdict, margin_chances,
};
pub use mcnemar::mcnemar_power;
pub use rates::DiscordantRates;

#[cfg(test)]
mod tests;
