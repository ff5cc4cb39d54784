//! Decoders against any bytes: no panic, bounded messages, and the same result however a stream
//! is cut. The encoder against any conversation: an error, or JSON that our server side reads.
//! Bounded, so that they run with the other tests.
#![cfg(test)]

use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::{
    ChatRequest, Dialect, Failure, Message, Params, Part, Retry, Role, Target, Tool, ToolCall,
    ToolChoice,
};
use trilemma_wire::client::{
    Headers, StreamDecoder, StreamEnd, decode_error, decode_response, encode_request, rate_limits,
    request_id,
};
use trilemma_wire::server::{decode_request, route};

const N_CASES: usize = 3_000;
const LONGEST: Duration = Duration::from_secs(5);

/// Pieces of real transcripts, so that random bytes get past the first brace.
const PIECES: [&str; 28] = [
    "data: ",
    "data:",
    "\n\n",
    "\n",
    "\r\n\r\n",
    "event: error\n",
    ": ping\n\n",
    "[DONE]",
    "[",
    "]",
    ",",
    "\u{FEFF}",
    r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#,
    r#"{"choices":[{"index":0,"delta":{"reasoning":"ü"},"finish_reason":"stop"}]}"#,
    r#"{"choices":[{"index":0,"message":{"content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
    r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"x","function":{"name":"f","arguments":"{"}}]}}]}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    r#"{"error":{"message":"m","code":429,"details":[{"retryDelay":"3s"}]}}"#,
    r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"trilemma_json_answer","input":{}}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ud83d"}}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
    r#"{"type":"message_stop"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"x","thought":true},{"text":"y"}]}}]}"#,
    r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":2}}"#,
    r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#,
    r#"{"content":[{"type":"text","text":"b"}],"stop_reason":"max_tokens"}"#,
];

/// Turns random bytes into a body: some stand for pieces of transcripts, the others for themselves.
fn body(seed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for byte in seed {
        match PIECES.get(usize::from(*byte & 63)) {
            Some(piece) if *byte < 192 => body.extend_from_slice(piece.as_bytes()),
            _ => body.push(*byte),
        }
    }
    body
}

struct AnyHead<'a>(&'a str);

impl Headers for AnyHead<'_> {
    fn get(&self, _: &str) -> Option<&str> {
        Some(self.0)
    }
}

/// Reads a stream; gives its end and the sums of its reads.
fn read(dialect: Dialect, pieces: &[&[u8]]) -> (StreamEnd, u32, bool, bool, bool) {
    let mut decoder = StreamDecoder::new(dialect);
    let (mut n_visible, mut any_token, mut terminal, mut fault) = (0, false, false, false);
    for piece in pieces {
        let progress = decoder.push(piece);
        assert!(progress.any_token || progress.n_visible == 0);
        assert!(progress.terminal || !terminal, "terminal is for good");
        assert!(progress.fault || !fault, "a fault is for good");
        n_visible += progress.n_visible;
        any_token |= progress.any_token;
        terminal = progress.terminal;
        fault = progress.fault;
    }
    (decoder.finish(), n_visible, any_token, terminal, fault)
}

fn bounded(failure: &Failure) {
    assert!(failure.message.chars().count() <= Failure::MAX_MESSAGE_CHARS);
    assert!(!failure.message.is_empty());
    if let Retry::After(wait) = failure.retry {
        assert!(wait <= Duration::from_secs(30 * 86_400));
    }
}

#[test]
fn fuzz_streams_do_not_depend_on_cuts() {
    bolero::check!()
        .with_type::<(Vec<u8>, Vec<u8>)>()
        .with_iterations(N_CASES)
        .with_test_time(LONGEST)
        .for_each(|(seed, cuts)| {
            let body = body(seed);
            for dialect in Dialect::ALL {
                let whole = read(dialect, &[&body]);
                if let Some(fault) = &whole.0.fault {
                    bounded(fault);
                }
                let mut pieces: Vec<&[u8]> = Vec::new();
                let mut rest: &[u8] = &body;
                for cut in cuts {
                    let (piece, tail) = rest.split_at(usize::from(*cut).min(rest.len()));
                    pieces.push(piece);
                    rest = tail;
                }
                pieces.push(rest);
                assert_eq!(read(dialect, &pieces), whole);
                let single: Vec<&[u8]> = body.chunks(1).collect();
                assert_eq!(read(dialect, &single), whole);
            }
        });
}

