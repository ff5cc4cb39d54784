//! A policy's plan in words, one line per node.

use trilemma_domain::CandidateId;
use trilemma_route::{Accept, Judge, Pace, Plan, Policy, QueryModel, Sign};

/// Most lines; a plan written by hand may be of any size.
const MAX_LINES: usize = 40;

/// Says what a policy does.
pub(crate) fn plan_lines(policy: &Policy) -> Vec<String> {
    let mut lines = Vec::new();
    tell(&policy.plan, 0, "", &mut lines);
    if !policy.fallback.is_empty() {
        lines.push(format!("when one fails: {}", names(&policy.fallback)));
    }
    if let Some(n_more) = lines.len().checked_sub(MAX_LINES).filter(|n| *n > 0) {
        lines.truncate(MAX_LINES);
        lines.push(format!("and {n_more} more lines"));
    }
    lines
}

/// Names in backticks, separated by commas.
pub(crate) fn names(ids: &[CandidateId]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}

fn learned(model: &QueryModel) -> Vec<String> {
    let ids: Vec<CandidateId> = (model.quality.iter())
        .map(|one| one.candidate.clone())
        .collect();
    let mut lines = vec![format!(
        "of {} the one with the best expected quality less the price of its expected cost ({})",
        names(&ids),
        price_of_a_point(model.quality_per_usd)
    )];
    if let Some(embedding) = &model.embedding {
        lines.push(format!(
            "the vector of each query is asked of `{}` first",
            embedding.by
        ));
    }
    if let Some(unseen) = &model.unseen {
        lines.push(format!(
            "other tasks than {}: `{}`",
            unseen.tasks.join(", "),
            unseen.then
        ));
    }
    lines
}

fn tell(plan: &Plan, depth: usize, lead: &str, lines: &mut Vec<String>) {
    if lines.len() > 2 * MAX_LINES {
        return;
    }
    let mut say = |text: String| lines.push(format!("{}{lead}{text}", "  ".repeat(depth)));
    match plan {
        Plan::Single(id) => say(format!("`{id}` answers")),
        Plan::Tiers(tiers) => say(format!(
            "by words, cues and code: `{}` where a query looks small, `{}` medium, `{}` large",
            tiers.small, tiers.medium, tiers.large
        )),
        Plan::Learned(model) => learned(model).into_iter().for_each(say),
        Plan::Rules { rules, otherwise } => {
            say("the first rule that holds decides".to_owned());
            for rule in rules {
                tell(&rule.then, depth + 1, &format!("{}: ", rule.name), lines);
            }
            tell(otherwise, depth + 1, "else ", lines);
        }
        Plan::PerTask { tasks, otherwise } => {
            say("by task".to_owned());
            for (task, plan) in tasks {
                tell(plan, depth + 1, &format!("{task}: "), lines);
            }
            tell(otherwise, depth + 1, "others: ", lines);
        }
        Plan::Classify {
            by,
            labels,
            otherwise,
            ..
        } => {
            say(format!("`{by}` names a label"));
            for (label, plan) in labels {
                tell(plan, depth + 1, &format!("{label}: "), lines);
            }
            tell(otherwise, depth + 1, "others: ", lines);
        }
        Plan::Cascade {
            ask,
            pace,
            accept,
            escalate,
            ..
        } => {
            let (how, which) = match (ask.len(), pace) {
                (1, _) => ("", "its"),
                (_, Pace::Together) => (" at the same time", "the first"),
                (_, Pace::InTurn) => (" one after the other", "the first"),
            };
            say(format!(
                "asks {}{how}; {which} answer is given where {}",
                names(ask),
                condition(accept, ask.len())
            ));
            tell(escalate, depth + 1, "else ", lines);
        }
    }
}

/// When an answer of some is given.
fn condition(accept: &Accept, n_asked: usize) -> String {
    match accept {
        Accept::Complete => "it is complete".to_owned(),
        Accept::Agree(n) => format!("{n} of {n_asked} agree"),
        Accept::Judged(judge) => {
            let by = looks(judge);
            format!("asking on would gain too little for its cost{by}")
        }
    }
}

/// What a judge looks at beside agreement and lengths.
fn looks(judge: &Judge) -> String {
    let name = |sign: &Sign| match sign {
        Sign::Logprob(_) => "its log-probability",
        Sign::Votes(_) => "how often it is repeated",
        Sign::Answer(_) => "its text",
        Sign::Query(_) => "the query",
    };
    let names: Vec<&str> = judge.signs.iter().map(name).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", judged by {}", names.join(", "))
    }
}

/// What a point of quality may cost.
pub(crate) fn price_of_a_point(quality_per_usd: f64) -> String {
    if quality_per_usd <= 0.0 {
        return "cost does not count".to_owned();
    }
    format!(
        "a point may cost {} USD per query",
        sig(0.01 / quality_per_usd)
    )
}

/// An amount in USD with three significant digits.
pub(crate) fn sig(amount: f64) -> String {
    if amount == 0.0 || !amount.is_finite() {
        return format!("{amount}");
    }
    let digits = (2 - amount.abs().log10().floor() as i32).clamp(0, 12);
    format!("{amount:.*}", digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits() {
        for (amount, text) in [
            (0.000_213_4, "0.000213"),
            (2.5, "2.50"),
            (123.4, "123"),
            (0.0, "0"),
        ] {
            assert_eq!(sig(amount), text);
        }
    }
}
