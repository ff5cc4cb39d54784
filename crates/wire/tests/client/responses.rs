//! Complete answers.

use serde_json::json;
use trilemma_domain::{ChatResponse, Dialect, Failure, FailureKind, FinishReason, Retry};
use trilemma_wire::client::decode_response;

use crate::support::call;

fn decode(dialect: Dialect, body: &str) -> Result<ChatResponse, Failure> {
    decode_response(dialect, body.as_bytes())
}

#[test]
fn openai_answers_are_read() {
    let body = r#"{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Ja","refusal":null,"annotations":[]},
        "logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":20,"completion_tokens":1,"total_tokens":21,
        "prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},
        "service_tier":"default","system_fingerprint":"fp_2"}"#;
    for dialect in [Dialect::OpenAi, Dialect::Azure] {
        let response = decode(dialect, body).unwrap();
        assert_eq!(response.text, "Ja");
        assert_eq!(response.finish, Some(FinishReason::Stop));
        assert_eq!(
            response.served_model.as_deref(),
            Some("gpt-4o-mini-2024-07-18")
        );
        assert_eq!(response.system_fingerprint.as_deref(), Some("fp_2"));
        let usage = response.usage.unwrap();
        assert_eq!(
            (usage.input_uncached, usage.cache_read, usage.reasoning),
            (20, Some(0), Some(0))
        );
        assert_eq!(response.raw_usage.unwrap()["total_tokens"], 21);
    }
}

#[test]
fn openai_tool_calls_refusals_and_reasoning_are_read() {
    let calls = r#"{"choices":[{"message":{"content":null,"tool_calls":[
        {"id":"","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
        {"id":"","type":"function","function":{"name":"f","arguments":"not json"}}]},"finish_reason":"stop"}]}"#;
    let response = decode(Dialect::OpenAi, calls).unwrap();
    assert_eq!(
        response.tool_calls,
        [
            call("", "f", json!({"x": 1})),
            call("", "f", json!("not json"))
        ]
    );
    assert_eq!(response.finish, Some(FinishReason::ToolCalls));
    assert_eq!(response.usage, None);

    let refusal =
        r#"{"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]}"#;
    let response = decode(Dialect::OpenAi, refusal).unwrap();
    assert_eq!(
        (response.refusal.as_deref(), response.finish),
        (Some("No."), Some(FinishReason::Refusal))
    );

    let list = r#"{"choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"4"}]},"finish_reason":"stop"}]}"#;
    let response = decode(Dialect::OpenAi, list).unwrap();
    assert_eq!(
        (response.text.as_str(), response.reasoning.as_deref()),
        ("4", Some("hm"))
    );
}

#[test]
fn anthropic_answers_are_read() {
    let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6",
        "content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"Ja","citations":null},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"x":[1, 2]}},{"type":"web_search_tool_result","content":[]}],
        "stop_reason":"tool_use","stop_sequence":null,
        "usage":{"input_tokens":12,"cache_read_input_tokens":30,"cache_creation_input_tokens":0,"output_tokens":5}}"#;
    let response = decode(Dialect::Anthropic, body).unwrap();
    assert_eq!(
        (response.text.as_str(), response.reasoning.as_deref()),
        ("Ja", Some("hm"))
    );
    assert_eq!(
        response.tool_calls,
        [call("toolu_1", "f", json!({"x": [1, 2]}))]
    );
    assert_eq!(response.finish, Some(FinishReason::ToolCalls));
    assert_eq!(response.usage.unwrap().input_total(), 42);

    let forced = r#"{"content":[{"type":"tool_use","id":"t","name":"trilemma_json_answer","input":{"a": 1}}],"stop_reason":"tool_use","usage":{}}"#;
    let response = decode(Dialect::Anthropic, forced).unwrap();
    assert_eq!(
        (response.text.as_str(), response.finish),
        (r#"{"a": 1}"#, Some(FinishReason::Stop))
    );
    assert_eq!(
        (response.usage, response.raw_usage),
        (None, Some(json!({})))
    );

    let empty =
        r#"{"content":[],"stop_reason":"refusal","usage":{"input_tokens":1,"output_tokens":0}}"#;
    assert_eq!(
        decode(Dialect::Anthropic, empty).unwrap().finish,
        Some(FinishReason::Refusal)
    );
}

