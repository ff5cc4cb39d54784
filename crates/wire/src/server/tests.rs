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
                strict: None,
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
            let mut got = there(dialect, &sent).chat;
            if dialect == Dialect::Responses {
                // What nobody said has to be said there.
                assert_eq!(got.tools[0].strict.take(), Some(false));
            }
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
            strict: None,
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
        // As Claude refuses: a reason to stop and not a word.
        for text in ["", "I would"] {
            let silent = ChatResponse {
                text: text.into(),
                refusal: None,
                ..refused.clone()
            };
            let whole = encode_response(dialect, &silent, 1);
            let whole = client::decode_response(dialect, &whole).unwrap();
            let end = heard(dialect, &told(dialect, &silent, Framing::Events));
            assert_eq!(end.fault, None, "{dialect}");
            for got in [whole, end.response] {
                assert_eq!(got.text, text, "{dialect}");
                assert!(
                    got.finish.clone().is_some_and(withheld),
                    "{dialect}: {got:?}"
                );
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

fn decoded(path: &str, body: &Value) -> Result<ServerRequest, RequestError> {
    let route = route("POST", path).unwrap();
    decode_request(&route, body.to_string().as_bytes())
}

/// A Messages request with one block of the user's.
fn messages_with(block: Value) -> Value {
    json!({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [block]}]})
}

#[test]
fn documents_are_read_by_the_kind_of_their_source() {
    let parts = |source: Value| {
        let block = json!({"type": "document", "title": "t", "source": source});
        decoded("/v1/messages", &messages_with(block)).map(|got| got.chat.messages[0].parts.clone())
    };
    let file = |data: &str, media_type: &str| Part::File {
        data: data.into(),
        media_type: media_type.into(),
        name: Some("t".into()),
    };
    let text = |text: &str| Part::Text { text: text.into() };
    assert_eq!(
        parts(json!({"type": "text", "media_type": "text/plain", "data": "Plain text here"})),
        Ok(vec![file("UGxhaW4gdGV4dCBoZXJl", "text/plain")])
    );
    assert_eq!(
        parts(json!({"type": "base64", "media_type": "application/pdf", "data": "aGk="})),
        Ok(vec![file("aGk=", "application/pdf")])
    );
    assert_eq!(
        parts(json!({"type": "content", "content": [{"type": "text", "text": "a"}]})),
        Ok(vec![text("t\n"), text("a")])
    );
    let told = parts(json!({"type": "file", "file_id": "f"})).unwrap_err();
    assert!(told.to_string().contains("stored"), "{told}");
    let told = parts(json!({"type": "url"})).unwrap_err();
    assert!(told.to_string().contains("source.url"), "{told}");
}

/// A document by its address is the vendor's to fetch, in each dialect that has a word for it.
#[test]
fn documents_by_address_reach_whoever_fetches_them() {
    const URL: &str = "https://x.example/a.pdf";
    let messages = messages_with(json!({"type": "document", "title": "t",
        "source": {"type": "url", "url": URL}}));
    let responses = json!({"model": "m", "input": [{"role": "user", "content": [
        {"type": "input_file", "file_url": URL, "filename": "t"}]}]});
    let sent = |path: &str, body: &Value, dialect| {
        let chat = decoded(path, body).unwrap().chat;
        let sent = client::encode_request(&target(dialect), &chat);
        sent.map(|sent| serde_json::from_slice::<Value>(&sent.body).unwrap())
    };
    for (path, body) in [("/v1/messages", &messages), ("/v1/responses", &responses)] {
        let claude = sent(path, body, Dialect::Anthropic).unwrap();
        assert_eq!(
            claude["messages"][0]["content"][0],
            json!({"type": "document", "title": "t", "source": {"type": "url", "url": URL}})
        );
        let openai = sent(path, body, Dialect::Responses).unwrap();
        assert_eq!(
            openai["input"][0]["content"][0],
            json!({"type": "input_file", "file_url": URL, "filename": "t"})
        );
        let gemini = sent(path, body, Dialect::Gemini).unwrap();
        assert_eq!(
            gemini["contents"][0]["parts"][0]["fileData"]["fileUri"],
            json!(URL)
        );
        for dialect in [Dialect::OpenAi, Dialect::Azure] {
            let told = sent(path, body, dialect).unwrap_err().to_string();
            assert!(told.contains("a document by its address"), "{told}");
        }
    }
    for url in ["", "a.pdf", "file:///etc/passwd", "https://", "data:,a"] {
        let mut messages = messages.clone();
        messages["messages"][0]["content"][0]["source"]["url"] = json!(url);
        let mut responses = responses.clone();
        responses["input"][0]["content"][0]["file_url"] = json!(url);
        for (path, body) in [("/v1/messages", messages), ("/v1/responses", responses)] {
            let told = decoded(path, &body).unwrap_err().to_string();
            assert!(told.contains("https://") && told.contains("url"), "{told}");
        }
    }
    // What its vendor has stored is nowhere else.
    for (path, body) in [
        (
            "/v1/responses",
            json!({"model": "m", "input": [{"role": "user", "content": [
                {"type": "input_file", "file_id": "file-1"}]}]}),
        ),
        (
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "user", "content": [
                {"type": "file", "file": {"file_id": "file-1"}}]}]}),
        ),
    ] {
        let told = decoded(path, &body).unwrap_err().to_string();
        assert!(told.contains("stored"), "{told}");
    }
}

