//! The simulator as a client sees it: over in-memory pipes under paused time, so that delays are
//! exact and nothing sleeps.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod client;
#[cfg(test)]
mod damaged;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod pace;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod sockets;
