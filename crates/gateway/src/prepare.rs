//! From a client's request to the one that an upstream gets.
//!
//! Same dialect: the client's own bytes, with the model's name, the fields that the gateway needs
//! and, where a candidate is asked for, its measured parameters as far as the client left them out.
//! Another dialect: the request in neutral words, written anew, with a list of what got lost.

use serde_json::Value;
use trilemma_domain::{ChatRequest, Dialect, Message, Params, Part, ResponseFormat, Role};
use trilemma_provider::EncodedRequest;
use trilemma_wire::client::ANTHROPIC_DEFAULT_MAX_TOKENS;
use trilemma_wire::server::{Endpoint, Route, ServerRequest, decode_request, plain_files};

use crate::ask::{Ask, Manner, Service};
use crate::carry::carried;
use crate::logprobs::{self, Logprobs};
use crate::loss;
use crate::peek::{Missing, WithUsage, field_names};
use crate::refusal::Refusal;
use crate::upstream::{Named, Side};

/// A request ready for an upstream.
pub(crate) struct Prepared {
    pub(crate) request: EncodedRequest,
    pub(crate) way: Way,
    /// What the upstream cannot be told; empty = nothing.
    pub(crate) lost: Vec<String>,
}

/// How the answer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is.
    Same {
        /// Whether the event with the token counts is left out, because the client did not ask.
        without_usage: bool,
        /// Whether log-probabilities are left out, because only a judge looks at them.
        without_logprobs: bool,
    },
    /// Translated into the client's dialect.
    Across {
        /// Whether the client wants token counts at a stream's end.
        include_usage: bool,
        /// Whether log-probabilities are left out, because only a judge looks at them.
        without_logprobs: bool,
    },
}

/// Makes a client's request ready for an upstream.
pub(crate) fn prepare(ask: &Ask, named: &Named, manner: Manner) -> Result<Prepared, Refusal> {
    if ask.service == Service::Embeddings {
        return embeddings(ask, named);
    }
    let side = named.upstream.side(ask.dialect);
    // A stream that has to be a whole answer first is another request: it is written anew.
    let is_whole = manner == Manner::Judged && ask.peek.stream;
    let upstream = named.upstream.dialect();
    let logprobs = Logprobs::of(ask, named, manner);
    let is_anew = is_whole || logprobs.need_other_words(ask, upstream);
    if let Some(side) = side.filter(|_| !is_anew) {
        return Ok(same(ask, named, side, logprobs));
    }
    let is_same = side.is_some() && (ask.dialect != Dialect::Responses || upstream == ask.dialect);
    let ServerRequest {
        mut chat,
        include_usage,
        vendor_only,
    } = decode(ask)?;
    // Fields of the body are carried on where the dialect stays the same; tools are written anew.
    let is_carried = is_same && ask.dialect != Dialect::Anthropic;
    if let Some(what) = vendor_only.filter(|_| !is_carried) {
        return Err(Refusal::bad_request(format!(
            "{what} is what only the vendor of its own dialect has, so that `{}` cannot be asked; hint: leave it out, or name a candidate of that vendor",
            named.upstream.id()
        )));
    }
    // Such as one that held nothing but thoughts, which no other vendor may see.
    let is_mute =
        |message: &Message| is_empty(message, upstream) && message.role == Role::Assistant;
    chat.messages.retain(|message| !is_mute(message));
    sayable(&chat, upstream)?;
    let extra = chat.params.extra_body.clone();
    let lost = fitted(ask, named, &mut chat)?;
    if logprobs.are_left_out() {
        for field in logprobs::FIELDS {
            chat.params.extra_body.remove(field);
        }
    }
    let lost = if is_same {
        // Fields that only this dialect knows are carried on.
        let kept = |name: &str| extra.contains_key(name);
        let lost = lost.into_iter().filter(|name| !kept(name)).collect();
        let mut fields = extra;
        fields.retain(|_, value| !value.is_null());
        for (name, value) in std::mem::take(&mut chat.params.extra_body) {
            // What a judge looks at is asked for whatever the client says of it.
            let is_judged = logprobs.is_judged() && logprobs::FIELDS.contains(&name.as_str());
            if is_judged || !fields.contains_key(&name) {
                fields.insert(name, value);
            }
        }
        fields.remove("stream_options");
        chat.params.extra_body = fields;
        lost
    } else {
        lost
    };
    chat.stream = ask.peek.stream && !is_whole;
    let request = EncodedRequest::new(&named.upstream.parts.candidate.target, &chat)
        .map_err(|failure| Refusal::bad_request(failure.message))?;
    Ok(Prepared {
        request,
        way: Way::Across {
            include_usage,
            without_logprobs: logprobs.are_kept_back(),
        },
        lost,
    })
}

