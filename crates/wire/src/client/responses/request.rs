//! Requests for OpenAI Responses.
//!
//! In: a neutral request. Out: the body, borrowed from it. One message may become several items:
//! calls of tools and their results are items of their own. Nothing is asked to be stored.

use trilemma_domain::{ChatRequest, Message, Part, ResponseFormat, Role, Target, Tool, ToolChoice};

use super::body::{
    Body, Choice, Format, InputItem, InputPart, Output, Reasoning, TextConfig, WireTool,
};
use crate::client::openai::{Address, JsonText};
use crate::client::request::{
    EncodeError, ImageSource, WireRequest, assemble, image_source, misplaced, model_name,
};

/// Encodes a request.
///
/// # Errors
///
/// As `encode_request`.
pub(crate) fn encode(target: &Target, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    let params = &request.params;
    let unsupported = |what: &str, hint| EncodeError::Unsupported {
        dialect: target.dialect,
        what: what.to_owned(),
        hint,
    };
    if params.reasoning_tokens.is_some() {
        return Err(unsupported(
            "`reasoning_tokens`",
            "use `reasoning_effort`, or the server's own field in `extra_body`",
        ));
    }
    if !params.stop.is_empty() {
        return Err(unsupported("`stop`", "leave it out"));
    }
    let body = Body {
        model: model_name(target, request),
        input: items(&request.messages)?,
        max_output_tokens: params.max_output_tokens,
        temperature: params.temperature,
        top_p: params.top_p,
        reasoning: params
            .reasoning_effort
            .as_deref()
            .map(|effort| Reasoning { effort }),
        text: request.response_format.as_ref().map(|format| TextConfig {
            format: wire_format(format),
        }),
        tools: request.tools.iter().map(wire_tool).collect(),
        tool_choice: wire_choice(request),
        store: false,
        stream: request.stream,
    };
    assemble("/responses".to_owned(), request, &body)
}

fn items(messages: &[Message]) -> Result<Vec<InputItem<'_>>, EncodeError> {
    let mut items = Vec::with_capacity(messages.len());
    for message in messages {
        push_message(message, &mut items)?;
    }
    Ok(items)
}

/// Adds the items of one message in the order of its parts.
fn push_message<'a>(
    message: &'a Message,
    items: &mut Vec<InputItem<'a>>,
) -> Result<(), EncodeError> {
    let n_before = items.len();
    let mut content = Vec::new();
    for part in &message.parts {
        let n_items = items.len();
        match (part, message.role) {
            (Part::CacheBreakpoint, _) => {}
            (Part::ToolResult { id, text }, Role::Tool | Role::User) => {
                flush(message.role, &mut content, items);
                items.push(InputItem::FunctionCallOutput {
                    call_id: id,
                    output: Output::Text(text),
                });
            }
            (Part::Image { .. } | Part::File { .. } | Part::FileUrl { .. }, Role::Tool) => {
                let media = media(part)?;
                match items.last_mut() {
                    Some(InputItem::FunctionCallOutput { output, .. }) if n_before < n_items => {
                        output.push(media);
                    }
                    _ => return Err(misplaced(part, message.role)),
                }
            }
            (Part::ToolCall(call), Role::Assistant) => {
                flush(message.role, &mut content, items);
                items.push(InputItem::FunctionCall {
                    call_id: &call.id,
                    name: &call.name,
                    arguments: JsonText(&call.arguments),
                });
            }
            (Part::Text { text }, Role::Assistant) => content.push(InputPart::OutputText { text }),
            (Part::Text { text }, Role::System | Role::User) => {
                content.push(InputPart::InputText { text });
            }
            (Part::Image { .. } | Part::File { .. } | Part::FileUrl { .. }, Role::User) => {
                content.push(media(part)?)
            }
            (part, role) => return Err(misplaced(part, role)),
        }
    }
    if content.is_empty() && items.len() > n_before {
        return Ok(());
    }
    push_content(message.role, content, items);
    Ok(())
}

fn flush<'a>(role: Role, content: &mut Vec<InputPart<'a>>, items: &mut Vec<InputItem<'a>>) {
    if !content.is_empty() {
        push_content(role, std::mem::take(content), items);
    }
}

fn push_content<'a>(role: Role, content: Vec<InputPart<'a>>, items: &mut Vec<InputItem<'a>>) {
    items.push(InputItem::Message {
        role: match role {
            Role::System => "system",
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        },
        content,
    });
}

fn media(part: &Part) -> Result<InputPart<'_>, EncodeError> {
    match part {
        Part::Image {
            url,
            data,
            media_type,
        } => {
            let source = image_source(url.as_deref(), data.as_deref(), media_type.as_deref())?;
            Ok(InputPart::InputImage {
                image_url: Address(source),
            })
        }
        Part::File {
            data,
            media_type,
            name,
        } => Ok(InputPart::InputFile {
            // The vendor demands a name beside bytes.
            filename: Some(name.as_deref().unwrap_or("file")),
            file_data: Some(Address(ImageSource::Inline { media_type, data })),
            file_url: None,
        }),
        Part::FileUrl { url, name, .. } => Ok(InputPart::InputFile {
            filename: name.as_deref(),
            file_data: None,
            file_url: Some(url),
        }),
        Part::Text { .. } | Part::ToolCall(_) | Part::ToolResult { .. } | Part::CacheBreakpoint => {
            Err(misplaced(part, Role::User))
        }
    }
}

fn wire_tool(tool: &Tool) -> WireTool<'_> {
    WireTool {
        kind: "function",
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters: &tool.parameters,
        strict: tool.strict.unwrap_or(false),
    }
}

fn wire_choice(request: &ChatRequest) -> Option<Choice<'_>> {
    if request.tools.is_empty() {
        return None;
    }
    match &request.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Word("none")),
        ToolChoice::Required => Some(Choice::Word("required")),
        ToolChoice::Named(name) => Some(Choice::Named {
            kind: "function",
            name,
        }),
    }
}

fn wire_format(format: &ResponseFormat) -> Format<'_> {
    match format {
        ResponseFormat::JsonObject => Format::JsonObject,
        ResponseFormat::JsonSchema {
            name,
            schema,
            strict,
        } => Format::JsonSchema {
            name,
            strict: strict.unwrap_or(true),
            schema,
        },
    }
}
