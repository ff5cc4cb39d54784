//! Policies that look at the vector of a request's text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trilemma_domain::{CandidateId, Dialect};
use trilemma_provider::{Call, Client, ClientConfig, EncodedRequest};
use trilemma_route::{
    About, Compare, Embedding, EmbeddingWeights, Example, Examples, Frame, Member, Observation,
    Options, Plan, Policy, Recorded, RequestView, Router, Target, embedder_binding, train,
};
use trilemma_store::ledger::Aid;

use crate::support::{House, candidate, house_with, openai, settings, simulator, upstream};

const SCENARIO: &str = r#"
[models.small]
answers = { type = "text", text = "yes" }
[models.large]
answers = { type = "text", text = "certainly" }
[models.e]
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
[models.stalled]
faults = [{ kind = "stall_before_head", every = 1 }]
"#;

/// The vector that the simulator gives a text.
async fn vector_of(url: &str, text: &str) -> Vec<f32> {
    let target = candidate("p/e", Dialect::OpenAi, url).target;
    let request = EncodedRequest::texts(&target, &[text]).unwrap();
    let client = Client::new(ClientConfig::default()).unwrap();
    let (_, found) = client.vectors(&Call::first(&request, None), 1).await;
    found.unwrap().vectors.remove(0)
}

/// A model of queries, whatever it may say.
fn any_model() -> trilemma_route::QueryModel {
    let recorded = |name: &str, is_right: bool, cost_usd| Recorded {
        observation: Observation::text(name, "a"),
        quality: f64::from(u8::from(is_right)),
        cost_usd,
        seconds: None,
        again: Vec::new(),
    };
    let row = |idx: usize| Example {
        id: idx.to_string(),
        text: ["easy", "hard"][idx % 2].to_owned(),
        task: None,
        group: None,
        about: About::default(),
        outcomes: vec![
            recorded("p/small", idx.is_multiple_of(2), 0.001),
            recorded("p/large", true, 0.01),
        ],
        embedded: None,
        labels: Vec::new(),
    };
    let examples = Examples {
        members: ["p/small", "p/large"].map(Member::named).to_vec(),
        rows: (0..60).map(row).collect(),
        extract: None,
        compare: Compare::Loose,
        embedder: None,
        classifiers: Vec::new(),
    };
    let options = Options {
        name: "any".to_owned(),
        target: Target::Loss(0.0),
        seed: 1,
        cascades: false,
        reads: false,
        queries: true,
        labels: None,
        frame: Frame::default(),
    };
    match train(&examples, &options).policy.plan {
        Plan::Learned(model) => *model,
        other => panic!("{other:?}"),
    }
}

/// The small one is good at what has the vector of `alpha`, and at nothing else; words say nothing.
async fn policy(url: &str, maker: &str) -> Policy {
    let alpha = vector_of(url, "alpha").await;
    let mut model = any_model();
    for (one, mean) in model.quality.iter_mut().zip([0.2, 0.6]) {
        let n = one.surface.len();
        one.surface = vec![0.0; n];
        one.mean = mean;
        one.pieces_scale = 0.0;
    }
    model.trees.clear();
    model.quality_per_usd = 0.0;
    let packed = |scale: f64| EmbeddingWeights {
        scale,
        offset: 0.0,
        weights: STANDARD.encode(
            alpha
                .iter()
                .map(|one| ((one * 100.0) as i8).cast_unsigned())
                .collect::<Vec<u8>>(),
        ),
    };
    model.embedding = Some(Embedding {
        by: "embed".into(),
        dimensions: alpha.len(),
        quality: vec![packed(0.008), packed(0.0)],
    });
    let mut members = ["p/small", "p/large"].map(Member::named).to_vec();
    let target = candidate(maker, Dialect::OpenAi, url).target;
    members.push(Member {
        binding: Some(embedder_binding(&target)),
        ..Member::named("embed")
    });
    Policy::new("test", members, Plan::Learned(Box::new(model)))
}

/// A house whose model for embeddings is this one.
async fn with_maker(maker: &str) -> (House, String) {
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams =
        ["p/small", "p/large"].map(|id| upstream(candidate(id, Dialect::OpenAi, &url), &settings));
    let mut own = candidate(maker, Dialect::OpenAi, &url);
    own.id = CandidateId::from("own-name");
    let embedders = vec![upstream(own, &settings)];
    let folder = tempfile::tempdir().unwrap();
    let house = house_with(upstreams.into(), embedders, log, settings, folder).await;
    (house, url)
}