/// Embeddings pass as they are, or not at all.
fn embeddings(ask: &Ask, named: &Named) -> Result<Prepared, Refusal> {
    let upstream = &named.upstream;
    let model = Some(upstream.model());
    let body = ask.peek.spliced(&ask.body, model, WithUsage::Always, &[]);
    let request = upstream
        .embeddings(body)
        .ok_or_else(|| Refusal::bad_request("the model's provider has no embeddings"))?;
    Ok(Prepared {
        request,
        way: Way::Same {
            without_usage: false,
            without_logprobs: false,
        },
        lost: Vec::new(),
    })
}

fn same(ask: &Ask, named: &Named, side: &Side, logprobs: Logprobs) -> Prepared {
    let upstream = &named.upstream;
    let is_openai = ask.dialect == Dialect::OpenAi;
    let with_usage = if is_openai {
        WithUsage::Asked
    } else {
        WithUsage::Always
    };
    let missing = if named.is_candidate && !side.defaults.is_empty() {
        missing_defaults(ask, &side.defaults, logprobs)
    } else {
        Vec::new()
    };
    let body = ask
        .peek
        .spliced(&ask.body, Some(upstream.model()), with_usage, &missing);
    let mut request = side.encoded(body, ask.peek.stream);
    for (name, value) in &ask.vendor_headers {
        request.set_header(name.clone(), value.clone());
    }
    Prepared {
        request,
        way: Way::Same {
            without_usage: is_openai && ask.peek.stream && !ask.peek.include_usage,
            without_logprobs: logprobs.are_kept_back(),
        },
        lost: Vec::new(),
    }
}

/// The measured parameters that the client left out, or said `null` of, which vendors take for the same. A length has
/// two names.
fn missing_defaults<'a>(
    ask: &Ask,
    defaults: &'a [(String, String)],
    logprobs: Logprobs,
) -> Vec<Missing<'a>> {
    const LENGTHS: [&str; 2] = ["max_tokens", "max_completion_tokens"];
    let fields = field_names(&ask.body);
    let has = |name: &str| matches!(fields.get(name), Some(None));
    defaults
        .iter()
        .filter(|(name, _)| {
            let is_length = LENGTHS.contains(&name.as_str());
            let is_idle = logprobs.are_left_out() && logprobs::FIELDS.contains(&name.as_str());
            let is_given = has(name) || (is_length && LENGTHS.into_iter().any(has));
            !is_given && !is_idle
        })
        .map(|(name, json)| Missing {
            name,
            json,
            null_at: fields.get(name).cloned().flatten(),
        })
        .collect()
}

/// Reads a client's request in neutral words.
pub(crate) fn decode(ask: &Ask) -> Result<ServerRequest, Refusal> {
    decode_body(ask.dialect, &ask.body)
}

/// Reads a body in a dialect in neutral words.
pub(crate) fn decode_body(dialect: Dialect, body: &[u8]) -> Result<ServerRequest, Refusal> {
    let route = Route {
        dialect,
        endpoint: Endpoint::Chat,
        model: None,
        stream: None,
        json_array: false,
    };
    decode_request(&route, body).map_err(|error| Refusal::bad_request(error.to_string()))
}

