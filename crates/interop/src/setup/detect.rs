//! What a file of a configuration or a test set is, and what it comes to.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::draft::{Draft, Losses};
use super::source::{Content, Rows, content};
use super::{graders, litellm, promptfoo, records};
use crate::error::InteropError;

/// Reads files of one or several tools into one draft; data sets come first, so that graders find items.
///
/// # Errors
/// [`InteropError`] when a file cannot be read, or is nothing that a project can be made of.
pub fn read_setup(paths: &[PathBuf]) -> Result<Draft, InteropError> {
    let mut draft = Draft::default();
    let mut losses = Losses::default();
    let mut definitions = Vec::new();
    for path in paths {
        match content(path)? {
            Content::Rows(rows) => of_rows(rows, path, &mut draft, &mut losses)?,
            Content::Document(Value::Array(list)) if is_rows(&list) => {
                let rows = list
                    .into_iter()
                    .zip(1..)
                    .filter_map(|(row, line)| match row {
                        Value::Object(fields) => Some((line, fields)),
                        _ => None,
                    })
                    .collect();
                of_rows(rows, path, &mut draft, &mut losses)?;
            }
            Content::Document(value) => definitions.push((path, value)),
        }
    }
    // What a run asks is read before the graders that say what its prompts may not show.
    definitions.sort_by_key(|(_, value)| value.get("data_source").is_none());
    for (path, value) in definitions {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if litellm::is_config(&value) {
            litellm::config(&value, &mut draft, &mut losses);
        } else if graders::is_definition(&value) {
            graders::definition(&value, path, &mut draft, &mut losses);
        } else if is_results(&value) {
            return Err(results(path));
        } else if promptfoo::is_config(&value) {
            promptfoo::config(&value, folder, &mut draft, &mut losses);
        } else {
            return Err(unknown(path, "no configuration that we know"));
        }
    }
    let is_empty =
        draft.prompts.is_empty() && draft.items.is_empty() && draft.candidates.is_empty();
    if let (true, Some(path)) = (is_empty, paths.first()) {
        return Err(unknown(path, "neither items nor candidates"));
    }
    draft.unmapped = losses.into_list();
    Ok(draft)
}

fn is_rows(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(Value::is_object)
}

/// Results of promptfoo or Inspect, which `import` reads.
fn is_results(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("results") && (has("evalId") || has("stats") || has("config"))
        || has("eval") && has("status")
}

fn of_rows(
    rows: Rows,
    path: &Path,
    draft: &mut Draft,
    losses: &mut Losses,
) -> Result<(), InteropError> {
    let Some((_, first)) = rows.first() else {
        return Err(unknown(path, "no rows"));
    };
    let is_result = ["promptIdx", "gradingResult", "doc_id", "data_source_idx"]
        .iter()
        .any(|key| first.contains_key(*key));
    if is_result {
        return Err(results(path));
    }
    if promptfoo::is_csv(first.keys().map(String::as_str)) {
        promptfoo::csv_tests(rows, path, draft, losses);
        return Ok(());
    }
    if records::tool_of(first).is_none() {
        return Err(unknown(path, "rows of no tool that we know"));
    }
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    records::rows(rows, &name, draft, losses);
    Ok(())
}

fn unknown(path: &Path, reason: &str) -> InteropError {
    InteropError::Unrecognised {
        path: path.to_owned(),
        reason: format!("it holds {reason}"),
        hint: "a golden set of your own goes in by `trilemma init --golden FILE`".to_owned(),
    }
}

fn results(path: &Path) -> InteropError {
    InteropError::Unrecognised {
        path: path.to_owned(),
        reason: "it holds results, not tests".to_owned(),
        hint: format!("`trilemma import {}` decides on them", path.display()),
    }
}
