//! Reads the golden set of a project.

use std::path::Path;

use anyhow::anyhow;
use trilemma_golden::{ColumnMap, Format, GoldenSet, ReadOptions};
use trilemma_project::GoldenLocation;

use crate::context::{Context, InputError};
use crate::split::Part;

/// Reads the golden set of a project, or a part of it.
///
/// # Errors
/// [`InputError`] with every problem of the file, or when the part holds no item.
pub(crate) fn read(context: &Context, part: Option<&Part>) -> anyhow::Result<GoldenSet> {
    let mut golden = read_at(&context.folder, &context.project.task.golden)?;
    if let Some(part) = part {
        part.cut(&mut golden)?;
    }
    Ok(golden)
}

/// Reads the whole golden set where the project says.
///
/// # Errors
/// [`InputError`] with every problem of the file.
pub(crate) fn read_at(folder: &Path, location: &GoldenLocation) -> anyhow::Result<GoldenSet> {
    let columns: ColumnMap = serde_json::from_value(serde_json::to_value(&location.columns)?)
        .map_err(|error| anyhow!(InputError(format!("read the column map: {error}"))))?;
    let format = location.format.as_deref().and_then(Format::of_extension);
    let path = folder.join(&location.path);
    trilemma_golden::read(&path, &ReadOptions { format, columns })
        .map_err(|errors| anyhow!(InputError(format!("failed to {errors}"))))
}
