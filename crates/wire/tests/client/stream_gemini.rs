//! Streams of Gemini, with and without `alt=sse`.

use serde_json::json;
use trilemma_domain::{Dialect, FailureKind, FinishReason, Retry};

use crate::support::{Streamed, call, events, stream};

const FIRST: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Gu"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"totalTokenCount":10},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#;
const SECOND: &str = r#"{"candidates":[{"content":{"parts":[{"text":"te"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"totalTokenCount":12},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#;
const LAST: &str = r#"{"candidates":[{"content":{"parts":[{"text":"!"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":6,"candidatesTokenCount":3,"thoughtsTokenCount":5,"totalTokenCount":18},"modelVersion":"gemini-3.8-flash","responseId":"r1"}"#;

fn gemini(data: &[&str]) -> Streamed {
    stream(Dialect::Gemini, events(data))
}

#[test]
fn a_whole_stream_is_read_and_the_last_usage_counts() {
    let read = gemini(&[FIRST, SECOND, LAST]);
    assert_eq!((read.fault(), read.text()), (None, "Gute!"));
    assert_eq!((read.n_visible, read.terminal), (3, true));
    let response = &read.end.response;
    assert_eq!(response.served_model.as_deref(), Some("gemini-3.8-flash"));
    assert_eq!(response.response_id.as_deref(), Some("r1"));
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read), (4, Some(6)));
    assert_eq!((usage.output, usage.reasoning), (8, Some(5)));
}

#[test]
fn the_list_form_is_read_as_well() {
    let body = format!("[{FIRST}\n,\r\n{SECOND},\n{LAST}\n]\n");
    assert_eq!(
        stream(Dialect::Gemini, &body),
        gemini(&[FIRST, SECOND, LAST])
    );
    let cut = format!("[{FIRST},\n{}", SECOND.get(..40).unwrap());
    let read = stream(Dialect::Gemini, &cut);
    assert_eq!(
        (read.fault(), read.text()),
        (Some(FailureKind::Truncated), "Gu")
    );
    let error =
        format!(r#"[{FIRST},{{"error":{{"code":503,"message":"busy","status":"UNAVAILABLE"}}}}]"#);
    assert_eq!(
        stream(Dialect::Gemini, &error).fault(),
        Some(FailureKind::InStream)
    );
}

#[test]
fn without_a_finish_reason_the_stream_is_truncated() {
    let read = gemini(&[FIRST, SECOND]);
    assert_eq!(
        (read.fault(), read.terminal),
        (Some(FailureKind::Truncated), false)
    );
    let unspecified = r#"{"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}]}"#;
    assert_eq!(
        gemini(&[FIRST, unspecified]).fault(),
        Some(FailureKind::Truncated)
    );
}

#[test]
fn thoughts_are_tokens_but_not_visible() {
    let read = gemini(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"Ab=="}]}}]}"#,
        r#"{"candidates":[{"content":{},"finishReason":"MAX_TOKENS"}]}"#,
    ]);
    assert_eq!(read.end.response.reasoning.as_deref(), Some("hm"));
    assert_eq!((read.n_visible, read.any_token, read.text()), (0, true, ""));
    assert_eq!(read.end.response.finish, Some(FinishReason::Length));
}

#[test]
fn several_parts_of_one_event_count_once() {
    let read = gemini(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"},{"text":"b"}]},"finishReason":"STOP"}]}"#,
    ]);
    assert_eq!((read.n_visible, read.text()), (1, "ab"));
}

#[test]
fn calls_come_whole_with_or_without_ids() {
    let read = gemini(&[
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"Ab=="},{"functionCall":{"name":"f","args":{"x":2}}}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c3","name":"g"}}]},"finishReason":"STOP"}]}"#,
    ]);
    let expected = [
        call("", "f", json!({"x": 1})),
        call("", "f", json!({"x": 2})),
        call("c3", "g", json!({})),
    ];
    assert_eq!(read.end.response.tool_calls, expected);
    assert_eq!(read.end.response.finish, Some(FinishReason::ToolCalls));
    assert_eq!(read.n_visible, 2);
}

#[test]
fn a_blocked_prompt_is_an_answer_without_text() {
    let read = gemini(&[
        r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"#,
    ]);
    assert_eq!(
        (read.fault(), read.terminal, read.n_visible),
        (None, true, 0)
    );
    assert_eq!(read.end.response.finish, Some(FinishReason::ContentFilter));
    assert_eq!(read.end.response.usage.unwrap().output, 0);
    let fine = r#"{"promptFeedback":{"safetyRatings":[]},"candidates":[{"content":{"parts":[{"text":"ok"}]},"finishReason":"STOP"}]}"#;
    assert_eq!(
        gemini(&[fine]).end.response.finish,
        Some(FinishReason::Stop)
    );
}

#[test]
fn finish_reasons_are_understood() {
    for (word, expected) in [
        ("STOP", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("SAFETY", FinishReason::ContentFilter),
        ("RECITATION", FinishReason::ContentFilter),
        ("SPII", FinishReason::ContentFilter),
        (
            "MALFORMED_FUNCTION_CALL",
            FinishReason::Other("MALFORMED_FUNCTION_CALL".to_owned()),
        ),
        ("BRAND_NEW", FinishReason::Other("BRAND_NEW".to_owned())),
    ] {
        let chunk = format!(r#"{{"candidates":[{{"finishReason":"{word}"}}]}}"#);
        assert_eq!(
            gemini(&[&chunk]).end.response.finish,
            Some(expected),
            "{word}"
        );
    }
}

#[test]
fn an_error_inside_a_stream_names_its_delay() {
    let error = r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}]}}"#;
    let fault = gemini(&[FIRST, error]).end.fault.unwrap();
    assert_eq!(fault.kind, FailureKind::InStream);
    assert_eq!(fault.retry, Retry::After(std::time::Duration::from_secs(3)));
}
