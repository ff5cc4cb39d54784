//! Sample files of lm-evaluation-harness: `samples_TASK_TIME.jsonl`, one document and filter a line.
//!
//! Shape: lm_eval 0.4.13. Rows do not name the model: it is taken from the `results_TIME.json` beside
//! the file, else from the name of the folder, unless the user names it. An item is `doc_id` of the
//! task; its content hash `doc_hash` is kept. The metrics that `metrics` names are the scores, each
//! with the name of its filter where there is more than one; the first filter's first metric decides.

use std::path::Path;

use serde_json::{Map, Value};
use trilemma_golden::Problem;

use super::lines::json_lines;
use super::options::ReadOptions;
use super::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use super::take::{Origin, Take, Tool};
use super::values;
use crate::container::{Bytes, Lines, Meter};
use crate::error::InteropError;

/// Largest `results_TIME.json` that is looked into for the model's name.
const MAX_RESULTS_BYTES: u64 = 16 << 20;

/// Reads the file.
pub(crate) fn read(
    (path, bytes): (&Path, Bytes),
    meter: &Meter,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let mut origin = Origin::of(Tool::LmEval);
    let known = known(path);
    origin.version = known.version;
    let model = options
        .candidate
        .clone()
        .or(known.model)
        .ok_or_else(|| InteropError::Columns {
            path: path.to_owned(),
            reason: "samples of lm-evaluation-harness do not name the model".to_owned(),
            hint: "`--candidate NAME`, or leave the file beside its results_*.json".to_owned(),
        })?;
    let mut samples = Samples {
        candidate: Named {
            name: model.clone(),
            model: Some(model),
            run: None,
        },
        task: task_of(path),
        filter: None,
        left_out: Map::new(),
    };
    origin.title = Some(samples.task.clone()).filter(|task| !task.is_empty());
    let lines = Lines::new(bytes, meter.clone());
    json_lines((path, lines), take, |value, at| samples.row(value, at))?;
    origin.notes.extend(samples.left_out.keys().map(|filter| {
        let kept = samples.filter.as_deref().unwrap_or_default();
        format!("scores of the filter `{filter}` are left out; `{kept}` decides")
    }));
    Ok(origin)
}

struct Known {
    model: Option<String>,
    version: Option<String>,
}

/// What the results file of the same time, or the folder, tells of the model.
fn known(path: &Path) -> Known {
    let folder = path.parent();
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let time = stem
        .as_deref()
        .and_then(|stem| stem.rsplit_once('_'))
        .map(|(_, time)| time.to_owned());
    let results = folder.zip(time).and_then(|(folder, time)| {
        let beside = folder.join(format!("results_{time}.json"));
        let size = fs_err::metadata(&beside).ok()?.len();
        if size > MAX_RESULTS_BYTES {
            return None;
        }
        serde_json::from_slice::<Value>(&fs_err::read(&beside).ok()?).ok()
    });
    let told = |key: &str| {
        results
            .as_ref()
            .and_then(|value| values::at(value, &[key])?.as_str().map(str::to_owned))
    };
    let folder_name = folder
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().replace("__", "/"));
    Known {
        model: told("model_name")
            .filter(|name| !name.is_empty())
            // Names of folders are only trusted where lm-eval made them: `vendor__model`.
            .or_else(|| folder_name.filter(|name| name.contains('/'))),
        version: told("lm_eval_version"),
    }
}

/// `samples_gsm8k_2026-….jsonl` is of the task `gsm8k`.
fn task_of(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_default();
    let inner = stem.strip_prefix("samples_").unwrap_or_default();
    let task = inner.rsplit_once('_').map_or(inner, |(task, _)| task);
    task.to_owned()
}

struct Samples {
    candidate: Named,
    task: String,
    filter: Option<String>,
    left_out: Map<String, Value>,
}

impl Samples {
    /// `None` = a row of a filter that does not decide.
    fn row(&mut self, value: &Value, line: u64) -> Result<Option<ResultRow>, Problem> {
        let filter = values::at(value, &["filter"])
            .and_then(values::name)
            .unwrap_or_default();
        let decides = self.filter.get_or_insert_with(|| filter.clone());
        if *decides != filter {
            self.left_out.insert(filter, Value::Null);
            return Ok(None);
        }
        let missing = |field: &str| Problem::new("is missing").at(line).field(field.to_owned());
        let doc = values::at(value, &["doc_id"])
            .and_then(values::name)
            .ok_or_else(|| missing("doc_id"))?;
        let id = if self.task.is_empty() {
            doc
        } else {
            format!("{}/{doc}", self.task)
        };
        Ok(Some(ResultRow {
            line,
            candidate: self.candidate.clone(),
            item: ItemKey::Id(id),
            repeat: None,
            body: body(value),
            outcome: RowOutcome::Answered {
                output: output(value),
                scores: scores(value).ok_or_else(|| {
                    missing("metrics").hint("a metric's own value stands under its name")
                })?,
            },
            usage: None,
            latency: None,
            ttft: None,
            cost: None,
        }))
    }
}

fn scores(value: &Value) -> Option<Vec<NamedScore>> {
    let names = values::at(value, &["metrics"])?.as_array()?;
    let mut scores = Vec::new();
    for name in names.iter().filter_map(values::name) {
        let given = values::at(value, &[name.as_str()]).and_then(values::score);
        scores.push(NamedScore {
            value: given,
            name,
            explanation: None,
        });
    }
    (!scores.is_empty()).then_some(scores)
}

fn output(value: &Value) -> Option<String> {
    let first = |key: &str| {
        let mut found = values::at(value, &[key])?.as_array()?.first()?;
        while let Some(inner) = found.as_array().and_then(|inner| inner.first()) {
            found = inner;
        }
        found.as_str().map(str::to_owned)
    };
    first("resps").or_else(|| first("filtered_resps"))
}

fn body(value: &Value) -> ItemBody {
    let asked = values::at(value, &["arguments", "gen_args_0", "arg_0"])
        .or_else(|| values::at(value, &["doc", "question"]))
        .or_else(|| values::at(value, &["doc", "query"]))
        .or_else(|| values::at(value, &["doc", "input"]));
    let mut metadata = Map::new();
    if let Some(hash) = values::at(value, &["doc_hash"]) {
        metadata.insert("doc_hash".to_owned(), hash.clone());
    }
    ItemBody {
        input: asked.and_then(values::input),
        expected: values::at(value, &["target"]).and_then(values::expected),
        metadata,
        ..ItemBody::default()
    }
}
