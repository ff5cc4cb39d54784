//! Text inside a line of Markdown (CommonMark 0.31, GitHub's tables, autolinks and mentions).

use super::clean::one_line;

/// Most characters of one inline text.
const MAX_CHARS: usize = 4_000;

/// Cleans and escapes a text so that it shows as itself in a paragraph, list or table cell.
pub(crate) fn inline(text: &str) -> String {
    let cleaned = one_line(text, MAX_CHARS);
    let mut escaped = String::with_capacity(cleaned.len() + 8);
    for found in cleaned.chars() {
        match found {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(found);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Mentions and issue numbers notify people when a report is pasted into a thread.
            '@' => escaped.push_str("&#64;"),
            '#' => escaped.push_str("&#35;"),
            other => escaped.push(other),
        }
    }
    escaped
        .replace("://", "&#58;//")
        .replace("www.", "www&#46;")
        .replace("WWW.", "WWW&#46;")
}

/// Cleans and escapes a sentence in which names stand between backticks: these become code.
///
/// A name that holds anything but letters, digits and `._/:-` is escaped like the rest, in quotes.
pub(crate) fn prose(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    for (idx, part) in text.split('`').enumerate() {
        let is_name = idx % 2 == 1;
        let is_plain = part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | ':' | '-'));
        if !is_name {
            shown.push_str(&inline(part));
        } else if is_plain && !part.is_empty() {
            shown.push_str(&format!("`{part}`"));
        } else {
            shown.push_str(&format!("“{}”", inline(part)));
        }
    }
    shown
}
