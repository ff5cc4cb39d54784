//! Which calls go through a proxy, and which go around it.
//!
//! In: proxy addresses and the list of exceptions, as the usual variables `HTTP_PROXY`,
//! `HTTPS_PROXY` and `NO_PROXY` hold them (the caller reads those). Out: the proxy for an origin.
//! Only proxies that are themselves spoken to in plain HTTP are supported. Calls to this machine
//! never go through a proxy, as in Go's `net/http`, whose reading of `NO_PROXY` is followed here.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use http::HeaderValue;

use crate::address::{Origin, Scheme};
use crate::error::ProviderError;

/// Proxies for plain and encrypted calls, and what bypasses them.
#[derive(Clone, Default)]
pub struct Proxy {
    http: Option<ProxyServer>,
    https: Option<ProxyServer>,
    bypass: Vec<Bypass>,
}

impl Proxy {
    /// Reads the addresses of the proxies for `http:` and for `https:` calls and the exceptions.
    ///
    /// `no_proxy` is a list with commas: `*`, host names (which include their subdomains, with or
    /// without a leading dot), IP addresses and networks such as `10.0.0.0/8`, each with an
    /// optional `:port`.
    ///
    /// # Errors
    /// [`ProviderError::Proxy`] when an address is no `http://[user:password@]host[:port]`.
    pub fn new(
        http: Option<&str>,
        https: Option<&str>,
        no_proxy: &str,
    ) -> Result<Self, ProviderError> {
        let server = |address: Option<&str>| match address.map(str::trim) {
            None | Some("") => Ok(None),
            Some(address) => ProxyServer::parse(address).map(Some),
        };
        Ok(Self {
            http: server(http)?,
            https: server(https)?,
            bypass: no_proxy.split(',').filter_map(Bypass::parse).collect(),
        })
    }

    /// Gives the proxy to use for `origin`; `None` = go directly.
    pub(crate) fn server_for(&self, origin: &Origin) -> Option<&ProxyServer> {
        let server = match origin.scheme() {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        }?;
        let direct = origin.is_loopback() || self.bypass.iter().any(|rule| rule.covers(origin));
        (!direct).then_some(server)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |server: &Option<ProxyServer>| server.as_ref().map(|s| s.origin.to_string());
        f.debug_struct("Proxy")
            .field("http", &address(&self.http))
            .field("https", &address(&self.https))
            .field("bypass", &self.bypass)
            .finish()
    }
}

/// One proxy.
#[derive(Clone)]
pub(crate) struct ProxyServer {
    pub(crate) origin: Origin,
    /// Value of `Proxy-Authorization`, marked sensitive.
    pub(crate) authorization: Option<HeaderValue>,
}

impl ProxyServer {
    fn parse(address: &str) -> Result<Self, ProviderError> {
        let refuse = |reason: &str| ProviderError::Proxy {
            reason: reason.to_owned(),
        };
        let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(refuse("only proxies spoken to in plain HTTP are supported"));
        }
        let (user, host) = match rest.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, rest),
        };
        let host = host.trim_end_matches('/');
        let origin = Origin::of(&format!("http://{host}"))
            .map_err(|_| refuse("its host or port cannot be read"))?;
        let authorization = match user {
            Some(user) => Some(basic(user).ok_or_else(|| refuse("its user cannot be read"))?),
            None => None,
        };
        Ok(Self {
            origin,
            authorization,
        })
    }
}

