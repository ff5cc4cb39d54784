//! Requests as clients write them, and as nobody should: made from a seed, the same in every run.

use serde_json::{Map, Value, json};

use super::KEY_PIECES;

/// Numbers that look random (SplitMix64).
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn next(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % n
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.next(of.len() as u64) as usize]
    }

    fn is(&mut self, of: u64) -> bool {
        self.next(of) == 0
    }
}

/// A request of a client.
pub(crate) struct Request {
    pub(crate) path: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// Models by name: one of each dialect, the policy, and those that nobody has.
const NAMES: [&str; 14] = [
    "openai/m",
    "azure/m",
    "anthropic/m",
    "gemini/m",
    "responses/m",
    "auto",
    "auto",
    "auto/sums",
    "auto/../openai/m",
    "m",
    "embed",
    "../../v1/files",
    "http://evil.example/v1",
    "m\r\nx-evil: 1",
];

impl Request {
    pub(crate) fn draw(draws: &mut Draws) -> Self {
        let path = draws.one(&[
            "/v1/chat/completions",
            "/v1/chat/completions",
            "/v1/messages",
            "/v1/messages",
            "/v1/responses",
            "/v1/responses",
            "/v1/embeddings",
            "/v1/decide",
            "/v1/feedback",
        ]);
        let mut body = match path {
            "/v1/chat/completions" => chat(draws),
            "/v1/messages" => messages(draws),
            "/v1/responses" => responses(draws),
            "/v1/embeddings" => json!({ "model": "embed", "input": ["a", "b"] }),
            "/v1/feedback" => json!({ "request": "tr-1-1", "score": 0.5 }),
            _ => {
                let mut body = if draws.is(2) {
                    chat(draws)
                } else {
                    responses(draws)
                };
                body["observations"] = observations(draws);
                body
            }
        };
        body["model"] = json!(draws.one(&NAMES));
        if draws.is(2) {
            body["stream"] = json!(true);
        }
        for _ in 0..draws.next(4) {
            mutate(draws, &mut body);
        }
        if draws.is(60) {
            // A record's fields without their names.
            let values = body.as_object().into_iter().flatten();
            body = values.map(|(_, value)| value.clone()).collect();
        }
        let mut body = body.to_string().into_bytes();
        if draws.is(8) {
            scratch(draws, &mut body);
        }
        Self {
            path,
            body,
            headers: headers(draws, path),
        }
    }
}

fn headers(draws: &mut Draws, path: &str) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![draws.one::<(&str, &str)>(&[
        &("authorization", super::BEARER),
        &("x-api-key", super::CLIENT_KEY),
        &("api-key", super::CLIENT_KEY),
        &("x-goog-api-key", super::CLIENT_KEY),
        &("authorization", super::BEARER),
        &("x-api-key", super::CLIENT_KEY),
        &("authorization", super::POOR_BEARER),
        &("x-api-key", super::POOR_KEY),
    ])];
    let more: [&(&str, &str); 15] = [
        &("x-trilemma-task", "sums"),
        &("x-trilemma-tags", "a,,\u{e9},evil"),
        &("x-trilemma-user-tier", "\"'"),
        &("x-trilemma-session", "user; drop table"),
        &("x-trilemma-dry-run", "true"),
        &("x-trilemma-route", "a/b\u{e9}"),
        &("x-trilemma-private", "true"),
        &("x-trilemma-consent", "true"),
        &("traceparent", "00-evil"),
        &("x-forwarded-host", "evil.example"),
        &("x-base-url", "http://evil.example"),
        &("openai-organization", "evil"),
        &("anthropic-beta", "evil-2026"),
        &("anthropic-version", "2023-06-01"),
        &("cookie", "evil=1"),
    ];
    for _ in 0..draws.next(4) {
        all.push(draws.one(&more));
    }
    if path == "/v1/messages" {
        all.push(&("anthropic-version", "2023-06-01"));
    }
    let mut known: Vec<(&'static str, &'static str)> = Vec::new();
    for (name, value) in all {
        if !known.iter().any(|(other, _)| other == name) {
            known.push((name, value));
        }
    }
    known
}