/// Whether a request makes sense in a dialect: what every vendor refuses is not written anew for one of them.
fn sayable(chat: &ChatRequest, upstream: Dialect) -> Result<(), Refusal> {
    let is_talk = |role: Role| match upstream {
        // Instructions stand beside the messages there.
        Dialect::Anthropic | Dialect::Gemini => role != Role::System,
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => true,
    };
    if !chat.messages.iter().any(|message| is_talk(message.role)) {
        return Err(Refusal::bad_request(
            "the request has no message to answer; hint: add one of the user's",
        ));
    }
    if chat
        .messages
        .iter()
        .any(|message| is_empty(message, upstream))
    {
        return Err(Refusal::bad_request(
            "a message is empty; hint: leave it out, or say something in it",
        ));
    }
    if let Some(tool) = chat.tools.iter().find(|tool| !tool.parameters.is_object()) {
        let name: String = tool.name.chars().take(100).collect();
        return Err(Refusal::bad_request(format!(
            "the parameters of tool `{name}` are no JSON Schema; hint: write an object"
        )));
    }
    if chat.params.max_output_tokens == Some(0) {
        return Err(Refusal::bad_request(
            "the longest answer is 0 tokens; hint: allow at least 1, or leave it out",
        ));
    }
    Ok(())
}

/// Whether nothing of a message is left in a dialect: some have no word for an empty text.
fn is_empty(message: &Message, upstream: Dialect) -> bool {
    let is_nothing = |part: &Part| match upstream {
        Dialect::Anthropic | Dialect::Gemini if message.role != Role::System => {
            matches!(part, Part::Text { text } if text.is_empty())
        }
        _ => false,
    };
    message.parts.iter().all(is_nothing)
}

/// Fits a request for an upstream of another dialect; gives what gets lost.
fn fitted(ask: &Ask, named: &Named, chat: &mut ChatRequest) -> Result<Vec<String>, Refusal> {
    let upstream = &named.upstream;
    if ask.peek.n_answers > 1 {
        return Err(Refusal::bad_request(format!(
            "`n` asks for several answers, which `{}` cannot give; hint: leave it out",
            upstream.id()
        )));
    }
    let target = &upstream.parts.candidate.target;
    if ask.dialect == upstream.dialect()
        && ask.dialect == Dialect::Anthropic
        && let Some(ResponseFormat::JsonSchema { strict, .. }) = &mut chat.response_format
    {
        // That word is for vendors who promise so of some schemas only; this one does of all.
        *strict = None;
    }
    let mut lost = loss::lost(ask.dialect, &ask.body, chat, target);
    let carried = carried(ask.dialect, target, chat).fields;
    chat.model = upstream.model().to_owned();
    chat.params.extra_body.clear();
    match upstream.dialect() {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {
            chat.params.reasoning_tokens = None;
            plain_files(chat);
        }
        Dialect::Anthropic => {
            let temperature = &mut chat.params.temperature;
            *temperature = temperature.map(|asked| asked.min(loss::MAX_TEMPERATURE_OF_CLAUDE));
        }
        Dialect::Gemini => {}
    }
    if named.is_candidate {
        fill(&mut chat.params, &upstream.parts.candidate.params);
    }
    // What the client says wins over what was measured.
    for (name, value) in carried {
        match (chat.params.extra_body.get_mut(&name), value) {
            (Some(Value::Object(measured)), Value::Object(said)) => measured.extend(said),
            (_, value) => {
                chat.params.extra_body.insert(name, value);
            }
        }
    }
    lost.extend(loss::promised_otherwise(ask.dialect, chat, target).map(str::to_owned));
    if upstream.dialect() == Dialect::Anthropic && chat.params.max_output_tokens.is_none() {
        // The vendor demands a length, where others allow the model's longest.
        let longest = upstream
            .parts
            .max_output
            .and_then(|most| u32::try_from(most).ok());
        match longest {
            Some(_) => chat.params.max_output_tokens = longest,
            None => lost.push(format!(
                "max_tokens ({ANTHROPIC_DEFAULT_MAX_TOKENS} are allowed)"
            )),
        }
    }
    Ok(lost)
}

/// Fills in what the client left out.
fn fill(params: &mut Params, measured: &Params) {
    params.max_output_tokens = params.max_output_tokens.or(measured.max_output_tokens);
    params.temperature = params.temperature.or(measured.temperature);
    params.top_p = params.top_p.or(measured.top_p);
    params.seed = params.seed.or(measured.seed);
    params.reasoning_tokens = params.reasoning_tokens.or(measured.reasoning_tokens);
    if params.reasoning_effort.is_none() {
        params
            .reasoning_effort
            .clone_from(&measured.reasoning_effort);
    }
    if params.stop.is_empty() {
        params.stop.clone_from(&measured.stop);
    }
    params.extra_body.clone_from(&measured.extra_body);
}
