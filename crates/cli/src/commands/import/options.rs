//! How files of results are read: the words of the command line.

use anyhow::anyhow;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use trilemma_interop::{Field, GatherOptions, ReadOptions, Tool};

use crate::context::InputError;

/// How results are read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ResultOptions {
    /// Who wrote the files (default: told by their content).
    #[arg(long, value_name = "FORMAT", value_parser = tool())]
    format: Option<Tool>,
    /// Which column holds a field, such as `item=question_id`; `score=ok_*` for a column per
    /// candidate; may be repeated.
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// Whose results they are, where the files do not say.
    #[arg(long, value_name = "NAME")]
    candidate: Option<String>,
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
    /// How files are read.
    pub(super) fn read(&self) -> anyhow::Result<ReadOptions> {
        let mut columns = Vec::with_capacity(self.map.len());
        for text in &self.map {
            let parsed = text
                .split_once('=')
                .filter(|(_, column)| !column.is_empty())
                .and_then(|(field, column)| Some((Field::parse(field.trim())?, column.to_owned())));
            columns.push(parsed.ok_or_else(|| {
                let fields: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
                anyhow!(InputError(format!(
                    "failed to read `--map {text}`; hint: FIELD=COLUMN, where FIELD is one of {}",
                    fields.join(", ")
                )))
            })?);
        }
        Ok(ReadOptions {
            tool: self.format,
            columns,
            candidate: self.candidate.clone(),
        })
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
