//! A whole configuration of promptfoo.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use trilemma_domain::ScorerSpec;

use super::prompts::prompts;
use super::providers::{call, candidates};
use super::tests::Reader;
use crate::setup::draft::{Draft, DraftCall, Losses, SetupTool};
use crate::setup::source::{self, Rows};
use crate::setup::template;

/// The tag of items whose criteria a judge looks at.
pub(super) const JUDGED: &str = "judged";
/// The tag of items whose reference a judge compares with.
pub(super) const COMPARED: &str = "compared";

/// The model that grades where the files name none; promptfoo's own default is OpenAI's, too.
const GRADER: &str = "openai/gpt-4.1-2025-04-14";

/// Keys that say nothing of the project's meaning.
const SILENT: [&str; 12] = [
    "$schema",
    "description",
    "prompts",
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "scenarios",
    "outputPath",
    "sharing",
    "evaluateOptions",
    "commandLineOptions",
];

/// Whether a document is a configuration.
pub(crate) fn is_config(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    (has("prompts") || has("providers") || has("targets"))
        && (has("tests") || has("scenarios") || has("prompts"))
}

/// Whether the columns are those of a file of tests.
pub(crate) fn is_csv<'a>(mut columns: impl Iterator<Item = &'a str>) -> bool {
    columns.any(|column| column.starts_with("__expected"))
}

/// Reads a configuration.
pub(crate) fn config(value: &Value, folder: &Path, draft: &mut Draft, losses: &mut Losses) {
    draft.of(SetupTool::Promptfoo);
    let empty = Map::new();
    let fields = value.as_object().unwrap_or(&empty);
    for key in fields.keys().filter(|key| !SILENT.contains(&key.as_str())) {
        losses.add(
            "configuration",
            format!("setting {key}"),
            "it has no counterpart here",
        );
    }
    let get = |key: &str| fields.get(key).unwrap_or(&Value::Null);
    draft.name = draft
        .name
        .take()
        .or_else(|| fields.get("description").map(template::plain));
    draft
        .prompts
        .extend(prompts(get("prompts"), folder, losses));
    let called = fields.get("providers").or_else(|| fields.get("targets"));
    draft
        .candidates
        .extend(candidates(called.unwrap_or(&Value::Null), losses));
    let default = match get("defaultTest") {
        Value::Object(test) => test.clone(),
        Value::String(name) => {
            let name = name.strip_prefix("file://").unwrap_or(name);
            let read = source::inside(folder, name)
                .and_then(|path| source::text(&path).map_err(|error| format!("failed to {error}")))
                .and_then(|text| crate::setup::yaml::parse(&text));
            match read {
                Ok(Value::Object(test)) => test,
                Ok(_) => Map::new(),
                Err(why) => {
                    losses.add("defaultTest", "defaultTest", why);
                    Map::new()
                }
            }
        }
        _ => Map::new(),
    };
    read_tests(folder, draft, losses, default, |reader| {
        reader.tests(get("tests"), "tests");
        reader.scenarios(get("scenarios"));
    });
}

/// Reads a file of tests alone.
pub(crate) fn csv_tests(rows: Rows, path: &Path, draft: &mut Draft, losses: &mut Losses) {
    draft.of(SetupTool::Promptfoo);
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    read_tests(folder, draft, losses, Map::new(), |reader| {
        reader.csv(rows, name.as_deref().unwrap_or("tests"));
    });
}

fn read_tests(
    folder: &Path,
    draft: &mut Draft,
    losses: &mut Losses,
    default: Map<String, Value>,
    read: impl FnOnce(&mut Reader<'_>),
) {
    let taken: HashSet<String> = draft.items.iter().map(|item| item.id.to_string()).collect();
    let mut reader = Reader {
        folder,
        draft,
        losses,
        default,
        graders: Vec::new(),
        taken,
    };
    read(&mut reader);
    let graders = std::mem::take(&mut reader.graders);
    fill_gaps(draft);
    add_scorers(draft, &graders, losses);
}

/// Names that prompts use and an item does not have are empty, as in Nunjucks.
fn fill_gaps(draft: &mut Draft) {
    let mut names: HashSet<String> = HashSet::new();
    for item in &draft.items {
        names.extend(item.extras.metadata.keys().cloned());
    }
    for prompt in &draft.prompts {
        let (used, _) = template::names(&prompt.source);
        names.extend(used.into_iter().map(str::to_owned));
    }
    for reserved in ["id", "tags", "messages", "metadata", "input"] {
        names.remove(reserved);
    }
    for item in &mut draft.items {
        for name in &names {
            if !item.extras.metadata.contains_key(name) {
                item.extras.metadata.insert(name.clone(), Value::from(""));
            }
        }
    }
}

fn add_scorers(draft: &mut Draft, graders: &[String], losses: &mut Losses) {
    let has = |tag: &str| {
        draft
            .items
            .iter()
            .any(|item| item.extras.tags.iter().any(|known| known == tag))
    };
    let (judged, compared) = (has(JUDGED), has(COMPARED));
    if !(judged || compared) {
        return;
    }
    let grader = graders.iter().find_map(|id| match call(id, &Map::new()) {
        Ok(DraftCall::Model {
            provider, model, ..
        }) => Some(format!("{provider}/{model}")),
        Ok(DraftCall::Http { .. }) | Err(_) => None,
    });
    if graders.len() > 1 {
        losses.add(
            "tests",
            "several graders",
            "one judge grades here: the first",
        );
    }
    if grader.is_none() {
        losses.add(
            "tests",
            "the default grader",
            format!("the files name none; `{GRADER}` stands in `[[scorers]]`"),
        );
    }
    let model = grader.unwrap_or_else(|| GRADER.to_owned());
    let mut add = |label: &str, tag: &str, mut options: Value| {
        if let Some(fields) = options.as_object_mut() {
            fields.insert("model".to_owned(), Value::from(model.clone()));
            fields.insert("scale".to_owned(), Value::from("pass/fail"));
            fields.insert("only".to_owned(), json!([tag]));
            draft.add_scorer(ScorerSpec {
                kind: "judge".to_owned(),
                label: label.to_owned(),
                weight: 1.0,
                options: fields.clone(),
            });
        }
    };
    if judged {
        let rubric = "Pass: the answer meets every one of the criteria. Fail: it misses at least one of them.";
        add(
            "rubric",
            JUDGED,
            json!({ "rubric": rubric, "show_expected": false }),
        );
    }
    if compared {
        add("factuality", COMPARED, json!({ "mode": "reference" }));
    }
}
