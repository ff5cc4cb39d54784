//! A share of users on trial: sticky, rolled back when it is worse, and for good.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{CANARY_NOTE, CanaryParts, canary_told};
use trilemma_project::CanarySettings;
use trilemma_store::ledger::LedgerFile;

use crate::support::{
    self, House, candidate, leave_after, ledger_path, open, openai, parts_of, post, settings,
    simulator, upstream,
};

const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "{\"a\": 1}" }
[models.same]
answers = { type = "text", text = "{\"a\": 2}" }
[models.prose]
answers = { type = "text", text = "no json" }
[models.hangs]
first_token_ms = 600000
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;

fn canary(challenger: &str, share: f64) -> CanarySettings {
    support::canary("p/m", &format!("p/{challenger}"), share)
}

/// What was told of rollbacks.
type Alarms = Arc<Mutex<Vec<Value>>>;

async fn split(settings_of: CanarySettings, folder: tempfile::TempDir) -> (House, Alarms) {
    let (url, log) = simulator(SCENARIO).await;
    let settings = trilemma_project::ServeSettings {
        max_attempts: 1,
        ..settings()
    };
    let upstreams = ["m", "same", "prose", "broken", "hangs"].map(|model| {
        upstream(
            candidate(&format!("p/{model}"), Dialect::OpenAi, &url),
            &settings,
        )
    });
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = parts_of(upstreams.into(), settings, ledger);
    let house = open(parts, log, folder).await;
    let alarms = Alarms::default();
    let kept = Arc::clone(&alarms);
    let spec = json!({ "kind": "json_valid", "label": "json", "weight": 1.0, "options": {} });
    let scorer = trilemma_score::build(&serde_json::from_value(spec).unwrap()).unwrap();
    house
        .gateway
        .set_canary(CanaryParts {
            settings: settings_of,
            policy: None,
            jury: None,
            scorers: vec![scorer],
            alarm: Some(Box::new(move |told| {
                kept.lock()
                    .unwrap()
                    .push(serde_json::from_str(told).unwrap());
            })),
        })
        .unwrap();
    (house, alarms)
}

/// Asks once in a session; gives the candidate that answered, or failed to, and the request's name.
async fn ask(house: &House, session: &str) -> (u16, String, String) {
    let body = openai("p/m", false).to_string();
    let headers = [("x-trilemma-session", session)];
    let answer = post(
        &house.address,
        "/v1/chat/completions",
        body.as_bytes(),
        &headers,
    )
    .await;
    let header = |name| answer.header(name).unwrap_or_default().to_owned();
    (
        answer.status,
        header("x-trilemma-model"),
        header("x-trilemma-request-id"),
    )
}

