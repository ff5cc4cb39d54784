//! `[candidates.http]` and `[candidates.command]`: candidates that are no models.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trilemma_domain::{Pipeline, PipelineCall, ReplyShape};

use crate::pipeline::Body;
use crate::problem::Note;
use crate::section::Section;

/// The provider of programs: it has no address, no key and no limits.
pub(crate) const COMMAND_PROVIDER: &str = "command";

/// Programs run by this machine: this many at once unless the project says otherwise.
const PROGRAMS_AT_ONCE: u32 = 4;

/// Headers that say who calls; keys do not belong in a project.
const KEY_HEADERS: [&str; 5] = [
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "proxy-authorization",
];

/// Reads how a candidate is called where it is no model.
pub(crate) fn pipeline(candidate: &Section<'_>) -> Option<Pipeline> {
    let http = candidate.section("http");
    let command = candidate.section("command");
    if http.is_some() && command.is_some() {
        candidate.report(
            "command",
            Note::error("a candidate is called by `http` or by `command`, not by both"),
        );
    }
    if let Some(section) = http {
        let call = PipelineCall::Http {
            path: path(&section),
            headers: headers(&section),
            body: body(&section),
        };
        let answer = place(&section, "answer");
        if answer.is_none() && !is_plain(&section) && !section.has("answer") {
            section.missing(
                "answer",
                "where the answer stands in the reply, such as \"result.answer\"; `plain_text = true` where the whole reply is the answer",
            );
        }
        let shape = shape(&section, answer, |_| None);
        return Some(finished(section, call, shape, None));
    }
    let section = command?;
    let words = |key| {
        let found = section.strings(key).unwrap_or_default();
        found.into_iter().map(|word| word.value).collect()
    };
    let argv: Vec<String> = words("argv");
    if argv.first().is_none_or(|program| program.is_empty()) {
        section.missing(
            "argv",
            "the program and its arguments, such as [\"python3\", \"agent.py\"]",
        );
    }
    let call = PipelineCall::Command {
        argv,
        env: words("env"),
    };
    let answer = if is_plain(&section) {
        None
    } else {
        Some(place(&section, "answer").unwrap_or_else(|| "output".to_owned()))
    };
    let shape = shape(&section, answer, |key| Some(format!("usage.{key}")));
    Some(finished(section, call, shape, Some(PROGRAMS_AT_ONCE)))
}

fn finished(
    section: Section<'_>,
    call: PipelineCall,
    reply: ReplyShape,
    concurrency: Option<u32>,
) -> Pipeline {
    let pipeline = Pipeline {
        call,
        reply,
        version: section.string("version").map(|found| found.value),
        concurrency: section
            .integer("concurrency", 1..=10_000)
            .and_then(|n| u32::try_from(n).ok())
            .or(concurrency),
    };
    section.finish();
    pipeline
}

fn is_plain(section: &Section<'_>) -> bool {
    let is_plain = section.boolean("plain_text").unwrap_or(false);
    if is_plain && section.has("answer") {
        section.report(
            "answer",
            Note::error("the whole reply is the answer: `plain_text = true`")
                .hint("remove one of them"),
        );
    }
    is_plain
}

/// Where figures stand; `usual` = where they stand when the project does not say.
fn shape(
    section: &Section<'_>,
    answer: Option<String>,
    usual: impl Fn(&str) -> Option<String>,
) -> ReplyShape {
    let is_json = answer.is_some();
    let at = |key| {
        let found = place(section, key);
        if found.is_some() && !is_json {
            section.report(key, Note::error("a reply of plain text has no such place"));
        }
        found.or_else(|| usual(key)).filter(|_| is_json)
    };
    let top = |key: &'static str| {
        let own = place(section, key);
        own.or_else(|| usual(key).map(|_| key.to_owned()))
            .filter(|_| is_json)
    };
    ReplyShape {
        input_tokens: at("input_tokens"),
        cache_read_tokens: at("cache_read_tokens"),
        output_tokens: at("output_tokens"),
        reasoning_tokens: at("reasoning_tokens"),
        cost_usd: top("cost_usd"),
        model: top("model"),
        answer,
    }
}

fn place(section: &Section<'_>, key: &'static str) -> Option<String> {
    let place = section.string(key)?.value;
    let is_pointer = place.starts_with('/');
    if !is_pointer && place.split('.').any(str::is_empty) {
        let note = Note::error(format!("`{place}` is no place in a reply"))
            .hint("names and positions with dots, such as \"choices.0.text\", or a JSON pointer");
        section.report(key, note);
        return None;
    }
    Some(place)
}

fn path(section: &Section<'_>) -> String {
    let path = section
        .string("path")
        .map(|found| found.value)
        .unwrap_or_default();
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '#';
    if !path.is_empty() && (!path.starts_with('/') || path.contains(is_odd)) {
        let note = Note::error(format!("`{path}` is no path"))
            .hint("write what follows the provider's `base_url`, such as \"/ask?lang=en\"");
        section.report("path", note);
    }
    path
}

fn headers(section: &Section<'_>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let Some(table) = section.section("headers") else {
        return headers;
    };
    for (name, value) in table.entries() {
        let text = value.get_ref().as_str();
        let is_key = KEY_HEADERS.contains(&name.value.to_ascii_lowercase().as_str());
        match text {
            // The text may be a key: it is neither kept nor repeated in the message.
            Some(_) if is_key => table.report(
                &name.value,
                Note::error("keys do not belong in the project file")
                    .hint("write `api_key = { env = \"NAME\" }` under the provider"),
            ),
            Some(text) => {
                headers.insert(name.value, text.to_owned());
            }
            None => table.report(&name.value, Note::error("expected a string in quotes")),
        }
    }
    headers
}

/// The body as written, `{"input": "{{ input }}"}` where the project writes none.
fn body(section: &Section<'_>) -> Value {
    let body = section
        .json("body")
        .unwrap_or_else(|| json!({ "input": "{{ input }}" }));
    match Body::parse(&body) {
        Err(error) => section.report("body", Note::error(format!("failed to {error}"))),
        Ok(parsed) if !parsed.uses_item() => section.report(
            "body",
            Note::warning("it says nothing of the item, so every request is the same")
                .hint("write `{{ input }}` where the question belongs"),
        ),
        Ok(_) => {}
    }
    body
}
