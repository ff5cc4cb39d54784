//! Words of vendors and clients as they are kept and told: never longer than is good for a ledger or a header.
//!
//! In: names of any length. Out: the same, cut and marked where they are too long (see `kept_name`). A body that
//! an upstream or a client makes up can hold names of megabytes, and as many as it likes.

use trilemma_domain::FinishReason;
use trilemma_store::ledger::{MAX_NAME_CHARS, kept_name};

/// Names of lost fields that are told.
const MAX_LOST: usize = 20;

/// A vendor's word as the ledger keeps it.
pub(crate) fn kept(name: Option<&str>) -> Option<String> {
    name.map(|name| kept_name(name).into_owned())
}

/// Why a model stopped, in one word.
pub(crate) fn finish_word(finish: &FinishReason) -> String {
    match finish {
        FinishReason::Stop => "stop".to_owned(),
        FinishReason::Length => "length".to_owned(),
        FinishReason::ToolCalls => "tool_calls".to_owned(),
        FinishReason::ContentFilter => "content_filter".to_owned(),
        FinishReason::Refusal => "refusal".to_owned(),
        FinishReason::Other(word) => kept_name(word).into_owned(),
    }
}

/// Names of fields that a request loses on its way, as they are told.
pub(crate) fn told_lost(mut lost: Vec<String>) -> Vec<String> {
    let n_more = lost.len().saturating_sub(MAX_LOST);
    lost.truncate(MAX_LOST);
    for name in &mut lost {
        if name.len() > MAX_NAME_CHARS {
            *name = kept_name(name).into_owned();
        }
    }
    if n_more > 0 {
        lost.push(format!("and {n_more} more"));
    }
    lost
}

/// A text as a header can hold it.
pub(crate) fn for_header(text: &str) -> String {
    let is_plain = |c: char| (' '..='~').contains(&c);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_fields_are_bounded_in_length_and_number() {
        let few = vec!["seed".to_owned(), "messages.name".to_owned()];
        assert_eq!(told_lost(few.clone()), few);
        let many: Vec<String> = (0..1_000).map(|idx| "é".repeat(idx + 1)).collect();
        let told = told_lost(many.clone());
        assert_eq!((told.len(), told[20].as_str()), (21, "and 980 more"));
        assert_eq!(told[..20], many[..20]);
        let told = told_lost(vec!["x".repeat(1 << 20)]);
        assert_eq!(told[0], format!("{}… (1048576 bytes)", "x".repeat(200)));
    }

    #[test]
    fn a_header_holds_every_name() {
        assert_eq!(for_header("a.b, \"c\""), "a.b, \"c\"");
        assert_eq!(for_header("é\r\nx…"), "\\u{e9}\\r\\nx\\u{2026}");
    }
}
