//! Random policies, requests and observations, in every dialect: the gateway's step is the library's.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trilemma_domain::{FinishReason, Message, Role};
use trilemma_route::{Call, Observation, Outcome, RequestView, Router, Step, Use};

use crate::decide::{MEMBERS, house, policy};
use crate::support::{House, post};

/// Numbers that look random and are the same in every run.
struct Draws(u64);

impl Draws {
    fn next(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % n
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.next(of.len() as u64) as usize]
    }

    fn members(&mut self, most: u64) -> Vec<&'static str> {
        (0..=self.next(most)).map(|_| *self.one(&MEMBERS)).collect()
    }

    fn when(&mut self) -> Value {
        match self.next(7) {
            0 => json!({ "chars": { "min": self.next(60) } }),
            1 => json!({ "words": { "max": self.next(8) } }),
            2 => json!({ "matches": *self.one(&["(?i)prove", "^a", "[0-9]+", "🦀"]) }),
            3 => json!({ "tags": [*self.one(&["blue", "green"])] }),
            4 => json!({ "task": [*self.one(&["sums", "proof"])] }),
            5 => json!({ "user_tier": ["pro"], "context_tokens": { "min": self.next(20) } }),
            _ => json!({ "none": [self.when()], "route": ["auto"] }),
        }
    }

    fn plan(&mut self, depth: u64) -> Value {
        let kind = if depth == 0 { 0 } else { self.next(6) };
        match kind {
            1 => json!({ "rules": {
                "rules": [
                    { "name": "first", "when": self.when(), "then": self.plan(depth - 1) },
                    { "name": "second", "when": self.when(), "then": self.plan(depth - 1) },
                ],
                "otherwise": self.plan(depth - 1),
            }}),
            2 => json!({ "tiers": {
                "small": *self.one(&MEMBERS), "medium": *self.one(&MEMBERS), "large": *self.one(&MEMBERS),
            }}),
            3 => json!({ "per_task": {
                "tasks": { "sums": self.plan(depth - 1) }, "otherwise": self.plan(depth - 1),
            }}),
            4 | 5 => {
                let ask = self.members(3);
                let need = 1 + self.next(ask.len() as u64);
                let mut cascade = json!({
                    "ask": ask, "pace": *self.one(&["together", "in_turn"]),
                    "compare": *self.one(&["exact", "loose"]),
                    "accept": if kind == 4 { json!({ "agree": need }) } else { json!("complete") },
                    "escalate": self.plan(depth - 1),
                });
                if self.next(2) == 0 {
                    cascade["extract"] = json!(["last_number"]);
                }
                json!({ "cascade": cascade })
            }
            _ => json!({ "single": *self.one(&MEMBERS) }),
        }
    }

    fn outcome(&mut self) -> Outcome {
        if self.next(4) == 0 {
            return Outcome::Failed;
        }
        let text = *self.one(&["yes", " Yes ", "no", "It is 7.", "So: 7", "8 🦀", ""]);
        let finish = match self.next(6) {
            0 => None,
            1 => Some(FinishReason::Length),
            2 => Some(FinishReason::Refusal),
            _ => Some(FinishReason::Stop),
        };
        Outcome::Answered {
            text: text.to_owned(),
            finish,
            output_tokens: (self.next(2) == 0).then(|| self.next(100)),
            logprob: (self.next(2) == 0).then(|| -(self.next(8) as f64) / 8.0),
        }
    }
}

fn written(seen: &Observation) -> Value {
    let mut told = json!({ "candidate": seen.candidate });
    match &seen.outcome {
        Outcome::Answered {
            text,
            finish,
            output_tokens,
            logprob,
        } => {
            told["text"] = json!(text);
            let word = match finish {
                None => None,
                Some(FinishReason::Length) => Some("length"),
                Some(FinishReason::Refusal) => Some("refusal"),
                Some(_) => Some("stop"),
            };
            told["finish_reason"] = json!(word);
            told["output_tokens"] = json!(output_tokens);
            told["logprob"] = json!(logprob);
        }
        Outcome::Failed => told["failed"] = json!(true),
        Outcome::Embedded { .. } => panic!("no policy here looks at vectors"),
    }
    told
}

/// The paths and bodies by which one conversation can be asked.
fn asked(draws: &mut Draws, text: &str) -> Value {
    let messages = json!([{ "role": "user", "content": text }]);
    match draws.next(3) {
        0 => {
            json!({ "model": "auto", "messages": [{ "role": "system", "content": "be brief" }, messages[0]] })
        }
        1 => json!({ "model": "auto", "input": messages, "instructions": "be brief" }),
        _ => {
            json!({ "model": "auto", "max_tokens": 9, "system": "be brief", "messages": messages })
        }
    }
}

