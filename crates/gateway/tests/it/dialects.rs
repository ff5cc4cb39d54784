//! Answers whole and streamed, in each dialect from each.

use serde_json::{Value, json};
use trilemma_domain::Dialect;

use crate::support::{
    Answer, House, anthropic, candidate, canned, house, house_of, house_with, json_answer, openai,
    parts, post, responses, send, settings, simulator, upstream,
};
use trilemma_gateway::{Upstream, UpstreamParts};

const SCENARIO: &str = r#"
[models.plain]
answers = { type = "text", text = "Grüße, 世界 🦀: \"quoted\"\nand a second line." }
usage = { input = 100, output = 20, cache_read = 40, reasoning = 5 }
system_fingerprint = "fp_sim"
[models.thinker]
answers = { type = "script", rules = [{ answers = [{ reasoning = "Let me think.", text = "Done." }] }] }
[models.tools]
answers = { type = "script", rules = [{ answers = [{ text = "Looking.", tool_calls = [{ name = "weather", arguments = { city = "Zürich", days = 2 } }, { name = "clock", arguments = {} }] }] }] }
"#;
const TEXT: &str = "Grüße, 世界 🦀: \"quoted\"\nand a second line.";

fn openai_text(events: &[Value], field: &str) -> String {
    events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"][field].as_str())
        .collect()
}

fn anthropic_text(events: &[Value], field: &str) -> String {
    events
        .iter()
        .filter_map(|event| event["delta"][field].as_str())
        .collect()
}

