//! What a policy may look at in a request.
//!
//! In: a rendered request, live or from the golden set. Out: the text that features and rules read
//! (the last user message, or a field that the policy names) and the facts around it. The same
//! function makes it offline and in the gateway. A fact that nobody states is `None`, and no rule
//! that asks for it holds.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};
use trilemma_domain::{Message, Part, Role};

use crate::policy::{Modality, Reads};

/// One request, as policies see it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestView<'a> {
    /// The text that features and rules read.
    pub text: Cow<'a, str>,
    /// Characters of all texts of the request, system message and history included.
    pub context_chars: usize,
    /// Which task it belongs to; offline the item's task, live the one that the caller names.
    pub task: Option<&'a str>,
    /// The route by which it came in.
    pub route: Option<&'a str>,
    /// Labels.
    pub tags: &'a [String],
    /// Class of the user, such as `free`.
    pub user_tier: Option<&'a str>,
    /// When it was asked.
    pub time: Option<Timestamp>,
    /// What it carries beside text, each once.
    pub modalities: Vec<Modality>,
}

impl<'a> RequestView<'a> {
    /// Wraps a text of which nothing else is known.
    #[must_use]
    pub fn of_text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        Self {
            context_chars: text.chars().count(),
            text,
            ..Self::default()
        }
    }

    /// Looks at a rendered conversation.
    ///
    /// With [`Reads::Field`], the field is taken from `fields` (an item's metadata, a request's
    /// metadata); where it is missing or no text, the last user message is read after all.
    /// Task, route, tags, tier and time are the caller's to fill in, and so is [`Modality::Tools`]
    /// by [`Self::with_tools`].
    #[must_use]
    pub fn of_messages(
        messages: &'a [Message],
        reads: &Reads,
        fields: Option<&'a Map<String, Value>>,
    ) -> Self {
        let field = match reads {
            Reads::LastUser => None,
            Reads::Field(name) => fields
                .and_then(|fields| fields.get(name))
                .and_then(Value::as_str),
        };
        Self {
            text: match field {
                Some(field) => Cow::Borrowed(field),
                None => last_user_text(messages),
            },
            context_chars: context_chars(messages),
            modalities: modalities(messages),
            ..Self::default()
        }
    }

    /// Adds that tools are on offer, when there are any.
    #[must_use]
    pub fn with_tools(mut self, n_tools: usize) -> Self {
        if n_tools > 0 && !self.modalities.contains(&Modality::Tools) {
            self.modalities.push(Modality::Tools);
        }
        self
    }

    /// Estimates the tokens of the whole request: a quarter of its characters, rounded up.
    ///
    /// A rule of thumb for English; rules that must be exact ask for characters.
    #[must_use]
    pub fn context_tokens(&self) -> u64 {
        (self.context_chars as u64).div_ceil(4)
    }
}

/// The text parts of the last user message; empty when there is none.
fn last_user_text(messages: &[Message]) -> Cow<'_, str> {
    let Some(message) = messages.iter().rfind(|message| message.role == Role::User) else {
        return Cow::Borrowed("");
    };
    let mut texts = message.parts.iter().filter_map(text_of);
    match (texts.next(), texts.next()) {
        (Some(only), None) => Cow::Borrowed(only),
        (None, _) => Cow::Borrowed(""),
        (Some(_), Some(_)) => Cow::Owned(message.joined_text()),
    }
}

fn text_of(part: &Part) -> Option<&str> {
    match part {
        Part::Text { text } => Some(text),
        Part::Image { .. }
        | Part::File { .. }
        | Part::FileUrl { .. }
        | Part::ToolCall(_)
        | Part::ToolResult { .. }
        | Part::CacheBreakpoint => None,
    }
}

fn context_chars(messages: &[Message]) -> usize {
    messages
        .iter()
        .flat_map(|message| &message.parts)
        .map(|part| match part {
            Part::Text { text } | Part::ToolResult { text, .. } => text.chars().count(),
            Part::ToolCall(call) => call.arguments.to_string().chars().count(),
            Part::Image { .. }
            | Part::File { .. }
            | Part::FileUrl { .. }
            | Part::CacheBreakpoint => 0,
        })
        .sum()
}

fn modalities(messages: &[Message]) -> Vec<Modality> {
    let has = |wanted: fn(&Part) -> bool| {
        messages
            .iter()
            .any(|message| message.parts.iter().any(wanted))
    };
    let mut found = Vec::new();
    if has(|part| matches!(part, Part::Image { .. })) {
        found.push(Modality::Image);
    }
    if has(|part| matches!(part, Part::File { .. } | Part::FileUrl { .. })) {
        found.push(Modality::File);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_message_is_read() {
        let messages = [
            Message::text(Role::System, "be brief"),
            Message::text(Role::User, "first"),
            Message::text(Role::Assistant, "answer"),
            Message::text(Role::User, "second"),
            Message::text(Role::Assistant, "pre"),
        ];
        let view = RequestView::of_messages(&messages, &Reads::LastUser, None);
        assert_eq!(view.text, "second");
        assert_eq!(view.context_chars, 8 + 5 + 6 + 6 + 3);
        assert_eq!(view.context_tokens(), 7);
        assert!(view.modalities.is_empty());
    }

    #[test]
    fn a_named_field_is_read_and_its_absence_is_no_error() {
        let messages = [Message::text(Role::User, "Question: how? Answer:")];
        let mut fields = Map::new();
        let reads = Reads::Field("question".to_owned());
        let view = RequestView::of_messages(&messages, &reads, Some(&fields));
        assert_eq!(view.text, "Question: how? Answer:");
        fields.insert("question".to_owned(), Value::from("how?"));
        let view = RequestView::of_messages(&messages, &reads, Some(&fields));
        assert_eq!(view.text, "how?");
    }

    #[test]
    fn nothing_is_read_of_a_conversation_without_a_user() {
        assert_eq!(
            RequestView::of_messages(&[], &Reads::LastUser, None),
            RequestView::default()
        );
    }
}