/// A record could be read from the list of its fields, too; no vendor takes one.
#[test]
fn lists_where_objects_belong_are_refused() {
    let with = |path: &str, field: &str, value: &Value| {
        let mut body = match path {
            "/v1/responses" => json!({"model": "m", "input": "a"}),
            _ => messages_with(json!({"type": "text", "text": "a"})),
        };
        body[field] = value.clone();
        decoded(path, &body)
    };
    let check = |path: &str, field: &str, value: Value| {
        let told = with(path, field, &value).map(|_| ()).unwrap_err();
        let told = told.to_string();
        let is_clear = told.contains("list") && told.contains("hint");
        assert!(is_clear, "{path} {field} {value}: {told}");
        assert!(!told.contains("struct") && !told.contains("Only"), "{told}");
    };
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    for path in ["/v1/chat/completions", "/v1/messages"] {
        check(path, "messages", json!([["user", "a"]]));
        check(path, "messages", user(json!([["text", "a"]])));
        check(
            path,
            "messages",
            user(json!([[{"type": "text", "text": "a"}]])),
        );
        check(path, "tools", json!([["function", {"name": "f"}]]));
    }
    let chat = |field: &str, value| check("/v1/chat/completions", field, value);
    let picture = json!([{"type": "image_url", "image_url": ["https://x.example"]}]);
    chat("messages", user(picture));
    let call = json!([["c", ["f", "{}"]]]);
    chat(
        "messages",
        json!([{"role": "assistant", "tool_calls": call}]),
    );
    chat("tools", json!([{"type": "function", "function": ["f"]}]));
    chat("response_format", json!(["json_object"]));
    let messages = |field: &str, value| check("/v1/messages", field, value);
    messages("system", json!([["text", "a"]]));
    let picture = json!([{"type": "image", "source": ["url"]}]);
    messages("messages", user(picture));
    messages("thinking", json!([1024]));
    let responses = |field: &str, value| check("/v1/responses", field, value);
    responses("input", json!([["message", "user", "a"]]));
    responses("input", user(json!([["input_text", "a"]])));
    responses("reasoning", json!(["low"]));
    responses("tools", json!([["function", "f"]]));
    // Null is none, and lists of lists within a caller's own JSON are its own.
    assert!(with("/v1/messages", "thinking", &Value::Null).is_ok());
    let own = json!([{"name": "f", "input_schema": {"enum": [[1], [2]]}}]);
    assert!(with("/v1/messages", "tools", &own).is_ok());
}

#[test]
fn pictures_of_tool_results_reach_every_dialect() {
    let picture = json!({"type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let mut body = messages_with(json!({"type": "tool_result", "tool_use_id": "t",
        "content": [picture]}));
    let call = json!({"role": "assistant", "content": [
        {"type": "tool_use", "id": "t", "name": "f", "input": {}}]});
    body["messages"].as_array_mut().unwrap().insert(0, call);
    body["messages"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"role": "user", "content": "a"}));
    let chat = decoded("/v1/messages", &body).unwrap().chat;
    let sent = |dialect| {
        let sent = client::encode_request(&target(dialect), &chat).unwrap();
        serde_json::from_slice::<Value>(&sent.body).unwrap()
    };
    assert_eq!(
        sent(Dialect::Anthropic)["messages"][2]["content"][0]["content"],
        json!([picture])
    );
    assert_eq!(
        sent(Dialect::Responses)["input"][2]["output"],
        json!([{"type": "input_image", "image_url": "data:image/png;base64,aGk="}])
    );
    let chat = sent(Dialect::OpenAi);
    assert_eq!(chat["messages"][2]["role"], "tool");
    assert!(
        chat["messages"][2]["content"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    assert_eq!(chat["messages"][3]["role"], "user");
    assert_eq!(
        chat["messages"][3]["content"][2]["image_url"]["url"],
        "data:image/png;base64,aGk="
    );
    let parts = &sent(Dialect::Gemini)["contents"][2]["parts"];
    assert_eq!(parts[0]["functionResponse"]["name"], "f");
    assert_eq!(parts[1]["inlineData"]["data"], "aGk=");
    // And from Responses.
    let body = json!({"model": "m", "input": [
        {"type": "function_call", "call_id": "t", "name": "f", "arguments": ""},
        {"type": "function_call_output", "call_id": "t", "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,aGk="}]},
    ]});
    let chat = decoded("/v1/responses", &body).unwrap().chat;
    let sent = client::encode_request(&target(Dialect::Anthropic), &chat).unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent["messages"][0]["content"][0]["input"], json!({}));
    assert_eq!(
        sent["messages"][1]["content"][0]["content"],
        json!([{"type": "text", "text": "see"}, picture])
    );
}

