//! Two arms whose values arrive mixed: contemporaneous differences between them.
//!
//! In: values of either arm in the order in which they arrive. Out: a difference of means whenever both arms
//! have a value since the last one, so that each value is used once and only against what arrived at about
//! the same time. While both arms have the same mean the differences have mean 0 whatever the share of the
//! arms, and however the mean of both moves together; e-processes take them as they come. Conditions: the arm
//! of a value does not depend on the value.

use serde::{Deserialize, Serialize};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arm {
    /// What is in use.
    Control,
    /// What may take its place.
    Challenger,
}

/// Values since the last difference.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Blocks {
    sums: [f64; 2],
    counts: [u32; 2],
}

impl Blocks {
    /// Starts empty.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes a value; gives the mean of the challenger's values less that of the control's, where this one
    /// completes a block. Checked by `blocks_use_each_value_once`.
    pub(crate) fn observe(&mut self, arm: Arm, value: f64) -> Option<f64> {
        let side = match arm {
            Arm::Control => 0,
            Arm::Challenger => 1,
        };
        if let (Some(sum), Some(count)) = (self.sums.get_mut(side), self.counts.get_mut(side)) {
            *sum += value;
            *count = count.saturating_add(1);
        }
        let [control, challenger] = self.counts.map(f64::from);
        if control == 0.0 || challenger == 0.0 {
            return None;
        }
        let [theirs, own] = self.sums;
        *self = Self::new();
        Some(own / challenger - theirs / control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_use_each_value_once() {
        let mut blocks = Blocks::new();
        let differences: Vec<Option<f64>> = [
            (Arm::Control, 1.0),
            (Arm::Control, 0.0),
            (Arm::Challenger, 1.0),
            (Arm::Challenger, 0.0),
            (Arm::Challenger, 0.5),
            (Arm::Control, 1.0),
            (Arm::Control, 0.25),
        ]
        .map(|(arm, value)| blocks.observe(arm, value))
        .into();
        let some = [None, None, Some(0.5), None, None, Some(-0.75), None];
        assert_eq!(differences, some);
    }
}
