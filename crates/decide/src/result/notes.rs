//! What to know beside the figures: what would overturn the choice, and warnings.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Something that would change the recommendation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overturn {
    /// What kind of thing.
    pub kind: OverturnKind,
    /// The candidate it happens to, by position; `None` = none in particular.
    pub candidate: Option<usize>,
    /// Relative move of a price that flips the choice: 0.5 = half as dear again.
    pub price_move: Option<f64>,
    /// About how many more items would show it.
    pub more_items: Option<usize>,
    /// The day on which it happens.
    pub on: Option<Date>,
    /// One sentence.
    pub text: String,
}

/// What kind of thing would change the recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverturnKind {
    /// A price rises or falls.
    PriceMove,
    /// A candidate that would rank before it turns out to meet every requirement.
    UndecidedPreferred,
    /// A model is shut down within twelve months.
    Shutdown,
    /// A price that nobody has looked at lately has moved.
    OldPrice,
    /// Answers get worse, or the name comes to mean another model.
    Drift,
    /// An answer that is missing arrives.
    MissingResults,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// The candidate it concerns, by position; `None` = all.
    pub candidate: Option<usize>,
    /// One or two sentences.
    pub text: String,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Answers are simulated.
    Simulated,
    /// No requirement on quality: the choice is by cost or speed alone.
    NoQualityGate,
    /// The run was a race: candidates that fell out of it are not judged.
    AdaptiveRun,
    /// A candidate only gives labels to queries: it is not judged.
    GivesLabels,
    /// Items are made up: `init` wrote them as a start.
    StarterItems,
    /// The quality/cost ratio would pick a much worse candidate.
    RatioMisleads,
    /// The best of several looks better than it is.
    WinnersCurse,
    /// A candidate would meet everything had it been tried alone, but not as one of many.
    Multiplicity,
    /// The chosen candidate is worse on the items of some tag.
    WorseSlice,
    /// Few items.
    FewItems,
    /// One answer per item: how answers vary is not known.
    SingleRepeat,
    /// Scores rest on a judge that nobody has checked.
    UncheckedJudge,
    /// A judge favours answers for something else than what they say.
    LeaningJudge,
    /// Trials were planned that never ran.
    NotRun,
    /// Calls failed or answers could not be scored.
    MissingResults,
    /// Candidates failed at different rates.
    UnequalErrors,
    /// Candidates refused at different rates.
    UnequalRefusals,
    /// Many answers were cut at the token limit.
    Truncated,
    /// Another model answered than the one asked for.
    ServedOther,
    /// The model name may come to mean another model.
    MovingName,
    /// The model is gone, or will be within twelve months.
    Ending,
    /// Prices were last looked at more than 30 days before.
    OldPrice,
    /// Prices were last looked at more than 90 days before.
    StalePrice,
    /// The price is unknown.
    PriceUnknown,
    /// The cost of some calls is unknown.
    UnpricedCalls,
    /// Token counts are estimates.
    EstimatedUsage,
    /// Terms hold only under conditions.
    TermsCondition,
    /// Two candidates rank the same.
    Tie,
}
