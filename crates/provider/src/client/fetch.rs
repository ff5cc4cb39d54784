//! Fetches a document: a price list, not an answer of a model.
//!
//! In: an address without user, query or fragment. Out: the bytes of a 200, within the limits of
//! size and time that the client has. No key is sent, no redirect is followed, nothing is tried
//! twice.

use http::Method;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use trilemma_domain::{Failure, Timing};

use super::{Client, outgoing};
use crate::call::Call;
use crate::collect::{Reading, expiry};
use crate::connect::Connect;
use crate::connection::Connection;
use crate::encoded::EncodedRequest;
use crate::exchange::{Sent, send};
use crate::fault;
use crate::head::{self, View};
use crate::trace::Trace;
use crate::watch::Watch;

impl<C: Connect> Client<C> {
    /// Fetches the document at an address.
    ///
    /// # Errors
    /// A failure that says what went wrong: an address that cannot be called, a status other than
    /// 200, more than `max_body_bytes`, or a limit of time.
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>, Failure> {
        let request = EncodedRequest::document(url)?;
        let call = Call::first(&request, None);
        let config = &self.shared.config;
        let deadline = Instant::now() + config.call_deadline;
        let mut trace = Trace::new(&call, config.clock.now_us());
        let mut connection = self.dial(request.origin(), deadline, &mut trace).await?;
        let mut outgoing = outgoing(&connection, &call, self.headers(&call)?)?;
        *outgoing.method_mut() = Method::GET;
        let mut watch = Watch::new(config.stall_timeout, deadline);
        match send(&mut connection, outgoing, &mut watch).await {
            Sent::Answered(response) => {
                let (parts, body) = response.into_parts();
                self.document(&mut connection, (parts, body), watch).await
            }
            Sent::Untouched => {
                let closed = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
                Err(fault::connect(request.origin(), &closed))
            }
            Sent::Broken(error) => Err(fault::http(&error)),
            Sent::Expired(expired) => Err(expiry(expired, config)),
        }
    }

    async fn document<I>(
        &self,
        connection: &mut Connection<I>,
        (parts, mut body): (http::response::Parts, hyper::body::Incoming),
        mut watch: Watch,
    ) -> Result<Vec<u8>, Failure>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let status = parts.status;
        if status != http::StatusCode::OK {
            let plain = || fault::odd_status(status.as_u16());
            return Err(head::refusal(status, &View(&parts.headers), plain));
        }
        let mut timing = Timing::default();
        let mut reading = Reading {
            config: &self.shared.config,
            connection,
            body: &mut body,
            watch: &mut watch,
            sent: Instant::now(),
            timing: &mut timing,
            raw: None,
        };
        Ok(reading.document().await?.to_vec())
    }
}
