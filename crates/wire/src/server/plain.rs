//! Files of plain text for vendors that take files of other kinds only.
//!
//! In: a neutral request. Out: the same with such files as text. Files that are no UTF-8 stay files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use trilemma_domain::{ChatRequest, Part, Role};

/// Turns files of plain text into text, which every model reads, in place of the files, of which some vendors take
/// only PDF.
pub fn plain_files(chat: &mut ChatRequest) {
    for message in &mut chat.messages {
        let n_parts = message.parts.len();
        let parts = std::mem::take(&mut message.parts);
        for (idx, part) in parts.into_iter().enumerate() {
            let Some(plain) = plain_text(&part) else {
                message.parts.push(part);
                continue;
            };
            match message.parts.last_mut() {
                // What a tool answers is one text.
                Some(Part::ToolResult { text, .. }) if message.role == Role::Tool => {
                    if !text.is_empty() {
                        text.push_str("\n\n");
                    }
                    text.push_str(&plain);
                }
                // Texts of a message are joined: it stands in lines of its own.
                before => {
                    let front = if before.is_some() { "\n\n" } else { "" };
                    let back = if idx + 1 < n_parts { "\n\n" } else { "" };
                    message.parts.push(Part::Text {
                        text: format!("{front}{plain}{back}"),
                    });
                }
            }
        }
    }
}

/// The name and the text of a file of plain text; `None` = it is another part, or no such text.
fn plain_text(part: &Part) -> Option<String> {
    let Part::File {
        data,
        media_type,
        name,
    } = part
    else {
        return None;
    };
    if media_type != "text/plain" {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(data).ok()?).ok()?;
    Some(match name {
        Some(name) => format!("{name}\n\n{text}"),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::Message;

    fn check(role: Role, parts: Vec<Part>, expected: Vec<Part>) {
        let mut chat = ChatRequest {
            model: String::new(),
            messages: vec![Message { role, parts }],
            tools: Vec::new(),
            tool_choice: trilemma_domain::ToolChoice::Auto,
            response_format: None,
            params: trilemma_domain::Params::default(),
            stream: false,
        };
        plain_files(&mut chat);
        assert_eq!(chat.messages[0].parts, expected);
    }

    #[test]
    fn plain_files_become_text_and_others_stay() {
        let text = |text: &str| Part::Text { text: text.into() };
        let file = |data: &str, media_type: &str, name: Option<&str>| Part::File {
            data: data.into(),
            media_type: media_type.into(),
            name: name.map(str::to_owned),
        };
        let pdf = file("aGk=", "application/pdf", None);
        check(
            Role::User,
            vec![
                text("see"),
                file("aGk=", "text/plain", Some("n")),
                pdf.clone(),
            ],
            vec![text("see"), text("\n\nn\n\nhi\n\n"), pdf.clone()],
        );
        let broken = file("/w==", "text/plain", None);
        check(Role::User, vec![broken.clone()], vec![broken]);
        let result = |text: &str| Part::ToolResult {
            id: "t".into(),
            text: text.into(),
        };
        check(
            Role::Tool,
            vec![result("a"), file("aGk=", "text/plain", None), pdf.clone()],
            vec![result("a\n\nhi"), pdf],
        );
    }
}
