//! Streams that no vendor should send.

use std::fmt::Write;

use trilemma_domain::{Dialect, FailureKind};

use crate::support::{events, stream, stream_in};

const OK: &str = r#"{"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}"#;

#[test]
fn broken_json_is_malformed_and_reading_goes_on() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
    for broken in [
        "{\"choices\":[",
        "hello",
        "{\"choices\":{}}",
        "[1,2]",
        "{} {}",
        "\0\0",
    ] {
        let read = stream(Dialect::OpenAi, events(&[broken, OK, usage, "[DONE]"]));
        assert_eq!(read.fault(), Some(FailureKind::Malformed), "{broken}");
        assert_eq!(read.text(), "ok");
        assert_eq!(read.end.response.usage.unwrap().output, 2);
    }
}

#[test]
fn a_page_instead_of_a_stream_is_malformed() {
    for dialect in Dialect::ALL {
        let read = stream(dialect, "<html>\n<body>502 Bad Gateway</body>\n</html>\n");
        let fault = read.end.fault.unwrap();
        assert_eq!(fault.kind, FailureKind::Malformed, "{dialect}");
        assert!(
            fault.message.ends_with("it begins with `<html>`"),
            "{fault:?}"
        );
        assert_eq!(
            stream(dialect, "").fault(),
            Some(FailureKind::Truncated),
            "{dialect}"
        );
        assert_eq!(
            stream(dialect, "\n\n \r\n").fault(),
            Some(FailureKind::Truncated),
            "{dialect}"
        );
        assert_eq!(
            stream(dialect, ": ping\n\n").fault(),
            Some(FailureKind::Truncated),
            "{dialect}"
        );
    }
}

#[test]
fn a_stream_cut_inside_an_event_is_truncated() {
    let whole = events(&[r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#, OK]);
    let cut = whole.get(..whole.len() - 20).unwrap();
    let read = stream(Dialect::OpenAi, cut);
    assert_eq!(
        (read.fault(), read.text()),
        (Some(FailureKind::Truncated), "a")
    );
}

#[test]
fn invalid_utf8_is_replaced_and_no_error() {
    let mut body = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\xFFb\\ud83d\"},\"finish_reason\":\"stop\"}]}\n\n".to_vec();
    let read = stream(Dialect::OpenAi, &body);
    assert_eq!((read.fault(), read.text()), (None, "a\u{FFFD}b\u{FFFD}"));
    body.extend_from_slice(b"data: {\"\xFF\n\n");
    assert_eq!(
        stream(Dialect::OpenAi, &body).fault(),
        Some(FailureKind::Malformed)
    );
}

#[test]
fn an_event_called_error_is_one_whatever_its_data() {
    for data in [
        "no capacity",
        r#"{"message":"no capacity"}"#,
        r#"{"error":"no capacity"}"#,
    ] {
        let read = stream(Dialect::OpenAi, format!("event: error\ndata: {data}\n\n"));
        let fault = read.end.fault.unwrap();
        assert_eq!(fault.kind, FailureKind::InStream, "{data}");
        assert!(fault.message.contains("no capacity"), "{fault:?}");
    }
}

#[test]
fn the_first_fault_is_kept() {
    let read = stream(
        Dialect::OpenAi,
        events(&[r#"{"error":{"message":"first"}}"#, "garbage"]),
    );
    assert_eq!(read.end.fault.unwrap().message, "first");
}

#[test]
fn null_bytes_in_text_are_kept() {
    let chunk =
        r#"{"choices":[{"index":0,"delta":{"content":"a\u0000b"},"finish_reason":"stop"}]}"#;
    assert_eq!(stream(Dialect::OpenAi, events(&[chunk])).text(), "a\0b");
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = "[".repeat(1_000_000);
    for dialect in Dialect::ALL {
        let body = format!("data: {{\"choices\":{deep}\n\ndata: {{\"x\":{deep}\n\n");
        let read = stream_in(dialect, &[body.as_bytes()]);
        assert_eq!(read.fault(), Some(FailureKind::Malformed));
        let list = format!("[{{\"x\":{deep}");
        assert!(stream_in(dialect, &[list.as_bytes()]).fault().is_some());
    }
}

/// Sizes at which anything quadratic would run for minutes.
#[test]
fn large_answers_are_read_in_linear_time() {
    let text = "x".repeat(10_000_000);
    let one = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}]}}\n\n"
    );
    let pieces: Vec<&[u8]> = one.as_bytes().chunks(1_000).collect();
    assert_eq!(stream_in(Dialect::OpenAi, &pieces).text().len(), text.len());

    let mut calls = String::new();
    for index in 0..30_000 {
        let data = format!(
            r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":{index},"id":"c{index}","function":{{"name":"f","arguments":"{{}}"}}}}]}}}}]}}"#
        );
        write!(calls, "data: {data}\n\n").unwrap();
    }
    let read = stream_in(Dialect::OpenAi, &[calls.as_bytes()]);
    assert_eq!(read.end.response.tool_calls.len(), 30_000);

    let mut usages = String::from(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n",
    );
    for key in 0..30_000 {
        write!(usages, "data: {{\"type\":\"message_delta\",\"usage\":{{\"k{key}\":1,\"output_tokens\":{key}}}}}\n\n").unwrap();
    }
    let read = stream_in(Dialect::Anthropic, &[usages.as_bytes()]);
    assert_eq!(read.end.response.usage.unwrap().output, 29_999);

    let junk = "data\n:\n".repeat(300_000);
    let single: Vec<&[u8]> = junk.as_bytes().chunks(1).collect();
    assert!(stream_in(Dialect::OpenAi, &single).fault().is_some());
}
