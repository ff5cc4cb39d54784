//! The way of each item through the served gateway: what the client got, and what the ledger says of it.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use crate::offline::Records;
use crate::support::start_gateway;

/// What came of one item.
pub(crate) struct Lived {
    pub(crate) status: u16,
    /// The text that the client got.
    pub(crate) text: String,
    /// Whose it was, as the client was told.
    pub(crate) model: Option<String>,
    pub(crate) entry: LedgerEntry,
}

/// Sends every item through `trilemma serve`, every other one as a stream; in the order of the items.
pub(crate) fn send_all(folder: &Path, records: &Records) -> Vec<Lived> {
    let (mut child, address) = start_gateway(folder);
    let answers: Vec<Answer> = (records.items.iter().enumerate())
        .map(|(idx, item)| {
            let word = |key: &str| item.extras.metadata[key].as_str().unwrap();
            let headers = format!(
                "x-trilemma-task: {}\r\nx-trilemma-user-tier: {}\r\nx-trilemma-tags: {}\r\n",
                word("task"),
                word("user_tier"),
                item.extras.tags.join(",")
            );
            ask(&address, &headers, &records.body(item, idx % 2 == 1))
        })
        .collect();
    let pid = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut entries = HashMap::new();
    let ledger = LedgerFile::open_existing(&folder.join(".trilemma/gateway.db")).unwrap();
    ledger
        .entries(0, &mut |entry| {
            entries.insert(entry.row.id.to_string(), entry);
        })
        .unwrap();
    let lived = answers.into_iter().map(|answer| Lived {
        status: answer.status,
        entry: entries.remove(&answer.id).unwrap(),
        text: answer.text,
        model: answer.model,
    });
    lived.collect()
}

struct Answer {
    status: u16,
    text: String,
    id: String,
    model: Option<String>,
}

fn ask(address: &str, headers: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // An answer that is broken off ends with an error here.
    let _end = stream.read_to_end(&mut bytes);
    let answer = String::from_utf8(bytes).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let mut found = head.lines().filter_map(|line| line.split_once(": "));
        found
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        text: text_of(body),
        id: header("x-trilemma-request-id").unwrap(),
        model: header("x-trilemma-model"),
    }
}

/// What a body says, whole or streamed.
fn text_of(body: &str) -> String {
    let said = |value: &Value, place: &str| {
        let choice = &value["choices"][0][place];
        choice["content"].as_str().unwrap_or_default().to_owned()
    };
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        return said(&value, "message");
    }
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .map(|value| said(&value, "delta"))
        .collect()
}
