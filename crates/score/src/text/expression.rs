//! Regular expressions from a project.
//!
//! In: a pattern. Out: a compiled expression of bounded size, or a problem at the option. The
//! `regex` crate matches in time linear in the text.

use regex::{Regex, RegexBuilder};

use crate::options::Options;

/// Largest compiled expression in bytes.
const MAX_COMPILED_BYTES: usize = 4 << 20;

/// Compiles `pattern`, reporting faults at the option `name`.
pub(crate) fn build_regex(
    options: &mut Options<'_>,
    name: &str,
    pattern: &str,
    ignore_case: bool,
) -> Option<Regex> {
    match compile(pattern, ignore_case) {
        Ok(regex) => Some(regex),
        Err(error) => {
            options.problem(
                name,
                format!("`{name}` is no valid expression: {error}"),
                "look-around and back-references do not exist here; see the syntax of the Rust `regex` crate",
            );
            None
        }
    }
}

/// Compiles an expression; the error is one line.
pub(crate) fn compile(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        })
}
