//! A policy of any kind with what it does on items that it was not fitted on.

use anyhow::anyhow;
use trilemma_route::{
    Abstention, Appraisal, Evaluation, Examples, Options, Plan, Policy, Router, Tiers, Verdict,
    appraise, cross_appraise, evaluate, train,
};

use super::kind::{Kind, untrained};
use crate::context::InputError;

/// Fewest items of which anything is said, as for the learned kinds.
const MIN_ITEMS: usize = 50;

/// A policy and what is known of it.
pub(super) struct Fitted {
    pub(super) policy: Policy,
    /// What policies made in this way did on items that they had not seen.
    pub(super) unseen: Appraisal,
    /// Whether it is worth more than a random mix.
    pub(super) verdict: Verdict,
    /// The whole study; `None` for kinds that are not learned.
    pub(super) evaluation: Option<Evaluation>,
}

/// Fits.
///
/// # Errors
/// [`InputError`] when the project's rules cannot be used with these candidates, or name none.
pub(super) fn fit(
    kind: Kind,
    examples: &Examples,
    options: &Options,
    tiers: Option<&Tiers>,
) -> anyhow::Result<Fitted> {
    if kind == Kind::Rules && options.frame.rules.is_empty() {
        return Err(anyhow!(InputError(
            "failed to find rules: the project has none; hint: add `[[routing.rules]]` with `name`, `when` and `then`"
                .to_owned()
        )));
    }
    let mut options = options.clone();
    if !kind.takes_labels() {
        options.labels = None;
    }
    (options.queries, options.cascades, options.reads) = match kind {
        Kind::Query => (true, false, false),
        Kind::Cascade => (false, true, false),
        Kind::Read => (false, false, true),
        Kind::Classify => (false, false, false),
        Kind::Auto | Kind::Tiers | Kind::PerTask | Kind::Rules | Kind::Single => (true, true, true),
    };
    let make = |part: &Examples| untrained(kind, (&options.name, &options.frame), tiers, part);
    // Before minutes of work: the rules may name somebody who took no part.
    usable(make(examples))?;
    if !kind.is_learned() {
        return untrained_fit(kind, examples, &options, make);
    }
    let policy = train(examples, &options).policy;
    let evaluation = evaluate(examples, &options);
    let unseen = (evaluation.held.iter())
        .find(|held| held.target == options.target)
        .map(|held| held.found.clone())
        .ok_or_else(|| anyhow!("evaluate the target"))?;
    let verdict = match &evaluation.verdict {
        Verdict::Worth => of_target(&policy, &unseen, &evaluation.best, &options),
        abstain @ Verdict::Abstain { .. } => abstain.clone(),
    };
    Ok(Fitted {
        unseen,
        verdict,
        evaluation: Some(evaluation),
        policy,
    })
}

/// Where the curve as a whole is worth it: whether the policy of this one target is. No policy may have been sure
/// enough to reach it, and one that was may have been wrong.
fn of_target(policy: &Policy, unseen: &Appraisal, best: &str, options: &Options) -> Verdict {
    let target = &options.target;
    if let Plan::Single(_) = policy.plan {
        return Verdict::Abstain {
            kind: Abstention::Nothing,
            reason: format!(
                "no policy is sure enough to reach the target ({target}): `{best}` serves best alone"
            ),
        };
    }
    match verdict(unseen) {
        below @ Verdict::Abstain {
            kind: Abstention::Below,
            ..
        } => below,
        Verdict::Worth | Verdict::Abstain { .. } => Verdict::Worth,
    }
}

fn untrained_fit(
    kind: Kind,
    examples: &Examples,
    options: &Options,
    make: impl Fn(&Examples) -> Policy,
) -> anyhow::Result<Fitted> {
    let policy = make(examples);
    let unseen = match kind {
        // Chosen by hand or by cost alone: nothing was fitted.
        Kind::Tiers => Some(appraise(&usable(policy.clone())?, examples, options.seed)),
        _ => cross_appraise(examples, (&options.name, options.seed), &make),
    };
    let unseen = unseen.ok_or_else(|| anyhow!("use the policies of all folds"))?;
    Ok(Fitted {
        verdict: verdict(&unseen),
        unseen,
        policy,
        evaluation: None,
    })
}

/// Whether one policy beats the random mix at its own cost.
pub(super) fn verdict(found: &Appraisal) -> Verdict {
    let n = found.served.len();
    if n < MIN_ITEMS {
        return Verdict::Abstain {
            kind: Abstention::TooFew,
            reason: format!(
                "{n} items with everybody's outcome are too few: {MIN_ITEMS} are needed"
            ),
        };
    }
    let Some(above) = &found.above_mix else {
        return Verdict::Abstain {
            kind: Abstention::Nothing,
            reason: "it is a single candidate: there is nothing to route".to_owned(),
        };
    };
    let figures = format!(
        "{:+.1} points at equal cost ({:+.1} to {:+.1}, n = {})",
        100.0 * above.point,
        100.0 * above.low,
        100.0 * above.high,
        above.n
    );
    if above.low > 0.0 {
        Verdict::Worth
    } else if above.high < 0.0 {
        Verdict::Abstain {
            kind: Abstention::Below,
            reason: format!("it lies below a random mix of the candidates: {figures}"),
        }
    } else {
        Verdict::Abstain {
            kind: Abstention::NotShown,
            reason: format!(
                "it is not shown to lie above a random mix of the candidates: {figures}"
            ),
        }
    }
}

/// Checks a policy.
///
/// # Errors
/// [`InputError`] with everything that is wrong.
pub(super) fn usable(policy: Policy) -> anyhow::Result<Router> {
    Router::new(policy).map_err(|error| {
        anyhow!(InputError(format!(
            "failed to {error}\nhint: rules and fallback can name candidates that the run has outcomes of"
        )))
    })
}
