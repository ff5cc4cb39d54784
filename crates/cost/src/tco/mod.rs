//! Total cost of ownership: what staying and switching cost, month by month.
//!
//! In: monthly costs, one-off work, growth, dated events. Out: a ledger with payback month. All of
//! it decimal and exact; ranges and chances are `risk`'s.

mod ledger;
mod switching;

pub use ledger::{Event, EventKind, Ledger, LedgerPlan, LedgerRow, Running};
pub use switching::{OneOff, Switching};
