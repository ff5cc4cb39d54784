//! A policy that is checked and ready to decide: what callers hold.

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

    /// Says what happens first with a request, and what would change that.
    #[must_use]
    pub fn explain(&self, request: &RequestView<'_>) -> Explanation {
        explain::explain(self, request)
    }
}
