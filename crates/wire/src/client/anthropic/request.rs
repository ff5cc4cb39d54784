//! Requests for Anthropic Messages.
//!
//! In: a neutral request. Out: the body, borrowed from it. System messages are taken out into
//! `system`; neighbouring turns of one speaker are joined, so that all results of parallel calls
//! stand in one turn; a cache breakpoint marks the block before it, across turns if need be.
//!
//! Structured output: a schema goes into `output_config.format` (models from Opus 4.5, Sonnet 4.5
//! and Haiku 4.5 on); "any JSON object", which that format cannot express, schemas that need not be
//! kept to, and schemas on older models become a tool that the model must call. Effort goes into `output_config.effort` in the
//! vendor's words, `none` switches thinking off; a budget goes into `thinking`. Adaptive thinking
//! is asked for by `extra_body`, because models disagree on whether they take it.
//!
//! Temperature and `top_p` are sent as given, and budgets too. Models from Opus 4.7 on refuse
//! them (the vendor's package dropped the first two); which model takes what is catalog data.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use trilemma_domain::{
    ChatRequest, Dialect, Message, Part, ResponseFormat, Role, Target, Tool, ToolChoice,
};

use super::body::{
    Block, BlockKind, Body, CacheControl, Choice, Format, OutputConfig, ResultContent, Source,
    System, Thinking, Turn, WireTool,
};
use crate::client::request::{
    EncodeError, WireRequest, assemble, image_source, misplaced, model_name,
};
use crate::client::schema::JSON_ANSWER_TOOL;

/// Longest answer asked for when the candidate names none: the vendor demands a number.
pub const DEFAULT_MAX_TOKENS: u32 = 4096;

const VERSION: &str = "2023-06-01";

/// How the shape of the answer is asked for.
enum Shape<'a> {
    Free,
    Format(&'a Value),
    /// A tool that must be called, with this schema; `None` = any object.
    Tool(Option<&'a Value>),
}

/// Encodes a request.
///
/// # Errors
///
/// As `encode_request`.
pub(crate) fn encode(target: &Target, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    let params = &request.params;
    let model = model_name(target, request);
    let shape = shape_of(model, request)?;
    let (tools, tool_choice) = match &shape {
        Shape::Tool(schema) => (
            vec![answer_tool(*schema)],
            Some(Choice::Tool {
                name: JSON_ANSWER_TOOL,
            }),
        ),
        Shape::Free | Shape::Format(_) => (
            request
                .tools
                .iter()
                .map(|tool| wire_tool(tool, model))
                .collect(),
            wire_choice(request),
        ),
    };
    let is_off = params.reasoning_effort.as_deref() == Some("none");
    let effort = params.reasoning_effort.as_deref().filter(|_| !is_off);
    let format = match shape {
        Shape::Format(schema) => Some(Format {
            kind: "json_schema",
            schema,
        }),
        Shape::Free | Shape::Tool(_) => None,
    };
    let has_config = effort.is_some() || format.is_some();
    let (system, messages) = conversation(&request.messages)?;
    let body = Body {
        model,
        max_tokens: params.max_output_tokens.unwrap_or_else(|| {
            DEFAULT_MAX_TOKENS.saturating_add(params.reasoning_tokens.unwrap_or(0))
        }),
        system,
        messages,
        temperature: params.temperature,
        top_p: params.top_p,
        stop_sequences: &params.stop,
        thinking: match params.reasoning_tokens {
            Some(0) => Some(Thinking::Disabled),
            Some(budget_tokens) => Some(Thinking::Enabled { budget_tokens }),
            None => is_off.then_some(Thinking::Disabled),
        },
        output_config: has_config.then_some(OutputConfig { effort, format }),
        tools,
        tool_choice,
        stream: request.stream,
    };
    let mut wire = assemble("/messages".to_owned(), request, &body)?;
    wire.headers.push(("anthropic-version", VERSION.to_owned()));
    Ok(wire)
}

fn shape_of<'a>(model: &str, request: &'a ChatRequest) -> Result<Shape<'a>, EncodeError> {
    let shape = match &request.response_format {
        None => return Ok(Shape::Free),
        Some(ResponseFormat::JsonSchema { schema, .. }) if takes_format(model, request) => {
            return Ok(Shape::Format(schema));
        }
        Some(ResponseFormat::JsonSchema { schema, .. }) => Shape::Tool(Some(schema)),
        Some(ResponseFormat::JsonObject) => Shape::Tool(None),
    };
    let unsupported = |what: &str, hint| EncodeError::Unsupported {
        dialect: Dialect::Anthropic,
        what: what.to_owned(),
        hint,
    };
    if !request.tools.is_empty() {
        return Err(unsupported(
            "a forced JSON answer beside tools",
            "give a JSON Schema and use a model from Claude 4.5 on, or drop the tools",
        ));
    }
    if request
        .params
        .reasoning_tokens
        .is_some_and(|budget| budget > 0)
    {
        return Err(unsupported(
            "a forced JSON answer beside a reasoning budget",
            "give a JSON Schema and use a model from Claude 4.5 on, or drop `reasoning_tokens`",
        ));
    }
    Ok(shape)
}

