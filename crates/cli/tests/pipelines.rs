//! Pipelines as candidates: JSON endpoints and programs are benchmarked like models.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on may panic"
)]
#![cfg(unix)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::{json as printed, trilemma, write_golden};

const KEY: &str = "sk-rag-0123456789";

/// A JSON endpoint that is no model: it adds, and says what that took.
struct Endpoint {
    url: String,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

fn endpoint(reply: fn(&Value) -> (u16, String)) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = log.clone();
            std::thread::spawn(move || answer(stream, &log, reply));
        }
    });
    Endpoint { url, seen }
}

fn answer(
    mut stream: TcpStream,
    log: &Mutex<Vec<(String, Value)>>,
    reply: fn(&Value) -> (u16, String),
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length:").nth(1)?.lines().next()?;
        let mut body = vec![0; length.trim().parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        log.lock().unwrap().push((head, body.clone()));
        let (status, text) = reply(&body);
        write!(
            stream,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )
        .ok()?;
    }
}

fn echoing(body: &Value) -> (u16, String) {
    let reply = json!({
        "result": { "answer": body["q"] },
        "usage": { "in": 10, "out": 2 },
        "cost": "0.001",
    });
    (200, reply.to_string())
}

const HEAD: &str = "[task]\nname = \"t\"\nkind = \"rag\"\ngolden = \"golden.jsonl\"\n\
    [[scorers]]\ntype = \"exact\"\n";

fn http_candidate(url: &str, more: &str) -> String {
    format!(
        "[providers.rag]\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"RAG_KEY\" }}\n\
         [[candidates]]\nid = \"rag\"\nmodel = \"rag/one\"\n[candidates.http]\npath = \"/ask\"\n\
         body = {{ q = \"{{{{ input }}}}\", text = \"<{{{{ id }}}}>\", chat = \"{{{{ messages }}}}\", k = 5 }}\n\
         headers = {{ x-tenant = \"acme\" }}\nanswer = \"result.answer\"\n\
         input_tokens = \"usage.in\"\noutput_tokens = \"usage.out\"\ncost_usd = \"cost\"\n{more}"
    )
}

fn command_candidate(script: &str, more: &str) -> String {
    format!(
        "[[candidates]]\nid = \"agent\"\n[candidates.command]\nargv = [\"sh\", \"-c\", '''{script}''']\n{more}"
    )
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = trilemma(folder, arguments);
    command
        .env("RAG_KEY", KEY)
        .env("AGENT_TOKEN", "tok-0123456789")
        .env("OTHER", "not for it")
        .env("PATH", "/usr/bin:/bin");
    command
}

fn write(folder: &Path, candidates: &[String]) {
    let text = format!("{HEAD}{}", candidates.concat());
    fs_err::write(folder.join("trilemma.toml"), text).unwrap();
}

/// The trials of the latest run, as `export` writes them.
fn trials(folder: &Path) -> Vec<Value> {
    let output = run(folder, &["export"]);
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["record"] == "trial")
        .map(|line| line["trial"].clone())
        .collect()
}

/// A program that echoes the input, and tells tokens and cost.
const ECHO: &str = r#"sed -n 's/.*"input":"\([^"]*\)".*/{"output":"\1","usage":{"input_tokens":7,"output_tokens":3},"cost_usd":0.002}/p'"#;

#[test]
fn endpoints_and_programs_are_measured_like_models() {
    let served = endpoint(echoing);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_golden(folder, 21);
    write(
        folder,
        &[http_candidate(&served.url, ""), command_candidate(ECHO, "")],
    );
    let checked = run(folder, &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(served.seen.lock().unwrap().is_empty());

    let refused = run(folder, &["bench"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("`agent`") && told.contains("--allow-code"),
        "{told}"
    );
    assert!(served.seen.lock().unwrap().is_empty());

    let summary = printed(&run(folder, &["--json", "bench", "--allow-code"]), &[0]);
    assert_eq!(summary["n_answered"], 42);
    let seen = served.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 21);
    let (head, body) = &seen[0];
    assert!(head.starts_with("POST /v1/ask HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("authorization: Bearer sk-rag-0123456789"),
        "{head}"
    );
    assert!(head.contains("x-tenant: acme"), "{head}");
    assert_eq!(body["k"], 5);
    assert_eq!(
        body["chat"],
        json!([{ "role": "user", "content": body["q"] }])
    );
    assert!(!body.to_string().contains("something else"));

    let trials = trials(folder);
    assert_eq!(trials.len(), 42);
    for trial in &trials {
        let (cost, tokens) = match trial["key"]["candidate_idx"].as_u64().unwrap() {
            0 => (1_000_000, (10, 2)),
            _ => (2_000_000, (7, 3)),
        };
        assert_eq!(trial["cost"], cost, "{trial:#}");
        let usage = &trial["attempts"][0]["usage"];
        assert_eq!(usage["input_uncached"], tokens.0);
        assert_eq!(usage["output"], tokens.1);
        assert!(!trial["attempts"][0]["timing"]["end"].is_null());
    }
    let decided = printed(&run(folder, &["--json", "decide"]), &[0, 1, 3]);
    let rates: Vec<f64> = decided["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pass_rate"]["value"].as_f64().unwrap())
        .collect();
    assert_eq!(rates.len(), 2);
    for rate in rates {
        assert!((rate - 18.0 / 21.0).abs() < 1e-9, "{rate}");
    }
}

#[test]
fn what_a_pipeline_does_not_report_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_golden(folder, 2);
    write(
        folder,
        &[command_candidate(
            "cat >/dev/null; echo hello",
            "plain_text = true\n",
        )],
    );
    printed(&run(folder, &["--json", "bench", "--allow-code"]), &[0]);
    for trial in trials(folder) {
        assert!(trial["cost"].is_null(), "{trial:#}");
        assert!(trial["attempts"][0]["usage"].is_null());
        let text = &trial["outcome"]["answered"]["reply"]["response"]["text"];
        assert_eq!(text, "hello\n");
    }
}

