//! What ranks candidates once requirements have spoken.

use serde::{Deserialize, Serialize};

/// What ranks candidates that meet every gate. A candidate whose value is unknown comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Lowest cost per accepted answer.
    #[default]
    CostPerAccepted,
    /// Lowest cost per query.
    CostPerQuery,
    /// Highest pass rate.
    PassRate,
    /// Lowest median time of the whole answer.
    Latency,
}

impl Preference {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [
        Self::CostPerAccepted,
        Self::CostPerQuery,
        Self::PassRate,
        Self::Latency,
    ];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CostPerAccepted => "cost_per_accepted",
            Self::CostPerQuery => "cost_per_query",
            Self::PassRate => "pass_rate",
            Self::Latency => "latency",
        }
    }

    /// Whether the ranking rests on prices.
    #[must_use]
    pub fn needs_prices(self) -> bool {
        match self {
            Self::CostPerAccepted | Self::CostPerQuery => true,
            Self::PassRate | Self::Latency => false,
        }
    }

    /// Gives the words to show, after "ranked by".
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::CostPerAccepted => "lowest cost per accepted answer",
            Self::CostPerQuery => "lowest cost per query",
            Self::PassRate => "highest pass rate",
            Self::Latency => "lowest median response time",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for one in Preference::ALL {
            let json = serde_json::to_value(one).unwrap();
            assert_eq!(json, one.name());
        }
        assert_eq!(Preference::default(), Preference::ALL[0]);
    }
}
