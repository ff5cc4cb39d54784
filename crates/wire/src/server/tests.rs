//! Tests of the server side: against the client side of this crate, which was written from the
//! vendors' references by itself, and for what the client cannot see by what must be in the bytes.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::{
    ChatRequest, ChatResponse, Dialect, FailureKind, FinishReason, LikelyToken, Message, Params,
    Part, ResponseFormat, Retry, Role, Target, TokenPlace, Tool, ToolCall, ToolChoice, Usage,
};

use super::*;
use crate::client;

fn target(dialect: Dialect) -> Target {
    Target {
        provider: "p".into(),
        dialect,
        base_url: "http://localhost/v1".into(),
        model: "m-1".into(),
        api_version: (dialect == Dialect::Azure).then(|| "2024-10-21".into()),
        pipeline: None,
    }
}

/// Encodes by the client, decodes by the server.
fn there(dialect: Dialect, request: &ChatRequest) -> ServerRequest {
    let sent = client::encode_request(&target(dialect), request).unwrap();
    let route = route("POST", &format!("/v1{}", sent.path_and_query)).unwrap();
    assert_eq!((route.dialect, route.endpoint), (dialect, Endpoint::Chat));
    assert!(!route.json_array);
    let got = decode_request(&route, &sent.body).unwrap();
    let peek = peek_request(dialect, &sent.body).unwrap();
    assert_eq!(peek.last_user_text(), last_user_text(&got.chat));
    assert_eq!(
        peek.max_output_tokens,
        got.chat.params.max_output_tokens.map(u64::from)
    );
    assert_eq!(route.stream.unwrap_or(peek.stream), got.chat.stream);
    assert_eq!(peek.include_usage, got.include_usage);
    got
}

fn last_user_text(chat: &ChatRequest) -> String {
    let last = chat.messages.iter().rev().find(|m| m.role == Role::User);
    last.map(Message::joined_text).unwrap_or_default()
}

fn request() -> ChatRequest {
    ChatRequest {
        model: "m-1".into(),
        messages: vec![
            Message::text(Role::System, "Be \"brief\"."),
            Message {
                role: Role::User,
                parts: vec![
                    Part::Text {
                        text: "What is\nthis? 🦀".into(),
                    },
                    Part::Image {
                        url: None,
                        data: Some("aGk=".into()),
                        media_type: Some("image/png".into()),
                    },
                ],
            },
        ],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params: Params {
            max_output_tokens: Some(77),
            temperature: Some(0.5),
            top_p: Some(0.9),
            stop: vec!["END".into()],
            ..Params::default()
        },
        stream: false,
    }
}

/// Responses have no word for it.
fn without_stop(dialect: Dialect, request: &mut ChatRequest) {
    if dialect == Dialect::Responses {
        assert!(client::encode_request(&target(dialect), request).is_err());
        request.params.stop.clear();
    }
}

#[test]
fn requests_come_back_in_every_dialect() {
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let mut sent = ChatRequest {
                stream,
                ..request()
            };
            without_stop(dialect, &mut sent);
            let got = there(dialect, &sent);
            assert_eq!(got.chat, sent, "{dialect}");
        }
    }
}

#[test]
fn tools_and_their_results_come_back() {
    let call = ToolCall {
        id: "call_9".into(),
        name: "weather".into(),
        arguments: json!({"city": "Bern"}),
    };
    for dialect in Dialect::ALL {
        for choice in [
            ToolChoice::Auto,
            ToolChoice::None,
            ToolChoice::Required,
            ToolChoice::Named("weather".into()),
        ] {
            let mut sent = request();
            without_stop(dialect, &mut sent);
            sent.tools = vec![Tool {
                name: "weather".into(),
                description: Some("Tells it.".into()),
                parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
            }];
            sent.tool_choice = choice;
            sent.messages.push(Message {
                role: Role::Assistant,
                parts: vec![Part::ToolCall(call.clone())],
            });
            sent.messages.push(Message {
                role: Role::Tool,
                parts: vec![Part::ToolResult {
                    id: "call_9".into(),
                    text: "Rain.".into(),
                }],
            });
            let got = there(dialect, &sent).chat;
            assert_eq!(got.tools, sent.tools, "{dialect}");
            assert_eq!(got.tool_choice, sent.tool_choice, "{dialect}");
            let result = got.messages.last().unwrap();
            assert_eq!(result.role, Role::Tool, "{dialect}");
            assert!(
                matches!(&result.parts[..], [Part::ToolResult { text, .. }] if text == "Rain."),
                "{dialect}: {result:?}"
            );
            let [_, _, asked, _] = &got.messages[..] else {
                panic!("{dialect}: {:?}", got.messages)
            };
            assert!(
                matches!(&asked.parts[..], [Part::ToolCall(c)] if c.name == call.name
                    && c.arguments == call.arguments),
                "{dialect}: {asked:?}"
            );
        }
    }
}

