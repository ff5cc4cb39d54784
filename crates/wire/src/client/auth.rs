//! Which header carries the key.
//!
//! In: dialect and kind of secret. Out: the header's name and what stands before the secret.
//! It never sees a secret.

use trilemma_domain::Dialect;

/// What kind of secret is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// The vendor's API key.
    #[default]
    ApiKey,
    /// A short-lived OAuth or Entra token, usually made by a command.
    Token,
}

/// The header that carries a secret: `name: prefix + secret`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthHeader {
    /// Header name, lower case.
    pub name: &'static str,
    /// What stands before the secret; empty or ends in a space.
    pub prefix: &'static str,
}

/// Says which header carries a secret of this kind in this dialect.
#[must_use]
pub fn auth_header(dialect: Dialect, kind: KeyKind) -> AuthHeader {
    let bearer = AuthHeader {
        name: "authorization",
        prefix: "Bearer ",
    };
    let plain = |name| AuthHeader { name, prefix: "" };
    match (dialect, kind) {
        (Dialect::OpenAi | Dialect::Responses, _) | (_, KeyKind::Token) => bearer,
        (Dialect::Azure, KeyKind::ApiKey) => plain("api-key"),
        (Dialect::Anthropic, KeyKind::ApiKey) => plain("x-api-key"),
        (Dialect::Gemini, KeyKind::ApiKey) => plain("x-goog-api-key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_its_header() {
        let line = |dialect, kind| {
            let header = auth_header(dialect, kind);
            format!("{}: {}", header.name, header.prefix)
        };
        assert_eq!(
            line(Dialect::OpenAi, KeyKind::ApiKey),
            "authorization: Bearer "
        );
        assert_eq!(
            line(Dialect::Responses, KeyKind::ApiKey),
            "authorization: Bearer "
        );
        assert_eq!(line(Dialect::Azure, KeyKind::ApiKey), "api-key: ");
        assert_eq!(
            line(Dialect::Azure, KeyKind::Token),
            "authorization: Bearer "
        );
        assert_eq!(line(Dialect::Anthropic, KeyKind::ApiKey), "x-api-key: ");
        assert_eq!(
            line(Dialect::Anthropic, KeyKind::Token),
            "authorization: Bearer "
        );
        assert_eq!(line(Dialect::Gemini, KeyKind::ApiKey), "x-goog-api-key: ");
        assert_eq!(
            line(Dialect::Gemini, KeyKind::Token),
            "authorization: Bearer "
        );
    }
}
