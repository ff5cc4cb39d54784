//! The few facts of a request that a simulator needs, without building the whole of it.
//!
//! In: a body. Out: model, stream flags, length limit and the texts of the conversation. Unescaped
//! strings borrow from the body; everything else in it is skipped unread.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use trilemma_domain::{Dialect, Role};

use super::request::RequestError;

/// What a simulator needs of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek<'a> {
    /// The model, where the body names it.
    pub model: Option<Cow<'a, str>>,
    /// Whether the body asks for a stream (Gemini says it in the path).
    pub stream: bool,
    /// Whether usage is wanted at the end of a stream; always so outside OpenAI's dialect.
    pub include_usage: bool,
    /// Most tokens of the answer, where given.
    pub max_output_tokens: Option<u64>,
    /// How many of the likeliest tokens are wanted at each place beside the one taken; `None` = no
    /// log-probabilities are wanted. Only OpenAI's dialect asks.
    pub logprobs: Option<u32>,
    /// Texts of the conversation in order; parts of one message are joined, results of tools are
    /// [`Role::Tool`].
    pub texts: Vec<(Role, Cow<'a, str>)>,
}

impl Peek<'_> {
    /// The text of the last user message; empty where there is none.
    #[must_use]
    pub fn last_user_text(&self) -> &str {
        self.texts
            .iter()
            .rev()
            .find(|(role, _)| *role == Role::User)
            .map_or("", |(_, text)| text)
    }
}

/// Reads the few facts of a request.
///
/// # Errors
/// [`RequestError::Json`] when the body is not JSON of the dialect's shape.
pub fn peek_request(dialect: Dialect, body: &[u8]) -> Result<Peek<'_>, RequestError> {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => {
            let raw: OpenAiPeek<'_> = read(body)?;
            Ok(Peek {
                model: raw.model,
                stream: raw.stream.unwrap_or(false),
                include_usage: raw
                    .stream_options
                    .and_then(|options| options.include_usage)
                    .unwrap_or(false),
                max_output_tokens: raw.max_completion_tokens.or(raw.max_tokens),
                logprobs: raw
                    .logprobs
                    .unwrap_or(false)
                    .then_some(raw.top_logprobs.unwrap_or(0)),
                texts: texts(raw.messages),
            })
        }
        Dialect::Anthropic => {
            let raw: AnthropicPeek<'_> = read(body)?;
            let mut all = Vec::with_capacity(raw.messages.len() + 1);
            all.extend(raw.system.map(|text| (Role::System, text.text)));
            all.extend(texts(raw.messages));
            Ok(Peek {
                model: raw.model,
                stream: raw.stream.unwrap_or(false),
                include_usage: true,
                max_output_tokens: raw.max_tokens,
                logprobs: None,
                texts: all,
            })
        }
        Dialect::Responses => {
            let raw: ResponsesPeek<'_> = read(body)?;
            let mut all = Vec::with_capacity(8);
            all.extend(raw.instructions.map(|text| (Role::System, text)));
            match raw.input {
                InputPeek::Text(text) => all.push((Role::User, text)),
                InputPeek::Items(items) => all.extend(items.into_iter().map(ItemPeek::said)),
            }
            Ok(Peek {
                model: raw.model,
                stream: raw.stream.unwrap_or(false),
                include_usage: true,
                max_output_tokens: raw.max_output_tokens,
                logprobs: None,
                texts: all,
            })
        }
        Dialect::Gemini => {
            let raw: GeminiPeek<'_> = read(body)?;
            let mut all = Vec::with_capacity(raw.contents.len() + 1);
            all.extend(
                raw.system_instruction
                    .map(|content| (Role::System, content.parts.text)),
            );
            all.extend(raw.contents.into_iter().map(|content| {
                let role = role(content.role.as_deref().unwrap_or("user"));
                content.parts.said_by(role)
            }));
            Ok(Peek {
                model: None,
                stream: false,
                include_usage: true,
                max_output_tokens: raw.generation_config.and_then(|c| c.max_output_tokens),
                logprobs: None,
                texts: all,
            })
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, RequestError> {
    serde_json::from_slice(body).map_err(|error| RequestError::Json {
        message: error.to_string(),
    })
}

fn texts(messages: Vec<MessagePeek<'_>>) -> Vec<(Role, Cow<'_, str>)> {
    messages
        .into_iter()
        .map(|message| message.content.said_by(role(&message.role)))
        .collect()
}

fn role(word: &str) -> Role {
    match word {
        "system" | "developer" => Role::System,
        "assistant" | "model" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::User,
    }
}

#[derive(Deserialize)]
struct OpenAiPeek<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    messages: Vec<MessagePeek<'a>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_completion_tokens: Option<u64>,
    max_tokens: Option<u64>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct AnthropicPeek<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    system: Option<Texts<'a>>,
    #[serde(borrow)]
    messages: Vec<MessagePeek<'a>>,
    stream: Option<bool>,
    max_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct MessagePeek<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Texts<'a>,
}

