//! Failures that the transport itself finds, in `domain`'s words.
//!
//! In: what I/O, TLS, a proxy or HTTP reported. Out: whose fault it was and whether to retry.
//! What the vendor says in a body is `wire`'s to read.

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io;
use std::time::Duration;

use trilemma_domain::{Failure, FailureKind, FaultSource, Retry};

use crate::address::Origin;
use crate::tunnel::TunnelError;

/// The prompt or the settings cannot be sent as they are.
pub(crate) fn unsendable(error: &dyn Display) -> Failure {
    let text = error.to_string();
    Failure::new(
        FailureKind::Unsendable,
        FaultSource::Caller,
        Retry::No,
        &text,
    )
}

/// The key belongs elsewhere.
pub(crate) fn foreign_secret(secret: &Origin, target: &Origin) -> Failure {
    let text = format!(
        "the key is bound to {secret} and is not sent to {target}; hint: give this provider its own `api_key`"
    );
    Failure::new(
        FailureKind::Unsendable,
        FaultSource::Caller,
        Retry::No,
        &text,
    )
}

/// Name lookup, TCP or TLS did not come about.
pub(crate) fn connect(origin: &Origin, error: &io::Error) -> Failure {
    if let Some(error) = certificate_error(error) {
        let text = format!(
            "{origin}: {error}; hint: if your network uses its own certificate authority, add it as an extra CA"
        );
        return Failure::new(FailureKind::Connect, FaultSource::Network, Retry::No, &text);
    }
    let text = format!("connect to {origin}: {}", chain(error));
    Failure::new(
        FailureKind::Connect,
        FaultSource::Network,
        Retry::Backoff,
        &text,
    )
}

/// The TLS settings could not be made.
pub(crate) fn tls_setup(reason: &str) -> Failure {
    let text = format!("set up TLS: {reason}");
    Failure::new(FailureKind::Connect, FaultSource::Us, Retry::No, &text)
}

/// Connecting took too long.
pub(crate) fn connect_timeout(origin: &Origin, waited: Duration) -> Failure {
    let text = format!("connect to {origin}: no connection within {waited:?}");
    Failure::new(
        FailureKind::Connect,
        FaultSource::Network,
        Retry::Backoff,
        &text,
    )
}

/// The proxy opened no tunnel.
pub(crate) fn tunnel(proxy: &Origin, error: &TunnelError) -> Failure {
    let (source, retry, text) = match error {
        TunnelError::Io(error) => (FaultSource::Network, Retry::Backoff, chain(error)),
        TunnelError::Malformed => (
            FaultSource::Network,
            Retry::Backoff,
            "its answer is no HTTP".to_owned(),
        ),
        TunnelError::Refused(407) => (
            FaultSource::Caller,
            Retry::No,
            "it wants a user name and password (407); hint: write them into the proxy's address"
                .to_owned(),
        ),
        TunnelError::Refused(status @ 500..) => (
            FaultSource::Network,
            Retry::Backoff,
            format!("it answered {status}"),
        ),
        TunnelError::Refused(status) => (
            FaultSource::Caller,
            Retry::No,
            format!("it answered {status}; hint: the proxy may forbid this host"),
        ),
    };
    let text = format!("reach the target through the proxy {proxy}: {text}");
    Failure::new(FailureKind::Connect, source, retry, &text)
}

/// HTTP broke on a connection that stood.
pub(crate) fn http(error: &hyper::Error) -> Failure {
    if error.is_parse() || is_bad_framing(error) {
        let text = format!("the answer is no HTTP/1.1: {}", chain(error));
        return Failure::new(
            FailureKind::Malformed,
            FaultSource::Vendor,
            Retry::Backoff,
            &text,
        );
    }
    let text = format!("the connection broke: {}", chain(error));
    Failure::new(
        FailureKind::Cut,
        FaultSource::Network,
        Retry::Backoff,
        &text,
    )
}

/// Nothing came for too long.
pub(crate) fn stalled(silence: Duration) -> Failure {
    let text = format!("no byte for {silence:?}");
    Failure::new(
        FailureKind::Stalled,
        FaultSource::Vendor,
        Retry::Backoff,
        &text,
    )
}

/// The attempt took too long as a whole.
pub(crate) fn deadline() -> Failure {
    let text = "the call was not over by its deadline";
    Failure::new(FailureKind::Deadline, FaultSource::Us, Retry::No, text)
}

/// The answer is larger than we read.
pub(crate) fn too_large(max_bytes: usize) -> Failure {
    let text = format!("the answer exceeds {max_bytes} bytes");
    Failure::new(FailureKind::TooLarge, FaultSource::Us, Retry::No, &text)
}

/// The endpoint sends us elsewhere; a key is never carried along.
pub(crate) fn redirect(status: u16, location: Option<&str>) -> Failure {
    let to = location.unwrap_or("an address it does not name");
    let text = format!(
        "the endpoint redirects to {to}; hint: redirects are not followed, write the final address into `base_url`"
    );
    // What is asked for is not there; the request itself was not looked at.
    Failure::new(FailureKind::NotFound, FaultSource::Caller, Retry::No, &text).with_status(status)
}

/// A status that no chat endpoint should answer with.
pub(crate) fn odd_status(status: u16) -> Failure {
    let text = format!("HTTP status {status} makes no sense here");
    Failure::new(
        FailureKind::Malformed,
        FaultSource::Vendor,
        Retry::Backoff,
        &text,
    )
    .with_status(status)
}

/// A certificate that is not accepted stays so: retrying is no use, and the user can act.
fn certificate_error(error: &io::Error) -> Option<&rustls::Error> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    matches!(error, rustls::Error::InvalidCertificate(_)).then_some(error)
}

/// hyper reports a bad chunk size or the like as invalid data within I/O.
fn is_bad_framing(error: &hyper::Error) -> bool {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        matches!(
            cause.kind(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
        )
    })
}

/// An error with its causes, each said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            // Writing to a `String` cannot fail.
            let _ = write!(text, ": {cause_text}");
        }
        next = cause.source();
    }
    text
}
