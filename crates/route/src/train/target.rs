//! What a policy is to reach.

use std::fmt;

/// What is asked of a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// The least cost at which quality lies at most this far below the best single candidate; 0 =
    /// parity, 0.01 = one point.
    Loss(f64),
    /// The best quality at which a query costs at most this many USD on average.
    BudgetUsd(f64),
}

/// Standard errors by which an estimate must be on the safe side: 80 % one-sided. It is no
/// proof (the evaluation on unseen items gives that), it keeps the choice among many plans from being luck.
const CAUTION: f64 = 0.84;

/// What is expected of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// Loss of quality against the large candidate.
    pub(super) loss: f64,
    /// Its standard error.
    pub(super) sd: f64,
    /// The greatest loss that is expected of any one cheap answer that is given; `None` = the plan looks at no answers.
    pub(super) worst: Option<f64>,
    /// USD per query.
    pub(super) cost: f64,
}

impl Expected {
    /// Loss, some standard errors on the safe side.
    pub(super) fn careful(self) -> f64 {
        self.loss + CAUTION * self.sd
    }
}

impl Target {
    /// Reads `parity`, or points below the best single candidate such as `-1` or `-0.5`; `None` =
    /// neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "parity" {
            return Some(Self::Loss(0.0));
        }
        let points: f64 = text.parse().ok()?;
        // From the decimal as it is written, so that one point is 0.01 and not its neighbour.
        let loss = || (-points * 1e4).round() / 1e6;
        (-100.0..=0.0).contains(&points).then(|| Self::Loss(loss()))
    }

    /// Whether it is reached, carefully estimated.
    ///
    /// Parity of a plan that looks at answers: none is given that is expected to be worse than the large candidate's.
    /// Gains on some items could pay for losses on others; yet of many plans that balance just so by their own
    /// estimates, the cheapest is the one whose estimate errs most, so gains are kept and not spent.
    pub(super) fn is_reached(self, expected: Expected) -> bool {
        match (self, expected.worst) {
            (Self::Loss(most), Some(worst)) if most <= 0.0 => worst <= 0.0,
            (Self::Loss(most), _) => expected.careful() <= most,
            (Self::BudgetUsd(most), _) => expected.cost <= most,
        }
    }

    /// Whether one plan suits better than another.
    pub(super) fn prefers(self, new: Expected, old: Expected) -> bool {
        match self {
            Self::Loss(_) => new.cost < old.cost,
            Self::BudgetUsd(_) => new.careful() < old.careful(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss(most) if *most <= 0.0 => f.write_str("parity"),
            Self::Loss(most) => {
                let points = (1e4 * most).round() / 100.0;
                write!(f, "-{points} points")
            }
            Self::BudgetUsd(most) => write!(f, "{most} USD per query"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_pay_for_losses_where_some_loss_is_allowed_and_not_at_parity() {
        let expected = |worst| Expected {
            loss: -0.02,
            sd: 0.001,
            worst,
            cost: 1.0,
        };
        let parity = Target::Loss(0.0);
        assert!(parity.is_reached(expected(Some(0.0))));
        assert!(!parity.is_reached(expected(Some(0.01))));
        assert!(parity.is_reached(expected(None)));
        assert!(Target::Loss(0.01).is_reached(expected(Some(0.01))));
    }

    #[test]
    fn points_are_read_as_shares() {
        let loss = |loss| Some(Target::Loss(loss));
        assert_eq!(Target::parse("parity"), loss(0.0));
        assert_eq!(Target::parse("0"), loss(0.0));
        assert_eq!(Target::parse("-1"), loss(0.01));
        assert_eq!(Target::parse("-2"), loss(0.02));
        assert_eq!(Target::parse("-0.5"), loss(0.005));
        for wrong in ["1", "nan", "-inf", "-101", "best", ""] {
            assert_eq!(Target::parse(wrong), None, "{wrong}");
        }
    }
}
