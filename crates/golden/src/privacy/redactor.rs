//! Redaction before texts of other people are kept: wider than what is told of golden sets.
//!
//! In: expressions of the project, texts that must never be kept, a text. Out: the text without them.
//! Rather too much goes than too little: addresses at example domains, long numbers without right check
//! digits and short keys go too. It finds shapes, not meaning: names and postal addresses stay.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use super::scan;

/// What stands in the place of what an expression or a secret of the project's own matched.
const OWN: &str = "[redacted]";
/// Largest compiled expression in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;
/// Shorter texts are no secrets; taking them out would tear every text apart.
const LEAST_SECRET: usize = 6;

/// Shapes beyond those of [`scan`], with what stands in their place.
const WIDE: [(&str, &str); 5] = [
    (
        r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,6}\.[A-Za-z]{2,24}\b",
        "[email]",
    ),
    (r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}", "[secret]"),
    (
        r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}",
        "[secret]",
    ),
    (r"\b[0-9](?:[ -]?[0-9]){12,18}\b", "[number]"),
    (
        r"\b0[0-9]{1,5}[ /-]{1,3}[0-9](?:[ -]?[0-9]){3,9}\b",
        "[phone]",
    ),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    WIDE.iter()
        .filter_map(|(pattern, place)| Some((Regex::new(pattern).ok()?, *place)))
        .collect()
});

/// Takes out of texts what must not be kept.
#[derive(Debug, Default)]
pub struct Redactor {
    own: Vec<Regex>,
    secrets: Vec<String>,
}

impl Redactor {
    /// Compiles expressions of the project, in the syntax of the Rust `regex` crate.
    ///
    /// # Errors
    /// What is wrong with an expression, with its index.
    pub fn new(patterns: &[String]) -> Result<Self, Vec<(usize, String)>> {
        let mut own = Vec::with_capacity(patterns.len());
        let mut problems = Vec::new();
        for (idx, pattern) in patterns.iter().enumerate() {
            match compile(pattern) {
                Ok(regex) => own.push(regex),
                Err(problem) => problems.push((idx, problem)),
            }
        }
        if problems.is_empty() {
            Ok(Self {
                own,
                secrets: Vec::new(),
            })
        } else {
            Err(problems)
        }
    }

    /// Takes out these texts as well, wherever they stand; those below six bytes are none.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        let usable = |secret: &String| secret.len() >= LEAST_SECRET;
        self.secrets.extend(secrets.into_iter().filter(usable));
        self
    }

    /// Gives the text without what must not be kept; `None` = there is nothing to take out.
    #[must_use]
    pub fn redact(&self, text: &str) -> Option<String> {
        let mut changed: Option<String> = None;
        for secret in &self.secrets {
            let now = changed.as_deref().unwrap_or(text);
            if now.contains(secret.as_str()) {
                changed = Some(now.replace(secret.as_str(), OWN));
            }
        }
        let own = self.own.iter().map(|regex| (regex, OWN));
        for (regex, place) in own {
            changed = replaced(regex, place, changed, text);
        }
        let found = scan::redact(changed.as_deref().unwrap_or(text));
        changed = found.or(changed);
        for (regex, place) in COMPILED.iter() {
            changed = replaced(regex, place, changed, text);
        }
        changed
    }
}

fn replaced(regex: &Regex, place: &str, changed: Option<String>, text: &str) -> Option<String> {
    let now = changed.as_deref().unwrap_or(text);
    if !regex.is_match(now) {
        return changed;
    }
    Some(regex.replace_all(now, regex::NoExpand(place)).into_owned())
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        })?;
    if regex.is_match("") {
        return Err("matches the empty text, and so everywhere".to_owned());
    }
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), WIDE.len());
    }

    #[test]
    fn what_must_not_be_kept_goes() {
        let redactor = Redactor::new(&["EMP-[0-9]{4}".to_owned()])
            .unwrap()
            .with_secrets(["hunter-two".to_owned(), "ab".to_owned()]);
        for (text, left) in [
            ("EMP-1234 of ann@example.com", "[redacted] of [email]"),
            ("mail o'neil@mail.acme.co.uk", "mail [email]"),
            ("the key is sk-abc123def", "the key is [secret]"),
            (
                "Authorization: Bearer abc.def-ghi_jkl",
                "Authorization: [secret]",
            ),
            ("card 4111 1111 1111 1112", "card [number]"),
            ("card 4111 1111 1111 1111", "card [card]"),
            (
                "call 0171 2345678 or +49 30 1234567",
                "call [phone] or [phone]",
            ),
            (
                "hunter-two and hunter-two, ab",
                "[redacted] and [redacted], ab",
            ),
        ] {
            assert_eq!(redactor.redact(text).as_deref(), Some(left));
            assert_eq!(redactor.redact(left), None, "{left}");
        }
        for text in [
            "12 of 500 in 2026",
            "room 0815, call me",
            "a basic question",
        ] {
            assert_eq!(redactor.redact(text), None, "{text}");
        }
    }

    #[test]
    fn expressions_that_cannot_serve_are_told() {
        let problems =
            Redactor::new(&["ok".to_owned(), "(".to_owned(), "x*".to_owned()]).unwrap_err();
        assert_eq!(problems[0].0, 1);
        assert_eq!(
            (problems[1].0, problems[1].1.contains("everywhere")),
            (2, true)
        );
    }
}
