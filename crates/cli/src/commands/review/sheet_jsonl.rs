//! Sheets of one JSON object per line, for programs and labelling tools.

use serde_json::{Map, Value};

use super::sheet::{COLUMNS, Cells, Filled, Flaw};

/// Writes every column of every row, the empty ones as `null`.
pub(super) fn write(rows: &[Cells]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        let object: Map<String, Value> = COLUMNS
            .iter()
            .zip(row)
            .map(|(name, text)| {
                let value = if text.is_empty() {
                    Value::Null
                } else {
                    Value::String(text.clone())
                };
                ((*name).to_owned(), value)
            })
            .collect();
        serde_json::to_writer(&mut bytes, &object)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Reads a filled-in sheet; verdicts may be texts, booleans, 0 or 1.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Filled>, Vec<Flaw>> {
    let (mut rows, mut flaws) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Map<String, Value>>(text) {
            Ok(object) => {
                let read = |name: &str| object.get(name).map(text_of).unwrap_or_default();
                let optional = |name: &str| Some(read(name)).filter(|text| !text.trim().is_empty());
                rows.push(Filled {
                    line,
                    id: read("id").trim().to_owned(),
                    verdict: read("verdict").trim().to_owned(),
                    note: optional("note"),
                    reviewer: optional("reviewer"),
                });
            }
            Err(error) => flaws.push(Flaw::at(
                line,
                format!("the line is no JSON object ({error}); hint: one object per line"),
            )),
        }
    }
    if flaws.is_empty() {
        Ok(rows)
    } else {
        Err(flaws)
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
