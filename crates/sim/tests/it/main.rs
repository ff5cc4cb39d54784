//! The simulator as a client sees it: over in-memory pipes under paused time, so that delays are
//! exact and nothing sleeps.

mod answers;
mod client;
mod faults;
mod logs;
mod pace;
mod recorded;
mod sockets;
