//! Requests as spans of OpenTelemetry.
//!
//! In: requests that are over. Out: the body of one export in OTLP's JSON
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>): ids in hexadecimal, whole numbers
//! of 64 bits as text. A request is a span of kind server; only the calls within it are inference spans
//! with tokens, so that a backend which adds tokens up counts each once.

use std::time::Duration;

use http::Uri;
use serde_json::{Map, Value, json};
use trilemma_domain::{Dialect, Target};
use trilemma_store::ledger::{AttemptNote, RequestId};

use crate::traces::{Trace, TracedCall};

const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const ERROR: u8 = 2;
const UNSET: u8 = 0;

/// Makes numbers out of names: the same within a process, others in another.
pub(crate) type Ids<'a> = &'a dyn Fn((RequestId, u64)) -> u64;

/// The body of one export.
pub(crate) fn body(service: &str, traces: &[Trace], ids: Ids<'_>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let spans: Vec<Value> = traces.iter().flat_map(|trace| spans(trace, ids)).collect();
    let mut resource = Attributes::default();
    resource.text("service.name", service);
    resource.text("service.version", version);
    json!({
        "resourceSpans": [{
            "resource": { "attributes": resource.0 },
            "scopeSpans": [{
                "scope": { "name": "trilemma", "version": version },
                "spans": spans,
            }],
        }],
    })
    .to_string()
}

/// One request and the calls within it.
fn spans(trace: &Trace, ids: Ids<'_>) -> Vec<Value> {
    let id = trace.row.id;
    // Zero is no id; it comes up once in 2^64.
    let hex = |nth: u64| format!("{:016x}", ids((id, nth)).max(1));
    let trace_id = match &trace.parent {
        Some(parent) => parent.trace.clone(),
        None => format!("{}{}", hex(0), hex(1)),
    };
    let request_id = hex(2);
    let mut all = vec![request(trace, &trace_id, &request_id)];
    let calls = trace.calls.iter().zip(&trace.evidence.attempts);
    for (nth, (call, note)) in (3..).zip(calls) {
        let mut span = inference(trace, call, note);
        span.insert("traceId".to_owned(), json!(trace_id));
        span.insert("spanId".to_owned(), json!(hex(nth)));
        span.insert("parentSpanId".to_owned(), json!(request_id));
        all.push(Value::Object(span));
    }
    all
}

fn request(trace: &Trace, trace_id: &str, span_id: &str) -> Value {
    let (row, evidence) = (&trace.row, &trace.evidence);
    let route = match evidence.dialect.as_str() {
        "anthropic" => "/v1/messages",
        "responses" => "/v1/responses",
        "embeddings" => "/v1/embeddings",
        _ => "/v1/chat/completions",
    };
    let mut attributes = Attributes::default();
    attributes.text("http.request.method", "POST");
    attributes.text("http.route", route);
    if evidence.status > 0 {
        attributes.whole("http.response.status_code", u64::from(evidence.status));
    }
    let error = match (&evidence.failure, evidence.truncated, evidence.abandoned) {
        (Some(_), true, _) => Some("truncated"),
        (Some(failure), false, _) => Some(failure.as_str()),
        (None, _, true) => Some("abandoned"),
        (None, _, false) => None,
    };
    attributes.maybe("error.type", error);
    attributes.text("trilemma.request", &row.id.to_string());
    attributes.text("trilemma.requested", &row.requested);
    attributes.text("trilemma.candidate", &row.candidate);
    attributes.maybe(
        "trilemma.client",
        Some(row.client.as_str()).filter(|name| !name.is_empty()),
    );
    attributes.maybe("trilemma.policy", evidence.policy.as_deref());
    attributes.maybe("trilemma.canary", evidence.canary.as_deref());
    attributes.maybe(
        "trilemma.canary.failure",
        evidence.canary_failure.as_deref(),
    );
    attributes.texts("trilemma.unmeasured", &evidence.unmeasured);
    attributes.texts("trilemma.lost", &evidence.lost);
    if let Some(cost) = row.cost.and_then(|cost| u64::try_from(cost.0).ok()) {
        attributes.whole("trilemma.cost.nano_usd", cost);
        attributes.flag("trilemma.cost.is_estimated", row.is_estimated);
    }
    // A client's own mistake, and one that went away, are no errors of a server.
    let is_error = evidence.truncated || evidence.status >= 500;
    let lasted = Duration::from_micros(evidence.total_us);
    let times = (row.at_us, Duration::ZERO, lasted);
    let mut span = span(
        &format!("POST {route}"),
        SERVER,
        times,
        attributes,
        is_error,
    );
    span.insert("traceId".to_owned(), json!(trace_id));
    span.insert("spanId".to_owned(), json!(span_id));
    if let Some(parent) = &trace.parent {
        span.insert("parentSpanId".to_owned(), json!(parent.span));
    }
    Value::Object(span)
}

