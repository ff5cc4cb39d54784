//! The design document's two lists at three volumes: `cargo run -p xtask -- lists DATA`.
//!
//! In: recorded outcomes of GSM8K with list prices of 2024 (DATA/routing), GPUs with dated rents of the
//! catalog. Out: which API is cheapest among those that are good enough, and where serving open weights
//! oneself begins to pay, with ranges.

mod apis;
mod servers;

use std::path::Path;

use crate::decisions::recorded::read;

/// Writes both tables.
pub(crate) fn print(data: &Path) -> anyhow::Result<String> {
    let recorded = read(data, "gsm")?;
    Ok(format!(
        "{}\n{}",
        apis::table(&recorded)?,
        servers::tables(&recorded)?
    ))
}