#[test]
fn a_json_schema_comes_back() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}},
        "required": ["n"], "additionalProperties": false});
    for dialect in Dialect::ALL {
        let mut sent = request();
        without_stop(dialect, &mut sent);
        sent.response_format = Some(ResponseFormat::JsonSchema {
            name: "answer".into(),
            schema: schema.clone(),
        });
        match there(dialect, &sent).chat.response_format {
            Some(ResponseFormat::JsonSchema { schema: got, .. }) => {
                assert_eq!(got["properties"]["n"]["type"], "integer", "{dialect}");
            }
            other => panic!("{dialect}: {other:?}"),
        }
    }
}

#[test]
fn an_anthropic_cache_mark_becomes_a_breakpoint() {
    let mut sent = request();
    sent.messages[0].parts.push(Part::CacheBreakpoint);
    let got = there(Dialect::Anthropic, &sent).chat;
    assert_eq!(got.messages[0], sent.messages[0]);
}

#[test]
fn what_has_no_neutral_word_stays_in_the_extra_body() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"x"}],"logprobs":true}"#;
    let route = route("POST", "/v1/chat/completions").unwrap();
    let got = decode_request(&route, body).unwrap();
    assert_eq!(
        got.chat.params.extra_body.get("logprobs"),
        Some(&json!(true))
    );
}

