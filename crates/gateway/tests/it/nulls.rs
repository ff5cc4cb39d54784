//! A field that says `null` is one that is left out: what was measured is filled in, and nothing is marked or lost.

use serde_json::{Value, json};
use trilemma_domain::Dialect;

use crate::support::{
    anthropic, candidate, canned, house_of, json_answer, openai, settings, simulator, upstream,
};

/// Measured with these settings, asked so; gives what the upstream got, and what the record says.
async fn asked(dialect: Dialect, path: &str, request: &Value) -> (Value, Vec<String>, Vec<String>) {
    let answer = match dialect {
        Dialect::Anthropic => json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "a"}], "usage": {"input_tokens": 9, "output_tokens": 1},
        }),
        _ => json!({
            "id": "x", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
        }),
    };
    let (url, got) = canned(json_answer(&answer.to_string())).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let mut one = candidate("x/m", dialect, &url);
    one.params.temperature = Some(0.5);
    one.params.max_output_tokens = Some(100);
    one.params.stop = vec!["###".to_owned()];
    let fields = json!({ "top_k": 3 });
    one.params.extra_body = fields.as_object().unwrap().clone();
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![upstream(one, &settings)], log, settings, folder).await;
    let answer = house.post(path, request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (_, entries, _folder) = house.close().await;
    let raw = got.lock().unwrap().join("");
    let (_, body) = raw.split_once("\r\n\r\n").unwrap();
    // A name that stood there twice would be an error here.
    let body: Value = serde_json::from_str(body).unwrap();
    for name in ["temperature", "top_k", "stop", "stop_sequences"] {
        assert!(raw.matches(&format!("\"{name}\"")).count() <= 1, "{raw}");
    }
    let evidence = entries[0].evidence.clone().unwrap();
    (body, evidence.unmeasured, evidence.lost)
}

fn with_nulls(mut request: Value, names: &[&str]) -> Value {
    for name in names {
        request[*name] = Value::Null;
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_null_is_filled_in_as_what_is_left_out() {
    let chat = "/v1/chat/completions";
    let bare = openai("x/m", false);
    let nulls = ["temperature", "top_k", "stop", "max_tokens", "logit_bias"];
    for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
        let (left_out, unmeasured, lost) = asked(dialect, chat, &bare).await;
        assert_eq!((unmeasured, lost), (vec![], vec![]));
        let (null, unmeasured, lost) =
            asked(dialect, chat, &with_nulls(bare.clone(), &nulls)).await;
        assert_eq!((unmeasured, lost), (vec![], vec![]), "{dialect:?}");
        for name in [
            "temperature",
            "top_k",
            "stop",
            "stop_sequences",
            "max_tokens",
        ] {
            assert_eq!(null.get(name), left_out.get(name), "{dialect:?} {name}");
        }
        assert_eq!(null["temperature"], 0.5);
    }
    let messages = anthropic("x/m", false);
    let nulls = ["temperature", "top_k", "stop_sequences"];
    let (null, unmeasured, _) = asked(
        Dialect::Anthropic,
        "/v1/messages",
        &with_nulls(messages, &nulls),
    )
    .await;
    assert_eq!(unmeasured, Vec::<String>::new());
    assert_eq!(null["temperature"], 0.5);
    assert_eq!(null["stop_sequences"], json!(["###"]));
    assert_eq!(null["top_k"], 3);
}
