//! Ids, units and plain records that every room of the house shares.
//!
//! In: nothing. Out: types. This crate holds no behaviour beyond keeping its own types valid:
//! no I/O, no clock, no vendor knowledge, no statistics.

mod attempt;
mod candidate;
mod chat;
mod drift;
mod extras;
mod fingerprint;
mod ids;
mod item;
mod judgement;
mod load;
mod logprobs;
mod money;
mod observation;
mod params;
mod pipeline;
mod preference;
mod requirements;
mod review;
mod score;
mod scorer;
mod timing;
mod trial;
mod usage;
mod verdict;

pub use attempt::{Attempt, Failure, FailureKind, FaultSource, Reply, Retry};
pub use candidate::{Candidate, Capability, Dialect, ModelName, OwnPrice, PromptText, Target};
pub use chat::{
    ChatRequest, ChatResponse, FinishReason, Message, Part, ResponseFormat, Role, Tool, ToolCall,
    ToolChoice,
};
pub use drift::{
    DRIFT_SCHEMA_VERSION, DriftCandidate, DriftChannel, DriftDecision, DriftFigure, DriftFinding,
    DriftFlip, DriftName, DriftReport, DriftUnit,
};
pub use extras::{Extras, ItemExtras};
pub use fingerprint::{Fingerprint, FingerprintBuilder, ParseFingerprintError};
pub use ids::{CandidateId, ItemId, LoadTestId, RunId};
pub use item::{Expected, Input, Item};
pub use judgement::{Judgement, JudgementKey, Order, Seat};
pub use load::{
    Arrivals, LoadCandidate, LoadCandidateReport, LoadComparison, LoadConverted, LoadCost,
    LoadGoal, LoadGoodput, LoadMetric, LoadPerceived, LoadPercentiles, LoadPlan, LoadPrompts,
    LoadQuantile, LoadRate, LoadReport, LoadSample, LoadSaturation, LoadStage, LoadStageFigures,
    LoadStageReport, LoadTick, LoadTimes, Slo, SloVerdict, StageEnd, StageStop,
};
pub use logprobs::{LikelyToken, TokenPlace};
pub use money::{MoneyError, NanoUsd, Usd, UsdPerMtok, parted};
pub use observation::{Observation, ObservedState};
pub use params::Params;
pub use pipeline::{Pipeline, PipelineCall, ReplyShape};
pub use preference::Preference;
pub use requirements::{
    CostRequirement, Estimand, LatencyClass, LatencyRequirement, Margin, NotWorseThan,
    PassRateRequirement, PrivacyRequirement, Reference, Requirements, Stakes, TaskKind, Traffic,
    TrainingUse,
};
pub use review::{HumanLabel, HumanWord, ReviewItem};
pub use score::{Score, ScoreError};
pub use scorer::ScorerSpec;
pub use timing::Timing;
pub use trial::{ScoreRecord, ScoredOutcome, Trial, TrialKey, TrialOrigin, TrialOutcome};
pub use usage::{Place, ServiceTier, Usage, UsageSource};
pub use verdict::Verdict;
