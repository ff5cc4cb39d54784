//! Whether a policy keeps its target on items that it has not seen.
//!
//! In: what was realised, and the target. Out: kept, missed, or not settled, by the 95 % interval of the figure that the
//! target is about: the difference to the best single candidate, or USD per query.

use std::fmt;

use trilemma_stats::Estimate;

use super::appraise::Appraisal;
use crate::policy::Standing;
use crate::train::Target;

/// A target beside what was realised.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// What was asked for.
    pub target: Target,
    /// How it stands.
    pub standing: Standing,
    /// Difference of quality to the best single candidate, or USD per query.
    pub point: f64,
    /// The same with its 95 % interval; `None` = there is none.
    pub interval: Option<Estimate>,
}

impl Appraisal {
    /// Holds what was realised to a target.
    #[must_use]
    pub fn against(&self, target: Target) -> Against {
        let (point, interval) = match target {
            Target::Loss(_) => (self.difference_point, self.difference.clone()),
            Target::BudgetUsd(_) => (self.point.cost_usd, self.cost.clone()),
        };
        let side = |is_kept: bool, is_missed: bool| match (is_kept, is_missed) {
            (true, _) => Standing::Kept,
            (false, true) => Standing::Missed,
            (false, false) => Standing::NotSettled,
        };
        let standing = match (target, &interval) {
            (Target::Loss(most), Some(found)) => side(found.low >= -most, found.high < -most),
            (Target::BudgetUsd(most), Some(found)) => side(found.high <= most, found.low > most),
            // All items cost the same.
            (Target::BudgetUsd(most), None) => side(point <= most, point > most),
            (Target::Loss(_), None) => Standing::NotSettled,
        };
        Against {
            target,
            standing,
            point,
            interval,
        }
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target;
        match self.standing {
            Standing::Kept => write!(f, "target {target} is kept: ")?,
            Standing::Missed => write!(f, "target {target} is missed: ")?,
            Standing::NotSettled => write!(f, "target {target} is not settled: ")?,
        }
        let is_points = matches!(target, Target::Loss(_));
        let written = |value: f64| {
            if is_points {
                format!("{:+.1}", 100.0 * value)
            } else {
                format!("{}", format!("{value:.3e}").parse().unwrap_or(value))
            }
        };
        let unit = if is_points {
            " points"
        } else {
            " USD per query"
        };
        write!(f, "{}{unit}", written(self.point))?;
        match &self.interval {
            Some(found) => write!(
                f,
                " ({} to {}, n = {})",
                written(found.low),
                written(found.high),
                found.n
            ),
            None => f.write_str(" (no interval)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::appraise;
    use crate::policy::{Plan, Policy};
    use crate::router::Router;
    use crate::train::tests::examples;

    #[test]
    fn an_interval_beside_a_target_settles_it_or_not() {
        // `tiny` is wrong on a third of the items, and costs 0.0001 USD.
        let all = examples(300, 0);
        let plan = Plan::Single("tiny".into());
        let policy = Policy::new("tiny", all.members.clone(), plan);
        let found = appraise(&Router::new(policy).unwrap(), &all, 1);
        let check = |target: Target, standing: Standing, words: &str| {
            let against = found.against(target);
            assert_eq!(against.standing, standing, "{against}");
            assert!(against.to_string().contains(words), "{against}");
        };
        check(
            Target::Loss(0.01),
            Standing::Missed,
            "target -1 points is missed: -33.3 points (",
        );
        check(Target::Loss(0.33), Standing::NotSettled, "is not settled: ");
        check(Target::Loss(0.5), Standing::Kept, "is kept: ");
        check(
            Target::BudgetUsd(0.001),
            Standing::Kept,
            "kept: 0.0001 USD per query (no interval)",
        );
        check(Target::BudgetUsd(1e-9), Standing::Missed, "is missed");
    }
}
