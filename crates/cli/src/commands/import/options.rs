//! How files of results are read: the words of the command line.

use anyhow::anyhow;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use trilemma_interop::{Export, Field, GatherOptions, ReadOptions, Tool};

use crate::context::InputError;

/// How results are read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ResultOptions {
    /// Who wrote the files (default: told by their content).
    #[arg(long, value_name = "FORMAT", value_parser = tool())]
    format: Option<Tool>,
    /// Which column holds a field, such as `item=question_id`; `score=ok_*` for a column per
    /// candidate; `mlflow`, `langfuse` or `braintrust` for all columns of such an export (default:
    /// told by its columns); may be repeated.
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// Whose results they are, where the files do not say or say it in another way; once for all
    /// files, or once per file in their order.
    #[arg(long, value_name = "NAME")]
    candidate: Vec<String>,
    /// The score that decides (default: the tool's own verdict, else its first score).
    #[arg(long, value_name = "NAME")]
    pub(super) score: Option<String>,
    /// The scale of scores, worst to best, such as `1..10`.
    #[arg(long, value_name = "WORST..BEST", default_value = "0..1", value_parser = scale)]
    pub(super) scale: (f64, f64),
    /// Leave rows out that cannot be read, instead of refusing the file.
    #[arg(long)]
    pub(super) lenient: bool,
}

fn tool() -> impl TypedValueParser<Value = Tool> {
    let names = Tool::ALL.map(Tool::name);
    PossibleValuesParser::new(names).try_map(|typed| {
        let hit = Tool::ALL.into_iter().find(|tool| tool.name() == typed);
        hit.ok_or("not one of the words")
    })
}

fn scale(text: &str) -> Result<(f64, f64), String> {
    let hint = || "two numbers, such as `1..10`".to_owned();
    let (worst, best) = text.split_once("..").ok_or_else(hint)?;
    let read = |text: &str| text.trim().parse::<f64>().map_err(|_| hint());
    let (worst, best) = (read(worst)?, read(best)?);
    if worst.is_finite() && best.is_finite() && (worst - best).abs() > f64::EPSILON {
        Ok((worst, best))
    } else {
        Err(hint())
    }
}

impl ResultOptions {
    /// How each of the files is read, in their order.
    pub(super) fn read(&self, n_files: usize) -> anyhow::Result<Vec<ReadOptions>> {
        let mut columns = Vec::with_capacity(self.map.len());
        let mut export = None;
        for text in &self.map {
            if let Some(tool) = Export::parse(text) {
                export = Some(tool);
                continue;
            }
            let parsed = text
                .split_once('=')
                .filter(|(_, column)| !column.is_empty())
                .and_then(|(field, column)| Some((Field::parse(field.trim())?, column.to_owned())));
            columns.push(parsed.ok_or_else(|| wrong_map(text))?);
        }
        let n_names = self.candidate.len();
        if n_names > 1 && n_names != n_files {
            return Err(anyhow!(InputError(format!(
                "failed to name the candidates: {n_names} names for {n_files} files; hint: `--candidate` once for all files, or once per file in their order"
            ))));
        }
        let name = |idx: usize| match n_names {
            0 | 1 => self.candidate.first().cloned(),
            _ => self.candidate.get(idx).cloned(),
        };
        let options = (0..n_files).map(|idx| ReadOptions {
            tool: self.format,
            columns: columns.clone(),
            export,
            candidate: name(idx),
        });
        Ok(options.collect())
    }

    /// How rows become trials.
    pub(super) fn gather(&self, threshold: f64) -> GatherOptions {
        GatherOptions {
            score: self.score.clone(),
            scale: self.scale,
            threshold,
        }
    }
}

fn wrong_map(text: &str) -> anyhow::Error {
    let fields: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
    let exports: Vec<&str> = Export::ALL.iter().map(|export| export.name()).collect();
    anyhow!(InputError(format!(
        "failed to read `--map {text}`; hint: {} for such an export, or FIELD=COLUMN, where FIELD is one of {}",
        exports.join(", "),
        fields.join(", ")
    )))
}
