//! What in a request is not text of its own: pictures, files, references.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What was found in a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Pictures, by address or in the body.
    pub(super) n_images: u64,
    /// Whether something is read whose length the body does not bound.
    pub(super) fills_context: bool,
}

/// Looks through a body; `None` = it cannot be read to its end.
pub(super) fn find(body: &[u8]) -> Option<Found> {
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let node = Node {
        found: &mut found,
        name: Name::Body,
        depth: 0,
    };
    node.deserialize(&mut deserializer).ok()?;
    Some(found)
}

/// A field's name, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// The body itself.
    Body,
    /// Its list of items, in Responses.
    Input,
    /// What an object is.
    Type,
    /// An item's own name.
    Id,
    /// Who speaks.
    Role,
    /// Of what kind the data are.
    MediaType,
    /// The bytes of a picture or a file.
    Data,
    /// Where Anthropic's pictures and documents come from.
    Source,
    /// Where Gemini's come from.
    Inline,
    /// Where Gemini finds what was stored, or OpenAI's bytes of a file.
    FileData,
    /// A picture.
    ImageUrl,
    /// Something at the vendor or behind an address.
    Reference,
    /// Sound or film.
    Recording,
    /// Sound that was answered before, or how to speak.
    Audio,
    /// At the top: what the vendor has stored.
    Stored,
    Other,
}

impl Name {
    fn of(name: &str, depth: u8) -> Self {
        match name {
            "input" if depth == 0 => Self::Input,
            "previous_response_id"
            | "conversation"
            | "prompt"
            | "cachedContent"
            | "cached_content"
                if depth == 0 =>
            {
                Self::Stored
            }
            "type" => Self::Type,
            "id" => Self::Id,
            "role" => Self::Role,
            "media_type" | "mimeType" | "mime_type" => Self::MediaType,
            "data" => Self::Data,
            "source" => Self::Source,
            "inlineData" | "inline_data" => Self::Inline,
            "fileData" | "file_data" => Self::FileData,
            "image_url" => Self::ImageUrl,
            "file_id" | "file_url" | "fileUri" | "file_uri" => Self::Reference,
            "input_audio" | "input_video" | "audio_url" | "video_url" => Self::Recording,
            "audio" => Self::Audio,
            _ => Self::Other,
        }
    }
}

/// Of what kind the bytes within an object are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Media {
    #[default]
    Unknown,
    Image,
    Text,
}

impl Media {
    fn of(word: &str) -> Self {
        let is = |kind: &str| {
            let start = word.get(..kind.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(kind))
        };
        if is("image/") {
            Self::Image
        } else if is("text/plain") {
            Self::Text
        } else {
            Self::Unknown
        }
    }
}

/// What an object is, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    /// An earlier item at the vendor.
    ItemReference,
    /// A source whose bytes are text: no longer than they are written.
    Text,
    /// A source of bytes.
    Bytes,
    Other,
}

/// What an object says to the one that it stands in.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    kind: Option<Kind>,
    media: Media,
    is_object: bool,
    has_id: bool,
    has_role: bool,
    has_reference: bool,
    /// A source of Anthropic's, or bytes of Gemini's: how long it can be.
    source: Option<Media>,
}

