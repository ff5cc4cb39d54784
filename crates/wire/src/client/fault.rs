//! Failures that decoding itself finds.
//!
//! In: what was found. Out: a [`Failure`] with fault and retry advice. The vendor may have
//! billed an answer that we cannot read, so these never say that a call was free.

use trilemma_domain::{Failure, FailureKind, FaultSource, Retry};

/// Most bytes of a body quoted in a message.
const MAX_EXCERPT_BYTES: usize = 240;

/// The body is not what the dialect says.
pub(crate) fn malformed(problem: &str, body: &[u8]) -> Failure {
    let message = match excerpt(body) {
        text if text.is_empty() => problem.to_owned(),
        text => format!("{problem}; it begins with `{text}`"),
    };
    Failure::new(
        FailureKind::Malformed,
        FaultSource::Vendor,
        Retry::Backoff,
        &message,
    )
}

/// The stream ended in order, but without its terminal event.
pub(crate) fn truncated(missing: &str) -> Failure {
    let message = format!("the stream ended without {missing}; the answer may be incomplete");
    Failure::new(
        FailureKind::Truncated,
        FaultSource::Vendor,
        Retry::Backoff,
        &message,
    )
}

/// The beginning of a body on one line, invalid bytes replaced, control characters as spaces.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let head = body.get(..MAX_EXCERPT_BYTES).unwrap_or(body);
    let mut line = String::with_capacity(head.len());
    for piece in String::from_utf8_lossy(head)
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|piece| !piece.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(piece);
    }
    line
}
