//! Streamed answers, read as they arrive.
//!
//! In: the bytes of each network read. Out: what each read brought, for stamping, and at the end
//! the whole answer with the first fault. Stamps are the caller's: nothing here knows the time.
//!
//! *Visible* are non-empty text and refusal deltas; as long as none has come, tool-call deltas
//! count as well, because an answer that only calls tools has nothing else to time. Role-only,
//! null and empty deltas count as nothing. An event counts once, whatever it carries.
//!
//! *Terminal* is what the dialect ends with: OpenAI and Azure `[DONE]` after a finish reason,
//! Anthropic `message_stop`, Gemini a finish reason or a blocked prompt, Responses
//! `response.completed` or `response.incomplete`. An OpenAI stream that
//! ends in order after a finish reason is whole even without `[DONE]`, which several compatible
//! servers omit; one without a finish reason is truncated, even with `[DONE]`.
//!
//! Besides server-sent events it reads Gemini's list form and the single object of servers that
//! ignore that a stream was asked for.

use serde::de::IgnoredAny;
use trilemma_domain::{ChatResponse, Dialect, Failure, FinishReason, ServiceTier, Usage};

use super::answer::{Answer, Marks, Piece, Told};
use super::error::in_stream;
use super::fault::{malformed, truncated};
use super::frames::ObjectCutter;
use super::lenient::parse_repaired;
use super::response::{absorb_body, normaliser, not_json};
use super::{anthropic, gemini, openai, responses};
use crate::sse::{SseEvent, SseParser};

/// What one network read brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether these bytes carried a token of any kind: reasoning, tool call or visible text.
    pub any_token: bool,
    /// Visible content deltas in these bytes.
    pub n_visible: u32,
    /// Whether the dialect's terminal event has been seen, now or before.
    pub terminal: bool,
    /// Whether a fault has been found, now or before; [`StreamDecoder::finish`] tells which.
    pub fault: bool,
}

/// A stream after its end.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEnd {
    /// The answer as far as it came.
    pub response: ChatResponse,
    /// The first thing that went wrong; `None` = the answer is whole.
    pub fault: Option<Failure>,
}

/// Reads one streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    framing: Framing,
    reader: Reader,
    told: Told,
}

/// How the events are told apart; decided by the first byte that matters.
#[derive(Debug)]
enum Framing {
    Undecided,
    Events(SseParser),
    Objects(ObjectCutter),
}

/// Everything that an event can change.
#[derive(Debug)]
struct Reader {
    dialect: Dialect,
    answer: Answer,
    blocks: anthropic::Blocks,
    n_events: u64,
    is_last_seen: bool,
    is_done_seen: bool,
    fault: Option<Failure>,
}

