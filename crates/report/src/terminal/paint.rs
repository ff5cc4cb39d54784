//! Our own colours (ECMA-48 SGR), and nothing else that a terminal would obey.

use crate::exporter::Colour;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Good,
    Bad,
    Open,
    /// Black on yellow, for the banner.
    Loud,
}

impl Style {
    /// The style of a verdict's word or of a table cell's class.
    pub(super) fn of(class: &str) -> Self {
        match class {
            "meets" | "decided" => Self::Good,
            "fails" | "no-candidate" => Self::Bad,
            "undecided" | "missing-results" => Self::Open,
            "unknown" => Self::Dim,
            "name" => Self::Bold,
            _ => Self::Plain,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Open => "33",
            Self::Loud => "30;43",
        }
    }
}

/// Paints a text that has already been cleaned.
pub(super) fn paint(colour: Colour, style: Style, text: &str) -> String {
    match (colour, style) {
        (Colour::Plain, _) | (_, Style::Plain) => text.to_owned(),
        (Colour::Ansi, _) => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
    }
}
