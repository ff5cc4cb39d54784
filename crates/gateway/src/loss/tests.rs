use super::*;
use trilemma_wire::server::{decode_request, route};

fn check(path: &str, body: &Value, upstream: Dialect, expected: &[&str]) {
    let route = route("POST", path).unwrap();
    let body = body.to_string();
    let chat = decode_request(&route, body.as_bytes()).unwrap().chat;
    let target = Target {
        provider: String::new(),
        dialect: upstream,
        base_url: String::new(),
        model: "m".to_owned(),
        api_version: None,
        pipeline: None,
    };
    let mut found = lost(route.dialect, body.as_bytes(), &chat, &target);
    found.extend(promised_otherwise(route.dialect, &chat, &target).map(str::to_owned));
    assert_eq!(found, expected, "{body}");
}

#[test]
fn what_cannot_be_said_is_named() {
    let openai = serde_json::json!({
        "model": "m", "frequency_penalty": 1, "seed": 3, "temperature": 0.5,
        "messages": [
            {"role": "user", "name": "eve", "content": [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
            ]},
        ],
        "tools": [{"type": "function", "function": {
            "name": "f", "strict": true, "parameters": {"type": "object", "x-odd": 1},
        }}],
    });
    check(
        "/v1/chat/completions",
        &openai,
        Dialect::Anthropic,
        &[
            "frequency_penalty",
            "image_url.detail",
            "messages.name",
            "seed",
        ],
    );
    let anthropic = serde_json::json!({
        "model": "m", "max_tokens": 5, "top_k": 3,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "a"}],
    });
    check(
        "/v1/messages",
        &anthropic,
        Dialect::OpenAi,
        &["cache_control", "top_k"],
    );
    let responses = serde_json::json!({
        "model": "m", "metadata": {"a": "b"}, "store": false, "instructions": "be brief",
        "input": [
            {"role": "user", "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": "https://x.example/a.png", "detail": "low"},
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                "content": [{"type": "output_text", "text": "b", "annotations": []}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f",
                "arguments": "{\"input\":1}", "status": "completed"},
            {"type": "function_call_output", "call_id": "c", "output": "r"},
        ],
        "text": {"verbosity": "low", "format": {"type": "text"}},
        "reasoning": {"effort": "low", "summary": "auto"},
        "tools": [{"type": "function", "name": "f", "strict": true, "parameters": {"type": "object"}}],
    });
    let lost = [
        "content.detail",
        "input.encrypted_content",
        "input.summary",
        "metadata",
        "reasoning.summary",
    ];
    check("/v1/responses", &responses, Dialect::OpenAi, &lost);
    let more = [&lost[..], &["text.verbosity"]].concat();
    check("/v1/responses", &responses, Dialect::Anthropic, &more);
    let more = [&more[..], &["tools.strict"]].concat();
    check("/v1/responses", &responses, Dialect::Gemini, &more);
    let plain = serde_json::json!({
        "model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}],
    });
    check("/v1/messages", &plain, Dialect::Gemini, &[]);
    check("/v1/chat/completions", &plain, Dialect::Gemini, &[]);
}

#[test]
fn a_schema_that_is_promised_otherwise_is_named() {
    let schema = serde_json::json!({"type": "object"});
    let chat = |strict: Option<bool>, more: Value| {
        let mut format = serde_json::json!({"name": "n", "schema": schema});
        if let Some(strict) = strict {
            format["strict"] = strict.into();
        }
        let mut body = serde_json::json!({"model": "m",
            "messages": [{"role": "user", "content": "a"}],
            "response_format": {"type": "json_schema", "json_schema": format}});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let path = "/v1/chat/completions";
    let none = serde_json::json!({});
    let tools = serde_json::json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
    let named: &[&str] = &["json_schema.strict"];
    for (strict, more, upstream, lost) in [
        (Some(true), &none, Dialect::Anthropic, &[] as &[_]),
        (Some(true), &none, Dialect::Gemini, &[]),
        // A tool promises as little as was asked.
        (Some(false), &none, Dialect::Anthropic, &[]),
        (None, &none, Dialect::Anthropic, &[]),
        // Beside tools the schema is kept to all the same, and Gemini keeps to every schema.
        (Some(false), &tools, Dialect::Anthropic, named),
        (Some(false), &none, Dialect::Gemini, named),
        (Some(false), &none, Dialect::Responses, &[]),
    ] {
        check(path, &chat(strict, more.clone()), upstream, lost);
    }
    let responses = serde_json::json!({"model": "m", "input": "a", "text": {"format":
        {"type": "json_schema", "name": "n", "strict": false, "schema": schema}}});
    check(
        "/v1/responses",
        &responses,
        Dialect::Gemini,
        &["format.strict"],
    );
    // Claude keeps to this schema, which OpenAI could not promise.
    let claude = serde_json::json!({"model": "m", "max_tokens": 5,
        "messages": [{"role": "user", "content": "a"}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}}});
    check(
        "/v1/messages",
        &claude,
        Dialect::OpenAi,
        &["output_config.format"],
    );
    check("/v1/messages", &claude, Dialect::Gemini, &[]);
}

#[test]
fn one_picture_does_not_stand_for_another() {
    let picture = |detail: &str| {
        serde_json::json!({"type": "image_url",
            "image_url": {"url": "https://x.example/a.png", "detail": detail}})
    };
    // Both pictures are carried; how closely to look at them, and what the assistant said aloud, are not.
    let body = serde_json::json!({"model": "m", "messages": [
        {"role": "user", "content": [picture("low")]},
        {"role": "assistant", "content": "b", "audio": {"id": "x"}},
        {"role": "user", "content": [{"type": "text", "text": "c"}, picture("low")]},
    ]});
    check(
        "/v1/chat/completions",
        &body,
        Dialect::Gemini,
        &["audio.id", "image_url.detail", "messages.audio"],
    );
    // Pictures of results are carried, each of them.
    let source = serde_json::json!({"type": "base64", "media_type": "image/png", "data": "aGk="});
    let anthropic = serde_json::json!({"model": "m", "max_tokens": 5, "messages": [
        {"role": "user", "content": [{"type": "image", "source": source}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t",
            "content": [{"type": "image", "source": source}]}]},
    ]});
    check("/v1/messages", &anthropic, Dialect::OpenAi, &[]);
    let mut without = decode_request(
        &route("POST", "/v1/messages").unwrap(),
        anthropic.to_string().as_bytes(),
    )
    .unwrap()
    .chat;
    without.messages.last_mut().unwrap().parts.truncate(1);
    let body = anthropic.to_string();
    let lost = lost_within(Dialect::Anthropic, body.as_bytes(), &without);
    assert!(lost.contains("source.data"), "{lost:?}");
}

#[test]
fn what_is_moved_or_lowered_is_named() {
    let body = serde_json::json!({"model": "m", "temperature": 1.7, "messages": [
        {"role": "user", "content": "a"}, {"role": "system", "content": "b"},
    ]});
    let path = "/v1/chat/completions";
    check(
        path,
        &body,
        Dialect::Anthropic,
        &["messages.role", "temperature"],
    );
    check(path, &body, Dialect::Gemini, &["messages.role"]);
    check(path, &body, Dialect::OpenAi, &[]);
}
