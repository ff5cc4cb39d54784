//! Prompts of promptfoo as templates of ours.
//!
//! In: the `prompts` of a configuration. Out: named templates; a chat in JSON becomes messages with role
//! marks. What Nunjucks can and minijinja cannot is told.

use std::path::Path;

use serde_json::Value;
use trilemma_domain::PromptText;

use crate::setup::draft::Losses;
use crate::setup::source;
use crate::setup::template;

/// Reads all prompts.
pub(super) fn prompts(value: &Value, folder: &Path, losses: &mut Losses) -> Vec<PromptText> {
    let list = match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut prompts: Vec<PromptText> = Vec::new();
    for (idx, entry) in list.iter().enumerate() {
        let place = format!("prompts[{idx}]");
        let (label, raw) = match entry {
            Value::String(text) => (None, text.clone()),
            Value::Object(fields) => {
                let label = fields.get("label").or_else(|| fields.get("id"));
                let raw = fields.get("raw").or_else(|| fields.get("id"));
                (
                    label.map(template::plain),
                    raw.map(template::plain).unwrap_or_default(),
                )
            }
            _ => (None, String::new()),
        };
        let texts = match read(&raw, folder) {
            Ok(texts) => texts,
            Err(why) => {
                losses.add(&place, "prompt", why);
                continue;
            }
        };
        let name = label.unwrap_or_else(|| name_of(&raw));
        for text in texts {
            match convert(&text) {
                Ok(source) => {
                    let name = free_name(&slug(&name), &prompts);
                    prompts.push(PromptText { name, source });
                }
                Err(why) => losses.add(&place, "prompt", why),
            }
        }
    }
    prompts
}

fn free_name(wanted: &str, taken: &[PromptText]) -> String {
    let mut name = wanted.to_owned();
    let mut n = 2;
    while taken.iter().any(|prompt| prompt.name == name) {
        name = format!("{wanted}-{n}");
        n += 1;
    }
    name
}

fn name_of(raw: &str) -> String {
    match raw.strip_prefix("file://") {
        Some(file) => {
            let stem = Path::new(file).file_stem();
            stem.map_or_else(
                || "prompt".to_owned(),
                |stem| stem.to_string_lossy().into_owned(),
            )
        }
        None => "prompt".to_owned(),
    }
}

/// A name of letters, digits, `-` and `_`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "prompt".to_owned()
    } else {
        slug.to_owned()
    }
}

/// The texts behind a prompt: itself, or those of the file that it names.
fn read(raw: &str, folder: &Path) -> Result<Vec<String>, String> {
    let looks_like_file = !raw.contains('\n')
        && [".txt", ".json", ".md", ".j2", ".yaml", ".yml"]
            .iter()
            .any(|end| raw.ends_with(end));
    let Some(name) = raw
        .strip_prefix("file://")
        .or(looks_like_file.then_some(raw))
    else {
        if raw.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        return Ok(vec![raw.to_owned()]);
    };
    if name.contains(['*', '?']) {
        return Err("a pattern of file names is not followed; name each file".to_owned());
    }
    let is_text = [".txt", ".json", ".md", ".j2", ".yaml", ".yml"]
        .iter()
        .any(|end| name.ends_with(end));
    if !is_text {
        return Err(format!(
            "`{name}` is code; write the prompt that it makes as a template"
        ));
    }
    let text = source::inside(folder, name)
        .and_then(|path| source::text(&path).map_err(|error| format!("failed to {error}")))?;
    if name.ends_with(".yaml") || name.ends_with(".yml") {
        let chat = crate::setup::yaml::parse(&text)?;
        return Ok(vec![chat.to_string()]);
    }
    // Several prompts in one file stand apart by `---`.
    Ok(if name.ends_with(".txt") {
        text.split("\n---\n")
            .map(|part| part.trim_matches('\n').to_owned())
            .collect()
    } else {
        vec![text]
    })
}

fn convert(text: &str) -> Result<String, String> {
    let source = match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(messages)) => chat(&messages)?,
        _ => text.to_owned(),
    };
    let (names, foreign) = template::names(&source);
    if let Some(part) = foreign {
        let part: String = part.chars().take(60).collect();
        return Err(format!(
            "`{part}` is only known to Nunjucks; write it in minijinja"
        ));
    }
    if names.contains(&"env") {
        return Err(
            "it uses `env`; an environment variable is no part of a prompt here".to_owned(),
        );
    }
    Ok(source)
}

/// A chat as text with role marks.
fn chat(messages: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    for message in messages {
        let role = message
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let role = match role {
            "system" | "developer" => "system",
            "user" | "assistant" => role,
            other => return Err(format!("a message has the role `{other}`")),
        };
        let Some(content) = message.get("content").and_then(Value::as_str) else {
            return Err("the content of a message is no text".to_owned());
        };
        text.push_str(&format!("=== {role} ===\n{content}\n"));
    }
    Ok(text)
}
