//! Requests in OpenAI's words, and Azure's.

use serde_json::{Value, json};
use trilemma_domain::{ChatRequest, Dialect, Part, ResponseFormat, Role, Tool, ToolChoice};
use trilemma_wire::client::{EncodeError, encode_request};

use crate::support::{body, call, encode, object, parts, request, result, says, target, text};

fn check(dialect: Dialect, request: &ChatRequest, expected: &Value) {
    assert_eq!(&body(dialect, request), expected);
}

fn simple() -> ChatRequest {
    request(
        "gpt-4o-mini",
        vec![
            says(Role::System, "Be brief."),
            says(Role::User, "Hi \"you\"\n"),
        ],
    )
}

#[test]
fn a_plain_request_is_small() {
    let wire = encode(Dialect::OpenAi, &simple()).unwrap();
    assert_eq!(wire.path_and_query, "/chat/completions");
    assert_eq!(
        String::from_utf8(wire.body).unwrap(),
        r#"{"model":"gpt-4o-mini","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\"\n"}]}"#
    );
    assert_eq!(
        wire.headers,
        [
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned())
        ]
    );
}

#[test]
fn streams_ask_for_usage() {
    let mut request = simple();
    request.stream = true;
    let wire = encode(Dialect::OpenAi, &request).unwrap();
    assert!(
        wire.headers
            .contains(&("accept", "text/event-stream".to_owned()))
    );
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(body["stream"], true);
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn parameters_are_sent_as_given_and_only_then() {
    let mut request = simple();
    request.params.temperature = Some(0.0);
    request.params.top_p = Some(0.9);
    request.params.seed = Some(-7);
    request.params.stop = vec!["END".to_owned()];
    request.params.max_output_tokens = Some(300);
    let body = body(Dialect::OpenAi, &request);
    assert_eq!(body["temperature"], 0.0);
    assert_eq!(body["top_p"], 0.9);
    assert_eq!(body["seed"], -7);
    assert_eq!(body["stop"], json!(["END"]));
    assert_eq!(body["max_tokens"], 300);
    assert_eq!(body.get("reasoning_effort"), None);
}

#[test]
fn reasoning_models_take_max_completion_tokens() {
    for (model, field) in [
        ("o4-mini", "max_completion_tokens"),
        ("gpt-5.1-2025-11-13", "max_completion_tokens"),
        ("gpt-6-luna", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("deepseek-chat", "max_tokens"),
    ] {
        let mut request = request(model, vec![says(Role::User, "x")]);
        request.params.max_output_tokens = Some(9);
        request.params.reasoning_effort = Some("low".to_owned());
        let body = body(Dialect::OpenAi, &request);
        assert_eq!(body[field], 9, "{model}");
        assert_eq!(body["reasoning_effort"], "low");
        let n_fields = ["max_tokens", "max_completion_tokens"]
            .iter()
            .filter(|key| body.get(key).is_some())
            .count();
        assert_eq!(n_fields, 1, "{model}");
    }
}

#[test]
fn extra_body_wins_and_may_choose_the_length_field() {
    let mut request = simple();
    request.params.max_output_tokens = Some(9);
    request.params.temperature = Some(0.5);
    request.stream = true;
    request.params.extra_body = object(json!({
        "max_completion_tokens": 11, "temperature": 1, "top_k": 40, "stream_options": {"include_obfuscation": false}
    }));
    let body = body(Dialect::OpenAi, &request);
    assert_eq!(
        (
            &body["max_completion_tokens"],
            &body["temperature"],
            &body["top_k"]
        ),
        (&json!(11), &json!(1), &json!(40))
    );
    assert_eq!(body.get("max_tokens"), None);
    assert_eq!(
        body["stream_options"],
        json!({"include_usage": true, "include_obfuscation": false})
    );
}

#[test]
fn images_and_files_make_lists_of_parts() {
    let message = parts(
        Role::User,
        vec![
            text("What is this?"),
            Part::Image {
                url: Some("https://x/y.png".to_owned()),
                data: None,
                media_type: None,
            },
            Part::Image {
                url: None,
                data: Some("QUJD".to_owned()),
                media_type: Some("image/png".to_owned()),
            },
            Part::File {
                data: "JVBE".to_owned(),
                media_type: "application/pdf".to_owned(),
                name: Some("a.pdf".to_owned()),
            },
            Part::CacheBreakpoint,
        ],
    );
    let expected = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
    ]}]});
    check(
        Dialect::OpenAi,
        &request("gpt-4o", vec![message]),
        &expected,
    );
}

#[test]
fn texts_of_a_message_are_joined_and_breakpoints_ignored() {
    let message = parts(
        Role::User,
        vec![text("a"), Part::CacheBreakpoint, text("b")],
    );
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "ab"}]});
    check(Dialect::OpenAi, &request("m", vec![message]), &expected);
}

