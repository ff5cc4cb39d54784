//! Where calls go: scheme, host and port of a base URL.
//!
//! In: a base URL as text. Out: an [`Origin`] and the path in front of every call. A secret is
//! bound to an origin, and connections are pooled by it.

use std::fmt;
use std::sync::Arc;

use http::Uri;

use crate::error::ProviderError;

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// Gives the name in front of `://`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port: what a connection is made to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Arc<str>,
    port: u16,
}

impl Origin {
    /// Reads the origin of a base URL.
    ///
    /// # Errors
    /// [`ProviderError::BaseUrl`] when it is not `http(s)://host[:port][/path]`.
    pub fn of(base_url: &str) -> Result<Self, ProviderError> {
        split(base_url).map(|(origin, _)| origin)
    }

    /// Gives the scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Gives the host, lower case; an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Gives the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives host and port as `CONNECT` wants them, the port always written.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", Bracketed(&self.host), self.port)
    }

    /// Gives the value of the `Host` header: the port only where it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            Bracketed(&self.host).to_string()
        } else {
            self.host_and_port()
        }
    }

    /// Says whether the host is this machine, by name or number, without asking a resolver.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        if let Ok(address) = self.host.parse::<std::net::IpAddr>() {
            return address.is_loopback();
        }
        self.host.as_ref() == "localhost" || self.host.ends_with(".localhost")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

/// An IPv6 address is written in brackets wherever a port may follow.
struct Bracketed<'a>(&'a str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') {
            write!(f, "[{}]", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}

/// Splits a base URL into its origin and its path, the path without trailing slash.
pub(crate) fn split(base_url: &str) -> Result<(Origin, String), ProviderError> {
    let refuse = |reason: &str| ProviderError::BaseUrl {
        url: without_user(base_url),
        reason: reason.to_owned(),
    };
    let uri: Uri = base_url
        .trim()
        .parse()
        .map_err(|error: http::uri::InvalidUri| refuse(&error.to_string()))?;
    let scheme = match uri.scheme_str() {
        Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(_) => return Err(refuse("only http and https are spoken")),
        None => return Err(refuse("it does not begin with http:// or https://")),
    };
    let authority = uri.authority().ok_or_else(|| refuse("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(refuse("it holds a user name"));
    }
    if uri.query().is_some() || base_url.contains('#') {
        return Err(refuse("it holds a query or fragment"));
    }
    let host = authority.host().trim_start_matches('[');
    let host = host.trim_end_matches(']').to_ascii_lowercase();
    if host.is_empty() {
        return Err(refuse("it names no host"));
    }
    let written_port = authority.as_str().rsplit(']').next().unwrap_or_default();
    let port = match authority.port_u16() {
        Some(0) => return Err(refuse("port 0 cannot be called")),
        Some(port) => port,
        None if written_port.contains(':') => return Err(refuse("its port is not a number")),
        None => scheme.default_port(),
    };
    let origin = Origin {
        scheme,
        host: host.into(),
        port,
    };
    Ok((origin, uri.path().trim_end_matches('/').to_owned()))
}

/// An address with user and password must not be repeated in a message.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_split() {
        let check = |url: &str, origin: &str, host_and_port: &str, path: &str| {
            let (found, prefix) = split(url).unwrap();
            assert_eq!(found.to_string(), origin, "{url}");
            assert_eq!(found.host_and_port(), host_and_port, "{url}");
            assert_eq!(prefix, path, "{url}");
        };
        check(
            "https://api.openai.com/v1",
            "https://api.openai.com",
            "api.openai.com:443",
            "/v1",
        );
        check(
            "https://API.OpenAI.com:443/v1/",
            "https://api.openai.com",
            "api.openai.com:443",
            "/v1",
        );
        check(
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080",
            "127.0.0.1:8080",
            "",
        );
        check("http://[::1]:9/x/y", "http://[::1]:9", "[::1]:9", "/x/y");
        check("http://[::1]", "http://[::1]", "[::1]:80", "");
    }

    #[test]
    fn unusable_base_urls_are_refused() {
        for url in [
            "",
            "api.openai.com/v1",
            "ftp://host/",
            "https://user:pw@host/v1",
            "https:///v1",
            "http://host:99999/v1",
            "http://host:0/v1",
            "https://host/v1?key=1",
            "http://ho st/",
        ] {
            let error = Origin::of(url).unwrap_err();
            assert!(error.to_string().contains("hint:"), "{url}: {error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn this_machine_is_known_without_a_resolver() {
        for (url, expected) in [
            ("http://localhost:1", true),
            ("http://sim.localhost", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(Origin::of(url).unwrap().is_loopback(), expected, "{url}");
        }
    }
}
