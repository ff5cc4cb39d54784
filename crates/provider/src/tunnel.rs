//! Asking a proxy for a tunnel (`CONNECT`, RFC 9110 section 9.3.6).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::address::Origin;
use crate::proxy::ProxyServer;

/// Longest answer head that is read, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// Why there is no tunnel.
#[derive(Debug)]
pub(crate) enum TunnelError {
    /// The connection to the proxy broke.
    Io(io::Error),
    /// The proxy answered with this status.
    Refused(u16),
    /// The proxy's answer is no HTTP.
    Malformed,
}

impl From<io::Error> for TunnelError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Asks for a tunnel to `target`; afterwards `io` speaks to the target itself.
pub(crate) async fn open<I>(
    io: &mut I,
    target: &Origin,
    proxy: &ProxyServer,
) -> Result<(), TunnelError>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let address = target.host_and_port();
    let mut head = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    io.write_all(&head).await?;
    io.flush().await?;
    let answer = read_head(io).await?;
    match status(&answer) {
        Some(200..=299) => Ok(()),
        Some(status) => Err(TunnelError::Refused(status)),
        None => Err(TunnelError::Malformed),
    }
}

/// Reads up to the empty line. The target speaks only after us, so nothing of it can follow yet.
async fn read_head<I: AsyncRead + Unpin>(io: &mut I) -> Result<Vec<u8>, TunnelError> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD_BYTES {
            return Err(TunnelError::Malformed);
        }
        head.push(io.read_u8().await?);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    let status: u16 = line.split(' ').nth(1)?.parse().ok()?;
    (100..=999).contains(&status).then_some(status)
}
