//! Golden sets and answers in files.
//!
//! In: JSON lines (or, for the golden set, one JSON array) with `id` and `input`, and with `id` and
//! `output` (and `finish`, where an answer was cut or declined). Out: a filled [`Replay`]. Other
//! fields are skipped. Tables are not read here; whoever has a table adds items one by one.

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use trilemma_domain::ItemId;

use super::store::{RecordedEnd, Replay};
use crate::error::SimError;

#[derive(Deserialize)]
struct ItemLine {
    id: Name,
    input: InputBody,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(i64),
}

impl Name {
    fn into_id(self) -> ItemId {
        match self {
            Self::Text(text) => ItemId::from(text),
            Self::Number(number) => ItemId::from(number.to_string()),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InputBody {
    Text(String),
    Messages(Vec<MessageBody>),
}

#[derive(Deserialize)]
struct MessageBody {
    role: String,
    #[serde(alias = "parts", default)]
    content: Value,
}

#[derive(Deserialize)]
struct AnswerLine {
    id: Name,
    output: OneOrMany,
    #[serde(default)]
    finish: RecordedEnd,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Replay {
    /// Reads the items of a golden set: JSON lines, or one JSON array. An input is a text or a
    /// list of chat messages, of which the last one of the user counts.
    ///
    /// # Errors
    /// [`SimError::File`] and [`SimError::Line`] say what could not be read.
    pub fn read_golden(&mut self, path: &Path) -> Result<(), SimError> {
        let mut reader = open(path)?;
        let is_array = reader
            .fill_buf()?
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            == Some(&b'[');
        if is_array {
            let items: Vec<ItemLine> = serde_json::from_reader(reader)
                .map_err(|error| line_error(path, error.line(), &error))?;
            return items.into_iter().try_for_each(|item| self.add_line(item));
        }
        for_each_line(path, reader, |item: ItemLine| {
            self.add_line(item).map(|()| None)
        })
    }

    /// Reads recorded answers of one model: JSON lines with `id` and `output` (a text, or several
    /// for several calls), and `finish`, one of `stop` (where it is left out), `length` and
    /// `refusal`. The model is named by the file's stem.
    ///
    /// # Errors
    /// [`SimError::File`] and [`SimError::Line`] say what could not be read; an id that is not in
    /// the golden set is such a line.
    pub fn read_answers(&mut self, path: &Path) -> Result<(), SimError> {
        let model = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let reader = open(path)?;
        for_each_line(path, reader, |line: AnswerLine| {
            let id = line.id.into_id();
            let outputs = match line.output {
                OneOrMany::One(one) => vec![one],
                OneOrMany::Many(many) => many,
            };
            for output in outputs {
                if !self.add_ended_answer(&model, &id, (&output, line.finish))? {
                    return Ok(Some(format!(
                        "no item `{id}` in the golden set; hint: give the golden set that these \
                         answers were recorded on"
                    )));
                }
            }
            Ok(None)
        })
    }

    fn add_line(&mut self, item: ItemLine) -> Result<(), SimError> {
        let input = match item.input {
            InputBody::Text(text) => text,
            InputBody::Messages(messages) => messages
                .iter()
                .rev()
                .find(|message| message.role == "user")
                .map(|message| joined(&message.content))
                .unwrap_or_default(),
        };
        self.add_item(item.id.into_id(), &input)
    }
}

/// The text of a message: itself, or its text parts end to end.
fn joined(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect(),
        _ => String::new(),
    }
}

fn open(path: &Path) -> Result<impl BufRead + use<>, SimError> {
    let mut reader = BufReader::new(fs_err::File::open(path.to_path_buf())?);
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(reader)
}

/// Calls `each` for every line that is not blank; words that it gives become the line's error.
fn for_each_line<T: serde::de::DeserializeOwned>(
    path: &Path,
    mut reader: impl BufRead,
    mut each: impl FnMut(T) -> Result<Option<String>, SimError>,
) -> Result<(), SimError> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let value = serde_json::from_slice(&line).map_err(|e| line_error(path, number, &e))?;
        if let Some(problem) = each(value)? {
            return Err(SimError::Line {
                path: path.to_path_buf(),
                line: number,
                problem,
            });
        }
    }
    Ok(())
}

fn line_error(path: &Path, line: usize, error: &serde_json::Error) -> SimError {
    SimError::Line {
        path: path.to_path_buf(),
        line,
        problem: format!("{error}; hint: each line is a JSON object such as {{\"id\": \"1\", …}}"),
    }
}