#[test]
fn tools_calls_and_results_are_encoded() {
    let mut request = request(
        "gpt-4o",
        vec![
            says(Role::User, "Weather?"),
            parts(
                Role::Assistant,
                vec![
                    Part::ToolCall(call("a", "weather", json!({"city": "Bonn"}))),
                    Part::ToolCall(call("b", "weather", json!("{broken"))),
                ],
            ),
            parts(Role::Tool, vec![result("a", "rain"), result("b", "")]),
            parts(Role::User, vec![result("c", "late"), text("And now?")]),
        ],
    );
    request.tools = vec![
        Tool {
            name: "weather".to_owned(),
            description: Some("Says it.".to_owned()),
            parameters: json!({"type": "object"}),
            strict: None,
        },
        Tool {
            name: "now".to_owned(),
            description: None,
            parameters: json!({}),
            strict: None,
        },
    ];
    request.tool_choice = ToolChoice::Named("weather".to_owned());
    let expected = json!({"model": "gpt-4o", "messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Bonn\"}"}},
            {"id": "b", "type": "function", "function": {"name": "weather", "arguments": "{broken"}},
        ]},
        {"role": "tool", "content": "rain", "tool_call_id": "a"},
        {"role": "tool", "content": "", "tool_call_id": "b"},
        {"role": "tool", "content": "late", "tool_call_id": "c"},
        {"role": "user", "content": "And now?"},
    ], "tools": [
        {"type": "function", "function": {"name": "weather", "description": "Says it.", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "now", "parameters": {}}},
    ], "tool_choice": {"type": "function", "function": {"name": "weather"}}});
    check(Dialect::OpenAi, &request, &expected);
    for (choice, word) in [
        (ToolChoice::None, "none"),
        (ToolChoice::Required, "required"),
    ] {
        request.tool_choice = choice;
        assert_eq!(body(Dialect::OpenAi, &request)["tool_choice"], word);
    }
    request.tools.clear();
    assert_eq!(body(Dialect::OpenAi, &request).get("tool_choice"), None);
}

#[test]
fn structured_output_is_strict() {
    let mut request = simple();
    request.response_format = Some(ResponseFormat::JsonSchema {
        name: "label".to_owned(),
        schema: json!({"type": "object"}),
        strict: None,
    });
    let expected = json!({"type": "json_schema", "json_schema": {"name": "label", "strict": true, "schema": {"type": "object"}}});
    assert_eq!(body(Dialect::OpenAi, &request)["response_format"], expected);
    request.response_format = Some(ResponseFormat::JsonObject);
    assert_eq!(
        body(Dialect::OpenAi, &request)["response_format"],
        json!({"type": "json_object"})
    );
}

#[test]
fn azure_names_the_deployment_in_the_path_only() {
    let mut request = simple();
    request.model = "ignored".to_owned();
    let mut target = target(Dialect::Azure, "prod chat/ä?");
    let wire = encode_request(&target, &request).unwrap();
    assert_eq!(
        wire.path_and_query,
        "/openai/deployments/prod%20chat%2F%C3%A4%3F/chat/completions?api-version=2024-10-21"
    );
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(body.get("model"), None);
    target.api_version = None;
    assert!(matches!(
        encode_request(&target, &request),
        Err(EncodeError::MissingApiVersion)
    ));
}

#[test]
fn the_target_names_the_model_when_the_request_does_not() {
    let mut request = simple();
    request.model = String::new();
    let wire = encode_request(&target(Dialect::OpenAi, "m1"), &request).unwrap();
    assert!(wire.body.starts_with(br#"{"model":"m1""#));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let refused = |request: &ChatRequest| encode(Dialect::OpenAi, request).unwrap_err().to_string();
    let image = Part::Image {
        url: None,
        data: None,
        media_type: None,
    };
    let of = |role, part| request("m", vec![parts(role, vec![part])]);
    assert!(refused(&of(Role::User, image.clone())).contains("either `url`"));
    assert!(
        refused(&of(Role::Assistant, image)).contains("an image in a message of role `assistant`")
    );
    assert!(
        refused(&of(Role::User, Part::ToolCall(call("a", "f", json!({}))))).contains("a tool call")
    );
    assert!(refused(&of(Role::Assistant, result("a", "x"))).contains("a tool result"));
    assert!(refused(&of(Role::Tool, text("x"))).contains("text in a message of role `tool`"));
    let mut request = simple();
    request.params.reasoning_tokens = Some(100);
    assert!(refused(&request).contains("`reasoning_tokens` in dialect `openai`"));
    request.params.reasoning_tokens = None;
    request.params.temperature = Some(f64::NAN);
    assert!(refused(&request).contains("`temperature`"));
}