/// Usage of Gemini does not count searches: the queries stand beside the answer.
#[test]
fn searches_of_gemini_are_counted_by_their_queries() {
    let body = |grounding: &str| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"finishReason":"STOP","groundingMetadata":{grounding}}}],"usageMetadata":{{"promptTokenCount":7,"candidatesTokenCount":1}}}}"#
        )
    };
    let searches = |grounding: &str| {
        let response = decode(Dialect::Gemini, &body(grounding)).unwrap();
        response.usage.unwrap().web_searches
    };
    assert_eq!(
        searches(r#"{"webSearchQueries":["a","b"],"groundingChunks":[]}"#),
        Some(2)
    );
    for none in [
        "null",
        "{}",
        r#"{"webSearchQueries":[]}"#,
        r#"{"webSearchQueries":3}"#,
    ] {
        assert_eq!(searches(none), None, "{none}");
    }
}

#[test]
fn gemini_answers_are_read() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Ja"}],"role":"model"},
        "finishReason":"STOP","avgLogprobs":-0.1}],
        "usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":1,"totalTokenCount":59,"thoughtsTokenCount":50},
        "modelVersion":"gemini-2.5-flash","responseId":"r"}"#;
    let response = decode(Dialect::Gemini, body).unwrap();
    assert_eq!(
        (response.text.as_str(), response.reasoning.as_deref()),
        ("Ja", Some("hm"))
    );
    assert_eq!(response.usage.unwrap().output, 51);
    let blocked =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"modelVersion":"gemini-2.5-flash"}"#;
    let response = decode(Dialect::Gemini, blocked).unwrap();
    assert_eq!(
        (response.text.as_str(), response.finish),
        ("", Some(FinishReason::ContentFilter))
    );
}

#[test]
fn errors_inside_http_200_are_failures() {
    let numeric = r#"{"error":{"code":429,"message":"Rate limited upstream"},"user_id":"u"}"#;
    let failure = decode(Dialect::OpenAi, numeric).unwrap_err();
    assert_eq!(
        (failure.kind, failure.retry),
        (FailureKind::InStream, Retry::Backoff)
    );
    let refused = r#"{"type":"error","error":{"type":"authentication_error","message":"bad key"}}"#;
    let failure = decode(Dialect::Anthropic, refused).unwrap_err();
    assert_eq!(
        (failure.kind, failure.retry),
        (FailureKind::InStream, Retry::No)
    );
    let gemini = r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#;
    assert_eq!(
        decode(Dialect::Gemini, gemini).unwrap_err().kind,
        FailureKind::InStream
    );
}

#[test]
fn what_is_no_answer_is_malformed() {
    let deep = format!("{{\"choices\":{}", "[".repeat(100_000));
    for dialect in Dialect::ALL {
        for body in [
            "",
            "null",
            "{}",
            "[]",
            "<html>",
            "{\"choices\":[]}",
            "{\"choices\":[{}]}",
            "{\"candidates\":[]}",
            "{\"content\":null}",
            "42",
            &deep,
        ] {
            let failure = decode(dialect, body).unwrap_err();
            assert_eq!(
                (failure.kind, failure.retry),
                (FailureKind::Malformed, Retry::Backoff),
                "{dialect} {body:.20}"
            );
            assert!(failure.message.chars().count() <= Failure::MAX_MESSAGE_CHARS);
        }
    }
}

#[test]
fn invalid_utf8_is_replaced() {
    let body = b"{\"choices\":[{\"message\":{\"content\":\"a\xC3\"},\"finish_reason\":\"stop\"}]}";
    let response = decode_response(Dialect::OpenAi, body).unwrap();
    assert_eq!(response.text, "a\u{FFFD}");
}

#[test]
fn fields_of_odd_types_do_not_lose_the_answer() {
    let body = r#"{"id":7,"model":null,"system_fingerprint":{"a":1},"choices":[{"index":0,"message":{"content":"ok","reasoning":{"x":1},"refusal":[],"tool_calls":null},"finish_reason":null}],"usage":{"prompt_tokens":"3","completion_tokens":1.0}}"#;
    let response = decode(Dialect::OpenAi, body).unwrap();
    assert_eq!(
        (response.text.as_str(), response.response_id.as_deref()),
        ("ok", Some("7"))
    );
    assert_eq!((response.finish, response.usage), (None, None));
    assert_eq!(response.raw_usage.unwrap()["prompt_tokens"], "3");
}
