//! What a judge is asked to do, and who is asked.
//!
//! In: the options `mode`, `against`, `model`, `models`, `combine`, `recheck`. Out: types. A rubric
//! judge grades one answer; a reference judge grades it by the expected one; a pairwise judge sees two
//! answers in both orders and says which is better (Zheng et al. 2023, arXiv 2306.05685, section
//! 3.4: verdicts that change with the order count as a tie).

use trilemma_domain::{ModelName, Order};

use crate::options::Options;

/// Most judges of one scorer.
const MAX_JUDGES: usize = 32;

/// What a judge is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgeTask {
    /// Grade the answer by the rubric; the expected value is shown as a reference where there is one.
    Rubric,
    /// Grade how well the answer agrees with the expected value; items without one do not apply.
    Reference,
    /// Say which of two answers is better.
    Pairwise(Against),
}

/// The other answer of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// The item's expected value.
    Expected,
    /// What the incumbent answered to the same item, at the same repeat.
    Incumbent,
}

/// How several judges make one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// The mean of their scores.
    Mean,
    /// 1 where more than half of them give at least 0.7, 0 where more than half give
    /// less, 0.5 where neither.
    Majority,
}

/// The score from which a judge's vote counts as a pass in a majority.
pub(super) const MAJORITY_PASS: f64 = 0.7;

impl JudgeTask {
    /// The orders in which texts are shown, one call each.
    #[must_use]
    pub fn orders(self) -> &'static [Order] {
        match self {
            Self::Rubric | Self::Reference => &[Order::First],
            Self::Pairwise(_) => &[Order::First, Order::Second],
        }
    }

    /// Reads `mode` and `against`.
    pub(super) fn read(options: &mut Options<'_>) -> Self {
        #[derive(Clone, Copy)]
        enum Mode {
            Rubric,
            Reference,
            Pairwise,
        }
        let modes = [
            ("rubric", Mode::Rubric),
            ("reference", Mode::Reference),
            ("pairwise", Mode::Pairwise),
        ];
        let sides = [
            ("expected", Against::Expected),
            ("incumbent", Against::Incumbent),
        ];
        let mode = options.choice("mode", &modes, Mode::Rubric);
        let against = options.choice("against", &sides, Against::Incumbent);
        match mode {
            Mode::Rubric => Self::Rubric,
            Mode::Reference => Self::Reference,
            Mode::Pairwise => Self::Pairwise(against),
        }
    }
}

impl Combine {
    /// Reads `combine`.
    pub(super) fn read(options: &mut Options<'_>) -> Self {
        let words = [("mean", Self::Mean), ("majority", Self::Majority)];
        options.choice("combine", &words, Self::Mean)
    }
}

/// Reads `model` or `models`; `None` = the problems are in the reader.
pub(super) fn read_models(options: &mut Options<'_>) -> Option<Vec<String>> {
    let (name, models) = match (options.has("model"), options.has("models")) {
        (true, true) => {
            options.problem(
                "models",
                "`model` and `models` are both given",
                "name one judge as `model`, or several as `models`",
            );
            return None;
        }
        (false, true) => ("models", options.texts("models")?),
        _ => ("model", vec![options.required_text("model")?.to_owned()]),
    };
    let mut seen: Vec<&String> = Vec::new();
    for model in &models {
        if ModelName::parse(model).is_none() {
            options.problem(
                name,
                format!("`{model}` names no provider"),
                "write `provider/model`",
            );
        }
        if seen.contains(&model) {
            options.problem(
                name,
                format!("`{model}` is named twice"),
                "`recheck` asks a judge again; a panel has different judges",
            );
        }
        seen.push(model);
    }
    if models.len() > MAX_JUDGES {
        options.problem(
            name,
            format!("`{name}` has {} judges", models.len()),
            format!("name at most {MAX_JUDGES}"),
        );
        return None;
    }
    Some(models)
}
