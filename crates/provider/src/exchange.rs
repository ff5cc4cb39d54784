//! One request and its answer on one connection.
//!
//! In: a connection and a request. Out: the response head, then body pieces with the stamp of the
//! socket read that brought each. Limits are a [`Watch`]'s.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use hyper::body::{Body as _, Incoming};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::connection::{Connection, Outgoing};
use crate::watch::{Expired, Watch};

/// How a request went, up to the response head.
pub(crate) enum Sent {
    /// The head came.
    Answered(Response<Incoming>),
    /// The connection was closed and took no byte of the request: another may.
    Untouched,
    /// It broke after some bytes had gone out.
    Broken(hyper::Error),
    /// A limit was reached first.
    Expired(Expired),
}

/// Sends a request and waits for the response head.
pub(crate) async fn send<I>(
    connection: &mut Connection<I>,
    request: Outgoing,
    watch: &mut Watch,
) -> Sent
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    connection.stamps.reset();
    let mut promise = std::pin::pin!(connection.sender.try_send_request(request));
    std::future::poll_fn(|cx| {
        connection.drive(cx);
        if let Poll::Ready(result) = promise.as_mut().poll(cx) {
            return Poll::Ready(match result {
                Ok(response) => Sent::Answered(response),
                Err(mut error) => match error.take_message() {
                    Some(_) if connection.stamps.written().is_none() => Sent::Untouched,
                    _ => Sent::Broken(error.into_error()),
                },
            });
        }
        watch.poll(cx, &connection.stamps).map(Sent::Expired)
    })
    .await
}

/// The next event of a body.
pub(crate) enum Piece {
    /// Bytes, and when the socket read returned that brought the last of them.
    Data(Bytes, Instant),
    /// The body is complete.
    End,
    /// The connection broke.
    Broken(hyper::Error),
    /// A limit was reached.
    Expired(Expired),
}

/// Waits for the next piece of a body.
pub(crate) async fn next_piece<I>(
    connection: &mut Connection<I>,
    body: &mut Incoming,
    watch: &mut Watch,
) -> Piece
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    std::future::poll_fn(|cx| {
        // What is ready was read before the connection is driven again: its stamp still stands.
        if let Poll::Ready(piece) = poll_piece(connection, body, cx) {
            return Poll::Ready(piece);
        }
        connection.drive(cx);
        if let Poll::Ready(piece) = poll_piece(connection, body, cx) {
            return Poll::Ready(piece);
        }
        watch.poll(cx, &connection.stamps).map(Piece::Expired)
    })
    .await
}

fn poll_piece<I>(
    connection: &Connection<I>,
    body: &mut Incoming,
    cx: &mut Context<'_>,
) -> Poll<Piece>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        return match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Piece::End),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Piece::Broken(error)),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    let at = connection.stamps.last_byte().unwrap_or_else(Instant::now);
                    Poll::Ready(Piece::Data(data, at))
                }
                // Trailers say nothing that we use.
                Err(_) => continue,
            },
        };
    }
}
