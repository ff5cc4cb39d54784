//! `[serve]`: how the gateway serves.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use trilemma_domain::{Dialect, ModelName};

use crate::budget::{Period, ServeBudget};
use crate::key::KeySource;
use crate::problem::Note;
use crate::project::Provider;
use crate::section::Section;
use crate::sections::live;
use crate::sections::providers::key_source;
use crate::serve::{ClientKey, EmbeddingModel, ServeSettings};

const PERIODS: [(&str, Period); 3] = [
    ("day", Period::Day),
    ("month", Period::Month),
    ("total", Period::Total),
];
/// Hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// Reads `[serve]`; `provider` finds the endpoint that a name means.
pub(crate) fn serve(
    section: &Section<'_>,
    provider: &dyn Fn(&str) -> Result<Provider, Note>,
) -> ServeSettings {
    let default = ServeSettings::default();
    let count = |key, most: u32, otherwise: u32| {
        section
            .integer(key, 1..=u64::from(most))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(otherwise)
    };
    let seconds = |key, otherwise| {
        section
            .number(key, 0.001..=86_400.0)
            .map_or(otherwise, Duration::from_secs_f64)
    };
    let max_request_bytes = section
        .integer("max_request_mb", 1..=1_024)
        .map_or(default.max_request_bytes, |mb| mb << 20);
    let settings = ServeSettings {
        listen: address(section, "listen").unwrap_or(default.listen),
        admin: address(section, "admin"),
        // `"none"` is no token.
        token: key_source(section, "token").filter(|source| *source != KeySource::None),
        policy: section
            .string("policy")
            .map(|found| PathBuf::from(found.value)),
        max_attempts: count("max_attempts", 20, default.max_attempts),
        queue_timeout: seconds("queue_timeout_s", default.queue_timeout),
        first_token_timeout: seconds("first_token_timeout_s", default.first_token_timeout),
        answer_timeout: seconds("answer_timeout_s", default.answer_timeout),
        idle_timeout: seconds("idle_timeout_s", default.idle_timeout),
        request_timeout: seconds("request_timeout_s", default.request_timeout),
        drain_timeout: seconds("drain_timeout_s", default.drain_timeout),
        max_request_bytes,
        max_bodies_bytes: bodies(section, max_request_bytes, default.max_bodies_bytes),
        max_connections: count("max_connections", 1_000_000, default.max_connections),
        concurrency: count("concurrency", 100_000, default.concurrency),
        budget: budget(section),
        lease: section.usd("lease_usd").unwrap_or(default.lease),
        keys: keys(section),
        embeddings: embeddings(section, provider),
        score_share: section
            .number("score_share", 0.0..=1.0)
            .unwrap_or(default.score_share),
        texts: live::texts(section),
        shadow: live::shadow(section),
        canary: live::canary(section, section.has("policy")),
        traces: live::traces(section),
    };
    demand_token(section, &settings);
    settings
}

/// Room for all bodies together; at least for one.
fn bodies(section: &Section<'_>, largest: u64, otherwise: u64) -> u64 {
    let Some(mb) = section.integer("max_bodies_mb", 1..=1_048_576) else {
        return otherwise.max(largest);
    };
    let most = mb << 20;
    if most < largest {
        let note = Note::error("is less than a single request may be long")
            .hint("raise it, or lower `max_request_mb`");
        section.report("max_bodies_mb", note);
    }
    most
}

fn address(section: &Section<'_>, key: &'static str) -> Option<SocketAddr> {
    let found = section.string(key)?;
    let address = found.value.parse().ok();
    if address.is_none() {
        let note = Note::error("is no address and port").hint("write it like \"127.0.0.1:8787\"");
        section.report(key, note);
    }
    address
}

pub(super) fn budget(section: &Section<'_>) -> Option<ServeBudget> {
    let period = section.word("budget_period", &PERIODS);
    let limit = section.usd("budget_usd");
    if limit.is_none() && period.is_some() && !section.has("budget_usd") {
        section.report(
            "budget_period",
            Note::error("there is no budget to divide into periods").hint("add `budget_usd`"),
        );
    }
    limit.map(|limit| ServeBudget {
        limit,
        period: period.unwrap_or_default(),
    })
}

