//! A list of extraction steps, read from the project and run in order.
//!
//! In: `extract = ["trim", { step = "json_field", field = "answer" }]`, or one step alone. Out: the
//! text left over, borrowed where possible. Each step may say `optional = true`: then it leaves the
//! text as it is when it finds nothing.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::defaults::DefaultSteps;
use super::step::{Step, StepKind};
use super::steps::STEPS;
use crate::options::Options;
use crate::problem::{OptionProblem, nearest};

/// Says which step found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Position of the step in the list, from 0.
    pub step_idx: usize,
    /// Its name.
    pub step: &'static str,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "step {} (`{}`) found nothing",
            self.step_idx + 1,
            self.step
        )
    }
}

#[derive(Debug)]
struct Stage {
    name: &'static str,
    step: Box<dyn Step>,
    optional: bool,
}

/// Extraction steps, ready to run.
#[derive(Debug, Default)]
pub struct Extraction {
    stages: Vec<Stage>,
}

impl Extraction {
    /// Builds the steps that a project writes: a list, or one step alone; each a short form such
    /// as `"json_field:answer"` or a table with `step` and options.
    ///
    /// # Errors
    /// Every problem found.
    pub fn build(value: &Value) -> Result<Self, Vec<OptionProblem>> {
        let mut problems = Vec::new();
        let built = build_steps(value, "extract", &mut problems);
        if problems.is_empty() {
            Ok(built)
        } else {
            Err(problems)
        }
    }

    /// Runs the steps.
    ///
    /// # Errors
    /// [`Missing`] names the step that found nothing.
    pub fn apply<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, Missing> {
        let mut current = Cow::Borrowed(text);
        for (step_idx, stage) in self.stages.iter().enumerate() {
            let next = match &current {
                Cow::Borrowed(text) => stage.step.apply(text),
                Cow::Owned(text) => stage
                    .step
                    .apply(text)
                    .map(|left| Cow::Owned(left.into_owned())),
            };
            match next {
                Some(next) => current = next,
                None if stage.optional => {}
                None => {
                    return Err(Missing {
                        step_idx,
                        step: stage.name,
                    });
                }
            }
        }
        Ok(current)
    }
}

/// The two sides of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// Steps for the answer.
    pub(crate) answer: Extraction,
    /// Steps for the expected value.
    pub(crate) expected: Extraction,
}

impl Pipeline {
    /// Reads `extract` and `expected_extract`, or takes the defaults in their place.
    pub(crate) fn read(options: &mut Options<'_>, defaults: DefaultSteps) -> Self {
        Self {
            answer: read_side(options, "extract", defaults.answer),
            expected: read_side(options, "expected_extract", defaults.expected),
        }
    }
}

fn read_side(options: &mut Options<'_>, name: &str, default: &[&str]) -> Extraction {
    let mut problems = Vec::new();
    let path = options.path(name);
    let built = match options.value(name) {
        Some(value) => build_steps(value, &path, &mut problems),
        None => build_steps(&Value::from(default.to_vec()), &path, &mut problems),
    };
    options.absorb(problems);
    built
}

fn build_steps(value: &Value, path: &str, problems: &mut Vec<OptionProblem>) -> Extraction {
    let one;
    let list: &[Value] = if let Value::Array(list) = value {
        list
    } else {
        one = [value.clone()];
        &one
    };
    let stages = list
        .iter()
        .enumerate()
        .filter_map(|(idx, entry)| build_stage(entry, &format!("{path}[{idx}]"), problems))
        .collect();
    Extraction { stages }
}

fn build_stage(entry: &Value, path: &str, problems: &mut Vec<OptionProblem>) -> Option<Stage> {
    let table = match entry {
        Value::String(short) => expand_short(short, path, problems)?,
        Value::Object(table) => table.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            problems.push(OptionProblem {
                option: Some(path.to_owned()),
                message: "a step is neither a text nor a table".to_owned(),
                hint: "write `\"trim\"` or `{ step = \"json_field\", field = \"answer\" }`"
                    .to_owned(),
            });
            return None;
        }
    };
    let mut options = Options::new(&table, format!("{path}."));
    let stage = read_stage(&mut options);
    problems.extend(options.into_problems());
    stage
}

fn read_stage(options: &mut Options<'_>) -> Option<Stage> {
    let name = options.required_text("step")?;
    let Some(kind) = STEPS.iter().find(|kind| kind.name == name) else {
        let hint = match nearest(name, STEPS.iter().map(|kind| kind.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the steps are {}", step_names().join(", ")),
        };
        options.problem("step", format!("there is no step `{name}`"), hint);
        return None;
    };
    let mut known: Vec<&str> = kind.options.iter().map(|option| option.name).collect();
    known.extend(["step", "optional"]);
    options.refuse_unknown(&known);
    let optional = options.flag("optional", false);
    Some(Stage {
        name: kind.name,
        step: (kind.build)(options)?,
        optional,
    })
}

/// Turns `name` or `name:argument` into the table form.
fn expand_short(
    short: &str,
    path: &str,
    problems: &mut Vec<OptionProblem>,
) -> Option<Map<String, Value>> {
    let (name, argument) = match short.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (short, None),
    };
    let mut table = Map::new();
    table.insert("step".to_owned(), Value::from(name));
    let Some(argument) = argument else {
        return Some(table);
    };
    let kind: Option<&StepKind> = STEPS.iter().find(|kind| kind.name == name);
    match kind.map(|kind| kind.argument) {
        Some(None) => {
            problems.push(OptionProblem {
                option: Some(path.to_owned()),
                message: format!("the step `{name}` takes nothing after a colon"),
                hint: format!("write `\"{name}\"`"),
            });
            None
        }
        Some(Some(option)) => {
            table.insert(option.to_owned(), Value::from(argument));
            Some(table)
        }
        // The name is unknown: `read_stage` says so.
        None => Some(table),
    }
}

fn step_names() -> Vec<String> {
    STEPS
        .iter()
        .map(|kind| format!("`{}`", kind.name))
        .collect()
}
