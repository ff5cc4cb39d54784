//! Bodies that no simulator writes: huge answers, bytes that are no text, endless nesting.

use std::path::Path;

use serde_json::{Value, json};

use crate::answers::quoted;
use crate::output::{expect, stdout};
use crate::peer::{self, completion, response};
use crate::support::json as parsed;

const DEPTH: usize = 100_000;
const HUGE_BYTES: usize = 10_000_000;

/// Which item a request is about, by a word of its input.
fn is_about(request: &str, word: &str) -> bool {
    request.contains(&format!("[{word}]"))
}

fn write(folder: &Path, url: &str, items: &[(&str, &str)], scorer: &str) {
    let golden: String = items
        .iter()
        .map(|(word, expected)| {
            let item = json!({"id": word, "input": format!("[{word}]"), "expected": expected});
            format!("{item}\n")
        })
        .collect();
    fs_err::write(folder.join("golden.jsonl"), golden).unwrap();
    let project = format!(
        "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [requirements]\npass_rate = {{ min = 0.1 }}\n\
         [providers.peer]\ndialect = \"openai\"\nbase_url = {}\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[candidates]]\nid = \"m\"\nmodel = \"peer/m\"\nstream = false\nprice = {{ input = \"1\", output = \"2\" }}\n\
         [bench]\nmax_attempts = 1\n[[scorers]]\n{scorer}\n",
        quoted(&format!("{url}/v1"))
    );
    fs_err::write(folder.join("trilemma.toml"), project).unwrap();
}

/// Trials of the latest run by item.
fn trials(folder: &Path) -> Vec<Value> {
    stdout(&expect(folder, &["export"], 0))
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["record"] == "trial")
        .collect()
}

#[test]
fn a_huge_answer_is_scored_and_its_page_stays_small() {
    let url = peer::serve(|request| {
        let piece: &[u8] = if is_about(request, "huge") {
            b"</script>"
        } else {
            b"x"
        };
        let times = if piece.len() == 1 {
            1
        } else {
            HUGE_BYTES / piece.len()
        };
        let content = [b"\"".as_slice(), &piece.repeat(times), b" end\""].concat();
        response("200 OK", "", &completion(&content))
    });
    let folder = tempfile::tempdir().unwrap();
    let items = [("huge", "end"), ("small", "end"), ("other", "never")];
    write(folder.path(), &url, &items, "type = \"contains_any\"");
    let summary = parsed(&expect(folder.path(), &["--json", "bench"], 0), &[0]);
    assert_eq!(summary["n_answered"], 3);
    let decision = parsed(
        &crate::output::run(folder.path(), &["--json", "decide"]),
        &[0, 3],
    );
    assert_eq!(decision["candidates"][0]["counts"]["n_passed"], 2);
    let file = folder.path().join("r.html");
    expect(
        folder.path(),
        &["report", "--with-content", "--out", file.to_str().unwrap()],
        0,
    );
    let html = fs_err::read_to_string(&file).unwrap();
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    assert!(html.contains("cut here"));
    let huge = trials(folder.path())
        .iter()
        .map(|trial| trial.to_string().len())
        .max()
        .unwrap();
    assert!(huge > HUGE_BYTES, "the answer is kept whole");
}

