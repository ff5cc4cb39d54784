//! Policies that judge an answer by how sure its model was: the judge sees live what it saw offline, and clients
//! get what they ask for.

use bytes::Bytes;
use serde_json::{Value, json};
use trilemma_domain::{Candidate, CandidateId, Dialect, Message, Reply, Role};
use trilemma_route::{Observation, RequestView, Router, Step};
use trilemma_wire::client::decode_response;

use crate::support::{
    Answer, House, candidate, canned, house_of, json_answer, openai, post, responses, settings,
    simulator, upstream,
};

/// One model tells how sure it is, the other is asked and does not.
const SCENARIO: &str = r#"
[models.open]
answers = { type = "echo" }
logprobs = {}
[models.mute]
answers = { type = "echo" }
[models.large]
answers = { type = "text", text = "certainly" }
logprobs = {}
"#;

/// Asks one model, and another where the first is not sure; an answer that tells nothing counts as the mean.
fn policy(small: &str) -> Value {
    let mut weights = vec![0.0; 13];
    weights[5] = 0.2;
    weights[12] = -0.5;
    let judge = json!({
        "lengths": [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]],
        "gain": weights, "log_cost": vec![0.0; 13],
        "signs": [{ "logprob": [-0.307, 0.07] }], "threshold": 0.25,
    });
    json!({
        "schema_version": 1, "name": "sure", "candidates": [{ "id": small }, { "id": "p/large" }],
        "plan": { "cascade": {
            "ask": [small], "accept": { "judged": judge }, "escalate": { "single": "p/large" },
        } },
    })
}

/// Measured with log-probabilities.
fn measured(id: &str, url: &str) -> Candidate {
    let mut candidate = candidate(id, Dialect::OpenAi, url);
    let fields = json!({ "logprobs": true, "top_logprobs": 2 });
    candidate.params.extra_body = fields.as_object().unwrap().clone();
    candidate
}

