//! Messages requests.
//!
//! In: a body. Out: neutral words: `system` becomes the first message, a `cache_control` mark a
//! breakpoint after its part, results of tools their own messages.

use serde::Deserialize;
use serde_json::{Map, Value};
use trilemma_domain::{
    ChatRequest, Message, Params, Part, ResponseFormat, Role, Tool, ToolCall, ToolChoice,
};

use crate::server::request::{RequestError, ServerRequest, field, read};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: String,
    system: Option<Content>,
    messages: Vec<MessageBody>,
    max_tokens: Option<u32>,
    stream: Option<bool>,
    tools: Option<Vec<ToolBody>>,
    tool_choice: Option<ChoiceBody>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
    thinking: Option<Thinking>,
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
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
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
    media_type: Option<String>,
    data: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct ToolBody {
    name: String,
    description: Option<String>,
    input_schema: Option<Value>,
}

#[derive(Deserialize)]
struct ChoiceBody {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
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
    let (effort, format) = raw
        .output_config
        .map_or((None, None), |config| (config.effort, config.format));
    Ok(ServerRequest {
        chat: ChatRequest {
            model: raw.model,
            messages,
            tools: raw
                .tools
                .unwrap_or_default()
                .into_iter()
                .map(tool)
                .collect(),
            tool_choice: raw.tool_choice.map_or(Ok(ToolChoice::Auto), tool_choice)?,
            response_format: format.map(|format| ResponseFormat::JsonSchema {
                name: "answer".to_owned(),
                schema: format.schema.unwrap_or_else(|| Value::Object(Map::new())),
            }),
            params: Params {
                max_output_tokens: raw.max_tokens,
                temperature: raw.temperature,
                top_p: raw.top_p,
                reasoning_effort: effort,
                reasoning_tokens: raw.thinking.and_then(|thinking| thinking.budget_tokens),
                seed: None,
                stop: raw.stop_sequences.unwrap_or_default(),
                extra_body: raw.rest,
            },
            stream: raw.stream.unwrap_or(false),
        },
        include_usage: true,
    })
}

fn push_message(messages: &mut Vec<Message>, raw: MessageBody) -> Result<(), RequestError> {
    let role = match raw.role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(field("messages.role", format!("unknown role `{other}`"))),
    };
    let (results, others): (Vec<_>, Vec<_>) = parts(raw.content)?
        .into_iter()
        .partition(|part| matches!(part, Part::ToolResult { .. }));
    let only_results = !results.is_empty() && others.is_empty();
    messages.extend(results.into_iter().map(|part| Message {
        role: Role::Tool,
        parts: vec![part],
    }));
    if !only_results {
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
                let cached = block.cache_control.as_ref().is_some_and(|v| !v.is_null());
                out.extend(part(block)?);
                if cached {
                    out.push(Part::CacheBreakpoint);
                }
            }
            Ok(out)
        }
    }
}

/// One block; `None` for the model's own thinking, which only it understands.
fn part(block: Block) -> Result<Option<Part>, RequestError> {
    Ok(Some(match block.kind.as_str() {
        "text" => Part::Text {
            text: block.text.unwrap_or_default(),
        },
        "image" => {
            let source = block
                .source
                .ok_or_else(|| field("messages.content.source", "missing in an image"))?;
            Part::Image {
                url: source.url,
                data: source.data,
                media_type: source.media_type,
            }
        }
        "document" => {
            let source = block
                .source
                .ok_or_else(|| field("messages.content.source", "missing in a document"))?;
            Part::File {
                data: source
                    .data
                    .ok_or_else(|| field("messages.content.source.data", "missing"))?,
                media_type: source.media_type.unwrap_or_default(),
                name: block.title,
            }
        }
        "tool_use" => Part::ToolCall(ToolCall {
            id: block.id.unwrap_or_default(),
            name: block.name.unwrap_or_default(),
            arguments: block.input.unwrap_or(Value::Null),
        }),
        "tool_result" => Part::ToolResult {
            id: block
                .tool_use_id
                .ok_or_else(|| field("messages.content.tool_use_id", "missing"))?,
            text: match block.content {
                None => String::new(),
                Some(content) => Message {
                    role: Role::Tool,
                    parts: parts(*content)?,
                }
                .joined_text(),
            },
        },
        "thinking" | "redacted_thinking" => return Ok(None),
        other => {
            return Err(field(
                "messages.content.type",
                format!("unknown block `{other}`"),
            ));
        }
    }))
}

fn tool(raw: ToolBody) -> Tool {
    Tool {
        name: raw.name,
        description: raw.description,
        parameters: raw
            .input_schema
            .unwrap_or_else(|| Value::Object(Map::new())),
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