/// `Basic` credentials (RFC 7617) from the percent-encoded user part of an address.
fn basic(user: &str) -> Option<HeaderValue> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain = percent_decoded(name)?;
    plain.push(b':');
    plain.extend(percent_decoded(password)?);
    let text = base64::engine::general_purpose::STANDARD.encode(plain);
    let mut value = HeaderValue::try_from(format!("Basic {text}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bypass {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name and everything below it, without leading dot.
    Domain(String),
    Network {
        address: IpAddr,
        n_bits: u32,
    },
}

impl Bypass {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry.is_empty() {
            return None;
        }
        let (host, port) = split_port(&entry);
        let hosts = if host == "*" {
            Hosts::All
        } else if let Some((address, n_bits)) = network(host) {
            Hosts::Network { address, n_bits }
        } else {
            let name = host.trim_start_matches('*').trim_start_matches('.');
            Hosts::Domain(name.to_owned())
        };
        Some(Self { hosts, port })
    }

    fn covers(&self, origin: &Origin) -> bool {
        if self.port.is_some_and(|port| port != origin.port()) {
            return false;
        }
        match &self.hosts {
            Hosts::All => true,
            Hosts::Domain(name) => match origin.host().strip_suffix(name.as_str()) {
                Some(before) => !name.is_empty() && (before.is_empty() || before.ends_with('.')),
                None => false,
            },
            Hosts::Network { address, n_bits } => match origin.host().parse() {
                Ok(host) => same_network(*address, host, *n_bits),
                Err(_) => false,
            },
        }
    }
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[')
        && let Some((host, after)) = rest.split_once(']')
    {
        return (
            host,
            after.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn network(host: &str) -> Option<(IpAddr, u32)> {
    let (address, n_bits) = match host.split_once('/') {
        Some((address, n_bits)) => (address, Some(n_bits.parse().ok()?)),
        None => (host, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let n_bits = n_bits.unwrap_or(width);
    (n_bits <= width).then_some((address, n_bits))
}

fn same_network(left: IpAddr, right: IpAddr, n_bits: u32) -> bool {
    let (left, right, width) = match (left, right) {
        (IpAddr::V4(left), IpAddr::V4(right)) => {
            (u128::from(left.to_bits()), u128::from(right.to_bits()), 32)
        }
        (IpAddr::V6(left), IpAddr::V6(right)) => (left.to_bits(), right.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let shift = width - n_bits;
    shift == 128 || left >> shift == right >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_direct(no_proxy: &str, url: &str) -> bool {
        let proxy = Proxy::new(Some("proxy:3128"), Some("http://proxy:3128"), no_proxy).unwrap();
        proxy.server_for(&Origin::of(url).unwrap()).is_none()
    }

    #[test]
    fn exceptions_are_read_as_usual() {
        for (no_proxy, url, direct) in [
            ("", "https://api.example.com", false),
            ("*", "https://api.example.com", true),
            ("example.com", "https://api.example.com", true),
            (".example.com", "https://api.example.com", true),
            ("*.example.com", "https://api.example.com", true),
            ("example.com", "https://badexample.com", false),
            (" a.com , API.example.com ", "https://api.example.com", true),
            ("api.example.com:8443", "https://api.example.com", false),
            ("api.example.com:443", "https://api.example.com", true),
            ("10.0.0.0/8", "http://10.20.30.40:8000", true),
            ("10.0.0.0/8", "http://11.0.0.1", false),
            ("10.1.2.3", "http://10.1.2.3", true),
            ("fd00::/8", "http://[fd12::1]:80", true),
            ("::/0", "http://[2001:db8::1]", true),
            ("[fd12::1]:81", "http://[fd12::1]:80", false),
            ("0.0.0.0/0", "http://[fd12::1]", false),
            ("", "http://localhost:8080", true),
            ("", "http://127.0.0.1:8080", true),
        ] {
            assert_eq!(is_direct(no_proxy, url), direct, "`{no_proxy}` and {url}");
        }
    }

    #[test]
    fn each_scheme_has_its_own_proxy() {
        let proxy = Proxy::new(None, Some("http://p:1"), "").unwrap();
        assert!(
            proxy
                .server_for(&Origin::of("http://a.example").unwrap())
                .is_none()
        );
        let server = proxy
            .server_for(&Origin::of("https://a.example").unwrap())
            .unwrap();
        assert_eq!(server.origin.to_string(), "http://p:1");
    }

    #[test]
    fn the_password_is_sent_encoded_and_never_printed() {
        let proxy = Proxy::new(Some("http://us%40er:p%3Ass@p.example:3128/"), None, "").unwrap();
        let server = proxy
            .server_for(&Origin::of("http://a.example").unwrap())
            .unwrap();
        let sent = server.authorization.as_ref().unwrap();
        assert_eq!(sent.as_bytes(), b"Basic dXNAZXI6cDpzcw==");
        assert!(!format!("{proxy:?} {sent:?}").contains("p:ss"));
        assert!(!format!("{proxy:?}").contains("dXN"));
    }

    #[test]
    fn other_proxies_are_refused_without_repeating_the_password() {
        for bad in [
            "https://u:hunter2@p:1",
            "socks5://u:hunter2@p:1",
            "http://u:hunter2@:1",
            "http://u:hunter2%zz@p",
        ] {
            let error = Proxy::new(Some(bad), None, "").unwrap_err();
            assert!(error.to_string().contains("hint:"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
