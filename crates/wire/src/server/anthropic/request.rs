//! Messages requests.
//!
//! In: a body. Out: neutral words: `system` becomes the first message, a `cache_control` mark a
//! breakpoint after its part, results of tools their own messages, with the images and documents of a
//! result behind it. Plain documents become files of type `text/plain`, documents made of blocks these blocks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trilemma_domain::{
    ChatRequest, Message, Params, Part, ResponseFormat, Role, Tool, ToolCall, ToolChoice,
};

use crate::server::object::{objects, some_object, some_objects};
use crate::server::request::{RequestError, ServerRequest, field, read, tool_result, web_address};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: String,
    system: Option<Content>,
    #[serde(deserialize_with = "objects")]
    messages: Vec<MessageBody>,
    max_tokens: Option<u32>,
    stream: Option<bool>,
    #[serde(default, deserialize_with = "some_objects")]
    tools: Option<Vec<ToolBody>>,
    #[serde(default, deserialize_with = "some_object")]
    tool_choice: Option<ChoiceBody>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
    #[serde(default, deserialize_with = "some_object")]
    thinking: Option<Thinking>,
    #[serde(default, deserialize_with = "some_object")]
    output_config: Option<OutputConfig>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Thinking {
    budget_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct OutputConfig {
    effort: Option<String>,
    #[serde(default, deserialize_with = "some_object")]
    format: Option<FormatBody>,
}

#[derive(Deserialize)]
struct FormatBody {
    schema: Option<Value>,
}

#[derive(Deserialize)]
struct MessageBody {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "content is neither a text nor a list of blocks as the reference has them"
)]
enum Content {
    Text(String),
    Blocks(#[serde(deserialize_with = "objects")] Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    #[serde(default, deserialize_with = "some_object")]
    source: Option<Source>,
    title: Option<String>,
    id: Option<String>,
    name: Option<String>,
    input: Option<Value>,
    tool_use_id: Option<String>,
    content: Option<Box<Content>>,
    cache_control: Option<Value>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type", default)]
    kind: String,
    media_type: Option<String>,
    data: Option<String>,
    url: Option<String>,
    content: Option<Box<Content>>,
}

#[derive(Deserialize)]
struct ToolBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    description: Option<String>,
    input_schema: Option<Value>,
    strict: Option<bool>,
}

#[derive(Deserialize)]
struct ChoiceBody {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

/// Reads a Messages request.
pub(in crate::server) fn decode(body: &[u8]) -> Result<ServerRequest, RequestError> {
    let raw: Body = read(body)?;
    let mut messages = Vec::with_capacity(raw.messages.len() + 1);
    if let Some(system) = raw.system {
        messages.push(Message {
            role: Role::System,
            parts: parts(system)?,
        });
    }
    for message in raw.messages {
        push_message(&mut messages, message)?;
    }
    let all = raw.tools.unwrap_or_default();
    let vendor_only = all.iter().find_map(vendor_tool);
    let tools = all
        .into_iter()
        .filter(|tool| vendor_tool(tool).is_none())
        .map(tool)
        .collect::<Result<_, _>>()?;
    let mut extra_body = raw.rest;
    if let Some(choice) = &raw.tool_choice
        && choice.disable_parallel_tool_use == Some(true)
    {
        let said = json!({"type": choice.kind, "disable_parallel_tool_use": true});
        extra_body.insert("tool_choice".to_owned(), said);
    }
    let (effort, format) = raw
        .output_config
        .map_or((None, None), |config| (config.effort, config.format));
    Ok(ServerRequest {
        chat: ChatRequest {
            model: raw.model,
            messages,
            tools,
            tool_choice: raw.tool_choice.map_or(Ok(ToolChoice::Auto), tool_choice)?,
            response_format: format.map(|format| {
                let schema = format.schema.unwrap_or_else(|| Value::Object(Map::new()));
                ResponseFormat::JsonSchema {
                    name: "answer".to_owned(),
                    strict: Some(is_closed(&schema)),
                    schema,
                }
            }),
            params: Params {
                max_output_tokens: raw.max_tokens,
                temperature: raw.temperature,
                top_p: raw.top_p,
                reasoning_effort: effort,
                reasoning_tokens: raw.thinking.and_then(|thinking| thinking.budget_tokens),
                seed: None,
                stop: raw.stop_sequences.unwrap_or_default(),
                extra_body,
            },
            stream: raw.stream.unwrap_or(false),
        },
        include_usage: true,
        vendor_only,
    })
}

fn push_message(messages: &mut Vec<Message>, raw: MessageBody) -> Result<(), RequestError> {
    let role = match raw.role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(field("messages.role", format!("unknown role `{other}`"))),
    };
    let mut others = Vec::new();
    let mut has_results = false;
    match raw.content {
        Content::Text(text) => others.push(Part::Text { text }),
        Content::Blocks(blocks) => {
            for block in blocks {
                if block.kind == "tool_result" {
                    has_results = true;
                    let mut parts = Vec::new();
                    push_block(&mut parts, block)?;
                    messages.push(Message {
                        role: Role::Tool,
                        parts,
                    });
                } else {
                    push_block(&mut others, block)?;
                }
            }
        }
    }
    if !(has_results && others.is_empty()) {
        messages.push(Message {
            role,
            parts: others,
        });
    }
    Ok(())
}

