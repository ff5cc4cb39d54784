//! Requests for chat completions.
//!
//! In: a neutral request. Out: the body, borrowed from it. One message may become several: each
//! tool result is a message of its own, and the images and files of results are shown by the user. Texts of one message are joined, which every compatible
//! server reads; a list of parts is sent only where there are images or files.

use std::borrow::Cow;

use trilemma_domain::{
    ChatRequest, Dialect, Message, Part, ResponseFormat, Role, Target, Tool, ToolCall, ToolChoice,
};

use super::body::{
    Address, Body, CalledFunction, Choice, Format, JsonText, Named, Schema, StreamOptions,
    WireCall, WireContent, WireFile, WireImage, WireMessage, WirePart, WireTool,
};
use crate::client::request::{
    EncodeError, ImageSource, WireRequest, assemble, image_source, misplaced, model_name,
    path_segment,
};

/// Text of a result that holds nothing but images or files.
const SHOWN_BELOW: &str = "The result is in the next message of the user.";
/// Stands before images and files of results, each after the id of its call.
const FROM_RESULTS: &str = "Files of the tool results above, each after its call's id:";

/// Encodes a request for OpenAI, a compatible server, or Azure.
///
/// # Errors
///
/// As `encode_request`.
pub(crate) fn encode(target: &Target, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    let params = &request.params;
    if params.reasoning_tokens.is_some() {
        return Err(EncodeError::Unsupported {
            dialect: target.dialect,
            what: "`reasoning_tokens`".to_owned(),
            hint: "use `reasoning_effort`, or the server's own field in `extra_body`",
        });
    }
    let is_azure = target.dialect == Dialect::Azure;
    let model = model_name(target, request);
    let length = length_field(model, params.extra_body.keys().map(String::as_str));
    let length_if = |field| params.max_output_tokens.filter(|_| length == Some(field));
    let body = Body {
        // Azure reads the deployment from the path.
        model: if is_azure { "" } else { model },
        messages: wire_messages(&request.messages)?,
        max_tokens: length_if(LengthField::MaxTokens),
        max_completion_tokens: length_if(LengthField::MaxCompletionTokens),
        temperature: params.temperature,
        top_p: params.top_p,
        seed: params.seed,
        stop: &params.stop,
        reasoning_effort: params.reasoning_effort.as_deref(),
        response_format: request.response_format.as_ref().map(wire_format),
        tools: request.tools.iter().map(wire_tool).collect(),
        tool_choice: wire_choice(request),
        stream: request.stream,
        stream_options: request.stream.then_some(StreamOptions {
            include_usage: true,
        }),
    };
    let path = if is_azure {
        azure_path(target, "chat/completions")?
    } else {
        "/chat/completions".to_owned()
    };
    assemble(path, request, &body)
}

/// The path of one of a deployment's endpoints on Azure.
pub(crate) fn azure_path(target: &Target, endpoint: &str) -> Result<String, EncodeError> {
    let version = target
        .api_version
        .as_deref()
        .filter(|version| !version.is_empty())
        .ok_or(EncodeError::MissingApiVersion)?;
    Ok(format!(
        "/openai/deployments/{}/{endpoint}?api-version={}",
        path_segment(&target.model),
        path_segment(version),
    ))
}

/// Name of the field that bounds the answer's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LengthField {
    MaxTokens,
    MaxCompletionTokens,
}

/// Which field bounds the answer's length; `None` = `extra_body` has one of its own.
///
/// OpenAI's reasoning models (o-series, gpt-5 and later) refuse `max_tokens`, many compatible
/// servers know nothing else. An Azure deployment's name need not tell its model: where it does
/// not, `extra_body` can.
fn length_field<'a>(
    model: &str,
    mut extra_keys: impl Iterator<Item = &'a str>,
) -> Option<LengthField> {
    if extra_keys.any(|key| matches!(key, "max_tokens" | "max_completion_tokens")) {
        return None;
    }
    Some(if is_reasoning_model(model) {
        LengthField::MaxCompletionTokens
    } else {
        LengthField::MaxTokens
    })
}

