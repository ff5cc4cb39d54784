//! A routing policy as far as LiteLLM's proxy can express it, and the rest with the reason.
//!
//! LiteLLM chooses a deployment by the name that the client asks for and falls back by name
//! (docs.litellm.ai, "Proxy config" and "Fallbacks", November 2026); it neither reads a query's words
//! nor compares answers. So single candidates, fallback chains and one name per task can be written;
//! rules, estimates and cascades cannot.

use std::fmt::Write as _;

use trilemma_domain::CandidateId;
use trilemma_route::{Plan, Policy};

use super::litellm::{LiteLlmModel, model_list, not_expressed};

/// What became of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteLlmPolicy {
    /// The configuration.
    pub yaml: String,
    /// What is not in it, with the reason, one sentence each; empty = everything is.
    pub lost: Vec<String>,
}

/// Writes a policy; `models` are its candidates as LiteLLM calls them, in any order, and `gaps` says of the
/// others why it cannot call them.
#[must_use]
pub fn litellm_policy(
    policy: &Policy,
    models: &[LiteLlmModel],
    gaps: Vec<String>,
) -> LiteLlmPolicy {
    let mut wanted = Wanted {
        lost: gaps,
        ..Wanted::default()
    };
    wanted.name(&policy.name, &policy.plan);
    let mut all: Vec<LiteLlmModel> = Vec::new();
    let find = |id: &CandidateId| models.iter().find(|one| one.alias == id.as_str());
    for (alias, id) in &wanted.aliases {
        if let Some(model) = find(id) {
            all.push(LiteLlmModel {
                alias: alias.clone(),
                remark: format!("policy {}: {id}", policy.name),
                ..model.clone()
            });
        }
    }
    all.extend(models.iter().cloned());
    let mut yaml = model_list(&all);
    let is_listed = |name: &str| all.iter().any(|one| one.alias == name);
    yaml.push_str(&fallbacks(policy, &wanted, is_listed));
    yaml.push_str(&not_expressed(&wanted.lost));
    LiteLlmPolicy {
        yaml,
        lost: wanted.lost,
    }
}

/// Names that clients ask for.
#[derive(Default)]
struct Wanted {
    aliases: Vec<(String, CandidateId)>,
    lost: Vec<String>,
}

impl Wanted {
    fn name(&mut self, alias: &str, plan: &Plan) {
        match plan {
            Plan::Single(id) => self.aliases.push((alias.to_owned(), id.clone())),
            Plan::PerTask { tasks, otherwise } => {
                for (task, plan) in tasks {
                    self.name(&format!("{alias}/{task}"), plan);
                }
                self.name(alias, otherwise);
                self.lost.push(format!(
                    "`{alias}`: LiteLLM does not look at a task; clients ask for `{alias}/TASK` instead"
                ));
            }
            Plan::Rules { rules, otherwise } => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                self.lost.push(format!(
                    "`{alias}`: rules ({}): LiteLLM does not look at length, words, tier or time of a query",
                    names.join(", ")
                ));
                self.name(alias, otherwise);
            }
            Plan::Tiers(_) => self.lost.push(format!(
                "`{alias}`: levels of complexity: LiteLLM does not count words or look for cues"
            )),
            Plan::Learned(_) => self.lost.push(format!(
                "`{alias}`: estimates from the query: LiteLLM has no place for their weights"
            )),
            Plan::Cascade { .. } => self.lost.push(format!(
                "`{alias}`: a cascade: LiteLLM gives the first answer and does not compare answers"
            )),
            Plan::Classify { .. } => self.lost.push(format!(
                "`{alias}`: a classifier: LiteLLM does not ask one model which other is to answer"
            )),
        }
    }
}

fn fallbacks(policy: &Policy, wanted: &Wanted, is_listed: impl Fn(&str) -> bool) -> String {
    if policy.fallback.is_empty() {
        return String::new();
    }
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::new();
    let ids = policy
        .candidates
        .iter()
        .map(|one| (one.id.as_str(), &one.id));
    let aliases = wanted
        .aliases
        .iter()
        .map(|(alias, id)| (alias.as_str(), id));
    for (name, id) in aliases.chain(ids).filter(|(name, _)| is_listed(name)) {
        let chain: Vec<String> = (policy.fallback.iter())
            .filter(|next| *next != id && is_listed(next.as_str()))
            .map(|next| quoted(next.as_str()))
            .collect();
        if !chain.is_empty() {
            let _ = writeln!(text, "    - {}: [{}]", quoted(name), chain.join(", "));
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("router_settings:\n  fallbacks:\n{text}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(plan: &serde_json::Value) -> Policy {
        let file = json!({
            "schema_version": 1, "name": "p", "candidates": [{"id": "a"}, {"id": "b"}],
            "plan": plan, "fallback": ["b"],
        });
        Policy::read(&file.to_string()).unwrap()
    }

    fn model(alias: &str) -> LiteLlmModel {
        LiteLlmModel {
            alias: alias.to_owned(),
            provider: "openai".to_owned(),
            model: format!("m-{alias}"),
            base_url: None,
            api_version: None,
            key_env: None,
            remark: String::new(),
        }
    }

    #[test]
    fn what_can_be_said_is_said_and_the_rest_is_named() {
        let models = [model("a"), model("b")];
        let tasks = policy(&json!({"per_task": {
            "tasks": {"x": {"single": "a"}, "y": {"cascade": {
                "ask": ["a"], "accept": "complete", "escalate": {"single": "b"}}}},
            "otherwise": {"single": "b"},
        }}));
        let found = litellm_policy(&tasks, &models, Vec::new());
        assert!(
            found
                .yaml
                .contains("model_name: \"p/x\"\n    litellm_params:\n      model: \"openai/m-a\"")
        );
        assert!(
            found.yaml.contains("    - \"p/x\": [\"b\"]\n"),
            "{}",
            found.yaml
        );
        assert!(!found.yaml.contains("- \"b\": ["), "{}", found.yaml);
        assert_eq!(found.lost.len(), 2, "{:?}", found.lost);
        assert!(found.lost[0].contains("`p/y`: a cascade"));
        assert_eq!(found.yaml.matches("# not expressed: ").count(), 2);
        let single = litellm_policy(&policy(&json!({"single": "a"})), &models, Vec::new());
        assert!(single.lost.is_empty());
        // A chain does not lead to a name that is not in the list.
        let gap = "`b`: nowhere".to_owned();
        let cut = litellm_policy(&policy(&json!({"single": "a"})), &models[..1], vec![gap]);
        assert!(!cut.yaml.contains("fallbacks"), "{}", cut.yaml);
        assert!(
            cut.yaml.contains("# not expressed: `b`: nowhere\n"),
            "{}",
            cut.yaml
        );
    }
}
