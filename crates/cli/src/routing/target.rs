//! Whether a policy that was trained for a target is one.
//!
//! In: a trained policy and its target. Out: why it is none, in words that commands and decisions share; names of ways.

use trilemma_route::{Abstention, Plan, Policy, Target, Way};

/// Why a policy is none: it is a single candidate. `cost_usd` is what that costs per query.
pub(crate) fn refusal(
    policy: &Policy,
    cost_usd: f64,
    target: Target,
) -> Option<(Abstention, String)> {
    let Plan::Single(single) = &policy.plan else {
        return None;
    };
    let reason = match target {
        Target::BudgetUsd(most) if cost_usd > most => format!(
            "nobody answers for {target}: the cheapest, `{single}`, costs {} USD",
            super::plan::sig(cost_usd)
        ),
        Target::BudgetUsd(_) => {
            format!("no policy is sure to do better for {target}: `{single}` serves best alone")
        }
        Target::Loss(_) => format!(
            "no policy is sure enough to reach the target ({target}): `{single}` serves best alone"
        ),
    };
    Some((Abstention::Nothing, reason))
}

/// The name of a way, as `--kind` has it.
pub(crate) fn way_name(way: Option<Way>) -> &'static str {
    match way {
        None => "single",
        Some(Way::Query) => "query",
        Some(Way::Agreement) => "cascade",
        Some(Way::Reading) => "read",
        Some(Way::Labels) => "classify",
    }
}

/// How many folds chose what, such as "3 query, 2 cascade"; in the order of the first.
pub(crate) fn counted_ways(names: &[&'static str]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counts.iter_mut().find(|one| one.0 == *name) {
            Some(known) => known.1 += 1,
            None => counts.push((name, 1)),
        }
    }
    let words: Vec<String> = counts
        .iter()
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use trilemma_route::Member;

    use super::*;

    #[test]
    fn a_budget_that_nobody_keeps_is_told_with_the_least_price() {
        let policy = Policy::new(
            "p",
            vec![Member::named("tiny")],
            Plan::Single("tiny".into()),
        );
        let words = |target| refusal(&policy, 0.0001, target).unwrap().1;
        assert_eq!(
            words(Target::BudgetUsd(1e-9)),
            "nobody answers for 0.000000001 USD per query: the cheapest, `tiny`, costs 0.000100 USD"
        );
        assert!(words(Target::BudgetUsd(0.001)).ends_with("`tiny` serves best alone"));
        assert!(words(Target::Loss(0.0)).contains("(parity)"));
    }

    #[test]
    fn folds_are_counted_by_what_they_chose() {
        assert_eq!(counted_ways(&["read", "query", "read"]), "2 read, 1 query");
    }
}
