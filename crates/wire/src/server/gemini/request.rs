//! generateContent requests.
//!
//! In: a body. Out: neutral words. Names are read in camel case, which the API writes, and for
//! top-level fields also in snake case, which it accepts.

use serde::Deserialize;
use serde_json::{Map, Value};
use trilemma_domain::{
    ChatRequest, Message, Params, Part, ResponseFormat, Role, Tool, ToolCall, ToolChoice,
};

use crate::server::request::{RequestError, ServerRequest, field, read};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    contents: Vec<ContentBody>,
    #[serde(alias = "system_instruction")]
    system_instruction: Option<ContentBody>,
    tools: Option<Vec<ToolBody>>,
    #[serde(alias = "tool_config")]
    tool_config: Option<Value>,
    #[serde(alias = "generation_config")]
    generation_config: Option<Generation>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct ContentBody {
    role: Option<String>,
    #[serde(default)]
    parts: Vec<PartBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartBody {
    text: Option<String>,
    thought: Option<bool>,
    #[serde(alias = "inline_data")]
    inline_data: Option<Blob>,
    #[serde(alias = "file_data")]
    file_data: Option<FileUri>,
    function_call: Option<Call>,
    function_response: Option<CallResult>,
}

#[derive(Deserialize)]
struct Blob {
    #[serde(rename = "mimeType", alias = "mime_type")]
    mime_type: String,
    data: String,
}

#[derive(Deserialize)]
struct FileUri {
    #[serde(rename = "mimeType", alias = "mime_type")]
    mime_type: Option<String>,
    #[serde(rename = "fileUri", alias = "file_uri")]
    file_uri: String,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Option<String>,
    name: String,
    args: Option<Value>,
}

#[derive(Deserialize)]
struct CallResult {
    id: Option<String>,
    name: String,
    response: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolBody {
    function_declarations: Option<Vec<Declaration>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declaration {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    parameters_json_schema: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Generation {
    max_output_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    seed: Option<i64>,
    stop_sequences: Option<Vec<String>>,
    response_mime_type: Option<String>,
    response_schema: Option<Value>,
    response_json_schema: Option<Value>,
    thinking_config: Option<Thinking>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    thinking_budget: Option<i64>,
    thinking_level: Option<String>,
}

/// Reads a generateContent request; model and stream flag come from the path.
pub(in crate::server) fn decode(body: &[u8]) -> Result<ServerRequest, RequestError> {
    let raw: Body = read(body)?;
    let mut messages = Vec::with_capacity(raw.contents.len() + 1);
    if let Some(system) = raw.system_instruction {
        messages.push(message(ContentBody {
            role: Some("system".to_owned()),
            ..system
        })?);
    }
    for content in raw.contents {
        messages.push(message(content)?);
    }
    let generation = raw.generation_config.unwrap_or_default();
    let thinking = generation.thinking_config.as_ref();
    Ok(ServerRequest {
        chat: ChatRequest {
            model: String::new(),
            messages,
            tools: raw
                .tools
                .unwrap_or_default()
                .into_iter()
                .flat_map(|tool| tool.function_declarations.unwrap_or_default())
                .map(tool)
                .collect(),
            tool_choice: tool_choice(raw.tool_config.as_ref()),
            params: Params {
                max_output_tokens: generation.max_output_tokens,
                temperature: generation.temperature,
                top_p: generation.top_p,
                reasoning_effort: thinking
                    .and_then(|thinking| thinking.thinking_level.as_ref())
                    .map(|level| level.to_lowercase()),
                reasoning_tokens: thinking
                    .and_then(|thinking| thinking.thinking_budget)
                    .and_then(|budget| u32::try_from(budget).ok()),
                seed: generation.seed,
                stop: generation.stop_sequences.clone().unwrap_or_default(),
                extra_body: raw.rest,
            },
            response_format: response_format(generation),
            stream: false,
        },
        include_usage: true,
        vendor_only: None,
    })
}

fn message(raw: ContentBody) -> Result<Message, RequestError> {
    let mut role = match raw.role.as_deref() {
        None | Some("user") => Role::User,
        Some("model") => Role::Assistant,
        Some("system") => Role::System,
        Some("function" | "tool") => Role::Tool,
        Some(other) => return Err(field("contents.role", format!("unknown role `{other}`"))),
    };
    let parts = raw
        .parts
        .into_iter()
        .filter(|part| part.thought != Some(true))
        .map(part)
        .collect::<Result<Vec<_>, _>>()?;
    let only_results = parts
        .iter()
        .all(|part| matches!(part, Part::ToolResult { .. }));
    if role == Role::User && !parts.is_empty() && only_results {
        role = Role::Tool;
    }
    Ok(Message { role, parts })
}

fn part(raw: PartBody) -> Result<Part, RequestError> {
    if let Some(text) = raw.text {
        return Ok(Part::Text { text });
    }
    if let Some(blob) = raw.inline_data {
        return Ok(if blob.mime_type.starts_with("image/") {
            Part::Image {
                url: None,
                data: Some(blob.data),
                media_type: Some(blob.mime_type),
            }
        } else {
            Part::File {
                data: blob.data,
                media_type: blob.mime_type,
                name: None,
            }
        });
    }
    if let Some(file) = raw.file_data {
        let (url, media_type) = (file.file_uri, file.mime_type);
        let is_image = media_type
            .as_deref()
            .is_none_or(|kind| kind.starts_with("image/"));
        return Ok(if is_image {
            Part::Image {
                url: Some(url),
                data: None,
                media_type,
            }
        } else {
            Part::FileUrl {
                url,
                media_type,
                name: None,
            }
        });
    }
    if let Some(call) = raw.function_call {
        return Ok(Part::ToolCall(ToolCall {
            id: call.id.unwrap_or_default(),
            name: call.name,
            arguments: call.args.unwrap_or_else(|| Value::Object(Map::new())),
        }));
    }
    if let Some(result) = raw.function_response {
        return Ok(Part::ToolResult {
            id: result.id.unwrap_or(result.name),
            text: result_text(result.response.unwrap_or(Value::Null)),
        });
    }
    Err(field(
        "contents.parts",
        "a part without text, data, file, call or result",
    ))
}

/// A tool's answer as text: the only string of `{"result": "…"}` and the like, or the JSON.
fn result_text(response: Value) -> String {
    if let Value::Object(map) = &response
        && let (1, Some(Value::String(text))) = (map.len(), map.values().next())
    {
        return text.clone();
    }
    response.to_string()
}

fn tool(raw: Declaration) -> Tool {
    Tool {
        name: raw.name,
        description: raw.description,
        parameters: raw
            .parameters_json_schema
            .or(raw.parameters)
            .unwrap_or_else(|| Value::Object(Map::new())),
        strict: None,
    }
}

fn tool_choice(config: Option<&Value>) -> ToolChoice {
    let calling = config.and_then(|config| {
        config
            .get("functionCallingConfig")
            .or_else(|| config.get("function_calling_config"))
    });
    let text = |name: &str| {
        calling
            .and_then(|calling| calling.get(name))
            .and_then(Value::as_str)
    };
    let named = calling
        .and_then(|calling| calling.pointer("/allowedFunctionNames/0"))
        .and_then(Value::as_str);
    match (text("mode"), named) {
        (Some("NONE"), _) => ToolChoice::None,
        (Some("ANY"), Some(name)) => ToolChoice::Named(name.to_owned()),
        (Some("ANY"), None) => ToolChoice::Required,
        _ => ToolChoice::Auto,
    }
}

fn response_format(generation: Generation) -> Option<ResponseFormat> {
    match generation
        .response_json_schema
        .or(generation.response_schema)
    {
        Some(schema) => Some(ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
            strict: None,
        }),
        None => (generation.response_mime_type.as_deref() == Some("application/json"))
            .then_some(ResponseFormat::JsonObject),
    }
}
