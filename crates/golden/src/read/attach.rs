//! Images and files that items name by path.
//!
//! In: a path as an item writes it. Out: its bytes in base64 with their media type. A path may not
//! leave the folder of the golden set, neither by `..` nor by a link, so that a golden set from
//! elsewhere cannot send other files of this machine to a vendor.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fault::Fault;

/// The largest attachment: what the vendors of 2026 take inline is well below it.
const MAX_ATTACHMENT_BYTES: u64 = 64 << 20;

const RELATIVE: &str = "paths are relative to the folder of the golden set";

/// One attachment, ready for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) data: String,
    pub(crate) media_type: String,
    pub(crate) name: String,
}

/// Reads the attachment `path` beside the golden set in folder `base`.
pub(crate) fn load(base: Option<&Path>, path: &str) -> Result<Attachment, Fault> {
    let base = base.ok_or_else(|| {
        Fault::new(
            "a path cannot be resolved: the golden set has no folder",
            "read the golden set from a file, or give the bytes inline",
        )
    })?;
    let file = resolve(base, path)?;
    let bytes = read_bounded(&file).map_err(|message| Fault::new(message, RELATIVE))?;
    let media_type = media_type(&file, &bytes).ok_or_else(|| {
        Fault::new(
            "the kind of file is not recognised",
            "known are png, jpg, gif, webp, pdf, txt, md, csv, html, json and xml; \
             or give `data` and `media_type`",
        )
    })?;
    Ok(Attachment {
        data: STANDARD.encode(&bytes),
        media_type: media_type.to_owned(),
        name: file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
    })
}

fn resolve(base: &Path, path: &str) -> Result<PathBuf, Fault> {
    let outside = || {
        Fault::new(
            "the path leaves the folder of the golden set",
            "copy the file beside the golden set and name it by a relative path",
        )
    };
    let relative = Path::new(path);
    let stays = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays || path.is_empty() || path.contains('\0') {
        return Err(outside());
    }
    let missing = |error: std::io::Error| Fault::new(format!("cannot be read: {error}"), RELATIVE);
    let root = fs_err::canonicalize(base).map_err(missing)?;
    let file = fs_err::canonicalize(base.join(relative)).map_err(missing)?;
    if file.starts_with(&root) {
        Ok(file)
    } else {
        Err(outside())
    }
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // Asked before opening: to open a named pipe would wait for its writer.
    if !fs_err::metadata(file).map_err(cannot)?.is_file() {
        return Err("is not a file".to_owned());
    }
    let handle = fs_err::File::open(file).map_err(cannot)?;
    let mut bytes = Vec::new();
    handle
        .take(MAX_ATTACHMENT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.len() as u64 > MAX_ATTACHMENT_BYTES {
        return Err(format!("is larger than {} MiB", MAX_ATTACHMENT_BYTES >> 20));
    }
    Ok(bytes)
}

/// Tells the media type by the first bytes where they say it, else by the extension.
fn media_type(file: &Path, bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some("image/gif");
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    if bytes.starts_with(b"%PDF-") {
        return Some("application/pdf");
    }
    let extension = file.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        _ => return None,
    })
}
