//! Opening a byte stream to a host.
//!
//! In: an [`Origin`]. Out: something to read and write. TLS, proxies and stamps lie above; tests
//! put in-memory pipes here and run under paused time.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};

use crate::address::Origin;

/// Opens byte streams.
pub trait Connect: Clone + Send + Sync + 'static {
    /// The stream it opens.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Opens a stream to the origin's host and port; the caller bounds the time.
    fn connect(&self, origin: &Origin) -> impl Future<Output = io::Result<Self::Io>> + Send;
}

/// Opens TCP connections with `TCP_NODELAY`.
///
/// Where a name has addresses of both families, the second family gets its chance
/// [`TcpConnector::HEAD_START`] after the first ("happy eyeballs", RFC 8305, two racers).
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnector;

impl TcpConnector {
    /// How long the family that the resolver prefers has the race to itself.
    pub const HEAD_START: Duration = Duration::from_millis(250);

    /// Longest try of one address while others wait for their turn.
    const PER_ADDRESS: Duration = Duration::from_secs(4);
}

impl Connect for TcpConnector {
    type Io = TcpStream;

    async fn connect(&self, origin: &Origin) -> io::Result<TcpStream> {
        let stream = match origin.host().parse() {
            Ok(ip) => TcpStream::connect(SocketAddr::new(ip, origin.port())).await?,
            Err(_) => {
                let addresses: Vec<SocketAddr> =
                    lookup_host((origin.host(), origin.port())).await?.collect();
                race(addresses).await?
            }
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let Some(first) = addresses.first() else {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        ));
    };
    let preferred_is_v6 = first.is_ipv6();
    let (preferred, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == preferred_is_v6);
    if other.is_empty() {
        return in_turn(&preferred).await;
    }
    let mut preferred = std::pin::pin!(in_turn(&preferred));
    tokio::select! {
        done = &mut preferred => match done {
            Ok(stream) => return Ok(stream),
            Err(_) => return in_turn(&other).await,
        },
        () = sleep(TcpConnector::HEAD_START) => {}
    }
    let mut other = std::pin::pin!(in_turn(&other));
    tokio::select! {
        done = &mut preferred => match done {
            Ok(stream) => Ok(stream),
            Err(_) => other.await,
        },
        done = &mut other => match done {
            Ok(stream) => Ok(stream),
            Err(_) => preferred.await,
        },
    }
}

async fn in_turn(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (idx, address) in addresses.iter().enumerate() {
        let attempt = TcpStream::connect(address);
        let result = if idx + 1 == addresses.len() {
            attempt.await
        } else {
            match timeout(TcpConnector::PER_ADDRESS, attempt).await {
                Ok(result) => result,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        };
        match result {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn tcp_is_opened_without_nagle_and_falls_back_to_the_next_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let origin = Origin::of(&format!("http://{open}")).unwrap();
        assert!(
            TcpConnector
                .connect(&origin)
                .await
                .unwrap()
                .nodelay()
                .unwrap()
        );
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        assert_eq!(
            race(vec![closed, open]).await.unwrap().peer_addr().unwrap(),
            open
        );
        assert!(race(vec![closed]).await.is_err());
        assert!(race(Vec::new()).await.is_err());
    }
}