/// Whether the schema of an answer goes into `output_config.format`, which the vendor holds the answer to. A schema that need
/// not be kept to is asked for by a tool, which promises as little, and takes schemas that the format refuses; unless
/// something else stands in a forced tool's way.
pub(crate) fn takes_format(model: &str, request: &ChatRequest) -> bool {
    let params = &request.params;
    let thinks = params.reasoning_tokens.is_some_and(|budget| budget > 0)
        || (params.reasoning_effort.as_deref()).is_some_and(|effort| effort != "none")
        || params.extra_body.contains_key("thinking");
    let is_free = request.tools.is_empty() && !thinks;
    let is_lax = matches!(
        request.response_format,
        Some(ResponseFormat::JsonSchema {
            strict: Some(false),
            ..
        })
    );
    has_output_format(model) && !(is_lax && is_free)
}

/// Whether a Claude model takes `output_config.format` and strict tools: those that lack it are a closed, ageing set.
#[must_use]
pub fn has_output_format(model: &str) -> bool {
    const WITHOUT: [&str; 9] = [
        "claude-2",
        "claude-3",
        "claude-instant",
        "claude-opus-4-0",
        "claude-opus-4-1",
        "claude-opus-4-2025",
        "claude-sonnet-4-0",
        "claude-sonnet-4-2025",
        "claude-4-",
    ];
    !WITHOUT.iter().any(|name| model.starts_with(name))
}

fn answer_tool(schema: Option<&Value>) -> WireTool<'_> {
    WireTool {
        name: JSON_ANSWER_TOOL,
        description: Some("Gives the answer. Its arguments are the whole answer as a JSON object."),
        input_schema: schema.map_or_else(
            || Cow::Owned(serde_json::json!({"type": "object", "additionalProperties": true})),
            Cow::Borrowed,
        ),
        strict: None,
    }
}

fn wire_tool<'a>(tool: &'a Tool, model: &str) -> WireTool<'a> {
    let is_empty = tool
        .parameters
        .as_object()
        .is_some_and(serde_json::Map::is_empty);
    WireTool {
        name: &tool.name,
        description: tool.description.as_deref(),
        // The vendor demands the type even where there are no arguments.
        input_schema: if is_empty {
            Cow::Owned(serde_json::json!({"type": "object"}))
        } else {
            Cow::Borrowed(&tool.parameters)
        },
        // Models that lack the one lack the other.
        strict: tool
            .strict
            .filter(|is_strict| *is_strict && has_output_format(model)),
    }
}

fn wire_choice(request: &ChatRequest) -> Option<Choice<'_>> {
    if request.tools.is_empty() {
        return None;
    }
    match &request.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::None),
        ToolChoice::Required => Some(Choice::Any),
        ToolChoice::Named(name) => Some(Choice::Tool { name }),
    }
}

/// Sorts messages into system text and turns.
fn conversation(messages: &[Message]) -> Result<(Option<System<'_>>, Vec<Turn<'_>>), EncodeError> {
    let mut system = Vec::new();
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len());
    for message in messages {
        let role = match message.role {
            Role::System => {
                push_blocks(message, &mut system)?;
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let mut blocks = Vec::with_capacity(message.parts.len());
        let is_marked_before = push_blocks(message, &mut blocks)?;
        if is_marked_before {
            let before = turns
                .last_mut()
                .map_or(&mut system, |turn| &mut turn.content);
            mark(before);
        }
        match turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.append(&mut blocks),
            _ => turns.push(Turn {
                role,
                content: blocks,
            }),
        }
    }
    let system = match system.as_slice() {
        [] => None,
        [
            Block {
                kind: BlockKind::Text { text },
                cache_control: None,
            },
        ] => Some(System::Text(text)),
        _ => Some(System::Blocks(system)),
    };
    Ok((system, turns))
}