fn keys(section: &Section<'_>) -> Vec<ClientKey> {
    let mut names = BTreeSet::new();
    let mut keys: Vec<ClientKey> = Vec::new();
    for one in section.sections("keys") {
        let name = one.required_string("name", "a word for this client in records");
        let digest = one.required_string("sha256", "`printf %s KEY | sha256sum` makes it");
        if let Some(name) = &name
            && !names.insert(name.value.clone())
        {
            one.report("name", Note::error("names another key already"));
        }
        let digest = digest.map(|found| found.value.to_ascii_lowercase());
        let is_digest = |text: &String| {
            text.len() == DIGEST_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if digest.as_ref().is_some_and(|digest| !is_digest(digest)) {
            // What stands there may be the key itself: it is not repeated.
            let note = Note::error("is no SHA-256 in 64 hexadecimal digits")
                .hint("write the hash, never the key: `printf %s KEY | sha256sum`");
            one.report("sha256", note);
        }
        if let Some(other) = keys.iter().find(|key| Some(&key.sha256) == digest.as_ref()) {
            let note = Note::error(format!("is the hash of `{}`'s key already", other.name))
                .hint("give every client a key of its own, or leave one of the two out");
            one.report("sha256", note);
        }
        let budget = budget(&one);
        let rpm = one
            .integer("rpm", 1..=u64::from(u32::MAX))
            .and_then(|rpm| u32::try_from(rpm).ok());
        one.finish();
        if let (Some(name), Some(sha256)) = (name, digest.filter(is_digest)) {
            keys.push(ClientKey {
                name: name.value,
                sha256,
                budget,
                rpm,
            });
        }
    }
    keys
}

fn embeddings(
    section: &Section<'_>,
    provider: &dyn Fn(&str) -> Result<Provider, Note>,
) -> Vec<EmbeddingModel> {
    let mut models: Vec<EmbeddingModel> = Vec::new();
    for one in section.sections("embeddings") {
        let id = one.string("id").map(|found| found.value);
        let price = one.price("price");
        let model = one
            .required_string(
                "model",
                "`provider/model`, such as \"openai/text-embedding-3-small\"",
            )
            .and_then(|found| {
                let model = ModelName::parse(&found.value);
                if model.is_none() {
                    one.report("model", Note::error("is not `provider/model`"));
                }
                model
            });
        if let Some(model) = model {
            match provider(&model.provider) {
                Err(note) => one.report("model", note),
                Ok(found) => demand_openai(&one, &found),
            }
            let id = id.unwrap_or_else(|| model.model.clone());
            if models.iter().any(|other| other.id == id) {
                one.report("id", Note::error(format!("`{id}` is there already")));
            }
            models.push(EmbeddingModel { id, model, price });
        }
        one.finish();
    }
    models
}

/// Only OpenAI's words for embeddings are passed on.
fn demand_openai(section: &Section<'_>, provider: &Provider) {
    match provider.dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {}
        Dialect::Anthropic | Dialect::Gemini => {
            let note = Note::error(format!(
                "an endpoint of dialect `{}` has no `/embeddings` as OpenAI has it",
                provider.dialect
            ))
            .hint("use a provider of dialect openai or azure");
            section.report("model", note);
        }
    }
}

/// Whoever can be reached from elsewhere must know who calls.
fn demand_token(section: &Section<'_>, settings: &ServeSettings) {
    let is_open = settings.token.is_none() && settings.keys.is_empty();
    if is_open && !settings.listen.ip().is_loopback() {
        let note = Note::error("can be reached from other machines, and nothing says who may call")
            .hint("add `token = { env = \"NAME\" }` or `[[serve.keys]]`, or listen on 127.0.0.1");
        section.report("listen", note);
    }
    if settings
        .admin
        .is_some_and(|admin| !admin.ip().is_loopback())
    {
        let note = Note::error("metrics and health take no token")
            .hint("let `admin` listen on 127.0.0.1 and forward it where you need it");
        section.report("admin", note);
    }
}
