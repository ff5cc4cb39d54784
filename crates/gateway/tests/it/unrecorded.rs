//! What is answered without a record: it is named as everything else is, and lists what can be asked for.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::GatewayParts;
use trilemma_project::{ClientKey, ServeSettings};
use trilemma_store::ledger::LedgerFile;

use crate::support::{
    Answer, House, candidate, house, ledger_path, open, openai, parts_of, post, send, settings,
    simulator, upstream,
};

const SCENARIO: &str = "[models.m]\nanswers = { type = \"text\", text = \"yes\" }\n";
const CUT: &str = "[models.m]\nanswers = { type = \"text\", text = \"one two three four five six\" }\n\
                   faults = [{ kind = \"cut_mid_body\", every = 1 }]\n";
const KEY: (&str, &str) = ("authorization", "Bearer secret");

/// Status, method, path, body and headers.
type Case<'a> = (u16, &'a str, &'a str, &'a [u8], &'a [(&'a str, &'a str)]);

/// A house that knows one key, which may ask once, and the lines of its log.
async fn logged() -> (House, Arc<Mutex<Vec<Value>>>) {
    let (url, calls) = simulator(SCENARIO).await;
    let settings = ServeSettings {
        max_request_bytes: 10_000,
        keys: vec![ClientKey {
            name: "team".to_owned(),
            // printf %s secret | sha256sum
            sha256: "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b".to_owned(),
            budget: None,
            rpm: Some(1),
        }],
        ..settings()
    };
    let one = upstream(candidate("openai/m", Dialect::OpenAi, &url), &settings);
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let parts = GatewayParts {
        token: Some("everybodys-word".to_owned()),
        log: Some(Box::new(move |line| {
            kept.lock()
                .unwrap()
                .push(serde_json::from_str(line).unwrap());
        })),
        ..parts_of(vec![one], settings, ledger)
    };
    (open(parts, calls, folder).await, lines)
}

