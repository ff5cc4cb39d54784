//! Which column means what: told by the user, else by its name.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::container::table::Cells;
use crate::error::InteropError;
use crate::results::exports::Told;
use crate::results::options::{Field, ReadOptions};

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    /// Columns that hold for the row.
    pub(crate) shared: BTreeMap<Field, String>,
    /// Columns of each candidate, in the order of the first one; empty in a long table.
    pub(crate) wide: Vec<(String, BTreeMap<Field, String>)>,
    /// Whose results they are, where no column says.
    pub(crate) candidate: Option<String>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// The cell of a field that holds for the row.
    pub(crate) fn cell<'a>(&self, cells: &'a Cells, field: Field) -> Option<&'a Value> {
        cell(cells, self.shared.get(&field)?)
    }
}

/// A cell by its column's name or, failing that, by a dotted path into nested objects.
pub(crate) fn cell<'a>(cells: &'a Cells, column: &str) -> Option<&'a Value> {
    if let Some(value) = cells.get(column) {
        return Some(value).filter(|value| !value.is_null());
    }
    let (head, rest) = column.split_once('.')?;
    rest.split('.')
        .try_fold(cells.get(head)?, |value, step| match value {
            Value::Array(members) => members.get(step.parse::<usize>().ok()?),
            Value::Object(members) => members.get(step),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
        .filter(|value| !value.is_null())
}

/// Prefixes of columns per candidate that are understood without being told.
const WIDE: [(&str, Field); 16] = [
    ("score_", Field::Score),
    ("score:", Field::Score),
    ("pass_", Field::Score),
    ("ok_", Field::Score),
    ("correct_", Field::Score),
    ("output_", Field::Output),
    ("output:", Field::Output),
    ("answer_", Field::Output),
    ("response_", Field::Output),
    ("input_tokens_", Field::InputTokens),
    ("output_tokens_", Field::OutputTokens),
    ("cost_usd_", Field::CostUsd),
    ("latency_ms_", Field::LatencyMs),
    ("latency_s_", Field::LatencyS),
    ("ttft_ms_", Field::TtftMs),
    ("error_", Field::Error),
];

/// Decides by the first row what the columns mean; `told` is what it says as a row of an export.
pub(super) fn plan(
    first: &Cells,
    told: Option<&Told>,
    options: &ReadOptions,
    path: &Path,
) -> Result<Plan, InteropError> {
    let mut plan = Plan {
        candidate: options.candidate.clone(),
        ..Plan::default()
    };
    let mut wide: Vec<(Field, String)> = Vec::new();
    for (field, column) in &options.columns {
        if column.contains('*') {
            wide.push((*field, column.clone()));
        } else {
            plan.shared.insert(*field, column.clone());
        }
    }
    if let Some(told) = told {
        for field in Field::ALL {
            if !plan.shared.contains_key(&field) && is_told(&plan, told, (first, field)) {
                plan.shared.insert(field, told_column(field));
            }
        }
    }
    let is_taken = |plan: &Plan, name: &str| plan.shared.values().any(|column| column == name);
    for field in Field::ALL {
        if plan.shared.contains_key(&field) || wide.iter().any(|(other, _)| *other == field) {
            continue;
        }
        if told.is_some() && !IN_ANY_EXPORT.contains(&field) {
            continue;
        }
        let usual = field
            .usual()
            .find(|name| first.contains_key(*name) && !is_taken(&plan, name));
        if let Some(name) = usual {
            plan.shared.insert(field, name.to_owned());
        }
    }
    let has_own = plan.shared.contains_key(&Field::Candidate) || plan.candidate.is_some();
    if !has_own && told.is_none() {
        let patterns = if wide.is_empty() {
            guessed(first)
        } else {
            wide
        };
        plan.wide = per_candidate(first, &patterns);
        for field in Field::ALL
            .into_iter()
            .filter(|field| field.is_per_candidate())
        {
            plan.shared.remove(&field);
        }
    }
    unitless(first, &mut plan);
    check(&plan, first, path)?;
    Ok(plan)
}

/// Where the reader puts what an export says of a field; no tool's column begins like this.
pub(super) fn told_column(field: Field) -> String {
    format!("={}", field.name())
}

/// A column as the user knows it.
pub(super) fn shown(column: &str) -> &str {
    column.strip_prefix('=').unwrap_or(column)
}

/// Fields that exports may hold under usual names where the tool has none of its own: the user's data.
const IN_ANY_EXPORT: [Field; 3] = [Field::Input, Field::Output, Field::Expected];

/// Whether a field is to be taken from what an export says. Later rows may say what the first does
/// not, but for names: these are the same in the whole file, and the user's word goes first.
fn is_told(plan: &Plan, told: &Told, (first, field): (&Cells, Field)) -> bool {
    match field {
        Field::Item => told.fields.contains_key(&field),
        Field::Candidate => plan.candidate.is_none() && told.fields.contains_key(&field),
        _ if told.fields.contains_key(&field) => true,
        _ if IN_ANY_EXPORT.contains(&field) => !field.usual().any(|name| first.contains_key(name)),
        _ => true,
    }
}

fn guessed(first: &Cells) -> Vec<(Field, String)> {
    WIDE.iter()
        .filter(|(prefix, _)| first.keys().any(|name| name.starts_with(prefix)))
        .map(|(prefix, field)| (*field, format!("{prefix}*")))
        .collect()
}

/// Columns by candidate: what the `*` of a pattern stands for is the candidate's name.
fn per_candidate(
    first: &Cells,
    patterns: &[(Field, String)],
) -> Vec<(String, BTreeMap<Field, String>)> {
    let mut found: Vec<(String, BTreeMap<Field, String>)> = Vec::new();
    for (field, pattern) in patterns {
        let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
        for column in first.keys() {
            let inner = column
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .filter(|name| !name.is_empty());
            let Some(name) = inner else { continue };
            // `output_tokens_x` is no `output_*` of a candidate called `tokens_x`.
            let is_longer = patterns.iter().any(|(other, longer)| {
                let prefix = longer.split('*').next().unwrap_or_default();
                other != field && prefix.len() > before.len() && column.starts_with(prefix)
            });
            if is_longer {
                continue;
            }
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, columns)) => {
                    columns.insert(*field, column.clone());
                }
                None => found.push((name.to_owned(), BTreeMap::from([(*field, column.clone())]))),
            }
        }
    }
    let has_result = |columns: &BTreeMap<Field, String>| {
        columns.contains_key(&Field::Score) || columns.contains_key(&Field::Output)
    };
    found.retain(|(_, columns)| has_result(columns));
    found
}

