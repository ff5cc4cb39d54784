//! Which kind of policy is wanted, and those that need no training.

use anyhow::anyhow;
use clap::ValueEnum;
use trilemma_domain::CandidateId;
use trilemma_route::{Examples, Frame, Plan, Policy, Tiers};
use trilemma_store::RunManifest;

use crate::context::{Context, InputError};
use crate::routing::{Material, labels};

/// A kind of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Kind {
    /// The cheapest of the next four that reaches the target; labels take part where the project states a classifier.
    #[default]
    Auto,
    /// Estimates of quality and cost from the query alone.
    Query,
    /// Cheap candidates answer; where they do not agree enough, the large one does.
    Cascade,
    /// One cheap candidate answers; where its answer does not read well enough, the large one does.
    Read,
    /// A classifier names a label, and each label has its candidate: `[routing.classifier]`.
    Classify,
    /// The design document's rules: three levels of complexity by words, cues and code.
    Tiers,
    /// The best single candidate of each task.
    PerTask,
    /// The project's own rules, and the best single candidate where none holds.
    Rules,
    /// The best single candidate for everything.
    Single,
}

impl Kind {
    /// Whether it is fitted to outcomes by `trilemma_route::train`.
    pub(super) fn is_learned(self) -> bool {
        matches!(
            self,
            Self::Auto | Self::Query | Self::Cascade | Self::Read | Self::Classify
        )
    }

    /// Whether the classifier of `[routing]` takes part.
    pub(super) fn takes_labels(self) -> bool {
        matches!(self, Self::Auto | Self::Classify)
    }

    /// Whose labels a training of this kind needs.
    ///
    /// # Errors
    /// [`InputError`] where it needs a classifier and the project states none.
    pub(super) fn labels(
        self,
        context: &Context,
        manifest: &RunManifest,
    ) -> anyhow::Result<Vec<CandidateId>> {
        let own = context.project.routing.classifier.as_ref();
        if self != Self::Classify {
            return Ok(if self.takes_labels() {
                labels::of_project(context, manifest)
            } else {
                labels::of_rules(context)
            });
        }
        let Some(own) = own else {
            return Err(anyhow!(InputError(
                "failed to find a classifier: the project states none; hint: add `[routing.classifier]` with `by` (a \
                 candidate with a prompt of its own) and `labels`"
                    .to_owned()
            )));
        };
        let mut all = labels::of_rules(context);
        if !all.contains(&own.by) {
            all.push(own.by.clone());
        }
        Ok(all)
    }

    /// A classifier that is needed takes part.
    ///
    /// # Errors
    /// [`InputError`] says why it does not.
    pub(super) fn demand_labels(
        self,
        context: &Context,
        material: &Material,
    ) -> anyhow::Result<()> {
        let own = context.project.routing.classifier.as_ref();
        let Some(own) = own.filter(|_| self == Self::Classify) else {
            return Ok(());
        };
        let mut left_out = material.gathered.left_out.iter();
        match left_out.find(|one| one.candidate == own.by) {
            None => Ok(()),
            Some(one) => Err(anyhow!(InputError(format!(
                "failed to take labels: `{}` {}",
                one.candidate, one.reason
            )))),
        }
    }

    /// Whether it must be shown to beat the random mix before it is written.
    pub(super) fn must_be_worth_it(self) -> bool {
        !matches!(self, Self::Rules | Self::Single)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Query => "query",
            Self::Cascade => "cascade",
            Self::Read => "read",
            Self::Classify => "classify",
            Self::Tiers => "tiers",
            Self::PerTask => "per-task",
            Self::Rules => "rules",
            Self::Single => "single",
        }
    }
}

/// Makes a policy that needs no training from outcomes: whom it names is chosen by them.
pub(super) fn untrained(
    kind: Kind,
    (name, frame): (&str, &Frame),
    tiers: Option<&Tiers>,
    examples: &Examples,
) -> Policy {
    let id = |member: usize| {
        let member = examples.members.get(member);
        member.map_or_else(|| CandidateId::new(""), |one| one.id.clone())
    };
    let free = frame.free(examples);
    let own = free.as_ref().unwrap_or(examples);
    let best = id(own.best_single());
    let single = || Plan::Single(best.clone());
    let plan = match kind {
        Kind::Tiers => match tiers.cloned().or_else(|| own.tiers()) {
            Some(tiers) => Plan::Tiers(tiers),
            None => single(),
        },
        Kind::PerTask => Plan::PerTask {
            tasks: (own.best_per_task().into_iter())
                .map(|(task, member)| (task, Plan::Single(id(member))))
                .collect(),
            otherwise: Box::new(single()),
        },
        Kind::Rules
        | Kind::Single
        | Kind::Auto
        | Kind::Query
        | Kind::Cascade
        | Kind::Read
        | Kind::Classify => single(),
    };
    let policy = Policy::new(name, examples.members.clone(), plan);
    match kind {
        Kind::Single => Policy {
            fallback: frame.fallback_of(&policy.plan, own.fallback()),
            reads: frame.reads.clone(),
            ..policy
        },
        Kind::Auto
        | Kind::Query
        | Kind::Cascade
        | Kind::Read
        | Kind::Classify
        | Kind::Tiers
        | Kind::PerTask
        | Kind::Rules => examples.with_classifiers(frame.around(policy, own.fallback())),
    }
}
