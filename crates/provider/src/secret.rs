//! A key or token that goes to one origin and nowhere else.
//!
//! In: its text and the base URL that it belongs to. Out: one request header, marked sensitive.
//! It cannot be printed, and nothing here reads it from anywhere.

use std::fmt;

use http::{HeaderName, HeaderValue};
use trilemma_domain::Dialect;
use trilemma_wire::client::{KeyKind, auth_header};

use crate::address::Origin;
use crate::error::ProviderError;

/// A key or token, bound to the origin of one base URL.
#[derive(Clone)]
pub struct Secret {
    text: Box<str>,
    kind: KeyKind,
    origin: Origin,
}

impl Secret {
    /// Binds a key or token to the origin of `base_url`; white space around it is cut off.
    ///
    /// # Errors
    /// [`ProviderError::Secret`] when no header may carry it, [`ProviderError::BaseUrl`].
    pub fn new(text: &str, kind: KeyKind, base_url: &str) -> Result<Self, ProviderError> {
        let origin = Origin::of(base_url)?;
        let text = text.trim();
        if text.is_empty() || HeaderValue::from_str(text).is_err() {
            return Err(ProviderError::Secret {
                base_url: origin.to_string(),
            });
        }
        Ok(Self {
            text: text.into(),
            kind,
            origin,
        })
    }

    /// Gives the origin that it may be sent to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Gives the header that carries it; `None` = `target` is not the origin it is bound to.
    pub(crate) fn header(
        &self,
        target: &Origin,
        dialect: Dialect,
    ) -> Option<(HeaderName, HeaderValue)> {
        if *target != self.origin {
            return None;
        }
        let header = auth_header(dialect, self.kind);
        let mut text = String::with_capacity(header.prefix.len() + self.text.len());
        text.push_str(header.prefix);
        text.push_str(&self.text);
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_static(header.name), value))
    }

    /// The text itself, for finding and removing it in what vendors send back.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(*** for {})", self.origin)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_printed() {
        let secret = Secret::new("sk-12345\n", KeyKind::ApiKey, "https://a.example/v1").unwrap();
        assert_eq!(format!("{secret}"), "***");
        assert_eq!(format!("{secret:?}"), "Secret(*** for https://a.example)");
        let (_, value) = secret
            .header(
                &Origin::of("https://a.example/v2").unwrap(),
                Dialect::OpenAi,
            )
            .unwrap();
        assert_eq!(value.as_bytes(), b"Bearer sk-12345");
        assert_eq!(format!("{value:?}"), "Sensitive");
    }

    #[test]
    fn it_goes_to_its_origin_only() {
        let secret = Secret::new("k", KeyKind::ApiKey, "https://a.example/v1").unwrap();
        for other in [
            "http://a.example/v1",
            "https://a.example:8443",
            "https://b.example",
            "https://a.example.evil",
        ] {
            let target = Origin::of(other).unwrap();
            assert!(
                secret.header(&target, Dialect::Anthropic).is_none(),
                "{other}"
            );
        }
    }

    #[test]
    fn what_no_header_may_carry_is_refused_without_repeating_it() {
        for bad in ["", "  ", "two\nlines", "nul\0"] {
            let error = Secret::new(bad, KeyKind::ApiKey, "https://a.example").unwrap_err();
            assert!(!error.to_string().contains("two"), "{error}");
        }
    }
}
