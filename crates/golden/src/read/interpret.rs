//! From rows to items: what each column means, which ids are taken, what looks misspelt.
//!
//! In: [`Record`]s, one at a time. Out: a [`GoldenSet`], or everything that is wrong. It knows
//! nothing of file formats.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};
use trilemma_domain::{Extras, Input, Item, ItemExtras, ItemId};

use super::fault::Fault;
use super::record::{Cell, Record};
use super::{fields, hints, messages};
use crate::fingerprint::input_fingerprint;
use crate::options::{ColumnMap, Field};
use crate::problem::{Collector, GoldenErrors, Problem, quote};
use crate::set::{GoldenSet, duplicate_id};

/// At most this many columns are named in a message.
const MAX_COLUMNS_SHOWN: usize = 20;

/// A golden set in the making.
pub(crate) struct Interpreter<'a> {
    columns: &'a ColumnMap,
    base: Option<&'a Path>,
    pub(crate) problems: Collector,
    items: Vec<Item>,
    id_lines: HashMap<ItemId, u64>,
    records: u64,
    mapped_seen: Vec<Field>,
    shown_columns: Vec<String>,
    /// Columns that became metadata.
    extra_columns: hints::ExtraColumns,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(columns: &'a ColumnMap, base: Option<&'a Path>) -> Self {
        Self {
            columns,
            base,
            problems: Collector::default(),
            items: Vec::new(),
            id_lines: HashMap::new(),
            records: 0,
            mapped_seen: Vec::new(),
            shown_columns: Vec::new(),
            extra_columns: hints::ExtraColumns::new(),
        }
    }

    /// The columns whose numbers keep their digits.
    pub(crate) fn exact_columns(&self) -> [&'a str; 2] {
        [
            self.columns.column(Field::Id),
            self.columns.column(Field::Expected),
        ]
    }

    /// Takes the next row.
    pub(crate) fn push(&mut self, mut record: Record) {
        self.records += 1;
        if self.shown_columns.is_empty() {
            self.shown_columns = record
                .column_names()
                .into_iter()
                .take(MAX_COLUMNS_SHOWN)
                .map(str::to_owned)
                .collect();
        }
        let line = record.line;
        if let Some(column) = record.repeated_column() {
            let problem = Problem::new("appears twice in one item").field(column);
            self.problems
                .push(problem.at(line).hint("keep one of the two"));
            return;
        }
        let Some(mut item) = self.item(&mut record) else {
            return;
        };
        if item.id.as_str().is_empty() {
            item.id = self.generated_id(&item);
        } else if let Some(&first) = self.id_lines.get(&item.id) {
            self.problems
                .push(duplicate_id(item.id.as_str(), first, line));
            return;
        }
        self.id_lines.insert(item.id.clone(), line);
        self.items.push(item);
    }

    /// Ends the set.
    pub(crate) fn finish(mut self, source: &str) -> Result<GoldenSet, GoldenErrors> {
        self.check_mapped_columns();
        if self.records == 0 && self.problems.is_empty() {
            self.problems.push(Problem::new("holds no items").hint(
                r#"write one JSON object per line: {"id": "1", "input": "…", "expected": "…"}"#,
            ));
        }
        if !self.problems.is_empty() {
            return Err(self.problems.into_errors(source));
        }
        let has_answers = self
            .items
            .iter()
            .any(|item| item.expected.is_some() || !item.extras.criteria.is_empty());
        let warnings = hints::warnings(&self.extra_columns, has_answers);
        // The set is hashed and kept without what was needed to find two items of one id.
        drop(self.id_lines);
        let mut items = self.items;
        items.shrink_to_fit();
        Ok(GoldenSet::assemble(source.to_owned(), items, warnings))
    }

    /// Reads all fields of a row, so that all its problems are found at once.
    fn item(&mut self, record: &mut Record) -> Option<Item> {
        let line = record.line;
        let problems_before = self.problems.total();
        let id = self.field(record, Field::Id, fields::id);
        let input = self.input(record);
        let expected = self.field(record, Field::Expected, fields::expected);
        let criteria = self.field(record, Field::Criteria, |cell| fields::texts(cell, &[]));
        let tags = self.field(record, Field::Tags, |cell| {
            fields::texts(cell, &[',', ';', '|'])
        });
        let cluster = self.field(record, Field::Cluster, fields::text);
        let difficulty = self.field(record, Field::Difficulty, fields::text);
        let weight = self.field(record, Field::Weight, fields::weight);
        let tools = self.field(record, Field::Tools, fields::tools);
        let metadata = self.field(record, Field::Metadata, fields::metadata);
        if self.problems.total() > problems_before {
            return None;
        }
        let mut metadata = metadata.unwrap_or_default();
        self.keep_extra_columns(std::mem::take(&mut record.cells), line, &mut metadata);
        Some(Item {
            id: ItemId::new(id.flatten().unwrap_or_default()),
            input: input?,
            expected: expected.flatten(),
            weight: weight.flatten().unwrap_or(1.0),
            extras: Extras::from(ItemExtras {
                criteria: criteria.unwrap_or_default(),
                tags: tags.unwrap_or_default(),
                cluster: cluster.flatten(),
                difficulty: difficulty.flatten(),
                tools: tools.unwrap_or_default(),
                metadata,
            }),
        })
    }

    fn field<T>(
        &mut self,
        record: &mut Record,
        field: Field,
        read: impl FnOnce(Cell) -> Result<T, Fault>,
    ) -> Option<T> {
        let column = self.columns.column(field);
        let cell = record.take(column)?;
        if self.columns.mapped(field).is_some() && !self.mapped_seen.contains(&field) {
            self.mapped_seen.push(field);
        }
        match read(cell) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(record.line, column, fault);
                None
            }
        }
    }

    fn fault(&mut self, line: u64, column: &str, fault: Fault) {
        let mut problem = Problem::new(fault.message)
            .at(line)
            .field(format!("{column}{}", fault.path));
        problem.hint = (!fault.hint.is_empty()).then_some(fault.hint);
        self.problems.push(problem);
    }

    fn input(&mut self, record: &mut Record) -> Option<Input> {
        let mapped = self.columns.input.is_some();
        let column = self.columns.column(Field::Input);
        let mut found = record.take(column).map(|cell| (column, cell));
        if mapped && found.is_some() && !self.mapped_seen.contains(&Field::Input) {
            self.mapped_seen.push(Field::Input);
        }
        if !mapped {
            let absent = found.as_ref().is_none_or(|(_, cell)| cell.is_absent());
            match record.take("messages") {
                Some(cell) if absent => found = Some(("messages", cell)),
                Some(cell) if !cell.is_absent() => {
                    let problem = Problem::new("the item has `input` and `messages`");
                    self.problems.push(
                        problem
                            .at(record.line)
                            .hint("keep one, or name the one to use in the column map"),
                    );
                    return None;
                }
                Some(_) | None => {}
            }
        }
        let is_null = matches!(&found, Some((_, Cell::Json(Value::Null))));
        match found {
            Some((column, cell)) if !is_null => match messages::input(cell, self.base) {
                Ok(input) => Some(input),
                Err(fault) => {
                    self.fault(record.line, column, fault);
                    None
                }
            },
            Some(_) | None => {
                let problem = Problem::new("is missing").at(record.line).field(column);
                let hint = hints::missing_input(&record.column_names());
                self.problems.push(problem.hint(hint));
                None
            }
        }
    }

    /// Makes an id out of what is asked, so that it stays when labels are corrected. Items that ask
    /// the same get a number behind it, in the order of the file.
    fn generated_id(&self, item: &Item) -> ItemId {
        let stem = generated_id(item);
        let mut id = ItemId::new(stem.clone());
        let mut count = 1_u64;
        while self.id_lines.contains_key(&id) {
            count += 1;
            id = ItemId::new(format!("{stem}-{count}"));
        }
        id
    }

    fn keep_extra_columns(
        &mut self,
        cells: Vec<(String, Cell)>,
        line: u64,
        metadata: &mut Map<String, Value>,
    ) {
        for (column, cell) in cells {
            if matches!(&cell, Cell::Untyped(text) if text.is_empty()) {
                continue;
            }
            self.extra_columns
                .entry(column.clone())
                .or_insert((line, 0))
                .1 += 1;
            metadata.entry(column).or_insert_with(|| cell.into_json());
        }
    }

    fn check_mapped_columns(&mut self) {
        if self.records == 0 {
            return;
        }
        let absent: Vec<_> = Field::ALL
            .into_iter()
            .filter(|field| !self.mapped_seen.contains(field))
            .filter_map(|field| Some((field, self.columns.mapped(field)?)))
            .collect();
        for (field, column) in absent {
            self.problems.push(
                Problem::new(format!(
                    "the column map takes `{}` from {}, which no item has",
                    field.name(),
                    quote(column)
                ))
                .hint(format!("columns are: {}", self.shown_columns.join(", "))),
            );
        }
    }
}

/// Makes an id out of what an item asks: `g-` and twelve hexadecimal digits.
pub(crate) fn generated_id(item: &Item) -> String {
    format!("g-{}", input_fingerprint(item).short())
}
