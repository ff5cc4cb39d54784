//! What calls cost: per request as the vendor bills it, and per month of production traffic.
//!
//! In: token counts and dated price rows. Out: exact decimal dollars, settled once per request to
//! nano-dollars, with the row they rest on. An unknown price gives `None`, never zero. Intervals
//! over many requests are `decide`'s; nothing here is random.

mod month;
mod pricer;
mod request;

pub use month::{DAYS_PER_MONTH, monthly};
pub use pricer::{PriceBasis, PriceStep, Priced, Pricer};
pub use request::request_cost;
