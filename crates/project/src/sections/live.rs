//! `[serve.texts]`, `[serve.shadow]`, `[serve.canary]`, `[serve.traces]`: what a gateway does with traffic beside answering it.

use std::time::Duration;

use trilemma_golden::Redactor;

use crate::key::KeySource;
use crate::live::{
    CanaryJudges, CanarySettings, Consent, ShadowSettings, TextSettings, TraceSettings,
};
use crate::problem::Note;
use crate::section::Section;
use crate::sections::providers::key_source;
use crate::sections::serve::budget;

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

/// Reads `[serve.shadow]`; `None` = nobody is asked beside the one that answers.
pub(crate) fn shadow(serve: &Section<'_>) -> Option<ShadowSettings> {
    let section = serve.section("shadow")?;
    let challenger = section.required_string("challenger", "the `id` of a candidate");
    let share = share(&section);
    if !section.has("budget_usd") {
        section.missing("budget_usd", "what the challenger may spend, such as \"5\"");
    }
    let budget = budget(&section);
    let concurrency = section
        .integer("concurrency", 1..=1_000)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(4);
    let judges = section.boolean("judges").unwrap_or(false);
    section.finish();
    Some(ShadowSettings {
        challenger: challenger?.value,
        share: share?,
        budget: budget?,
        concurrency,
        judges,
    })
}

/// Reads `[serve.canary]`; `None` = nobody gets another answer than before. `has_policy` = somebody answers `auto`.
pub(crate) fn canary(serve: &Section<'_>, has_policy: bool) -> Option<CanarySettings> {
    let section = serve.section("canary")?;
    let of = section.string("of");
    let challenger = section.required_string(
        "challenger",
        "the `id` of a candidate, or the file of a policy, such as \"new.json\"",
    );
    let share = share(&section);
    let ratio = |key| section.number(key, 1.0..=100.0);
    let loss = |key| section.number(key, 0.0..=0.5);
    let settings = CanarySettings {
        of: of.map_or_else(|| "auto".to_owned(), |found| found.value),
        challenger: String::new(),
        share: 0.0,
        false_rollback: section
            .number("false_rollback", 0.0001..=0.5)
            .unwrap_or(0.05),
        max_error_increase: loss("max_error_increase").unwrap_or(0.01),
        max_latency_ratio: ratio("max_latency_ratio").unwrap_or(1.25),
        max_cost_ratio: ratio("max_cost_ratio").unwrap_or(1.1),
        max_quality_loss: loss("max_quality_loss").unwrap_or(0.02),
        judges: canary_judges(&section),
        webhook: key_source(&section, "webhook").filter(|source| *source != KeySource::None),
    };
    if settings.of == "auto" && !has_policy {
        let note = Note::error("nobody answers for `auto`, because `[serve]` names no policy")
            .hint("add `policy = \"policy.json\"` under `[serve]`, or name who is in use: `of = \"…\"`, a candidate's `id`");
        section.report("of", note);
    }
    if challenger
        .as_ref()
        .is_some_and(|found| found.value == settings.of)
    {
        let note = Note::error("is who is in use already: nothing would be tried")
            .hint("name another candidate, or the file of a policy");
        section.report("challenger", note);
    }
    section.finish();
    Some(CanarySettings {
        challenger: challenger?.value,
        share: share?,
        ..settings
    })
}

/// Reads what of `[serve.canary]` is about judges; `None` = none are asked.
fn canary_judges(section: &Section<'_>) -> Option<CanaryJudges> {
    let is_asked = section.boolean("judges").unwrap_or(false);
    let share = section.number("judge_share", f64::MIN_POSITIVE..=1.0);
    let budget = budget(section);
    let concurrency = section.integer("concurrency", 1..=1_000);
    if !is_asked {
        let keys = ["judge_share", "budget_usd", "budget_period", "concurrency"];
        for key in keys.into_iter().filter(|key| section.has(key)) {
            let note = Note::error("is for judges, who are not asked");
            section.report(key, note.hint("add `judges = true`, or leave it out"));
        }
        return None;
    }
    if !section.has("judge_share") {
        section.missing(
            "judge_share",
            "the share of answers that are judged, such as 0.1",
        );
    }
    if !section.has("budget_usd") {
        section.missing("budget_usd", "what the judges may cost, such as \"5\"");
    }
    Some(CanaryJudges {
        share: share?,
        budget: budget?,
        concurrency: concurrency.and_then(|n| u32::try_from(n).ok()).unwrap_or(4),
    })
}

/// Reads `[serve.traces]`; `None` = none are sent.
pub(crate) fn traces(serve: &Section<'_>) -> Option<TraceSettings> {
    let section = serve.section("traces")?;
    let hint = "the address of an OTLP collector, such as \"http://127.0.0.1:4318\"";
    let endpoint = section.required_string("endpoint", hint);
    let is_address = |text: &str| {
        let rest = text
            .strip_prefix("http://")
            .or(text.strip_prefix("https://"));
        rest.is_some_and(|rest| !rest.starts_with(['/', ':', '?']) && !rest.is_empty())
    };
    let endpoint = endpoint.filter(|found| {
        let is_address = is_address(&found.value);
        if !is_address {
            section.report("endpoint", Note::error("is no HTTP address").hint(hint));
        }
        is_address
    });
    let headers = key_source(&section, "headers").filter(|source| *source != KeySource::None);
    let share = section.number("share", f64::MIN_POSITIVE..=1.0);
    let service = section.string("service");
    section.finish();
    Some(TraceSettings {
        endpoint: endpoint?.value,
        headers,
        share: share.unwrap_or(1.0),
        service: service.map_or_else(|| "trilemma".to_owned(), |found| found.value),
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
