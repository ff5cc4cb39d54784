//! `[providers.NAME]`: endpoints that the catalog does not know, or that override it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::DeValue;
use trilemma_domain::Dialect;

use crate::key::KeySource;
use crate::problem::Note;
use crate::project::KeyHeader;
use crate::section::Section;

const KEY_HEADERS: [(&str, KeyHeader); 2] = [
    ("dialect", KeyHeader::Dialect),
    ("bearer", KeyHeader::Bearer),
];

/// A provider as written; what it leaves out may come from the catalog.
pub(crate) struct ProviderDraft {
    pub(crate) dialect: Option<Dialect>,
    pub(crate) base_url: Option<String>,
    pub(crate) api_key: Option<KeySource>,
    pub(crate) key_header: KeyHeader,
    pub(crate) api_version: Option<String>,
    pub(crate) responses: Option<bool>,
    pub(crate) rpm: Option<u32>,
    pub(crate) tpm: Option<u32>,
}

/// Reads `[providers]`.
pub(crate) fn providers(section: &Section<'_>) -> BTreeMap<String, ProviderDraft> {
    let mut providers = BTreeMap::new();
    for (name, value) in section.entries() {
        let DeValue::Table(table) = value.get_ref() else {
            section.report(&name.value, Note::error("expected a table"));
            continue;
        };
        if name.value.contains('/') {
            section.report(
                &name.value,
                Note::error("a provider's name cannot contain `/`"),
            );
        }
        let path = section.key(&name.value);
        let one = Section::new(table, value.span(), path, section.sink);
        providers.insert(name.value, provider(one));
    }
    providers
}

fn provider(section: Section<'_>) -> ProviderDraft {
    let dialects = Dialect::ALL.map(|dialect| (dialect.name(), dialect));
    let dialect = section.word("dialect", &dialects);
    let draft = ProviderDraft {
        dialect,
        base_url: base_url(&section),
        api_key: key_source(&section, "api_key"),
        key_header: section.word("key_header", &KEY_HEADERS).unwrap_or_default(),
        api_version: section.string("api_version").map(|found| found.value),
        responses: section.boolean("responses"),
        rpm: limit(&section, "rpm"),
        tpm: limit(&section, "tpm"),
    };
    let other = dialect.filter(|one| !matches!(one, Dialect::OpenAi | Dialect::Responses));
    if let (Some(true), Some(dialect)) = (draft.responses, other) {
        let note = Note::error(format!(
            "an endpoint of dialect `{dialect}` does not speak it"
        ))
        .hint("it goes with `dialect = \"openai\"`");
        section.report("responses", note);
    }
    if let (Some(Dialect::Anthropic), Some(url)) = (dialect, &draft.base_url)
        && !ends_in_version(url)
    {
        let note = Note::warning(format!("names no version: calls go to `{url}/messages`")).hint(
            format!("write \"{url}/v1\", which Anthropic's packages add by themselves, unless your server has it otherwise"),
        );
        section.report("base_url", note);
    }
    if dialect == Some(Dialect::Azure) && draft.api_version.is_none() {
        section.missing("api_version", "Azure needs one, such as \"2024-10-21\"");
    }
    section.finish();
    draft
}

/// Whether an address ends like `/v1`.
fn ends_in_version(url: &str) -> bool {
    let last = url.rsplit('/').next().unwrap_or_default();
    last.strip_prefix('v')
        .is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
}

fn limit(section: &Section<'_>, key: &'static str) -> Option<u32> {
    section
        .integer(key, 1..=u64::from(u32::MAX))
        .and_then(|limit| u32::try_from(limit).ok())
}

fn base_url(section: &Section<'_>) -> Option<String> {
    let found = section.string("base_url")?;
    let url = found.value.trim_end_matches('/');
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        None => {
            let note = Note::error("is no web address").hint("begin with https:// or http://");
            section.report("base_url", note);
            None
        }
        Some(rest) if rest.contains('@') => {
            let note = Note::error("contains a user name or password")
                .hint("use `api_key = { env = \"…\" }` instead");
            section.report("base_url", note);
            None
        }
        Some(rest) if rest.is_empty() || rest.contains(['?', '#', ' ']) => {
            section.report("base_url", Note::error("must be host and path only"));
            None
        }
        Some(_) => Some(url.to_owned()),
    }
}

/// Reads where a key comes from; the key itself is refused.
pub(crate) fn key_source(section: &Section<'_>, key: &'static str) -> Option<KeySource> {
    let hint = format!(
        "write `{key} = {{ env = \"NAME\" }}`, `{{ file = \"path\" }}` or `{{ command = [\"program\"] }}`"
    );
    let is_text = section
        .entries()
        .any(|(name, value)| name.value == key && matches!(value.get_ref(), DeValue::String(_)));
    if is_text {
        // The text may be a key: it is neither kept nor repeated in the message.
        if section
            .string(key)
            .is_some_and(|found| found.value == "none")
        {
            return Some(KeySource::None);
        }
        section.report(
            key,
            Note::error("keys do not belong in the project file").hint(hint),
        );
        return None;
    }
    let table = section.section(key)?;
    let env = table.string("env").map(|found| KeySource::Env(found.value));
    let file = table
        .string("file")
        .map(|found| KeySource::File(PathBuf::from(found.value)));
    let command = table
        .strings("command")
        .map(|words| KeySource::Command(words.into_iter().map(|word| word.value).collect()));
    let mut sources = [env, file, command].into_iter().flatten();
    let source = sources.next();
    if source.is_none() || sources.next().is_some() {
        section.report(key, Note::error("needs exactly one source").hint(hint));
    }
    table.finish();
    source
}
