//! Logged traffic as candidates for a golden set.
//!
//! In: the texts that a gateway was told to keep. Out: items to label, drawn as `golden sample` draws them:
//! the same request once, near-duplicates passed over, from every task, candidate and length; with a warning
//! of what still looks like personal data. What a prompt of the project made is taken apart again (see `wrapped`).

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::{Map, Value};
use trilemma_store::texts::each_text;

use super::super::golden::{SampleArgs, draw_sample};
use super::super::serve::texts_folder;
use super::wrapped::Unwrapper;
use crate::clock;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::layout::{counted, parted};
use crate::printer::Printer;

/// From what items are drawn in proportion.
const STRATA: [&str; 3] = ["task", "candidate", "length"];
/// What is kept beside a prompt.
const KEPT: [&str; 7] = [
    "candidate",
    "served",
    "task",
    "user_tier",
    "length",
    "finish",
    "at_us",
];

/// What is drawn, and where it goes.
pub(super) struct Drawn {
    pub(super) out: PathBuf,
    pub(super) n: usize,
    pub(super) seed: u64,
    pub(super) force: bool,
}

impl Drawn {
    /// `fields` are those of the project's prompts.
    fn of(self, log: &Path, fields: impl IntoIterator<Item = String>) -> SampleArgs {
        let mut keep: Vec<String> = KEPT.map(str::to_owned).into();
        let more = fields.into_iter();
        keep.extend(more.filter(|name| !KEPT.contains(&name.as_str())));
        SampleArgs {
            logs: log.to_owned(),
            n: self.n,
            out: Some(self.out),
            force: self.force,
            stratify: STRATA.map(str::to_owned).into(),
            equal: false,
            redact: true,
            seed: self.seed,
            input: Some("messages".to_owned()),
            answer: Some("answer".to_owned()),
            id: Some("request".to_owned()),
            cluster: Some("session".to_owned()),
            keep,
            format: Some("jsonl".to_owned()),
        }
    }
}

/// Draws items from the texts since a moment.
pub(super) fn run(
    drawn: Drawn,
    context: &Context,
    since_us: i64,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let folder = texts_folder(context)?;
    // What is too old may not be used, also while no gateway is running that would delete it.
    let oldest_us = context
        .project
        .serve
        .texts
        .as_ref()
        .map_or(i64::MIN, |texts| {
            let keep = i64::try_from(texts.keep.as_micros()).unwrap_or(i64::MAX);
            clock::now_us().saturating_sub(keep)
        });
    let mut log = BufWriter::new(tempfile::NamedTempFile::new()?);
    let mut n_lines = 0_u64;
    let mut unwrapper = Unwrapper::of(&context.project);
    let mut failure = None;
    each_text(&folder, &mut |line| {
        let Ok(line) = serde_json::from_str::<Map<String, Value>>(line) else {
            return;
        };
        let at_us = line.get("at_us").and_then(Value::as_i64);
        let is_wanted = at_us.is_some_and(|at_us| at_us >= since_us.max(oldest_us));
        if !is_wanted || failure.is_some() {
            return;
        }
        n_lines += 1;
        if let Some(line) = unwrapper.line(line) {
            failure = writeln!(log, "{}", Value::Object(line)).err();
        }
    })
    .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    if let Some(error) = failure {
        return Err(error.into());
    }
    if n_lines == 0 {
        return Err(anyhow!(InputError(format!(
            "failed to find kept texts in {}; hint: `[serve.texts]` in the project keeps a share of them \
             (docs/gateway.md)",
            folder.display()
        ))));
    }
    let n_foreign = unwrapper.n_foreign;
    let why = "asked by none of the project's prompts, or by one that cannot be read backwards (conditions, loops, \
               filters): a benchmark would wrap it in a prompt once more";
    if n_foreign == n_lines {
        return Err(anyhow!(InputError(format!(
            "failed to draw items: all of {} are {why}; hint: let clients fill in the prompt of the candidate that they \
             ask, or draw in a project whose candidates have no `prompt`",
            counted(n_lines, "kept request")
        ))));
    }
    if n_foreign > 0 {
        printer.tell(&format!(
            "warning: {} of {} left out: {why}",
            parted(n_foreign),
            counted(n_lines, "kept request")
        ));
    }
    let log = log
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    draw_sample(&drawn.of(log.path(), unwrapper.fields), printer)
}