fn schema() -> Value {
    json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false })
}

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn chat(draws: &mut Draws) -> Value {
    let mut messages = Vec::new();
    if draws.is(2) {
        messages
            .push(json!({ "role": draws.one(&["system", "developer"]), "content": "be brief" }));
    }
    for _ in 0..=draws.next(3) {
        let message = match draws.next(4) {
            0 => json!({ "role": "user", "content": [
                { "type": "text", "text": "what is it? 🦀" },
                { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{PIXEL}") } },
            ]}),
            1 => json!({ "role": "user", "content": "a question", "name": "ann" }),
            2 => {
                messages.push(json!({ "role": "assistant", "content": null, "tool_calls": [
                    { "id": "call_1", "type": "function", "function": { "name": "look", "arguments": "{\"a\":\"b\"}" } },
                ]}));
                json!({ "role": "tool", "tool_call_id": "call_1", "content": "found" })
            }
            _ => json!({ "role": "assistant", "content": "an answer" }),
        };
        messages.push(message);
    }
    messages.push(json!({ "role": "user", "content": "go on" }));
    let mut body = json!({ "model": "", "messages": messages, "max_tokens": 50 });
    if draws.is(2) {
        body["tools"] =
            json!([{ "type": "function", "function": { "name": "look", "parameters": schema() } }]);
        body["tool_choice"] = json!(draws.one(&["auto", "required", "none"]));
    }
    if draws.is(3) {
        body["response_format"] = json!({ "type": "json_schema", "json_schema": { "name": "s", "schema": schema(), "strict": true } });
    }
    if draws.is(3) {
        body["stream_options"] = json!({ "include_usage": draws.is(2) });
    }
    if draws.is(3) {
        body["temperature"] = json!(0.5);
        body["stop"] = json!(["END"]);
        body["user"] = json!("ann");
    }
    body
}

fn messages(draws: &mut Draws) -> Value {
    let mut messages = vec![json!({ "role": "user", "content": "a question" })];
    if draws.is(2) {
        messages.push(json!({ "role": "assistant", "content": [
            { "type": "text", "text": "I look." },
            { "type": "tool_use", "id": "tu_1", "name": "look", "input": { "a": "b" } },
        ]}));
        messages.push(json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "tu_1", "content": "found" },
            { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PIXEL } },
        ]}));
    }
    let mut body = json!({ "model": "", "max_tokens": 50, "messages": messages });
    if draws.is(2) {
        body["system"] = json!([{ "type": "text", "text": "be brief", "cache_control": { "type": "ephemeral" } }]);
    }
    if draws.is(2) {
        body["tools"] =
            json!([{ "name": "look", "description": "looks", "input_schema": schema() }]);
        body["tool_choice"] = json!({ "type": draws.one(&["auto", "any", "none"]) });
    }
    if draws.is(3) {
        body["metadata"] = json!({ "user_id": "ann" });
        body["stop_sequences"] = json!(["END"]);
    }
    body
}

fn responses(draws: &mut Draws) -> Value {
    let mut input = vec![
        json!({ "role": "user", "content": [{ "type": "input_text", "text": "a question" }] }),
    ];
    if draws.is(2) {
        input.push(json!({ "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"a\":\"b\"}" }));
        input.push(json!({ "type": "function_call_output", "call_id": "c1", "output": "found" }));
    }
    let mut body = json!({ "model": "", "input": input, "max_output_tokens": 50, "store": false });
    if draws.is(3) {
        body["input"] = json!("a question");
    }
    if draws.is(2) {
        body["instructions"] = json!("be brief");
        body["tools"] = json!([{ "type": "function", "name": "look", "parameters": schema() }]);
    }
    if draws.is(3) {
        body["text"] =
            json!({ "format": { "type": "json_schema", "name": "s", "schema": schema() } });
    }
    body
}

fn observations(draws: &mut Draws) -> Value {
    let all = (0..draws.next(4)).map(|_| {
        let candidate = draws.one(&["openai/m", "anthropic/m", "gemini/m", "nobody"]);
        match draws.next(3) {
            0 => json!({ "candidate": candidate, "failed": true }),
            1 => json!({ "candidate": candidate, "text": "yes", "finish_reason": "stop", "logprob": -0.5 }),
            _ => json!({ "candidate": candidate, "vector": [0.5] }),
        }
    });
    Value::Array(all.collect())
}

