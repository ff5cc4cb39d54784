//! Foreign bytes must never make a client panic or hang.

use std::time::Duration;

use crate::address::Origin;
use crate::call::Call;
use crate::client::Client;
use crate::clock::Clock;
use crate::config::ClientConfig;
use crate::proxy::Proxy;
use crate::secret::Secret;
use crate::testkit::{Pipes, encoded, pass_ms};
use trilemma_wire::client::KeyKind;

const N_INPUTS: usize = 2000;

/// Makes one attempt at a peer that answers with `bytes`, in two writes, and closes.
fn attempt(bytes: &[u8], stream: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let bytes = bytes.to_vec();
    runtime.block_on(async move {
        let pipes = Pipes::new(move |_, mut peer| {
            let bytes = bytes.clone();
            async move {
                peer.request().await;
                let (early, late) = bytes.split_at(bytes.len() / 2);
                peer.write(early).await;
                pass_ms(1).await;
                peer.write(late).await;
            }
        });
        let config = ClientConfig {
            clock: Clock::starting_at(0),
            keep_raw: true,
            ..ClientConfig::default()
        };
        let client = Client::with_connector(config, pipes).unwrap();
        let secret = Secret::new("sk-secret", KeyKind::ApiKey, "http://llm.example").unwrap();
        let request = encoded(stream);
        let call = Call::first(&request, Some(&secret));
        let limit = Duration::from_secs(700);
        let attempted = tokio::time::timeout(limit, client.attempt(&call))
            .await
            .unwrap();
        assert_eq!(
            attempted.reply.is_none(),
            attempted.attempt.failure.is_some()
        );
    });
}

#[test]
fn any_bytes_are_answered_with_a_reply_or_a_failure() {
    bolero::check!()
        .with_iterations(N_INPUTS)
        .with_type::<(Vec<u8>, bool)>()
        .for_each(|(bytes, stream)| attempt(bytes, *stream));
}

#[test]
fn any_head_and_body_are_answered_with_a_reply_or_a_failure() {
    bolero::check!()
        .with_iterations(N_INPUTS)
        .with_type::<(u16, u8, Vec<u8>, bool)>()
        .for_each(|(status, headers, body, stream)| {
            let headers = [
                "content-length: 5\r\n",
                "transfer-encoding: chunked\r\n",
                "content-type: text/event-stream\r\n",
                "content-type: application/json\r\ncontent-length: 18446744073709551615\r\n",
                "keep-alive: timeout=99999999999999999999\r\nconnection: keep-alive\r\n",
                "retry-after: 99999999999999999999\r\n",
                "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 9h9m9s9ms\r\n",
            ][usize::from(*headers) % 7];
            let mut bytes =
                format!("HTTP/1.1 {} X\r\n{headers}\r\n", 100 + status % 500).into_bytes();
            bytes.extend_from_slice(body);
            attempt(&bytes, *stream);
        });
}

#[test]
fn any_settings_are_read_or_refused() {
    bolero::check!()
        .with_iterations(20_000)
        .with_type::<(String, String)>()
        .for_each(|(first, second)| {
            let _ = Origin::of(first);
            let _ = Origin::of(&format!("http://{first}"));
            let _ = Secret::new(first, KeyKind::Token, "http://llm.example");
            let origin = Origin::of("http://10.1.2.3:80").unwrap();
            if let Ok(proxy) = Proxy::new(Some(first), Some(second), second) {
                let _ = proxy.server_for(&origin);
            }
        });
}
