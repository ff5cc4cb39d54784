//! A policy of any kind with what it does on items that it was not fitted on.

use anyhow::anyhow;
use trilemma_route::{
    Abstention, Against, Appraisal, Evaluation, Examples, Options, Policy, Router, Standing, Tiers,
    Trained, Verdict, appraise, cross_appraise, evaluate, train,
};

use super::kind::{Kind, untrained};
use crate::context::InputError;
use crate::routing::target;

/// Fewest items of which anything is said, as for the learned kinds.
const MIN_ITEMS: usize = 50;

/// A policy and what is known of it.
pub(super) struct Fitted {
    pub(super) policy: Policy,
    /// What policies made in this way did on items that they had not seen.
    pub(super) unseen: Appraisal,
    /// Whether it is worth more than a random mix, and keeps its target.
    pub(super) verdict: Verdict,
    /// What was realised beside the target; `None` = it was made for none.
    pub(super) against: Option<Against>,
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
    let Trained {
        policy,
        way,
        cost_usd,
        ..
    } = train(examples, &options);
    let evaluation = evaluate(examples, &options);
    // Where several ways take part, folds choose anew: what is told of a policy is told of its own way.
    let unseen = match way {
        None => appraise(&usable(policy.clone())?, examples, options.seed),
        Some(way) => {
            let mut ways = evaluation.ways.iter();
            let own = ways.find(|one| one.0 == way).map(|one| &one.1);
            let mut held = evaluation.held.iter();
            let all = held.find(|held| held.target == options.target);
            own.or(all.map(|held| &held.found))
                .cloned()
                .ok_or_else(|| anyhow!("evaluate the target"))?
        }
    };
    let against = way.map(|_| unseen.against(options.target));
    let verdict = match &evaluation.verdict {
        Verdict::Worth => match target::refusal(&policy, cost_usd, options.target) {
            Some((kind, reason)) => Verdict::Abstain { kind, reason },
            None => of_target(&unseen, against.as_ref()),
        },
        abstain @ Verdict::Abstain { .. } => abstain.clone(),
    };
    Ok(Fitted {
        unseen,
        verdict,
        against,
        evaluation: Some(evaluation),
        policy,
    })
}

impl Fitted {
    /// In which way the policy of each fold decides, where several take part: they choose anew.
    pub(super) fn fold_choices(&self) -> Option<Vec<&'static str>> {
        let evaluation = self.evaluation.as_ref()?;
        let names = evaluation.chosen.iter().map(|way| target::way_name(*way));
        (!evaluation.ways.is_empty()).then(|| names.collect())
    }
}

/// Where the curve as a whole is worth it: whether the policy of this one target is.
fn of_target(unseen: &Appraisal, against: Option<&Against>) -> Verdict {
    if let Some(missed) = against.filter(|one| one.standing == Standing::Missed) {
        return Verdict::Abstain {
            kind: Abstention::Missed,
            reason: missed.to_string(),
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
        against: None,
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
