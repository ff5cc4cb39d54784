//! Everything that an evaluation came to, for its three forms.

use trilemma_route::{Appraisal, Evaluation, PairFigures, Target};

use super::fit::Fitted;
use super::kind::Kind;
use crate::routing::Material;

/// Everything that an evaluation came to.
pub(super) struct Sheet<'a> {
    pub(super) material: &'a Material,
    pub(super) fitted: &'a Fitted,
    /// Curve and baselines.
    pub(super) beside: &'a Evaluation,
    pub(super) pair: Option<NamedPair>,
    /// Microseconds of the decisions of an item: median and 99th percentile; `None` = no item.
    pub(super) router_us: Option<[f64; 2]>,
    pub(super) target: Target,
    pub(super) kind: Kind,
    /// Whether a policy file was judged, and not a way of training.
    pub(super) is_file: bool,
    /// Whether the policy file was fitted on these very items.
    pub(super) fitted_on_these: bool,
}

impl Sheet<'_> {
    /// What was judged, by name: parity, -1, -2 and the target, or the one policy.
    pub(super) fn judged(&self) -> Vec<(String, &Appraisal)> {
        match &self.fitted.evaluation {
            Some(evaluation) => (evaluation.held.iter())
                .map(|held| (held.target.to_string(), &held.found))
                .collect(),
            None => vec![(self.fitted.policy.name.clone(), &self.fitted.unseen)],
        }
    }

    /// Name of the best single candidate.
    pub(super) fn best(&self) -> &str {
        &self.beside.best
    }

    /// A candidate's name by its place.
    pub(super) fn member(&self, place: Option<usize>) -> &str {
        let member = place.and_then(|place| self.material.gathered.examples.members.get(place));
        member.map_or("nobody", |one| one.id.as_str())
    }
}

/// A pair with its names.
pub(super) struct NamedPair {
    pub(super) weak: String,
    pub(super) strong: String,
    pub(super) figures: PairFigures,
}
