//! The plausible truth of a paired comparison.
//!
//! In: share of items on which exactly one of two alternatives is right, and their difference. Out: the
//! two discordant rates, known to be possible.

use serde::{Deserialize, Serialize};

use crate::StatsError;

/// True shares of items on which only the first, or only the second, alternative is right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DiscordantRates {
    only_first: f64,
    only_second: f64,
}

impl DiscordantRates {
    /// Takes the discordant share and the difference (first minus second), both as rates.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless `0 < discordant <= 1` and `|difference| <= discordant`.
    pub fn new(discordant: f64, difference: f64) -> Result<Self, StatsError> {
        if !(discordant > 0.0 && discordant <= 1.0) {
            return Err(StatsError::OutOfRange {
                parameter: "discordant",
                value: discordant,
                range: "above 0 and at most 1",
            });
        }
        if difference.is_nan() || difference.abs() > discordant {
            return Err(StatsError::OutOfRange {
                parameter: "difference",
                value: difference,
                range: "no larger than the discordant share",
            });
        }
        Ok(Self {
            only_first: (discordant + difference) / 2.0,
            only_second: (discordant - difference) / 2.0,
        })
    }

    /// Returns the share of items on which exactly one is right, in (0, 1].
    #[must_use]
    pub fn discordant(self) -> f64 {
        self.only_first + self.only_second
    }

    /// Returns rate of the first minus rate of the second.
    #[must_use]
    pub fn difference(self) -> f64 {
        self.only_first - self.only_second
    }

    /// Variance of one paired difference, `p_d - d²`.
    pub(crate) fn variance(self) -> f64 {
        (self.discordant() - self.difference() * self.difference()).max(0.0)
    }

    /// Share of the discordant items on which the first is right.
    pub(crate) fn first_share(self) -> f64 {
        self.only_first / self.discordant()
    }
}
