//! Removes a secret from what came back, should a server repeat it.
//!
//! Vendors mask keys in their error texts; other servers behind a base URL may not.

use trilemma_domain::Failure;

use crate::secret::Secret;

const MASK: &str = "***";
/// Shorter ones would mask ordinary words.
const MIN_CHARS: usize = 6;

/// Masks the secret in a failure's message.
pub(crate) fn failure(failure: &mut Failure, secret: Option<&Secret>) {
    let Some(text) = worth_masking(secret) else {
        return;
    };
    if failure.message.contains(text) {
        failure.message = failure.message.replace(text, MASK);
    }
}

/// Masks the secret in a body that is kept.
pub(crate) fn body(body: &mut Vec<u8>, secret: Option<&Secret>) {
    let Some(text) = worth_masking(secret) else {
        return;
    };
    let mut masked: Vec<u8> = Vec::new();
    let mut rest: &[u8] = body;
    while let Some((before, after)) = split_once(rest, text.as_bytes()) {
        masked.extend_from_slice(before);
        masked.extend_from_slice(MASK.as_bytes());
        rest = after;
    }
    if !masked.is_empty() {
        masked.extend_from_slice(rest);
        *body = masked;
    }
}

fn worth_masking(secret: Option<&Secret>) -> Option<&str> {
    secret
        .map(Secret::text)
        .filter(|text| text.len() >= MIN_CHARS)
}

fn split_once<'a>(bytes: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(needle.len())
        .position(|window| window == needle)?;
    Some((bytes.get(..at)?, bytes.get(at + needle.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{FailureKind, FaultSource, Retry};
    use trilemma_wire::client::KeyKind;

    #[test]
    fn a_repeated_key_is_masked_everywhere() {
        let secret = Secret::new("sk-123456", KeyKind::ApiKey, "https://a.example").unwrap();
        let mut broken = Failure::new(
            FailureKind::Auth,
            FaultSource::Caller,
            Retry::No,
            "bad key sk-123456!",
        );
        failure(&mut broken, Some(&secret));
        assert_eq!(broken.message, "bad key ***!");
        let mut raw = b"sk-123456 and sk-123456".to_vec();
        body(&mut raw, Some(&secret));
        assert_eq!(raw, b"*** and ***");
    }
}
