//! One attempt for vectors of texts.
//!
//! In: a call of a request for embeddings, and the number of its texts. Out: the record of the attempt, and the vectors.
//! The record is as of any attempt; the vectors are in no reply, which has no place for them.

use trilemma_wire::client::{Vectors, decode_vectors};

use crate::call::{Attempted, Call};
use crate::client::Client;
use crate::connect::Connect;

impl<C: Connect> Client<C> {
    /// Makes one attempt; `None` = it failed, and its record says why.
    pub async fn vectors(&self, call: &Call<'_>, n_texts: usize) -> (Attempted, Option<Vectors>) {
        let mut relay = match self.open(call).await {
            Ok(relay) => relay,
            Err(attempted) => return (*attempted, None),
        };
        if !(200..300).contains(&relay.status()) {
            let (failure, _) = relay.refusal().await;
            return (relay.finish(None, Some(failure)), None);
        }
        let read = match relay.whole().await {
            Ok(body) => decode_vectors(&body, n_texts),
            Err(failure) => Err(failure),
        };
        match read {
            Ok(vectors) => (relay.finish(vectors.usage, None), Some(vectors)),
            Err(failure) => (relay.finish(None, Some(failure)), None),
        }
    }
}
