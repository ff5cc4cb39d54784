//! Judges of a canary: both arms alike, blind, within a budget of their own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{CanaryParts, Gateway, JuryParts, Panels};
use trilemma_project::{CanaryJudges, CanarySettings};
use trilemma_store::ledger::{LedgerEntry, LedgerFile, Session};

use crate::support::{
    self, House, admin, apart, candidate, canned, json_answer, ledger_path, metrics, open, openai,
    parts_of, post, settings, simulator, upstream,
};

/// What scorers without a judge cannot tell apart.
const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "an apple" }
usage = { input = 50, output = 10 }
[models.own]
answers = { type = "text", text = "a banana" }
usage = { input = 50, output = 10 }
[models.judge]
answers = { type = "script", rules = [
  { contains = "banana", answers = [{ text = "{\"score\": 2}" }] },
  { contains = "apple", answers = [{ text = "{\"score\": 5}" }] },
] }
usage = { input = 100, output = 5 }
[models.fair]
answers = { type = "text", text = "{\"score\": 4}" }
usage = { input = 100, output = 5 }
[models.mute]
answers = { type = "text", text = "I cannot say." }
"#;

struct Tried {
    house: House,
    alarms: Arc<Mutex<Vec<Value>>>,
    jury: std::path::PathBuf,
    session: Session,
}

/// Half of the users get the other fruit, and a judge is asked about this share of all answers.
async fn tried(judge: &str, url_of_judge: Option<&str>, share: f64, budget: &str) -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams = ["p/m", "p/own"]
        .map(|id| upstream(candidate(id, Dialect::OpenAi, &url), &settings))
        .into();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = parts_of(upstreams, settings, ledger);
    let jury = folder.path().join("canary.db");
    let (budget, own) = apart(budget);
    let judged_at = url_of_judge.unwrap_or(&url);
    let upstreams = vec![upstream(candidate(judge, Dialect::OpenAi, judged_at), &own)];
    let judges = parts_of(upstreams, own, LedgerFile::open(&jury).unwrap());
    let house = open(parts, log, folder).await;
    let (gateway, session) = Gateway::new(judges).unwrap();
    let spec = json!({ "kind": "judge", "label": "tone", "weight": 1.0, "options": {
        "model": "sim/judge", "rubric": "Is it a red fruit?", "scale": "1-5",
        "params": { "max_output_tokens": 50 },
    } });
    let spec = serde_json::from_value(spec).unwrap();
    let scorers = || vec![trilemma_score::build(&spec).unwrap()];
    let judges = CanaryJudges {
        share,
        budget,
        concurrency: 2,
    };
    let alarms = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&alarms);
    house
        .gateway
        .set_canary(CanaryParts {
            settings: CanarySettings {
                judges: Some(judges.clone()),
                ..support::canary("p/m", "p/own", 0.5)
            },
            policy: None,
            scorers: scorers(),
            alarm: Some(Box::new(move |told| {
                let told = serde_json::from_str(told).unwrap();
                kept.lock().unwrap().push(told);
            })),
            jury: Some(JuryParts {
                settings: judges,
                gateway,
                scorers: scorers(),
                panels: Panels::from([("tone".to_owned(), vec![judge.to_owned()])]),
            }),
        })
        .unwrap();
    Tried {
        house,
        alarms,
        jury,
        session,
    }
}

