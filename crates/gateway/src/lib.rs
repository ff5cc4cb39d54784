//! The gateway: serves what was decided.
//!
//! In: requests of clients in OpenAI's dialects (chat completions, Responses, embeddings) and
//! Anthropic's, the upstreams of a checked project,
//! its settings. Out: answers of OpenAI, Azure, Anthropic, Gemini and compatible servers, and for
//! each request a row in the ledger with its evidence, and a trace where the project wants one.
//!
//! Where client and upstream speak one dialect, bytes pass untouched but for the model's name and
//! the fields that the gateway needs; across dialects the request is translated, and what the other
//! dialect has no word for is reported. Until the first visible token has gone out, a failure leads
//! to another attempt; after that the client gets its dialect's error event and a broken body, never
//! a clean end.
//!
//! It reads no environment, no project file and no key; it lets no client choose where it calls.

mod admin;
mod answer;
mod arms;
mod arrival;
mod ask;
mod attempt;
mod beside;
mod blocks;
mod bound;
mod budget;
mod canary;
mod carry;
mod ceiling;
mod challenger;
mod chance;
mod chat;
mod clients;
mod compare;
mod cut;
mod decide;
mod deviation;
mod dispatch;
mod drift;
mod fixed;
mod follow;
mod gateway;
mod guard;
mod guarded;
mod heard;
mod hosted;
mod job;
mod judge;
mod jury;
mod label;
mod listed;
mod listen;
mod live;
mod logprobs;
mod loss;
mod metrics;
mod names;
mod observed;
mod outlet;
mod page;
mod panel;
mod peek;
mod plain;
mod policy;
mod prepare;
mod record;
mod refusal;
mod reserve;
mod room;
mod scored;
mod shadow;
mod spans;
mod spent;
mod sum;
mod texts;
mod traceparent;
mod traces;
mod translate;
mod trial;
mod unrecorded;
mod upstream;
mod vector;
mod weight;
mod words;
mod workers;

#[cfg(test)]
mod fuzz;

pub use admin::serve_admin;
pub use budget::BudgetError;
pub use canary::{AlarmSink, CANARY_NOTE, CanaryParts, canary_told};
pub use challenger::ShadowParts;
pub use deviation::MeasuredRequests;
pub use drift::DriftStanding;
pub use gateway::{Gateway, GatewayParts, LogSink, PolicyInUse};
pub use jury::JuryParts;
pub use listen::{Served, serve};
pub use names::{MeasuredNames, NameKind, NameSink, Names, UnseenName};
pub use panel::Panels;
pub use policy::told_scores;
pub use scored::LiveScorer;
pub use shadow::Shadow;
pub use texts::{Redact, TextParts};
pub use traces::{TraceParts, WarnSink};
pub use upstream::{Upstream, UpstreamParts};
pub use workers::Workers;
