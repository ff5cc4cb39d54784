//! Bytes that nobody wrote: readers must refuse or read them, never panic, and what they read must
//! survive being written and read again.

use crate::{Format, ReadOptions, find_personal_data, read_from, redact, write_jsonl};

const JSONL: &str = r#"{"id":"a","input":"two","expected":["x",1],"tags":["t"],"weight":1.5}
{"input":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"name":"f","parameters":{}}],"expected":{"tool_calls":[{"name":"f"}]}}
{"id":18446744073709551616,"messages":[{"role":"developer","content":"d"}],"expected":{"json":[1]},"metadata":{"k":null},"cluster":3,"criteria":"c"}
"#;

const CSV: &str = "id,input,expected,tags,weight,metadata\r\na,\"two\r\nlines, \"\"quoted\"\"\",4,\"x;y\",2,\"{\"\"k\"\":1}\"\r\nb,[],{},,,\r\n";

/// One change of a document: where, what kind, which byte.
type Edit = (u16, u8, u8);

/// Pieces that matter to the formats; single random bytes rarely hit them.
const PIECES: [&[u8]; 16] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\xef\xbb\xbf",
    b"null",
    b"-1e999",
    b"\0",
];

fn edited(document: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = document.to_vec();
    for &(at, kind, byte) in edits {
        let at = usize::from(at) % (bytes.len() + 1);
        match kind % 5 {
            0 if at < bytes.len() => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 if at < bytes.len() => {
                let end = (at + usize::from(byte)).min(bytes.len());
                bytes.drain(at..end);
            }
            3 => {
                let end = (at + usize::from(byte)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[usize::from(byte) % PIECES.len()];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

fn must_hold(bytes: &[u8], format: Option<Format>) -> bool {
    let options = ReadOptions {
        format,
        ..ReadOptions::default()
    };
    match read_from(bytes, "fuzz", &options) {
        Err(errors) => {
            assert!(errors.total > 0);
            assert!(errors.to_string().len() < 200_000);
            false
        }
        Ok(set) => {
            let mut out = Vec::new();
            write_jsonl(set.items(), &mut out).unwrap();
            let options = ReadOptions {
                format: Some(Format::Jsonl),
                ..ReadOptions::default()
            };
            let again = read_from(&out[..], "again", &options).unwrap();
            assert_eq!(again.items(), set.items());
            assert_eq!(again.fingerprint(), set.fingerprint());
            true
        }
    }
}

/// Runs edits of a document, and plain bytes, through one reader.
fn fuzz(document: &'static [u8], format: Format) {
    assert!(must_hold(document, Some(format)));
    let mut read = 0_u32;
    bolero::check!()
        .with_iterations(3000)
        .with_type::<Vec<Edit>>()
        .for_each(|edits| {
            // Few edits leave much that can be read, many leave syntax errors.
            let few = edits
                .get(..edits.len().min(1 + edits.len() % 4))
                .unwrap_or_default();
            read += u32::from(must_hold(&edited(document, few), Some(format)));
        });
    assert!(read > 50, "edits leave almost nothing to read: {read}");
}

#[test]
fn fuzz_jsonl() {
    fuzz(JSONL.as_bytes(), Format::Jsonl);
}

#[test]
fn fuzz_json() {
    let lines: Vec<_> = JSONL.lines().collect();
    let document = format!("{{\"v\":1,\"items\":[{}]}}", lines.join(",\n"));
    fuzz(document.leak().as_bytes(), Format::Json);
}

#[test]
fn fuzz_csv() {
    let document = CSV.replace("b,[],{},,,", "b,[x,{},,,");
    fuzz(document.leak().as_bytes(), Format::Csv);
}

#[test]
fn fuzz_any_bytes() {
    bolero::check!().with_iterations(3000).for_each(|bytes| {
        for format in [
            None,
            Some(Format::Jsonl),
            Some(Format::Json),
            Some(Format::Csv),
        ] {
            must_hold(bytes, format);
        }
    });
}

#[test]
fn fuzz_personal_data() {
    let document = "a@b.de +49 30 1234567 DE89 3704 0044 0532 0130 00 4111 1111 1111 1111 8.8.8.8 password=abc123 é"
        .as_bytes();
    bolero::check!()
        .with_iterations(2000)
        .with_type::<Vec<Edit>>()
        .for_each(|edits| {
            let few = edits.get(..edits.len().min(8)).unwrap_or_default();
            let text = String::from_utf8_lossy(&edited(document, few)).into_owned();
            let mut end = 0;
            for place in find_personal_data(&text) {
                assert!(place.range.start >= end && place.range.start < place.range.end);
                assert!(text.get(place.range.clone()).is_some());
                end = place.range.end;
            }
            assert_eq!(redact(&text).is_some(), end > 0);
        });
}
