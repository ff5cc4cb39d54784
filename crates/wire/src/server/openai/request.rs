//! Chat completion requests.
//!
//! In: a body. Out: neutral words. Fields that these do not have stay in `extra_body`.

use serde::Deserialize;
use serde_json::{Map, Value};
use trilemma_domain::{
    ChatRequest, Message, Params, Part, ResponseFormat, Role, Tool, ToolCall, ToolChoice,
};

use crate::server::object::{object, objects, some_object, some_objects};
use crate::server::request::{
    RequestError, ServerRequest, arguments, field, read, split_data_url, tool_result,
};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: String,
    #[serde(deserialize_with = "objects")]
    messages: Vec<MessageBody>,
    stream: Option<bool>,
    #[serde(default, deserialize_with = "some_object")]
    stream_options: Option<StreamOptions>,
    #[serde(default, deserialize_with = "some_objects")]
    tools: Option<Vec<ToolBody>>,
    tool_choice: Option<Value>,
    #[serde(default, deserialize_with = "some_object")]
    response_format: Option<FormatBody>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    reasoning_effort: Option<String>,
    seed: Option<i64>,
    stop: Option<OneOrMany>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`stop` is neither a text nor a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct MessageBody {
    role: String,
    content: Option<Content>,
    refusal: Option<String>,
    #[serde(default, deserialize_with = "some_objects")]
    tool_calls: Option<Vec<CallBody>>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "content is neither a text nor a list of parts as the reference has them"
)]
enum Content {
    Text(String),
    Parts(#[serde(deserialize_with = "objects")] Vec<PartBody>),
}

#[derive(Deserialize)]
struct PartBody {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    refusal: Option<String>,
    #[serde(default, deserialize_with = "some_object")]
    image_url: Option<ImageUrl>,
    #[serde(default, deserialize_with = "some_object")]
    file: Option<FileBody>,
}

#[derive(Deserialize)]
struct ImageUrl {
    url: String,
}

#[derive(Deserialize)]
struct FileBody {
    file_data: Option<String>,
    file_id: Option<Value>,
    filename: Option<String>,
}

#[derive(Deserialize)]
struct CallBody {
    #[serde(default)]
    id: String,
    #[serde(deserialize_with = "object")]
    function: FunctionCall,
}

#[derive(Deserialize)]
struct FunctionCall {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
struct ToolBody {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "some_object")]
    function: Option<FunctionBody>,
}

#[derive(Deserialize)]
struct FunctionBody {
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct FormatBody {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "some_object")]
    json_schema: Option<SchemaBody>,
}

#[derive(Deserialize)]
struct SchemaBody {
    name: Option<String>,
    schema: Option<Value>,
    strict: Option<bool>,
}

/// Reads a chat completion request.
pub(in crate::server) fn decode(body: &[u8]) -> Result<ServerRequest, RequestError> {
    let raw: Body = read(body)?;
    let include_usage = raw
        .stream_options
        .and_then(|options| options.include_usage)
        .unwrap_or(false);
    let messages = raw
        .messages
        .into_iter()
        .map(message)
        .collect::<Result<_, _>>()?;
    let tools = raw
        .tools
        .unwrap_or_default()
        .into_iter()
        .map(tool)
        .collect::<Result<_, _>>()?;
    let vendor_only = vendor_only(&raw.rest);
    Ok(ServerRequest {
        chat: ChatRequest {
            model: raw.model,
            messages,
            tools,
            tool_choice: raw.tool_choice.map_or(Ok(ToolChoice::Auto), tool_choice)?,
            response_format: raw.response_format.map_or(Ok(None), response_format)?,
            params: Params {
                max_output_tokens: raw.max_completion_tokens.or(raw.max_tokens),
                temperature: raw.temperature,
                top_p: raw.top_p,
                reasoning_effort: raw.reasoning_effort,
                reasoning_tokens: None,
                seed: raw.seed,
                stop: match raw.stop {
                    None => Vec::new(),
                    Some(OneOrMany::One(one)) => vec![one],
                    Some(OneOrMany::Many(many)) => many,
                },
                extra_body: raw.rest,
            },
            stream: raw.stream.unwrap_or(false),
        },
        include_usage,
        vendor_only,
    })
}

