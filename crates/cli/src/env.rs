//! The environment: the only reads of it in the program.

use std::ffi::OsString;
use std::path::PathBuf;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where the running program lies; `None` = the system does not say.
pub(crate) fn program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Whether colours are unwanted (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    read("NO_COLOR").is_some()
}

/// A variable as it is; `None` = unset or empty.
pub(crate) fn raw(name: &str) -> Option<OsString> {
    read(name)
}

/// A variable as text; `None` = unset, empty or no text.
pub(crate) fn text(name: &str) -> Option<String> {
    read(name).and_then(|value| value.into_string().ok())
}

/// The first of several spellings that is set.
pub(crate) fn first(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(name))
}
