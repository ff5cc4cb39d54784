use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use trilemma_domain::{CandidateId, PromptText, Target, ToolChoice};
use trilemma_provider::{Client, ClientConfig, Lane, LaneConfig};

use super::*;
use crate::ask::Service;
use crate::peek::peek;
use crate::plain::is_plain;
use crate::prepare::decode;
use crate::upstream::UpstreamParts;

const PROMPT: &str = "=== system ===\nSort the ticket.\n=== user ===\n{{ input }}\n";

fn named(change: impl FnOnce(&mut Candidate), is_candidate: bool) -> Named {
    let mut candidate = Candidate {
        id: CandidateId::from("m"),
        target: Target {
            provider: "p".to_owned(),
            dialect: Dialect::OpenAi,
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            model: "m".to_owned(),
            api_version: None,
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: None,
        stream: true,
    };
    change(&mut candidate);
    let client = Client::new(ClientConfig::default()).unwrap();
    let parts = UpstreamParts {
        candidate,
        streamed: client.clone(),
        whole: client,
        secret: None,
        lane: Arc::new(Lane::new(&LaneConfig::default())),
        pricer: None,
        max_output: None,
        context: None,
        responses: false,
    };
    Named {
        upstream: Arc::new(Upstream::new(parts).unwrap()),
        is_candidate,
    }
}

fn item(text: &str) -> Item {
    serde_json::from_str(text).unwrap()
}

fn texts_only() -> MeasuredRequests {
    let mut measured = MeasuredRequests::default();
    measured.add(&item(r#"{"id":"a","input":{"text":"q"}}"#));
    measured
}

/// The marks of a request; a request that is plain has none.
fn marks(
    named: &Named,
    measured: Option<&MeasuredRequests>,
    dialect: Dialect,
    fields: Value,
) -> (Vec<String>, bool) {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "q" }] });
    let Value::Object(fields) = fields else {
        panic!("fields")
    };
    for (name, value) in fields {
        body[&name] = value;
    }
    if dialect == Dialect::Responses {
        let messages = body.as_object_mut().unwrap().remove("messages");
        body["input"] = messages.unwrap();
    }
    let body = Bytes::from(body.to_string());
    let (peeked, _) = peek(&body, None).unwrap();
    let ask = Ask::bare(Service::Chat, dialect, body, peeked);
    let chat = decode(&ask).unwrap().chat;
    let mut found = Vec::new();
    compare(&ask, &chat, (named, measured), &mut |what| {
        found.push(what.to_owned());
    });
    let plain = is_plain(&ask, named, measured);
    assert!(!plain || found.is_empty(), "{found:?} of a plain request");
    (found, plain)
}

fn check(named: &Named, fields: Value, expected: &[&str]) {
    let known = texts_only();
    let (found, _) = marks(named, Some(&known), Dialect::OpenAi, fields.clone());
    assert_eq!(found, expected, "{fields}");
}

#[test]
fn whatever_the_client_sets_is_compared() {
    let m = named(|one| one.params.temperature = Some(0.0), true);
    check(&m, json!({}), &[]);
    check(&m, json!({ "temperature": 0.0, "user": "u", "n": 1 }), &[]);
    check(&m, json!({ "temperature": 0.7 }), &["temperature"]);
    check(&m, json!({ "max_tokens": 9 }), &["max_output_tokens"]);
    check(&m, json!({ "seed": 3, "stop": "x" }), &["seed", "stop"]);
    check(
        &m,
        json!({ "presence_penalty": 0.5 }),
        &["presence_penalty"],
    );
    check(&m, json!({ "presence_penalty": 0 }), &[]);
    check(&m, json!({ "logit_bias": { "5": 1 } }), &["logit_bias"]);
    check(
        &m,
        json!({ "response_format": { "type": "json_object" } }),
        &["response_format"],
    );
    let image = json!([{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": "https://example.org/a.png" } }
    ] }]);
    check(&m, json!({ "messages": image }), &["image"]);
    let tool = json!([{ "type": "function", "function": { "name": "f" } }]);
    check(
        &m,
        json!({ "tools": tool, "tool_choice": "required" }),
        &["tools", "tool_choice"],
    );
    let own = json!([
        { "role": "system", "content": "Be rude." }, { "role": "user", "content": "q" },
    ]);
    check(&m, json!({ "messages": own }), &["prompt"]);
}

#[test]
fn a_bare_name_fills_nothing_in() {
    let settings = |one: &mut Candidate| {
        one.params.temperature = Some(0.0);
        one.params.extra_body.insert("top_k".to_owned(), json!(5));
    };
    let bare = named(settings, false);
    check(&bare, json!({}), &["temperature", "top_k"]);
    check(&bare, json!({ "temperature": 0, "top_k": 5 }), &[]);
    check(&named(settings, true), json!({}), &[]);
    check(&named(settings, true), json!({ "top_k": 6 }), &["top_k"]);
}

