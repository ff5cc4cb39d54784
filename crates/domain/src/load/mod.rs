//! Load tests: what was asked, what each request brought, and what follows from it.
//!
//! A test consists of stages; a stage sends requests to every candidate under one pattern of arrivals.
//! Plans and samples are what the store keeps, so that every figure can be worked out again; the report
//! is what people and programs read.

mod figures;
mod plan;
mod report;
mod sample;
mod seconds;

pub use figures::{
    LoadConverted, LoadPerceived, LoadPercentiles, LoadQuantile, LoadRate, LoadStageFigures,
    LoadTick, LoadTimes,
};
pub use plan::{
    Arrivals, LoadCandidate, LoadGoal, LoadMetric, LoadPlan, LoadPrompts, LoadStage, Slo,
};
pub use report::{
    LoadCandidateReport, LoadComparison, LoadCost, LoadGoodput, LoadReport, LoadSaturation,
    LoadStageReport, SloVerdict,
};
pub use sample::{LoadSample, StageEnd, StageStop};
