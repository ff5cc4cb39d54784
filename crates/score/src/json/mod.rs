//! Finding and reading JSON objects inside foreign text, strictly or leniently.
//!
//! In: an answer's text. Out: `serde_json` values. `search` finds objects in prose, `reader` reads
//! one value, `strings` its string literals, `path` looks up dotted names. No schema, no numbers
//! beyond what JSON has.

mod equal;
mod path;
mod reader;
mod search;
mod strings;

pub(crate) use equal::equal;
pub(crate) use path::lookup;
pub(crate) use reader::Leniency;
#[cfg(any(test, feature = "json-schema"))]
pub(crate) use search::first_value;
pub(crate) use search::objects;

#[cfg(test)]
mod tests;
