//! Whether what reached an upstream is a request of its dialect, as the vendors' references have it.
//!
//! In: what was sent, and what the client asked. Out: what is wrong with it; empty = nothing. A body that passed within
//! one dialect is the client's own, field by field; one that was translated has to be right in every part.

use http::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::upstream::Sent;
use super::{CLIENT_KEY, KEY};

/// Header fields that a gateway sends, and no others.
const HEADERS: [&str; 12] = [
    "host",
    "content-type",
    "content-length",
    "accept",
    "accept-encoding",
    "user-agent",
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "anthropic-version",
    "anthropic-beta",
];

/// A dialect, by the path at which it is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    OpenAi,
    Azure,
    Anthropic,
    Responses,
    Gemini,
    Embeddings,
}

impl Spoken {
    /// Every address that the project has; no other may be called.
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/v1/chat/completions" => Self::OpenAi,
            "/openai/deployments/m/chat/completions?api-version=2024-10-21" => Self::Azure,
            "/messages" => Self::Anthropic,
            "/v1/responses" => Self::Responses,
            "/v1beta/models/m:generateContent"
            | "/v1beta/models/m:streamGenerateContent?alt=sse" => Self::Gemini,
            "/v1/embeddings" => Self::Embeddings,
            _ => return None,
        })
    }

    fn key_header(self) -> (&'static str, String) {
        match self {
            Self::OpenAi | Self::Responses | Self::Embeddings => {
                ("authorization", format!("Bearer {KEY}"))
            }
            Self::Azure => ("api-key", KEY.to_owned()),
            Self::Anthropic => ("x-api-key", KEY.to_owned()),
            Self::Gemini => ("x-goog-api-key", KEY.to_owned()),
        }
    }
}

/// What is wrong with a request that an upstream got; `asked` = path and body of the client's.
pub(crate) fn complaints(sent: &Sent, (asked_at, asked): (&str, &[u8])) -> Vec<String> {
    let mut found = Vec::new();
    let Some(spoken) = Spoken::at(&sent.path) else {
        return vec![format!("an address of nobody's: {}", sent.path)];
    };
    if sent.method != "POST" {
        found.push(format!("method {}", sent.method));
    }
    headers(&sent.headers, spoken, asked_at, &mut found);
    let text = String::from_utf8_lossy(&sent.body);
    for key in [KEY, CLIENT_KEY] {
        if text.contains(key) && !String::from_utf8_lossy(asked).contains(key) {
            found.push("a key in the body".to_owned());
        }
    }
    // A lone surrogate is grammatical, though no `Value` can hold it.
    if serde_json::from_slice::<IgnoredAny>(&sent.body).is_err() {
        found.push("no JSON".to_owned());
        return found;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&sent.body) else {
        return found;
    };
    let Some(fields) = body.as_object() else {
        found.push("no object".to_owned());
        return found;
    };
    if !matches!(spoken, Spoken::Gemini | Spoken::Azure) && body["model"] != "m" {
        found.push(format!("model {}", body["model"]));
    }
    let passes = match asked_at {
        "/v1/chat/completions" => matches!(spoken, Spoken::OpenAi | Spoken::Azure),
        "/v1/messages" => spoken == Spoken::Anthropic,
        "/v1/responses" => spoken == Spoken::Responses,
        _ => spoken == Spoken::Embeddings,
    };
    // A stream that a policy judges is asked for as a whole, in words of the gateway's own.
    let asked_body: Value = serde_json::from_slice(asked).unwrap_or_default();
    let is_policys = asked_body["model"]
        .as_str()
        .is_some_and(|model| model.starts_with("auto"));
    let may_be_judged = is_policys && asked_body["stream"] == true;
    if passes && !may_be_judged {
        unchanged(fields, asked, &mut found);
    } else {
        translated(spoken, &body, &mut found);
    }
    found
}

