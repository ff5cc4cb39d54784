//! Load tests against the simulator under paused time, over in-memory pipes.

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod loops;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod support;
