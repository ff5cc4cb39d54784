//! The best score over alternative expected texts.
//!
//! In: alternatives and a score for each. Out: the best, with its explanation. Stops at a 1.

use std::borrow::Cow;

use trilemma_domain::ScoredOutcome;

use crate::outcome::because;
use crate::text::excerpt;

/// Scores against each alternative and keeps the best; a score below 1 is explained by both texts.
pub(crate) fn best_of(
    got: &str,
    expected: &[Cow<'_, str>],
    mut score: impl FnMut(&str) -> f64,
) -> ScoredOutcome {
    let mut best = 0.0;
    for alternative in expected {
        let value: f64 = score(alternative);
        if value > best {
            best = value;
        }
        if best >= 1.0 {
            return crate::outcome::plain(1.0);
        }
    }
    because(best, mismatch(got, expected))
}

/// Says what came and what was expected.
pub(crate) fn mismatch(got: &str, expected: &[Cow<'_, str>]) -> String {
    let wanted = expected
        .first()
        .map(|text| excerpt(text))
        .unwrap_or_default();
    let others = match expected.len() {
        0 | 1 => String::new(),
        n => format!(" or {} more", n - 1),
    };
    format!("got `{}`, expected `{wanted}`{others}", excerpt(got))
}
