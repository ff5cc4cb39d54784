//! A key or token that goes to one origin and nowhere else.
//!
//! In: its text and the base URL that it belongs to; for tokens that expire, a way to get the next
//! one. Out: one request header, marked sensitive. It cannot be printed, and nothing here reads it
//! from anywhere.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use trilemma_domain::Dialect;
use trilemma_wire::client::{KeyKind, auth_header};

use crate::address::Origin;
use crate::error::ProviderError;

/// The text of the next key or token, or why there is none.
pub type Renewed = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// A key or token, bound to the origin of one base URL. Clones share what is read anew.
#[derive(Clone)]
pub struct Secret {
    text: Arc<str>,
    kind: KeyKind,
    origin: Origin,
    source: Option<Arc<Source>>,
}

/// Where the next text comes from.
struct Source {
    ask: Box<dyn Fn() -> Renewed + Send + Sync>,
    latest: Mutex<Arc<str>>,
    /// Held while asking, so that calls refused together ask once; holds the text for which asking
    /// brought nothing new.
    turn: tokio::sync::Mutex<Option<Arc<str>>>,
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
            source: None,
        })
    }

    /// The same, with a way to get the next text once an endpoint answers 401.
    #[must_use]
    pub fn renewable(mut self, ask: impl Fn() -> Renewed + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(Source {
            ask: Box::new(ask),
            latest: Mutex::new(self.text.clone()),
            turn: tokio::sync::Mutex::new(None),
        }));
        self
    }

    /// As it stands now: with the text that was read last.
    #[must_use]
    pub fn now(&self) -> Self {
        let text = match &self.source {
            None => self.text.clone(),
            Some(source) => source.latest(),
        };
        Self {
            text,
            ..self.clone()
        }
    }

    /// Gets another text, because an endpoint refused this one; false = there is none.
    ///
    /// Calls that were refused the same text share one asking, and a text for which asking brought
    /// nothing new is not asked for again.
    pub(crate) async fn renew(&self) -> bool {
        let Some(source) = &self.source else {
            return false;
        };
        let mut in_vain = source.turn.lock().await;
        if source.latest() != self.text {
            return true;
        }
        if in_vain.as_ref() == Some(&self.text) {
            return false;
        }
        let next = (source.ask)().await.ok();
        let next = next.as_deref().map(str::trim);
        let usable = |text: &&str| !text.is_empty() && HeaderValue::from_str(text).is_ok();
        match next.filter(usable) {
            Some(text) if *text != *self.text => {
                *source.latest.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
                true
            }
            _ => {
                *in_vain = Some(self.text.clone());
                false
            }
        }
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

    /// Gives a text without the key, wherever it stands; `None` = it is not there.
    #[must_use]
    pub fn masked(&self, text: &str) -> Option<String> {
        let is_there = !self.text.is_empty() && text.contains(&*self.text);
        is_there.then(|| text.replace(&*self.text, "***"))
    }

    /// The text itself, for finding and removing it in what vendors send back.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl Source {
    fn latest(&self) -> Arc<str> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
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

    #[tokio::test]
    async fn calls_refused_together_ask_once_and_in_vain_only_once() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let n_asked = Arc::new(AtomicUsize::new(0));
        let counter = n_asked.clone();
        let secret = Secret::new("old", KeyKind::Token, "https://a.example")
            .unwrap()
            .renewable(move || {
                counter.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok("new\n".to_owned()) })
            });
        let refused = secret.now();
        let (first, second) = tokio::join!(refused.renew(), refused.renew());
        assert!(first && second);
        assert_eq!(secret.now().text(), "new");
        assert_eq!(n_asked.load(Ordering::Relaxed), 1);
        // The next text is refused too, and there is no other.
        let refused = secret.now();
        assert!(!refused.renew().await && !refused.renew().await);
        assert_eq!(n_asked.load(Ordering::Relaxed), 2);
        for failing in ["", "two\nlines"] {
            let secret = Secret::new("old", KeyKind::Token, "https://a.example")
                .unwrap()
                .renewable(move || Box::pin(async move { Ok(failing.to_owned()) }));
            assert!(!secret.now().renew().await);
            assert_eq!(secret.now().text(), "old");
        }
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