/// One value on the way through a body.
struct Node<'f> {
    found: &'f mut Found,
    name: Name,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Said;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Said, E> {
        Ok(Said::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Said, E> {
        let mut said = Said::default();
        match self.name {
            Name::Type => {
                said.kind = Some(match text {
                    "image" => Kind::Image,
                    "item_reference" => Kind::ItemReference,
                    "text" | "content" => Kind::Text,
                    "base64" => Kind::Bytes,
                    _ => Kind::Other,
                });
            }
            Name::MediaType => said.media = Media::of(text),
            Name::Id => said.has_id = true,
            Name::Role => said.has_role = true,
            Name::Reference => said.has_reference = true,
            Name::ImageUrl => self.found.n_images += 1,
            // Packed, unless it says that it is plain text.
            Name::FileData => {
                let kind = text.strip_prefix("data:").map_or(Media::Unknown, Media::of);
                self.found.fills_context |= kind != Media::Text;
            }
            Name::Recording | Name::Stored => self.found.fills_context = true,
            Name::Body
            | Name::Input
            | Name::Data
            | Name::Source
            | Name::Inline
            | Name::Audio
            | Name::Other => {}
        }
        Ok(said)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Said, A::Error> {
        while let Some(item) = seq.next_element_seed(Node {
            found: &mut *self.found,
            name: Name::Other,
            depth: self.depth,
        })? {
            // An item of which nothing but its name is told is one at the vendor.
            let is_bare = item.is_object && item.has_id && item.kind.is_none() && !item.has_role;
            self.found.fills_context |= self.name == Name::Input && is_bare;
        }
        Ok(Said::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut said = Said {
            is_object: true,
            ..Said::default()
        };
        while let Some(name) = map.next_key_seed(Key { depth: self.depth })? {
            let inner = map.next_value_seed(Node {
                found: &mut *self.found,
                name,
                depth: self.depth.saturating_add(1),
            })?;
            // Which of two fields of one name counts is for each reader to say.
            self.found.fills_context |= match name {
                Name::Type => said.kind.is_some(),
                Name::MediaType => said.media != Media::Unknown,
                Name::Source => said.source.is_some(),
                _ => false,
            };
            match name {
                Name::Type => said.kind = inner.kind,
                Name::MediaType => said.media = inner.media,
                Name::Id => said.has_id |= inner.has_id,
                Name::Role => said.has_role |= inner.has_role,
                Name::Reference => said.has_reference |= inner.has_reference,
                Name::Source if inner.is_object => said.source = Some(inner.source_length()),
                Name::Inline if inner.is_object => self.found.count(inner.media),
                Name::FileData if inner.is_object => {
                    // Behind an address a text may be as long as it likes.
                    self.found.count(match inner.media {
                        Media::Image => Media::Image,
                        Media::Text | Media::Unknown => Media::Unknown,
                    });
                }
                Name::ImageUrl if inner.is_object => self.found.n_images += 1,
                Name::Recording | Name::Stored => self.found.fills_context |= inner.is_object,
                Name::Audio => self.found.fills_context |= inner.has_id,
                Name::Body
                | Name::Input
                | Name::Data
                | Name::Source
                | Name::Inline
                | Name::FileData
                | Name::ImageUrl
                | Name::Other => {}
            }
        }
        match (said.kind, said.source) {
            (Some(Kind::Image), _) => self.found.n_images += 1,
            (Some(Kind::ItemReference), _) => self.found.fills_context = true,
            (_, Some(length)) => self.found.count(length),
            (_, None) => {}
        }
        // A picture of Gemini's behind an address is counted by what it stands in.
        let is_picture = self.name == Name::FileData && said.media == Media::Image;
        self.found.fills_context |= said.has_reference && !is_picture;
        Ok(said)
    }
}

impl Said {
    /// How long what a source gives can be.
    fn source_length(self) -> Media {
        match (self.kind, self.media) {
            (Some(Kind::Text), _) => Media::Text,
            (Some(Kind::Bytes), media) => media,
            // An address, a file at the vendor, or a word that is new.
            (_, _) => Media::Unknown,
        }
    }
}

impl Found {
    fn count(&mut self, media: Media) {
        match media {
            Media::Image => self.n_images += 1,
            Media::Text => {}
            Media::Unknown => self.fills_context = true,
        }
    }
}

/// Reads a field's name.
struct Key {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name::of(name, self.depth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &str, n_images: u64, fills_context: bool) {
        for body in [
            format!(r#"{{"messages":[{{"role":"user","content":[{content}]}}]}}"#),
            format!(r#"{{"input":[{{"role":"user","content":[{content}]}}]}}"#),
        ] {
            let expected = Found {
                n_images,
                fills_context,
            };
            assert_eq!(find(body.as_bytes()), Some(expected), "{body}");
        }
    }

    #[test]
    fn pictures_are_counted_wherever_they_come_from() {
        check(
            r#"{"type":"text","text":"a picture of an \"image\": image_url"}"#,
            0,
            false,
        );
        check(
            r#"{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}"#,
            1,
            false,
        );
        check(
            r#"{"type":"input_image","image_url":"https://x.example/a.png"}"#,
            1,
            false,
        );
        check(
            r#"{"type":"input_im\u0061ge","image_\u0075rl":"data:image/png;base64,AA=="}"#,
            1,
            false,
        );
        check(
            r#"{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}"#,
            1,
            false,
        );
        check(
            r#"{"source":{"type":"base64","media_type":"image/png","data":"AA=="},"type":"image"}"#,
            1,
            false,
        );
        check(
            r#"{"inlineData":{"mimeType":"image/png","data":"AA=="}}"#,
            1,
            false,
        );
        check(
            r#"{"fileData":{"mimeType":"image/png","fileUri":"https://x.example/a"}}"#,
            1,
            false,
        );
    }

    #[test]
    fn files_recordings_and_references_fill_the_context() {
        for content in [
            r#"{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}"#,
            r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="}}"#,
            r#"{"type":"document","source":{"type":"new"}}"#,
            r#"{"type":"input_file","file_url":"https://x.example/a.pdf"}"#,
            r#"{"type":"input_file","file_id":"file-1"}"#,
            r#"{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}"#,
            r#"{"type":"input_file","file_data":"AA=="}"#,
            r#"{"type":"file","file":{"file_data":"data:text/csv;base64,AA=="}}"#,
            r#"{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}"#,
            r#"{"type":"video_url","video_url":{"url":"https://x.example/a.mp4"}}"#,
            r#"{"inlineData":{"mimeType":"application/pdf","data":"AA=="}}"#,
            r#"{"fileData":{"fileUri":"https://x.example/a"}}"#,
            r#"{"fileData":{"mimeType":"text/plain","fileUri":"https://x.example/a"}}"#,
        ] {
            check(content, 0, true);
        }
        for content in [
            r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a"}}"#,
            r#"{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"}]}}"#,
            r#"{"type":"file","file":{"file_data":"data:text/plain;base64,AA=="}}"#,
            r#"{"type":"search_result","source":"https://x.example","title":"a"}"#,
        ] {
            check(content, 0, false);
        }
    }

    #[test]
    fn what_the_vendor_has_stored_fills_the_context() {
        for body in [
            r#"{"input":[{"type":"item_reference","id":"msg_1"}]}"#,
            r#"{"input":[{"id":"msg_1"}]}"#,
            r#"{"input":[{"id":"msg_1","type":null}]}"#,
            r#"{"previous_response_id":"resp_1"}"#,
            r#"{"conversation":{"id":"c"}}"#,
            r#"{"prompt":{"id":"p"}}"#,
            r#"{"cachedContent":"c"}"#,
            r#"{"messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}"#,
        ] {
            assert!(find(body.as_bytes()).unwrap().fills_context, "{body}");
        }
        for body in [
            r#"{"input":[{"id":"msg_1","role":"assistant","content":"a"}]}"#,
            r#"{"input":[{"id":"fc_1","type":"function_call","name":"f"}]}"#,
            r#"{"previous_response_id":null,"conversation":null,"prompt":null}"#,
            r#"{"audio":{"voice":"alloy","format":"wav"}}"#,
            r#"{"tools":[{"parameters":{"properties":{"file_url":{"type":"string"}}}}]}"#,
        ] {
            assert_eq!(find(body.as_bytes()), Some(Found::default()), "{body}");
        }
        assert_eq!(find(br#"{"a":"\ud83e"}"#), None);
        assert_eq!(find(&[b'['; 200]), None);
    }
}
