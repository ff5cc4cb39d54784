//! `trilemma serve` as its users run it: hand-made requests, bad settings, and `kill -9` under load.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, and says when it is skipped"
)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use support::{is_slow_run, serve, start_gateway, trilemma};
use trilemma_sim::{Scenario, SimOptions};
use trilemma_store::ledger::LedgerFile;

const SCENARIO: &str = "[models.m]\nfirst_token_ms = 5\nanswers = { type = \"text\", text = \"yes\" }\n\
                        usage = { input = 50, output = 10 }\n";
/// A request that deviates in nothing from what `bench` asks.
const LIKE_MEASURED: &str = r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#;
/// 50 tokens at 1 USD and 10 at 10 USD per million.
const NANO_PER_REQUEST: i64 = 150_000;

fn project(folder: &Path, url: &str, serve: &str) {
    let text = format!(
        "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [[scorers]]\ntype = \"exact\"\n\
         [providers.sim]\ndialect = \"openai\"\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[candidates]]\nid = \"m\"\nmodel = \"sim/m\"\nprice = {{ input = \"1\", output = \"10\" }}\n\
         [serve]\nlisten = \"127.0.0.1:0\"\n{serve}"
    );
    fs_err::write(folder.join("trilemma.toml"), text).unwrap();
    fs_err::write(
        folder.join("golden.jsonl"),
        "{\"input\": \"a\", \"expected\": \"b\"}\n",
    )
    .unwrap();
}

/// Adds a scorer that does not count.
fn also_scored_by(folder: &Path, kind: &str) {
    let path = folder.join("trilemma.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    let more = format!("[[scorers]]\ntype = \"{kind}\"\nweight = 0\n[providers.sim]");
    fs_err::write(&path, text.replacen("[providers.sim]", &more, 1)).unwrap();
}

