//! Keys appear in no output, report, export or byte of the state folder, whatever a server says.

use fs_err as fs;
use std::path::Path;
use std::process::Output;

use crate::output::assert_calm;
use crate::peer::{self, completion, response};
use crate::support::trilemma;

const ENV_KEY: &str = "sk-env-Zq7Wm2XcV9Bt4Kp8Lr1N";
const FILE_KEY: &str = "sk-file-Hy6Gd3TfRs5Jk0Qw2Pz";
const COMMAND_KEY: &str = "sk-command-Ub8Ne4MaDx1Vc7Yo";

/// What no one may ever see: the keys, and any part of them that would help to guess the rest.
fn fragments() -> Vec<String> {
    [ENV_KEY, FILE_KEY, COMMAND_KEY]
        .iter()
        .flat_map(|key| {
            let random = key.rsplit('-').next().unwrap();
            [
                random[..6].to_owned(),
                random[random.len() - 6..].to_owned(),
            ]
        })
        .collect()
}

fn assert_secret(what: &str, bytes: &[u8]) {
    for fragment in fragments() {
        let found = bytes
            .windows(fragment.len())
            .position(|window| window == fragment.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())];
            panic!("{what} holds a key: {:?}", String::from_utf8_lossy(around));
        }
    }
}

fn assert_folder_secret(what: &str, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_folder_secret(what, &path);
        } else if path.file_name().unwrap() != "key.txt" && path.file_name().unwrap() != "key.sh" {
            assert_secret(
                &format!("{what}: {}", path.display()),
                &fs::read(&path).unwrap(),
            );
        }
    }
}

/// The key that a request carries.
fn key_of(request: &str) -> String {
    request
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| {
            ["authorization", "x-api-key", "api-key", "x-goog-api-key"]
                .contains(&name.to_ascii_lowercase().as_str())
        })
        .map(|(_, value)| value.trim().trim_start_matches("Bearer ").to_owned())
        .expect("a key")
}

fn head_of(request: &str) -> String {
    request
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn write(folder: &Path, urls: [&str; 3]) {
    let golden: String = (0..8)
        .map(|idx| format!("{{\"id\":\"i{idx}\",\"input\":\"say {idx}\",\"expected\":\"ok\"}}\n"))
        .collect();
    fs::write(folder.join("golden.jsonl"), golden).unwrap();
    fs::write(folder.join("key.txt"), format!("{FILE_KEY}\n")).unwrap();
    fs::write(folder.join("key.sh"), format!("echo {COMMAND_KEY}\n")).unwrap();
    let script = serde_json::json!(folder.join("key.sh")).to_string();
    let mut project = format!(
        "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [requirements]\npass_rate = {{ min = 0.5 }}\n\
         [providers.one]\ndialect = \"openai\"\nbase_url = \"{}/v1\"\napi_key = {{ env = \"ENV_KEY\" }}\n\
         [providers.two]\ndialect = \"anthropic\"\nbase_url = \"{}\"\napi_key = {{ file = \"key.txt\" }}\n\
         [providers.three]\ndialect = \"gemini\"\nbase_url = \"{}\"\napi_key = {{ command = [\"/bin/sh\", {script}] }}\n\
         [bench]\nmax_attempts = 1\nstall_timeout_s = 5\n[[scorers]]\ntype = \"exact\"\n",
        urls[0], urls[1], urls[2]
    );
    for provider in ["one", "two", "three"] {
        project.push_str(&format!(
            "[[candidates]]\nid = \"{provider}\"\nmodel = \"{provider}/m\"\nstream = {}\nparams = {{ max_output_tokens = 50 }}\nprice = {{ input = \"1\", output = \"2\" }}\n",
            provider == "two"
        ));
    }
    fs::write(folder.join("trilemma.toml"), project).unwrap();
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = trilemma(folder, arguments)
        .env("ENV_KEY", ENV_KEY)
        .output()
        .unwrap();
    assert_calm(arguments, &output);
    output
}

/// Runs everything against servers that answer like this, and looks everywhere.
fn stays_secret(name: &str, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + Clone + 'static) {
    let url = peer::serve(answer);
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), [&url, &url, &url]);
    everywhere(name, folder.path());
}

