//! Keys: read where the project says, bound to one address, never shown.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use trilemma_project::{KeyHeader, KeySource, Project, Provider};
use trilemma_provider::{KeyKind, Secret};

use crate::env;

/// How long a command may take to print the next key.
const NEXT_KEY_TIMEOUT: Duration = Duration::from_secs(60);

/// Secrets by provider name; providers without a key are absent.
pub(crate) type Secrets = BTreeMap<String, Secret>;

/// A key that could not be had.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct MissingKey {
    /// The provider.
    pub(crate) provider: String,
    /// Why, and what to do.
    pub(crate) reason: String,
}

/// Reads the keys of all providers that candidates use; tells all that are missing.
pub(crate) fn read(project: &Project, folder: &Path) -> (Secrets, Vec<MissingKey>) {
    let mut secrets = Secrets::new();
    let mut missing = Vec::new();
    for (name, provider) in &project.providers {
        match read_one(provider, folder) {
            Ok(Some(secret)) => {
                secrets.insert(name.clone(), secret);
            }
            Ok(None) => {}
            Err(reason) => missing.push(MissingKey {
                provider: name.clone(),
                reason,
            }),
        }
    }
    (secrets, missing)
}

/// The text of a key that is no provider's, such as what clients must show; `None` = there is none.
pub(crate) fn token(source: Option<&KeySource>, folder: &Path) -> Result<Option<String>, String> {
    match source {
        None => Ok(None),
        Some(source) => text_of(source, folder),
    }
}

/// Reads the text of a key; `None` = there is none.
fn text_of(source: &KeySource, folder: &Path) -> Result<Option<String>, String> {
    let text = match source {
        KeySource::None => return Ok(None),
        KeySource::Env(name) => env::text(name).ok_or_else(|| {
            format!("the environment variable `{name}` is not set; hint: export {name}=…")
        })?,
        KeySource::File(path) => {
            let path = folder.join(path);
            let text = fs_err::read_to_string(&path)
                .map_err(|error| format!("failed to read the key's file: {error}"))?;
            text.lines().next().unwrap_or_default().to_owned()
        }
        KeySource::Command(argv) => output_of(argv)?,
    };
    Ok(Some(text))
}

fn read_one(provider: &Provider, folder: &Path) -> Result<Option<Secret>, String> {
    let Some(text) = text_of(&provider.api_key, folder)? else {
        return Ok(None);
    };
    let next = match &provider.api_key {
        KeySource::Command(argv) => Some(argv.clone()),
        KeySource::Env(_) | KeySource::File(_) | KeySource::None => None,
    };
    let made_by_command = next.is_some();
    let kind = match provider.key_header {
        KeyHeader::Bearer => KeyKind::Token,
        // What a program prints for Azure is an Entra token, not the resource's key.
        KeyHeader::Dialect
            if made_by_command && provider.dialect == trilemma_domain::Dialect::Azure =>
        {
            KeyKind::Token
        }
        KeyHeader::Dialect => KeyKind::ApiKey,
    };
    let secret = Secret::new(&text, kind, &provider.base_url)
        .map_err(|error| format!("failed to {error}"))?;
    Ok(Some(match next {
        // Tokens of commands expire; the next one comes from the same command.
        Some(argv) => secret.renewable(move || Box::pin(next_output(argv.clone()))),
        None => secret,
    }))
}

/// Runs a key's command again while calls are under way.
async fn next_output(argv: Vec<String>) -> Result<String, String> {
    let (program, arguments) = argv.split_first().ok_or("the key's command is empty")?;
    let running = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(NEXT_KEY_TIMEOUT, running)
        .await
        .map_err(|_| format!("`{program}` gave no key in time"))?
        .map_err(|error| format!("failed to run `{program}`: {error}"))?;
    first_line(program, output)
}

/// The key that a program prints.
fn output_of(argv: &[String]) -> Result<String, String> {
    let (program, arguments) = argv.split_first().ok_or("the key's command is empty")?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("failed to run `{program}`: {error}"))?;
    first_line(program, output)
}

/// The first line of what a program printed.
fn first_line(program: &str, output: Output) -> Result<String, String> {
    if !output.status.success() {
        return Err(format!("`{program}` ended with {}", output.status));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| format!("`{program}` printed something that is no text"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
