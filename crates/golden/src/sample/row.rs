//! From a row of a log to what was asked.
//!
//! In: a record. Out: [`Row`]: the request, what was answered, its stratum. Names of columns that other
//! systems use are known here; everything else about formats is not.

use serde_json::{Map, Value};
use trilemma_domain::{Fingerprint, Input, Message, Role, Tool};

use super::options::SampleOptions;
use crate::fingerprint::asked_fingerprint;
use crate::problem::Problem;
use crate::read::fault::Fault;
use crate::read::record::{Cell, Record};
use crate::read::{fields, messages};

/// Where logs keep what was asked, most telling first.
const INPUT_COLUMNS: [&str; 16] = [
    "messages",
    "request.messages",
    "body.messages",
    "request.body.messages",
    "input.messages",
    "input",
    "prompt",
    "request.input",
    "body.input",
    "request.prompt",
    "question",
    "query",
    "user_input",
    "inputs",
    "user_message",
    "text",
];

/// One usable row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) input: Input,
    pub(crate) tools: Vec<Tool>,
    pub(crate) id: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// One `column=value` per column of the stratum.
    pub(crate) stratum: Vec<String>,
}

impl Row {
    /// Hashes what was asked.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        asked_fingerprint(&self.input, &self.tools)
    }
}

/// Reads a row.
pub(crate) fn row(mut record: Record, options: &SampleOptions) -> Result<Row, Problem> {
    let line = record.line;
    let columns = &options.columns;
    let stratum = options
        .stratify_by
        .iter()
        .map(|column| format!("{column}={}", stratum_value(&record, column)))
        .collect();
    let mut metadata = Map::new();
    for column in &columns.keep {
        if let Some(cell) = record.get(column) {
            metadata.insert(column.clone(), cell.into_json());
        }
    }
    let text = |record: &Record, column: &Option<String>| {
        let cell = column.as_deref().and_then(|column| record.get(column))?;
        fields::text(cell).ok().flatten()
    };
    let id = text(&record, &columns.id).filter(|id| !id.is_empty());
    let cluster = text(&record, &columns.cluster);
    let mut answer = columns
        .answer
        .as_deref()
        .and_then(|column| record.get(column))
        .filter(|cell| !cell.is_absent())
        .map(Cell::into_json);
    let (column, cell) = input_cell(&mut record, columns.input.as_deref())
        .ok_or_else(|| no_input(&record, columns.input.as_deref()))?;
    let problem = |column: &str, fault: Fault| {
        Problem::new(fault.message)
            .at(line)
            .field(format!("{column}{}", fault.path))
            .hint(fault.hint)
    };
    let mut input = messages::input(cell, None).map_err(|fault| problem(&column, fault))?;
    let tools_column = match column.rsplit_once('.') {
        Some((parent, _)) => format!("{parent}.tools"),
        None => "tools".to_owned(),
    };
    let tools = match record.take(&tools_column) {
        Some(cell) => fields::tools(cell).map_err(|fault| problem(&tools_column, fault))?,
        None => Vec::new(),
    };
    let last = drop_answer(&mut input);
    answer = answer.or_else(|| last.map(|message| Value::String(message.joined_text())));
    if let Some(answer) = answer {
        metadata.insert("logged_answer".to_owned(), answer);
    }
    if crate::text::is_empty(&input) {
        return Err(Problem::new("asks nothing").at(line).field(column));
    }
    Ok(Row {
        input,
        tools,
        id,
        cluster,
        metadata,
        stratum,
    })
}

fn input_cell(record: &mut Record, mapped: Option<&str>) -> Option<(String, Cell)> {
    let columns: &[&str] = match &mapped {
        Some(column) => std::slice::from_ref(column),
        None => &INPUT_COLUMNS,
    };
    columns.iter().find_map(|column| {
        let cell = record.take(column).filter(|cell| !cell.is_absent())?;
        Some(((*column).to_owned(), cell))
    })
}

fn no_input(record: &Record, mapped: Option<&str>) -> Problem {
    let message = match mapped {
        Some(column) => format!("has no `{column}`"),
        None => "has no column that is known to hold what was asked".to_owned(),
    };
    let names: Vec<_> = record.column_names().into_iter().take(12).collect();
    Problem::new(message)
        .at(record.line)
        .hint(format!("name the column; there are {}", names.join(", ")))
}

fn stratum_value(record: &Record, column: &str) -> String {
    match record.get(column).filter(|cell| !cell.is_absent()) {
        None => "(none)".to_owned(),
        Some(Cell::Untyped(text) | Cell::Number(text) | Cell::Json(Value::String(text))) => text,
        Some(Cell::Json(value)) => crate::fingerprint::canonical_json(&value),
    }
}

/// Takes the model's message off the end of a conversation.
fn drop_answer(input: &mut Input) -> Option<Message> {
    match input {
        Input::Text(_) => None,
        Input::Messages(messages) => messages.pop_if(|message| message.role == Role::Assistant),
    }
}