impl Tried {
    async fn ask(&self, session: usize, headers: &[(&str, &str)]) -> String {
        let user = session.to_string();
        let headers = [headers, &[("x-trilemma-session", user.as_str())]].concat();
        let body = openai("p/m", session.is_multiple_of(2)).to_string();
        let path = "/v1/chat/completions";
        let answer = post(&self.house.address, path, body.as_bytes(), &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-trilemma-model").unwrap().to_owned()
    }

    /// Answers that came to an end of this kind.
    async fn count(&self, end: &str) -> u64 {
        let page = metrics(&self.house).await;
        let start = format!("trilemma_canary_judged_total{{end=\"{end}\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap().parse().unwrap()
    }

    /// Waits until so many drawn answers have come to an end.
    async fn settled(&self, n: u64) {
        for _ in 0..1_000 {
            let mut sum = 0;
            for end in ["judged", "dropped", "missing"] {
                sum += self.count(end).await;
            }
            if sum >= n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not all were judged");
    }

    /// Ends; gives the clients' records, the judges' and how the guards stand.
    async fn close(self) -> (Vec<LedgerEntry>, Vec<LedgerEntry>, Value) {
        // The thread that tests may be a moment behind.
        let n_judged = self.count("judged").await;
        let mut told = Value::Null;
        for _ in 0..1_000 {
            told = serde_json::from_str(&admin(&self.house, "/canary").await).unwrap();
            let judged = guard(&told, "judged");
            let n = ["n_control", "n_challenger"].map(|name| judged[name].as_u64().unwrap());
            if n.iter().sum::<u64>() == n_judged {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (_, clients, _folder) = self.house.close().await;
        tokio::task::spawn_blocking(move || self.session.end(1))
            .await
            .unwrap()
            .unwrap();
        let mut judges = Vec::new();
        let file = LedgerFile::open_existing(&self.jury).unwrap();
        file.entries(0, &mut |entry| judges.push(entry)).unwrap();
        (clients, judges, told)
    }
}

fn guard<'a>(told: &'a Value, name: &str) -> &'a Value {
    let guards = told["guards"].as_array().unwrap();
    guards.iter().find(|one| one["guard"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_only_a_judge_finds_worse_are_rolled_back() {
    let tried = tried("p/judge", None, 1.0, "1").await;
    for session in 0..400 {
        tried.ask(session, &[]).await;
        if !tried.alarms.lock().unwrap().is_empty() {
            break;
        }
    }
    tried.settled(20).await;
    let alarm = tried.alarms.lock().unwrap()[0].clone();
    assert_eq!(alarm["rolled_back"]["guard"], "judged", "{alarm}");
    // Scores are kept as what is missing to 1: five of five, and two.
    let judged = guard(&alarm, "judged");
    assert_eq!(
        (&judged["control"], &judged["challenger"]),
        (&json!(0.0), &json!(0.75))
    );
    assert_eq!(tried.ask(1_000, &[]).await, "p/m");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_arms_are_judged_alike_and_nobody_pays_for_it() {
    let tried = tried("p/fair", None, 0.5, "1").await;
    let mut of_challenger = 0;
    for session in 0..60 {
        of_challenger += u64::from(tried.ask(session, &[]).await == "p/own");
    }
    // Drawn by the request's name, so that it is known how many: see below.
    for _ in 0..200 {
        if tried.count("judged").await >= 15 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let n_judged = tried.count("judged").await;
    assert!(tried.alarms.lock().unwrap().is_empty());
    let (clients, judges, told) = tried.close().await;
    assert_eq!(clients.len(), 60);
    // 150 or so tokens for each, whoever answered.
    assert!(clients.iter().all(|one| one.row.cost.unwrap().0 == 150_000));
    assert!((15..=45).contains(&n_judged), "{n_judged}");
    assert_eq!(judges.len() as u64, n_judged);
    assert!(judges.iter().all(|one| one.row.cost.unwrap().0 == 150_000));
    let judged = guard(&told, "judged");
    let [control, challenger] =
        ["n_control", "n_challenger"].map(|name| judged[name].as_u64().unwrap());
    assert_eq!(control + challenger, n_judged);
    assert!(control > 0 && challenger > 0 && challenger <= of_challenger);
    assert_eq!(
        (&judged["control"], &judged["challenger"]),
        (&json!(0.25), &json!(0.25))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_cannot_be_had_say_nothing() {
    // The worst case of a question is about 0.0034 USD: the other budget is enough for none.
    for (judge, budget) in [("p/mute", "1"), ("p/judge", "0.001")] {
        let tried = tried(judge, None, 1.0, budget).await;
        for session in 0..20 {
            tried.ask(session, &[]).await;
        }
        tried.settled(20).await;
        assert_eq!(tried.count("judged").await, 0, "{judge}");
        let (_, _, told) = tried.close().await;
        let judged = guard(&told, "judged");
        assert_eq!(
            (&judged["n_control"], &judged["n_challenger"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(told["rolled_back"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn judges_see_no_arm_and_nothing_that_is_private() {
    let message = json!({ "content": "{\"score\": 4}" });
    let body = json!({ "model": "judge", "choices": [{ "index": 0, "finish_reason": "stop", "message": message }] });
    let (url, seen) = canned(json_answer(&body.to_string())).await;
    let tried = tried("p/judge", Some(&url), 1.0, "1").await;
    let private = [("x-trilemma-private", "true")];
    for session in 0..20 {
        tried
            .ask(session, if session < 10 { &[] } else { &private })
            .await;
    }
    tried.settled(10).await;
    let (_, judges, _) = tried.close().await;
    assert_eq!(judges.len(), 10);
    let asked = seen.lock().unwrap();
    assert_eq!(asked.len(), 10);
    let hints = ["p/m", "p/own", "control", "challenger", "canary", "session"];
    for question in asked.iter() {
        assert!(question.contains("an apple") || question.contains("a banana"));
        assert!(
            hints.iter().all(|hint| !question.contains(hint)),
            "{question}"
        );
    }
}