/// A request by what policies look at.
struct Asked {
    query: &'static str,
    task: &'static str,
    tier: &'static str,
    tags: [String; 1],
}

impl Asked {
    fn new(draws: &mut Draws) -> Self {
        let queries = [
            "a",
            "Prove that 12 is even.",
            "🦀🦀 いくつ",
            "name the colour of the sky today",
        ];
        Self {
            query: *draws.one::<&str>(&queries),
            task: *draws.one::<&str>(&["sums", "proof", "other"]),
            tier: *draws.one::<&str>(&["pro", "free"]),
            tags: [(*draws.one(&["blue", "red"])).to_owned()],
        }
    }

    /// What the library decides.
    fn offline(&self, router: &Router, seen: &[Observation]) -> trilemma_route::Decision {
        let messages = [
            Message::text(Role::System, "be brief"),
            Message::text(Role::User, self.query),
        ];
        let view = RequestView {
            task: Some(self.task),
            route: Some("auto"),
            tags: &self.tags,
            user_tier: Some(self.tier),
            ..RequestView::of_messages(&messages, &router.policy().reads, None)
        };
        router.step(&view, seen)
    }

    /// What the gateway decides.
    async fn live(&self, house: &House, mut body: Value, seen: &[Observation]) -> Value {
        body["observations"] = seen.iter().map(written).collect();
        let mut headers = vec![
            ("x-trilemma-task", self.task),
            ("x-trilemma-user-tier", self.tier),
            ("x-trilemma-tags", self.tags[0].as_str()),
        ];
        if body["system"].is_string() {
            headers.push(("anthropic-version", "2023-06-01"));
        }
        let body = body.to_string();
        let live = post(&house.address, "/v1/decide", body.as_bytes(), &headers).await;
        assert_eq!(live.status, 200, "{}", live.text());
        live.json()
    }
}

/// Compares two accounts of one step; gives the calls to make, if there are any.
fn compared(
    live: &Value,
    offline: trilemma_route::Decision,
    seen: &[Observation],
    policy: &str,
) -> Vec<Call> {
    let why: Vec<String> = offline.why.iter().map(ToString::to_string).collect();
    assert_eq!(live["why"], json!(why), "{policy}");
    let calls = match offline.step {
        Step::Call(calls) => calls,
        Step::Answer { seen_idx } => {
            let take = json!({ "observation": seen_idx, "candidate": seen[seen_idx].candidate });
            assert_eq!(
                (&live["step"], &live["take"]),
                (&json!("answer"), &take),
                "{policy}"
            );
            return Vec::new();
        }
        Step::Exhausted => {
            assert_eq!(live["step"], "exhausted", "{policy}");
            return Vec::new();
        }
    };
    let expected = calls.iter().map(|call| {
        let purpose = if call.purpose == Use::Given {
            "given"
        } else {
            "judged"
        };
        json!([call.candidate, purpose])
    });
    let told = live["calls"].as_array().unwrap().iter();
    let told: Vec<Value> = told
        .map(|call| json!([call["candidate"], call["use"]]))
        .collect();
    assert_eq!(told, expected.collect::<Vec<_>>(), "{policy}");
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_the_librarys() {
    let house = house().await;
    let mut draws = Draws(20_261_129);
    let mut steps: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..150 {
        let fallback = draws.members(2);
        let text = policy(&draws.plan(3), &fallback);
        let Ok(router) = Router::read(&text) else {
            assert!(house.gateway.set_policy(&text).is_err(), "{text}");
            continue;
        };
        house.gateway.set_policy(&text).unwrap();
        let request = Asked::new(&mut draws);
        let mut seen: Vec<Observation> = Vec::new();
        for _ in 0..12 {
            let body = asked(&mut draws, request.query);
            let live = request.live(&house, body, &seen).await;
            *steps.entry(live["step"].to_string()).or_default() += 1;
            let calls = compared(&live, request.offline(&router, &seen), &seen, &text);
            if calls.is_empty() {
                break;
            }
            for call in calls {
                let outcome = draws.outcome();
                seen.push(Observation {
                    candidate: call.candidate,
                    outcome,
                });
            }
        }
    }
    assert!(
        steps.len() == 3 && steps.values().all(|n| *n >= 5),
        "{steps:?}"
    );
}
