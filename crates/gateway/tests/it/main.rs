//! The gateway over real sockets, between a plain client and simulated upstreams.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic, and says when it is skipped"
)]

mod budgets;
mod dialects;
mod faults;
mod limits;
mod policies;
mod support;
mod texts;
mod vectors;
