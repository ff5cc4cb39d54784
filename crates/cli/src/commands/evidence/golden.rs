//! Logged traffic as candidates for a golden set.
//!
//! In: the texts that a gateway was told to keep. Out: items to label, drawn as `golden sample` draws them:
//! the same request once, near-duplicates passed over, from every task, candidate and length; with a warning
//! of what still looks like personal data.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::Value;
use trilemma_store::texts::each_text;

use super::super::golden::{SampleArgs, draw_sample};
use super::super::serve::texts_folder;
use crate::clock;
use crate::context::{Context, InputError};
use crate::exit::Exit;
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
    fn of(self, log: &Path) -> SampleArgs {
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
            keep: KEPT.map(str::to_owned).into(),
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
    let mut failure = None;
    each_text(&folder, &mut |line| {
        let at_us = serde_json::from_str::<Value>(line)
            .ok()
            .and_then(|line| line.get("at_us")?.as_i64());
        let is_wanted = at_us.is_some_and(|at_us| at_us >= since_us.max(oldest_us));
        if is_wanted && failure.is_none() {
            n_lines += 1;
            failure = writeln!(log, "{line}").err();
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
    let log = log
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    draw_sample(&drawn.of(log.path()), printer)
}
