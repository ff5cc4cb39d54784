//! Prompts and answers: kept only where the project says so, and never as they came.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trilemma_gateway::TextParts;
use trilemma_project::{Consent, TextSettings};
use trilemma_store::texts::{TextLimits, TextLog, each_text};

use crate::support::{House, KEY, house, house_texts, openai, post, settings};

const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "write to bob@corp.example" }
"#;
const MAIL: &str = "alice@corp.example";

fn texts(folder: &Path, share: f64, consent: Consent) -> TextParts {
    let settings = TextSettings {
        share,
        consent,
        redact: Vec::new(),
        keep: Duration::from_secs(86_400),
        max_bytes: 1 << 20,
        max_item_bytes: 4_096,
    };
    let limits = TextLimits {
        keep: settings.keep,
        max_bytes: settings.max_bytes,
    };
    let mask = |text: &str| {
        let left = text
            .replace(MAIL, "[email]")
            .replace("bob@corp.example", "[email]");
        let left = left.replace(KEY, "[secret]");
        (left != text).then_some(left)
    };
    TextParts {
        log: TextLog::open(&folder.join("texts"), limits, 0).unwrap(),
        settings,
        redact: Box::new(mask),
    }
}

async fn keeping(share: f64, consent: Consent) -> House {
    let folder = tempfile::tempdir().unwrap();
    let texts = texts(folder.path(), share, consent);
    house_texts(SCENARIO, settings(), texts, folder).await
}

fn asking(text: &str, stream: bool) -> Value {
    let mut request = openai("openai/m", stream);
    request["messages"][0]["content"] = json!(text);
    request
}

fn lines(folder: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    each_text(&folder.join("texts"), &mut |line| {
        lines.push(serde_json::from_str(line).unwrap());
    })
    .unwrap();
    lines
}

/// Every byte of every file below a folder.
fn everything(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes.extend(everything(&path));
        } else {
            bytes.extend(fs_err::read(&path).unwrap());
        }
    }
    bytes
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_prompt_is_on_disk_unless_the_project_says_so() {
    let house = house(
        "[models.m]\nanswers = { type = \"text\", text = \"certainly-unique-answer\" }\n\
         [models.picky]\nfaults = [{ kind = \"server_error\", every = 1 }]\n",
        settings(),
    )
    .await;
    let prompt = "certainly-unique-prompt";
    for model in ["openai/m", "openai/picky", "anthropic/m"] {
        let mut request = asking(prompt, false);
        request["model"] = json!(model);
        house.post("/v1/chat/completions", &request).await;
    }
    // A request that cannot be read, whose error quotes it.
    let broken =
        json!({ "model": "anthropic/m", "messages": [{ "role": prompt, "content": prompt }] });
    let answer = house.post("/v1/chat/completions", &broken).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let (_, entries, folder) = house.close().await;
    assert_eq!(entries.len(), 4);
    let bytes = everything(folder.path());
    assert!(holds(&bytes, "openai/m"), "the ledger is among the files");
    for text in [prompt, "certainly-unique-answer"] {
        assert!(!holds(&bytes, text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_redacted_before_it_is_written() {
    let house = keeping(1.0, Consent::Assumed).await;
    for stream in [false, true] {
        let request = asking(&format!("mail {MAIL}, the key is {KEY}"), stream);
        let headers = [("x-trilemma-task", MAIL), ("x-trilemma-session", "user 7")];
        let body = request.to_string();
        let answer = post(
            &house.address,
            "/v1/chat/completions",
            body.as_bytes(),
            &headers,
        )
        .await;
        assert_eq!(answer.status, 200);
    }
    let (_, entries, folder) = house.close().await;
    let lines = lines(folder.path());
    assert_eq!(lines.len(), 2);
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(
            line["messages"][0]["parts"][0]["text"],
            "mail [email], the key is [secret]"
        );
        assert_eq!(line["answer"], "write to [email]");
        assert_eq!(line["task"], "[email]");
        assert_eq!(line["request"], entry.row.id.to_string());
        assert_eq!(line["length"], "short");
        assert_eq!(line["session"], lines[0]["session"]);
    }
    let bytes = everything(folder.path());
    for text in [MAIL, "bob@corp.example", KEY, "user 7"] {
        assert!(!holds(&bytes, text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_decides_for_itself() {
    let ask = |house: Arc<House>, header: Option<(&'static str, &'static str)>| async move {
        let body = asking("hello", false).to_string();
        let headers: Vec<_> = header.into_iter().collect();
        let path = "/v1/chat/completions";
        post(&house.address, path, body.as_bytes(), &headers).await;
    };
    for (consent, header, n_kept) in [
        (Consent::Assumed, None, 1),
        (Consent::Assumed, Some(("x-trilemma-private", "true")), 0),
        // Whatever is not clearly "false" keeps it private.
        (Consent::Assumed, Some(("x-trilemma-private", "1")), 0),
        (Consent::Assumed, Some(("x-trilemma-private", "false")), 1),
        (Consent::Header, None, 0),
        (Consent::Header, Some(("x-trilemma-consent", "yes")), 0),
        (Consent::Header, Some(("x-trilemma-consent", "true")), 1),
    ] {
        let house = Arc::new(keeping(1.0, consent).await);
        ask(Arc::clone(&house), header).await;
        let (_, _, folder) = Arc::into_inner(house).unwrap().close().await;
        assert_eq!(lines(folder.path()).len(), n_kept, "{consent:?} {header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_drawn_and_what_is_too_large_or_has_pictures_is_not() {
    let house = keeping(0.5, Consent::Assumed).await;
    for _ in 0..100 {
        house
            .post("/v1/chat/completions", &asking("hello", false))
            .await;
    }
    let (_, _, folder) = house.close().await;
    let n = lines(folder.path()).len();
    assert!((25..=75).contains(&n), "{n}");
    let house = keeping(1.0, Consent::Assumed).await;
    house
        .post(
            "/v1/chat/completions",
            &asking(&"long ".repeat(1_000), false),
        )
        .await;
    let mut picture = asking("", false);
    picture["messages"][0]["content"] = json!([
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }
    ]);
    let answer = house.post("/v1/chat/completions", &picture).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (_, entries, folder) = house.close().await;
    assert_eq!((entries.len(), lines(folder.path()).len()), (2, 0));
}
