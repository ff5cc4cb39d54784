//! Which golden set is meant: a file of the command line, or the project's.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_golden::{ColumnMap, Format, GoldenSet, ReadOptions};

use crate::args::Common;
use crate::context::{self, Context, InputError};
use crate::golden;

/// A golden set on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct GoldenFile {
    /// The golden set (default: the project's).
    file: Option<PathBuf>,
    /// Its format, where the file's name does not tell: jsonl, json, csv or parquet.
    #[arg(long, requires = "file", value_name = "FORMAT")]
    format: Option<String>,
    /// Which column holds a field, such as `input=question`; may be repeated.
    #[arg(long, requires = "file", value_name = "FIELD=COLUMN")]
    column: Vec<String>,
}

/// A golden set, with its project where there is one.
pub(crate) struct Opened {
    pub(crate) set: GoldenSet,
    pub(crate) file: PathBuf,
    /// `None` = no project was found, or the file is not the project's.
    pub(crate) context: Option<Context>,
}

impl GoldenFile {
    /// Whether no file is named, so that the project's is meant.
    pub(crate) fn is_project(&self) -> bool {
        self.file.is_none()
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`InputError`] with every problem of the file.
    pub(crate) fn open(&self, common: &Common) -> anyhow::Result<Opened> {
        let Some(file) = &self.file else {
            let context = Context::open(common)?;
            let location = &context.project.task.golden;
            return Ok(Opened {
                set: golden::read(&context, None)?,
                file: context.folder.join(&location.path),
                context: Some(context),
            });
        };
        let options = ReadOptions {
            format: self.format.as_deref().map(format_named).transpose()?,
            columns: column_map(&self.column)?,
        };
        let set = trilemma_golden::read(file, &options)
            .map_err(|errors| anyhow!(InputError(format!("failed to {errors}"))))?;
        Ok(Opened {
            set,
            file: file.clone(),
            context: project_of(file, common),
        })
    }
}

/// The project that a file belongs to, if it is at hand and can be read.
fn project_of(file: &Path, common: &Common) -> Option<Context> {
    let project = context::project_file(common);
    if common.project.is_none() && !project.exists() {
        return None;
    }
    let context = Context::open(common).ok()?;
    let own = context.folder.join(&context.project.task.golden.path);
    let same = fs_err::canonicalize(own).ok()? == fs_err::canonicalize(file).ok()?;
    (same || common.project.is_some()).then_some(context)
}

/// Reads the name of a format.
pub(crate) fn format_named(name: &str) -> anyhow::Result<Format> {
    Format::of_extension(name).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to recognise the format `{name}`; hint: jsonl, json, csv or parquet"
        )))
    })
}

pub(crate) fn column_map(assignments: &[String]) -> anyhow::Result<ColumnMap> {
    let mut map = serde_json::Map::new();
    for assignment in assignments {
        let (field, column) = assignment.split_once('=').ok_or_else(|| {
            anyhow!(InputError(format!(
                "failed to read `--column {assignment}`; hint: write FIELD=COLUMN, such as input=question"
            )))
        })?;
        map.insert(field.trim().to_owned(), column.trim().into());
    }
    serde_json::from_value(serde_json::Value::Object(map))
        .map_err(|error| anyhow!(InputError(format!("failed to read `--column`: {error}"))))
}