/// Whether a name is that of an OpenAI reasoning model: `o1`, `o4-mini-…`, `gpt-5.1`, also after
/// a vendor prefix (`openai/`) or that of a fine-tune (`ft:`).
fn is_reasoning_model(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    let starts_with_number = |text: &str, least: u32| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = text.split_at(digits);
        number.parse().is_ok_and(|number: u32| number >= least)
            && tail
                .bytes()
                .next()
                .is_none_or(|byte| matches!(byte, b'-' | b'.' | b':' | b'_'))
    };
    name.strip_prefix("gpt-")
        .is_some_and(|tail| starts_with_number(tail, 5))
        || name
            .strip_prefix('o')
            .is_some_and(|tail| starts_with_number(tail, 1))
}

fn wire_messages(messages: &[Message]) -> Result<Vec<WireMessage<'_>>, EncodeError> {
    let mut wire = Vec::with_capacity(messages.len());
    let mut media = Vec::new();
    for message in messages {
        if message.role != Role::Tool {
            push_media(&mut media, &mut wire);
        }
        push_results(message, &mut wire, &mut media)?;
        if message.role != Role::Tool {
            push_message(message, &mut wire)?;
        }
    }
    push_media(&mut media, &mut wire);
    Ok(wire)
}

/// Results of tools are text here: what else they hold is shown by the user, once all results are there.
fn push_media<'a>(media: &mut Vec<WirePart<'a>>, wire: &mut Vec<WireMessage<'a>>) {
    if !media.is_empty() {
        wire.push(WireMessage {
            role: "user",
            content: Some(WireContent::Parts(std::mem::take(media))),
            tool_calls: Vec::new(),
            tool_call_id: None,
        });
    }
}

/// Tool results come first: they answer the assistant's turn before.
fn push_results<'a>(
    message: &'a Message,
    wire: &mut Vec<WireMessage<'a>>,
    media: &mut Vec<WirePart<'a>>,
) -> Result<(), EncodeError> {
    let mut last = None;
    for part in &message.parts {
        match (part, message.role) {
            (Part::ToolResult { id, text }, Role::Tool | Role::User) => {
                let is_shown_below = text.is_empty()
                    && message.role == Role::Tool
                    && message.parts.iter().any(Part::is_attachment);
                last = Some(id);
                wire.push(WireMessage {
                    role: "tool",
                    content: Some(WireContent::Text(Cow::Borrowed(if is_shown_below {
                        SHOWN_BELOW
                    } else {
                        text
                    }))),
                    tool_calls: Vec::new(),
                    tool_call_id: Some(id),
                });
            }
            (Part::Image { .. } | Part::File { .. } | Part::FileUrl { .. }, Role::Tool) => {
                let Some(id) = last else {
                    return Err(misplaced(part, Role::Tool));
                };
                if media.is_empty() {
                    media.push(WirePart::Text { text: FROM_RESULTS });
                }
                // Told apart by the calls' ids, where several results have files.
                media.push(WirePart::Text { text: id });
                media.push(wire_media(part)?);
            }
            (Part::ToolResult { .. }, role) => return Err(misplaced(part, role)),
            (Part::CacheBreakpoint, _) => {}
            (part, Role::Tool) => return Err(misplaced(part, Role::Tool)),
            (_, _) => {}
        }
    }
    Ok(())
}

