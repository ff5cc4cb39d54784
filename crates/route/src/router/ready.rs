//! A policy that is checked and ready to decide: what callers hold.

use trilemma_domain::CandidateId;

use super::explain::Explanation;
use super::walk::Decision;
use super::{compile, explain, node, walk};
use crate::observe::Observation;
use crate::policy::{Policy, PolicyError};
use crate::request::RequestView;

/// A policy that is checked and ready to decide.
#[derive(Debug)]
pub struct Router {
    pub(super) policy: Policy,
    pub(super) root: node::Node,
    /// Who is asked when the wanted one has failed.
    pub(super) fallback: Vec<node::Member>,
    /// Members whose answers are labels and are never given.
    pub(super) classifiers: Vec<node::Member>,
}

impl Router {
    /// Checks a policy and makes it ready.
    ///
    /// # Errors
    /// [`PolicyError::Problems`] lists everything that is wrong.
    pub fn new(policy: Policy) -> Result<Self, PolicyError> {
        compile::compile(policy).map_err(PolicyError::Problems)
    }

    /// Reads, checks and makes ready.
    ///
    /// # Errors
    /// [`PolicyError`], as [`Policy::read`] and [`Self::new`].
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        Self::new(Policy::read(text)?)
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a candidate is asked for labels: it gets a request of its own and answers nothing.
    #[must_use]
    pub fn gives_labels(&self, candidate: &CandidateId) -> bool {
        self.classifiers.contains(candidate)
    }

    /// Decides what happens next with a request.
    ///
    /// `seen` holds every finished call so far. Calls that are still under way are not in it, so a
    /// caller that asks again early is told to make them: ask again when all calls of the last
    /// step have ended. The order matters only among several calls of the same candidate.
    ///
    /// Ends: each step asks for at least one call that is not in `seen`, or is the last.
    #[must_use]
    pub fn step(&self, request: &RequestView<'_>, seen: &[Observation]) -> Decision {
        walk::walk(self, request, seen)
    }

    /// Whether somebody else answers if a candidate whose answer would be given fails, after what was seen: one of
    /// the fallback chain that has not failed, or an answer that was judged too poor.
    #[must_use]
    pub fn has_others(&self, candidate: &CandidateId, seen: &[Observation]) -> bool {
        let has_failed = |other: &CandidateId| {
            let mut own = seen.iter().filter(|seen| seen.candidate == *other);
            own.any(|seen| !seen.is_answered())
        };
        let mut others = self.fallback.iter().filter(|other| *other != candidate);
        let is_kept =
            |seen: &Observation| seen.is_answered() && !self.classifiers.contains(&seen.candidate);
        others.any(|other| !has_failed(other)) || seen.iter().any(is_kept)
    }

    /// Says what happens first with a request, and what would change that.
    #[must_use]
    pub fn explain(&self, request: &RequestView<'_>) -> Explanation {
        self.explain_after(request, &[])
    }

    /// The same after the vector of its text, or its label, has come.
    #[must_use]
    pub fn explain_after(&self, request: &RequestView<'_>, seen: &[Observation]) -> Explanation {
        explain::explain(self, request, seen)
    }
}
