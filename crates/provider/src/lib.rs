//! Calls endpoints and programs: one attempt with honest stamps, over HTTP/1.1 or as a process, and
//! around it limits, retries, a breaker and adaptive concurrency.
//!
//! In: an [`EncodedRequest`] and a [`Secret`]. Out: an `Attempt` of `domain`, the neutral reply
//! and what the vendor said about its rate limits. [`Client`] makes one attempt; [`Lane`] decides
//! when an attempt may start and whether another follows.
//!
//! It does not know vendors' formats (`wire` does), prices, files, the environment or what is
//! worth calling. It never follows a redirect and sends a secret only where it belongs.

mod address;
mod call;
mod cancel;
mod client;
mod clock;
mod collect;
mod config;
mod connect;
mod connection;
mod dial;
mod encoded;
mod error;
mod exchange;
mod fault;
mod head;
mod lane;
mod pool;
mod program;
mod proxy;
mod redact;
mod relay;
mod secret;
mod stamped;
mod tls;
mod trace;
mod tunnel;
mod vectors;
mod veil;
mod watch;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod testkit;

pub use address::{Origin, Scheme};
pub use call::{Attempted, Call};
pub use cancel::Cancel;
pub use client::Client;
pub use clock::Clock;
pub use config::{ClientConfig, ProgramLeave};
pub use connect::{Connect, TcpConnector};
pub use encoded::EncodedRequest;
pub use error::ProviderError;
pub use lane::{
    BreakerConfig, CallOutcome, Lane, LaneCall, LaneConfig, LaneHealth, LaneMemory, LaneStatus,
    Leave, RetryPolicy,
};
pub use program::{Ended, Program, ProgramError, run_program};
pub use proxy::Proxy;
pub use relay::{Part, Relay};
pub use secret::{Renewed, Secret};
pub use trilemma_wire::client::{KeyKind, RateLimits, Vectors, Window};
pub use veil::Veil;
