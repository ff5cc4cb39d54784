//! The policy file: what it holds, how it is read, hashed and checked.
//!
//! In: JSON that a person or `trilemma route train` wrote. Out: a [`Policy`].
//! `file` is the file as a whole, `plan` what it does, `when` the conditions of its rules. What a
//! well-formed file may still have wrong is found where it is made ready to run ([`crate::Router::new`]).

mod file;
mod plan;
mod problem;
mod when;

pub use file::{
    Alone, AskedFor, CurvePoint, Given, Guard, Measured, Member, MemberPrice, Origin, Policy,
    Reads, SCHEMA_VERSION, Standing, embedder_binding, measured_binding,
};
pub use plan::{Accept, Compare, Labelled, Pace, Plan, Rule, Tiers};
pub use problem::{PolicyError, PolicyProblem};
pub use when::{Between, Modality, When};
pub(crate) use when::{parse_day, parse_hours};
