//! What a policy is to reach, as it is typed.

use trilemma_route::Target;

use crate::context::Context;

/// What a policy is to reach.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Aim {
    /// Quality to keep: `parity` with the best single candidate, or `-1`, `-2`, `-0.5` … points below.
    /// Without it, the project's `target` under `[routing]`, or -1.
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true, value_parser = points)]
    target: Option<Target>,
    /// Reach the best quality for at most this many USD per query on average, instead of a target.
    #[arg(long, value_name = "USD", allow_hyphen_values = true, value_parser = budget, conflicts_with = "target")]
    budget_usd: Option<Target>,
}

impl Aim {
    pub(super) fn target(&self, context: &Context) -> Target {
        self.typed().unwrap_or(context.project.routing.target)
    }

    /// What the command line asks for; `None` = nothing.
    pub(super) fn typed(&self) -> Option<Target> {
        self.budget_usd.or(self.target)
    }

    /// The options that ask for the same once more; empty where none was typed.
    pub(super) fn words(&self) -> String {
        match self.typed() {
            None => String::new(),
            Some(Target::BudgetUsd(most)) => format!(" --budget-usd {most}"),
            Some(Target::Loss(most)) if most <= 0.0 => " --target parity".to_owned(),
            Some(Target::Loss(most)) => format!(" --target -{}", rounded(100.0 * most)),
        }
    }
}

fn rounded(points: f64) -> f64 {
    (points * 1e6).round() / 1e6
}

fn points(typed: &str) -> Result<Target, String> {
    Target::parse(typed).ok_or_else(|| {
        "write `parity`, or points below the best single candidate such as `-1`".to_owned()
    })
}

fn budget(typed: &str) -> Result<Target, String> {
    let usd: f64 = typed
        .parse()
        .map_err(|_| "write an amount such as 0.002".to_owned())?;
    if usd.is_finite() && usd > 0.0 {
        Ok(Target::BudgetUsd(usd))
    } else {
        Err("must be above 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_an_amount_above_nothing() {
        assert_eq!(budget("0.002"), Ok(Target::BudgetUsd(0.002)));
        for wrong in ["0", "-1", "nan", "inf", "x"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
