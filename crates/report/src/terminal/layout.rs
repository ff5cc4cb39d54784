//! Widths: wrapped paragraphs, padded cells, tables that drop columns until they fit.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Wraps a text at spaces to lines of at most `columns`; words that are longer are broken.
///
/// No line breaks at U+00A0, which comes out as a space.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for piece in pieces(word, columns) {
            let needed = width(&piece) + usize::from(!line.is_empty());
            if !line.is_empty() && width(&line) + needed > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
        .into_iter()
        .map(|line| line.replace('\u{a0}', " "))
        .collect()
}

/// Breaks a word into pieces of at most `columns`.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut n_used = 0;
    for found in word.chars() {
        let needed = found.width().unwrap_or(0);
        if n_used + needed > columns {
            pieces.push(String::new());
            n_used = 0;
        }
        n_used += needed;
        if let Some(piece) = pieces.last_mut() {
            piece.push(found);
        }
    }
    pieces
}

/// Cuts a text to `columns`, with an ellipsis in the last place if anything is missing.
pub(super) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut n_used = 0;
    for found in text.chars() {
        let needed = found.width().unwrap_or(0);
        if n_used + needed + 1 > columns {
            break;
        }
        n_used += needed;
        cut.push(found);
    }
    cut.push('…');
    cut
}

/// Spaces that fill a text up to `columns`.
pub(super) fn padding(text: &str, columns: usize) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

/// Widths of as many leading columns as fit into `columns`, two spaces between them.
///
/// At least two columns stay; the first is cut as far as needed, but not below 10.
pub(super) fn fitting(wanted: &[usize], columns: usize) -> Vec<usize> {
    let mut widths = wanted.to_vec();
    let total =
        |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    // A long name gives way before figures do.
    if let Some(first) = widths.first_mut() {
        *first = (*first).min(32);
    }
    while widths.len() > 2 && total(&widths) > columns {
        widths.pop();
    }
    let excess = total(&widths).saturating_sub(columns);
    if let Some(first) = widths.first_mut() {
        *first = first.saturating_sub(excess).max(10);
    }
    widths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn full_width_characters_count_double() {
        assert_eq!(width("模型"), 4);
        assert_eq!(fit("模型名称", 5), "模型…");
        assert_eq!(padding("模", 4), "  ");
    }

    #[test]
    fn tables_drop_columns_from_the_right_and_cut_names() {
        assert_eq!(fitting(&[20, 10, 10], 60), [20, 10, 10]);
        assert_eq!(fitting(&[20, 10, 10], 40), [20, 10]);
        assert_eq!(fitting(&[70, 10, 10], 60), [32, 10, 10]);
        assert_eq!(fitting(&[30, 28], 40), [10, 28]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide(text in any::<String>(), columns in 8usize..60) {
            for line in wrap(&crate::text::one_line(&text, 500), columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
        }

        #[test]
        fn what_is_fitted_fits(text in any::<String>(), columns in 1usize..60) {
            prop_assert!(width(&fit(&crate::text::one_line(&text, 500), columns)) <= columns);
        }
    }
}