fn inference(trace: &Trace, call: &TracedCall, note: &AttemptNote) -> Map<String, Value> {
    let target = &call.upstream.parts.candidate.target;
    let operation = match trace.evidence.dialect.as_str() {
        "embeddings" => "embeddings",
        _ => "chat",
    };
    let mut attributes = Attributes::default();
    attributes.text("gen_ai.operation.name", operation);
    attributes.text("gen_ai.provider.name", provider(target));
    attributes.text("gen_ai.request.model", &target.model);
    attributes.maybe("gen_ai.response.model", note.served.as_deref());
    if trace.evidence.stream {
        attributes.flag("gen_ai.request.stream", true);
        if let Some(us) = note.first_token_us {
            let first = Duration::from_micros(us).as_secs_f64();
            attributes.number("gen_ai.response.time_to_first_chunk", first);
        }
    }
    attributes.texts("gen_ai.response.finish_reasons", call.finish.as_slice());
    if let Some(usage) = &call.usage {
        attributes.whole("gen_ai.usage.input_tokens", usage.input_total());
        attributes.whole("gen_ai.usage.output_tokens", usage.output);
        let written = match (usage.cache_write_5m, usage.cache_write_1h) {
            (Some(short), Some(long)) => Some(short.saturating_add(long)),
            (short, long) => short.or(long),
        };
        for (key, tokens) in [
            ("gen_ai.usage.cache_read.input_tokens", usage.cache_read),
            ("gen_ai.usage.cache_write.input_tokens", written),
            ("gen_ai.usage.reasoning.output_tokens", usage.reasoning),
        ] {
            if let Some(tokens) = tokens {
                attributes.whole(key, tokens);
            }
        }
    }
    if let Some((host, port)) = server(&target.base_url) {
        attributes.text("server.address", &host);
        attributes.whole("server.port", u64::from(port));
    }
    if let Some(status) = note.status {
        attributes.whole("http.response.status_code", u64::from(status));
    }
    attributes.maybe("error.type", note.failure.as_deref());
    attributes.text("trilemma.candidate", &note.candidate);
    let name = format!("{operation} {}", target.model);
    let times = (trace.row.at_us, call.after, call.lasted);
    span(&name, CLIENT, times, attributes, note.failure.is_some())
}

/// A span without ids.
fn span(
    name: &str,
    kind: u8,
    (at_us, after, lasted): (i64, Duration, Duration),
    attributes: Attributes,
    is_error: bool,
) -> Map<String, Value> {
    let arrival = u128::try_from(at_us).unwrap_or(0) * 1_000;
    let start = arrival + after.as_nanos();
    let mut span = Map::new();
    span.insert("name".to_owned(), json!(name));
    span.insert("kind".to_owned(), json!(kind));
    span.insert("startTimeUnixNano".to_owned(), json!(start.to_string()));
    let end = start + lasted.as_nanos();
    span.insert("endTimeUnixNano".to_owned(), json!(end.to_string()));
    span.insert("attributes".to_owned(), json!(attributes.0));
    let code = if is_error { ERROR } else { UNSET };
    span.insert("status".to_owned(), json!({ "code": code }));
    span
}

/// The provider in the conventions' words, else by its name in the project.
fn provider(target: &Target) -> &str {
    let is_at = |host: &str| server(&target.base_url).is_some_and(|(address, _)| address == host);
    match target.dialect {
        Dialect::OpenAi | Dialect::Responses if is_at("api.openai.com") => "openai",
        Dialect::Azure => "azure.ai.openai",
        Dialect::Anthropic => "anthropic",
        Dialect::Gemini => "gcp.gemini",
        Dialect::OpenAi | Dialect::Responses => &target.provider,
    }
}

/// Host and port of an address.
fn server(base_url: &str) -> Option<(String, u16)> {
    let uri: Uri = base_url.parse().ok()?;
    let standard = if uri.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(standard)))
}

/// Attributes as OTLP writes them.
#[derive(Debug, Default)]
struct Attributes(Vec<Value>);

impl Attributes {
    fn push(&mut self, key: &str, value: Value) {
        self.0.push(json!({ "key": key, "value": value }));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.push(key, json!({ "stringValue": text }));
    }

    fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// Nothing where there is none.
    fn texts(&mut self, key: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        let values: Vec<Value> = texts
            .iter()
            .map(|text| json!({ "stringValue": text }))
            .collect();
        self.push(key, json!({ "arrayValue": { "values": values } }));
    }

    fn whole(&mut self, key: &str, number: u64) {
        // The format's numbers are signed.
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.push(key, json!({ "intValue": number.to_string() }));
    }

    fn number(&mut self, key: &str, number: f64) {
        self.push(key, json!({ "doubleValue": number }));
    }

    fn flag(&mut self, key: &str, flag: bool) {
        self.push(key, json!({ "boolValue": flag }));
    }
}
