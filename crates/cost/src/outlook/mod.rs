//! What choosing each candidate comes to, as one record that is shown, kept and compared.
//!
//! In: nothing; the record is filled by whoever knows traffic, prices and measurements. Out: bills,
//! totals of the months ahead, own servers, rate limits, and every assumption with who stated it.
//! Nothing is calculated here, and `None` always means unknown, never zero.

mod bill;
mod limits;
mod owning;
mod servers;
mod whole;

pub use bill::{Bill, Tokens};
pub use limits::RateNeed;
pub use owning::{Due, DueKind, OneOffCost, Owning, Simulated, SwingCost};
pub use servers::{ApiCrossing, Servers, Stair, TokensPerDay};
pub use whole::{CandidateOutlook, Outlook, StatedFigure};
