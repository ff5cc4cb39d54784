//! Requests in Anthropic's words.

use serde_json::{Value, json};
use trilemma_domain::{ChatRequest, Dialect, Part, ResponseFormat, Role, Tool, ToolChoice};
use trilemma_wire::client::{ANTHROPIC_DEFAULT_MAX_TOKENS, EncodeError};

use crate::support::{body as body_of, call, encode, object, parts, request, result, says, text};

const MODEL: &str = "claude-haiku-4-5";

fn body(request: &ChatRequest) -> Value {
    body_of(Dialect::Anthropic, request)
}

fn simple() -> ChatRequest {
    request(
        MODEL,
        vec![says(Role::System, "Be brief."), says(Role::User, "Hi")],
    )
}

#[test]
fn a_plain_request_is_small() {
    let wire = encode(Dialect::Anthropic, &simple()).unwrap();
    assert_eq!(wire.path_and_query, "/messages");
    assert!(
        wire.headers
            .contains(&("anthropic-version", "2023-06-01".to_owned()))
    );
    assert_eq!(
        String::from_utf8(wire.body).unwrap(),
        r#"{"model":"claude-haiku-4-5","max_tokens":4096,"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}"#
    );
}

#[test]
fn a_length_is_always_sent() {
    let mut request = simple();
    assert_eq!(body(&request)["max_tokens"], ANTHROPIC_DEFAULT_MAX_TOKENS);
    request.params.reasoning_tokens = Some(2_000);
    let with_budget = body(&request);
    assert_eq!(with_budget["max_tokens"], 6_096);
    assert_eq!(
        with_budget["thinking"],
        json!({"type": "enabled", "budget_tokens": 2_000})
    );
    request.params.max_output_tokens = Some(3_000);
    assert_eq!(body(&request)["max_tokens"], 3_000);
    request.params.reasoning_tokens = Some(0);
    assert_eq!(body(&request)["thinking"], json!({"type": "disabled"}));
}

#[test]
fn effort_goes_into_output_config() {
    let mut request = simple();
    request.params.reasoning_effort = Some("xhigh".to_owned());
    assert_eq!(body(&request)["output_config"], json!({"effort": "xhigh"}));
    assert_eq!(body(&request).get("thinking"), None);
    request.params.reasoning_effort = Some("none".to_owned());
    assert_eq!(body(&request).get("output_config"), None);
    assert_eq!(body(&request)["thinking"], json!({"type": "disabled"}));
    request.params.extra_body = object(json!({"thinking": {"type": "adaptive"}}));
    assert_eq!(body(&request)["thinking"], json!({"type": "adaptive"}));
}

#[test]
fn parameters_have_their_names_and_seed_is_left_out() {
    let mut request = simple();
    request.params.temperature = Some(0.2);
    request.params.top_p = Some(0.5);
    request.params.seed = Some(1);
    request.params.stop = vec!["END".to_owned()];
    request.stream = true;
    let body = body(&request);
    assert_eq!(
        (&body["temperature"], &body["top_p"]),
        (&json!(0.2), &json!(0.5))
    );
    assert_eq!(
        (&body["stop_sequences"], &body["stream"]),
        (&json!(["END"]), &json!(true))
    );
    assert_eq!((body.get("seed"), body.get("stream_options")), (None, None));
}

#[test]
fn breakpoints_mark_the_block_before_even_across_messages() {
    let mark = json!({"type": "ephemeral"});
    let messages = vec![
        parts(Role::System, vec![text("Rules."), Part::CacheBreakpoint]),
        parts(
            Role::User,
            vec![text("Document"), Part::CacheBreakpoint, text("Question")],
        ),
    ];
    let encoded = body(&request(MODEL, messages));
    assert_eq!(
        encoded["system"],
        json!([{"type": "text", "text": "Rules.", "cache_control": mark}])
    );
    assert_eq!(
        encoded["messages"],
        json!([{"role": "user", "content": [
            {"type": "text", "text": "Document", "cache_control": mark},
            {"type": "text", "text": "Question"},
        ]}])
    );
    let messages = vec![
        says(Role::System, "Rules."),
        parts(Role::User, vec![Part::CacheBreakpoint, text("Question")]),
    ];
    let encoded = body(&request(MODEL, messages));
    assert_eq!(encoded["system"][0]["cache_control"], mark);
    let nothing_before = vec![parts(Role::User, vec![Part::CacheBreakpoint, text("Q")])];
    let encoded = body(&request(MODEL, nothing_before));
    assert_eq!(
        encoded["messages"][0]["content"],
        json!([{"type": "text", "text": "Q"}])
    );
}