#[test]
fn what_only_its_vendor_has_is_told() {
    let tools = |tools: Value| {
        let mut body = messages_with(json!({"type": "text", "text": "a"}));
        body["tools"] = tools;
        decoded("/v1/messages", &body)
    };
    let own = json!({"type": "custom", "name": "f", "input_schema": {"type": "object"}});
    let got = tools(json!([own])).unwrap();
    assert_eq!((got.vendor_only, got.chat.tools.len()), (None, 1));
    for kind in [
        "web_search_20250305",
        "bash_20250124",
        "code_execution_20250825",
    ] {
        let got = tools(json!([own, {"type": kind, "name": "x"}])).unwrap();
        assert!(got.vendor_only.is_some_and(|what| what.contains(kind)));
        assert_eq!(got.chat.tools.len(), 1);
    }
    let told = tools(json!([{"name": "f"}])).unwrap_err().to_string();
    assert!(told.contains("tools.input_schema"), "{told}");
    let chat = |more: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "a"}]});
        let Value::Object(more) = more else { panic!() };
        body.as_object_mut().unwrap().extend(more);
        decoded("/v1/chat/completions", &body).unwrap().vendor_only
    };
    assert_eq!(
        chat(json!({"functions": null, "modalities": ["text"]})),
        None
    );
    for (more, word) in [
        (json!({"functions": []}), "functions"),
        (json!({"modalities": ["text", "audio"]}), "audio"),
        (json!({"web_search_options": {}}), "web_search_options"),
    ] {
        assert!(chat(more).is_some_and(|what| what.contains(word)));
    }
}

#[test]
fn strictness_is_what_the_client_says() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}},
        "required": ["n"], "additionalProperties": false});
    let turned = |path: &str, body: &Value, dialect| {
        let chat = decoded(path, body).unwrap().chat;
        let sent = client::encode_request(&target(dialect), &chat).unwrap();
        serde_json::from_slice::<Value>(&sent.body).unwrap()
    };
    for said in [None, Some(false), Some(true)] {
        let mut format = json!({"name": "a", "schema": schema});
        let mut function = json!({"name": "f", "parameters": schema});
        if let Some(said) = said {
            format["strict"] = said.into();
            function["strict"] = said.into();
        }
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": "a"}],
            "response_format": {"type": "json_schema", "json_schema": format},
            "tools": [{"type": "function", "function": function}]});
        let sent = turned("/v1/chat/completions", &chat, Dialect::Responses);
        assert_eq!(sent["text"]["format"]["strict"], said.unwrap_or(false));
        assert_eq!(sent["tools"][0]["strict"], said.unwrap_or(false));
        let claude = turned("/v1/chat/completions", &chat, Dialect::Anthropic);
        assert_eq!(
            claude["tools"][0].get("strict"),
            said.filter(|said| *said).map(Value::from).as_ref()
        );
        format["type"] = "json_schema".into();
        function["type"] = "function".into();
        let responses = json!({"model": "m", "input": "a", "text": {"format": format},
            "tools": [function]});
        let sent = turned("/v1/responses", &responses, Dialect::OpenAi);
        assert_eq!(
            sent["response_format"]["json_schema"]["strict"],
            said.unwrap_or(false)
        );
        assert_eq!(
            sent["tools"][0]["function"].get("strict"),
            said.map(Value::from).as_ref()
        );
    }
    // Anthropic's schemas are kept to; OpenAI can promise so only of closed ones.
    let mut body = messages_with(json!({"type": "text", "text": "a"}));
    for (schema, is_closed) in [
        (schema.clone(), true),
        (
            json!({"type": "object", "properties": {"n": {"type": "integer"}},
            "additionalProperties": false}),
            false,
        ),
        (json!({"type": "object"}), false),
    ] {
        body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
        let sent = turned("/v1/messages", &body, Dialect::OpenAi);
        assert_eq!(sent["response_format"]["json_schema"]["strict"], is_closed);
    }
}

#[test]
fn errors_are_in_plain_words() {
    for (path, body, words) in [
        (
            "/v1/chat/completions",
            json!({"model": "m", "messages": [{"role": "user", "content": 3}]}),
            "content is neither a text nor a list of parts",
        ),
        (
            "/v1/messages",
            json!({"model": "m", "messages": [{"role": "user", "content": {}}]}),
            "content is neither a text nor a list of blocks",
        ),
        (
            "/v1/responses",
            json!({"model": "m", "input": 3}),
            "`input` is neither",
        ),
        (
            "/v1/messages",
            json!({"model": "m", "messages": [], "max_tokens": "5"}),
            "expected a whole number",
        ),
        ("/v1/messages", json!(["m", []]), "no JSON object"),
    ] {
        let told = decoded(path, &body).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        for leak in ["untagged", "enum", "u32", "struct"] {
            assert!(!told.contains(leak), "{told}");
        }
    }
}

#[test]
fn one_model_is_told_as_in_the_list() {
    let one: Value = serde_json::from_slice(&encode_model("a/b")).unwrap();
    let all: Value = serde_json::from_slice(&encode_models(&["a/b"])).unwrap();
    assert_eq!(one, all["data"][0]);
}
