//! What the traffic of one candidate asks of its provider's rate limits.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Rates at the peak, and the tier that carries them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateNeed {
    /// Requests per minute.
    pub rpm: f64,
    /// Input tokens per minute, cached ones included.
    pub itpm: f64,
    /// Output tokens per minute.
    pub otpm: f64,
    /// Calls in flight; `None` = the time of a call is not known.
    pub concurrency: Option<f64>,
    /// The first tier that is not too small; `None` = none is, or no limits are known.
    pub tier: Option<String>,
    /// Whether all limits of that tier are known and hold with headroom.
    pub carries: bool,
    /// What it takes to be in that tier, or what follows where there is none.
    pub advice: String,
    /// Who states the limits; `None` = nobody does.
    pub source: Option<String>,
    /// When that was last looked at.
    pub checked: Option<Date>,
}
