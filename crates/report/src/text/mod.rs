//! Makes foreign text harmless for one place of display each.
//!
//! In: any text (ids, reasons, model output). Out: text that is safe in HTML, a JSON block inside
//! HTML, Markdown, CSV, XML or a terminal. Every exporter passes every text through here; nothing
//! else in this crate writes foreign text. What it does not do: judge content.

mod clean;
mod csv;
mod markdown;
mod markup;

pub(crate) use clean::{one_line, several_lines, typeset};
pub(crate) use csv::cell as csv_cell;
pub(crate) use markdown::{inline as markdown_inline, prose as markdown_prose};
pub(crate) use markup::{escape, json_block, prose as html_prose};

#[cfg(test)]
mod tests;
