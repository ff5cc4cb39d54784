//! `trilemma catalog diff`: what a file of the user's changes.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::anyhow;

use super::compare::{Difference, compare};
use super::facts::input_error;
use super::money::UNKNOWN;
use crate::args::Common;
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{bullet, one_line, terminal_width};
use crate::printer::Printer;

/// Runs the command.
pub(crate) fn run(file: &Path, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let before = context::catalog(common)?;
    let text =
        fs_err::read_to_string(file).map_err(|error| anyhow!(InputError(error.to_string())))?;
    let after = context::catalog(common)?
        .with_overlay(&file.display().to_string(), &text)
        .map_err(|error| input_error(&error))?;
    let differences = compare(&before, &after).map_err(|error| input_error(&error))?;
    if printer.json() {
        printer.value(&differences)?;
        return Ok(Exit::Ok);
    }
    if differences.is_empty() {
        printer.data("the file says nothing that the catalog does not say already");
    } else {
        printer.data(&words(&differences));
    }
    printer.next(&format!(
        "trilemma catalog list --catalog {}",
        one_line(&file.display().to_string())
    ));
    Ok(Exit::Ok)
}

fn words(differences: &[Difference]) -> String {
    let width = terminal_width();
    let mut text = String::new();
    for difference in differences {
        let news = if difference.is_new { " (new)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{news}", one_line(&difference.row));
        for change in &difference.changes {
            let line = match (&change.before, &change.after) {
                (None, Some(after)) if difference.is_new && after == UNKNOWN => continue,
                (None, Some(after)) => format!("{}: {after}", change.fact),
                (Some(before), Some(after)) => {
                    format!("{}: {before} -> {after}", change.fact)
                }
                (before, None) => {
                    let before = before.as_deref().unwrap_or(UNKNOWN);
                    format!("{}: {before} -> gone", change.fact)
                }
            };
            let _ = writeln!(text, "{}", bullet(&line, 2, width));
        }
    }
    text
}
