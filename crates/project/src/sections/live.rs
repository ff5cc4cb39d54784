//! `[serve.texts]`: what a gateway keeps of traffic.

use std::time::Duration;

use trilemma_golden::Redactor;

use crate::live::{Consent, TextSettings};
use crate::problem::Note;
use crate::section::Section;

const CONSENTS: [(&str, Consent); 2] = [("header", Consent::Header), ("assumed", Consent::Assumed)];
const DAY_S: u64 = 86_400;

/// Reads `[serve.texts]`; `None` = nothing is kept.
pub(crate) fn texts(serve: &Section<'_>) -> Option<TextSettings> {
    let section = serve.section("texts")?;
    let share = share(&section);
    if !section.has("consent") {
        section.missing(
            "consent",
            "\"header\" keeps only requests with `x-trilemma-consent: true`, \"assumed\" all that do not opt out",
        );
    }
    let consent = section.word("consent", &CONSENTS);
    let redact: Vec<String> = section
        .strings("redact")
        .unwrap_or_default()
        .into_iter()
        .map(|found| found.value)
        .collect();
    for (idx, problem) in Redactor::new(&redact).err().unwrap_or_default() {
        let pattern = redact.get(idx).map_or("", String::as_str);
        let note = Note::error(format!("`{pattern}` is no usable expression: {problem}"))
            .hint("see the syntax of the Rust `regex` crate");
        section.report("redact", note);
    }
    let days = section.integer("keep_days", 1..=3_650).unwrap_or(30);
    let max_mb = section.integer("max_mb", 1..=1_048_576).unwrap_or(512);
    let max_item_kb = section.integer("max_item_kb", 1..=16_384).unwrap_or(64);
    section.finish();
    Some(TextSettings {
        share: share?,
        consent: consent?,
        redact,
        keep: Duration::from_secs(days * DAY_S),
        max_bytes: max_mb << 20,
        max_item_bytes: max_item_kb << 10,
    })
}

/// A share of requests, which nobody should get without asking for it.
fn share(section: &Section<'_>) -> Option<f64> {
    if !section.has("share") {
        section.missing("share", "a share of requests, such as 0.05");
        return None;
    }
    section.number("share", f64::MIN_POSITIVE..=1.0)
}