#[derive(Deserialize)]
struct ResponsesPeek<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    instructions: Option<Cow<'a, str>>,
    #[serde(borrow)]
    input: InputPeek<'a>,
    stream: Option<bool>,
    max_output_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InputPeek<'a> {
    Text(Cow<'a, str>),
    Items(#[serde(borrow)] Vec<ItemPeek<'a>>),
}

#[derive(Deserialize)]
struct ItemPeek<'a> {
    #[serde(borrow, default)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Texts<'a>,
    #[serde(borrow, default)]
    output: Option<Texts<'a>>,
}

impl<'a> ItemPeek<'a> {
    fn said(self) -> (Role, Cow<'a, str>) {
        match (self.output, self.role) {
            (Some(output), _) => (Role::Tool, output.text),
            (None, Some(word)) => self.content.said_by(role(&word)),
            // Calls and reasoning are the model's.
            (None, None) => (Role::Assistant, self.content.text),
        }
    }
}

#[derive(Deserialize)]
struct GeminiPeek<'a> {
    #[serde(borrow)]
    contents: Vec<ContentPeek<'a>>,
    #[serde(
        borrow,
        default,
        rename = "systemInstruction",
        alias = "system_instruction"
    )]
    system_instruction: Option<ContentPeek<'a>>,
    #[serde(default, rename = "generationConfig", alias = "generation_config")]
    generation_config: Option<GenerationPeek>,
}

#[derive(Deserialize)]
struct GenerationPeek {
    #[serde(rename = "maxOutputTokens", alias = "max_output_tokens")]
    max_output_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct ContentPeek<'a> {
    #[serde(borrow, default)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    parts: Texts<'a>,
}

/// The joined text of one message, and whether it carries the result of a tool.
#[derive(Default)]
struct Texts<'a> {
    text: Cow<'a, str>,
    has_tool_result: bool,
}

impl<'a> Texts<'a> {
    fn said_by(self, role: Role) -> (Role, Cow<'a, str>) {
        let role = match role {
            Role::User if self.has_tool_result && self.text.is_empty() => Role::Tool,
            role => role,
        };
        (role, self.text)
    }
}

#[derive(Deserialize)]
struct PartPeek<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(default, rename = "functionResponse")]
    function_response: Option<IgnoredAny>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Texts<'de>, E> {
        Ok(Texts {
            text: Cow::Borrowed(text),
            has_tool_result: false,
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts<'de>, E> {
        Ok(Texts {
            text: Cow::Owned(text.to_owned()),
            has_tool_result: false,
        })
    }

    fn visit_string<E>(self, text: String) -> Result<Texts<'de>, E> {
        Ok(Texts {
            text: Cow::Owned(text),
            has_tool_result: false,
        })
    }

    fn visit_unit<E>(self) -> Result<Texts<'de>, E> {
        Ok(Texts::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Texts<'de>, A::Error> {
        let mut all = Texts::default();
        while let Some(part) = parts.next_element::<PartPeek<'de>>()? {
            all.has_tool_result |=
                part.kind.as_deref() == Some("tool_result") || part.function_response.is_some();
            match part.text {
                Some(text) if all.text.is_empty() => all.text = text,
                Some(text) => all.text.to_mut().push_str(&text),
                None => {}
            }
        }
        Ok(all)
    }
}