/// Odd values.
fn odd(draws: &mut Draws) -> Value {
    match draws.next(22) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(0),
        3 => json!(u64::MAX),
        4 => json!(1e300),
        5 => json!(""),
        6 => json!("\u{0}\u{7}\u{1b}[31m"),
        7 => json!("a\r\nx-evil: 1\r\n\r\nGET /evil HTTP/1.1"),
        8 => json!("http://169.254.169.254/latest/meta-data"),
        9 => json!([]),
        10 => json!({}),
        11 => json!([[[[[[[[[[[[1]]]]]]]]]]]]),
        12 => json!(true),
        13 => json!("x".repeat(3_000)),
        14 => json!(draws.one(&KEY_PIECES)),
        15 => json!({ "type": "text", "text": "" }),
        16 => json!({ "type": "unheard_of", "a": 1 }),
        17 => json!("\u{202e}\u{feff}e\u{301}🦀"),
        18 => json!({ "$ref": "#/evil", "model": "inner" }),
        19 => json!(draws.one(&["user", "assistant", "system", "tool", "model", "function"])),
        20 => json!("{\"a\":"),
        _ => json!([null, 1, "a", {}]),
    }
}

/// Fields that mean something in some dialect, or should mean nothing anywhere.
const FIELDS: [&str; 31] = [
    "base_url",
    "api_base",
    "api_key",
    "url",
    "headers",
    "extra_headers",
    "n",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "stream",
    "stream_options",
    "system",
    "instructions",
    "tools",
    "tool_choice",
    "metadata",
    "response_format",
    "text",
    "thinking",
    "reasoning",
    "reasoning_effort",
    "service_tier",
    "inference_geo",
    "logprobs",
    "stop",
    "seed",
    "previous_response_id",
    "generationConfig",
    "contents",
    "arguments",
];

/// Changes one place.
fn mutate(draws: &mut Draws, value: &mut Value) {
    match value {
        Value::Object(map) if !map.is_empty() && !draws.is(6) => {
            let at = draws.next(map.len() as u64) as usize;
            let name = map.keys().nth(at).cloned().unwrap();
            match draws.next(8) {
                0 => {
                    map.remove(&name);
                }
                1 => {
                    let moved = map.remove(&name).unwrap();
                    map.insert(draws.one(&FIELDS).to_owned(), moved);
                }
                2 => {
                    map.insert(draws.one(&FIELDS).to_owned(), odd(draws));
                }
                3 => map.insert(name, odd(draws)).map_or((), drop),
                _ => mutate(draws, &mut map[&name]),
            }
        }
        Value::Array(list) if !list.is_empty() && !draws.is(6) => {
            let at = draws.next(list.len() as u64) as usize;
            match draws.next(6) {
                0 => drop(list.remove(at)),
                1 => list.push(list[at].clone()),
                2 => list.insert(at, odd(draws)),
                3 => list.reverse(),
                _ => mutate(draws, &mut list[at]),
            }
        }
        Value::Object(map) if map.is_empty() => {
            *map = Map::from_iter([("a".to_owned(), odd(draws))])
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            *value = odd(draws);
        }
    }
}

/// Changes bytes, whatever they mean.
fn scratch(draws: &mut Draws, body: &mut Vec<u8>) {
    let at = draws.next(body.len() as u64) as usize;
    match draws.next(6) {
        0 => body.truncate(at),
        1 => body[at] = draws.next(256) as u8,
        2 => {
            let text = String::from_utf8_lossy(body).replacen("go on", "\\ud83e", 1);
            *body = text.into_bytes();
        }
        3 => {
            let text = String::from_utf8_lossy(body).replacen('{', "{\"model\":\"evil\",", 1);
            *body = text.into_bytes();
        }
        4 => body.extend_from_slice(b" {}"),
        _ => {
            let text = String::from_utf8_lossy(body).replacen("\"model\"", "\"mod\\u0065l\"", 1);
            *body = text.into_bytes();
        }
    }
}
