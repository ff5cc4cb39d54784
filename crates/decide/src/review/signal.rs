//! Strata: where a label is likely to tell something new.
//!
//! In: the scores of an item's answers. Out: one of five strata. Where judges differ, where a score lies near
//! the pass line and where candidates differ, a judge is wrong more often than where all agree; the expected
//! spreads are guesses (rounded from 974 PandaLM items with three people each, where judge and people differ in
//! 30 %), and only steer how many labels a stratum gets. Every stratum gets some.

/// A score this close to the pass line could as well have fallen on its other side.
const NEAR: f64 = 0.15;
/// Judges whose scores are this far apart disagree.
const APART: f64 = 0.3;

/// What scorers said of one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerSignal {
    /// The combined score, in [0, 1].
    pub score: f64,
    /// Whether it passes.
    pub pass: bool,
    /// Largest difference between judges' scores; `None` = fewer than two judges.
    pub judges_apart: Option<f64>,
}

/// One item with its scored answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemSignal {
    /// Position of the item in the run.
    pub item_idx: u32,
    /// Its scored answers.
    pub answers: Vec<AnswerSignal>,
}

/// Where an item belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stratum {
    /// Two judges, or their passes, differ.
    JudgesDiffer,
    /// A score lies near the pass line, without being at an end of the scale.
    NearTheLine,
    /// Some candidates pass, others fail.
    CandidatesDiffer,
    /// Every answer fails.
    AllFail,
    /// Every answer passes.
    AllPass,
}

impl Stratum {
    /// All strata, the most telling first.
    pub const ALL: [Self; 5] = [
        Self::JudgesDiffer,
        Self::NearTheLine,
        Self::CandidatesDiffer,
        Self::AllFail,
        Self::AllPass,
    ];

    /// Puts an item where it belongs; `None` = nothing of it is scored.
    #[must_use]
    pub fn of(item: &ItemSignal, pass_threshold: f64) -> Option<Self> {
        let answers = &item.answers;
        let first = answers.first()?;
        let differ = |answer: &AnswerSignal| answer.judges_apart.is_some_and(|far| far >= APART);
        let near = |answer: &AnswerSignal| {
            answer.score > 0.0 && answer.score < 1.0 && (answer.score - pass_threshold).abs() < NEAR
        };
        Some(if answers.iter().any(differ) {
            Self::JudgesDiffer
        } else if answers.iter().any(near) {
            Self::NearTheLine
        } else if answers.iter().any(|answer| answer.pass != first.pass) {
            Self::CandidatesDiffer
        } else if first.pass {
            Self::AllPass
        } else {
            Self::AllFail
        })
    }

    /// Name in the store and to people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::JudgesDiffer => "judges differ",
            Self::NearTheLine => "near the pass line",
            Self::CandidatesDiffer => "candidates differ",
            Self::AllFail => "all fail",
            Self::AllPass => "all pass",
        }
    }

    /// The stratum of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Expected standard deviation of label minus judge.
    pub(crate) fn spread(self) -> f64 {
        match self {
            Self::JudgesDiffer => 0.5,
            Self::NearTheLine => 0.45,
            Self::CandidatesDiffer => 0.35,
            Self::AllFail => 0.3,
            Self::AllPass => 0.2,
        }
    }
}
