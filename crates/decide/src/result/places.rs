//! Candidates and items side by side: frontier, slices, and items on which candidates disagree.

use serde::{Deserialize, Serialize};
use trilemma_domain::ItemId;

use super::standing::SliceComparison;
use crate::figure::Figure;

/// What a frontier weighs against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Pass rate; more is better.
    PassRate,
    /// Cost per query; less is better.
    Cost,
    /// Median of the whole answer's time; less is better.
    E2eP50,
    /// 95th percentile of the whole answer's time; less is better.
    E2eP95,
}

/// Candidates that no other beats on all axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// What is weighed.
    pub axes: Vec<Axis>,
    /// Positions of candidates that no other dominates, ascending.
    pub members: Vec<usize>,
    /// The others, each with who dominates it.
    pub dominated: Vec<Dominated>,
    /// Candidates that have no place because a figure is unknown.
    pub unplaced: Vec<Unplaced>,
}

/// A candidate that others beat: at least as good on every axis, better on one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dominated {
    /// Its position.
    pub candidate: usize,
    /// Who dominates it; members of the frontier only.
    pub by: Vec<usize>,
}

/// A candidate without place on the frontier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Its position.
    pub candidate: usize,
    /// The figures that are unknown.
    pub unknown: Vec<Axis>,
}

/// How a candidate did on one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All its scored answers pass.
    Pass,
    /// None of them passes.
    Fail,
    /// Some pass, some do not.
    Mixed,
    /// Nothing was scored.
    Missing,
}

/// One item on which candidates disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    /// Position of the item.
    pub item_idx: usize,
    /// Its name.
    pub item: ItemId,
    /// How each candidate did, in order.
    pub outcomes: Vec<Outcome>,
}

/// Items on which candidates disagree, the most contested first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Disagreements {
    /// How many there are.
    pub n_items: usize,
    /// The first of them, at most [`Disagreements::MOST`].
    pub items: Vec<Disagreement>,
}

impl Disagreements {
    /// Most items that are listed.
    pub const MOST: usize = 1_000;
}

/// Pass rates on the items that carry one tag: no verdict rests on them, but where the chosen candidate
/// is shown to be worse there, it is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The tag.
    pub tag: String,
    /// Items that carry it.
    pub n_items: usize,
    /// Pass rate of each candidate on them, in order; `None` = nothing was scored.
    pub pass_rates: Vec<Option<Figure>>,
    /// The chosen candidate against the incumbent, or else the best; `None` = no choice, nothing to
    /// compare with, or fewer than ten common items.
    #[serde(default)]
    pub versus: Option<SliceComparison>,
}