fn parts(content: Content) -> Result<Vec<Part>, RequestError> {
    match content {
        Content::Text(text) => Ok(vec![Part::Text { text }]),
        Content::Blocks(blocks) => {
            let mut out = Vec::with_capacity(blocks.len());
            for block in blocks {
                push_block(&mut out, block)?;
            }
            Ok(out)
        }
    }
}

/// Adds the parts of one block; none for the model's own thinking, which only it understands.
fn push_block(out: &mut Vec<Part>, block: Block) -> Result<(), RequestError> {
    let is_cached = block.cache_control.as_ref().is_some_and(|v| !v.is_null());
    match block.kind.as_str() {
        "text" => out.push(Part::Text {
            text: block.text.unwrap_or_default(),
        }),
        "image" => out.push(image(block.source)?),
        "document" => document(out, block.source, block.title)?,
        "tool_use" => out.push(Part::ToolCall(ToolCall {
            id: block.id.unwrap_or_default(),
            name: block.name.unwrap_or_default(),
            arguments: block.input.unwrap_or(Value::Null),
        })),
        "tool_result" => {
            let id = block
                .tool_use_id
                .ok_or_else(|| field("messages.content.tool_use_id", "missing"))?;
            let content = block.content.map_or(Ok(Vec::new()), |all| parts(*all))?;
            out.extend(tool_result(id, content));
        }
        "thinking" | "redacted_thinking" => return Ok(()),
        other => {
            return Err(field(
                "messages.content.type",
                format!("unknown block `{other}`"),
            ));
        }
    }
    if is_cached {
        out.push(Part::CacheBreakpoint);
    }
    Ok(())
}

const STORED: &str = "refers to a file that the vendor has stored, which is not here";

fn image(source: Option<Source>) -> Result<Part, RequestError> {
    let source = source.ok_or_else(|| field("messages.content.source", "missing in an image"))?;
    if source.kind == "file" {
        return Err(field("messages.content.source", STORED));
    }
    Ok(Part::Image {
        url: source.url,
        data: source.data,
        media_type: source.media_type,
    })
}

/// Adds a document: a file, or the blocks that it is made of.
fn document(
    out: &mut Vec<Part>,
    source: Option<Source>,
    name: Option<String>,
) -> Result<(), RequestError> {
    let source = source.ok_or_else(|| field("messages.content.source", "missing in a document"))?;
    let data = |data: Option<String>| {
        data.ok_or_else(|| field("messages.content.source.data", "missing in a document"))
    };
    match source.kind.as_str() {
        "text" => out.push(Part::File {
            data: STANDARD.encode(data(source.data)?),
            media_type: "text/plain".to_owned(),
            name,
        }),
        "content" => {
            let content = source
                .content
                .ok_or_else(|| field("messages.content.source.content", "missing in a document"))?;
            out.extend(name.map(|name| Part::Text {
                text: format!("{name}\n"),
            }));
            out.extend(parts(*content)?);
        }
        // Messages take nothing but PDFs by address.
        "url" => out.push(Part::FileUrl {
            url: web_address(
                "messages.content.source.url",
                source.url.unwrap_or_default(),
            )?,
            media_type: Some("application/pdf".to_owned()),
            name,
        }),
        "file" => return Err(field("messages.content.source", STORED)),
        _ => out.push(Part::File {
            data: data(source.data)?,
            media_type: source.media_type.unwrap_or_default(),
            name,
        }),
    }
    Ok(())
}

/// Names a tool that is no function of the client's; `None` = it is one.
fn vendor_tool(raw: &ToolBody) -> Option<String> {
    let kind = raw.kind.as_deref().filter(|kind| *kind != "custom")?;
    Some(format!("tool `{kind}`"))
}

fn tool(raw: ToolBody) -> Result<Tool, RequestError> {
    if raw.name.is_empty() {
        return Err(field("tools.name", "missing in a tool"));
    }
    Ok(Tool {
        name: raw.name,
        description: raw.description,
        parameters: raw
            .input_schema
            .ok_or_else(|| field("tools.input_schema", "missing in a tool"))?,
        strict: raw.strict,
    })
}

/// Whether a schema is one that OpenAI takes as strict: every object in it is closed, and demands all that it has.
fn is_closed(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            let is_object = match fields.get("properties") {
                Some(Value::Object(properties)) => {
                    let required = fields.get("required").and_then(Value::as_array);
                    let is_required = |name: &String| {
                        required.is_some_and(|all| all.iter().any(|one| one == name.as_str()))
                    };
                    fields.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(is_required)
                }
                Some(_) | None => fields.get("type").and_then(Value::as_str) != Some("object"),
            };
            is_object && fields.values().all(is_closed)
        }
        Value::Array(all) => all.iter().all(is_closed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn tool_choice(raw: ChoiceBody) -> Result<ToolChoice, RequestError> {
    match (raw.kind.as_str(), raw.name) {
        ("auto", _) => Ok(ToolChoice::Auto),
        ("none", _) => Ok(ToolChoice::None),
        ("any", _) => Ok(ToolChoice::Required),
        ("tool", Some(name)) => Ok(ToolChoice::Named(name)),
        (other, _) => Err(field("tool_choice", format!("unknown word `{other}`"))),
    }
}