#[test]
fn a_program_sees_only_what_it_is_given_and_gives_no_secret_away() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_golden(folder, 1);
    let script = "grep -q something && exit 9; echo \"$AGENT_TOKEN/$OTHER/$RAG_KEY\"; pwd >&2";
    let more = "env = [\"AGENT_TOKEN\"]\nplain_text = true\n";
    write(folder, &[command_candidate(script, more)]);
    printed(&run(folder, &["--json", "bench", "--allow-code"]), &[0]);
    let trials = trials(folder);
    let text = &trials[0]["outcome"]["answered"]["reply"]["response"]["text"];
    assert_eq!(text, "***//\n");
}

#[test]
fn failures_of_programs_are_failures_and_are_tried_again_by_the_same_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_golden(folder, 3);
    // Fails on one item until a file appears; the others once, saying that later may do.
    let script = "cat >in.$$; if grep -q 'say 1' in.$$; then \
         [ -e fixed ] || { echo \"bad $AGENT_TOKEN\" >&2; exit 3; }; fi; \
         if [ -e again ]; then echo '{\"output\":\"x\"}'; else touch again; exit 75; fi";
    let more = "env = [\"AGENT_TOKEN\"]\nconcurrency = 1\n";
    write(folder, &[command_candidate(script, more)]);
    let arguments = ["--json", "bench", "--allow-code"];
    let first = printed(&run(folder, &arguments), &[4]);
    assert_eq!(
        (&first["n_answered"], &first["n_failed"]),
        (&json!(2), &json!(1))
    );
    let trials = trials(folder);
    let failed = trials
        .iter()
        .find(|trial| trial["outcome"]["failed"].is_object())
        .unwrap();
    let message = failed["outcome"]["failed"]["message"].as_str().unwrap();
    assert!(message.contains("exit status: 3: bad ***"), "{message}");
    fs_err::write(folder.join("fixed"), "").unwrap();
    let second = printed(&run(folder, &arguments), &[0]);
    assert_eq!(
        (&second["n_resumed"], &second["n_answered"]),
        (&json!(2), &json!(1))
    );
}

/// The same request may mean something else tomorrow, so only a stated version is replayed.
#[test]
fn answers_are_replayed_only_at_a_stated_version() {
    let served = endpoint(echoing);
    let check = |more: &str, n_calls: usize| {
        served.seen.lock().unwrap().clear();
        let folder = tempfile::tempdir().unwrap();
        write_golden(folder.path(), 4);
        write(folder.path(), &[http_candidate(&served.url, more)]);
        printed(&run(folder.path(), &["--json", "bench"]), &[0]);
        printed(&run(folder.path(), &["--json", "bench", "--fresh"]), &[0]);
        assert_eq!(served.seen.lock().unwrap().len(), n_calls, "{more}");
    };
    check("", 8);
    check("version = \"3f2a\"\n", 4);
}

#[test]
fn a_reply_without_an_answer_and_a_refusal_are_failures() {
    let served = endpoint(|body| match body["text"].as_str() {
        Some("<i0>") => (400, format!("{{\"error\":\"no such tenant, key {KEY}\"}}")),
        Some("<i1>") => (200, "{\"result\":{}}".to_owned()),
        _ => echoing(body),
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 3);
    write(folder.path(), &[http_candidate(&served.url, "")]);
    let summary = printed(&run(folder.path(), &["--json", "bench"]), &[4]);
    assert_eq!(
        (&summary["n_answered"], &summary["n_failed"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(served.seen.lock().unwrap().len(), 3, "neither is repeated");
    let all: String = trials(folder.path()).iter().map(Value::to_string).collect();
    assert!(
        all.contains("there is no answer at `result.answer`"),
        "{all}"
    );
    assert!(
        all.contains("no such tenant") && !all.contains(KEY),
        "{all}"
    );
}

#[test]
fn problems_of_a_pipeline_are_all_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 1);
    let text = "[providers.rag]\nbase_url = \"https://rag.example\"\n\
        [[candidates]]\nid = \"a\"\nmodel = \"rag/a\"\n[candidates.http]\npath = \"ask\"\n\
        body = { q = \"{{ input\" }\nheaders = { Authorization = \"Bearer sk-secret-1\" }\nusage = \"x\"\n\
        [[candidates]]\nid = \"b\"\n[candidates.command]\nargv = []\nanswer = \"a..b\"\n\
        [[candidates]]\nid = \"c\"\nmodel = \"rag/c\"\n[candidates.http]\nanswer = \"a\"\nbody = { q = 1 }\n\
        [[candidates]]\nid = \"d\"\nmodel = \"rag/d\"\n[candidates.http]\nanswer = \"a\"\n[candidates.command]\nargv = [\"x\"]\n";
    write(folder.path(), &[text.to_owned()]);
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "`ask` is no path",
        "failed to parse prompt `body`",
        "keys do not belong in the project file",
        "usage",
        "where the answer stands in the reply",
        "the program and its arguments",
        "`a..b` is no place",
        "every request is the same",
        "not by both",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("sk-secret-1"));
}