fn everywhere(name: &str, folder: &Path) {
    for arguments in [
        &["check"][..],
        &["--json", "check"],
        &["select", "--keep-raw"],
        &["--json", "bench", "--fresh"],
        &["decide"],
        &["--json", "decide"],
        &["report", "--with-content", "--out", "content.html"],
        &["report", "--format", "markdown"],
        &["report", "--format", "junit"],
        &["export"],
        &["runs", "list"],
    ] {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|one| match *one {
                "content.html" => folder.join(one).display().to_string(),
                other => other.to_owned(),
            })
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(folder, &arguments);
        assert_secret(&format!("{name}: stdout of {arguments:?}"), &output.stdout);
        assert_secret(&format!("{name}: stderr of {arguments:?}"), &output.stderr);
    }
    assert_folder_secret(name, folder);
}

#[test]
fn a_server_that_repeats_a_key_in_its_errors_does_not_spread_it() {
    stays_secret("401", |request| {
        let text = format!(
            "Incorrect API key provided: {}. You can find your key at x.",
            key_of(request)
        );
        let body = serde_json::json!({"error": {"message": text, "type": "invalid_request_error"}});
        response("401 Unauthorized", "", body.to_string().as_bytes())
    });
    stays_secret("400", |request| {
        let body = serde_json::json!({"error": {"message": head_of(request)}});
        response("400 Bad Request", "", body.to_string().as_bytes())
    });
    stays_secret("500 echoing headers", |request| {
        response("500 Internal Server Error", "", head_of(request).as_bytes())
    });
}

/// Which of the eight items a request is about.
fn item_of(request: &str) -> usize {
    (0..8)
        .find(|idx| request.contains(&format!("say {idx}")))
        .expect("an item")
}

#[test]
fn a_key_that_an_excerpt_cuts_in_two_is_masked_too() {
    stays_secret("cut excerpts", |request| {
        let n_before = [200usize, 210, 215, 218, 221, 224, 228, 232][item_of(request)];
        let body = format!("{}{}", "x".repeat(n_before), key_of(request));
        response("500 Internal Server Error", "", body.as_bytes())
    });
}

#[test]
fn a_server_that_repeats_a_key_in_its_answers_does_not_spread_it() {
    stays_secret("200", |request| {
        let key = key_of(request);
        let headers = format!("x-request-id: {key}\r\nrequest-id: {key}\r\n");
        match item_of(request) {
            0 => {
                let page = format!("<html>{}</html>", head_of(request));
                response("200 OK", &headers, page.as_bytes())
            }
            1 => {
                let location = format!("location: http://127.0.0.1:9/?key={key}\r\n");
                response("302 Found", &location, b"")
            }
            2 => {
                let event = format!(
                    "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"api_error\",\"message\":\"{key}\"}}}}\n\n"
                );
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                [head, &event].concat().into_bytes()
            }
            3 => {
                let named = format!("{{\"{key}\":[\"{key}\"]}}");
                let arguments = serde_json::json!(named);
                let call = format!(
                    "null,\"tool_calls\":[{{\"id\":\"{key}\",\"type\":\"function\",\"function\":{{\"name\":\"{key}\",\"arguments\":{arguments}}}}}]"
                );
                response("200 OK", &headers, &completion(call.as_bytes()))
            }
            _ => {
                let content = serde_json::json!(format!("your key is {key}")).to_string();
                let body = String::from_utf8(completion(content.as_bytes())).unwrap();
                let body = body.replace("\"m\"", &format!("\"{key}\""));
                response("200 OK", &headers, body.as_bytes())
            }
        }
    });
}

#[test]
fn addresses_that_lead_nowhere_do_not_tell_keys() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        [
            "http://127.0.0.1:1",
            "http://nowhere.invalid",
            "https://127.0.0.1:1",
        ],
    );
    everywhere("unreachable", folder.path());
    for bad in [
        "ftp://x",
        "not a url",
        "http://[::1",
        "http://user:pw@127.0.0.1:1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), [bad, bad, bad]);
        everywhere(bad, folder.path());
    }
}

#[test]
fn keys_that_cannot_be_had_or_sent_are_not_told() {
    let url = peer::serve(|_| response("200 OK", "", &completion(b"\"ok\"")));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), [&url, &url, &url]);
    // A key that no header can carry.
    fs::write(
        folder.path().join("key.txt"),
        format!("{FILE_KEY}\u{1b}\u{7}\n"),
    )
    .unwrap();
    // A program that prints its secret and then fails.
    let script = format!("echo {COMMAND_KEY}; exit 3\n");
    fs::write(folder.path().join("key.sh"), script).unwrap();
    everywhere("unusable", folder.path());
    let output = run(folder.path(), &["select"]);
    assert_eq!(output.status.code(), Some(2));
    let said = crate::output::stderr(&output);
    assert!(said.contains("two") && said.contains("three"), "{said}");
}