fn headers(headers: &HeaderMap, spoken: Spoken, asked_at: &str, found: &mut Vec<String>) {
    let (name, key) = spoken.key_header();
    let shown: Vec<_> = headers.get_all(name).iter().collect();
    if shown.len() != 1 || shown[0].as_bytes() != key.as_bytes() {
        found.push(format!("{name} is not the upstream's key: {shown:?}"));
    }
    for (other, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if !HEADERS.contains(&other.as_str()) {
            found.push(format!("header {other}: {value}"));
        }
        if (other.as_str() != name && value.contains(KEY)) || value.contains(CLIENT_KEY) {
            found.push(format!("a key in header {other}"));
        }
        // Only a vendor's own dialect takes a client's word for it.
        let is_vendors = other.as_str().starts_with("anthropic-") && asked_at == "/v1/messages";
        if value.contains("evil") && !is_vendors {
            found.push(format!("a client's header {other}: {value}"));
        }
    }
}

/// Whether a body that passes is the client's own but for the fields that the gateway needs.
fn unchanged(sent: &Map<String, Value>, asked: &[u8], found: &mut Vec<String>) {
    let Ok(Value::Object(asked)) = serde_json::from_slice(asked) else {
        return;
    };
    let own = ["model", "stream", "stream_options"];
    for name in sent.keys().chain(asked.keys()) {
        if !own.contains(&name.as_str()) && sent.get(name) != asked.get(name) {
            found.push(format!(
                "`{name}` is {:?}, the client said {:?}",
                sent.get(name),
                asked.get(name)
            ));
        }
    }
}

fn translated(spoken: Spoken, body: &Value, found: &mut Vec<String>) {
    match spoken {
        Spoken::OpenAi | Spoken::Azure => openai(body, found),
        Spoken::Anthropic => anthropic(body, found),
        Spoken::Responses => responses(body, found),
        Spoken::Gemini => gemini(body, found),
        Spoken::Embeddings => found.push("a chat among embeddings".to_owned()),
    }
}

