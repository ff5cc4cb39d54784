//! Streams of Responses.
//!
//! In: pieces. Out: the named events from `response.created` to `response.completed`. Consecutive
//! pieces of one kind share an item; a piece of another kind ends it and begins the next. The last
//! events repeat the whole answer, so this encoder keeps it.

use serde::Serialize;
use trilemma_domain::{FinishReason, ToolCall, Usage};

use super::response::{Item, Part, ResponseBody, incomplete_reason, item_id};
use crate::server::openai::arguments_text;
use crate::server::response::Withheld;
use crate::server::stream::StreamHead;
use crate::server::text::push_named_event;

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
    /// Official packages look for it beside each piece of text.
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

/// What an event says, by its field.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Rest<'a> {
    Response(Box<ResponseBody<'a>>),
    Item(Item<'a>),
    Part(Part<'a>),
    Delta(&'a str),
    Text(&'a str),
    Refusal(&'a str),
    Arguments(&'a str),
}

/// An item of the answer as far as it has come.
#[derive(Debug)]
struct Draft {
    kind: Kind,
    id: String,
    /// Its text, or the JSON text of its arguments.
    text: String,
    /// Of a call.
    call_id: String,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Reasoning,
    Call,
}

/// State of one stream.
#[derive(Debug)]
pub(in crate::server) struct Encoder {
    head: StreamHead,
    drafts: Vec<Draft>,
    is_open: bool,
    n_events: u64,
}

impl Encoder {
    pub(in crate::server) fn new(head: StreamHead) -> Self {
        Self {
            head,
            drafts: Vec::new(),
            is_open: false,
            n_events: 0,
        }
    }

    pub(in crate::server) fn start(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1_024);
        for kind in ["response.created", "response.in_progress"] {
            let body = begun(&self.head);
            let rest = Rest::Response(Box::new(body));
            push(&mut out, &mut self.n_events, kind, Place::default(), rest);
        }
        out
    }

    pub(in crate::server) fn text(&mut self, text: &str) -> Vec<u8> {
        self.piece(Kind::Text, "response.output_text.delta", text)
    }

    pub(in crate::server) fn refusal(&mut self, text: &str) -> Vec<u8> {
        self.piece(Kind::Refusal, "response.refusal.delta", text)
    }

    pub(in crate::server) fn reasoning(&mut self, text: &str) -> Vec<u8> {
        let event = "response.reasoning_summary_text.delta";
        self.piece(Kind::Reasoning, event, text)
    }

    pub(in crate::server) fn tool_call(&mut self, call: &ToolCall) -> Vec<u8> {
        let mut out = self.call_begin(&call.id, &call.name);
        out.extend(self.call_arguments(&arguments_text(call)));
        out
    }

    pub(in crate::server) fn call_begin(&mut self, id: &str, name: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.close(&mut out, "completed");
        self.open(&mut out, Kind::Call, id, name);
        out
    }

    pub(in crate::server) fn call_arguments(&mut self, piece: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let event = "response.function_call_arguments.delta";
        self.push_delta(&mut out, event, piece);
        out
    }

    pub(in crate::server) fn finish(
        &mut self,
        finish: &FinishReason,
        usage: Option<&Usage>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(2_048);
        let (status, event) = match incomplete_reason(finish, self.withheld()) {
            None => ("completed", "response.completed"),
            Some(_) => ("incomplete", "response.incomplete"),
        };
        self.close(&mut out, status);
        let mut body = begun(&self.head);
        body.end(finish, self.withheld(), usage);
        body.output = self
            .drafts
            .iter()
            .map(|draft| draft.item(status, &draft.text))
            .collect();
        let rest = Rest::Response(Box::new(body));
        push(&mut out, &mut self.n_events, event, Place::default(), rest);
        out
    }

    /// Whether a refusal has been said in words.
    fn withheld(&self) -> Withheld {
        let is_said = |draft: &Draft| draft.kind == Kind::Refusal && !draft.text.is_empty();
        if self.drafts.iter().any(is_said) {
            Withheld::InWords
        } else {
            Withheld::Silently
        }
    }

    fn piece(&mut self, kind: Kind, event: &'static str, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        let is_same = self.is_open && self.drafts.last().is_some_and(|last| last.kind == kind);
        if !is_same {
            self.close(&mut out, "completed");
            self.open(&mut out, kind, "", "");
        }
        self.push_delta(&mut out, event, text);
        out
    }

    fn push_delta(&mut self, out: &mut Vec<u8>, event: &'static str, text: &str) {
        let idx = self.idx();
        let Some(draft) = self.drafts.last_mut() else {
            return;
        };
        draft.text.push_str(text);
        let place = draft.place(idx);
        push(out, &mut self.n_events, event, place, Rest::Delta(text));
    }

    /// Number of the last item.
    fn idx(&self) -> u32 {
        u32::try_from(self.drafts.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn open(&mut self, out: &mut Vec<u8>, kind: Kind, call_id: &str, name: &str) {
        let idx = u32::try_from(self.drafts.len()).unwrap_or(u32::MAX);
        let word = match kind {
            Kind::Text | Kind::Refusal => "msg",
            Kind::Reasoning => "rs",
            Kind::Call => "fc",
        };
        self.drafts.push(Draft {
            kind,
            id: item_id(word, &self.head.response_id, idx),
            text: String::new(),
            call_id: call_id.to_owned(),
            name: name.to_owned(),
        });
        self.is_open = true;
        let n_events = &mut self.n_events;
        let Some(draft) = self.drafts.last() else {
            return;
        };
        let place = Place {
            output_index: Some(idx),
            ..Place::default()
        };
        let item = Rest::Item(draft.begun_item());
        push(out, n_events, "response.output_item.added", place, item);
        let event = match kind {
            Kind::Text | Kind::Refusal => "response.content_part.added",
            Kind::Reasoning => "response.reasoning_summary_part.added",
            Kind::Call => return,
        };
        let part = Rest::Part(draft.part(""));
        push(out, n_events, event, draft.place(idx), part);
    }

    /// Ends the item that is open, if there is one.
    fn close(&mut self, out: &mut Vec<u8>, status: &'static str) {
        if !std::mem::replace(&mut self.is_open, false) {
            return;
        }
        let idx = self.idx();
        let n_events = &mut self.n_events;
        let Some(draft) = self.drafts.last() else {
            return;
        };
        let text = draft.text.as_str();
        let (event, whole, part) = match draft.kind {
            Kind::Text => (
                "response.output_text.done",
                Rest::Text(text),
                Some("response.content_part.done"),
            ),
            Kind::Refusal => (
                "response.refusal.done",
                Rest::Refusal(text),
                Some("response.content_part.done"),
            ),
            Kind::Reasoning => (
                "response.reasoning_summary_text.done",
                Rest::Text(text),
                Some("response.reasoning_summary_part.done"),
            ),
            Kind::Call => (
                "response.function_call_arguments.done",
                Rest::Arguments(text),
                None,
            ),
        };
        push(out, n_events, event, draft.place(idx), whole);
        if let Some(event) = part {
            let part = Rest::Part(draft.part(text));
            push(out, n_events, event, draft.place(idx), part);
        }
        let place = Place {
            output_index: Some(idx),
            ..Place::default()
        };
        let item = Rest::Item(draft.item(status, text));
        push(out, n_events, "response.output_item.done", place, item);
    }
}

impl Draft {
    fn place(&self, idx: u32) -> Place<'_> {
        let is_message = matches!(self.kind, Kind::Text | Kind::Refusal);
        Place {
            output_index: Some(idx),
            item_id: Some(&self.id),
            content_index: is_message.then_some(0),
            summary_index: (self.kind == Kind::Reasoning).then_some(0),
        }
    }

    fn part<'a>(&self, text: &'a str) -> Part<'a> {
        match self.kind {
            Kind::Text | Kind::Call => Part::OutputText {
                text,
                annotations: [],
            },
            Kind::Refusal => Part::Refusal { refusal: text },
            Kind::Reasoning => Part::SummaryText { text },
        }
    }

    fn begun_item(&self) -> Item<'_> {
        match self.item("in_progress", "") {
            Item::Message {
                id, status, role, ..
            } => Item::Message {
                id,
                status,
                role,
                content: Vec::new(),
            },
            Item::Reasoning { id, .. } => Item::Reasoning {
                id,
                summary: Vec::new(),
            },
            call @ Item::FunctionCall { .. } => call,
        }
    }

    fn item<'a>(&'a self, status: &'static str, text: &'a str) -> Item<'a> {
        let id = self.id.clone();
        match self.kind {
            Kind::Text | Kind::Refusal => Item::Message {
                id,
                status,
                role: "assistant",
                content: vec![self.part(text)],
            },
            Kind::Reasoning => Item::Reasoning {
                id,
                summary: vec![self.part(text)],
            },
            Kind::Call => Item::FunctionCall {
                id,
                call_id: &self.call_id,
                name: &self.name,
                arguments: text,
                status,
            },
        }
    }
}

/// Where in the answer an event belongs.
#[derive(Default)]
struct Place<'a> {
    output_index: Option<u32>,
    item_id: Option<&'a str>,
    content_index: Option<u32>,
    summary_index: Option<u32>,
}

fn begun(head: &StreamHead) -> ResponseBody<'_> {
    ResponseBody::begun(&head.response_id, &head.model, head.created_unix_s)
}

fn push(
    out: &mut Vec<u8>,
    n_events: &mut u64,
    kind: &'static str,
    place: Place<'_>,
    rest: Rest<'_>,
) {
    let event = Event {
        kind,
        sequence_number: *n_events,
        output_index: place.output_index,
        item_id: place.item_id,
        content_index: place.content_index,
        summary_index: place.summary_index,
        logprobs: kind.starts_with("response.output_text.").then_some([]),
        rest,
    };
    *n_events += 1;
    push_named_event(out, kind, &event);
}