fn assert_ok(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.is_clean, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_upstream_answers_in_both_dialects() {
    let house = house(SCENARIO, settings()).await;
    for dialect in Dialect::ALL {
        let model = format!("{}/plain", dialect.name());
        let answer = house
            .post("/v1/chat/completions", &openai(&model, false))
            .await;
        assert_ok(&answer);
        let body = answer.json();
        assert_eq!(body["choices"][0]["message"]["content"], TEXT, "{dialect}");
        assert_eq!(body["choices"][0]["finish_reason"], "stop");
        assert_eq!(body["usage"]["prompt_tokens"], 140, "{dialect}: {body}");
        assert_eq!(answer.header("x-trilemma-model"), Some(model.as_str()));
        let answer = house.post("/v1/messages", &anthropic(&model, false)).await;
        assert_ok(&answer);
        let body = answer.json();
        assert_eq!(body["content"][0]["text"], TEXT, "{dialect}");
        assert_eq!(body["stop_reason"], "end_turn");
        assert_eq!(body["usage"]["input_tokens"], 100, "{dialect}: {body}");
        assert_eq!(body["usage"]["cache_read_input_tokens"], 40, "{dialect}");
        assert_eq!(body["usage"]["output_tokens"], 20, "{dialect}");
        let answer = house.post("/v1/responses", &responses(&model, false)).await;
        assert_ok(&answer);
        let body = answer.json();
        let message = &body["output"][0];
        assert_eq!(message["content"][0]["text"], TEXT, "{dialect}");
        assert_eq!(body["status"], "completed");
        assert_eq!(body["usage"]["input_tokens"], 140, "{dialect}: {body}");
    }
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 15);
    for entry in entries {
        // 100 at 1, 40 from the cache at the price of input, 20 at 10 USD per million.
        assert_eq!(entry.row.cost.unwrap().0, 340_000, "{entry:?}");
        assert!(!entry.row.is_estimated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_upstream_streams_in_both_dialects() {
    let house = house(SCENARIO, settings()).await;
    for dialect in Dialect::ALL {
        let model = format!("{}/plain", dialect.name());
        let answer = house
            .post("/v1/chat/completions", &openai(&model, true))
            .await;
        assert_ok(&answer);
        let events = answer.events();
        assert_eq!(openai_text(&events, "content"), TEXT, "{dialect}");
        assert!(answer.text().ends_with("data: [DONE]\n\n"), "{dialect}");
        // The client did not ask for the event with the token counts, which has no choices.
        let n_empty = events.iter().filter(|event| {
            event["choices"].as_array().is_some_and(Vec::is_empty) && !event["usage"].is_null()
        });
        assert_eq!(n_empty.count(), 0, "{dialect}");
        let mut with_usage = openai(&model, true);
        with_usage["stream_options"] = json!({ "include_usage": true });
        let events = house.post("/chat/completions", &with_usage).await.events();
        assert_eq!(
            events.last().unwrap()["usage"]["completion_tokens"],
            20,
            "{dialect}"
        );

        let answer = house.post("/v1/messages", &anthropic(&model, true)).await;
        assert_ok(&answer);
        let events = answer.events();
        assert_eq!(anthropic_text(&events, "text"), TEXT, "{dialect}");
        assert_eq!(events.last().unwrap()["type"], "message_stop");
        let usage = events
            .iter()
            .find(|event| event["type"] == "message_delta")
            .map(|event| &event["usage"]);
        assert_eq!(usage.unwrap()["output_tokens"], 20, "{dialect}");

        let answer = house.post("/v1/responses", &responses(&model, true)).await;
        assert_ok(&answer);
        let events = answer.events();
        let text: String = events
            .iter()
            .filter(|event| event["type"] == "response.output_text.delta")
            .filter_map(|event| event["delta"].as_str())
            .collect();
        assert_eq!(text, TEXT, "{dialect}");
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed", "{dialect}");
        assert_eq!(last["response"]["usage"]["output_tokens"], 20, "{dialect}");
    }
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 20);
    for entry in entries {
        assert_eq!(entry.row.cost.unwrap().0, 340_000, "{entry:?}");
        let evidence = entry.evidence.unwrap();
        assert_eq!(evidence.finish.as_deref(), Some("stop"));
        assert!(
            evidence.attempts[0].first_visible_us.is_some(),
            "{evidence:?}"
        );
    }
}

async fn responses_call_tools(house: &House, dialect: Dialect, stream: bool) {
    let tools = format!("{}/tools", dialect.name());
    let answer = house
        .post("/v1/responses", &responses(&tools, stream))
        .await;
    assert_ok(&answer);
    let whole = if stream {
        answer.events().pop().unwrap()["response"].clone()
    } else {
        answer.json()
    };
    let call = &whole["output"][1];
    assert_eq!(call["name"], "weather", "{dialect}: {whole}");
    let arguments = call["arguments"].as_str().unwrap();
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert_eq!(arguments, json!({"city": "Zürich", "days": 2}), "{dialect}");
    assert!(!call["call_id"].as_str().unwrap().is_empty(), "{dialect}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_and_tools_cross_dialects() {
    let house = house(SCENARIO, settings()).await;
    for dialect in Dialect::ALL {
        let thinker = format!("{}/thinker", dialect.name());
        let answer = house.post("/v1/messages", &anthropic(&thinker, true)).await;
        let events = answer.events();
        assert_eq!(
            anthropic_text(&events, "thinking"),
            "Let me think.",
            "{dialect}"
        );
        assert_eq!(anthropic_text(&events, "text"), "Done.", "{dialect}");
        let tools = format!("{}/tools", dialect.name());
        for stream in [false, true] {
            let answer = house
                .post("/v1/chat/completions", &openai(&tools, stream))
                .await;
            assert_ok(&answer);
            let (names, arguments, finish) = if stream {
                let events = answer.events();
                let calls = || {
                    events
                        .iter()
                        .filter_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array())
                        .flatten()
                };
                let names: Vec<_> = calls()
                    .filter_map(|call| call["function"]["name"].as_str())
                    .collect();
                let ids: Vec<_> = calls().filter_map(|call| call["id"].as_str()).collect();
                assert!(
                    ids.iter().all(|id| !id.is_empty()) && ids.len() == 2,
                    "{dialect} {ids:?}"
                );
                let first: String = calls()
                    .filter(|call| call["index"] == 0)
                    .filter_map(|call| call["function"]["arguments"].as_str())
                    .collect();
                let finish = events
                    .iter()
                    .find_map(|event| event["choices"][0]["finish_reason"].as_str());
                (names.join(","), first, finish.unwrap().to_owned())
            } else {
                let body = answer.json();
                let choice = &body["choices"][0];
                let calls = choice["message"]["tool_calls"].as_array().unwrap().clone();
                let names: Vec<_> = calls
                    .iter()
                    .map(|call| call["function"]["name"].as_str().unwrap())
                    .collect();
                let arguments = calls[0]["function"]["arguments"].as_str().unwrap();
                let finish = choice["finish_reason"].as_str().unwrap();
                (names.join(","), arguments.to_owned(), finish.to_owned())
            };
            assert_eq!(
                (names.as_str(), finish.as_str()),
                ("weather,clock", "tool_calls")
            );
            let arguments: Value = serde_json::from_str(&arguments).unwrap();
            assert_eq!(arguments, json!({"city": "Zürich", "days": 2}), "{dialect}");
            let answer = house.post("/v1/messages", &anthropic(&tools, stream)).await;
            assert_ok(&answer);
            assert!(answer.text().contains("\"tool_use\""), "{dialect}");
            assert_eq!(
                answer.text().matches("\"type\":\"tool_use\"").count(),
                2,
                "{dialect}"
            );
            responses_call_tools(&house, dialect, stream).await;
        }
    }
}

/// What the client writes and the vendor answers is not touched where both speak one dialect.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_pass_untouched_within_a_dialect() {
    let body = "{ \"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\
                \"content\":\"\\u0048i\"},\"finish_reason\":\"stop\",\"odd\":1e400}],\
                \"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}, \"new_field\":[ ] }";
    let (url, seen) = canned(json_answer(body)).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let upstreams = vec![upstream(
        candidate("openai/real-name", Dialect::OpenAi, &url),
        &settings,
    )];
    let house = house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await;
    let request = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\\u0061\",\"odd\":[1e-400]} ],\t\
                   \"model\":\"openai/real-name\" , \"brand_new\" : {\"a\" : 1.0} }";
    let answer = post(
        &house.address,
        "/v1/chat/completions",
        request.as_bytes(),
        &[
            ("authorization", "Bearer client-key"),
            ("x-evil-url", "http://evil.example"),
        ],
    )
    .await;
    assert_eq!((answer.status, answer.text()), (200, body));
    let sent = seen.lock().unwrap().join("\n");
    let expected = request.replace("openai/real-name", "real-name");
    assert!(sent.ends_with(&expected), "{sent}");
    assert!(
        sent.contains("POST /v1/chat/completions HTTP/1.1"),
        "{sent}"
    );
    assert!(
        sent.contains(&format!("Bearer {}", crate::support::KEY)),
        "{sent}"
    );
    assert!(
        !sent.contains("client-key") && !sent.contains("evil"),
        "{sent}"
    );
}

/// Responses pass to a vendor that has them, as they are, with what it stored; other vendors refuse
/// what they cannot know.
#[tokio::test(flavor = "multi_thread")]
async fn responses_pass_where_the_vendor_has_them() {
    let body = r#"{ "id":"resp_1","object":"response","status":"completed","new_field":1e400,"output":[{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},{"type":"message","id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":12} }"#;
    let (url, seen) = canned(json_answer(body)).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let mut own = candidate("openai/real-name", Dialect::OpenAi, &url);
    own.price.as_mut().unwrap().web_search_1k = Some("10".parse().unwrap());
    own.params.temperature = Some(0.5);
    let passing = Upstream::new(UpstreamParts {
        responses: true,
        ..parts(own, &settings)
    });
    let other = upstream(candidate("openai/other", Dialect::OpenAi, &url), &settings);
    let upstreams = vec![passing.unwrap(), other];
    let house = house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await;
    let request = "{ \"input\" : [ {\"role\":\"user\",\"content\":\"\\u0061\"} ],\t\"model\":\"openai/real-name\", \
                   \"previous_response_id\":\"resp_0\",\"tools\":[{\"type\":\"web_search\"}] }";
    let answer = post(&house.address, "/v1/responses", request.as_bytes(), &[]).await;
    assert_eq!((answer.status, answer.text()), (200, body));
    let sent = seen.lock().unwrap().join("\n");
    assert!(sent.contains("POST /v1/responses HTTP/1.1"), "{sent}");
    let expected =
        request
            .replace("openai/real-name", "real-name")
            .replacen('{', "{\"temperature\":0.5,", 1);
    assert!(sent.ends_with(&expected), "{sent}");
    let elsewhere = request.replace("real-name", "other");
    let answer = post(&house.address, "/v1/responses", elsewhere.as_bytes(), &[]).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("`previous_response_id`"),
        "{}",
        answer.text()
    );
    let (_, entries, _folder) = house.close().await;
    // 6 new and 4 cached tokens at 1, 2 at 10 USD per million, one search at a cent.
    assert_eq!(entries[0].row.cost.unwrap().0, 10_030_000, "{entries:?}");
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.dialect, "responses");
    // It was measured by chat completions, which know neither what is stored nor a search.
    assert_eq!(evidence.unmeasured, ["request", "dialect"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_pass_and_are_billed() {
    let body = r#"{"object":"list","model":"e-1","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}],"usage":{"prompt_tokens":8,"total_tokens":8} }"#;
    let (url, seen) = canned(json_answer(body)).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let embedder = upstream(candidate("sim/e-1", Dialect::OpenAi, &url), &settings);
    let chat = upstream(candidate("openai/chat", Dialect::OpenAi, &url), &settings);
    let house = house_with(
        vec![chat],
        vec![embedder],
        log,
        settings,
        tempfile::tempdir().unwrap(),
    )
    .await;
    let request = "{\"input\": [[1,2],[3]] ,\"model\":\"sim/e-1\",\"stream\":true,\"odd\":1e400}";
    let answer = post(&house.address, "/v1/embeddings", request.as_bytes(), &[]).await;
    assert_eq!((answer.status, answer.text()), (200, body));
    let sent = seen.lock().unwrap().join("\n");
    assert!(sent.contains("POST /v1/embeddings HTTP/1.1"), "{sent}");
    assert!(sent.ends_with(&request.replace("sim/e-1", "e-1")), "{sent}");
    for (model, word) in [
        ("openai/chat", "serve.embeddings"),
        ("auto", "serve.embeddings"),
    ] {
        let request = json!({ "model": model, "input": "a" });
        let answer = house.post("/v1/embeddings", &request).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains(word), "{}", answer.text());
    }
    let answer = house
        .post("/v1/chat/completions", &openai("sim/e-1", false))
        .await;
    assert_eq!(answer.status, 404);
    let listed = send(&house.address, "GET", "/v1/models", b"", &[]).await;
    assert!(listed.text().contains("\"sim/e-1\""), "{}", listed.text());
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].row.cost.unwrap().0, 8_000);
    assert_eq!(entries[0].evidence.as_ref().unwrap().dialect, "embeddings");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gets_lost_is_told_and_recorded() {
    let house = house(SCENARIO, settings()).await;
    let mut request = openai("anthropic/plain", false);
    request["frequency_penalty"] = json!(1);
    let answer = house.post("/v1/chat/completions", &request).await;
    assert_eq!(answer.header("x-trilemma-lost"), Some("frequency_penalty"));
    request["model"] = json!("openai/plain");
    let answer = house.post("/v1/chat/completions", &request).await;
    assert_eq!(answer.header("x-trilemma-lost"), None);
    request["model"] = json!("gemini/plain");
    request["n"] = json!(2);
    let answer = house.post("/v1/chat/completions", &request).await;
    assert_eq!(answer.status, 400);
    let (_, entries, _folder) = house.close().await;
    let lost: Vec<_> = entries
        .iter()
        .map(|entry| entry.evidence.as_ref().unwrap().lost.clone())
        .collect();
    assert_eq!(lost[0], ["frequency_penalty"]);
    assert!(lost[1].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed_and_unknown_ones_refused() {
    let house = house(SCENARIO, settings()).await;
    let answer = send(&house.address, "GET", "/v1/models", b"", &[]).await;
    let names: Vec<_> = answer.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"anthropic/tools".to_owned()), "{names:?}");
    let answer = house
        .post("/v1/chat/completions", &openai("nobody", false))
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"]["code"], "model_not_found");
    let answer = house
        .post("/v1/messages", &anthropic("nobody", false))
        .await;
    assert_eq!(answer.json()["error"]["type"], "not_found_error");
    let answer = house.post("/v2/nowhere", &json!({})).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
}
