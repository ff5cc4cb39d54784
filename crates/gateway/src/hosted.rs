//! Tools that run at the vendor: how often a request may search there.
//!
//! In: a request as the upstream gets it. Out: the most searches that it can make, or why nothing
//! bounds what it can cost. Vendors bill searches by piece and feed what they find to the model, so
//! that the bytes of such a request say little about its cost.
//!
//! Source of the words: the vendors' API references, November 2026.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use trilemma_domain::Dialect;

/// Tools of Responses that its client runs.
const RESPONSES_CLIENT: [&str; 6] = [
    "function",
    "custom",
    "local_shell",
    "computer",
    "computer_use_preview",
    "apply_patch",
];
/// Beginnings of Anthropic's tools that its client runs; a date follows.
const ANTHROPIC_CLIENT: [&str; 5] = ["custom", "bash_", "text_editor_", "computer_", "memory_"];
/// Gemini's field for tools that its client runs, in both spellings.
const GEMINI_CLIENT: [&str; 2] = ["functionDeclarations", "function_declarations"];

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    tools: Option<Vec<BTreeMap<&'a str, &'a RawValue>>>,
    #[serde(default)]
    web_search_options: Option<IgnoredAny>,
    #[serde(default)]
    search_parameters: Option<IgnoredAny>,
    #[serde(default)]
    mcp_servers: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    plugins: Option<Vec<IgnoredAny>>,
    /// Others that a router may ask instead, at their prices.
    #[serde(default)]
    models: Option<Vec<IgnoredAny>>,
    #[serde(borrow, default)]
    context_management: Option<&'a RawValue>,
    #[serde(default)]
    max_tool_calls: Option<u64>,
}

impl Fields<'_> {
    /// The first field beside the tools that lets the vendor do more than anything bounds.
    fn boundless(&self) -> Option<&'static str> {
        let is_full =
            |list: &Option<Vec<IgnoredAny>>| list.as_ref().is_some_and(|list| !list.is_empty());
        // A summary of what no longer fits is one more answer.
        let summarises = |raw: &RawValue| raw.get().contains("compact") || raw.get().contains('\\');
        if self.search_parameters.is_some() {
            Some("search_parameters")
        } else if is_full(&self.mcp_servers) {
            Some("mcp_servers")
        } else if is_full(&self.plugins) {
            Some("plugins")
        } else if is_full(&self.models) {
            Some("models")
        } else if self.context_management.is_some_and(summarises) {
            Some("context_management")
        } else {
            None
        }
    }
}

/// Words without which a body has none of these fields, unless a name is written with escapes.
static WORDS: LazyLock<[Finder<'static>; 7]> = LazyLock::new(|| {
    [
        "\"tools\"",
        "search_",
        "mcp_servers",
        "plugins",
        "\"models\"",
        "context_management",
        "\\u",
    ]
    .map(Finder::new)
});

/// Most searches that a request makes at its vendor.
///
/// # Errors
/// What of it nothing bounds, and the way out.
pub(crate) fn most_searches(dialect: Dialect, body: &[u8]) -> Result<u64, String> {
    if !WORDS.iter().any(|word| word.find(body).is_some()) {
        return Ok(0);
    }
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(body) else {
        return Err("its tools cannot be read".to_owned());
    };
    if let Some(name) = fields.boundless() {
        return Err(unbounded(name, "leave it out"));
    }
    // Models that search do so once for each request.
    let mut n = u64::from(fields.web_search_options.is_some());
    let mut has_search = false;
    for tool in fields.tools.unwrap_or_default() {
        let text =
            |name: &str| -> Option<&str> { serde_json::from_str(tool.get(name)?.get()).ok() };
        let kind = text("type").unwrap_or_default();
        match dialect {
            Dialect::OpenAi | Dialect::Azure => {
                if !matches!(kind, "" | "function" | "custom") {
                    return Err(unbounded(kind, "leave it out"));
                }
            }
            Dialect::Responses if kind.starts_with("web_search") => has_search = true,
            Dialect::Responses => {
                if !RESPONSES_CLIENT.contains(&kind) {
                    return Err(unbounded(kind, "leave it out"));
                }
            }
            Dialect::Anthropic if kind.starts_with("web_search_") => {
                let most = tool
                    .get("max_uses")
                    .and_then(|raw| raw.get().parse::<u64>().ok())
                    .ok_or_else(|| unbounded(kind, "give it `max_uses`"))?;
                n = n.saturating_add(most);
            }
            Dialect::Anthropic => {
                let is_clients = ANTHROPIC_CLIENT.iter().any(|start| kind.starts_with(start));
                if !kind.is_empty() && !is_clients {
                    return Err(unbounded(kind, "leave it out"));
                }
            }
            Dialect::Gemini => {
                if let Some(other) = tool.keys().find(|key| !GEMINI_CLIENT.contains(key)) {
                    return Err(unbounded(other, "leave it out"));
                }
            }
        }
    }
    if has_search {
        let most = fields
            .max_tool_calls
            .ok_or_else(|| unbounded("web_search", "state `max_tool_calls`"))?;
        n = n.saturating_add(most);
    }
    Ok(n)
}