#[test]
fn the_measured_prompt_and_shape_have_to_be_there() {
    let m = named(
        |one| {
            one.prompt = Some(PromptText {
                name: "p".to_owned(),
                source: PROMPT.to_owned(),
            });
            one.response_format = Some(ResponseFormat::JsonObject);
        },
        true,
    );
    let messages = |system: &str| json!([{ "role": "system", "content": system }, { "role": "user", "content": "q" }]);
    let shape = json!({ "type": "json_object" });
    let all = json!({ "messages": messages("Sort the ticket."), "response_format": shape });
    check(&m, all, &[]);
    check(&m, json!({}), &["response_format", "prompt"]);
}

#[test]
fn what_items_had_was_measured() {
    let m = named(|_| {}, true);
    let mut known = texts_only();
    known.add(&item(
        r#"{"id":"b","tools":[{"name":"f"}],"input":{"messages":[
            {"role":"system","parts":[{"type":"text","text":"s"}]},
            {"role":"user","parts":[{"type":"image","url":"https://example.org/a.png"}]}]}}"#,
    ));
    let fields = json!({
        "tools": [{ "type": "function", "function": { "name": "f" } }],
        "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": [
            { "type": "image_url", "image_url": { "url": "https://example.org/b.png" } }
        ] }],
    });
    let of = |known: Option<&MeasuredRequests>| marks(&m, known, Dialect::OpenAi, fields.clone()).0;
    assert_eq!(of(Some(&known)), [""; 0]);
    assert_eq!(of(None), ["image", "tools"]);
    known.add_changed("m");
    assert_eq!(of(Some(&known)), ["candidate m"]);
}

#[test]
fn fields_that_nest_are_looked_into() {
    let verbose = |dialect: Dialect| {
        named(
            |one| {
                one.target.dialect = dialect;
                let text = json!({ "verbosity": "low" });
                one.params.extra_body.insert("text".to_owned(), text);
            },
            true,
        )
    };
    let known = texts_only();
    let of = |named: &Named, dialect, fields| marks(named, Some(&known), dialect, fields).0;
    let m = verbose(Dialect::Responses);
    let low = json!({ "text": { "verbosity": "low" } });
    assert_eq!(of(&m, Dialect::Responses, low.clone()), [""; 0]);
    let high = json!({ "text": { "verbosity": "high" }, "reasoning": { "summary": "auto" } });
    assert_eq!(of(&m, Dialect::Responses, high), ["text.verbosity"]);
    let other = named(|one| one.target.dialect = Dialect::Anthropic, true);
    let length = ANTHROPIC_DEFAULT_MAX_TOKENS;
    let plain = json!({ "max_tokens": length, "thinking": { "type": "disabled" } });
    assert_eq!(of(&other, Dialect::Anthropic, plain), [""; 0]);
    let adaptive = json!({ "max_tokens": length, "thinking": { "type": "adaptive" } });
    assert_eq!(of(&other, Dialect::Anthropic, adaptive), ["thinking.type"]);
}

#[test]
fn usual_requests_are_plain() {
    let m = named(
        |one| {
            one.params.temperature = Some(0.5);
            one.prompt = Some(PromptText {
                name: "p".to_owned(),
                source: PROMPT.to_owned(),
            });
        },
        true,
    );
    let known = texts_only();
    let is_plain = |fields| marks(&m, Some(&known), Dialect::OpenAi, fields).1;
    let messages = json!([
        { "role": "system", "content": "Sort the ticket." }, { "role": "user", "content": "q" },
    ]);
    assert!(is_plain(json!({ "messages": messages })));
    assert!(is_plain(json!({
        "messages": messages, "temperature": 0.5, "stream": true, "metadata": { "a": "b" }, "seed": null,
    })));
    assert!(!is_plain(json!({ "messages": messages, "seed": 1 })));
    assert!(!is_plain(json!({})));
}

#[test]
fn what_may_be_no_text_is_not_plain() {
    let m = named(|_| {}, true);
    let known = texts_only();
    let is_plain = |content: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#);
        let body = Bytes::from(body);
        let (peeked, _) = peek(&body, None).unwrap();
        let ask = Ask::bare(Service::Chat, Dialect::OpenAi, body, peeked);
        is_plain(&ask, &m, Some(&known))
    };
    assert!(is_plain(r#""an \"image\" of \u00e9""#));
    assert!(is_plain(r#"[{"type":"text","text":"q"}]"#));
    let image = r#""image_url":{"url":"https://example.org/a.png"}"#;
    for kind in ["image_url", r"im\u0061ge_url"] {
        let part = format!(r#"[{{"type":"{kind}",{image}}}]"#);
        assert!(!is_plain(&part), "{part}");
    }
}

#[test]
fn names_of_fields_are_bounded() {
    let m = named(|_| {}, true);
    let fields: Map<String, Value> = (0..100)
        .map(|idx| (format!("{idx}{}", "é".repeat(500)), json!(1)))
        .collect();
    let (found, _) = marks(&m, None, Dialect::OpenAi, Value::Object(fields));
    assert_eq!(found.len(), MAX_FIELDS);
    assert!(found.iter().all(|name| name.chars().count() == MAX_CHARS));
}
