//! What a caller holds while its record is on the way to the disk.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::{mpsc, oneshot};
use trilemma_domain::{RunId, TrialKey};

use crate::error::StoreError;

/// Resolves when the record is durable; gives it back, or says why it could not be kept.
///
/// Dropping it takes nothing back: the record is committed all the same.
#[derive(Debug)]
pub struct Receipt<T> {
    pub(crate) answer: oneshot::Receiver<Result<T, StoreError>>,
    pub(crate) path: PathBuf,
}

impl<T> Future for Receipt<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        Poll::Ready(answer.unwrap_or_else(|_| {
            Err(StoreError::Closed {
                path: self.path.clone(),
            })
        }))
    }
}

/// A trial that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its run.
    pub run: RunId,
    /// Which one.
    pub key: TrialKey,
}

/// Durable trials in the order of their commits, from the subscription on.
#[derive(Debug)]
pub struct Commits(pub(crate) mpsc::UnboundedReceiver<Committed>);

impl Commits {
    /// Waits for the next one; `None` = the writer has ended and all were given.
    pub async fn recv(&mut self) -> Option<Committed> {
        self.0.recv().await
    }

    /// Gives the next one if it is there already.
    pub fn try_recv(&mut self) -> Option<Committed> {
        self.0.try_recv().ok()
    }
}
