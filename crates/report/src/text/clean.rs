//! Replaces what a reader cannot see but a display obeys: control characters and direction marks.
//!
//! Control characters become their Unicode pictures (ESC is shown as `␛`), so that a reader sees
//! that they were there; marks that reorder or hide text (Unicode TR 9 and TR 36) become U+FFFD.

/// Cleans a text for one line: line breaks and tabs become spaces.
///
/// Cuts after `max_chars` characters (at least 1) with an ellipsis in the last place.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(max_chars.saturating_mul(4)));
    for (n_before, found) in text.chars().enumerate() {
        if n_before + 1 >= max_chars && text.chars().nth(max_chars).is_some() {
            cleaned.push('…');
            break;
        }
        cleaned.push(match found {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => ' ',
            other => visible(other),
        });
    }
    cleaned
}

/// Cleans a text of several lines: keeps `\n` and tabs, turns `\r\n` into `\n`.
pub(crate) fn several_lines(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(found) = rest.next() {
        match found {
            '\n' | '\t' => cleaned.push(found),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\u{2028}' | '\u{2029}' | '\u{85}' => cleaned.push('\n'),
            other => cleaned.push(visible(other)),
        }
    }
    cleaned
}

fn visible(found: char) -> char {
    match found {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(found)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, which some terminals obey as if they began with ESC.
        '\u{80}'..='\u{9f}'
        // Arabic letter mark, left-to-right and right-to-left marks, embeddings, overrides, isolates.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Invisible: zero-width space, byte order mark, interlinear anchors, tag characters.
        | '\u{200b}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        // Not characters, and forbidden in XML.
        | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        '\u{2028}' | '\u{2029}' => ' ',
        other => other,
    }
}

/// Keeps numbers with their units and gives negative ones a minus sign, for running text.
///
/// Spaces inside `95 %`, `3 USD`, `5 s` and `n = 12` become U+00A0; a hyphen before a digit, at the start or
/// after a space or bracket, becomes U+2212.
pub(crate) fn typeset(text: &str) -> String {
    let mut set = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(found) = rest.next() {
        let next_is_digit = rest.peek().is_some_and(char::is_ascii_digit);
        let is_minus = found == '-' && next_is_digit && matches!(before, ' ' | '(' | '[');
        let is_before_seconds = found == ' ' && before.is_ascii_digit() && {
            let mut ahead = rest.clone();
            ahead.next() == Some('s') && !ahead.next().is_some_and(char::is_alphanumeric)
        };
        set.push(match (is_minus, is_before_seconds) {
            (true, _) => '−',
            (_, true) => '\u{a0}',
            _ => found,
        });
        before = found;
    }
    for (loose, glued) in [
        (" %", "\u{a0}%"),
        (" USD", "\u{a0}USD"),
        (" ms", "\u{a0}ms"),
        (" points", "\u{a0}points"),
        ("n = ", "n\u{a0}=\u{a0}"),
        ("≥ ", "≥\u{a0}"),
        ("≤ ", "≤\u{a0}"),
    ] {
        set = set.replace(loose, glued);
    }
    set
}
