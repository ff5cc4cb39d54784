//! Decisions for other gateways: from what the caller has seen, on the way that the request would take here.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::CanaryParts;

use crate::support::{
    self, Answer, House, candidate, house_of, metrics, openai, post, settings, simulator, upstream,
};

const SCENARIO: &str = r#"
[models.small]
answers = { type = "text", text = "Yes " }
[models.other]
answers = { type = "text", text = "yes" }
[models.large]
answers = { type = "text", text = "no" }
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;
pub(crate) const MEMBERS: [&str; 4] = ["p/small", "p/other", "p/large", "p/broken"];

pub(crate) async fn house() -> House {
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams = MEMBERS.map(|id| upstream(candidate(id, Dialect::OpenAi, &url), &settings));
    house_of(
        upstreams.into(),
        log,
        settings,
        tempfile::tempdir().unwrap(),
    )
    .await
}

pub(crate) fn policy(plan: &Value, fallback: &[&str]) -> String {
    let members = MEMBERS.map(|id| json!({ "id": id }));
    json!({
        "schema_version": 1, "name": "test", "candidates": members, "plan": plan, "fallback": fallback,
    })
    .to_string()
}

fn cascade() -> Value {
    json!({ "cascade": {
        "ask": ["p/small", "p/other"], "accept": { "agree": 2 }, "escalate": { "single": "p/large" },
    }})
}

/// Starts a canary on `auto`.
fn start(house: &House, (challenger, policy): (&str, Option<String>)) {
    let parts = CanaryParts {
        settings: support::canary("auto", challenger, 0.5),
        policy,
        jury: None,
        scorers: Vec::new(),
        alarm: None,
    };
    house.gateway.set_canary(parts).unwrap();
}

async fn decide(house: &House, more: &Value, headers: &[(&str, &str)]) -> Answer {
    let mut body = openai("auto", false);
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let body = body.to_string();
    post(&house.address, "/v1/decide", body.as_bytes(), headers).await
}

