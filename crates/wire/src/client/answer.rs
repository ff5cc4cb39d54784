//! An answer under construction, whatever the dialect.
//!
//! In: pieces in order of arrival, from one body or from the events of a stream. Out: a
//! [`ChatResponse`], and what each network read brought ([`Seen`]). It knows no wire format.

use std::collections::HashMap;

use serde_json::{Map, Value};
use trilemma_domain::{ChatResponse, FinishReason, ServiceTier, TokenPlace, ToolCall, Usage};

/// What arrived since the last [`Answer::take_seen`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// A token of any kind.
    pub(crate) any_token: bool,
    /// Events that carried visible content.
    pub(crate) n_visible: u32,
}

/// What one JSON object of a body or stream turned out to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// It carries an error.
    pub(crate) is_error: bool,
    /// It carries content of the answer, perhaps empty.
    pub(crate) has_content: bool,
    /// It is the dialect's last word.
    pub(crate) is_last: bool,
}

/// A tool call of which not everything may have come yet.
#[derive(Debug, Default)]
struct CallDraft {
    id: String,
    name: String,
    arguments: String,
}

/// One piece of an answer as it becomes known, for those who hand it on while it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Reasoning that the vendor shows.
    Reasoning(&'a str),
    /// Visible text.
    Text(&'a str),
    /// Text of an explicit refusal.
    Refusal(&'a str),
    /// A tool call begins; its arguments follow.
    CallBegin {
        /// The vendor's id of the call; empty where it gives none.
        id: &'a str,
        /// The tool's name.
        name: &'a str,
    },
    /// The next piece of the JSON text of the arguments of the call that began last.
    CallArguments(&'a str),
}

/// How much of an answer has been handed on.
#[derive(Debug, Default)]
pub(crate) struct Told {
    reasoning: usize,
    text: usize,
    refusal: usize,
    /// Calls that have begun, and how much of the last one's arguments is told.
    n_calls: usize,
    arguments: usize,
    /// Bytes of arguments of all calls that are told.
    argument_bytes: usize,
}

/// Collects an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    response: ChatResponse,
    reasoning: String,
    refusal: String,
    calls: Vec<CallDraft>,
    call_of_index: HashMap<u64, usize>,
    last_call: Option<(u64, usize)>,
    raw_usage: String,
    n_reports: u64,
    /// Web searches that the vendor made, where usage does not count them.
    searches: Option<u64>,
    /// The class of service, where usage does not say it.
    tier: Option<ServiceTier>,
    seen: Seen,
    is_event_counted: bool,
}

/// Part of a tool call, as one event brings it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CallDelta<'a> {
    /// The vendor's number of the call within the answer.
    pub(crate) index: Option<u64>,
    /// The call's id; empty when not in this event.
    pub(crate) id: &'a str,
    /// The tool's name; empty when not in this event.
    pub(crate) name: &'a str,
    /// The next piece of its arguments' JSON text.
    pub(crate) arguments: &'a str,
}

impl Answer {
    /// Marks the begin of an event: visible content counts once per event.
    pub(crate) fn begin_event(&mut self) {
        self.is_event_counted = false;
    }

    /// Gives what arrived since the last call.
    pub(crate) fn take_seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// Adds visible text.
    pub(crate) fn add_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.response.text.push_str(text);
            self.count_visible();
        }
    }

    /// Adds text of an explicit refusal, which the user sees as well.
    pub(crate) fn add_refusal(&mut self, text: &str) {
        if !text.is_empty() {
            self.refusal.push_str(text);
            self.count_visible();
        }
    }

    /// Adds reasoning text.
    pub(crate) fn add_reasoning(&mut self, text: &str) {
        if !text.is_empty() {
            self.reasoning.push_str(text);
            self.seen.any_token = true;
        }
    }

    /// Notes a token without readable content, such as encrypted reasoning.
    pub(crate) fn note_hidden_token(&mut self) {
        self.seen.any_token = true;
    }

    /// Adds part of a tool call. It counts as visible as long as no visible text has come:
    /// an answer that only calls tools has nothing else to time.
    pub(crate) fn add_call(&mut self, delta: CallDelta<'_>) {
        let position = self.position_of(&delta);
        let is_empty = delta.name.is_empty() && delta.arguments.is_empty();
        if let Some(call) = self.calls.get_mut(position) {
            if call.id.is_empty() {
                call.id.push_str(delta.id);
            }
            // Some servers repeat the whole name in every event.
            if call.name != delta.name {
                call.name.push_str(delta.name);
            }
            call.arguments.push_str(delta.arguments);
        }
        if !is_empty {
            self.seen.any_token = true;
            if self.response.text.is_empty() && self.refusal.is_empty() {
                self.count_visible();
            }
        }
    }

    /// Adds a piece of the arguments of a call that has begun; a piece of anything else is
    /// skipped.
    pub(crate) fn continue_call(&mut self, index: Option<u64>, arguments: &str) {
        let is_known = match index {
            Some(index) => self.call_of_index.contains_key(&index),
            None => !self.calls.is_empty(),
        };
        if is_known {
            self.add_call(CallDelta {
                index,
                arguments,
                ..CallDelta::default()
            });
        }
    }

    /// Keeps the vendor's explanation of a refusal, which is no part of the answer's stream.
    pub(crate) fn explain_refusal(&mut self, text: &str) {
        if self.refusal.is_empty() {
            self.refusal.push_str(text);
        }
    }

    /// Sets why the model stopped; the last word counts.
    pub(crate) fn set_finish(&mut self, finish: FinishReason) {
        self.response.finish = Some(finish);
    }

    /// Why the model stopped, as far as it is known.
    pub(crate) fn finish(&self) -> Option<&FinishReason> {
        self.response.finish.as_ref()
    }

    /// Adds a tool call that came in one piece.
    pub(crate) fn add_whole_call(&mut self, id: &str, name: &str, arguments: &str) {
        self.add_call(CallDelta {
            index: Some(self.calls.len() as u64),
            id,
            name,
            arguments,
        });
    }

    /// Notes id, served model and fingerprint; the first of each counts.
    pub(crate) fn note_origin(
        &mut self,
        id: Option<&str>,
        model: Option<&str>,
        fingerprint: Option<&str>,
    ) {
        set_once(&mut self.response.response_id, id);
        set_once(&mut self.response.served_model, model);
        set_once(&mut self.response.system_fingerprint, fingerprint);
    }

    /// Notes web searches that stand beside usage; chunks repeat them, so that the largest count holds.
    pub(crate) fn note_searches(&mut self, n_searches: u64) {
        if n_searches > 0 {
            self.searches = self.searches.max(Some(n_searches));
        }
    }

    /// Notes the class of service; the last word counts.
    pub(crate) fn note_tier(&mut self, word: Option<&str>) {
        self.tier = word.and_then(ServiceTier::of_word).or(self.tier);
    }

    /// The class of service, as far as it has been said beside usage.
    pub(crate) fn tier(&self) -> Option<ServiceTier> {
        self.tier
    }

    /// Keeps usage as reported; the last report counts, because reports are cumulative.
    pub(crate) fn set_raw_usage(&mut self, json: &str) {
        self.raw_usage.clear();
        self.raw_usage.push_str(json);
        self.n_reports += 1;
    }

    /// How often usage has been reported.
    pub(crate) fn n_reports(&self) -> u64 {
        self.n_reports
    }

    /// Bytes of everything that the model has written, as far as it is shown.
    pub(crate) fn n_bytes(&self) -> usize {
        let calls = self.calls.iter();
        let called: usize = calls
            .map(|call| call.name.len() + call.arguments.len())
            .sum();
        self.response.text.len() + self.reasoning.len() + self.refusal.len() + called
    }

    /// Tokens as far as they have been reported; `normalise` reads them in the dialect's terms.
    pub(crate) fn usage(&self, normalise: fn(&str) -> Option<Usage>) -> Option<Usage> {
        let mut usage = normalise(&self.raw_usage)?;
        usage.web_searches = usage.web_searches.or(self.searches);
        usage.tier = usage.tier.or(self.tier);
        Some(usage)
    }

    /// Whether any visible text has come, refusals included.
    pub(crate) fn has_text(&self) -> bool {
        !self.response.text.is_empty() || !self.refusal.is_empty()
    }

    /// Whether any tool call has begun.
    pub(crate) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Whether any reasoning has come.
    pub(crate) fn has_reasoning(&self) -> bool {
        !self.reasoning.is_empty()
    }

    /// How many more places of log-probabilities are kept.
    pub(crate) fn n_open_places(&self) -> usize {
        TokenPlace::MOST_PLACES.saturating_sub(self.response.first_tokens.len())
    }

    /// Keeps the log-probabilities of the next token.
    pub(crate) fn add_place(&mut self, place: TokenPlace) {
        self.response.first_tokens.push(place);
    }

    /// Usage as reported so far; empty when there was none.
    pub(crate) fn raw_usage(&self) -> &str {
        &self.raw_usage
    }

    /// What is known of the answer beside its content.
    pub(crate) fn so_far(&self) -> &ChatResponse {
        &self.response
    }

    /// Hands on what was not yet told. A call begins once a part of its arguments or the next call
    /// is there, because its name may come in pieces; with `is_over` the rest is told as well.
    ///
    /// Gives whether everything could be told: a call that goes on after the next one has begun
    /// cannot be, because dialects tell them one after the other.
    pub(crate) fn tell(
        &self,
        told: &mut Told,
        is_over: bool,
        on_piece: &mut dyn FnMut(Piece<'_>),
    ) -> bool {
        if let Some(fresh) = fresh(&self.reasoning, &mut told.reasoning) {
            on_piece(Piece::Reasoning(fresh));
        }
        if let Some(fresh) = fresh(&self.response.text, &mut told.text) {
            on_piece(Piece::Text(fresh));
        }
        if let Some(fresh) = fresh(&self.refusal, &mut told.refusal) {
            on_piece(Piece::Refusal(fresh));
        }
        loop {
            if let Some(begun) = told.n_calls.checked_sub(1)
                && let Some(call) = self.calls.get(begun)
                && let Some(fresh) = fresh(&call.arguments, &mut told.arguments)
            {
                told.argument_bytes += fresh.len();
                on_piece(Piece::CallArguments(fresh));
            }
            let Some(next) = self.calls.get(told.n_calls) else {
                break;
            };
            let is_next_there = self.calls.len() > told.n_calls + 1;
            if next.arguments.is_empty() && !is_next_there && !is_over {
                break;
            }
            on_piece(Piece::CallBegin {
                id: &next.id,
                name: &next.name,
            });
            told.n_calls += 1;
            told.arguments = 0;
        }
        let n_bytes: usize = self.calls.iter().map(|call| call.arguments.len()).sum();
        !is_over || n_bytes == told.argument_bytes
    }

    /// Ends the answer; `normalise` reads usage in the dialect's terms.
    pub(crate) fn into_response(self, normalise: fn(&str) -> Option<Usage>) -> ChatResponse {
        let usage = self.usage(normalise);
        let mut response = self.response;
        response.tool_calls = self.calls.into_iter().map(CallDraft::into_call).collect();
        response.reasoning = (!self.reasoning.is_empty()).then_some(self.reasoning);
        response.refusal = (!self.refusal.is_empty()).then_some(self.refusal);
        response.finish = response.finish.map(|finish| match finish {
            FinishReason::Stop if response.refusal.is_some() => FinishReason::Refusal,
            // Gemini always says STOP, and OpenAI does after a forced call.
            FinishReason::Stop if !response.tool_calls.is_empty() => FinishReason::ToolCalls,
            other => other,
        });
        if !self.raw_usage.is_empty() {
            response.usage = usage;
            response.raw_usage = serde_json::from_str(&self.raw_usage).ok();
        }
        response
    }

    fn count_visible(&mut self) {
        self.seen.any_token = true;
        if !self.is_event_counted {
            self.is_event_counted = true;
            self.seen.n_visible = self.seen.n_visible.saturating_add(1);
        }
    }

    /// Finds the call that a piece belongs to, or begins one.
    ///
    /// A new id on a known index begins a new call: some compatible servers send every parallel
    /// call with index 0. A piece without index continues the last call unless its id differs.
    fn position_of(&mut self, delta: &CallDelta<'_>) -> usize {
        let known = match (delta.index, self.last_call) {
            (None, last) => last.map(|(_, position)| position),
            (Some(index), Some((last, position))) if index == last => Some(position),
            (Some(index), _) => self.call_of_index.get(&index).copied(),
        };
        if let Some(position) = known
            && let Some(call) = self.calls.get(position)
            && (delta.id.is_empty() || call.id.is_empty() || call.id == delta.id)
        {
            self.last_call = Some((self.index_of(delta), position));
            return position;
        }
        let position = self.calls.len();
        self.calls.push(CallDraft::default());
        let index = delta.index.unwrap_or(position as u64);
        self.call_of_index.insert(index, position);
        self.last_call = Some((index, position));
        position
    }

    fn index_of(&self, delta: &CallDelta<'_>) -> u64 {
        delta
            .index
            .or(self.last_call.map(|(index, _)| index))
            .unwrap_or_default()
    }
}

impl CallDraft {
    /// Arguments that are no JSON stay text; a tool without arguments may send none at all.
    fn into_call(self) -> ToolCall {
        let arguments = if self.arguments.trim().is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_str(&self.arguments).unwrap_or(Value::String(self.arguments))
        };
        ToolCall {
            id: self.id,
            name: self.name,
            arguments,
        }
    }
}

/// The part of a growing text that was not yet told; `None` = nothing new.
fn fresh<'a>(text: &'a str, told: &mut usize) -> Option<&'a str> {
    let fresh = text.get(*told..).filter(|fresh| !fresh.is_empty())?;
    *told = text.len();
    Some(fresh)
}

fn set_once(slot: &mut Option<String>, text: Option<&str>) {
    if slot.is_none() {
        *slot = text.map(str::to_owned);
    }
}