#[test]
fn all_system_messages_become_one() {
    let messages = vec![
        says(Role::System, "a"),
        says(Role::System, "b"),
        says(Role::User, "c"),
    ];
    let encoded = body(&request(MODEL, messages));
    assert_eq!(
        encoded["system"],
        json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])
    );
}

#[test]
fn results_of_parallel_calls_share_a_turn_with_what_follows() {
    let messages = vec![
        says(Role::User, "Weather?"),
        parts(
            Role::Assistant,
            vec![
                text(""),
                Part::ToolCall(call("a", "weather", json!({"city": "Bonn"}))),
                Part::ToolCall(call("b", "now", Value::Null)),
            ],
        ),
        parts(Role::Tool, vec![result("a", "rain")]),
        parts(Role::Tool, vec![result("b", "noon")]),
        says(Role::User, "So?"),
    ];
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Bonn"}},
            {"type": "tool_use", "id": "b", "name": "now", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "rain"},
            {"type": "tool_result", "tool_use_id": "b", "content": "noon"},
            {"type": "text", "text": "So?"},
        ]},
    ]);
    assert_eq!(body(&request(MODEL, messages))["messages"], expected);
}

#[test]
fn tools_and_choices_are_encoded() {
    let mut request = simple();
    request.tools = vec![
        Tool {
            name: "f".to_owned(),
            description: Some("d".to_owned()),
            parameters: json!({"type": "object", "properties": {}}),
            strict: None,
        },
        Tool {
            name: "g".to_owned(),
            description: None,
            parameters: json!({}),
            strict: None,
        },
    ];
    let encoded = body(&request);
    assert_eq!(
        encoded["tools"],
        json!([
            {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}},
            {"name": "g", "input_schema": {"type": "object"}},
        ])
    );
    assert_eq!(encoded.get("tool_choice"), None);
    for (choice, expected) in [
        (ToolChoice::None, json!({"type": "none"})),
        (ToolChoice::Required, json!({"type": "any"})),
        (
            ToolChoice::Named("f".to_owned()),
            json!({"type": "tool", "name": "f"}),
        ),
    ] {
        request.tool_choice = choice;
        assert_eq!(body(&request)["tool_choice"], expected);
    }
}

#[test]
fn images_and_files_have_sources() {
    let file = |media_type: &str, data: &str| Part::File {
        data: data.to_owned(),
        media_type: media_type.to_owned(),
        name: Some("n".to_owned()),
    };
    let of = |part| request(MODEL, vec![parts(Role::User, vec![part])]);
    let block = |part| body(&of(part))["messages"][0]["content"][0].clone();
    let url = Part::Image {
        url: Some("https://x/y".to_owned()),
        data: None,
        media_type: None,
    };
    assert_eq!(
        block(url),
        json!({"type": "image", "source": {"type": "url", "url": "https://x/y"}})
    );
    let data = Part::Image {
        url: None,
        data: Some("QUJD".to_owned()),
        media_type: Some("image/png".to_owned()),
    };
    let source = json!({"type": "base64", "media_type": "image/png", "data": "QUJD"});
    assert_eq!(block(data), json!({"type": "image", "source": source}));
    assert_eq!(
        block(file("image/png", "QUJD")),
        json!({"type": "image", "source": source})
    );
    assert_eq!(
        block(file("application/pdf", "JVBE")),
        json!({"type": "document", "title": "n", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}})
    );
    assert_eq!(
        block(file("text/plain", "w7w=")),
        json!({"type": "document", "title": "n", "source": {"type": "text", "media_type": "text/plain", "data": "ü"}})
    );
    let refused = |part| encode(Dialect::Anthropic, &of(part)).unwrap_err();
    assert!(matches!(
        refused(file("text/plain", "###")),
        EncodeError::FileData { .. }
    ));
    assert!(matches!(
        refused(file("text/csv", "QUJD")),
        EncodeError::Unsupported { .. }
    ));
}