#[test]
fn bad_requests_are_told_apart() {
    let route = route("POST", "/v1/chat/completions").unwrap();
    let decode = |body: &[u8]| decode_request(&route, body).unwrap_err();
    assert!(matches!(decode(b"{"), RequestError::Json { .. }));
    assert!(matches!(decode(b"\xff\xfe"), RequestError::Json { .. }));
    assert_eq!(decode(br#"{"messages":[]}"#), RequestError::NoModel);
    assert!(matches!(
        decode(br#"{"model":"m","messages":[{"role":"robot","content":"x"}]}"#),
        RequestError::Field {
            field: "messages.role",
            ..
        }
    ));
    let deep = [b"{\"messages\":".to_vec(), vec![b'['; 100_000]].concat();
    assert!(matches!(decode(&deep), RequestError::Json { .. }));
    assert!(peek_request(Dialect::OpenAi, &deep).is_err());
}

#[test]
fn routes() {
    let chat = |path: &str| {
        route("POST", path).map(|r| (r.dialect, r.model.unwrap_or_default(), r.stream))
    };
    let none = String::new;
    for (path, wanted) in [
        ("/v1/chat/completions", (Dialect::OpenAi, none(), None)),
        ("/chat/completions?x=1", (Dialect::OpenAi, none(), None)),
        (
            "/openai/v1/chat/completions",
            (Dialect::OpenAi, none(), None),
        ),
        (
            "/openai/deployments/gpt%2D4o/chat/completions?api-version=1",
            (Dialect::Azure, "gpt-4o".into(), None),
        ),
        ("/v1/responses/", (Dialect::Responses, none(), None)),
        ("/v1/messages", (Dialect::Anthropic, none(), None)),
        (
            "/v1/models/gemini-1.5-pro:generateContent",
            (Dialect::Gemini, "gemini-1.5-pro".into(), Some(false)),
        ),
        (
            "/v1beta/models/a:streamGenerateContent?alt=sse",
            (Dialect::Gemini, "a".into(), Some(true)),
        ),
    ] {
        assert_eq!(chat(path), Some(wanted), "{path}");
    }
    let json_array = |path| route("POST", path).map(|route| route.json_array);
    assert_eq!(json_array("/v1/models/a:streamGenerateContent"), Some(true));
    assert_eq!(
        json_array("/v1/models/a:streamGenerateContent?alt=sse"),
        Some(false)
    );
    for (method, path) in [
        ("GET", "/v1/chat/completions"),
        ("GET", "/v1/embeddings"),
        ("POST", "/v1/models/a:countTokens"),
        ("POST", ""),
    ] {
        assert_eq!(route(method, path), None, "{path}");
    }
    assert_eq!(
        route("GET", "/v1/models").map(|route| route.endpoint),
        Some(Endpoint::Models)
    );
    assert_eq!(
        route("POST", "/v1/embeddings").map(|route| route.endpoint),
        Some(Endpoint::Embeddings)
    );
}

fn usage() -> Usage {
    Usage {
        input_uncached: 100,
        cache_read: Some(40),
        output: 20,
        reasoning: Some(5),
        ..Usage::default()
    }
}

fn response() -> ChatResponse {
    ChatResponse {
        text: "Grüße \"🦀\"\n\u{0}\u{2028}.".into(),
        reasoning: Some("Let me see.".into()),
        tool_calls: vec![ToolCall {
            id: "call_1".into(),
            name: "f".into(),
            arguments: json!({"a": [1, "é"]}),
        }],
        finish: Some(FinishReason::ToolCalls),
        served_model: Some("m-1-2024".into()),
        system_fingerprint: Some("fp".into()),
        response_id: Some("id-1".into()),
        usage: Some(usage()),
        first_tokens: (0..2).map(place).collect(),
        ..ChatResponse::default()
    }
}

fn place(n: u8) -> TokenPlace {
    let likely = |token: &str, logprob| LikelyToken {
        token: token.to_owned(),
        logprob,
    };
    TokenPlace {
        taken: likely("Gr", -0.25 - f64::from(n)),
        likely: vec![likely("\"", -0.125), likely("ü", -2.0)],
    }
}

/// What of an answer a dialect can say.
fn sayable(dialect: Dialect, mut response: ChatResponse) -> ChatResponse {
    if !matches!(dialect, Dialect::OpenAi | Dialect::Azure) {
        response.system_fingerprint = None;
        response.first_tokens.clear();
    }
    response
}

fn without_raw(mut response: ChatResponse) -> ChatResponse {
    assert!(response.raw_usage.take().is_some());
    response
}

fn told(dialect: Dialect, response: &ChatResponse, framing: Framing) -> Vec<u8> {
    let head = StreamHead {
        response_id: response.response_id.clone().unwrap_or_default(),
        model: response.served_model.clone().unwrap_or_default(),
        system_fingerprint: response.system_fingerprint.clone(),
        created_unix_s: 1,
        include_usage: true,
    };
    let mut encoder = StreamEncoder::new(dialect, head, framing);
    encoder.count(Usage {
        output: 0,
        ..usage()
    });
    let mut out = encoder.start();
    for piece in response
        .reasoning
        .iter()
        .flat_map(|text| text.split_inclusive(' '))
    {
        out.extend(encoder.reasoning(piece));
    }
    for (idx, piece) in response.text.split_inclusive(' ').enumerate() {
        let places = response.first_tokens.get(idx..=idx).unwrap_or_default();
        out.extend(encoder.text_with(piece, places));
    }
    for piece in response
        .refusal
        .iter()
        .flat_map(|text| text.split_inclusive(' '))
    {
        out.extend(encoder.refusal(piece));
    }
    for call in &response.tool_calls {
        out.extend(encoder.tool_call(call));
    }
    let finish = response.finish.clone().unwrap();
    out.extend(encoder.finish(&finish, response.usage.as_ref()));
    out
}

fn heard(dialect: Dialect, bytes: &[u8]) -> client::StreamEnd {
    let mut decoder = client::StreamDecoder::new(dialect);
    for piece in bytes.chunks(7) {
        decoder.push(piece);
    }
    decoder.finish()
}

/// Vendors without an own word for calls of tools end with their word for stop; the client may
/// read either.
fn same(dialect: Dialect, got: &ChatResponse, sent: &ChatResponse, what: &str) {
    let mut got = without_raw(got.clone());
    if dialect == Dialect::Gemini && got.finish == Some(FinishReason::Stop) {
        got.finish.clone_from(&sent.finish);
    }
    if let (Dialect::Anthropic, Some(usage)) = (dialect, &mut got.usage) {
        // That dialect always names the class of service.
        assert_eq!(
            usage.tier.take(),
            Some(trilemma_domain::ServiceTier::Standard)
        );
    }
    assert_eq!(got, sayable(dialect, sent.clone()), "{dialect} {what}");
}

#[test]
fn answers_come_back_whole_and_streamed() {
    let plain = ChatResponse {
        reasoning: None,
        tool_calls: Vec::new(),
        finish: Some(FinishReason::Stop),
        ..response()
    };
    let cut = ChatResponse {
        finish: Some(FinishReason::Length),
        ..plain.clone()
    };
    for dialect in Dialect::ALL {
        for sent in [response(), plain.clone(), cut.clone()] {
            let body = encode_response(dialect, &sent, 1);
            same(
                dialect,
                &client::decode_response(dialect, &body).unwrap(),
                &sent,
                "whole",
            );
            let mut framings = vec![Framing::Events];
            if dialect == Dialect::Gemini {
                framings.push(Framing::JsonArray);
            }
            for framing in framings {
                let end = heard(dialect, &told(dialect, &sent, framing));
                assert_eq!(end.fault, None, "{dialect}");
                same(dialect, &end.response, &sent, "streamed");
            }
        }
    }
}

#[test]
fn withheld_answers_are_seen_as_such() {
    let withheld = |finish: FinishReason| {
        matches!(finish, FinishReason::Refusal | FinishReason::ContentFilter)
    };
    let refused = ChatResponse {
        text: String::new(),
        reasoning: None,
        tool_calls: Vec::new(),
        refusal: Some("I can't do that.".into()),
        finish: Some(FinishReason::Refusal),
        ..response()
    };
    let filtered = ChatResponse {
        refusal: None,
        finish: Some(FinishReason::ContentFilter),
        ..refused.clone()
    };
    for dialect in Dialect::ALL {
        for sent in [&refused, &filtered] {
            let whole = encode_response(dialect, sent, 1);
            let whole = client::decode_response(dialect, &whole).unwrap();
            let end = heard(dialect, &told(dialect, sent, Framing::Events));
            assert_eq!(end.fault, None, "{dialect}");
            for got in [whole, end.response] {
                let marked = got.refusal.is_some() || got.finish.clone().is_some_and(withheld);
                assert!(marked, "{dialect}: {got:?}");
            }
        }
    }
}

#[test]
fn a_stream_without_its_end_is_a_truncation() {
    for dialect in Dialect::ALL {
        let all = told(dialect, &response(), Framing::Events);
        let text = String::from_utf8(all).unwrap();
        let events: Vec<&str> = text.split_inclusive("\n\n").collect();
        let half = events[..events.len() / 2].concat();
        let end = heard(dialect, half.as_bytes());
        let kind = end.fault.map(|fault| fault.kind);
        assert_eq!(kind, Some(FailureKind::Truncated), "{dialect}");
    }
}

#[test]
fn an_error_after_200_is_seen() {
    let error = ErrorReply {
        status: 500,
        kind: ErrorKind::Overloaded,
        message: "later".into(),
        retry_after: None,
    };
    for dialect in Dialect::ALL {
        let mut encoder = StreamEncoder::new(dialect, StreamHead::default(), Framing::Events);
        let mut bytes = encoder.start();
        bytes.extend(encoder.text("half"));
        bytes.extend(encoder.error(&error));
        let end = heard(dialect, &bytes);
        let fault = end.fault.unwrap();
        assert_eq!(fault.kind, FailureKind::InStream, "{dialect}");
        assert!(fault.message.contains("later"), "{dialect}: {fault:?}");
        assert_eq!(end.response.text, "half");
    }
}

struct Map(HashMap<&'static str, String>);

impl client::Headers for Map {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

#[test]
fn errors_come_back() {
    let wait = Duration::from_millis(1_500);
    for dialect in Dialect::ALL {
        for (status, kind, wanted) in [
            (429, ErrorKind::RateLimited, FailureKind::RateLimited),
            (500, ErrorKind::Server, FailureKind::ServerError),
            (503, ErrorKind::Overloaded, FailureKind::Overloaded),
            (529, ErrorKind::Overloaded, FailureKind::Overloaded),
            (401, ErrorKind::Auth, FailureKind::Auth),
            (404, ErrorKind::NotFound, FailureKind::NotFound),
            (400, ErrorKind::BadRequest, FailureKind::BadRequest),
            (400, ErrorKind::ContextLength, FailureKind::BadRequest),
        ] {
            let error = ErrorReply {
                status,
                kind,
                message: "why".into(),
                retry_after: (status == 429).then_some(wait),
            };
            let headers = error
                .retry_after
                .map(|wait| retry_after_headers(dialect, wait))
                .unwrap_or_default();
            let headers = Map(headers.into_iter().collect());
            let body = encode_error(dialect, &error);
            let got = client::decode_error(dialect, status, &headers, &body, 0);
            assert_eq!(got.kind, wanted, "{dialect} {status}");
            assert!(got.message.contains("why"), "{dialect} {status}: {got:?}");
            if status == 429 {
                // Anthropic has whole seconds only.
                let rounded = Duration::from_secs(2);
                let wanted = if dialect == Dialect::Anthropic {
                    rounded
                } else {
                    wait
                };
                assert_eq!(got.retry, Retry::After(wanted), "{dialect}");
            }
        }
        let quota = ErrorReply {
            status: 429,
            kind: ErrorKind::QuotaExceeded,
            message: "no money".into(),
            retry_after: None,
        };
        if matches!(dialect, Dialect::OpenAi | Dialect::Azure) {
            let body = encode_error(dialect, &quota);
            let got = client::decode_error(dialect, 429, &Map(HashMap::new()), &body, 0);
            assert_eq!(got.retry, Retry::No, "{dialect}");
        }
    }
}

#[test]
fn rate_headers_come_back() {
    let state = RateState {
        requests: Some(Bucket {
            limit: 600,
            remaining: 599,
            reset: Duration::from_millis(100),
        }),
        tokens: Some(Bucket {
            limit: 30_000,
            // Not 0: from Azure the client takes that for unknown.
            remaining: 7,
            reset: Duration::from_millis(61_500),
        }),
    };
    let now = 1_700_000_000;
    for dialect in Dialect::ALL {
        let headers = Map(rate_headers(dialect, &state, now).into_iter().collect());
        let got = client::rate_limits(dialect, &headers, now * 1_000);
        if dialect == Dialect::Gemini {
            assert!(got.requests.is_none() && got.tokens.is_none());
            continue;
        }
        let window = |window: Option<client::Window>| {
            let window = window.unwrap();
            (window.limit, window.remaining, window.reset)
        };
        let (requests, tokens) = if dialect == Dialect::Anthropic {
            (Duration::from_secs(1), Duration::from_secs(62))
        } else {
            (Duration::from_millis(100), Duration::from_millis(61_500))
        };
        assert_eq!(
            window(got.requests),
            (Some(600), Some(599), Some(requests)),
            "{dialect}"
        );
        assert_eq!(
            window(got.tokens),
            (Some(30_000), Some(7), Some(tokens)),
            "{dialect}"
        );
    }
}

#[test]
fn durations_and_dates_are_the_vendors() {
    for (ms, wanted) in [
        (0, "0ms"),
        (12, "12ms"),
        (1_500, "1.5s"),
        (360_000, "6m0s"),
        (3_661_000, "1h1m1s"),
    ] {
        let bucket = Bucket {
            limit: 1,
            remaining: 0,
            reset: Duration::from_millis(ms),
        };
        let state = RateState {
            requests: Some(bucket),
            tokens: None,
        };
        let headers = rate_headers(Dialect::OpenAi, &state, 0);
        assert_eq!(headers[2].1, wanted);
    }
    for (unix_s, wanted) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(text::rfc3339(unix_s), wanted);
    }
}

#[test]
fn azure_streams_begin_without_choices() {
    let bytes = told(Dialect::Azure, &response(), Framing::Events);
    let text = String::from_utf8(bytes).unwrap();
    let first = text.lines().next().unwrap().strip_prefix("data: ").unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!((&first["choices"], &first["id"]), (&json!([]), &json!("")));
}

#[test]
fn usage_comes_last_and_only_when_asked_for() {
    for include_usage in [false, true] {
        let head = StreamHead {
            include_usage,
            ..StreamHead::default()
        };
        let mut encoder = StreamEncoder::new(Dialect::OpenAi, head, Framing::Events);
        let bytes = encoder.finish(&FinishReason::Stop, Some(&usage()));
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.contains("prompt_tokens"), include_usage);
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
}

#[test]
fn peek_joins_parts_and_tells_tool_results_apart() {
    let body = json!({"model": "m", "max_tokens": 5, "system": [{"type": "text", "text": "S"}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a\n"},
                {"type": "image", "source": {"type": "base64", "data": "x"}},
                {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f",
                "input": {"text": "not this"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
                "content": "c"}]}]});
    let body = body.to_string();
    let peek = peek_request(Dialect::Anthropic, body.as_bytes()).unwrap();
    assert_eq!(peek.last_user_text(), "a\nb");
    let roles: Vec<Role> = peek.texts.iter().map(|(role, _)| *role).collect();
    assert_eq!(
        roles,
        [Role::System, Role::User, Role::Assistant, Role::Tool]
    );
}

#[test]
fn responses_calls_join_the_turn_that_made_them() {
    let body = json!({"model": "m", "store": false, "input": [
        {"role": "user", "content": "time and weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
        {"type": "function_call", "call_id": "a", "name": "clock", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "weather", "arguments": "{\"city\":\"Bern\"}"},
        {"type": "function_call_output", "call_id": "a", "output": "noon"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "rain"}]},
    ]});
    let route = route("POST", "/v1/responses").unwrap();
    let chat = decode_request(&route, body.to_string().as_bytes())
        .unwrap()
        .chat;
    let roles: Vec<Role> = chat.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Tool]);
    assert_eq!(chat.messages[1].parts.len(), 3);
    assert!(
        matches!(&chat.messages[3].parts[..], [Part::ToolResult { id, text }] if id == "b" && text == "rain")
    );
    assert!(chat.params.extra_body.is_empty());
    // The other dialects take it as it is.
    for dialect in Dialect::ALL {
        client::encode_request(&target(dialect), &chat).unwrap();
    }
}

