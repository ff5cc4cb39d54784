//! Replay: prompts join to items, answers come by order of call.

use std::io::Write as _;

use serde_json::json;
use trilemma_domain::{Dialect, ItemId};
use trilemma_sim::{CallOutcome, RejectReason, Replay, Scenario, Sim, SimError, SimOptions};

use crate::client::{connect, logged, replaying};

#[tokio::test(start_paused = true)]
async fn prompts_join_and_answers_come_in_order() {
    let sim = replaying("");
    let mut connection = connect(&sim).await;
    for (model, prompt, wanted) in [
        ("a", "First?\n", "a answers first"),
        ("b", "First?", "b answers first"),
        ("a", "  First?", "a answers first again"),
        ("a", "Second?", "a answers second"),
        ("a", "First?", "a answers first"),
    ] {
        assert_eq!(
            connection.ask(model, prompt).await.unwrap().answer(),
            wanted
        );
    }
    let records = logged(&sim, 5).await;
    let items: Vec<_> = records.iter().map(|r| r.item.clone()).collect();
    assert_eq!(
        items,
        ["1", "1", "1", "2", "1"].map(|id| Some(ItemId::from(id)))
    );
    assert_eq!(
        records.iter().map(|r| r.nth).collect::<Vec<_>>(),
        [1, 1, 2, 1, 3]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_does_not_use_up_an_answer() {
    let sim = replaying("faults = [{ kind = \"server_error\", every = 2 }]");
    let mut connection = connect(&sim).await;
    let mut got = Vec::new();
    for _ in 0..4 {
        let seen = connection.ask("a", "First?").await.unwrap();
        got.push((seen.status == 200).then(|| seen.answer()));
    }
    let (first, again) = (
        "a answers first".to_owned(),
        "a answers first again".to_owned(),
    );
    assert_eq!(got, [Some(first), None, Some(again), None]);
}

#[tokio::test(start_paused = true)]
async fn a_call_over_the_limit_does_not_use_up_an_answer() {
    let sim = replaying("defaults = { limits = { requests_per_minute = 1 } }");
    let mut connection = connect(&sim).await;
    let mut got = Vec::new();
    for _ in 0..4 {
        let seen = connection.ask("a", "First?").await.unwrap();
        got.push(seen.answer());
        tokio::time::advance(std::time::Duration::from_secs(30)).await;
    }
    assert_eq!(got, ["a answers first", "", "a answers first again", ""]);
}

#[tokio::test(start_paused = true)]
async fn simultaneous_calls_get_different_answers() {
    let sim = replaying("[defaults]\nfirst_token_ms = 100");
    let calls = (0..2).map(|_| {
        let sim = sim.clone();
        tokio::spawn(async move {
            connect(&sim)
                .await
                .ask("a", "First?")
                .await
                .unwrap()
                .answer()
        })
    });
    let mut got = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        got.push(call.await.unwrap());
    }
    got.sort_unstable();
    assert_eq!(got, ["a answers first", "a answers first again"]);
}

#[tokio::test(start_paused = true)]
async fn unknown_models_prompts_and_pairs_are_told_apart() {
    let sim = replaying("");
    let mut connection = connect(&sim).await;
    for (model, prompt, word) in [
        ("c", "First?", "no model `c`"),
        ("a", "Third?", "no input of the golden set"),
        ("b", "Second?", "no answer to this item"),
    ] {
        let seen = connection.ask(model, prompt).await.unwrap();
        let message = seen.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(seen.status == 404 && message.contains(word), "{message}");
    }
    let outcomes: Vec<_> = logged(&sim, 3).await.iter().map(|r| r.outcome).collect();
    let prompt = CallOutcome::Rejected(RejectReason::UnknownPrompt);
    assert_eq!(
        outcomes,
        [
            CallOutcome::Rejected(RejectReason::UnknownModel),
            prompt,
            prompt
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_input_joins_when_asked_for() {
    let prompt = "Answer shortly.\n\nSecond?\n\nThink first.";
    let exact = replaying("");
    assert_eq!(
        connect(&exact).await.ask("a", prompt).await.unwrap().status,
        404
    );
    let sim = replaying("join = \"contains\"");
    let seen = connect(&sim).await.ask("a", prompt).await.unwrap();
    assert_eq!(seen.answer(), "a answers second");
}

#[tokio::test(start_paused = true)]
async fn the_last_user_message_joins_in_every_dialect() {
    let sim = replaying("");
    let chat = json!({"model": "b", "messages": [
        {"role": "system", "content": "Second?"}, {"role": "user", "content": "Second?"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": [{"type": "text", "text": "Fir"}, {"type": "text", "text": "st?"}]}]});
    let anthropic = json!({"model": "b", "max_tokens": 9, "system": "Second?",
        "messages": [{"role": "user", "content": "First?"}]});
    let gemini = json!({"systemInstruction": {"parts": [{"text": "Second?"}]},
        "contents": [{"role": "user", "parts": [{"text": "First?"}]}]});
    for (path, body) in [
        ("/v1/chat/completions", &chat),
        ("/openai/deployments/b/chat/completions", &chat),
        ("/v1/messages", &anthropic),
        ("/v1beta/models/b:generateContent", &gemini),
    ] {
        let seen = connect(&sim).await.post(path, body).await.unwrap();
        assert!(
            seen.text().contains("b answers first"),
            "{path}: {}",
            seen.text()
        );
    }
    let dialects: Vec<_> = logged(&sim, 4).await.iter().map(|r| r.dialect).collect();
    assert_eq!(
        dialects,
        [
            Dialect::OpenAi,
            Dialect::Azure,
            Dialect::Anthropic,
            Dialect::Gemini
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn files_are_read_beside_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let mut file = fs_err::File::create(folder.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    write(
        "golden.jsonl",
        "\u{feff}{\"id\": \"x\", \"input\": \"One?\", \"expected\": \"1\"}\r\n\n\
         {\"id\": 2, \"input\": [{\"role\": \"system\", \"content\": \"s\"}, \
         {\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Two?\"}]}]}\n",
    );
    write(
        "gpt-4o-2024-08-06.jsonl",
        "{\"id\": \"x\", \"output\": \"1\", \"params\": {}}\n{\"id\": \"2\", \"output\": [\"2\", \"zwei\"]}",
    );
    let scenario = "golden = \"golden.jsonl\"\nreplay = [\"gpt-4o-2024-08-06.jsonl\"]";
    let load = |text: &str| SimOptions::load(Scenario::parse(text).unwrap(), folder.path());
    let sim = Sim::with_options(load(scenario).unwrap()).unwrap();
    sim.warm();
    let mut connection = connect(&sim).await;
    for (prompt, wanted) in [("One?", "1"), ("Two?", "2"), ("Two?", "zwei")] {
        let seen = connection.ask("gpt-4o-2024-08-06", prompt).await.unwrap();
        assert_eq!(seen.answer(), wanted);
    }
    write(
        "bad.jsonl",
        "{\"id\": \"x\", \"output\": \"1\"}\n{\"id\": \"nowhere\", \"output\": \"1\"}",
    );
    let error = load("golden = \"golden.jsonl\"\nreplay = [\"bad.jsonl\"]").unwrap_err();
    assert!(matches!(&error, SimError::Line { line: 2, .. }), "{error}");
    assert!(load("replay = [\"bad.jsonl\"]").is_err());
    assert!(matches!(
        load("golden = \"missing.jsonl\"").unwrap_err(),
        SimError::File(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn recorded_ends_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let golden = folder.path().join("golden.jsonl");
    let answers = folder.path().join("m.jsonl");
    fs_err::write(
        &golden,
        "{\"id\": \"1\", \"input\": \"First?\"}\n{\"id\": \"2\", \"input\": \"Second?\"}\n",
    )
    .unwrap();
    fs_err::write(
        &answers,
        "{\"id\": \"1\", \"output\": \"Not that.\", \"finish\": \"refusal\"}\n\
         {\"id\": \"2\", \"output\": \"It is\", \"finish\": \"length\"}\n",
    )
    .unwrap();
    let mut replay = Replay::new();
    replay.read_golden(&golden).unwrap();
    replay.read_answers(&answers).unwrap();
    let sim = Sim::with_options(SimOptions {
        replay,
        ..SimOptions::default()
    })
    .unwrap();
    let mut connection = connect(&sim).await;
    let declined = connection.ask("m", "First?").await.unwrap().json();
    assert_eq!(declined["choices"][0]["message"]["refusal"], "Not that.");
    let cut = connection.ask("m", "Second?").await.unwrap().json();
    assert_eq!(cut["choices"][0]["message"]["content"], "It is");
    assert_eq!(cut["choices"][0]["finish_reason"], "length");

    fs_err::write(
        &answers,
        "{\"id\": \"1\", \"output\": \"x\", \"finish\": \"bored\"}\n",
    )
    .unwrap();
    let problem = Replay::new().read_answers(&answers).unwrap_err();
    assert!(problem.to_string().contains("bored"), "{problem}");
}

/// Every recorded answer of the real data comes back byte for byte, in its vendor's dialect.
#[tokio::test(start_paused = true)]
async fn data_recorded_answers_come_back() {
    #[expect(clippy::disallowed_methods, reason = "says where the test data lie")]
    let Some(data) = std::env::var_os("TRILEMMA_TEST_DATA") else {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
        return;
    };
    let folder = std::path::Path::new(&data).join("zeroeval-gsm8k");
    let mut replay = Replay::new();
    replay.read_golden(&folder.join("golden.jsonl")).unwrap();
    let mut answers = Vec::new();
    for entry in fs_err::read_dir(folder.join("responses")).unwrap() {
        let path = entry.unwrap().path();
        replay.read_answers(&path).unwrap();
        answers.push(path);
    }
    let summary = replay.summary();
    assert_eq!(
        (summary.n_items, summary.n_same_input, answers.len()),
        (1319, 0, 12)
    );
    assert!(
        summary
            .models
            .iter()
            .all(|(_, n, missing)| (*n, *missing) == (1319, 0))
    );
    let sim = Sim::with_options(SimOptions {
        replay,
        ..SimOptions::default()
    })
    .unwrap();
    let items: Vec<serde_json::Value> = lines(&folder.join("golden.jsonl"));
    for path in answers {
        let model = path.file_stem().unwrap().to_str().unwrap();
        let mut connection = connect(&sim).await;
        for (item, answer) in items.iter().zip(lines(&path)) {
            assert_eq!(item["id"], answer["id"]);
            let seen = connection
                .ask(model, item["input"].as_str().unwrap())
                .await
                .unwrap();
            assert_eq!(seen.answer(), answer["output"].as_str().unwrap());
        }
    }
    assert_eq!(sim.log().n_ended(), 12 * 1319);
}

fn lines(path: &std::path::Path) -> Vec<serde_json::Value> {
    let text = fs_err::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
