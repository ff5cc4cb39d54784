//! The input of a Responses request.
//!
//! In: a text or a list of items. Out: messages. Calls join the assistant's message before them, as
//! the other dialects have them; the model's own reasoning, which only it understands, is left out.

use serde::Deserialize;
use serde_json::Value;
use trilemma_domain::{Message, Part, Role, ToolCall};

use crate::server::object::objects;
use crate::server::request::{
    RequestError, arguments, field, split_data_url, tool_result, web_address,
};

/// Why something cannot be translated.
const STORED: &str = "refers to what the vendor has stored, which is not here";

/// Everything that is said.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "`input` is neither a text nor a list of items as the reference has them"
)]
pub(super) enum Input {
    Text(String),
    Items(#[serde(deserialize_with = "objects")] Vec<Item>),
}

/// One item of the input.
#[derive(Deserialize)]
pub(super) struct Item {
    /// Messages may leave it out.
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    content: Option<Content>,
    call_id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    output: Option<Content>,
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
    image_url: Option<String>,
    file_data: Option<String>,
    file_url: Option<String>,
    file_id: Option<Value>,
    filename: Option<String>,
}

/// Reads the input.
pub(super) fn messages(input: Input) -> Result<Vec<Message>, RequestError> {
    let items = match input {
        Input::Text(text) => return Ok(vec![Message::text(Role::User, text)]),
        Input::Items(items) => items,
    };
    let mut messages = Vec::with_capacity(items.len());
    for item in items {
        push(&mut messages, item)?;
    }
    Ok(messages)
}

fn push(messages: &mut Vec<Message>, item: Item) -> Result<(), RequestError> {
    match item.kind.as_deref() {
        None | Some("message") => messages.push(message(item)?),
        Some("function_call") => {
            let call = Part::ToolCall(ToolCall {
                id: item.call_id.unwrap_or_default(),
                name: item
                    .name
                    .ok_or_else(|| field("input.name", "missing in a function call"))?,
                arguments: arguments(item.arguments.unwrap_or_default()),
            });
            match messages.last_mut() {
                Some(last) if last.role == Role::Assistant => last.parts.push(call),
                _ => messages.push(Message {
                    role: Role::Assistant,
                    parts: vec![call],
                }),
            }
        }
        Some("function_call_output") => messages.push(Message {
            role: Role::Tool,
            parts: tool_result(
                item.call_id
                    .ok_or_else(|| field("input.call_id", "missing in a function's output"))?,
                item.output.map_or(Ok(Vec::new()), parts)?,
            ),
        }),
        Some("reasoning") => {}
        Some("item_reference") => {
            return Err(field("input.type", STORED));
        }
        Some(other) => return Err(field("input.type", format!("unknown item `{other}`"))),
    }
    Ok(())
}

fn message(item: Item) -> Result<Message, RequestError> {
    let role = match item.role.as_deref() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some(other) => return Err(field("input.role", format!("unknown role `{other}`"))),
        None => return Err(field("input.role", "missing in a message")),
    };
    Ok(Message {
        role,
        parts: item.content.map_or(Ok(Vec::new()), parts)?,
    })
}

fn parts(content: Content) -> Result<Vec<Part>, RequestError> {
    match content {
        Content::Text(text) => Ok(vec![Part::Text { text }]),
        Content::Parts(parts) => parts.into_iter().map(part).collect(),
    }
}

fn part(raw: PartBody) -> Result<Part, RequestError> {
    match raw.kind.as_str() {
        "input_text" | "output_text" | "text" => Ok(Part::Text {
            text: raw.text.unwrap_or_default(),
        }),
        "refusal" => Ok(Part::Text {
            text: raw.refusal.unwrap_or_default(),
        }),
        "input_image" => {
            let url = raw.image_url.ok_or_else(|| {
                let problem = "missing; a file that the vendor has stored is not here";
                field("input.content.image_url", problem)
            })?;
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
        "input_file" => {
            let is_stored = raw.file_id.is_some_and(|id| !id.is_null());
            let url = match (raw.file_data, raw.file_url) {
                (None, None) if is_stored => return Err(field("input.content.file_id", STORED)),
                (None, Some(url)) => {
                    return Ok(Part::FileUrl {
                        url: web_address("input.content.file_url", url)?,
                        media_type: None,
                        name: raw.filename,
                    });
                }
                (data, _) => data.unwrap_or_default(),
            };
            let (media_type, data) = split_data_url(&url)
                .ok_or_else(|| field("input.content.file_data", "not a base64 data address"))?;
            Ok(Part::File {
                data: data.to_owned(),
                media_type: media_type.to_owned(),
                name: raw.filename,
            })
        }
        other => Err(field(
            "input.content.type",
            format!("unknown part `{other}`"),
        )),
    }
}