fn asking(text: &str) -> Value {
    let mut request = openai("auto", false);
    request["messages"][0]["content"] = json!(text);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vector_decides_is_paid_and_never_given() {
    let (house, url) = with_maker("p/e").await;
    let policy = policy(&url, "p/e").await;
    house.gateway.set_policy(&policy.write()).unwrap();
    let dry = house.post("/v1/decide", &asking("alpha")).await.json();
    assert_eq!(dry["calls"][0]["candidate"], "embed");
    assert_eq!(dry["calls"][0]["use"], "embedded");
    assert_eq!(dry["calls"][0]["model"], "sim/e");
    let router = Router::new(policy).unwrap();
    for (text, who) in [("alpha", "p/small"), ("beta", "p/large"), ("", "p/large")] {
        let answer = house.post("/v1/chat/completions", &asking(text)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-trilemma-model"), Some(who), "{text}");
    }
    let (_, entries, _folder) = house.close().await;
    let attempts = |at: usize| -> Vec<String> {
        let evidence = entries[at].evidence.as_ref().unwrap();
        let all = evidence.attempts.iter();
        all.map(|one| one.candidate.clone()).collect()
    };
    assert_eq!(attempts(0), ["own-name", "p/small"]);
    let evidence = entries[0].evidence.as_ref().unwrap();
    let aids: Vec<_> = evidence.attempts.iter().map(|one| one.aid).collect();
    assert_eq!(aids, [Some(Aid::Vector), None]);
    assert_eq!(attempts(1), ["own-name", "p/large"]);
    assert_eq!(attempts(2), ["p/large"]);
    assert_eq!(entries[0].row.candidate, "p/small");
    // An answer after a vector is no escalation.
    let escalated = |at: usize| entries[at].evidence.as_ref().unwrap().escalated;
    assert_eq!([escalated(0), escalated(1)], [Some(false); 2]);
    // Given the same vector, the same decision as offline, for the same reasons.
    for (text, entry) in ["alpha", "beta"].into_iter().zip(&entries) {
        let seen = [Observation::embedded(
            "embed",
            vector_of(&url, text).await,
            Some(1),
        )];
        let offline = router.step(&RequestView::of_text(text), &seen);
        let why: Vec<String> = offline.why.iter().map(ToString::to_string).collect();
        let evidence = entry.evidence.as_ref().unwrap();
        let live: Value = serde_json::from_str(evidence.decision.as_ref().unwrap().text()).unwrap();
        assert_eq!(live["why"], json!(why), "{text}");
    }
    // The tokens of the vector, one of input at a dollar per million, are paid with the answer's.
    let cost = |at: usize| entries[at].row.cost.unwrap().0;
    assert!(cost(1) > cost(2), "{} {}", cost(1), cost(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_vector_the_rest_decides() {
    for maker in ["p/broken", "p/stalled"] {
        let (house, url) = with_maker(maker).await;
        let policy = policy(&url, maker).await;
        house.gateway.set_policy(&policy.write()).unwrap();
        let answer = house.post("/v1/chat/completions", &asking("alpha")).await;
        assert_eq!(answer.status, 200, "{maker}: {}", answer.text());
        assert_eq!(answer.header("x-trilemma-model"), Some("p/large"));
        let (_, entries, _folder) = house.close().await;
        let evidence = entries[0].evidence.as_ref().unwrap();
        assert_eq!(evidence.attempts.len(), 2, "{maker}");
        assert!(evidence.attempts[0].failure.is_some());
        let told = evidence.decision.as_ref().unwrap().text();
        assert!(told.contains("`embed` made no vector"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_its_maker_of_vectors_is_refused() {
    let (house, url) = with_maker("p/broken").await;
    let mut written = policy(&url, "p/e").await;
    let error = house.gateway.set_policy(&written.write()).unwrap_err();
    assert!(error.contains("which the project does not have"), "{error}");
    assert!(error.contains("`[[serve.embeddings]]`"), "{error}");
    let Plan::Learned(model) = &mut written.plan else {
        panic!()
    };
    model.embedding.as_mut().unwrap().by = "own-name".into();
    written.candidates[2].id = "own-name".into();
    let error = house.gateway.set_policy(&written.write()).unwrap_err();
    assert!(error.contains("which is another model"), "{error}");
    house.close().await;
}