fn message(raw: MessageBody) -> Result<Message, RequestError> {
    let role = match raw.role.as_str() {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        other => return Err(field("messages.role", format!("unknown role `{other}`"))),
    };
    let mut parts = match raw.content {
        None => Vec::new(),
        Some(Content::Text(text)) => vec![Part::Text { text }],
        Some(Content::Parts(parts)) => parts.into_iter().map(part).collect::<Result<_, _>>()?,
    };
    if let Some(text) = raw.refusal {
        parts.push(Part::Text { text });
    }
    for call in raw.tool_calls.unwrap_or_default() {
        parts.push(Part::ToolCall(ToolCall {
            id: call.id,
            name: call.function.name,
            arguments: arguments(call.function.arguments),
        }));
    }
    if role == Role::Tool {
        let id = raw
            .tool_call_id
            .ok_or_else(|| field("messages.tool_call_id", "missing in a tool message"))?;
        parts = tool_result(id, parts);
    }
    Ok(Message { role, parts })
}

/// Names what this dialect's vendor alone can do: its older way to call functions, sound, and its own search.
fn vendor_only(rest: &Map<String, Value>) -> Option<String> {
    let says = |name: &str| rest.get(name).filter(|value| !value.is_null());
    for name in ["functions", "function_call", "audio", "web_search_options"] {
        if says(name).is_some() {
            return Some(format!("`{name}`"));
        }
    }
    let kinds = says("modalities")?.as_array()?;
    let other = kinds.iter().find(|kind| kind.as_str() != Some("text"))?;
    Some(format!("`modalities` with {other}"))
}

fn part(raw: PartBody) -> Result<Part, RequestError> {
    match raw.kind.as_str() {
        "text" => Ok(Part::Text {
            text: raw.text.unwrap_or_default(),
        }),
        "refusal" => Ok(Part::Text {
            text: raw.refusal.unwrap_or_default(),
        }),
        "image_url" => {
            let url = raw
                .image_url
                .ok_or_else(|| field("messages.content.image_url", "missing"))?
                .url;
            Ok(match split_data_url(&url) {
                Some((media_type, data)) => Part::Image {
                    url: None,
                    data: Some(data.to_owned()),
                    media_type: Some(media_type.to_owned()),
                },
                None => Part::Image {
                    url: Some(url),
                    data: None,
                    media_type: None,
                },
            })
        }
        "file" => {
            let file = raw
                .file
                .ok_or_else(|| field("messages.content.file", "missing"))?;
            if file.file_data.is_none() && file.file_id.is_some_and(|id| !id.is_null()) {
                let problem = "refers to what the vendor has stored, which is not here";
                return Err(field("messages.content.file.file_id", problem));
            }
            let url = file.file_data.unwrap_or_default();
            let (media_type, data) = split_data_url(&url).ok_or_else(|| {
                field(
                    "messages.content.file.file_data",
                    "not a base64 data address",
                )
            })?;
            Ok(Part::File {
                data: data.to_owned(),
                media_type: media_type.to_owned(),
                name: file.filename,
            })
        }
        other => Err(field(
            "messages.content.type",
            format!("unknown part `{other}`"),
        )),
    }
}

fn tool(raw: ToolBody) -> Result<Tool, RequestError> {
    let function = raw
        .function
        .ok_or_else(|| field("tools.function", format!("missing in a `{}`", raw.kind)))?;
    Ok(Tool {
        name: function.name,
        description: function.description,
        parameters: function
            .parameters
            .unwrap_or_else(|| Value::Object(Map::new())),
        strict: function.strict,
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
    raw.pointer("/function/name")
        .and_then(Value::as_str)
        .map(|name| ToolChoice::Named(name.to_owned()))
        .ok_or_else(|| field("tool_choice", "neither a word nor a named function"))
}

fn response_format(raw: FormatBody) -> Result<Option<ResponseFormat>, RequestError> {
    match raw.kind.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" => {
            let schema = raw
                .json_schema
                .ok_or_else(|| field("response_format.json_schema", "missing"))?;
            Ok(Some(ResponseFormat::JsonSchema {
                name: schema.name.unwrap_or_default(),
                schema: schema.schema.unwrap_or_else(|| Value::Object(Map::new())),
                // The vendor takes a missing word for false.
                strict: Some(schema.strict.unwrap_or(false)),
            }))
        }
        other => Err(field(
            "response_format.type",
            format!("unknown word `{other}`"),
        )),
    }
}