impl StreamDecoder {
    /// Begins a stream.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            framing: Framing::Undecided,
            reader: Reader {
                dialect,
                answer: Answer::default(),
                blocks: anthropic::Blocks::default(),
                n_events: 0,
                is_last_seen: false,
                is_done_seen: false,
                fault: None,
            },
            told: Told::default(),
        }
    }

    /// Reads the bytes of one network read, however they are cut. Faults are remembered, and
    /// reading goes on: usage may still come.
    pub fn push(&mut self, bytes: &[u8]) -> Progress {
        let bytes = self.decide(bytes);
        let reader = &mut self.reader;
        match &mut self.framing {
            Framing::Undecided => {}
            Framing::Events(parser) => parser.push(bytes, &mut |event| reader.take_event(event)),
            Framing::Objects(cutter) => cutter.push(bytes, &mut |json| reader.take_object(json)),
        }
        let seen = reader.answer.take_seen();
        Progress {
            any_token: seen.any_token,
            n_visible: seen.n_visible,
            terminal: reader.is_terminal(),
            fault: reader.fault.is_some(),
        }
    }

    /// Hands on the pieces of the answer that came since the last call, for those who translate a
    /// stream while it comes.
    pub fn tell(&mut self, on_piece: &mut dyn FnMut(Piece<'_>)) {
        self.reader.answer.tell(&mut self.told, false, on_piece);
    }

    /// Ends the input: reads the event that the body ended in and hands on what is left to tell.
    /// [`Self::finish`] then says whether the answer is whole.
    ///
    /// False = calls of tools were mixed so that they cannot be told one after the other.
    pub fn tell_rest(&mut self, on_piece: &mut dyn FnMut(Piece<'_>)) -> bool {
        self.end_input();
        self.reader.answer.tell(&mut self.told, true, on_piece)
    }

    /// Id, served model and fingerprint as far as they have come; the rest of the record is not
    /// filled in before [`Self::finish`].
    #[must_use]
    pub fn so_far(&self) -> &ChatResponse {
        self.reader.answer.so_far()
    }

    /// Why the model stopped, once it has said so.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.reader.answer.finish()
    }

    /// Tokens as far as they have been reported.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.reader.answer.usage(normaliser(self.reader.dialect))
    }

    /// The class of service that answers, as far as it has been said beside usage.
    #[must_use]
    pub fn tier(&self) -> Option<ServiceTier> {
        self.reader.answer.tier()
    }

    /// How often tokens have been reported: [`Self::usage`] says something new when this has grown.
    #[must_use]
    pub fn n_reports(&self) -> u64 {
        self.reader.answer.n_reports()
    }

    /// Bytes of everything that the model has written so far, as far as it is shown: text, reasoning,
    /// refusal, calls of tools.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.reader.answer.n_bytes()
    }

    /// Whether OpenAI's `[DONE]` has been read. Without [`Progress::terminal`] it then ends an answer
    /// that is not whole.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.reader.is_done_seen
    }

    /// The first thing that went wrong, as far as it is known before the end.
    #[must_use]
    pub fn fault(&self) -> Option<&Failure> {
        self.reader.fault.as_ref()
    }

    fn end_input(&mut self) {
        let reader = &mut self.reader;
        if let Framing::Events(parser) = &mut self.framing {
            parser.finish(&mut |event| reader.take_last_event(event));
        }
        self.reader.blocks.close(&mut self.reader.answer);
    }

    /// Ends the stream when the body has ended in order. (When the connection broke, the caller
    /// knows a better failure than the one given here.)
    #[must_use]
    pub fn finish(mut self) -> StreamEnd {
        self.end_input();
        let reader = &mut self.reader;
        let junk = match &mut self.framing {
            Framing::Undecided => None,
            Framing::Events(parser) => parser.junk(),
            Framing::Objects(cutter) => {
                (cutter.saw_junk() && !cutter.is_open()).then_some(b"".as_slice())
            }
        };
        let fault = reader.fault.take().or_else(|| reader.missing(junk));
        StreamEnd {
            response: self
                .reader
                .answer
                .into_response(normaliser(self.reader.dialect)),
            fault,
        }
    }

    /// Decides how events are told apart, and skips white space before the first.
    /// Server-sent events never begin with a bracket, JSON always does.
    fn decide<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if !matches!(self.framing, Framing::Undecided) {
            return bytes;
        }
        let bytes = bytes.trim_ascii_start();
        match bytes.first() {
            None => {}
            Some(b'{' | b'[') => self.framing = Framing::Objects(ObjectCutter::default()),
            Some(_) => self.framing = Framing::Events(SseParser::default()),
        }
        bytes
    }
}

