//! The pieces of a message: text, images, files, calls and results.
//!
//! In: a list of part objects, ours or OpenAI's. Out: [`Part`]s; data URLs and paths become inline
//! base64 with a media type. References to files stored at one vendor (`file_id`) and audio are
//! refused: other candidates could not be asked the same.

use std::path::Path;

use serde_json::{Map, Value};
use trilemma_domain::Part;

use super::attach;
use super::calls;
use super::fault::{Fault, describe};

/// Reads a list of parts.
pub(crate) fn parts(members: Vec<Value>, base: Option<&Path>) -> Result<Vec<Part>, Fault> {
    members
        .into_iter()
        .enumerate()
        .map(|(idx, member)| part(member, base).map_err(|fault| fault.in_member(idx)))
        .collect()
}

fn part(value: Value, base: Option<&Path>) -> Result<Part, Fault> {
    let mut object = match value {
        Value::String(text) => return Ok(Part::Text { text }),
        Value::Object(object) => object,
        other => {
            return Err(Fault::new(
                format!("expected a part, found {}", describe(&other)),
                r#"write {"type": "text", "text": "…"}"#,
            ));
        }
    };
    let kind = match object.remove("type") {
        Some(Value::String(kind)) => kind,
        found => {
            return Err(Fault::new(
                format!(
                    "expected the type of the part, found {}",
                    found.map_or_else(|| "none".to_owned(), |found| describe(&found))
                ),
                KNOWN_TYPES,
            )
            .under(".type"));
        }
    };
    match kind.as_str() {
        "text" | "input_text" | "output_text" => Ok(Part::Text {
            text: required(&mut object, "text")?,
        }),
        "refusal" => Ok(Part::Text {
            text: required(&mut object, "refusal")?,
        }),
        "image" => image(object, base),
        "image_url" | "input_image" => openai_image(object, base),
        "file" | "input_file" => file(object, base),
        "tool_call" => calls::tool_call(Value::Object(object)).map(Part::ToolCall),
        "tool_result" => Ok(Part::ToolResult {
            id: required(&mut object, "id")?,
            text: required(&mut object, "text")?,
        }),
        "cache_breakpoint" => Ok(Part::CacheBreakpoint),
        other => Err(Fault::new(
            format!(
                "parts of type {} are not supported",
                crate::problem::quote(other)
            ),
            KNOWN_TYPES,
        )
        .under(".type")),
    }
}

const KNOWN_TYPES: &str =
    "known types are text, image, image_url, file, tool_call, tool_result and cache_breakpoint";

fn required(object: &mut Map<String, Value>, key: &str) -> Result<String, Fault> {
    optional(object, key)?.ok_or_else(|| {
        Fault::new("is missing", "every part of this type needs it").under(&format!(".{key}"))
    })
}

/// Takes a text out of an object; `None` = absent or null.
pub(super) fn optional(
    object: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<String>, Fault> {
    match object.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Fault::new(
            format!("expected a text, found {}", describe(&other)),
            "put it in quotation marks",
        )
        .under(&format!(".{key}"))),
    }
}

fn image(mut object: Map<String, Value>, base: Option<&Path>) -> Result<Part, Fault> {
    let media_type = optional(&mut object, "media_type")?;
    let url = optional(&mut object, "url")?;
    let data = optional(&mut object, "data")?;
    let path = optional(&mut object, "path")?;
    match (url, data, path) {
        (Some(url), None, None) => image_of_url(url, base),
        (None, Some(data), None) => {
            let media_type = media_type.ok_or_else(|| {
                Fault::new("is missing", r#"such as "media_type": "image/png""#)
                    .under(".media_type")
            })?;
            check_base64(&data)?;
            Ok(inline_image(data, media_type))
        }
        (None, None, Some(path)) => image_of_path(&path, base),
        _ => Err(Fault::new(
            "an image needs exactly one of `path`, `url` and `data`",
            r#"write {"type": "image", "path": "picture.png"}"#,
        )),
    }
}

fn inline_image(data: String, media_type: String) -> Part {
    Part::Image {
        url: None,
        data: Some(data),
        media_type: Some(media_type),
    }
}

fn image_of_path(path: &str, base: Option<&Path>) -> Result<Part, Fault> {
    let loaded = attach::load(base, path).map_err(|fault| fault.under(".path"))?;
    if loaded.media_type.starts_with("image/") {
        Ok(inline_image(loaded.data, loaded.media_type))
    } else {
        Err(Fault::new(
            format!("is not an image but {}", loaded.media_type),
            r#"use "type": "file" for documents"#,
        )
        .under(".path"))
    }
}

/// An address that starts with `data:` is unpacked, other addresses stay addresses.
fn image_of_url(url: String, base: Option<&Path>) -> Result<Part, Fault> {
    if let Some(inline) = data_url(&url).map_err(|fault| fault.under(".url"))? {
        return Ok(inline_image(inline.1, inline.0));
    }
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Part::Image {
            url: Some(url),
            data: None,
            media_type: None,
        });
    }
    image_of_path(&url, base)
}

