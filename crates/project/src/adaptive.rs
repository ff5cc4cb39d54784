//! `adaptive`: how a benchmark may stop asking candidates that cannot be chosen.
//!
//! In: a word of the project file or the command line. Out: the mode. What each does is said in
//! `trilemma_stats::race`; this crate only names them.

use serde::{Deserialize, Serialize};

/// Which race decides whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adaptive {
    /// Fewest calls; calibrated on recorded outcomes, no guarantee.
    Calibrated,
    /// Least money: cheap candidates first; calibrated, no guarantee.
    Cheapest,
    /// The cheapest candidate that meets every requirement: cheap ones first, given up once they have no
    /// chance; requirements are tested over all items, as in a full run.
    Gates,
    /// Wrong at most 5 times in 100 about these items.
    Certified,
    /// Wrong at most 5 times in 100 about the traffic that these items are a sample of.
    CertifiedTraffic,
}

impl Adaptive {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [
        Self::Calibrated,
        Self::Cheapest,
        Self::Gates,
        Self::Certified,
        Self::CertifiedTraffic,
    ];
    /// A candidate is good enough when its pass rate is below the best by no more than this.
    pub const TOLERANCE: f64 = 0.02;

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Cheapest => "cheapest",
            Self::Gates => "gates",
            Self::Certified => "certified",
            Self::CertifiedTraffic => "certified-traffic",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_json() {
        for mode in Adaptive::ALL {
            assert_eq!(Adaptive::from_name(mode.name()), Some(mode));
            let json = serde_json::to_string(&mode).unwrap();
            assert_eq!(json, format!("\"{}\"", mode.name()));
        }
        assert_eq!(Adaptive::from_name("fast"), None);
    }
}
