//! Random bytes as requests in each dialect, as far as they are made ready: none panics, none comes out malformed, and
//! the worst case covers what it allows. Bounded, so that it runs with the other tests. Through a whole gateway, with
//! keys and answers, they go in `tests/it/fuzz`.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;
use trilemma_domain::{Candidate, CandidateId, Dialect, Params, Target, ToolChoice};
use trilemma_provider::{Client, ClientConfig, KeyKind, Lane, LaneConfig, Secret};

use crate::ask::{Ask, Manner, Service};
use crate::attempt::worst_usage;
use crate::peek::{Form, peek};
use crate::prepare::prepare;
use crate::upstream::{Named, Upstream, UpstreamParts};

const N_CASES: usize = 3_000;
const LONGEST: Duration = Duration::from_secs(5);
const KEY: &str = "sk-upstream-0123456789abcdef";

/// Pieces of requests, so that random bytes get past the first brace.
const PIECES: [&str; 25] = [
    "{",
    "}",
    ",",
    r#""model":"old","#,
    r#""model":"","#,
    r#""messages":[{"role":"user","content":"a"}],"#,
    r#""messages":[{"role":"user","content":[{"type":"text","text":"\ud83e"}]}],"#,
    r#""messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]},{"role":"tool","tool_call_id":"1","content":"r"}],"#,
    r#""stream":true,"#,
    r#""stream_options":{"include_usage":false,"x":[1]},"#,
    r#""stream_options":null,"#,
    r#""max_tokens":4294967295,"#,
    r#""max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":70000},"#,
    r#""max_completion_tokens":1,"#,
    r#""max_output_tokens":2,"#,
    r#""n":3,"#,
    r#""max_tok\u0065ns":9,"#,
    r#""system":"s","#,
    r#""tools":[{"type":"function","function":{"name":"f"}}],"#,
    r#""deep":[[[[{"model":"inner"}]]]],"#,
    r#""end":0"#,
    r#""input":"a","#,
    r#""input":[{"role":"user","content":[{"type":"input_text","text":"\ud83e"}]},{"type":"function_call","call_id":"1","name":"f","arguments":"{"},{"type":"function_call_output","call_id":"1","output":"r"}],"#,
    r#""instructions":"s","text":{"format":{"type":"json_object"}},"#,
    r#""tools":[{"type":"web_search"},{"type":"function","name":"f"}],"max_tool_calls":2,"#,
];

/// One of each dialect.
static UPSTREAMS: LazyLock<Vec<Named>> =
    LazyLock::new(|| Dialect::ALL.into_iter().map(named).collect());

fn named(dialect: Dialect) -> Named {
    let base_url = "http://127.0.0.1:9/v1".to_owned();
    let client = Client::new(ClientConfig::default()).unwrap();
    let candidate = Candidate {
        id: CandidateId::from("c"),
        target: Target {
            provider: "p".to_owned(),
            dialect,
            base_url: base_url.clone(),
            model: "new-\"name\"".to_owned(),
            api_version: Some("1".to_owned()),
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params {
            temperature: Some(0.5),
            ..Params::default()
        },
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: None,
        stream: true,
    };
    let parts = UpstreamParts {
        candidate,
        streamed: client.clone(),
        whole: client,
        secret: Some(Secret::new(KEY, KeyKind::ApiKey, &base_url).unwrap()),
        lane: Arc::new(Lane::new(&LaneConfig::default())),
        pricer: None,
        max_output: None,
        context: None,
        responses: true,
    };
    Named {
        upstream: Arc::new(Upstream::new(parts).unwrap()),
        is_candidate: true,
    }
}

fn body(seed: &[u8]) -> Vec<u8> {
    let mut body = b"{".to_vec();
    for byte in seed {
        match PIECES.get(usize::from(*byte) % PIECES.len()) {
            Some(piece) if *byte < 240 => body.extend_from_slice(piece.as_bytes()),
            _ => body.push(*byte),
        }
    }
    body.extend_from_slice(br#""end":1}"#);
    body
}

/// Tokens of answers that a body allows by the name that its dialect reads.
fn allowed(service: Service, dialect: Dialect, sent: &[u8]) -> u64 {
    let Ok(body) = serde_json::from_slice::<Value>(sent) else {
        return 0;
    };
    let lengths = match dialect {
        Dialect::OpenAi | Dialect::Azure => [&body["max_tokens"], &body["max_completion_tokens"]],
        Dialect::Anthropic => [&body["max_tokens"], &body["thinking"]["budget_tokens"]],
        Dialect::Responses => [&body["max_output_tokens"], &Value::Null],
        Dialect::Gemini => [&body["generationConfig"]["maxOutputTokens"], &Value::Null],
    };
    let n_answers = match (service, dialect) {
        (Service::Embeddings, _) => 0,
        (Service::Chat, Dialect::OpenAi | Dialect::Azure) => body["n"].as_u64().unwrap_or(1),
        (Service::Chat, _) => 1,
    };
    // Nobody's longest answer is shorter.
    let longest = lengths.into_iter().filter_map(Value::as_u64).max();
    longest.unwrap_or(131_072).saturating_mul(n_answers)
}

fn check(upstreams: &[Named], body: Vec<u8>) {
    let forms = [
        (Service::Chat, Dialect::OpenAi, Form::Messages),
        (Service::Chat, Dialect::Anthropic, Form::Messages),
        (Service::Chat, Dialect::Responses, Form::Responses),
        (Service::Embeddings, Dialect::OpenAi, Form::Embeddings),
    ];
    for (service, dialect, form) in forms {
        let Ok((peek, _)) = peek(&body, Some(form)) else {
            continue;
        };
        let ask = Ask::bare(service, dialect, Bytes::from(body.clone()), peek);
        for named in upstreams {
            for manner in [Manner::Given, Manner::Judged] {
                let Ok(prepared) = prepare(&ask, named, manner) else {
                    continue;
                };
                let sent = prepared.request.body();
                // A lone surrogate is grammatical and passes as it came, though no `Value` can hold it.
                serde_json::from_slice::<IgnoredAny>(sent).unwrap();
                let upstream = named.upstream.dialect();
                if let Ok(value) = serde_json::from_slice::<Value>(sent)
                    && !matches!(upstream, Dialect::Azure | Dialect::Gemini)
                {
                    assert_eq!(value["model"], "new-\"name\"", "{value}");
                }
                if let Ok(worst) = worst_usage(service, &named.upstream, &prepared.request) {
                    assert!(worst.input_uncached > sent.len() as u64);
                    let most = allowed(service, prepared.request.dialect(), sent);
                    assert!(worst.output >= most, "{}", String::from_utf8_lossy(sent));
                }
            }
        }
    }
}

#[test]
fn no_request_panics_or_arrives_malformed() {
    bolero::check!()
        .with_iterations(N_CASES)
        .with_max_len(64)
        .with_test_time(LONGEST)
        .for_each(|seed: &[u8]| check(&UPSTREAMS, body(seed)));
}
