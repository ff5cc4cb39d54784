//! A policy of any kind with what it does on items that it was not fitted on.

use anyhow::anyhow;
use trilemma_route::{
    Abstention, Against, Appraisal, Evaluation, Examples, Gives, Options, Policy, Router, Standing,
    Tiers, Trained, Verdict, Watch as _, Way, appraise, cross_appraise, evaluate_watched,
    n_trainings, train,
};

use super::kind::{Kind, untrained};
use super::trainings::Trainings;
use crate::context::InputError;
use crate::printer::Printer;
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
    /// In which way it decides; `None` = it is a single candidate, or not learned.
    pub(super) way: Option<Way>,
    /// What it gives over the best single candidate.
    pub(super) gives: Gives,
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
    (tiers, printer): (Option<&Tiers>, Printer),
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
    let watch = Trainings::begin(printer, 1 + n_trainings(examples));
    let Trained {
        policy,
        way,
        cost_usd,
        ..
    } = train(examples, &options);
    watch.trained();
    let evaluation = evaluate_watched(examples, &options, &watch);
    drop(watch);
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
        way,
        gives: unseen.gives(examples),
        unseen,
        verdict,
        against,
        evaluation: Some(evaluation),
        policy,
    })
}

impl Fitted {
    /// What is said before all else: it passes for worth something, and is not shown to save or gain anything.
    pub(super) fn headline(&self) -> Option<String> {
        let is_refused = matches!(self.verdict, Verdict::Abstain { .. });
        if is_refused || self.gives.is_shown() {
            return None;
        }
        Some(format!(
            "Not shown to give anything over `{}` alone: it {}.",
            self.gives.best, self.gives
        ))
    }

    /// In which way the policy of each fold decides, where several take part: they choose anew.
    pub(super) fn fold_choices(&self) -> Option<Vec<&'static str>> {
        let evaluation = self.evaluation.as_ref()?;
        let names = evaluation.chosen.iter().map(|way| target::way_name(*way));
        (!evaluation.ways.is_empty()).then(|| names.collect())
    }

    /// The same where one of them decides otherwise than the policy of all items.
    pub(super) fn other_choices(&self) -> Option<Vec<&'static str>> {
        let own = target::way_name(self.way);
        let choices = self.fold_choices()?;
        choices.iter().any(|one| *one != own).then_some(choices)
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
        way: None,
        gives: unseen.gives(examples),
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

#[cfg(test)]
mod tests {
    use trilemma_route::{About, Compare, Example, Member, Observation, Plan, Recorded};

    use super::*;

    /// Sixty items on which `large` is right and `small`, at nearly its price, is as often.
    fn examples() -> Examples {
        let outcome = |name: &str, cost_usd| Recorded {
            observation: Observation::text(name, "yes"),
            quality: 1.0,
            cost_usd,
            seconds: None,
            again: Vec::new(),
        };
        let row = |idx: usize| Example {
            id: idx.to_string(),
            text: "what".to_owned(),
            task: None,
            group: None,
            about: About::default(),
            // Now the one costs less, now the other.
            outcomes: vec![
                outcome("large", 0.01),
                outcome(
                    "small",
                    if idx.is_multiple_of(2) {
                        0.009_9
                    } else {
                        0.010_11
                    },
                ),
            ],
            embedded: None,
            labels: Vec::new(),
        };
        Examples {
            members: ["large", "small"].map(Member::named).to_vec(),
            rows: (0..60).map(row).collect(),
            extract: None,
            compare: Compare::Loose,
            embedder: None,
            classifiers: Vec::new(),
        }
    }

    #[test]
    fn what_gives_nothing_over_the_best_single_candidate_says_so_first() {
        let examples = examples();
        let of = |name: &str, verdict: Verdict| {
            let plan = Plan::Single(name.into());
            let policy = Policy::new(name, examples.members.clone(), plan);
            let unseen = appraise(&usable(policy.clone()).unwrap(), &examples, 1);
            Fitted {
                way: None,
                gives: unseen.gives(&examples),
                unseen,
                verdict,
                policy,
                against: None,
                evaluation: None,
            }
        };
        let told = of("small", Verdict::Worth).headline().unwrap();
        assert!(
            told.starts_with("Not shown to give anything over `large` alone: it "),
            "{told}"
        );
        // What is refused says so in its own words.
        let refused = Verdict::Abstain {
            kind: Abstention::Below,
            reason: String::new(),
        };
        assert_eq!(of("small", refused).headline(), None);
    }
}
