//! Cells that no spreadsheet takes for a formula, and back without loss.
//!
//! A text that begins with a character that starts a formula, with an apostrophe, or with either behind
//! quotation marks or blanks, gets one apostrophe in front; reading takes exactly that one away. Source: OWASP,
//! "CSV Injection"; which characters start formulas as in the report's CSV.

/// Whether a spreadsheet may look behind this character for the start of a formula.
fn is_skipped(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\u{feff}' | '\u{200b}')
}

/// Whether a text needs an apostrophe.
fn is_risky(text: &str) -> bool {
    if text.starts_with('\'') || text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let first = text.chars().find(|c| !is_skipped(*c));
    first.is_some_and(|c| {
        matches!(
            c,
            '=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠' | '\''
        )
    })
}

/// Makes a text safe for a cell.
pub(crate) fn neutral(text: &str) -> String {
    if is_risky(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Gives the text of a cell back.
pub(crate) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_risky(text) => text,
        Some(_) | None => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_text_stays() {
        for text in [
            "=1+1", "+1", "-1", "@A1", "\t=1", "\"=1\"", " =1", "'=1", "'", "''x",
        ] {
            let cell = neutral(text);
            assert!(cell.starts_with('\''), "{text:?}");
            assert_eq!(plain(&cell), text);
        }
        for text in ["", "plain", "1+1", "it's", "a=b"] {
            assert_eq!(neutral(text), text);
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn every_text_comes_back() {
        let pieces = ["=", "'", "\"", " ", "a", "-", "\n", "é", "@"];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    let text = format!("{a}{b}{c}");
                    assert_eq!(plain(&neutral(&text)), text);
                }
            }
        }
    }
}