impl Reader {
    fn take_event(&mut self, event: SseEvent<'_>) {
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return;
        }
        self.n_events += 1;
        if data == b"[DONE]" {
            self.is_done_seen = true;
            return;
        }
        if let Err(error) = self.absorb(data) {
            if event.name == b"error" {
                self.note(in_stream(self.dialect, data));
            } else if let Err(problem) = self.absorb_lines(data, error) {
                self.note(malformed(&problem, data));
            }
        } else if event.name == b"error" {
            // An event may be called an error while its data has no `error` field.
            self.note(in_stream(self.dialect, data));
        }
    }

    /// The event that the body ended in: when its last line cannot be read, the stream was cut
    /// inside it, which is a truncation and no malformed event.
    fn take_last_event(&mut self, event: SseEvent<'_>) {
        let is_whole = |data: &[u8]| {
            data.trim_ascii() == b"[DONE]" || serde_json::from_slice::<IgnoredAny>(data).is_ok()
        };
        if is_whole(event.data) {
            self.take_event(event);
            return;
        }
        let name = event.name;
        let last_line = memchr::memrchr(b'\n', event.data).unwrap_or(0);
        let (data, tail) = event.data.split_at(last_line);
        for data in [data, tail] {
            if is_whole(data) || data != tail {
                self.take_event(SseEvent { name, data });
            }
        }
    }

    fn take_object(&mut self, json: &[u8]) {
        self.n_events += 1;
        let dialect = self.dialect;
        match absorb_body(dialect, json, &mut self.answer) {
            Ok(marks) => {
                self.heed(marks, json);
                self.is_done_seen |= marks.is_last;
            }
            Err(error) => self.note(malformed(&not_json(dialect, &error), json)),
        }
    }

    fn absorb(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let Self { answer, blocks, .. } = self;
        let marks = match self.dialect {
            Dialect::OpenAi | Dialect::Azure => {
                parse_repaired(json, &mut |json| openai::absorb(json, answer))
            }
            Dialect::Anthropic => {
                parse_repaired(json, &mut |json| blocks.absorb_event(json, answer))
            }
            Dialect::Gemini => parse_repaired(json, &mut |json| gemini::absorb(json, answer)),
            Dialect::Responses => {
                parse_repaired(json, &mut |json| responses::absorb_event(json, answer))
            }
        }?;
        self.heed(marks, json);
        Ok(())
    }

    /// Reads each line by itself: some servers end events with one line end instead of two.
    fn absorb_lines(&mut self, data: &[u8], error: serde_json::Error) -> Result<(), String> {
        let problem = not_json(self.dialect, &error);
        if !data.contains(&b'\n') {
            return Err(problem);
        }
        for line in data.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            if line == b"[DONE]" {
                self.is_done_seen = true;
            } else if !line.is_empty() && self.absorb(line).is_err() {
                return Err(problem);
            }
        }
        Ok(())
    }

    fn heed(&mut self, marks: Marks, json: &[u8]) {
        self.is_last_seen |= marks.is_last;
        if marks.is_error {
            self.note(in_stream(self.dialect, json));
        }
    }

    fn note(&mut self, fault: Failure) {
        if self.fault.is_none() {
            self.fault = Some(fault);
        }
    }

    fn is_terminal(&self) -> bool {
        match self.dialect {
            Dialect::OpenAi | Dialect::Azure => self.is_done_seen && self.is_whole(),
            Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => self.is_last_seen,
        }
    }

    /// Whether nothing of the answer is missing, once the body has ended in order.
    fn is_whole(&self) -> bool {
        match self.dialect {
            Dialect::OpenAi | Dialect::Azure => self.is_last_seen || self.answer.finish().is_some(),
            Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => self.is_last_seen,
        }
    }

    /// What is wrong with a stream that has ended in order without another fault.
    fn missing(&self, junk: Option<&[u8]>) -> Option<Failure> {
        if self.is_whole() {
            return None;
        }
        if let (0, Some(junk)) = (self.n_events, junk) {
            return Some(malformed("the body is no event stream", junk));
        }
        Some(truncated(match self.dialect {
            Dialect::OpenAi | Dialect::Azure => "a finish reason",
            Dialect::Anthropic => "`message_stop`",
            Dialect::Gemini => "a finish reason",
            Dialect::Responses => "`response.completed`",
        }))
    }
}
