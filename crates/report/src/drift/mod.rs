//! Reports of drift checks: the same sentences as text, Markdown, HTML and JSON.
//!
//! In: a `DriftReport`. Out: bytes. Answers are shown side by side only where they are asked for, so that
//! the default can be forwarded. Foreign text is cleaned and escaped as in every other report.

mod export;
mod html;
mod text;
mod view;

pub use export::{Contents, DriftFormat, drift_report};

#[cfg(test)]
mod tests;