/// Where the packages of both vendors look, and our own header: all say the same.
fn id_of(answer: &Answer, header: &str) -> String {
    let id = answer.header("x-trilemma-request-id");
    let id = id.unwrap_or_else(|| panic!("{}", answer.head));
    assert!(id.starts_with("tr-"), "{id}");
    assert_eq!(answer.header(header), Some(id), "{}", answer.head);
    id.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_a_name_and_a_line_in_the_log() {
    let (house, lines) = logged().await;
    let address = &house.address;
    let token = ("authorization", "Bearer everybodys-word");
    let large = vec![b' '; 20_000];
    let packed = [token, ("content-encoding", "gzip")];
    let whole = openai("openai/m", false).to_string();
    let nobody = openai("sk-nobody", false).to_string();
    let chat = "/v1/chat/completions";
    let cases: [Case<'_>; 10] = [
        (401, "POST", chat, whole.as_bytes(), &[]),
        (413, "POST", chat, &large, &[token]),
        (400, "POST", chat, b"{\"sk-secret\"", &[token]),
        (400, "POST", "/v1/responses", b"[]", &[token]),
        (415, "POST", "/v1/embeddings", b"{}", &packed),
        (404, "POST", chat, nobody.as_bytes(), &[token]),
        (404, "POST", "/v1/sk-secret", b"{}", &[token]),
        (404, "GET", "/v1/models/sk-secret", b"", &[token]),
        (405, "GET", chat, b"", &[token]),
        (400, "POST", "/v1/feedback", b"{}", &[token]),
    ];
    let mut ids = Vec::new();
    for (status, method, path, body, headers) in cases {
        let answer = send(address, method, path, body, headers).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        ids.push((id_of(&answer, "x-request-id"), status));
        assert!(answer.json().get("request_id").is_none());
    }
    // Over its limit: the second within a minute.
    assert_eq!(
        post(address, chat, whole.as_bytes(), &[KEY]).await.status,
        200
    );
    let answer = post(address, chat, whole.as_bytes(), &[KEY]).await;
    ids.push((id_of(&answer, "x-request-id"), 429));
    assert_eq!(answer.status, 429);
    // Anthropic's body has it as well.
    let version = ("anthropic-version", "2023-06-01");
    for (status, path, headers) in [
        (401, "/v1/messages", &[version] as &[_]),
        (400, "/v1/messages", &[version, token]),
        (404, "/v1/nowhere", &[version, token]),
    ] {
        let answer = post(address, path, b"{\"model\":1}", headers).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        let id = id_of(&answer, "request-id");
        assert_eq!(answer.json()["request_id"], json!(id), "{}", answer.text());
        ids.push((id, status));
    }
    let mut names: Vec<_> = ids.iter().map(|(id, _)| id).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ids.len(), "each has a name of its own");
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let lines = lines.lock().unwrap();
    let refused: Vec<&Value> = lines
        .iter()
        .filter(|one| one.get("refused").is_some())
        .collect();
    assert_eq!(refused.len(), ids.len(), "{refused:?}");
    for (line, (id, status)) in refused.iter().zip(&ids) {
        assert_eq!(
            (&line["request"], &line["status"]),
            (&json!(id), &json!(status))
        );
        assert!(line["at_us"].as_i64().unwrap() > 0);
        // What the client sent is in no line.
        assert!(!line.to_string().contains("sk-"), "{line}");
    }
    let places: Vec<&str> = refused
        .iter()
        .map(|one| one["place"].as_str().unwrap())
        .collect();
    assert_eq!(places[..3], ["/v1/chat/completions"; 3]);
    assert_eq!(places[6], "elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_record_is_named_as_well() {
    let house = house(SCENARIO, settings()).await;
    let listed = send(&house.address, "GET", "/v1/models", b"", &[]).await;
    id_of(&listed, "x-request-id");
    let version = ("anthropic-version", "2023-06-01");
    let one = send(
        &house.address,
        "GET",
        "/v1/models/openai%2Fm",
        b"",
        &[version],
    )
    .await;
    assert_eq!(one.status, 200);
    id_of(&one, "request-id");
    let decided = house.post("/v1/decide", &openai("openai/m", false)).await;
    assert_eq!(decided.status, 200);
    id_of(&decided, "x-request-id");
    // Paths that only Anthropic has are answered in its words, whatever the headers say.
    for (method, path, status) in [
        ("GET", "/v1/messages", 405),
        ("POST", "/v1/messages/count_tokens", 404),
    ] {
        let answer = send(&house.address, method, path, b"{}", &[]).await;
        assert_eq!(
            (answer.status, &answer.json()["type"]),
            (status, &json!("error"))
        );
        id_of(&answer, "request-id");
    }
    // Anthropic's body names a request that nobody answered, too.
    let broken = house
        .post("/v1/messages", &openai("anthropic/nobody", false))
        .await;
    assert_eq!(
        broken.json()["request_id"],
        json!(id_of(&broken, "request-id"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_inside_a_stream_names_its_request() {
    let house = house(CUT, settings()).await;
    for model in ["anthropic/m", "openai/m"] {
        let answer = house.post("/v1/messages", &openai(model, true)).await;
        let last = answer.events().pop().unwrap();
        assert_eq!(
            (answer.status, &last["type"]),
            (200, &json!("error")),
            "{last}"
        );
        assert_eq!(
            last["request_id"].as_str(),
            answer.header("x-trilemma-request-id")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_listed_where_a_rule_asks_for_them() {
    let house = house(SCENARIO, settings()).await;
    let names = async || -> Vec<String> {
        let listed = send(&house.address, "GET", "/v1/models", b"", &[])
            .await
            .json();
        let ids = |key: &str, field: &str| -> Vec<String> {
            let all = listed[key].as_array().unwrap().iter();
            all.map(|one| one[field].as_str().unwrap().to_owned())
                .collect()
        };
        let data = ids("data", "id");
        assert_eq!(listed["first_id"], json!(data[0]));
        assert!(
            listed["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["type"] == "model")
        );
        data
    };
    let status = async |path: &str| send(&house.address, "GET", path, b"", &[]).await.status;
    assert!(!names().await.iter().any(|name| name.starts_with("auto")));
    assert_eq!(status("/v1/models/auto").await, 404);
    let rule = |name: &str, when: Value| json!({ "name": name, "when": when, "then": { "single": "openai/m" } });
    let policy = json!({
        "schema_version": 1, "name": "triage",
        "candidates": [{ "id": "openai/m" }],
        "plan": { "rules": {
            "rules": [
                rule("s", json!({ "route": ["summaries", "auto"] })),
                rule("n", json!({ "any": [{ "route": ["mail"] }, { "none": [{ "route": ["summaries"] }] }] })),
            ],
            "otherwise": { "per_task": {
                "tasks": { "chat": { "rules": {
                    "rules": [rule("d", json!({ "route": ["deep/er"] }))],
                    "otherwise": { "single": "openai/m" },
                } } },
                "otherwise": { "single": "openai/m" },
            } },
        } },
    });
    house.gateway.set_policy(&policy.to_string()).unwrap();
    let names = names().await;
    assert_eq!(
        names[..4],
        ["auto", "auto/deep/er", "auto/mail", "auto/summaries"]
    );
    for name in [
        "auto",
        "auto%2Fsummaries",
        "auto/deep/er",
        "triage",
        "triage/mail",
        "openai/m",
    ] {
        assert_eq!(status(&format!("/v1/models/{name}")).await, 200, "{name}");
    }
    assert_eq!(status("/v1/models/nobody").await, 404);
    for name in names.iter().take(4) {
        let answer = house
            .post("/v1/chat/completions", &openai(name, false))
            .await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
}
