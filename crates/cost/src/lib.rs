//! What calls cost: per request as the vendor bills it, per month of production traffic, and over
//! the months of a decision; what serving one's own weights takes; which rate limits carry the load.
//!
//! In: token counts, dated price rows, stated assumptions. Out: exact decimal dollars, settled once
//! per request to nano-dollars, with the row they rest on. An unknown price gives `None`, never
//! zero. Simulated figures (`risk`) and physical ones (`vram`, `speed`) are floats: they are
//! estimates and never enter a sum of money. Nothing here asks a clock, a file or the network.

mod accepted;
pub mod assume;
mod bill;
mod budget;
mod decimal;
mod effective;
mod forecast;
pub mod limits;
mod month;
pub mod outlook;
mod pricer;
mod problem;
mod request;
pub mod risk;
pub mod selfhost;
pub mod speed;
pub mod tco;
pub mod vram;

pub use accepted::{cascade, mixed, per_accepted_answer};
pub use bill::{Bill, attempt_cost};
pub use budget::{Budget, Reservation};
pub use decimal::{MONTH_DAYS, MONTH_HOURS, decimal_of};
pub use effective::{Caching, EffectivePrices, Retries, TrafficShape, scaled};
pub use forecast::Forecast;
pub use month::{DAYS_PER_MONTH, monthly};
pub use pricer::{PriceBasis, PriceStep, Priced, Pricer};
pub use problem::{Checks, InputProblem};
pub use request::{CostLine, TokenKind, UnitPrice, explained, request_cost, request_lines};