async fn with(small: &str, passes_responses: bool) -> (House, String) {
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams = [small, "p/large"].map(|id| {
        let mut parts = crate::support::parts(measured(id, &url), &settings);
        parts.responses = passes_responses;
        trilemma_gateway::Upstream::new(parts).unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(upstreams.into(), log, settings, folder).await;
    house
        .gateway
        .set_policy(&policy(small).to_string())
        .unwrap();
    (house, url)
}

fn asking(text: &str, stream: bool) -> Value {
    let mut request = openai("auto", stream);
    request["messages"][0]["content"] = json!(text);
    request
}

/// What the offline evaluation decides on the answer that a benchmark gets, and why.
async fn offline(small: &str, url: &str, text: &str) -> (bool, Vec<String>) {
    let (_, model) = small.split_once('/').unwrap();
    let body = json!({
        "model": model, "messages": [{ "role": "user", "content": text }], "max_tokens": 100,
        "logprobs": true, "top_logprobs": 2,
    });
    let address = url.strip_prefix("http://").unwrap();
    let answer = post(
        address,
        "/v1/chat/completions",
        body.to_string().as_bytes(),
        &[],
    )
    .await;
    let reply = Reply {
        response: decode_response(Dialect::OpenAi, &answer.body).unwrap(),
        ..Reply::default()
    };
    let seen = Observation::of_reply(CandidateId::from(small), &reply);
    let router = Router::read(&policy(small).to_string()).unwrap();
    let messages = [Message::text(Role::User, text)];
    let view = RequestView::of_messages(&messages, &router.policy().reads, None);
    let decision = router.step(&view, &[seen]);
    let is_accepted = match decision.step {
        Step::Answer { seen_idx: 0 } => true,
        Step::Call(_) => false,
        other => panic!("{other:?}"),
    };
    let why = decision.why.iter().map(ToString::to_string).collect();
    (is_accepted, why)
}

/// No log-probability, in whatever words.
fn assert_tells_nothing(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains("\"logprob\""), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_judges_by_log_probability_as_offline() {
    for small in ["p/open", "p/mute"] {
        let (house, url) = with(small, false).await;
        let mut n_accepted = 0;
        let mut expected = Vec::new();
        for idx in 0..12 {
            let text = format!("question number {idx} of a dozen, please");
            let (is_accepted, why) = offline(small, &url, &text).await;
            let chosen = if is_accepted { small } else { "p/large" };
            n_accepted += usize::from(is_accepted);
            for stream in [false, true] {
                let mut request = asking(&text, stream);
                for wish in [None, Some(false)] {
                    if let Some(wish) = wish {
                        request["logprobs"] = json!(wish);
                    }
                    let answer = house.post("/v1/chat/completions", &request).await;
                    assert_eq!(answer.header("x-trilemma-model"), Some(chosen), "{text}");
                    assert_tells_nothing(&answer);
                    expected.push(why.clone());
                }
            }
            let answer = house
                .post("/v1/messages", &asking(&text, idx % 2 == 0))
                .await;
            assert_eq!(answer.header("x-trilemma-model"), Some(chosen), "{text}");
            assert_tells_nothing(&answer);
            expected.push(why);
        }
        if small == "p/open" {
            // The judge tells answers apart, or the comparison would show nothing.
            assert!((1..12).contains(&n_accepted), "{n_accepted}");
        } else {
            // A missing sign counts as the mean: the gain is 0.2 everywhere.
            assert_eq!(n_accepted, 12);
        }
        let (_, entries, _folder) = house.close().await;
        let live: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let decision = entry.evidence.as_ref().unwrap().decision.as_ref().unwrap();
                let told: Value = serde_json::from_str(decision.text()).unwrap();
                told["why"].clone()
            })
            .collect();
        // To the digits of the gain.
        assert_eq!(json!(live), json!(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_ask_get_them() {
    let (house, _) = with("p/open", false).await;
    for model in ["auto", "p/open", "p/large"] {
        let mut request = asking("say it", false);
        request["model"] = json!(model);
        let bare = house.post("/v1/chat/completions", &request).await;
        assert_tells_nothing(&bare);
        request["logprobs"] = json!(true);
        let answer = house.post("/v1/chat/completions", &request).await;
        let places = &answer.json()["choices"][0]["logprobs"]["content"];
        assert!(!places.as_array().unwrap().is_empty(), "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_that_pass_through_are_judged_as_well() {
    let (house, url) = with("p/open", true).await;
    for idx in 0..8 {
        let text = format!("question number {idx} of a dozen, please");
        let (is_accepted, _) = offline("p/open", &url, &text).await;
        let chosen = if is_accepted { "p/open" } else { "p/large" };
        let mut request = responses("auto", idx % 2 == 0);
        request["input"][0]["content"] = json!(text);
        let answer = house.post("/v1/responses", &request).await;
        assert_eq!(answer.header("x-trilemma-model"), Some(chosen), "{text}");
        assert_tells_nothing(&answer);
    }
}

/// What a judge looks at is asked for, what nobody looks at is not.
#[tokio::test(flavor = "multi_thread")]
async fn upstreams_are_asked_only_for_a_judge() {
    let body = json!({
        "model": "m", "x": 1,
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "content": "fine" }, "logprobs": {
            "content": [{ "token": "fine", "logprob": -0.25, "bytes": null, "top_logprobs": [] }],
        } }],
    });
    let (url, seen) = canned(json_answer(&body.to_string())).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let upstreams = ["p/m", "p/large"].map(|id| upstream(measured(id, &url), &settings));
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(upstreams.into(), log, settings, folder).await;
    house
        .gateway
        .set_policy(&policy("p/m").to_string())
        .unwrap();
    let judged = house
        .post("/v1/chat/completions", &asking("a", false))
        .await;
    // The rest of the vendor's own words stays.
    let mut bare = body.clone();
    bare["choices"][0]["logprobs"] = Value::Null;
    assert_eq!(judged.body, Bytes::from(bare.to_string()));
    house
        .post("/v1/chat/completions", &openai("p/m", false))
        .await;
    house.post("/v1/messages", &openai("p/m", false)).await;
    let asked: Vec<bool> = {
        let seen = seen.lock().unwrap();
        seen.iter().map(|one| one.contains("logprobs")).collect()
    };
    assert_eq!(asked, [true, false, false]);
}