#[test]
fn responses_state_is_refused_by_its_name() {
    let route = route("POST", "/v1/responses").unwrap();
    for (more, wanted) in [
        (
            json!({"previous_response_id": "resp_1"}),
            "previous_response_id",
        ),
        (json!({"conversation": {"id": "conv_1"}}), "conversation"),
        (json!({"prompt": {"id": "pmpt_1"}}), "prompt"),
        (json!({"background": true}), "background"),
        (json!({"store": true}), "store"),
        (
            json!({"input": [{"type": "item_reference", "id": "x"}]}),
            "input.type",
        ),
        (json!({"tools": [{"type": "web_search"}]}), "tools.type"),
    ] {
        let mut body = json!({"model": "m", "input": "hi"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let error = decode_request(&route, body.to_string().as_bytes()).unwrap_err();
        assert!(
            matches!(&error, RequestError::Field { field, .. } if *field == wanted),
            "{error}"
        );
    }
}

#[test]
fn responses_events_are_numbered_and_repeat_the_whole() {
    let bytes = told(Dialect::Responses, &response(), Framing::Events);
    let text = String::from_utf8(bytes).unwrap();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    for (n, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], n, "{event}");
        let name = format!("event: {}\n", event["type"].as_str().unwrap());
        assert!(text.contains(&name));
    }
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    let whole: Value =
        serde_json::from_slice(&encode_response(Dialect::Responses, &response(), 1)).unwrap();
    assert_eq!(last["response"], whole);
    let kinds: Vec<&str> = whole["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call"]);
}