/// Starts the gateway; gives the addresses for clients and for its operator.
fn start_with_admin(folder: &Path) -> (Child, String, String) {
    let mut child = trilemma(folder, &["serve", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let places: serde_json::Value = loop {
        lines.read_line(&mut told).unwrap();
        if let Ok(places) = serde_json::from_str(&told) {
            break places;
        }
    };
    let place = |name: &str| {
        let url = places
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap();
        let address = url.strip_prefix("http://").unwrap();
        address.trim_end_matches("/metrics").to_owned()
    };
    let (address, admin) = (place("url"), place("metrics"));
    (child, address, admin)
}

/// Tells the gateway to stop, and waits for its end.
fn stop(child: &mut Child) {
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What `evidence --json` printed is what its schema says.
fn assert_fits(folder: &Path, told: &serde_json::Value) {
    let schema = trilemma(folder, &["schema", "evidence"]).output().unwrap();
    let schema = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(jsonschema::is_valid(&schema, told), "{told}");
}

/// So many answers of `m` came from a model that was not measured.
fn assert_is_unseen(unseen: &serde_json::Value, name: &str) {
    let field = |key: &str| unseen.get(key).cloned().unwrap();
    assert_eq!(field("candidate"), "m");
    assert_eq!(field("kind"), "served_model");
    assert_eq!(
        (field("name"), field("n_answers")),
        (name.into(), 41.into())
    );
    assert!(field("first_us").as_i64() < field("last_us").as_i64());
}

/// Neither answers of the benchmark nor those of traffic are JSON: the same scorer says so of both.
fn assert_is_scored(score: &serde_json::Value) {
    assert_eq!(score["scorer"], "json_valid");
    for side in ["promised", "realised"] {
        let side = &score[side];
        let found = (side["point"].as_f64(), side["n"].as_u64());
        assert_eq!(found, (Some(0.0), Some(40)), "{score}");
    }
    assert_eq!(score["verdict"], "no_difference_shown");
}

/// Serves so many requests that deviate in nothing and one with a length of its own, of which nothing is promised;
/// gives the evidence.
fn served_like_measured(folder: &Path, n: usize) -> serde_json::Value {
    let (mut child, address) = start_gateway(folder);
    for _ in 0..n {
        assert!(ask_for(&address, LIKE_MEASURED));
    }
    assert!(ask(&address));
    stop(&mut child);
    let told = trilemma(folder, &["evidence", "--json"]).output().unwrap();
    let told = support::json(&told, &[0]);
    assert_fits(folder, &told);
    let unmeasured = told.pointer("/candidates/0/unmeasured");
    assert_eq!(unmeasured, Some(&1.into()));
    told
}

/// Asks once; false = no whole answer came.
fn ask(address: &str) -> bool {
    ask_for(
        address,
        r#"{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"a"}]}"#,
    )
}

fn ask_for(address: &str, body: &str) -> bool {
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
        && answer.contains("\"yes\"")
}

#[test]
fn serves_until_it_is_told_to_stop_and_tells_what_it_did() {
    let served = serve(SimOptions {
        scenario: Scenario::parse(SCENARIO).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &served.url, "");
    let (mut child, address) = start_gateway(folder.path());
    assert!(ask(&address));
    assert!(ask(&address));
    stop(&mut child);
    let told = trilemma(folder.path(), &["evidence", "--json"])
        .output()
        .unwrap();
    let told = support::json(&told, &[0]);
    assert_eq!(told["candidates"][0]["requests"], 2);
    assert_eq!(told["candidates"][0]["cost_usd"], "0.0003");
    let text = trilemma(folder.path(), &["evidence"]).output().unwrap();
    assert!(String::from_utf8(text.stdout).unwrap().contains("100.0 %"));
}

/// A policy that its own file does not praise is used, with a warning.
#[test]
fn a_policy_that_abstained_is_used_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    project(
        folder.path(),
        "http://127.0.0.1:9",
        "policy = \"policy.json\"\n",
    );
    let policy = r#"{"schema_version":1,"name":"triage","candidates":[{"id":"m"}],"plan":{"single":"m"},
        "measured":{"figures":{},"curve":[],"n":60,"abstained":"it lies below a random mix"}}"#;
    fs_err::write(folder.path().join("policy.json"), policy).unwrap();
    let mut child = trilemma(folder.path(), &["serve", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    lines.read_line(&mut told).unwrap();
    let what = "is not shown to be worth anything, as its file says: it lies below a random mix";
    assert!(
        told.starts_with("warning: policy triage") && told.contains(what),
        "{told}"
    );
    stop(&mut child);
}

/// Prompts that the project keeps become items to label: redacted, each once, and fit for `golden lint`.
#[test]
fn kept_prompts_become_candidates_for_a_golden_set() {
    let served = serve(SimOptions {
        scenario: Scenario::parse(SCENARIO).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let evidence = |arguments: &[&str], exit: i32| {
        let all = [
            &["evidence", "--to-golden", "drawn.jsonl", "--json"],
            arguments,
        ]
        .concat();
        let told = trilemma(folder.path(), &all)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(told.status.code(), Some(exit), "{told:?}");
        told
    };
    project(folder.path(), &served.url, "");
    let none = String::from_utf8(evidence(&[], 2).stderr).unwrap();
    assert!(none.contains("[serve.texts]"), "{none}");
    project(
        folder.path(),
        &served.url,
        "[serve.texts]\nshare = 1\nconsent = \"assumed\"\nredact = [\"EMP-[0-9]+\"]\n",
    );
    let (mut child, address) = start_gateway(folder.path());
    let ask = |text: &str| {
        let body = serde_json::json!({
            "model": "m", "max_tokens": 20, "messages": [{ "role": "user", "content": text }]
        });
        assert!(ask_for(&address, &body.to_string()));
    };
    for idx in 0..12 {
        ask(&format!(
            "Which of the {idx} lamps in hall {} is broken?",
            idx * 7 + 1
        ));
    }
    for _ in 0..3 {
        ask("Where is the order of ann@corp.example, EMP-4711, key sk-simulated-0123456789?");
    }
    stop(&mut child);
    let told = support::json(&evidence(&[], 0), &[0]);
    assert_eq!(told["n_rows"], 15);
    assert!(
        told["strata"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"].as_str().unwrap().contains("candidate=m"))
    );
    let drawn = fs_err::read_to_string(folder.path().join("drawn.jsonl")).unwrap();
    let asked = "Where is the order of [email], [redacted], key ***?";
    assert_eq!(drawn.matches(asked).count(), 1, "{drawn}");
    assert!(drawn.contains("\"logged_answer\":\"yes\""), "{drawn}");
    for line in drawn.lines() {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(item["tags"][0], "unlabelled");
        assert!(item["id"].as_str().unwrap().starts_with("tr-"), "{item}");
    }
    let lint = trilemma(folder.path(), &["golden", "lint", "drawn.jsonl", "--json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let lint = support::json(&lint, &[0, 1, 2]);
    assert_eq!(lint["n_items"], drawn.lines().count(), "{lint}");
    // A file that is there is not written over unasked.
    evidence(&[], 2);
    evidence(&["--force", "--n", "2"], 0);
    let drawn = fs_err::read_to_string(folder.path().join("drawn.jsonl")).unwrap();
    assert_eq!(drawn.lines().count(), 2);
}

/// What clients asked by the project's prompt is drawn as what they filled in: a benchmark asks the same bytes again.
#[test]
fn kept_requests_are_asked_again_by_the_prompt_that_made_them() {
    let served = serve(SimOptions {
        scenario: Scenario::parse(SCENARIO).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    project(
        folder.path(),
        &served.url,
        "[serve.texts]\nshare = 1\nconsent = \"assumed\"\n[prompts]\ndefault = \"sort.md\"\n",
    );
    let prompt = "=== system ===\nSort tickets.\n=== user ===\n\
                  Ticket about {{ product }}:\n{{ input }}\nAnswer in one word.\n";
    fs_err::write(folder.path().join("sort.md"), prompt).unwrap();
    let (mut child, address) = start_gateway(folder.path());
    let ask = |system: &str, user: &str| {
        let body = serde_json::json!({ "model": "m", "messages": [
            { "role": "system", "content": system }, { "role": "user", "content": user },
        ]});
        assert!(ask_for(&address, &body.to_string()));
    };
    let products = ["lamp", "washing machine", "hall", "bicycle", "invoice"];
    for (idx, product) in products.iter().enumerate() {
        let user = format!(
            "Ticket about {product}:\nIt: broke {idx} days ago,\nwhat now?\nAnswer in one word.\n"
        );
        ask("Sort tickets.", &user);
    }
    ask(
        "You are a pirate.",
        "Tell me a story about a washing machine.",
    );
    stop(&mut child);
    let asked = |from: usize| {
        let records = served.log.records();
        let prompts: std::collections::BTreeSet<_> = records[from..]
            .iter()
            .map(|one| one.prompt.to_string())
            .collect();
        prompts
    };
    let by_clients = asked(0);
    let n_records = served.log.records().len();
    let drawn = trilemma(folder.path(), &["evidence", "--to-golden", "drawn.jsonl"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(drawn.stderr).unwrap();
    assert_eq!(drawn.status.code(), Some(0), "{told}");
    assert!(told.contains("1 of 6 kept requests left out"), "{told}");
    // Somebody labels them.
    let mut labelled = String::new();
    for line in fs_err::read_to_string(folder.path().join("drawn.jsonl"))
        .unwrap()
        .lines()
    {
        let mut item: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(products.contains(&item["metadata"]["product"].as_str().unwrap()));
        item["expected"] = "yes".into();
        labelled.push_str(&format!("{item}\n"));
    }
    assert_eq!(labelled.lines().count(), products.len());
    fs_err::write(folder.path().join("golden.jsonl"), labelled).unwrap();
    let bench = trilemma(folder.path(), &["--json", "bench"])
        .output()
        .unwrap();
    assert_eq!(bench.status.code(), Some(0), "{bench:?}");
    let again = asked(n_records);
    assert_eq!(again.len(), products.len());
    assert!(again.is_subset(&by_clients));
}

/// A challenger in the shadow and one on trial: what the operator sees of both, also after a restart.
#[test]
fn challengers_are_compared_and_rolled_back() {
    let scenario = format!(
        "{SCENARIO}[models.bad]\nfaults = [{{ kind = \"server_error\", every = 1 }}]\n\
         [models.other]\nanswers = {{ type = \"text\", text = \"no\" }}\n\
         usage = {{ input = 50, output = 20 }}\n"
    );
    let served = serve(SimOptions {
        scenario: Scenario::parse(&scenario).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let more = ["bad", "other"].map(|id| {
        format!(
            "[[candidates]]\nid = \"{id}\"\nmodel = \"sim/{id}\"\n\
             price = {{ input = \"1\", output = \"10\" }}\n"
        )
    });
    let challengers = format!(
        "max_attempts = 1\n[serve.shadow]\nchallenger = \"other\"\nshare = 1\nbudget_usd = \"1\"\n\
         [serve.canary]\nof = \"m\"\nchallenger = \"bad\"\nshare = 0.5\n{}",
        more.concat()
    );
    project(folder.path(), &served.url, &challengers);
    let (mut child, address) = start_gateway(folder.path());
    let answered: Vec<bool> = (0..300).map(|_| ask(&address)).collect();
    assert!(
        !answered[..50].iter().all(|is| *is),
        "the challenger gets a share"
    );
    assert!(answered[250..].iter().all(|is| *is), "and then none");
    stop(&mut child);
    let evidence = |arguments: &[&str]| {
        let mut told = trilemma(folder.path(), &[&["evidence"], arguments].concat());
        told.env("COLUMNS", "80").output().unwrap()
    };
    let told = support::json(&evidence(&["--json"]), &[0]);
    assert_fits(folder.path(), &told);
    assert_eq!(told["canary"]["rolled_back"]["guard"], "errors", "{told}");
    assert_eq!(told["canary"]["share"], 0.0);
    let shadows = told["shadows"].as_array().unwrap();
    let shadow = shadows.iter().find(|one| one["served"] == "m").unwrap();
    assert_eq!(shadow["challenger"], "other");
    let figure = |name: &str| {
        let figures = shadow["figures"].as_array().unwrap();
        figures
            .iter()
            .find(|one| one["figure"] == name)
            .unwrap()
            .clone()
    };
    // 10 tokens more at 10 USD per million; never the same word.
    let cost = figure("cost_usd");
    assert_eq!(cost["verdict"], "higher", "{cost}");
    assert!(
        (cost["difference"][0].as_f64().unwrap() - 1e-4).abs() < 1e-12,
        "{cost}"
    );
    let agreement = figure("agreement");
    assert_eq!(agreement["difference"][0], 0.0, "{agreement}");
    assert!(
        agreement["difference"][2].as_f64().unwrap() < 0.2,
        "{agreement}"
    );
    let text = String::from_utf8(evidence(&[]).stdout).unwrap();
    assert!(text.contains("rolled back for errors"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let (mut child, address) = start_gateway(folder.path());
    assert!((0..30).all(|_| ask(&address)), "it stays rolled back");
    stop(&mut child);
    // Nothing of it is in the clients' bill but their own requests.
    let told = support::json(&evidence(&["--json"]), &[0]);
    let of = |name: &str| {
        let all = told["candidates"].as_array().unwrap();
        all.iter().find(|one| one["candidate"] == name).cloned()
    };
    assert_eq!(of("other"), None);
    let n = of("m").unwrap()["requests"].as_u64().unwrap();
    assert_eq!(n + of("bad").unwrap()["requests"].as_u64().unwrap(), 330);
}

/// What the benchmark measured is the promise; traffic that costs more is told, and traffic that costs the
/// same is not.
#[test]
fn evidence_stands_beside_what_was_promised() {
    const N: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let dear = SCENARIO.replace("output = 10", "output = 30");
    let evidence = |scenario: &str| {
        let served = serve(SimOptions {
            scenario: Scenario::parse(scenario).unwrap(),
            ..SimOptions::default()
        });
        project(folder.path(), &served.url, "score_share = 1.0\n");
        also_scored_by(folder.path(), "json_valid");
        let items: String = (0..N)
            .map(|idx| format!("{{\"input\": \"question {idx}\", \"expected\": \"yes\"}}\n"))
            .collect();
        fs_err::write(folder.path().join("golden.jsonl"), items).unwrap();
        if scenario == SCENARIO {
            let done = trilemma(folder.path(), &["bench"]).output().unwrap();
            assert_eq!(done.status.code(), Some(0));
        }
        let ledger = folder.path().join(".trilemma/gateway.db");
        if ledger.exists() {
            fs_err::remove_file(ledger).unwrap();
        }
        let told = served_like_measured(folder.path(), N);
        let mut shown = trilemma(folder.path(), &["evidence"]);
        let text = shown.env("COLUMNS", "80").output().unwrap();
        (told, String::from_utf8(text.stdout).unwrap())
    };
    let figure = |told: &serde_json::Value, name: &str| {
        let promise = &told["promises"][0];
        assert_eq!(
            (promise["name"].as_str(), promise["n_requests"].as_u64()),
            (Some("m"), Some(40))
        );
        let figures = promise["figures"].as_array().unwrap();
        let found = figures.iter().find(|one| one["figure"] == name);
        found.unwrap().clone()
    };

    let (told, text) = evidence(SCENARIO);
    let cost = figure(&told, "cost_usd");
    assert_eq!(cost["promised"]["n"], 40);
    assert!(
        (cost["promised"]["point"].as_f64().unwrap() - 1.5e-4).abs() < 1e-12,
        "{cost}"
    );
    assert_eq!(cost["verdict"], "within");
    assert_eq!(figure(&told, "answered")["verdict"], "within");
    assert_eq!(
        figure(&told, "quality")["realised"],
        serde_json::Value::Null
    );
    assert!(!text.contains("not kept"), "{text}");
    assert_eq!(figure(&told, "output_tokens")["realised"]["point"], 10.0);
    assert_eq!(told["unseen_names"], serde_json::json!([]));
    assert_is_scored(&figure(&told, "score"));
    assert!(text.contains("json_valid %"), "{text}");

    // Longer answers of another model: both are told.
    let other = format!("{dear}served_model = \"m-2027\"\n");
    let (told, text) = evidence(&other);
    assert_eq!(figure(&told, "output_tokens")["realised"]["point"], 30.0);
    assert_is_unseen(&told["unseen_names"][0], "m-2027");
    assert!(
        text.contains("41 answers of m came from `m-2027`"),
        "{text}"
    );
    let cost = figure(&told, "cost_usd");
    assert_eq!(cost["verdict"], "higher", "{cost}");
    assert!(
        (cost["difference"][0].as_f64().unwrap() - 2e-4).abs() < 1e-12,
        "{cost}"
    );
    assert!(
        text.contains("0.350 (0.350-0.350, 40)  not kept: above"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

/// Asks for a stream and goes away after so long.
fn leave(address: &str, model: &str, patience: Duration) -> String {
    let body = format!(
        r#"{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"a"}}]}}"#
    );
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut seen = Vec::new();
    let _left_or_ended = stream.read_to_end(&mut seen);
    String::from_utf8_lossy(&seen).into_owned()
}

/// A call that hangs until its client gives up is not answered, however it is called; one that is left in the middle of
/// its answer may have been about to be.
#[test]
fn clients_that_give_up_do_not_make_traffic_look_better() {
    const N: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let scenario = |more: &str| {
        serve(SimOptions {
            scenario: Scenario::parse(&format!("{SCENARIO}{more}")).unwrap(),
            ..SimOptions::default()
        })
    };
    let measured = scenario("");
    let set_up = |url: &str| {
        project(folder.path(), url, "");
        let items =
            (0..N).map(|idx| format!("{{\"input\": \"question {idx}\", \"expected\": \"yes\"}}\n"));
        fs_err::write(
            folder.path().join("golden.jsonl"),
            items.collect::<String>(),
        )
        .unwrap();
    };
    set_up(&measured.url);
    let done = trilemma(folder.path(), &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    // Then every fourth call hangs.
    let hanging = scenario("faults = [{ kind = \"stall_before_head\", every = 4 }]\n");
    set_up(&hanging.url);
    let (mut child, address) = start_gateway(folder.path());
    let patience = Duration::from_secs(2);
    let answers = (0..N).map(|_| leave(&address, "m", patience));
    let n_answered = answers.filter(|one| one.contains("[DONE]")).count();
    assert_eq!(n_answered, 30);
    stop(&mut child);

    let told = trilemma(folder.path(), &["evidence", "--json"])
        .output()
        .unwrap();
    let told = support::json(&told, &[0]);
    assert_fits(folder.path(), &told);
    let own = &told["candidates"][0];
    let figure = |name: &str| {
        let point = own[name]["point"].as_f64().unwrap();
        (
            (100.0 * point).round() as u64,
            own[name]["n"].as_u64().unwrap(),
        )
    };
    assert_eq!(figure("answered"), (75, 40), "{own}");
    assert_eq!((figure("failed"), figure("given_up")), ((0, 40), (25, 40)));
    assert_eq!(
        (figure("left"), own["abandoned"].as_u64()),
        ((0, 40), Some(10))
    );
    // What hangs may have failed: nothing but the lower end of that share is known to be small.
    assert!(own["failed"]["high"].as_f64().unwrap() > 0.35, "{own}");
    let waited = own["given_up_after_p50_ms"]["point"].as_f64().unwrap();
    assert!(waited > 1_800.0, "{waited}");
    let promise = &told["promises"][0];
    assert_eq!(promise["n_abandoned"], 10);
    let verdict = |name: &str| {
        let figures = promise["figures"].as_array().unwrap();
        let found = figures.iter().find(|one| one["figure"] == name).unwrap();
        found["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("answered"), "lower");
    assert_eq!(verdict("failed"), "no_difference_shown");
    assert_eq!(verdict("given_up"), "unknown");
    let text = trilemma(folder.path(), &["evidence"])
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(text.stdout).unwrap(),
        String::from_utf8(text.stderr).unwrap(),
    );
    assert!(out.contains("75.0 % (59.8-85.8)"), "{out}");
    assert!(out.contains("given up unseen %"), "{out}");
    assert!(out.contains("10 clients went away"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    let remark = err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        remark.contains("10 requests given up by their client"),
        "{err}"
    );
    assert!(remark.contains("25.0 % (14.2-40.2), n = 40"), "{err}");
}

/// A name that no measured answer carried is told once while traffic runs, counted, and told by `evidence`.
#[test]
fn new_names_are_told_while_traffic_runs() {
    let folder = tempfile::tempdir().unwrap();
    let named = |served: &str, fingerprint: &str| {
        let names =
            format!("served_model = \"{served}\"\nsystem_fingerprint = \"{fingerprint}\"\n");
        serve(SimOptions {
            scenario: Scenario::parse(&format!("{SCENARIO}{names}")).unwrap(),
            ..SimOptions::default()
        })
    };
    let first = named("m-1", "fp-1");
    project(folder.path(), &first.url, "");
    let done = trilemma(folder.path(), &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    let second = named("m-1", "fp-\\u001b[31m2");
    project(folder.path(), &second.url, "admin = \"127.0.0.1:0\"\n");
    let (mut child, address, admin) = start_with_admin(folder.path());
    let page = || {
        let mut stream = TcpStream::connect(&admin).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    };
    // What was measured is read beside the traffic.
    while !page().contains("trilemma_unseen_name_answers_total") {
        std::thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..3 {
        assert!(ask(&address));
    }
    let page = page();
    let counts = |kind: &str, n: u32| {
        page.contains(&format!(
            "trilemma_unseen_name_answers_total{{candidate=\"m\",kind=\"{kind}\"}} {n}\n"
        ))
    };
    assert!(
        counts("served_model", 0) && counts("fingerprint", 3),
        "{page}"
    );
    stop(&mut child);
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(
        told.matches("which no measured answer carried").count(),
        1,
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "{told:?}");
    let evidence = trilemma(folder.path(), &["evidence", "--json"])
        .output()
        .unwrap();
    let evidence = support::json(&evidence, &[0]);
    assert_fits(folder.path(), &evidence);
    let unseen = evidence["unseen_names"].as_array().unwrap();
    assert_eq!(unseen.len(), 1);
    assert_eq!(
        (&unseen[0]["kind"], &unseen[0]["n_answers"]),
        (&"fingerprint".into(), &3.into())
    );
}

#[test]
fn what_cannot_be_served_is_refused_with_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    for (serve, arguments, words) in [
        (
            "",
            ["serve", "--listen", "0.0.0.0:0"],
            "nothing says who may call",
        ),
        ("", ["serve", "--admin", "0.0.0.0:0"], "they take no token"),
        (
            "policy = \"none.json\"\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "none.json",
        ),
        (
            "policy = \"/dev/zero\"\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "/dev/zero is no file",
        ),
        (
            "[serve.canary]\nchallenger = \"m\"\nshare = 0.1\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "nobody answers for `auto`",
        ),
        (
            "[serve.canary]\nof = \"m\"\nchallenger = \"sim/m\"\nshare = 0.1\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "hint: ",
        ),
        (
            "[serve.canary]\nof = \"m\"\nchallenger = \"b\"\nshare = 0.1\njudges = true\njudge_share = 0.5\n\
             budget_usd = \"1\"\n\
             [[candidates]]\nid = \"b\"\nmodel = \"sim/b\"\nprice = { input = \"1\", output = \"10\" }\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "no scorer has a judge who grades an answer by itself",
        ),
        (
            "token = { env = \"UNSET\" }\n",
            ["serve", "--listen", "127.0.0.1:0"],
            "`UNSET` is not set",
        ),
    ] {
        project(folder.path(), "http://127.0.0.1:9", serve);
        let output = trilemma(folder.path(), &arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

/// Killed under load: what was committed stays, nothing counts twice, and what counts as spent covers
/// everything that the vendor can bill.
#[test]
fn slow_kill_9_loses_no_settled_cost_and_counts_none_twice() {
    if !is_slow_run() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    let served = serve(SimOptions {
        scenario: Scenario::parse(SCENARIO).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    project(
        folder.path(),
        &served.url,
        "budget_usd = \"1000\"\nbudget_period = \"total\"\nlease_usd = \"0.05\"\n",
    );
    let ledger = folder.path().join(".trilemma/gateway.db");
    let mut recorded = Vec::new();
    for _ in 0..4 {
        let (mut child, address) = start_gateway(folder.path());
        let stop = Arc::new(AtomicBool::new(false));
        let n_answered = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let (address, stop, n) =
                    (address.clone(), Arc::clone(&stop), Arc::clone(&n_answered));
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        n.fetch_add(u64::from(ask(&address)), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while n_answered.load(Ordering::Relaxed) < 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .for_each(|client| client.join().unwrap());
        let file = LedgerFile::open_existing(&ledger).unwrap();
        let mut entries = Vec::new();
        file.entries(i64::MIN, &mut |entry| {
            entries.push((entry.row.id, entry.row.cost))
        })
        .unwrap();
        // Whatever was settled before is there, unchanged and once.
        assert_eq!(entries.get(..recorded.len()).unwrap(), recorded);
        let mut ids: Vec<_> = entries.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entries.len());
        let billed = i64::try_from(served.log.n_ended()).unwrap() * NANO_PER_REQUEST;
        let settled: i64 = entries.iter().map(|(_, cost)| cost.unwrap().0).sum();
        let counted = file.spent(None, i64::MIN).unwrap().0;
        assert!(settled <= billed, "{settled} recorded of {billed} billed");
        assert!(counted >= billed, "{counted} counted of {billed} billed");
        recorded = entries;
    }
    let file = LedgerFile::open_existing(&ledger).unwrap();
    assert_eq!(file.reconcile(1).unwrap(), 4);
    let settled: i64 = recorded.iter().map(|(_, cost)| cost.unwrap().0).sum();
    assert_eq!(file.spent(None, i64::MIN).unwrap().0, settled);
    println!("killed 4 times; {} requests settled", recorded.len());
}

/// Scores of a run over a part of the golden set belong to the items of that part: what holds whole clusters together
/// shows in the interval.
#[test]
fn promised_scores_belong_to_the_items_that_were_asked() {
    const N: usize = 240;
    let scenario = r#"
[models.m]
first_token_ms = 5
usage = { input = 50, output = 10 }
answers = { type = "script", rules = [{ contains = "even", answers = [{ text = "{\"yes\": 1}" }] }, { answers = [{ text = "yes" }] }] }
"#;
    let served = serve(SimOptions {
        scenario: Scenario::parse(scenario).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &served.url, "score_share = 1.0\n");
    also_scored_by(folder.path(), "json_valid");
    // Items of 40 clusters lie mixed; those of a cluster answer alike, and half of the clusters are asked.
    let items: String = (0..N)
        .map(|idx| {
            let cluster = ((idx + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 40;
            let side = ["even", "odd"][cluster % 2];
            let line = serde_json::json!({
                "input": format!("{idx} {side}"), "expected": "yes", "cluster": format!("c{cluster}"),
            });
            format!("{line}\n")
        })
        .collect();
    fs_err::write(folder.path().join("golden.jsonl"), items).unwrap();
    let mut bench = trilemma(folder.path(), &["bench", "--split", "dev"]);
    assert_eq!(bench.output().unwrap().status.code(), Some(0));
    let told = served_like_measured(folder.path(), 40);
    let figures = told["promises"][0]["figures"].as_array().unwrap();
    let score = figures.iter().find(|one| one["figure"] == "score").unwrap();
    let promised = &score["promised"];
    let number = |name: &str| promised[name].as_f64().unwrap();
    let n = promised["n"].as_u64().unwrap();
    let is_a_part = (30..200).contains(&n) && (0.2..0.9).contains(&number("point"));
    assert!(is_a_part, "{score}");
    // Where scores are put to other items of the golden set, clusters look mixed, and the interval is 0.18 wide.
    assert!(number("high") - number("low") > 0.35, "{score}");
}
