//! The models of a decision as a `model_list` for LiteLLM's proxy.
//!
//! Shape: LiteLLM's `config.yaml` (docs.litellm.ai, "Proxy config", November 2026). Keys are named by
//! their environment variable, never written.

use std::fmt::Write as _;

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteLlmModel {
    /// Name under which callers ask for it.
    pub alias: String,
    /// LiteLLM's name for the vendor, such as `openai`.
    pub provider: String,
    /// The model's name on the wire.
    pub model: String,
    /// Address, where it is not the vendor's own.
    pub base_url: Option<String>,
    /// Azure only: the API's version.
    pub api_version: Option<String>,
    /// Environment variable that holds the key.
    pub key_env: Option<String>,
    /// Why it is here, as a comment.
    pub remark: String,
}

/// Writes the list, and as comments what is not in it; JSON strings are YAML strings, so that no name can break out
/// of its place.
#[must_use]
pub fn litellm_yaml(models: &[LiteLlmModel], gaps: &[String]) -> String {
    let mut text = model_list(models);
    text.push_str(&not_expressed(gaps));
    text
}

/// What is missing, a comment each.
pub(super) fn not_expressed(gaps: &[String]) -> String {
    let lines = gaps
        .iter()
        .map(|gap| format!("# not expressed: {}\n", on_one_line(gap)));
    lines.collect()
}

fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

pub(super) fn model_list(models: &[LiteLlmModel]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from("model_list:\n");
    for model in models {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  # {}", on_one_line(&model.remark));
        let _ = writeln!(text, "  - model_name: {}", quoted(&model.alias));
        let _ = writeln!(text, "    litellm_params:");
        let name = format!("{}/{}", model.provider, model.model);
        let _ = writeln!(text, "      model: {}", quoted(&name));
        if let Some(url) = &model.base_url {
            let _ = writeln!(text, "      api_base: {}", quoted(url));
        }
        if let Some(version) = &model.api_version {
            let _ = writeln!(text, "      api_version: {}", quoted(version));
        }
        if let Some(env) = &model.key_env {
            let _ = writeln!(
                text,
                "      api_key: {}",
                quoted(&format!("os.environ/{env}"))
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_place() {
        let model = LiteLlmModel {
            alias: "a: b\n- c".to_owned(),
            provider: "openai".to_owned(),
            model: "gpt \"x\"".to_owned(),
            base_url: None,
            api_version: None,
            key_env: Some("OPENAI_API_KEY".to_owned()),
            remark: "recommended\nmodel_list: []".to_owned(),
        };
        let expected = "model_list:\n  # recommended model_list: []\n  - model_name: \"a: b\\n- c\"\n    litellm_params:\n      model: \"openai/gpt \\\"x\\\"\"\n      api_key: \"os.environ/OPENAI_API_KEY\"\n";
        assert_eq!(litellm_yaml(&[model], &[]), expected);
    }
}