#[test]
fn fuzz_responses() {
    bolero::check!()
        .with_type::<Vec<u8>>()
        .with_iterations(N_CASES)
        .with_test_time(LONGEST)
        .for_each(|seed| {
            for body in [seed, &body(seed)] {
                for dialect in Dialect::ALL {
                    if let Err(failure) = decode_response(dialect, body) {
                        bounded(&failure);
                    }
                }
            }
        });
}

#[test]
fn fuzz_errors_and_heads() {
    bolero::check!()
        .with_type::<(u16, String, Vec<u8>, i64)>()
        .with_iterations(N_CASES)
        .with_test_time(LONGEST)
        .for_each(|(status, value, seed, now_ms)| {
            let head = AnyHead(value);
            for dialect in Dialect::ALL {
                bounded(&decode_error(dialect, *status, &head, &body(seed), *now_ms));
                let limits = rate_limits(dialect, &head, *now_ms);
                for window in [limits.requests, limits.tokens].into_iter().flatten() {
                    assert!(
                        window
                            .reset
                            .is_none_or(|wait| wait <= Duration::from_secs(30 * 86_400))
                    );
                }
                assert!(request_id(dialect, &head).is_none_or(|id| id.len() <= 200));
            }
        });
}

/// Any part; most fit most roles.
fn part(kind: u8, text: &str) -> Part {
    let text = text.to_owned();
    match kind % 9 {
        0 => Part::Image {
            url: Some(text),
            data: None,
            media_type: None,
        },
        1 => Part::Image {
            url: None,
            data: Some(text),
            media_type: Some("image/png".to_owned()),
        },
        2 => Part::File {
            data: text,
            media_type: "application/pdf".to_owned(),
            name: None,
        },
        3 => Part::ToolCall(ToolCall {
            id: text,
            name: "f".to_owned(),
            arguments: if kind > 127 {
                json!({"a": 1})
            } else {
                Value::Null
            },
        }),
        4 => Part::ToolResult {
            id: text,
            text: "r".to_owned(),
        },
        5 => Part::CacheBreakpoint,
        _ => Part::Text { text },
    }
}

fn conversation(turns: &[(u8, Vec<(u8, String)>)]) -> ChatRequest {
    let roles = [Role::System, Role::User, Role::Assistant, Role::Tool];
    let message = |(role, parts): &(u8, Vec<(u8, String)>)| Message {
        role: roles[usize::from(*role % 4)],
        parts: parts.iter().map(|(kind, text)| part(*kind, text)).collect(),
    };
    ChatRequest {
        model: "m".to_owned(),
        messages: turns.iter().map(message).collect(),
        tools: vec![Tool {
            name: "f".to_owned(),
            description: None,
            parameters: json!({"type": "object"}),
            strict: None,
        }],
        tool_choice: ToolChoice::Required,
        response_format: None,
        params: Params::default(),
        stream: turns.len().is_multiple_of(2),
    }
}

#[test]
fn fuzz_requests_are_refused_or_read_by_the_other_side() {
    bolero::check!()
        .with_type::<(String, Vec<(u8, Vec<(u8, String)>)>)>()
        .with_iterations(N_CASES)
        .with_test_time(LONGEST)
        .for_each(|(model, turns)| {
            let request = conversation(turns);
            for dialect in Dialect::ALL {
                let target = Target {
                    provider: "p".to_owned(),
                    dialect,
                    base_url: "http://localhost/v1".to_owned(),
                    model: format!("m{model}"),
                    api_version: Some("2024-10-21".to_owned()),
                    pipeline: None,
                };
                let Ok(wire) = encode_request(&target, &request) else {
                    continue;
                };
                assert!(wire.path_and_query.is_ascii());
                assert!(wire.path_and_query.bytes().all(|byte| byte > b' '));
                let prefix = if dialect == Dialect::Azure { "" } else { "/v1" };
                let path = format!("{prefix}{}", wire.path_and_query);
                let route = route("POST", &path).unwrap();
                assert_eq!(route.dialect, dialect);
                let read = decode_request(&route, &wire.body).unwrap();
                assert_eq!(read.chat.stream, request.stream);
                let mut tools = read.chat.tools;
                // Where a word is needed, nothing said is said as false.
                for tool in &mut tools {
                    tool.strict = tool.strict.filter(|is_strict| *is_strict);
                }
                assert_eq!(tools, request.tools);
            }
        });
}
