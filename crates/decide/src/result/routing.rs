//! A routed mix, and what routing is worth.

use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

use crate::figure::Figure;

/// What routing is worth, on items that no policy had seen when it decided on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// Position of the candidate that the mix became; `None` = none is proposed.
    pub candidate: Option<usize>,
    /// Why none is proposed, a sentence; `None` = one is.
    pub reason: Option<String>,
    /// What was trained; `None` = nothing was.
    pub kind: Option<RoutingKind>,
    /// What it was to reach, such as `-1 points`.
    pub target: String,
    /// Items that it was trained and judged on.
    pub n: usize,
    /// Items of the decision.
    pub n_items: usize,
    /// Folds: each item is decided by policies that were trained on the others.
    pub n_folds: usize,
    /// What the policy does that is made of all items, one line per step.
    pub plan: Vec<String>,
    /// Area above the random mix as a share of the oracle's; `None` = it cannot be computed.
    pub area: Option<Figure>,
    /// Pass rate less that of the random mix of single candidates at the same cost.
    pub above_mix: Option<Figure>,
    /// Share of items of which the mix takes more than one step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<Figure>,
    /// Each candidate alone.
    pub singles: Vec<RoutePoint>,
    /// The corners of the random mix of them, cheapest first.
    pub mix: Vec<RoutePoint>,
    /// The policy at each target, cheapest first.
    pub curve: Vec<RoutePoint>,
    /// The cheapest right answer to each item, by hindsight: never a target.
    pub oracle: Option<RoutePoint>,
    /// What went where; disagreements of the mix with the best single candidate first, then the rest.
    pub items: Vec<RouteItem>,
    /// Items that are not listed.
    pub n_items_left_out: usize,
    /// Words behind the program's name that make the policy file; `None` = there is nothing to make.
    pub next: Option<String>,
}

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingKind {
    /// Cheap candidates are asked, and a large one where they do not agree enough.
    Cascade,
    /// The query alone decides.
    Query,
}

/// A point of the quality-cost plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoutePoint {
    /// A candidate, a target, or a baseline.
    pub name: String,
    /// Mean cost per query in US dollars.
    pub usd_per_query: Usd,
    /// The same with its 95 % interval, where it is a point of the curve and not all items cost the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_interval: Option<Figure>,
    /// Pass rate with its 95 % interval.
    pub pass_rate: Figure,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteItem {
    /// Its position among the items of the decision.
    pub item: usize,
    /// Its name.
    pub id: String,
    /// Positions of the candidates asked, step by step.
    pub asked: Vec<Vec<usize>>,
    /// Position of the one whose answer was given; `None` = nobody answered.
    pub answered_by: Option<usize>,
    /// Whether the answer given passes.
    pub passes: bool,
    /// Whether the best single candidate's passes.
    pub best_passes: bool,
    /// Cost of all calls in US dollars.
    pub usd: Usd,
    /// Why, in words.
    pub why: String,
}
