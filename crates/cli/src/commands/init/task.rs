//! The items of the project to be: the user's own, or starter items; and what they look like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::Value;
use trilemma_domain::{Expected, Input, Item, Part, TaskKind};
use trilemma_golden::{GoldenSet, ReadOptions, read, read_from};

use super::InitArgs;
use super::folder::Folder;
use super::starter::Starter;
use crate::commands::golden::column_map;
use crate::context::InputError;

/// Longer texts are no labels.
const MAX_LABEL_CHARS: usize = 60;
/// More distinct texts are no set of labels.
const MAX_LABELS: usize = 60;

/// The items of a project.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) set: GoldenSet,
    /// The user's file, as the project will name it; `None` = starter items are written.
    pub(super) file: Option<PathBuf>,
    /// Item field -> column, of the user's file.
    pub(super) columns: BTreeMap<String, String>,
}

impl Items {
    /// Reads the user's golden set, or the starter items of the task.
    ///
    /// # Errors
    /// [`InputError`] with every problem of the file.
    pub(super) fn read(args: &InitArgs, folder: &Folder) -> anyhow::Result<Self> {
        let wrong = |errors| anyhow!(InputError(format!("failed to {errors}")));
        let Some(file) = &args.golden else {
            let kind = args.task.unwrap_or(TaskKind::Classification);
            let golden = Starter::of(kind).golden;
            let set = read_from(golden.as_bytes(), "golden.jsonl", &ReadOptions::default())
                .map_err(wrong)?;
            return Ok(Self {
                set,
                file: None,
                columns: BTreeMap::new(),
            });
        };
        let map = column_map(&args.column)?;
        let options = ReadOptions {
            format: None,
            columns: map.clone(),
        };
        let set = read(file, &options).map_err(wrong)?;
        let columns = match serde_json::to_value(&map)? {
            Value::Object(fields) => fields
                .into_iter()
                .filter_map(|(field, column)| Some((field, column.as_str()?.to_owned())))
                .collect(),
            _ => BTreeMap::new(),
        };
        let name = folder.name_of(file);
        if name.to_str().is_none() {
            return Err(anyhow!(InputError(format!(
                "failed to name {} in a project: its path is no Unicode text; hint: rename it",
                name.display()
            ))));
        }
        Ok(Self {
            set,
            file: Some(name),
            columns,
        })
    }

    pub(super) fn is_starter(&self) -> bool {
        self.file.is_none()
    }

    fn all(&self, test: impl Fn(&Item) -> bool) -> bool {
        self.set.items().iter().all(test)
    }

    fn any(&self, test: impl Fn(&Item) -> bool) -> bool {
        self.set.items().iter().any(test)
    }

    /// Whether the answers can only be judged: criteria, but no expected answer anywhere.
    pub(super) fn only_criteria(&self) -> bool {
        self.all(|item| item.expected.is_none())
            && self.any(|item| !item.extras.criteria.is_empty())
    }

    /// Whether some item is a conversation of several messages.
    pub(super) fn has_conversations(&self) -> bool {
        self.any(|item| match &item.input {
            Input::Text(_) => false,
            Input::Messages(messages) => messages.len() > 1,
        })
    }

    /// Whether every item carries its documents beside the question.
    pub(super) fn has_documents(&self) -> bool {
        self.all(|item| item.extras.metadata.contains_key("context"))
    }

    /// Whether some item offers tools.
    pub(super) fn has_tools(&self) -> bool {
        self.any(|item| !item.extras.tools.is_empty())
    }

    /// Whether some item shows an image.
    pub(super) fn has_images(&self) -> bool {
        self.has_part(|part| matches!(part, Part::Image { .. }))
    }

    /// Whether some item shows a file.
    pub(super) fn has_files(&self) -> bool {
        self.has_part(|part| matches!(part, Part::File { .. } | Part::FileUrl { .. }))
    }

    fn has_part(&self, test: impl Fn(&Part) -> bool) -> bool {
        self.any(|item| match &item.input {
            Input::Text(_) => false,
            Input::Messages(messages) => messages
                .iter()
                .flat_map(|message| &message.parts)
                .any(&test),
        })
    }

    /// The kind of task that the items look like.
    pub(super) fn looks_like(&self) -> TaskKind {
        if self.is_starter() {
            return TaskKind::Classification;
        }
        let expects = |test: fn(&Expected) -> bool| {
            self.all(|item| item.expected.as_ref().is_none_or(test))
                && self.any(|item| item.expected.is_some())
        };
        if expects(|expected| matches!(expected, Expected::ToolCalls(_))) {
            TaskKind::ToolUse
        } else if self.only_criteria() {
            TaskKind::Generation
        } else if self.has_documents() {
            TaskKind::Rag
        } else if expects(|expected| matches!(expected, Expected::Json(Value::Object(_)))) {
            TaskKind::Extraction
        } else if expects(is_number) {
            TaskKind::Reasoning
        } else if self.repeats_labels() {
            TaskKind::Classification
        } else {
            TaskKind::Other
        }
    }

    /// Whether the expected texts are few and come again.
    fn repeats_labels(&self) -> bool {
        let labels = self.labels();
        !labels.is_empty() && labels.len() * 2 <= self.set.len()
    }

    /// The labels of a classification, sorted; empty = the expected answers are no labels.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut labels = BTreeSet::new();
        for item in self.set.items() {
            let expected: &[String] = match &item.expected {
                None => &[],
                Some(Expected::Text(text)) => std::slice::from_ref(text),
                Some(Expected::List(texts)) => texts,
                Some(Expected::Json(_) | Expected::ToolCalls(_)) => return Vec::new(),
            };
            labels.extend(expected.iter().cloned());
        }
        let is_label = |label: &String| {
            let n_chars = label.chars().count();
            (1..=MAX_LABEL_CHARS).contains(&n_chars) && !label.contains('\n')
        };
        if labels.len() <= MAX_LABELS && labels.iter().all(is_label) {
            labels.into_iter().collect()
        } else {
            Vec::new()
        }
    }

    /// The fields of an extraction with the kind of their values, in the order of first use.
    pub(super) fn fields(&self) -> Vec<(String, &'static str)> {
        let mut fields: Vec<(String, &'static str)> = Vec::new();
        for item in self.set.items() {
            let Some(Expected::Json(Value::Object(object))) = &item.expected else {
                continue;
            };
            for (name, value) in object {
                let kind = kind_of(value);
                match fields.iter().position(|(known, _)| known == name) {
                    Some(at) => {
                        if let Some((_, known)) = fields.get_mut(at).filter(|one| one.1.is_empty())
                        {
                            *known = kind;
                        }
                    }
                    None if fields.len() < MAX_LABELS => fields.push((name.clone(), kind)),
                    None => {}
                }
            }
        }
        fields
    }
}

fn is_number(expected: &Expected) -> bool {
    matches!(expected, Expected::Text(text) if text.trim().parse::<f64>().is_ok())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