fn unbounded(what: &str, hint: &str) -> String {
    let what: String = what.chars().take(60).collect();
    format!("nothing bounds what `{what}` costs at its vendor; hint: {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, body: &str, expected: Result<u64, &str>) {
        let found = most_searches(dialect, body.as_bytes());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{body}"),
            (Err(reason), Err(word)) => assert!(reason.contains(word), "{reason}"),
            (found, _) => panic!("{body}: {found:?}"),
        }
    }

    #[test]
    fn searches_are_bounded_or_refused() {
        use Dialect::{Anthropic, Gemini, OpenAi, Responses};
        let search = r#"{"type":"web_search_20250305","name":"web_search","max_uses":3}"#;
        let own = r#"{"name":"f","input_schema":{"type":"object","tools":1}}"#;
        check(Anthropic, r#"{"messages":[]}"#, Ok(0));
        check(
            Anthropic,
            &format!(r#"{{"tools":[{search},{own}]}}"#),
            Ok(3),
        );
        check(
            Anthropic,
            r#"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#,
            Err("`max_uses`"),
        );
        check(
            Anthropic,
            r#"{"tools":[{"type":"code_execution_20250522","name":"c"}]}"#,
            Err("code_execution_20250522"),
        );
        check(
            Anthropic,
            r#"{"tools":[{"type":"bash_20250124","name":"bash"}]}"#,
            Ok(0),
        );
        check(OpenAi, r#"{"web_search_options":{}}"#, Ok(1));
        check(
            OpenAi,
            r#"{"tools":[{"type":"function","function":{"name":"web_search"}}]}"#,
            Ok(0),
        );
        check(
            OpenAi,
            r#"{"search_parameters":{}}"#,
            Err("search_parameters"),
        );
        check(
            Anthropic,
            r#"{"mcp_servers":[{"type":"url","url":"https://x.example"}]}"#,
            Err("mcp_servers"),
        );
        check(Anthropic, r#"{"mcp_servers":[]}"#, Ok(0));
        check(OpenAi, r#"{"plugins":[{"id":"web"}]}"#, Err("plugins"));
        check(OpenAi, r#"{"models":["dearer"]}"#, Err("models"));
        let edits =
            |kind: &str| format!(r#"{{"context_management":{{"edits":[{{"type":"{kind}"}}]}}}}"#);
        check(
            Anthropic,
            &edits("compact_20260112"),
            Err("context_management"),
        );
        check(Anthropic, &edits("clear_tool_uses_20250919"), Ok(0));
        let tools = r#""tools":[{"type":"web_search"},{"type":"function","name":"f"}]"#;
        check(Responses, &format!("{{{tools}}}"), Err("`max_tool_calls`"));
        check(
            Responses,
            &format!(r#"{{{tools},"max_tool_calls":4}}"#),
            Ok(4),
        );
        check(
            Responses,
            r#"{"tools":[{"type":"file_search"}]}"#,
            Err("file_search"),
        );
        check(
            Gemini,
            r#"{"tools":[{"functionDeclarations":[]},{"googleSearch":{}}]}"#,
            Err("googleSearch"),
        );
        check(Gemini, r#"{"tools":[{"functionDeclarations":[]}]}"#, Ok(0));
        check(
            Responses,
            r#"{"\u0074ools":[{"type":"web_search"}]}"#,
            Err("`max_tool_calls`"),
        );
        check(OpenAi, r#"{"messages":[{"content":"\u00e9"}]}"#, Ok(0));
        // A key written with an escape is no key that can be borrowed: better refused than missed.
        check(
            Anthropic,
            r#"{"tools":[{"\u0074ype":"web_search_20250305"}]}"#,
            Err("cannot be read"),
        );
    }
}