fn note(folder: &std::path::Path) -> Value {
    let file = LedgerFile::open_existing(&ledger_path(folder)).unwrap();
    canary_told(&file.note(CANARY_NOTE).unwrap().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_stays_where_it_is() {
    let mut first: BTreeMap<usize, String> = BTreeMap::new();
    let mut folder = tempfile::tempdir().unwrap();
    // A larger share keeps those who were there, also after a restart.
    for share in [0.3, 0.3, 0.6] {
        let (house, _) = split(canary("same", share), folder).await;
        let mut n_own = 0;
        for user in 0..60 {
            let (status, model, _) = ask(&house, &format!("user {user}")).await;
            assert_eq!(status, 200);
            n_own += usize::from(model == "p/same");
            match first.get(&user) {
                Some(before) if share == 0.3 || before == "p/same" => assert_eq!(&model, before),
                Some(_) => {}
                None => {
                    first.insert(user, model);
                }
            }
        }
        let expected = 60.0 * share;
        assert!((n_own as f64 - expected).abs() < 16.0, "{share}: {n_own}");
        let (_, entries, kept) = house.close().await;
        for entry in entries {
            let is_own = entry.row.candidate == "p/same";
            let arm = entry.evidence.unwrap().canary.unwrap();
            assert_eq!(arm, if is_own { "challenger" } else { "control" });
        }
        folder = kept;
    }
    let told = note(folder.path());
    assert_eq!(told["guards"][0]["guard"], "errors");
    // 180 requests of three runs: what was seen before a restart still counts.
    let n = |arm: &str| told["guards"][0][arm].as_u64().unwrap();
    assert_eq!(n("n_control") + n("n_challenger"), 180);
    assert_eq!(told["rolled_back"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenger_that_is_worse_goes_and_stays_away() {
    for (challenger, guard) in [("broken", "errors"), ("prose", "quality")] {
        let folder = tempfile::tempdir().unwrap();
        let (house, alarms) = split(canary(challenger, 0.5), folder).await;
        let mut n_asked = 0;
        while alarms.lock().unwrap().is_empty() {
            ask(&house, &format!("user {n_asked}")).await;
            n_asked += 1;
            if n_asked % 50 == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(n_asked < 1_000, "{challenger} is never rolled back");
        }
        println!("{challenger}: rolled back after {n_asked} requests of both arms");
        let told = alarms.lock().unwrap()[0].clone();
        assert_eq!(told["rolled_back"]["guard"], guard);
        for user in 0..40 {
            let (status, model, _) = ask(&house, &format!("user {user}")).await;
            assert_eq!((status, model.as_str()), (200, "p/m"));
        }
        let (_, _, folder) = house.close().await;
        assert_eq!(alarms.lock().unwrap().len(), 1);
        assert_eq!(note(folder.path())["rolled_back"]["guard"], guard);
        // After a restart it stays so, whatever the share; nobody is told again.
        let (house, alarms) = split(canary(challenger, 0.9), folder).await;
        for user in 0..20 {
            let (status, model, _) = ask(&house, &format!("user {user}")).await;
            assert_eq!((status, model.as_str()), (200, "p/m"));
        }
        let (_, _, folder) = house.close().await;
        assert!(alarms.lock().unwrap().is_empty());
        // Another challenger is another trial.
        let (house, _) = split(canary("same", 1.0), folder).await;
        assert_eq!(ask(&house, "anybody").await.1, "p/same");
        let (_, _, folder) = house.close().await;
        LedgerFile::open_existing(&ledger_path(folder.path()))
            .unwrap()
            .forget_note(CANARY_NOTE)
            .unwrap();
    }
}

/// Clients who give up on a challenger that hangs do not shield it.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenger_that_clients_do_not_wait_for_goes() {
    let (house, alarms) = split(canary("hangs", 0.5), tempfile::tempdir().unwrap()).await;
    let mut clients = tokio::task::JoinSet::new();
    for user in 0..120 {
        let address = house.address.clone();
        let headers = format!("x-trilemma-session: user {user}\r\n");
        // Both arms' requests end in turn.
        tokio::time::sleep(Duration::from_millis(60)).await;
        clients.spawn(async move {
            let stream = openai("p/m", user % 2 == 0);
            leave_after(&address, &stream, &headers, Duration::from_secs(3)).await
        });
    }
    let came = clients.join_all().await;
    assert!(came.contains(&true) && came.contains(&false));
    let (_, _, folder) = house.close().await;
    let told = note(folder.path());
    assert_eq!(told["rolled_back"]["guard"], "errors", "{told}");
    assert_eq!(told["guards"][0]["challenger"], 1.0);
    assert_eq!(alarms.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_challenger_stays() {
    let (house, alarms) = split(canary("same", 0.5), tempfile::tempdir().unwrap()).await;
    for user in 0..400 {
        ask(&house, &format!("user {user}")).await;
    }
    let (_, _, folder) = house.close().await;
    assert!(alarms.lock().unwrap().is_empty());
    let told = note(folder.path());
    assert_eq!(
        (&told["rolled_back"], &told["share"]),
        (&Value::Null, &json!(0.5))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_say_what_they_think() {
    let (house, alarms) = split(canary("same", 0.5), tempfile::tempdir().unwrap()).await;
    let say = |request: String, score: f64| {
        let address = house.address.clone();
        async move {
            let body = json!({ "request": request, "score": score }).to_string();
            post(&address, "/v1/feedback", body.as_bytes(), &[]).await
        }
    };
    let mut asked = Vec::new();
    for user in 0..300 {
        let (_, model, request) = ask(&house, &format!("user {user}")).await;
        asked.push((request, f64::from(u8::from(model == "p/m"))));
    }
    // The thread that tests learns of requests a moment after they are over.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (request, score) in &asked {
        let answer = say(request.clone(), *score).await;
        let said = (answer.status, answer.json());
        assert_eq!(said, (200, json!({ "recorded": true, "counted": true })));
    }
    // The trial takes one word each, of those that are known, and in words that are known.
    assert_eq!(
        say(asked[0].0.clone(), 0.0).await.json(),
        json!({ "recorded": true, "counted": false })
    );
    assert_eq!(
        say("tr-9-9".to_owned(), 0.0).await.json(),
        json!({ "recorded": false, "counted": false })
    );
    assert_eq!(say("nonsense".to_owned(), 0.0).await.status, 400);
    assert_eq!(say(asked[0].0.clone(), 2.0).await.status, 400);
    house.close().await;
    let alarms = alarms.lock().unwrap();
    assert_eq!(alarms[0]["rolled_back"]["guard"], "feedback");
}