fn push_message<'a>(
    message: &'a Message,
    wire: &mut Vec<WireMessage<'a>>,
) -> Result<(), EncodeError> {
    let mut parts = Vec::new();
    let mut tool_calls = Vec::new();
    let mut is_text_only = true;
    let mut has_results = false;
    for part in &message.parts {
        match (part, message.role) {
            (Part::Text { text }, _) => parts.push(WirePart::Text { text }),
            (Part::CacheBreakpoint, _) => {}
            (Part::ToolResult { .. }, _) => has_results = true,
            (Part::ToolCall(call), Role::Assistant) => tool_calls.push(wire_call(call)),
            (Part::Image { .. } | Part::File { .. } | Part::FileUrl { .. }, Role::User) => {
                is_text_only = false;
                parts.push(wire_media(part)?);
            }
            (part, role) => return Err(misplaced(part, role)),
        }
    }
    if parts.is_empty() && has_results {
        return Ok(());
    }
    let content = match (is_text_only, parts.is_empty() && !tool_calls.is_empty()) {
        (_, true) => None,
        (true, false) => Some(WireContent::Text(joined(&parts))),
        (false, false) => Some(WireContent::Parts(parts)),
    };
    wire.push(WireMessage {
        role: match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        },
        content,
        tool_calls,
        tool_call_id: None,
    });
    Ok(())
}

fn joined<'a>(parts: &[WirePart<'a>]) -> Cow<'a, str> {
    match parts {
        [WirePart::Text { text }] => Cow::Borrowed(text),
        parts => parts
            .iter()
            .filter_map(|part| match part {
                WirePart::Text { text } => Some(*text),
                WirePart::ImageUrl { .. } | WirePart::File { .. } => None,
            })
            .collect::<String>()
            .into(),
    }
}

fn wire_media(part: &Part) -> Result<WirePart<'_>, EncodeError> {
    match part {
        Part::Image {
            url,
            data,
            media_type,
        } => {
            let source = image_source(url.as_deref(), data.as_deref(), media_type.as_deref())?;
            Ok(WirePart::ImageUrl {
                image_url: WireImage {
                    url: Address(source),
                },
            })
        }
        Part::File {
            data,
            media_type,
            name,
        } => Ok(WirePart::File {
            file: WireFile {
                filename: name.as_deref().unwrap_or("file"),
                file_data: Address(ImageSource::Inline { media_type, data }),
            },
        }),
        // Chat completions take a file's bytes, or what OpenAI has stored.
        Part::FileUrl { .. } => Err(EncodeError::Unsupported {
            dialect: Dialect::OpenAi,
            what: "a document by its address".to_owned(),
            hint: "send its bytes in base64, or ask a server that speaks Responses, Messages or Gemini",
        }),
        Part::Text { .. } | Part::ToolCall(_) | Part::ToolResult { .. } | Part::CacheBreakpoint => {
            Err(misplaced(part, Role::User))
        }
    }
}

fn wire_call(call: &ToolCall) -> WireCall<'_> {
    WireCall {
        id: &call.id,
        kind: "function",
        function: CalledFunction {
            name: &call.name,
            arguments: JsonText(&call.arguments),
        },
    }
}

fn wire_tool(tool: &Tool) -> WireTool<'_> {
    WireTool {
        kind: "function",
        function: tool,
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
            function: Named { name },
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
            json_schema: Schema {
                name,
                strict: strict.unwrap_or(true),
                schema,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_models_are_told_by_name() {
        for model in [
            "o1",
            "o3-mini",
            "o4-mini-2025-04-16",
            "gpt-5",
            "gpt-5.1",
            "gpt-6-luna",
            "openai/gpt-5-mini",
            "ft:gpt-5-mini:acme::x",
            "gpt-10",
        ] {
            assert!(is_reasoning_model(model), "{model}");
        }
        for model in [
            "gpt-4o",
            "gpt-4.1-mini",
            "gpt-oss-120b",
            "gpt-",
            "o",
            "olmo-2",
            "o1x",
            "openchat",
            "gpt-3.5-turbo",
            "llama-3.1-8b",
            "gpt-5o",
            "",
        ] {
            assert!(!is_reasoning_model(model), "{model}");
        }
    }
}
