//! Who calls: the token of all, or a client's own key, and how often it may.
//!
//! In: the headers of a request. Out: the client's name, or a refusal. Keys are known only by their
//! hashes; what a client shows is hashed and looked up, never compared byte by byte, never kept and
//! never sent on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use trilemma_project::ClientKey;
use trilemma_wire::server::ErrorKind;

use crate::refusal::Refusal;

/// Headers in which the official packages show a key.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];
type Hash = [u8; 32];

/// Everybody who may call.
#[derive(Debug)]
pub(crate) struct Clients {
    token: Option<Hash>,
    keys: HashMap<Hash, Arc<Client>>,
    nobody: Arc<Client>,
}

/// One who calls.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its name in records; empty without a key of its own.
    pub(crate) name: String,
    rate: Option<Mutex<Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    most: f64,
    left: f64,
    at: Instant,
}

impl Clients {
    pub(crate) fn new(token: Option<&str>, keys: &[ClientKey]) -> Self {
        let now = Instant::now();
        let known = keys.iter().filter_map(|key| {
            let client = Client {
                name: key.name.clone(),
                rate: key.rpm.map(|rpm| Mutex::new(Bucket::new(rpm, now))),
            };
            Some((digest_of_hex(&key.sha256)?, Arc::new(client)))
        });
        Self {
            token: token.map(|token| hash(token.as_bytes())),
            keys: known.collect(),
            nobody: Arc::new(Client {
                name: String::new(),
                rate: None,
            }),
        }
    }

    /// Finds out who calls.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Arc<Client>, Refusal> {
        if self.token.is_none() && self.keys.is_empty() {
            return Ok(Arc::clone(&self.nobody));
        }
        let shown = shown_key(headers).map(hash);
        if let Some(client) = shown.and_then(|shown| self.keys.get(&shown)) {
            return Ok(Arc::clone(client));
        }
        if shown.is_some() && shown == self.token {
            return Ok(Arc::clone(&self.nobody));
        }
        let message = if shown.is_some() {
            "the key is not one of this gateway's; hint: ask its operator for one"
        } else {
            "this gateway wants a key; hint: give it as the SDK's `api_key`"
        };
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            ErrorKind::Auth,
            message,
        ))
    }
}

impl Client {
    /// Takes one request from the client's own rate.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        let Some(rate) = &self.rate else {
            return Ok(());
        };
        let wait = rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(Instant::now());
        match wait {
            None => Ok(()),
            Some(wait) => Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                ErrorKind::RateLimited,
                format!("`{}` has used up its requests for now", self.name),
            )
            .after(wait)),
        }
    }
}

impl Bucket {
    fn new(rpm: u32, now: Instant) -> Self {
        // A whole minute's requests may come at once.
        let most = f64::from(rpm);
        Self {
            per_second: f64::from(rpm) / 60.0,
            most,
            left: most,
            at: now,
        }
    }

    /// Takes one; `Some` = there is none for so long.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * self.per_second).min(self.most);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - self.left) / self.per_second))
    }
}

fn shown_key(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers
        .get(http::header::AUTHORIZATION)
        .map(http::HeaderValue::as_bytes)
        .and_then(|value| {
            let (scheme, rest) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(rest)
        });
    bearer
        .or_else(|| {
            KEY_HEADERS
                .iter()
                .find_map(|name| headers.get(*name))
                .map(http::HeaderValue::as_bytes)
        })
        .map(<[u8]>::trim_ascii)
}

fn hash(key: &[u8]) -> Hash {
    Sha256::digest(key).into()
}

fn digest_of_hex(text: &str) -> Option<Hash> {
    let mut digest = [0u8; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn keys_are_known_by_their_hash() {
        // printf %s secret | sha256sum
        let sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        let key = ClientKey {
            name: "team".to_owned(),
            sha256: sha256.to_owned(),
            budget: None,
            rpm: None,
        };
        let clients = Clients::new(Some("token"), &[key]);
        let name =
            |headers: &HeaderMap| clients.identify(headers).map(|client| client.name.clone());
        assert_eq!(
            name(&headers("authorization", "Bearer secret")).unwrap(),
            "team"
        );
        assert_eq!(name(&headers("x-api-key", "secret")).unwrap(), "team");
        assert_eq!(name(&headers("authorization", "bearer token")).unwrap(), "");
        for wrong in [
            headers("authorization", "Bearer Secret"),
            headers("authorization", sha256),
            headers("x-api-key", ""),
            HeaderMap::new(),
        ] {
            assert_eq!(name(&wrong).unwrap_err().reply.status, 401);
        }
        assert!(Clients::new(None, &[]).identify(&HeaderMap::new()).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_bucket() {
        let mut bucket = Bucket::new(60, Instant::now());
        for _ in 0..60 {
            assert_eq!(bucket.take(Instant::now()), None);
        }
        let wait = bucket.take(Instant::now()).unwrap();
        tokio::time::advance(wait).await;
        assert_eq!(bucket.take(Instant::now()), None);
    }
}
