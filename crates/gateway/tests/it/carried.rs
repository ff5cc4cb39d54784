//! What reaches an upstream of another dialect, and what a client is told where nothing does.

use serde_json::{Value, json};
use trilemma_domain::Dialect;

use crate::support::{
    Answer, House, anthropic, candidate, canned, house, house_of, json_answer, openai, parts, post,
    responses, send, settings, simulator,
};
use trilemma_gateway::{Upstream, UpstreamParts};

const ANSWER: &str = r#"{"id":"a","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"fine"}}]}"#;
const CLAUDE: &str = r#"{"id":"a","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"refusal","usage":{"input_tokens":1,"output_tokens":1}}"#;

/// A house of one upstream that says the same to everybody.
struct Canned {
    house: House,
    seen: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Canned {
    async fn new(dialect: Dialect, response: Vec<u8>, max_output: Option<u64>) -> Self {
        let (url, seen) = canned(response).await;
        let (_, log) = simulator("").await;
        let settings = settings();
        let one = UpstreamParts {
            max_output,
            ..parts(candidate("p/m", dialect, &url), &settings)
        };
        let folder = tempfile::tempdir().unwrap();
        let upstreams = vec![Upstream::new(one).unwrap()];
        Self {
            house: house_of(upstreams, log, settings, folder).await,
            seen,
        }
    }

    /// The body that the upstream got last.
    fn sent(&self) -> Value {
        let seen = self.seen.lock().unwrap();
        let (_, body) = seen.last().unwrap().split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    async fn ask(&self, path: &str, body: &Value) -> Answer {
        self.house.post(path, body).await
    }
}

fn code(answer: &Answer) -> Value {
    answer.json()["error"]["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_refusal_is_no_answer() {
    let one = Canned::new(Dialect::Anthropic, json_answer(CLAUDE), None).await;
    let answer = one.ask("/v1/chat/completions", &openai("p/m", false)).await;
    assert_eq!(
        answer.json()["choices"][0]["finish_reason"],
        "content_filter"
    );
    let answer = one.ask("/v1/responses", &responses("p/m", false)).await;
    let body = answer.json();
    assert_eq!(body["status"], "incomplete", "{body}");
    assert_eq!(body["incomplete_details"]["reason"], "content_filter");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_documents_arrive_as_text() {
    let one = Canned::new(Dialect::OpenAi, json_answer(ANSWER), None).await;
    let mut request = anthropic("p/m", false);
    request["messages"][0]["content"] = json!([{"type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Plain text here"}}]);
    let answer = one.ask("/v1/messages", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-trilemma-lost"), None);
    assert_eq!(one.sent()["messages"][0]["content"], "Plain text here");
    // Nobody said in which class of service it was answered.
    assert!(answer.json()["usage"]["service_tier"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_a_vendor_are_refused_by_others_and_pass_to_it() {
    let one = Canned::new(Dialect::OpenAi, json_answer(ANSWER), None).await;
    let mut request = anthropic("p/m", false);
    request["tools"] = json!([{"type": "web_search_20250305", "name": "web_search"}]);
    let answer = one.ask("/v1/messages", &request).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("web_search_20250305"),
        "{}",
        answer.text()
    );
    assert!(one.seen.lock().unwrap().is_empty());
    let claude = Canned::new(Dialect::Anthropic, json_answer(CLAUDE), None).await;
    let answer = claude.ask("/v1/messages", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(claude.sent()["tools"], request["tools"]);
    let mut request = openai("p/m", false);
    request["functions"] = json!([{"name": "f"}]);
    let answer = claude.ask("/v1/chat/completions", &request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("functions"), "{}", answer.text());
    let answer = one.ask("/v1/chat/completions", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(one.sent()["functions"], request["functions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_and_calls_are_told_in_the_upstreams_words() {
    let mut request = openai("p/m", false);
    request.as_object_mut().unwrap().remove("max_tokens");
    request["temperature"] = json!(1.7);
    request["parallel_tool_calls"] = json!(false);
    request["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    for (max_output, length, lost) in [
        (Some(64_000), 64_000, "temperature"),
        (None, 4_096, "temperature, max_tokens (4096 are allowed)"),
    ] {
        let one = Canned::new(Dialect::Anthropic, json_answer(CLAUDE), max_output).await;
        let answer = one.ask("/v1/chat/completions", &request).await;
        let sent = one.sent();
        assert_eq!(sent["max_tokens"], length);
        assert_eq!(sent["temperature"], 1.0);
        assert_eq!(
            sent["tool_choice"],
            json!({"type": "auto", "disable_parallel_tool_use": true})
        );
        assert_eq!(answer.header("x-trilemma-lost"), Some(lost));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_explains_is_not_completed() {
    let cut = ANSWER.replace(r#""finish_reason":"stop","#, "");
    let one = Canned::new(Dialect::OpenAi, json_answer(&cut), None).await;
    let answer = one.ask("/v1/responses", &responses("p/m", false)).await;
    let body = answer.json();
    assert_eq!(body["status"], "incomplete", "{body}");
    assert_eq!(body["incomplete_details"]["reason"], "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_a_name_and_tell_what_was_lost() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let response = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{refusal}",
        refusal.len()
    );
    let one = Canned::new(Dialect::Anthropic, response.into_bytes(), None).await;
    let mut request = openai("p/m", false);
    request["frequency_penalty"] = json!(1);
    let answer = one.ask("/v1/chat/completions", &request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("x-trilemma-lost"), Some("frequency_penalty"));
    let id = answer.header("x-trilemma-request-id").unwrap();
    assert_eq!(answer.header("x-request-id"), Some(id));
    let answer = one.ask("/v1/messages", &anthropic("p/m", false)).await;
    let id = answer.header("x-trilemma-request-id").unwrap();
    assert_eq!(answer.header("request-id"), Some(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_told_apart() {
    let house = house("[models.m]\n", settings()).await;
    let list = br#"["openai/m",false,null,1,[{"role":"user","content":"hi"}]]"#;
    for path in [
        "/v1/chat/completions",
        "/v1/messages",
        "/v1/decide",
        "/v1/embeddings",
    ] {
        let answer = post(&house.address, path, list, &[]).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer.text().contains("no JSON object"),
            "{}",
            answer.text()
        );
    }
    let answer = post(&house.address, "/v1/feedback", br#"["tr-1-1",0.5]"#, &[]).await;
    assert_eq!(answer.status, 400);
    let packed = [("content-encoding", "gzip")];
    let answer = post(&house.address, "/v1/chat/completions", b"\x1f\x8b", &packed).await;
    assert_eq!(answer.status, 415);
    assert!(
        answer.text().contains("content-encoding"),
        "{}",
        answer.text()
    );
    let answer = send(&house.address, "GET", "/v1/chat/completions", b"", &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(code(&answer), Value::Null);
    let answer = post(&house.address, "/v1/nowhere", b"{}", &[]).await;
    assert_eq!((answer.status, code(&answer)), (404, Value::Null));
    let answer = send(&house.address, "GET", "/v1/models/openai%2Fm", b"", &[]).await;
    assert_eq!(answer.json()["id"], "openai/m");
    let answer = send(&house.address, "GET", "/v1/models/openai/m", b"", &[]).await;
    assert_eq!(answer.json()["object"], "model");
    let answer = send(&house.address, "GET", "/v1/models/none", b"", &[]).await;
    assert_eq!(
        (answer.status, code(&answer)),
        (404, json!("model_not_found"))
    );
    let answer = house
        .post("/v1/chat/completions", &openai("auto", false))
        .await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("[serve]"), "{}", answer.text());
}
