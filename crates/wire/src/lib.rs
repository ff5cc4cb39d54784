//! Vendor dialects, both directions.
//!
//! [`client`] encodes requests and decodes what vendors answer; [`server`] does the reverse for
//! the simulator and the gateway. In: neutral records of `domain` and bytes. Out: bytes and neutral
//! records. No I/O, no clock, no keys: stamps and secrets belong to `provider`.

pub mod client;
pub mod server;
mod sse;
