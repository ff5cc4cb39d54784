//! The server side against any path and body: no panic, and the quick reading of a request agrees
//! with the whole one. Bounded, so that it runs with the other tests.
#![cfg(test)]

use std::time::Duration;

use trilemma_domain::{Dialect, Message, Role};
use trilemma_wire::server::{Route, decode_request, peek_request, route};

const N_CASES: usize = 3_000;
const LONGEST: Duration = Duration::from_secs(5);

/// Pieces of requests, so that random bytes get past the first brace.
const PIECES: [&str; 32] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "7",
    r#""x""#,
    r#""model":"m","#,
    r#""stream":true,"#,
    r#""max_tokens":5,"#,
    r#""stream_options":{"include_usage":true},"#,
    r#""system":"s","#,
    r#""system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"#,
    r#""messages":["#,
    r#"{"role":"user","content":"a\n"},"#,
    r#"{"role":"user","content":[{"type":"text","text":"b"},{"type":"text","text":"\u00fc"}]},"#,
    r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"r"}]},"#,
    r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]},"#,
    r#"{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]},"#,
    r#"{"role":"tool","tool_call_id":"1","content":"r"},"#,
    r#"{"role":"system","content":"z"}"#,
    r#""contents":["#,
    r#"{"role":"user","parts":[{"text":"p"},{"inlineData":{"mimeType":"image/png","data":"aGk="}}]},"#,
    r#"{"parts":[{"functionResponse":{"name":"f","response":{"result":"r"}}}]},"#,
    r#"{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}"#,
    r#""generationConfig":{"maxOutputTokens":5,"responseMimeType":"application/json"},"#,
    r#""tools":[{"functionDeclarations":[{"name":"f"}]}],"#,
    r#""tools":[{"type":"function","function":{"name":"f"}},{"name":"g","input_schema":{}}],"#,
    r#""response_format":{"type":"json_object"},"#,
];

/// Turns random bytes into a body: most stand for pieces of requests, the others for themselves.
fn body(seed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for byte in seed {
        match PIECES.get(usize::from(*byte & 31)) {
            Some(piece) if *byte < 224 => body.extend_from_slice(piece.as_bytes()),
            _ => body.push(*byte),
        }
    }
    body
}

fn routes() -> [Route; 4] {
    [
        "/v1/chat/completions",
        "/openai/deployments/d/chat/completions",
        "/v1/messages",
        "/v1/models/m:generateContent",
    ]
    .map(|path| route("POST", path).unwrap())
}

/// What both ways of reading must agree on. Whoever reads a whole request understands more of it
/// and so may refuse one that the quick reading lets through.
fn agree(route: &Route, body: &[u8]) -> bool {
    let peek = peek_request(route.dialect, body);
    let Ok(whole) = decode_request(route, body) else {
        return false;
    };
    let peek = peek.unwrap();
    let chat = whole.chat;
    let last = chat.messages.iter().rev().find(|m| m.role == Role::User);
    assert_eq!(
        peek.last_user_text(),
        last.map(Message::joined_text).unwrap_or_default()
    );
    assert_eq!(route.stream.unwrap_or(peek.stream), chat.stream);
    assert_eq!(peek.include_usage, whole.include_usage);
    if route.dialect != Dialect::Gemini && route.model.is_none() {
        assert_eq!(peek.model.as_deref(), Some(chat.model.as_str()));
    }
    true
}

#[test]
fn any_request_is_read_or_refused() {
    let routes = routes();
    bolero::check!()
        .with_iterations(N_CASES)
        .with_max_len(200)
        .with_test_time(LONGEST)
        .for_each(|seed: &[u8]| {
            for body in [body(seed), seed.to_vec()] {
                for route in &routes {
                    agree(route, &body);
                }
            }
        });
}

/// Whole requests of random pieces: here most are understood.
#[test]
fn both_ways_of_reading_agree() {
    let routes = routes();
    let mut n_understood = 0;
    for seed in 0..4_000_usize {
        let at = |place: usize| {
            seed.wrapping_mul(2_654_435_761)
                .rotate_left(7 * place as u32)
        };
        let messages: String = (0..2)
            .map(|place| PIECES[17 + at(place) % 7].trim_end_matches(','))
            .collect::<Vec<_>>()
            .join(",");
        let contents: String = (4..7)
            .map(|place| PIECES[25 + at(place) % 3].trim_end_matches(','))
            .collect::<Vec<_>>()
            .join(",");
        let flags = [11, 12, 13].into_iter().filter(|&piece| at(piece) % 2 == 0);
        let system = [14, 15].get(at(10) % 3).copied();
        let head: String = flags.chain(system).map(|piece| PIECES[piece]).collect();
        for body in [
            format!("{{{head}\"model\":\"m\",\"messages\":[{messages}]}}"),
            format!("{{{}\"contents\":[{contents}]}}", PIECES[28]),
        ] {
            for route in &routes {
                n_understood += usize::from(agree(route, body.as_bytes()));
            }
        }
    }
    // All 4,000 of Gemini, and of the others those without another dialect's parts.
    assert!(n_understood > 8_000, "{n_understood}");
}

#[test]
fn any_path_has_a_route_or_none() {
    const PARTS: [&str; 12] = [
        "/v1",
        "/v1beta",
        "/models/",
        "a",
        ":",
        "generateContent",
        "streamGenerateContent",
        "?alt=sse",
        "%2",
        "%FF",
        "/openai/deployments/",
        "/chat/completions",
    ];
    bolero::check!()
        .with_iterations(N_CASES)
        .with_max_len(16)
        .with_test_time(LONGEST)
        .for_each(|seed: &[u8]| {
            let path: String = seed
                .iter()
                .filter_map(|byte| PARTS.get(usize::from(*byte % 13)))
                .copied()
                .collect();
            for method in ["GET", "POST", ""] {
                let found = route(method, &path);
                assert!(method != "GET" || found.is_none_or(|route| route.model.is_none()));
            }
        });
}
