//! The way in: a path, and behind it the reader of its format.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::detect::{Kind, detect};
use super::options::ReadOptions;
use super::take::{Origin, Take};
use super::{inspect, lm_eval, openai_evals, promptfoo, table};
use crate::container::{Meter, open, refuse_foreign, start_of};
use crate::error::InteropError;

/// Reads a file of results, row by row; `n_bytes` counts what was read of it.
///
/// # Errors
/// [`InteropError`] where the file as a whole cannot be read; broken rows go to the taker instead.
pub fn read_results(
    path: &Path,
    options: &ReadOptions,
    n_bytes: &Arc<AtomicU64>,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let meter = Meter::new(Arc::clone(n_bytes));
    let mut bytes = open(path, &meter)?;
    let start = start_of(&mut bytes, path)?;
    refuse_foreign(start, path)?;
    let kind = detect(start, path, options.tool)?;
    let source = (path, bytes);
    match kind {
        Kind::Table(layout) => table::read(source, &meter, layout, options, take),
        Kind::PromptfooJson => promptfoo::read_json(source, &meter, take),
        Kind::PromptfooJsonl => promptfoo::read_jsonl(source, &meter, take),
        Kind::InspectJson => inspect::read_json(source, &meter, options, take),
        #[cfg(feature = "zip")]
        Kind::InspectEval => inspect::read_eval(path, n_bytes, options, take),
        #[cfg(not(feature = "zip"))]
        Kind::InspectEval => Err(InteropError::broken(
            path,
            "this build does not read archives",
            "build with the feature `zip`, or `inspect log convert --to json`",
        )),
        Kind::LmEval => lm_eval::read(source, &meter, options, take),
        Kind::OpenaiEvals => openai_evals::read_lines(source, &meter, options, take),
        Kind::OpenaiPage => openai_evals::read_document(source, &meter, options, take),
    }
}
