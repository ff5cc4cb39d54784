//! What may leave the program.

use std::path::Path;
use std::process::Output;

use crate::support::trilemma;

/// Runs a command on the project in `folder`; it must not panic, nor drive a terminal.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = trilemma(folder, arguments).output().unwrap();
    assert_calm(arguments, &output);
    output
}

/// The same, which must end with this code.
pub(crate) fn expect(folder: &Path, arguments: &[&str], code: i32) -> Output {
    let output = run(folder, arguments);
    assert_code(arguments, &output, code);
    output
}

/// Asserts an exit code and shows what was said otherwise.
pub(crate) fn assert_code(what: &[&str], output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "{what:?}\n{:.2000}\n{:.2000}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Asserts that nothing panicked and that no character drives a terminal.
pub(crate) fn assert_calm(what: &[&str], output: &Output) {
    let err = stderr(output);
    assert!(!err.contains("panicked"), "{what:?}: {err:.2000}");
    assert!(
        output.status.code().is_some(),
        "{what:?}: killed by a signal: {:?}",
        output.status
    );
    assert_plain(what, &err);
    assert_plain(what, std::str::from_utf8(&output.stdout).expect("text"));
}

/// Asserts that no character of a text drives a terminal or reorders what is shown.
pub(crate) fn assert_plain(what: &[&str], text: &str) {
    let found = text.char_indices().find(|(_, c)| {
        let breaks_lines = matches!(c, '\n' | '\t');
        let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (c.is_control() && !breaks_lines) || reorders
    });
    if let Some((at, c)) = found {
        let around: String = text
            .chars()
            .skip(text[..at].chars().count().saturating_sub(60))
            .take(120)
            .collect();
        panic!("{what:?} wrote {c:?}: …{around:?}…");
    }
}

/// What was said.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Data as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}
