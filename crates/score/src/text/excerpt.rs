//! Bounded excerpts for explanations.
//!
//! In: any text. Out: at most 80 characters on one line, without control characters. Explanations
//! quote answers and are content: reports that leave content out must leave them out.

/// Cuts a text for an explanation.
pub(crate) fn excerpt(text: &str) -> String {
    const MAX_CHARS: usize = 80;
    let mut out = String::new();
    let mut chars = text.trim().chars();
    for c in chars.by_ref().take(MAX_CHARS) {
        out.push(if c.is_control() { ' ' } else { c });
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}
