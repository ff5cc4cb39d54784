//! What every format takes and gives.
//!
//! In: a [`Report`]. Out: bytes, the same for the same report. An exporter reads no environment and
//! writes no file; whether colours are wanted and how wide the terminal is, the caller says.

use trilemma_decide::Decision;

use crate::content::Content;
use crate::error::ReportError;

/// What is to be reported.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// Items and outputs to embed (HTML only); `None` = figures only, so that it can be forwarded.
    pub content: Option<&'a Content>,
    /// How it shall look.
    pub settings: Settings,
}

impl<'a> Report<'a> {
    /// Reports a decision without texts, with default settings.
    #[must_use]
    pub fn new(decision: &'a Decision) -> Self {
        Self {
            decision,
            content: None,
            settings: Settings::default(),
        }
    }
}

/// How a report shall look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Columns of the terminal; used between 40 and 120.
    pub terminal_width: usize,
    /// Whether the terminal shows colours; the words say everything without them.
    pub colour: Colour,
    /// What an undecided requirement is in JUnit.
    pub undecided: UndecidedAs,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            terminal_width: 100,
            colour: Colour::Plain,
            undecided: UndecidedAs::Skipped,
        }
    }
}

/// Whether terminal output carries colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Text only.
    Plain,
    /// ANSI colours (ECMA-48 SGR).
    Ansi,
}

/// What an undecided requirement is in JUnit, which knows no third verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndecidedAs {
    /// A skipped test: the build passes.
    Skipped,
    /// A failure: the build fails.
    Failure,
}

/// One output format.
pub trait Exporter: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Usual file extension, without dot.
    fn extension(&self) -> &'static str;

    /// Media type, for HTTP.
    fn media_type(&self) -> &'static str;

    /// Writes the report.
    ///
    /// # Errors
    /// [`ReportError`]; only for defects of this program.
    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError>;
}
