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

/// Standard errors by which an estimate must be on the safe side: 80 % one-sided. It is no proof (the
/// evaluation on unseen items gives that), it keeps the choice among many plans from being luck.
pub(super) const CAUTION: f64 = 0.84;
/// Loss that counts as parity: no golden set of ordinary size can tell 0.15 points from none.
const PARITY: f64 = 0.0015;

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

    /// Whether an estimated loss and cost reach it; the loss includes its caution.
    pub(super) fn is_reached(self, loss: f64, cost: f64) -> bool {
        match self {
            Self::Loss(most) => loss <= most.max(PARITY),
            Self::BudgetUsd(most) => cost <= most,
        }
    }

    /// Whether one estimate of (loss, cost) suits better than another.
    pub(super) fn prefers(
        self,
        (loss, cost): (f64, f64),
        (old_loss, old_cost): (f64, f64),
    ) -> bool {
        match self {
            Self::Loss(_) => cost < old_cost,
            Self::BudgetUsd(_) => loss < old_loss,
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