/// `output_config.format` holds the answer to its schema, and refuses schemas that are not closed: one that need not be
/// kept to is asked for by a tool, unless something stands in its way.
#[test]
fn a_schema_that_need_not_be_kept_to_becomes_a_tool() {
    let lax = |strict| {
        let mut request = simple();
        request.response_format = Some(ResponseFormat::JsonSchema {
            name: "n".to_owned(),
            schema: json!({"type": "object"}),
            strict,
        });
        request
    };
    let is_tool = |request: &ChatRequest| {
        let encoded = body(request);
        let is_tool = encoded["tool_choice"]["type"] == "tool";
        assert_eq!(is_tool, encoded["output_config"].get("format").is_none());
        is_tool
    };
    assert!(is_tool(&lax(Some(false))));
    assert_eq!(body(&lax(Some(false)))["tools"][0].get("strict"), None);
    assert!(!is_tool(&lax(Some(true))));
    assert!(!is_tool(&lax(None)));
    let mut beside_tools = lax(Some(false));
    beside_tools.tools = vec![Tool {
        name: "f".to_owned(),
        description: None,
        parameters: json!({}),
        strict: None,
    }];
    assert!(!is_tool(&beside_tools));
    let mut thinks = lax(Some(false));
    thinks.params.reasoning_effort = Some("low".to_owned());
    assert!(!is_tool(&thinks));
    thinks.params.reasoning_effort = Some("none".to_owned());
    assert!(is_tool(&thinks));
    let adaptive = json!({"type": "adaptive"});
    thinks
        .params
        .extra_body
        .insert("thinking".to_owned(), adaptive);
    assert!(!is_tool(&thinks));
}

#[test]
fn a_schema_goes_into_the_output_format() {
    let mut request = simple();
    request.response_format = Some(ResponseFormat::JsonSchema {
        name: "n".to_owned(),
        schema: json!({"type": "object"}),
        strict: None,
    });
    request.params.reasoning_effort = Some("low".to_owned());
    let expected =
        json!({"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert_eq!(body(&request)["output_config"], expected);
    assert_eq!(body(&request).get("tools"), None);
}

#[test]
fn older_models_and_free_json_use_a_tool() {
    let choice = json!({"type": "tool", "name": "trilemma_json_answer"});
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for model in [
        "claude-3-5-haiku-20241022",
        "claude-sonnet-4-20250514",
        "claude-opus-4-1-20250805",
    ] {
        let mut request = request(model, vec![says(Role::User, "x")]);
        request.response_format = Some(ResponseFormat::JsonSchema {
            name: "n".to_owned(),
            schema: schema.clone(),
            strict: None,
        });
        let encoded = body(&request);
        assert_eq!(encoded["tools"][0]["input_schema"], schema, "{model}");
        assert_eq!(
            (encoded.get("output_config"), &encoded["tool_choice"]),
            (None, &choice),
            "{model}"
        );
    }
    let mut request = simple();
    request.response_format = Some(ResponseFormat::JsonObject);
    let encoded = body(&request);
    assert_eq!(
        encoded["tools"][0]["input_schema"],
        json!({"type": "object", "additionalProperties": true})
    );
    assert_eq!(encoded["tool_choice"], choice);
    request.params.reasoning_tokens = Some(1_024);
    assert!(matches!(
        encode(Dialect::Anthropic, &request),
        Err(EncodeError::Unsupported { .. })
    ));
    request.params.reasoning_tokens = None;
    request.tools = vec![Tool {
        name: "f".to_owned(),
        description: None,
        parameters: json!({}),
        strict: None,
    }];
    assert!(matches!(
        encode(Dialect::Anthropic, &request),
        Err(EncodeError::Unsupported { .. })
    ));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let broken = Part::ToolCall(call("a", "f", json!("{broken")));
    let messages = vec![parts(Role::Assistant, vec![broken])];
    let error = encode(Dialect::Anthropic, &request(MODEL, messages)).unwrap_err();
    assert!(error.to_string().contains("tool `f`"), "{error}");
    let messages = vec![parts(Role::System, vec![result("a", "x")])];
    assert!(matches!(
        encode(Dialect::Anthropic, &request(MODEL, messages)),
        Err(EncodeError::Misplaced { .. })
    ));
}
