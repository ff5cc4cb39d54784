//! CSV cells (RFC 4180) that no spreadsheet takes for a formula (OWASP, "CSV injection").

use super::clean::one_line;

/// Most characters of a text cell: a spreadsheet holds 32,767.
const MAX_CELL_CHARS: usize = 32_000;

/// Writes a text cell: cleaned, an apostrophe before what would start a formula, and before one of its own so that no two
/// texts become one cell; quoted where needed.
///
/// Numbers are not for this function: `-1` would become text.
pub(crate) fn cell(text: &str) -> String {
    let mut plain = one_line(text, MAX_CELL_CHARS);
    let raw_lead = matches!(text.chars().next(), Some('\t' | '\r' | '\n'));
    // Readers that do not undo the quoting of RFC 4180 drop the quotes, so what follows them counts.
    let first = plain.chars().find(|c| !c.is_whitespace() && *c != '"');
    let starts_formula = matches!(
        first,
        // The full-width forms start formulas in East Asian settings.
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\'')
    );
    if raw_lead || starts_formula {
        plain.insert(0, '\'');
    }
    if plain.contains([',', '"', ';', '\'']) || plain.starts_with(' ') || plain.ends_with(' ') {
        format!("\"{}\"", plain.replace('"', "\"\""))
    } else {
        plain
    }
}
