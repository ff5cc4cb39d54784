//! A decision for people and machines: one exporter per format. Load tests have a page and a table of
//! their own.
//!
//! In: a [`Decision`](trilemma_decide::Decision) and, if wanted, [`Content`] (items and outputs). Out:
//! bytes: terminal text, a self-contained HTML page, Markdown, JSON, CSV, JUnit XML. Pure: the same
//! report gives the same bytes; nothing here reads a file, a clock or the environment, or computes a
//! figure that the decision does not carry.
//!
//! Model output, ids and reasons are foreign text: each format passes them through its own escaping, and
//! control characters never reach a terminal.

mod chart;
mod content;
mod csv;
mod drift;
mod error;
mod exporter;
mod formats;
mod html;
mod json;
mod junit;
mod load;
mod markdown;
mod number;
mod terminal;
mod text;
mod view;

pub use content::{
    Content, ContentAnswer, ContentBuilder, ContentItem, DEFAULT_CONTENT_BYTES, Room, item_order,
};
pub use drift::{Contents, DriftFormat, drift_report};
pub use error::ReportError;
pub use exporter::{Colour, Exporter, Report, Settings, UndecidedAs};
pub use formats::{FORMATS, format};
pub use load::{load_csv, load_html};