/// Names a column whose unit nobody can know.
fn unitless(first: &Cells, plan: &mut Plan) {
    let has_latency =
        plan.shared.contains_key(&Field::LatencyMs) || plan.shared.contains_key(&Field::LatencyS);
    let found = ["latency", "duration", "time"]
        .iter()
        .find(|name| first.contains_key(**name));
    if let (false, Some(name)) = (has_latency, found) {
        plan.notes.push(format!(
            "the column `{name}` has no unit and is left out: `--map latency_ms={name}` or `--map latency_s={name}` says"
        ));
    }
    let cost = ["cost", "total_cost", "price"]
        .iter()
        .find(|name| first.contains_key(**name));
    if let (false, Some(name)) = (plan.shared.contains_key(&Field::CostUsd), cost) {
        plan.notes.push(format!(
            "the column `{name}` names no currency and is left out: `--map cost_usd={name}` says that it is USD"
        ));
    }
}

fn check(plan: &Plan, first: &Cells, path: &Path) -> Result<(), InteropError> {
    let columns = || {
        let names: Vec<String> = first
            .keys()
            .take(40)
            .map(|name| format!("`{name}`"))
            .collect();
        names.join(", ")
    };
    let refuse = |reason: &str, hint: String| {
        Err(InteropError::Columns {
            path: path.to_owned(),
            reason: format!("{reason}; its columns are {}", columns()),
            hint,
        })
    };
    for column in plan.shared.values() {
        if cell(first, column).is_none() && !first.contains_key(column) && !column.contains('.') {
            // Later rows of JSON may have what the first lacks; only a name that is nearly one is refused.
            let near = first.keys().find(|name| name.eq_ignore_ascii_case(column));
            if let Some(near) = near {
                return refuse(
                    &format!("no column is called `{column}`"),
                    format!("did you mean `{near}`?"),
                );
            }
        }
    }
    let has_item =
        plan.shared.contains_key(&Field::Item) || plan.shared.contains_key(&Field::Input);
    if !has_item {
        return refuse(
            "no column names the item",
            "`--map item=COLUMN`, or `--map input=COLUMN` to join by what was asked".to_owned(),
        );
    }
    if plan.wide.is_empty() {
        if !plan.shared.contains_key(&Field::Candidate) && plan.candidate.is_none() {
            return refuse(
                "no column names the candidate",
                "`--map candidate=COLUMN`, `--candidate NAME` where all rows are of one, or `--map 'score=PREFIX*'` for a column per candidate".to_owned(),
            );
        }
        let has_result =
            plan.shared.contains_key(&Field::Score) || plan.shared.contains_key(&Field::Output);
        if !has_result {
            return refuse(
                "no column holds scores or outputs",
                "`--map score=COLUMN`, or `--map output=COLUMN` to score answers".to_owned(),
            );
        }
    }
    Ok(())
}
