//! Telling somebody by a webhook.
//!
//! In: an address of the user's own, a message as JSON, its id. Out: whether the receiver took it. The id goes along as
//! `idempotency-key`, so that a receiver can tell a message that is sent twice.

use anyhow::anyhow;
use trilemma_provider::ClientConfig;

use crate::lineup;

/// Posts a message once.
///
/// # Errors
/// Where nobody is reached, or the answer is none of the kind "taken".
pub(crate) async fn post(url: &str, body: &str, id: &str) -> anyhow::Result<()> {
    let client = lineup::client_with(ClientConfig::default())?;
    let status = client
        .post_json(url, body.to_owned(), &[("idempotency-key", id)])
        .await
        .map_err(|failure| anyhow!("{}", failure.message))?;
    if (200..300).contains(&status) {
        return Ok(());
    }
    Err(anyhow!("the receiver answered with status {status}"))
}
