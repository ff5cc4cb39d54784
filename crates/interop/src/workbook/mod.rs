//! Workbooks (XLSX): one sheet of texts out, one sheet of texts in.
//!
//! In: rows of texts, or a file from a spreadsheet program. Out: a workbook whose cells are texts and can become
//! nothing else, or the rows of a workbook's first sheet. No formulas, dates or styles are kept: a formula's cell
//! is read as the text of its last result. What the columns mean is the caller's.
//! Source: ECMA-376 (Office Open XML), parts 1 and 2.

mod read;
mod write;

pub use read::read_workbook;
pub use write::{Choices, write_workbook};

#[cfg(test)]
mod tests;
