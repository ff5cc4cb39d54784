//! The gateway over real sockets, between a plain client and simulated upstreams.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic, and says when it is skipped"
)]

mod budgets;
mod canary;
mod carried;
mod decide;
mod decide_random;
mod dialects;
mod evidence;
mod failover;
mod faults;
mod fuzz;
mod judged;
mod jury;
mod labels;
mod limits;
mod nulls;
mod policies;
mod refused;
mod shadow;
mod slow;
mod support;
mod sure;
mod texts;
mod tiers;
mod traces;
mod trial;
mod unrecorded;
mod vector_policies;
mod vectors;
mod words;
mod worst;
