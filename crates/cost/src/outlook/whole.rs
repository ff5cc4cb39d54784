//! The whole record: the candidates, the servers, the assumptions.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bill::Bill;
use super::limits::RateNeed;
use super::owning::Owning;
use super::servers::Servers;
use crate::assume::{Assumptions, Key};

/// What choosing each candidate comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The day whose prices hold.
    pub as_of: Date,
    /// Months looked at.
    pub months: u32,
    /// Queries on a mean day, as it was stated.
    pub queries_per_day: f64,
    /// The candidates, in the order of the decision.
    pub candidates: Vec<CandidateOutlook>,
    /// Position of the candidate that chances are against: the incumbent, else the cheapest to own.
    pub reference: Option<usize>,
    /// Draws behind P10, P50, P90 and chances; `None` = nothing was simulated.
    pub draws: Option<u32>,
    /// Seed of the draws.
    pub seed: Option<u64>,
    /// Own servers for the open weights among the candidates.
    pub servers: Vec<Servers>,
    /// Every figure that was assumed.
    pub assumptions: Vec<StatedFigure>,
}

/// What one candidate comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateOutlook {
    /// Its month; `None` = a price is unknown.
    pub bill: Option<Bill>,
    /// Its months; `None` = left out, as `left_out` says.
    pub owning: Option<Owning>,
    /// Why it has no total; `None` = it has one.
    pub left_out: Option<String>,
    /// What its traffic asks of rate limits.
    pub rates: RateNeed,
}

/// An assumption with who stated it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedFigure {
    /// Its name under `[assumptions]`.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The figure, with its range where it has one; `None` = not stated and without default.
    pub value: Option<String>,
    /// Who stated it, and for a default why it is what it is.
    pub origin: String,
}

impl StatedFigure {
    /// The figures of a calculation, in the order of the keys.
    #[must_use]
    pub fn all(assumptions: &Assumptions, keys: &[Key]) -> Vec<Self> {
        let one = |key: &Key| {
            let spec = key.spec();
            let assumed = assumptions.get(*key);
            let origin = match &assumed {
                Some(assumed) if assumptions.is_stated(*key) => assumed.origin.to_string(),
                Some(_) => format!("default: {}", spec.reason),
                None => spec.reason.to_owned(),
            };
            Self {
                name: spec.name.to_owned(),
                about: spec.about.trim().trim_end_matches('.').to_owned(),
                value: assumed.map(|assumed| assumed.span.to_string()),
                origin,
            }
        };
        keys.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assume::Origin;

    #[test]
    fn every_assumption_says_who_stated_it() {
        let mut assumptions = Assumptions::default();
        assumptions.state(Key::Months, "6".parse().unwrap(), Origin::Project);
        let keys = [Key::Months, Key::EngDays, Key::QueriesPerDay];
        let all = StatedFigure::all(&assumptions, &keys);
        let shown: Vec<(Option<&str>, &str)> = all
            .iter()
            .map(|one| (one.value.as_deref(), one.origin.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("6"), "project file"),
                (Some("6 (3 to 12)"), "default: editorial"),
                (None, ""),
            ]
        );
    }
}
