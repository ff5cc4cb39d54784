//! What commands share: the project, the catalog, the date.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use jiff::civil::Date;
use trilemma_catalog::Catalog;
use trilemma_project::{LoadContext, Loaded, Problem, Project, Severity, load};

use crate::accepted::Accepted;
use crate::args::Common;
use crate::clock;
use crate::layout::counted;
use crate::places;

/// Something that the user wrote is wrong: exit code 2.
#[derive(Debug)]
pub(crate) struct InputError(pub(crate) String);

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}

/// What an error says, as a sentence: texts of our crates fit after "failed to".
pub(crate) fn words_of(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let is_sentence = error.is::<InputError>()
        || error.is::<std::io::Error>()
        || error.is::<serde_json::Error>()
        || text.starts_with("failed to ");
    if is_sentence {
        text
    } else {
        format!("failed to {text}")
    }
}

/// Most problems of a file that are shown; the rest is counted.
const MAX_PROBLEMS: usize = 200;
/// Most characters of one problem that are shown.
const MAX_PROBLEM_CHARS: usize = 500;

/// A project that was read, and where its files are.
pub(crate) struct Context {
    pub(crate) project: Project,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) as_of: Date,
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
}

impl Context {
    /// Reads the project that the arguments name.
    ///
    /// # Errors
    /// [`InputError`] with every problem of the file.
    pub(crate) fn open(common: &Common) -> anyhow::Result<Self> {
        let file = project_file(common);
        let text = fs_err::read_to_string(&file).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::NotFound => "`trilemma init` writes one, `--project FILE` names one",
                ErrorKind::InvalidData => "it is no text: save it as UTF-8",
                _ => "check the name and the rights of the file",
            };
            anyhow!(InputError(format!(
                "failed to read the project: {error}; hint: {hint}"
            )))
        })?;
        Self::read(common, file, &text)
    }

    /// Reads the project again with further candidates, such as a shortlist's proposals.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub(crate) fn with_candidates(
        &self,
        common: &Common,
        models: &[String],
    ) -> anyhow::Result<Self> {
        let mut text = fs_err::read_to_string(&self.file)?;
        for model in models {
            text.push_str(&format!("\n[[candidates]]\nmodel = {model:?}\n"));
        }
        Self::read(common, self.file.clone(), &text)
    }

    /// Reads the project again with another text in place of the file's, as of a day.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub(crate) fn with_text(
        &self,
        common: &Common,
        text: &str,
        as_of: Date,
    ) -> anyhow::Result<Self> {
        let common = Common {
            as_of: Some(as_of),
            ..common.clone()
        };
        Self::read(&common, self.file.clone(), text)
    }

    /// Reads a project that stands in no file, as if it lay in the current folder.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub(crate) fn of_text(common: &Common, text: &str) -> anyhow::Result<Self> {
        Self::read(common, PathBuf::from("the command line"), text)
    }

    fn read(common: &Common, file: PathBuf, text: &str) -> anyhow::Result<Self> {
        let as_of = as_of(common);
        let catalog = Arc::new(catalog(common)?);
        let folder = places::folder_of(&file);
        let read_file = |path: &Path| {
            fs_err::read_to_string(folder.join(path)).map_err(|error| error.to_string())
        };
        let Loaded { project, warnings } = load(
            text,
            &LoadContext {
                catalog: &catalog,
                as_of,
                read_file: &read_file,
            },
        )
        .map_err(|errors| anyhow!(InputError(problems_text(&file, &errors.problems))))?;
        Ok(Self {
            project,
            warnings,
            catalog,
            as_of,
            folder,
            file,
        })
    }
}

/// The date whose prices, terms and lifecycles hold.
pub(crate) fn as_of(common: &Common) -> Date {
    common.as_of.unwrap_or_else(clock::today)
}

/// The built-in catalog with the user's files laid over it.
pub(crate) fn catalog(common: &Common) -> anyhow::Result<Catalog> {
    let mut catalog = Catalog::builtin();
    let mut accepted = Accepted::builtin();
    for path in &common.catalog {
        let text =
            fs_err::read_to_string(path).map_err(|error| anyhow!(InputError(error.to_string())))?;
        accepted = accepted.with(&text);
        let (file, is_known) = (path.display().to_string(), accepted.is_known());
        let laid = match is_known {
            true => catalog.with_known_overlay(&file, text),
            false => catalog.with_overlay(&file, text),
        };
        catalog = laid.map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
        if !is_known {
            accepted.remember();
        }
    }
    Ok(catalog)
}

/// The project file that the arguments name.
pub(crate) fn project_file(common: &Common) -> PathBuf {
    common
        .project
        .clone()
        .unwrap_or_else(|| PathBuf::from("trilemma.toml"))
}

/// The problems of a file, one per line.
pub(crate) fn problems_text(file: &Path, problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems
        .iter()
        .take(MAX_PROBLEMS)
        .map(|problem| {
            let kind = match problem.severity {
                Severity::Error => "",
                Severity::Warning => "warning: ",
            };
            format!("  {kind}{}", shortened(problem.to_string()))
        })
        .collect();
    if let Some(n_more) = problems.len().checked_sub(MAX_PROBLEMS + 1) {
        lines.push(format!("  and {} more", n_more + 1));
    }
    format!(
        "{} in {}\n{}",
        counted(problems.len() as u64, "problem"),
        file.display(),
        lines.join("\n")
    )
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_PROBLEM_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
