//! Every vendor at one address: keeps what it was sent, and answers in the dialect of the path, well or badly.
//!
//! Vendors quote keys: in errors, in headers, and in answers of models that were told them. So does this one.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::KEY;

/// What the gateway sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is said next, and what was sent.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Which of the ways of answering.
    pub(crate) mood: u64,
    pub(crate) sent: Vec<Sent>,
}

/// Serves on a port of its own.
pub(crate) async fn upstream() -> (String, Arc<Mutex<Desk>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let desk = Arc::new(Mutex::new(Desk::default()));
    let shared = Arc::clone(&desk);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let desk = Arc::clone(&shared);
            tokio::spawn(async move {
                let service = service_fn(|request| answer(Arc::clone(&desk), request));
                let _ended = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (url, desk)
}

async fn answer(
    desk: Arc<Mutex<Desk>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes());
    let path = head
        .uri
        .path_and_query()
        .map_or("", |path| path.as_str())
        .to_owned();
    let body = body.unwrap_or_default();
    let is_stream = path.contains("alt=sse")
        || memchr::memmem::find(&body, b"\"stream\":true").is_some()
        || memchr::memmem::find(&body, b"\"stream\": true").is_some();
    let mood = {
        let mut desk = desk.lock().unwrap();
        desk.sent.push(Sent {
            method: head.method.to_string(),
            path: path.clone(),
            headers: head.headers,
            body,
        });
        desk.mood
    };
    let (status, text) = said(&path, mood, is_stream);
    let kind = if is_stream && status == 200 {
        "text/event-stream"
    } else {
        "application/json"
    };
    let mut response = Response::builder()
        .status(status)
        .header("content-type", kind);
    if mood.is_multiple_of(5) {
        response = response
            .header("x-request-id", KEY)
            .header("request-id", KEY)
            .header("x-echo", KEY);
    }
    Ok(response.body(Full::new(Bytes::from(text))).unwrap())
}

/// What is said at a path.
fn said(path: &str, mood: u64, is_stream: bool) -> (u16, String) {
    match mood {
        0 => (
            401,
            error(
                path,
                &format!("Incorrect API key provided: {KEY}. You can find it."),
            ),
        ),
        1 => (400, error(path, &format!("the header said Bearer {KEY}"))),
        2 => (200, format!("{{\"broken\": \"{KEY}")),
        3 => (429, format!("<html>{KEY}</html>")),
        4 | 5 => (
            200,
            whole_or_streamed(path, is_stream, &format!("my key is {KEY}, yes")),
        ),
        _ => (200, whole_or_streamed(path, is_stream, "yes")),
    }
}

fn error(path: &str, message: &str) -> String {
    if path.contains("/messages") {
        format!(
            r#"{{"type":"error","error":{{"type":"authentication_error","message":"{message}"}}}}"#
        )
    } else {
        format!(
            r#"{{"error":{{"code":400,"status":"INVALID_ARGUMENT","type":"invalid_request_error","message":"{message}"}}}}"#
        )
    }
}

fn whole_or_streamed(path: &str, is_stream: bool, text: &str) -> String {
    if path.contains("embeddings") {
        return format!(
            r#"{{"object":"list","model":"{text}","data":[{{"object":"embedding","index":0,"embedding":[0.5]}}],"usage":{{"prompt_tokens":3,"total_tokens":3}}}}"#
        );
    }
    let is_anthropic = path.contains("/messages");
    let is_responses = path.contains("/responses");
    let is_gemini = path.contains("enerateContent");
    match (is_stream, is_anthropic, is_responses, is_gemini) {
        (false, true, ..) => format!(
            r#"{{"id":"m1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":3,"output_tokens":2}}}}"#
        ),
        (true, true, ..) => {
            let start = r#"{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}"#;
            let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
            let delta = format!(
                r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
            );
            let stop = r#"{"type":"content_block_stop","index":0}"#;
            let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}"#;
            let last = r#"{"type":"message_stop"}"#;
            let all = [start, block, &delta, stop, end, last].map(|data| {
                let name = data.split('"').nth(3).unwrap();
                format!("event: {name}\ndata: {data}\n\n")
            });
            all.concat()
        }
        (false, _, true, _) => format!(
            r#"{{"id":"r1","object":"response","created_at":1,"status":"completed","model":"m","output":[{{"type":"message","id":"o1","status":"completed","role":"assistant","content":[{{"type":"output_text","text":"{text}","annotations":[]}}]}}],"usage":{{"input_tokens":3,"output_tokens":2,"total_tokens":5}}}}"#
        ),
        (true, _, true, _) => {
            let done = said_whole_response(text);
            let delta = format!(
                r#"{{"type":"response.output_text.delta","sequence_number":1,"item_id":"o1","output_index":0,"content_index":0,"delta":"{text}"}}"#
            );
            format!(
                "event: response.output_text.delta\ndata: {delta}\n\nevent: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":2,\"response\":{done}}}\n\n"
            )
        }
        (false, _, _, true) => gemini(text),
        (true, _, _, true) => format!("data: {}\n\n", gemini(text)),
        (false, ..) => format!(
            r#"{{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}}"#
        ),
        (true, ..) => {
            let chunk = |delta: &str, finish: &str| {
                format!(
                    "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{{delta}}},\"finish_reason\":{finish}}}]}}\n\n"
                )
            };
            format!(
                "{}{}data: [DONE]\n\n",
                chunk(&format!("\"content\":\"{text}\""), "null"),
                chunk("", "\"stop\"")
            )
        }
    }
}

fn said_whole_response(text: &str) -> String {
    whole_or_streamed("/responses", false, text)
}

fn gemini(text: &str) -> String {
    format!(
        r#"{{"candidates":[{{"index":0,"content":{{"role":"model","parts":[{{"text":"{text}"}}]}},"finishReason":"STOP"}}],"usageMetadata":{{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}},"modelVersion":"m"}}"#
    )
}