/// Notes what does not hold.
fn hold(found: &mut Vec<String>, what: &str, value: &Value, holds: bool) {
    if !holds {
        found.push(format!(
            "{what}: {}",
            value.to_string().chars().take(300).collect::<String>()
        ));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_filled(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Absent, or a whole number from `least`.
fn is_count(value: &Value, least: u64) -> bool {
    value.is_null() || value.as_u64().is_some_and(|n| n >= least)
}

fn is_number(value: &Value) -> bool {
    value.is_null() || value.is_number()
}

fn openai(body: &Value, found: &mut Vec<String>) {
    hold(found, "messages", body, !list(&body["messages"]).is_empty());
    for name in ["max_tokens", "max_completion_tokens"] {
        hold(found, name, &body[name], is_count(&body[name], 1));
    }
    for name in ["temperature", "top_p"] {
        hold(found, name, &body[name], is_number(&body[name]));
    }
    hold(
        found,
        "stream_options",
        body,
        body["stream_options"].is_null() || body["stream"] == true,
    );
    for message in list(&body["messages"]) {
        let role = message["role"].as_str().unwrap_or_default();
        let calls = list(&message["tool_calls"]);
        let is_known = ["system", "developer", "user", "assistant", "tool"].contains(&role);
        hold(found, "role", message, is_known);
        let content = &message["content"];
        let says = content.is_string() || !list(content).is_empty();
        hold(
            found,
            "content",
            message,
            says || (role == "assistant" && !calls.is_empty()),
        );
        let kinds = ["text", "image_url", "file", "input_audio", "refusal"];
        let parts = list(content).iter();
        let parts_are_known = parts
            .clone()
            .all(|part| kinds.iter().any(|kind| part["type"] == **kind));
        hold(found, "parts", message, parts_are_known);
        hold(
            found,
            "tool_call_id",
            message,
            role != "tool" || message["tool_call_id"].is_string(),
        );
        for call in calls {
            let function = &call["function"];
            let is_whole = call["id"].is_string()
                && call["type"] == "function"
                && is_filled(&function["name"]);
            let arguments = function["arguments"].as_str();
            let is_json =
                arguments.is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
            hold(found, "tool call", call, is_whole && is_json);
        }
    }
    for tool in list(&body["tools"]) {
        hold(
            found,
            "tool",
            tool,
            tool["type"] == "function" && is_filled(&tool["function"]["name"]),
        );
    }
}

fn anthropic(body: &Value, found: &mut Vec<String>) {
    hold(
        found,
        "max_tokens",
        body,
        !body["max_tokens"].is_null() && is_count(&body["max_tokens"], 1),
    );
    hold(found, "temperature", body, is_number(&body["temperature"]));
    hold(found, "messages", body, !list(&body["messages"]).is_empty());
    let system = &body["system"];
    hold(
        found,
        "system",
        system,
        system.is_null() || system.is_string() || !list(system).is_empty(),
    );
    for message in list(&body["messages"]) {
        let role = message["role"].as_str().unwrap_or_default();
        hold(
            found,
            "role",
            message,
            ["user", "assistant"].contains(&role),
        );
        let content = &message["content"];
        hold(
            found,
            "content",
            message,
            is_filled(content) || !list(content).is_empty(),
        );
        for block in list(content) {
            let is_whole = match block["type"].as_str().unwrap_or_default() {
                "text" => block["text"].is_string(),
                "image" | "document" => block["source"]["type"].is_string(),
                "tool_use" => {
                    is_filled(&block["id"])
                        && is_filled(&block["name"])
                        && block["input"].is_object()
                }
                "tool_result" => is_filled(&block["tool_use_id"]),
                "thinking" | "redacted_thinking" => true,
                _ => false,
            };
            hold(found, "block", block, is_whole);
        }
    }
    for tool in list(&body["tools"]) {
        hold(
            found,
            "tool",
            tool,
            is_filled(&tool["name"]) && tool["input_schema"].is_object(),
        );
    }
}

fn responses(body: &Value, found: &mut Vec<String>) {
    let input = &body["input"];
    hold(
        found,
        "input",
        body,
        input.is_string() || !list(input).is_empty(),
    );
    hold(
        found,
        "max_output_tokens",
        body,
        is_count(&body["max_output_tokens"], 1),
    );
    for item in list(input) {
        let is_whole = match item["type"].as_str().unwrap_or("message") {
            "message" => {
                let role = item["role"].as_str().unwrap_or_default();
                let is_known = ["system", "developer", "user", "assistant"].contains(&role);
                is_known && (item["content"].is_string() || !list(&item["content"]).is_empty())
            }
            "function_call" => {
                is_filled(&item["name"])
                    && item["call_id"].is_string()
                    && item["arguments"].is_string()
            }
            "function_call_output" => item["call_id"].is_string() && !item["output"].is_null(),
            "reasoning" => true,
            _ => false,
        };
        hold(found, "item", item, is_whole);
    }
    for tool in list(&body["tools"]) {
        hold(
            found,
            "tool",
            tool,
            tool["type"] == "function" && is_filled(&tool["name"]),
        );
    }
}

fn gemini(body: &Value, found: &mut Vec<String>) {
    hold(found, "contents", body, !list(&body["contents"]).is_empty());
    hold(found, "model", body, body["model"].is_null());
    let length = &body["generationConfig"]["maxOutputTokens"];
    hold(found, "maxOutputTokens", length, is_count(length, 1));
    let system = &body["systemInstruction"];
    hold(
        found,
        "systemInstruction",
        system,
        system.is_null() || !list(&system["parts"]).is_empty(),
    );
    for content in list(&body["contents"]) {
        let role = content["role"].as_str().unwrap_or_default();
        hold(found, "role", content, ["user", "model"].contains(&role));
        hold(found, "parts", content, !list(&content["parts"]).is_empty());
        for part in list(&content["parts"]) {
            let kinds = [
                "text",
                "inlineData",
                "fileData",
                "functionCall",
                "functionResponse",
            ];
            let n = kinds.iter().filter(|kind| !part[**kind].is_null()).count();
            hold(found, "part", part, n == 1);
            let call = &part["functionCall"];
            hold(
                found,
                "call",
                call,
                call.is_null()
                    || (is_filled(&call["name"])
                        && (call["args"].is_null() || call["args"].is_object())),
            );
            let result = &part["functionResponse"];
            hold(
                found,
                "result",
                result,
                result.is_null() || (is_filled(&result["name"]) && result["response"].is_object()),
            );
        }
    }
    for tool in list(&body["tools"]) {
        for function in list(&tool["functionDeclarations"]) {
            hold(found, "tool", function, is_filled(&function["name"]));
        }
    }
}
