//! Routing: which candidate answers which query, and what that is worth.
//!
//! In: a policy file ([`Policy`]), a request ([`RequestView`]) and what the candidates asked so far
//! have answered ([`Observation`]). Out: a [`Decision`]: whom to ask next, or which answer to give,
//! and why. One pure step function, [`Router::step`], drives both the evaluation over recorded
//! trials and the gateway, so that what was measured is what is served.
//!
//! Nothing here calls a model, reads a clock or draws a random number: a request's time of day is
//! part of its view, and two equal inputs give equal decisions.

mod features;
mod gather;
mod learn;
mod learned;
mod measure;
mod observe;
mod parallel;
mod policy;
mod request;
mod router;
mod study;
mod train;

pub use gather::{Gather, Gathered, LeftOut};
pub use learned::{
    CostModel, Embedding, EmbeddingWeights, Estimate, Judge, QualityModel, QueryModel, Reader,
    Sign, TreeModel, UnseenTask, Weighing, embedded_text,
};
pub use measure::{
    Abstention, Against, Appraisal, Depth, Evaluation, Frontier, Gives, Held, MIN_ITEMS, N_FOLDS,
    Pair, PairFigures, Point, Served, Task, Verdict, Wait, WaitIntervals, Watch, aiq, appraise,
    cross_appraise, cross_pair, cross_pair_figures, cross_pair_read, evaluate, evaluate_watched,
    held_out_pair, n_trainings, pair, pair_figures, replay,
};
pub use observe::{Observation, Outcome};
pub use policy::{
    Accept, Alone, AskedFor, Between, Compare, CurvePoint, Given, Guard, Labelled, Measured,
    Member, MemberPrice, Modality, Origin, Pace, Plan, Policy, PolicyError, PolicyProblem, Reads,
    Rule, SCHEMA_VERSION, Standing, Tiers, When, embedder_binding, measured_binding,
};
pub use request::RequestView;
pub use router::{
    Call, Case, Decision, Explanation, Flip, NoLabel, NoVector, Router, RuleMet, Step, Tier, Use,
    Why, classify_complexity, normal,
};
pub use study::Study;
pub use train::{
    About, Embedded, Embedder, Example, Examples, Frame, Labels, Options, Recorded, Target,
    Trained, Way, train, train_all,
};