/// Adds a message's blocks; tells whether it begins with a breakpoint that belongs to the block
/// before, in an earlier message.
fn push_blocks<'a>(message: &'a Message, blocks: &mut Vec<Block<'a>>) -> Result<bool, EncodeError> {
    let mut is_marked_before = false;
    for part in &message.parts {
        let kind = match (part, message.role) {
            (Part::CacheBreakpoint, _) => {
                is_marked_before |= !mark(blocks);
                continue;
            }
            // The vendor refuses empty text.
            (Part::Text { text }, _) if text.is_empty() => continue,
            (Part::Text { text }, Role::System | Role::User | Role::Assistant) => {
                BlockKind::Text { text }
            }
            (
                Part::Image {
                    url,
                    data,
                    media_type,
                },
                Role::User | Role::Tool,
            ) => BlockKind::Image {
                source: image_source(url.as_deref(), data.as_deref(), media_type.as_deref())?
                    .into(),
            },
            (
                Part::File {
                    data,
                    media_type,
                    name,
                },
                Role::User | Role::Tool,
            ) => file_block(data, media_type, name.as_deref())?,
            (
                Part::FileUrl {
                    url,
                    media_type,
                    name,
                },
                Role::User | Role::Tool,
            ) => address_block(url, media_type.as_deref(), name.as_deref())?,
            (Part::ToolCall(call), Role::Assistant) => BlockKind::ToolUse {
                id: &call.id,
                name: &call.name,
                input: match &call.arguments {
                    Value::Null => Cow::Owned(serde_json::json!({})),
                    Value::Object(_) => Cow::Borrowed(&call.arguments),
                    _ => {
                        return Err(EncodeError::ToolArguments {
                            tool: call.name.clone(),
                        });
                    }
                },
            },
            (Part::ToolResult { id, text }, Role::User | Role::Tool) => BlockKind::ToolResult {
                tool_use_id: id,
                content: ResultContent::Text(text),
            },
            (part, role) => return Err(misplaced(part, role)),
        };
        if message.role == Role::Tool && !matches!(part, Part::ToolResult { .. }) {
            // It belongs to the result before it.
            match blocks.last_mut().map(|block| &mut block.kind) {
                Some(BlockKind::ToolResult { content, .. }) => content.push(kind),
                _ => return Err(misplaced(part, message.role)),
            }
            continue;
        }
        blocks.push(Block {
            kind,
            cache_control: None,
        });
    }
    Ok(is_marked_before)
}

/// Marks the last block as worth caching up to; tells whether there was one.
fn mark(blocks: &mut [Block<'_>]) -> bool {
    let Some(block) = blocks.last_mut() else {
        return false;
    };
    block.cache_control = Some(CacheControl { kind: "ephemeral" });
    true
}

/// A document that the vendor fetches. It takes PDFs and images so; a type that nobody said is for it to find out.
fn address_block<'a>(
    url: &'a str,
    media_type: Option<&str>,
    title: Option<&'a str>,
) -> Result<BlockKind<'a>, EncodeError> {
    let source = Source::Url { url };
    match media_type {
        None | Some("application/pdf") => Ok(BlockKind::Document { source, title }),
        Some(image) if image.starts_with("image/") => Ok(BlockKind::Image { source }),
        Some(other) => Err(EncodeError::Unsupported {
            dialect: Dialect::Anthropic,
            what: format!("a file of type `{other}` by its address"),
            hint: "send its bytes in base64, or a PDF",
        }),
    }
}

fn file_block<'a>(
    data: &'a str,
    media_type: &'a str,
    title: Option<&'a str>,
) -> Result<BlockKind<'a>, EncodeError> {
    let base64 = Source::Base64 { media_type, data };
    match media_type {
        "application/pdf" => Ok(BlockKind::Document {
            source: base64,
            title,
        }),
        "text/plain" => {
            let text = STANDARD
                .decode(data)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            let data = text.ok_or_else(|| EncodeError::FileData {
                media_type: media_type.to_owned(),
            })?;
            Ok(BlockKind::Document {
                source: Source::Text { media_type, data },
                title,
            })
        }
        image if image.starts_with("image/") => Ok(BlockKind::Image { source: base64 }),
        other => Err(EncodeError::Unsupported {
            dialect: Dialect::Anthropic,
            what: format!("a file of type `{other}`"),
            hint: "send a PDF, plain text or an image",
        }),
    }
}
