//! Whom: candidates of a project, or an endpoint that is named on the command line.
//!
//! An endpoint without a project gets a small project of its own, so that names, keys, prices and
//! parameters are checked by the same rules.

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_domain::{Candidate, LoadCandidate};

use super::{LatencyArgs, WhomArgs};
use crate::args::Common;
use crate::context::{Context, InputError};

/// Reads the project, or makes one for a named endpoint; leaves the candidates that are measured.
///
/// # Errors
/// [`InputError`] with every problem.
pub(super) fn context(args: &LatencyArgs, common: &Common) -> anyhow::Result<Context> {
    let mut context = match &args.whom.base_url {
        Some(url) => Context::of_text(common, &endpoint(&args.whom, url))?,
        None => Context::open(common)?,
    };
    choose(&mut context, &args.whom.only)?;
    for candidate in &mut context.project.candidates {
        shape(candidate, args);
    }
    Ok(context)
}

/// A project of one endpoint, as text.
fn endpoint(whom: &WhomArgs, url: &str) -> String {
    let mut text = String::from(
        "[task]\nname = \"endpoint\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n[providers.endpoint]\n",
    );
    let dialect = whom
        .dialect
        .map_or("openai", trilemma_domain::Dialect::name);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "dialect = \"{dialect}\"\nbase_url = {}", quoted(url));
    if let Some(variable) = &whom.key_env {
        let _ = writeln!(text, "api_key = {{ env = {} }}", quoted(variable));
    }
    for model in &whom.model {
        let name = quoted(&format!("endpoint/{model}"));
        let _ = writeln!(
            text,
            "[[candidates]]\nid = {}\nmodel = {name}",
            quoted(model)
        );
    }
    text
}

/// A basic string of TOML 1.0: JSON's escapes are a part of its own, but for DEL.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    json.replace('\u{7f}', "\\u007f")
}

fn choose(context: &mut Context, only: &[String]) -> anyhow::Result<()> {
    let all: Vec<String> = context
        .project
        .candidates
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    if all.is_empty() {
        return Err(anyhow!(InputError(
            "failed to find a candidate; hint: name some under `[[candidates]]`, or an endpoint with \
             --base-url and --model"
                .to_owned()
        )));
    }
    for id in only {
        if !all.contains(id) {
            return Err(anyhow!(InputError(format!(
                "failed to find candidate `{id}`; hint: one of {}",
                all.join(", ")
            ))));
        }
    }
    if !only.is_empty() {
        let is_wanted = |one: &Candidate| only.iter().any(|id| id == one.id.as_str());
        context.project.candidates.retain(is_wanted);
    }
    Ok(())
}

/// What the command line says of answers wins over the project.
fn shape(candidate: &mut Candidate, args: &LatencyArgs) {
    candidate.stream &= !args.what.whole;
    if args.what.output_tokens.is_some() {
        candidate.params.max_output_tokens = args.what.output_tokens;
    }
    if args.what.ignore_eos {
        let body = &mut candidate.params.extra_body;
        body.insert("ignore_eos".to_owned(), true.into());
        if let Some(n) = args.what.output_tokens {
            body.insert("min_tokens".to_owned(), n.into());
        }
    }
}

/// What the record says of a candidate.
pub(super) fn described(candidate: &Candidate) -> LoadCandidate {
    LoadCandidate {
        id: candidate.id.clone(),
        model: candidate.target.model.clone(),
        identity: candidate.identity.clone(),
        provider: candidate.target.provider.clone(),
        dialect: candidate.target.dialect,
        base_url: candidate.target.base_url.clone(),
        streamed: candidate.stream,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_names() {
        let whom = WhomArgs {
            model: vec!["a\"]\n[store]\nurl = \"x\u{7f}".to_owned()],
            key_env: Some("K\\\"EY".to_owned()),
            ..WhomArgs::default()
        };
        let text = endpoint(&whom, "http://h\u{1b}/v1\n\"");
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), 3);
        let url = table["providers"]["endpoint"]["base_url"].as_str();
        assert_eq!(url, Some("http://h\u{1b}/v1\n\""));
        assert_eq!(
            table["candidates"][0]["id"].as_str(),
            Some(whom.model[0].as_str())
        );
    }
}
