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