#[test]
fn bytes_that_are_no_text_fail_their_item_alone() {
    let url = peer::serve(|request| {
        let body = if is_about(request, "latin") {
            completion(b"\"caf\xe9 \xff\xfe\"")
        } else if is_about(request, "junk") {
            (0..=255u8).cycle().take(5_000).collect()
        } else if is_about(request, "surrogate") {
            completion(br#""half \ud800 pair""#)
        } else if is_about(request, "nul") {
            completion(br#""nul \u0000 in""#)
        } else if is_about(request, "deep-body") {
            [vec![b'['; DEPTH], vec![b']'; DEPTH]].concat()
        } else if is_about(request, "deep-field") {
            let deep = ["{\"a\":".repeat(DEPTH), "1".to_owned(), "}".repeat(DEPTH)].concat();
            completion(format!("\"ok\"}},\"more\":{deep},\"and\":{{\"x\":1").as_bytes())
        } else {
            completion(b"\"ok\"")
        };
        let headers = if is_about(request, "head") {
            "x-request-id: \x01\x1b[31m\r\n"
        } else {
            "x-request-id: caf\u{e9}\u{9b}\u{202e}\r\n"
        };
        response("200 OK", headers, &body)
    });
    let folder = tempfile::tempdir().unwrap();
    let items = [
        ("latin", "ok"),
        ("junk", "ok"),
        ("surrogate", "ok"),
        ("nul", "nul \0 in"),
        ("deep-body", "ok"),
        ("deep-field", "ok"),
        ("head", "ok"),
        ("plain", "ok"),
    ];
    write(folder.path(), &url, &items, "type = \"exact\"");
    let output = expect(folder.path(), &["--json", "bench"], 4);
    let summary = parsed(&output, &[4]);
    let trials = trials(folder.path());
    assert_eq!(trials.len(), 8);
    // What can be read is scored, what cannot is a failure with its cause, never a zero.
    let decision = parsed(
        &crate::output::run(folder.path(), &["--json", "decide"]),
        &[0, 3, 4],
    );
    let counts = &decision["candidates"][0]["counts"];
    let failed: Vec<&str> = trials
        .iter()
        .filter(|record| record["trial"]["outcome"]["failed"].is_object())
        .map(|record| {
            let item = record["trial"]["key"]["item_idx"].as_u64().unwrap();
            items[usize::try_from(item).unwrap()].0
        })
        .collect();
    assert_eq!(failed, ["junk", "deep-body", "head"]);
    assert_eq!(summary["n_failed"], 3);
    assert_eq!(counts["n_scored"], 5, "{counts}");
    assert_eq!(counts["n_passed"], 3, "nul, deep-field, plain: {counts}");
}

#[test]
fn responses_that_lie_fail_their_item_alone() {
    let url = peer::serve(|request| {
        let ok = completion(b"\"ok\"");
        if is_about(request, "announced") {
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1099511627776\r\n\r\n{".to_vec()
        } else if is_about(request, "packed") {
            response(
                "200 OK",
                "content-encoding: gzip\r\n",
                b"\x1f\x8b\x08\0\0\0\0\0\0\x03junk",
            )
        } else if is_about(request, "long-head") {
            let header = format!("x-request-id: {}\r\n", "a".repeat(2_000_000));
            response("200 OK", &header, &ok)
        } else if is_about(request, "deep-error") {
            let deep = format!("{{\"error\":{}", "{\"error\":".repeat(DEPTH));
            response("400 Bad Request", "", deep.as_bytes())
        } else if is_about(request, "page") {
            let page = b"\x1b[31m\xff<html><script>alert(1)</script>\x9b".repeat(100_000);
            response("404 Not Found", "", &page)
        } else if is_about(request, "status") {
            b"HTTP/1.1 999999 \x1b[31m\r\n\r\n".to_vec()
        } else if is_about(request, "chunks") {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{".to_vec()
        } else if is_about(request, "usage") {
            let body = String::from_utf8(ok).unwrap();
            let body = body
                .replace(":9,", ":18446744073709551615,")
                .replace(":5,", ":1e308,");
            response("200 OK", "", body.as_bytes())
        } else if is_about(request, "retry") {
            response(
                "429 Too Many Requests",
                "retry-after: 99999999999999999999\r\n",
                b"{}",
            )
        } else {
            response("200 OK", "", &ok)
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "announced",
        "packed",
        "long-head",
        "deep-error",
        "page",
        "status",
        "chunks",
        "retry",
        "usage",
        "plain",
    ];
    let items: Vec<(&str, &str)> = words.iter().map(|word| (*word, "ok")).collect();
    write(folder.path(), &url, &items, "type = \"exact\"");
    let summary = parsed(&expect(folder.path(), &["--json", "bench"], 4), &[4]);
    assert_eq!(summary["n_failed"], 8, "{summary}");
    let trials = trials(folder.path());
    for trial in &trials[..8] {
        let failure = &trial["trial"]["outcome"]["failed"];
        let message = failure["message"].as_str().unwrap();
        assert!(!message.is_empty() && message.len() < 2_000, "{failure}");
    }
    for trial in &trials[8..] {
        assert!(trial["trial"]["outcome"]["answered"].is_object(), "{trial}");
    }
    for arguments in [
        &["decide"][..],
        &["report", "--with-content", "--format", "html"],
    ] {
        crate::output::run(folder.path(), arguments);
    }
}

#[test]
fn an_absurd_wait_costs_its_own_item() {
    let url = peer::serve(|request| {
        if is_about(request, "retry") {
            let wait = "retry-after: 99999999999999999999\r\n";
            response("429 Too Many Requests", wait, b"{}")
        } else {
            response("200 OK", "", &completion(b"\"ok\""))
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let items: Vec<String> = (0..12).map(|idx| format!("plain {idx}")).collect();
    let mut items: Vec<(&str, &str)> = items.iter().map(|item| (item.as_str(), "ok")).collect();
    items.insert(3, ("retry", "ok"));
    write(folder.path(), &url, &items, "type = \"exact\"");
    let path = folder.path().join("trilemma.toml");
    let project = fs_err::read_to_string(&path).unwrap();
    // One after the other: later calls begin while the endpoint is believed to ask for a wait.
    fs_err::write(
        &path,
        project.replace("[bench]", "[bench]\nconcurrency = 1"),
    )
    .unwrap();
    let summary = parsed(&expect(folder.path(), &["--json", "bench"], 4), &[4]);
    assert_eq!(summary["n_failed"], 1, "{summary}");
    let trials = trials(folder.path());
    let failure = &trials[3]["trial"]["outcome"]["failed"];
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("asks to wait 30 days"), "{failure}");
}

#[test]
fn a_huge_stream_is_scored() {
    let url = peer::serve(|request| {
        let (size, times) = if is_about(request, "one-piece") {
            (HUGE_BYTES, 1)
        } else {
            (20, 50_000)
        };
        let text = "x".repeat(size);
        let event = format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
        );
        let last = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"end\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        let body = [event.repeat(times).as_str(), last].concat();
        let mut bytes =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
                .to_vec();
        bytes.extend_from_slice(body.as_bytes());
        bytes
    });
    let folder = tempfile::tempdir().unwrap();
    let items = [("one-piece", "xend"), ("many", "xend")];
    write(folder.path(), &url, &items, "type = \"contains_any\"");
    let file = folder.path().join("trilemma.toml");
    let project = fs_err::read_to_string(&file).unwrap();
    fs_err::write(&file, project.replace("stream = false", "stream = true")).unwrap();
    expect(folder.path(), &["--json", "bench"], 0);
    let decision = parsed(
        &crate::output::run(folder.path(), &["--json", "decide"]),
        &[0, 3],
    );
    assert_eq!(decision["candidates"][0]["counts"]["n_passed"], 2);
    let lengths: Vec<usize> = trials(folder.path())
        .iter()
        .map(|record| {
            let reply = &record["trial"]["outcome"]["answered"]["reply"];
            reply["response"]["text"].as_str().unwrap().len()
        })
        .collect();
    assert_eq!(lengths, [HUGE_BYTES + 3, 1_000_003]);
}

#[test]
fn endless_nesting_in_an_answer_is_a_wrong_answer() {
    let url = peer::serve(|request| {
        let deep = |open: &str, close: &str| {
            let text = format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH));
            json!(text).to_string().into_bytes()
        };
        let content = if is_about(request, "arrays") {
            deep("[", "]")
        } else if is_about(request, "objects") {
            deep("{\"a\":", "")
        } else if is_about(request, "open") {
            deep("[{\"a\":", "")
        } else {
            json!("{\"a\": 1}").to_string().into_bytes()
        };
        response("200 OK", "", &completion(&content))
    });
    let expected = "{\"a\": 1}";
    let items = [
        ("arrays", expected),
        ("objects", expected),
        ("open", expected),
        ("plain", expected),
    ];
    for (n_passed, scorer) in [
        (1, "type = \"json_fields\""),
        (2, "type = \"json_valid\""),
        (1, "type = \"json_schema\"\nschema = { type = \"object\" }"),
        (
            0,
            "type = \"exact\"\nextract = [{ step = \"json_field\", field = \"a\", lenient = true }]",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &url, &items, scorer);
        expect(folder.path(), &["--json", "bench"], 0);
        let decision = parsed(
            &crate::output::run(folder.path(), &["--json", "decide"]),
            &[0, 1, 3],
        );
        let counts = &decision["candidates"][0]["counts"];
        assert_eq!(counts["n_scored"], 4, "{scorer}: {counts}");
        assert_eq!(counts["n_passed"], n_passed, "{scorer}: {counts}");
    }
}