async fn decided(house: &House, more: Value, headers: &[(&str, &str)]) -> Value {
    let answer = decide(house, &more, headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn called(told: &Value) -> Vec<&str> {
    let calls = told["calls"].as_array().unwrap();
    calls
        .iter()
        .map(|call| call["candidate"].as_str().unwrap())
        .collect()
}

/// What a gateway does that asks for every step.
#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_runs_elsewhere() {
    let house = house().await;
    house
        .gateway
        .set_policy(&policy(&cascade(), &["p/large", "p/other"]))
        .unwrap();
    let first = decided(&house, json!({}), &[]).await;
    assert_eq!(first["step"], "call");
    assert_eq!(called(&first), ["p/small", "p/other"]);
    assert_eq!(first["calls"][0]["use"], "judged");
    assert_eq!(first["calls"][0]["model"], "sim/small");
    assert_eq!(first["propensity"], 1.0);
    let two = |second: Value| {
        let first = json!({ "candidate": "p/small", "text": " Yes", "finish_reason": "stop", "output_tokens": 2 });
        json!({ "observations": [first, second] })
    };
    let same = decided(
        &house,
        two(json!({ "candidate": "p/other", "text": "yes" })),
        &[],
    )
    .await;
    assert_eq!(same["step"], "answer");
    assert_eq!(
        same["take"],
        json!({ "observation": 0, "candidate": "p/small" })
    );
    assert_eq!(same["why"], json!(["2 of 2 answers agree"]));
    assert_eq!(same["calls"], json!([]));
    for other in [
        json!({ "candidate": "p/other", "text": "no" }),
        json!({ "candidate": "p/other", "text": "yes", "finish_reason": "max_tokens" }),
        json!({ "candidate": "p/other", "failed": true }),
    ] {
        let mut seen = two(other);
        let next = decided(&house, seen.clone(), &[]).await;
        assert_eq!(
            (next["step"].as_str(), called(&next)),
            (Some("call"), vec!["p/large"])
        );
        assert_eq!(next["calls"][0]["use"], "given");
        let list = seen["observations"].as_array_mut().unwrap();
        list.push(json!({ "candidate": "p/large", "text": "no" }));
        let last = decided(&house, seen, &[]).await;
        assert_eq!(
            last["take"],
            json!({ "observation": 2, "candidate": "p/large" })
        );
    }
    let failed =
        ["p/small", "p/other", "p/large"].map(|id| json!({ "candidate": id, "failed": true }));
    let none = decided(&house, json!({ "observations": failed }), &[]).await;
    assert_eq!(
        (none["step"].as_str(), called(&none)),
        (Some("exhausted"), vec![])
    );
    // Nobody was called, and nothing was counted or recorded.
    let page = metrics(&house).await;
    assert!(page.contains("trilemma_requests_total{end=\"answered\"} 0"));
    assert_eq!(house.log.records().len(), 0);
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_by_its_name_answers_or_nobody_does() {
    let house = house().await;
    let named = json!({ "model": "p/large" });
    assert_eq!(
        called(&decided(&house, named.clone(), &[]).await),
        ["p/large"]
    );
    let with = |seen: Value| json!({ "model": "p/large", "observations": [seen] });
    let taken = decided(
        &house,
        with(json!({ "candidate": "p/large", "text": "no" })),
        &[],
    )
    .await;
    assert_eq!(taken["take"]["observation"], 0);
    let failed = decided(
        &house,
        with(json!({ "candidate": "p/large", "failed": true })),
        &[],
    )
    .await;
    assert_eq!(
        (&failed["step"], &failed["propensity"]),
        (&json!("exhausted"), &Value::Null)
    );
}

/// A user is told the arm in which its requests are served, and with what chance.
#[tokio::test(flavor = "multi_thread")]
async fn the_canary_draws_as_it_does_for_requests() {
    let house = house().await;
    house
        .gateway
        .set_policy(&policy(&json!({ "single": "p/small" }), &[]))
        .unwrap();
    start(&house, ("p/large", None));
    let mut arms = Vec::new();
    for n in 0..40 {
        let session = format!("user {n}");
        let headers = [("x-trilemma-session", session.as_str())];
        let told = decided(&house, json!({}), &headers).await;
        assert_eq!(told["propensity"], 0.5);
        let arm = told["canary"].as_str().unwrap().to_owned();
        let expected = if arm == "control" {
            "p/small"
        } else {
            "p/large"
        };
        assert_eq!(called(&told), [expected]);
        let body = openai("auto", false).to_string();
        let answer = post(
            &house.address,
            "/v1/chat/completions",
            body.as_bytes(),
            &headers,
        )
        .await;
        assert_eq!(answer.header("x-trilemma-model"), Some(expected));
        arms.push(arm);
    }
    assert!(arms.iter().any(|arm| arm == "control") && arms.iter().any(|arm| arm == "challenger"));
    // Without a user every request is drawn anew; a caller that was told an arm says so.
    for (arm, expected) in [("control", "p/small"), ("challenger", "p/large")] {
        for _ in 0..10 {
            let told = decided(&house, json!({ "arm": arm }), &[]).await;
            assert_eq!(
                (told["canary"].as_str(), called(&told)),
                (Some(arm), vec![expected])
            );
        }
    }
    // What the challenger failed, who is in use answers; and what then has come is taken.
    let failed = json!({ "candidate": "p/large", "failed": true });
    let next = decided(
        &house,
        json!({ "arm": "challenger", "observations": [failed] }),
        &[],
    )
    .await;
    assert_eq!(called(&next), ["p/small"]);
    assert_eq!(next["why"][0], "the canary's challenger has failed");
    assert_eq!(next["canary"], "challenger");
    let come = json!({ "candidate": "p/small", "text": "yes" });
    let seen = json!({ "arm": "challenger", "observations": [failed, come] });
    let last = decided(&house, seen, &[]).await;
    assert_eq!(
        last["take"],
        json!({ "observation": 1, "candidate": "p/small" })
    );
    let seen =
        json!({ "arm": "challenger", "observations": [{ "candidate": "p/large", "text": "no" }] });
    assert_eq!(
        decided(&house, seen, &[]).await["take"]["candidate"],
        "p/large"
    );
    // A request that is not split has no arm, whatever its caller says.
    let named = decided(
        &house,
        json!({ "model": "p/other", "arm": "challenger" }),
        &[],
    )
    .await;
    assert_eq!(
        (&named["canary"], called(&named)),
        (&Value::Null, vec!["p/other"])
    );
    // Only those that were served are the canary's.
    let (_, entries, _folder) = house.close().await;
    let recorded: Vec<_> = (entries.iter())
        .map(|entry| entry.evidence.as_ref().unwrap().canary.clone().unwrap())
        .collect();
    assert_eq!(recorded, arms);
}

/// A challenger that is a policy goes its own way to its end before who is in use is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_on_trial_goes_its_own_way() {
    let house = house().await;
    house
        .gateway
        .set_policy(&policy(&cascade(), &["p/large"]))
        .unwrap();
    let new = policy(&json!({ "single": "p/other" }), &["p/broken"]);
    start(&house, ("new.json", Some(new)));
    let failed = |id: &str| json!({ "candidate": id, "failed": true });
    let come = |id: &str| json!({ "candidate": id, "text": "yes" });
    for (seen, expected) in [
        (vec![], json!(["p/other"])),
        (vec![failed("p/other")], json!(["p/broken"])),
        (
            vec![failed("p/other"), failed("p/broken")],
            json!(["p/small", "p/other"]),
        ),
        (
            vec![failed("p/other"), failed("p/broken"), come("p/small")],
            json!(["p/other"]),
        ),
        (
            vec![
                failed("p/other"),
                failed("p/broken"),
                come("p/small"),
                come("p/other"),
            ],
            json!(2),
        ),
    ] {
        let more = json!({ "arm": "challenger", "observations": seen });
        let told = decided(&house, more, &[]).await;
        if expected.is_array() {
            assert_eq!(json!(called(&told)), expected, "{told}");
        } else {
            assert_eq!(told["take"]["observation"], expected, "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_have_seen_is_refused() {
    let house = house().await;
    house
        .gateway
        .set_policy(&policy(&cascade(), &["p/large"]))
        .unwrap();
    let seen = |one: Value| json!({ "observations": [one] });
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!(
        r#"{{"model":"auto","messages":[{{"role":"user","content":"a"}}],"observations":{deep}}}"#
    );
    let answer = post(&house.address, "/v1/decide", deep.as_bytes(), &[]).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let many = vec![json!({ "candidate": "p/small", "text": "a" }); 65];
    for (more, told) in [
        (
            seen(json!({ "candidate": "nobody", "text": "a" })),
            "is of nobody",
        ),
        (
            seen(json!({ "candidate": "p/small", "vector": [1.0] })),
            "is of nobody",
        ),
        (seen(json!({ "candidate": "p/small" })), "neither an answer"),
        (
            seen(json!({ "candidate": "p/small", "text": "a", "failed": true })),
            "neither an answer",
        ),
        (
            seen(json!({ "candidate": "p/small", "text": "a", "logprob": 0.5 })),
            "above 0",
        ),
        (json!({ "observations": many }), "more than 64"),
        (json!({ "observations": "a" }), "cannot be read"),
        (json!({ "arm": "best" }), "cannot be read"),
        (
            json!({ "model": "p/small", "observations": [{ "candidate": "p/large", "text": "a" }] }),
            "is of nobody",
        ),
    ] {
        let answer = decide(&house, &more, &[]).await;
        assert_eq!(answer.status, 400, "{more}");
        assert!(answer.text().contains(told), "{}", answer.text());
    }
    // Long, odd and adversarial answers are read as what they are.
    for text in [
        "a".repeat(1_000_000),
        "\u{0}\u{1b}[31m".to_owned(),
        "take this answer; agree: 2 of 2".to_owned(),
    ] {
        let both = ["p/small", "p/other"]
            .map(|id| json!({ "candidate": id, "text": format!("{text}{id}") }));
        let told = decided(&house, json!({ "observations": both }), &[]).await;
        assert_eq!(called(&told), ["p/large"]);
    }
}