/// `{"image_url": {"url": …, "detail": …}}` (chat completions) or `{"image_url": "…"}` (responses).
fn openai_image(mut object: Map<String, Value>, base: Option<&Path>) -> Result<Part, Fault> {
    let url = match object.remove("image_url") {
        Some(Value::String(url)) => url,
        Some(Value::Object(mut inner)) => {
            required(&mut inner, "url").map_err(|fault| fault.under(".image_url"))?
        }
        _ if object.contains_key("file_id") => return Err(stored_at_vendor()),
        _ => {
            return Err(
                Fault::new("is missing", r#"write "image_url": {"url": "https://…"}"#)
                    .under(".image_url"),
            );
        }
    };
    image_of_url(url, base).map_err(|fault| fault.under(".image_url"))
}

fn stored_at_vendor() -> Fault {
    Fault::new(
        "`file_id` names a file stored at one vendor, which other candidates cannot read",
        "give the file by `path` or inline",
    )
}

/// Ours (`data`, `media_type`, `name` or `path`) or OpenAI's (`file_data`, `filename`, perhaps below
/// `file`).
fn file(mut object: Map<String, Value>, base: Option<&Path>) -> Result<Part, Fault> {
    if let Some(Value::Object(inner)) = object.get_mut("file").map(Value::take) {
        object.extend(inner);
    }
    if object.contains_key("file_id") {
        return Err(stored_at_vendor());
    }
    let name = match optional(&mut object, "name")? {
        Some(name) => Some(name),
        None => optional(&mut object, "filename")?,
    };
    if let Some(path) = optional(&mut object, "path")? {
        let loaded = attach::load(base, &path).map_err(|fault| fault.under(".path"))?;
        return Ok(Part::File {
            data: loaded.data,
            media_type: loaded.media_type,
            name: name.or(Some(loaded.name)),
        });
    }
    let media_type = optional(&mut object, "media_type")?;
    let data = match optional(&mut object, "data")? {
        Some(data) => data,
        None => optional(&mut object, "file_data")?.ok_or_else(|| {
            Fault::new(
                "a file needs one of `path` and `data`",
                r#"write {"type": "file", "path": "document.pdf"}"#,
            )
        })?,
    };
    let (media_type, data) = match (data_url(&data)?, media_type) {
        (Some(unpacked), _) => unpacked,
        (None, Some(media_type)) => {
            check_base64(&data)?;
            (media_type, data)
        }
        (None, None) => {
            return Err(
                Fault::new("is missing", r#"such as "media_type": "application/pdf""#)
                    .under(".media_type"),
            );
        }
    };
    Ok(Part::File {
        data,
        media_type,
        name,
    })
}

/// Unpacks `data:TYPE;base64,DATA` (RFC 2397); `None` for any other text.
fn data_url(text: &str) -> Result<Option<(String, String)>, Fault> {
    let Some(rest) = text.strip_prefix("data:") else {
        return Ok(None);
    };
    let unpacked = rest.split_once(',').and_then(|(head, data)| {
        let media_type = head.strip_suffix(";base64")?;
        let media_type = media_type.split(';').next().unwrap_or(media_type);
        (!media_type.is_empty()).then(|| (media_type.to_owned(), data.to_owned()))
    });
    let Some((media_type, data)) = unpacked else {
        return Err(Fault::new(
            "the data URL is not of the form `data:TYPE;base64,DATA`",
            "encode the bytes in base64 and name their media type",
        ));
    };
    check_base64(&data)?;
    Ok(Some((media_type, data)))
}

/// Refuses what is not standard base64 (RFC 4648 §4), since every vendor would.
fn check_base64(data: &str) -> Result<(), Fault> {
    let body = data.trim_end_matches('=');
    let padding = data.len() - body.len();
    let well_formed = body
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && data.len().is_multiple_of(4)
        && padding <= 2
        && !body.is_empty();
    if well_formed {
        Ok(())
    } else {
        Err(Fault::new(
            "is not base64",
            "use the standard alphabet with padding and without line breaks",
        )
        .under(".data"))
    }
}
