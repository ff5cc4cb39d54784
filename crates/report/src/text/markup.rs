//! HTML, XML and JSON embedded in HTML.
//!
//! The five characters of XML 1.0 §2.4 are escaped everywhere, which is enough for text and for
//! quoted attributes in HTML, SVG and XML. A JSON block follows the HTML standard's advice for
//! `script` elements (§4.12.1.3): no `<` survives, so neither `</script` nor `<!--` can.

use super::clean::{several_lines, typeset};

/// Cleans and escapes a text for an element or a quoted attribute of HTML, SVG or XML.
pub(crate) fn escape(text: &str) -> String {
    let cleaned = several_lines(text);
    let mut escaped = String::with_capacity(cleaned.len() + cleaned.len() / 8);
    for found in cleaned.chars() {
        match found {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Cleans and escapes a sentence in which names stand between backticks: these become `code`.
pub(crate) fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    for (idx, part) in text.split('`').enumerate() {
        if idx % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escape(part));
            html.push_str("</code>");
        } else {
            html.push_str(&escape(&typeset(part)));
        }
    }
    html
}

/// Makes JSON safe inside `<script type="application/json">`, without changing its meaning.
///
/// `<`, `>`, `&`, U+2028 and U+2029 stand only inside strings in JSON, where `\uXXXX` is the same.
pub(crate) fn json_block(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 16);
    for found in json.chars() {
        match found {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            other => safe.push(other),
        }
    }
    safe
}
