//! Responses requests.
//!
//! In: a body. Out: neutral words: `instructions` become the first message. Fields that these do
//! not have stay in `extra_body`. Whatever needs what the vendor stored is an error.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trilemma_domain::{ChatRequest, Message, Params, ResponseFormat, Role, Tool, ToolChoice};

use super::input::{Input, messages};
use crate::server::object::{some_object, some_objects};
use crate::server::request::{RequestError, ServerRequest, field, read};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: String,
    input: Option<Input>,
    instructions: Option<String>,
    previous_response_id: Option<Value>,
    conversation: Option<Value>,
    prompt: Option<Value>,
    background: Option<bool>,
    store: Option<bool>,
    stream: Option<bool>,
    #[serde(default, deserialize_with = "some_objects")]
    tools: Option<Vec<ToolBody>>,
    tool_choice: Option<Value>,
    #[serde(default, deserialize_with = "some_object")]
    text: Option<TextBody>,
    #[serde(default, deserialize_with = "some_object")]
    reasoning: Option<ReasoningBody>,
    max_output_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct ToolBody {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct TextBody {
    #[serde(default, deserialize_with = "some_object")]
    format: Option<FormatBody>,
    verbosity: Option<Value>,
}

#[derive(Deserialize)]
struct FormatBody {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    schema: Option<Value>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct ReasoningBody {
    effort: Option<String>,
}

/// Reads a Responses request.
pub(in crate::server) fn decode(body: &[u8]) -> Result<ServerRequest, RequestError> {
    let raw: Body = read(body)?;
    refuse_state(&raw)?;
    let mut all = Vec::new();
    if let Some(text) = raw.instructions {
        all.push(Message::text(Role::System, text));
    }
    let (format, verbosity) = raw
        .text
        .map_or((None, None), |text| (text.format, text.verbosity));
    let mut extra_body = raw.rest;
    if let Some(verbosity) = verbosity {
        extra_body.insert("text".to_owned(), json!({"verbosity": verbosity}));
    }
    let input = raw.input.ok_or_else(|| field("input", "missing"))?;
    all.extend(messages(input)?);
    Ok(ServerRequest {
        chat: ChatRequest {
            model: raw.model,
            messages: all,
            tools: raw
                .tools
                .unwrap_or_default()
                .into_iter()
                .map(tool)
                .collect::<Result<_, _>>()?,
            tool_choice: raw.tool_choice.map_or(Ok(ToolChoice::Auto), tool_choice)?,
            response_format: format.map_or(Ok(None), response_format)?,
            params: Params {
                max_output_tokens: raw.max_output_tokens,
                temperature: raw.temperature,
                top_p: raw.top_p,
                reasoning_effort: raw.reasoning.and_then(|reasoning| reasoning.effort),
                reasoning_tokens: None,
                seed: None,
                stop: Vec::new(),
                extra_body,
            },
            stream: raw.stream.unwrap_or(false),
        },
        include_usage: true,
        vendor_only: None,
    })
}

/// What only the vendor that stored it could answer.
fn refuse_state(raw: &Body) -> Result<(), RequestError> {
    const STORED: &str = "refers to what the vendor has stored, which is not here";
    if raw.previous_response_id.is_some() {
        return Err(field("previous_response_id", STORED));
    }
    if raw.conversation.is_some() {
        return Err(field("conversation", STORED));
    }
    if raw.prompt.is_some() {
        return Err(field("prompt", STORED));
    }
    if raw.background == Some(true) {
        return Err(field("background", "nothing is kept to be fetched later"));
    }
    if raw.store == Some(true) {
        return Err(field("store", "nothing is kept here"));
    }
    Ok(())
}

fn tool(raw: ToolBody) -> Result<Tool, RequestError> {
    if raw.kind != "function" {
        let problem = format!("a `{}` runs at its vendor only", raw.kind);
        return Err(field("tools.type", problem));
    }
    Ok(Tool {
        name: raw
            .name
            .ok_or_else(|| field("tools.name", "missing in a function"))?,
        description: raw.description,
        parameters: raw.parameters.unwrap_or_else(|| Value::Object(Map::new())),
        strict: raw.strict,
    })
}

fn tool_choice(raw: Value) -> Result<ToolChoice, RequestError> {
    match raw.as_str() {
        Some("auto") => return Ok(ToolChoice::Auto),
        Some("none") => return Ok(ToolChoice::None),
        Some("required") => return Ok(ToolChoice::Required),
        Some(other) => return Err(field("tool_choice", format!("unknown word `{other}`"))),
        None => {}
    }
    let is_function = raw.get("type").and_then(Value::as_str) == Some("function");
    raw.get("name")
        .and_then(Value::as_str)
        .filter(|_| is_function)
        .map(|name| ToolChoice::Named(name.to_owned()))
        .ok_or_else(|| field("tool_choice", "neither a word nor a named function"))
}

fn response_format(raw: FormatBody) -> Result<Option<ResponseFormat>, RequestError> {
    match raw.kind.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" => Ok(Some(ResponseFormat::JsonSchema {
            name: raw.name.unwrap_or_default(),
            schema: raw.schema.unwrap_or_else(|| Value::Object(Map::new())),
            // The vendor takes a missing word for false.
            strict: Some(raw.strict.unwrap_or(false)),
        })),
        other => Err(field("text.format.type", format!("unknown word `{other}`"))),
    }
}
