//! Streams of Anthropic Messages.

use serde_json::json;
use trilemma_domain::{Dialect, FailureKind, FinishReason, Retry};

use crate::support::{Streamed, call, named_events, stream};

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_read_input_tokens":100,"cache_creation_input_tokens":8,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":8},"output_tokens":1,"service_tier":"standard"}}}"#;
const BLOCK: &str =
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const PING: &str = r#"{"type": "ping"}"#;
const GRUESS: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüß"}}"#;
const GOTT: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" Gott"}}"#;
const BLOCK_STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn anthropic(data: &[&str]) -> Streamed {
    stream(Dialect::Anthropic, named_events(data))
}

#[test]
fn a_whole_stream_is_read() {
    let read = anthropic(&[START, BLOCK, PING, GRUESS, GOTT, BLOCK_STOP, DELTA, STOP]);
    assert_eq!((read.fault(), read.text()), (None, "Grüß Gott"));
    assert_eq!((read.n_visible, read.terminal), (2, true));
    let response = &read.end.response;
    assert_eq!(response.finish, Some(FinishReason::Stop));
    assert_eq!(
        response.served_model.as_deref(),
        Some("claude-haiku-4-5-20251001")
    );
    assert_eq!(response.system_fingerprint, None);
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read), (25, Some(100)));
    assert_eq!(
        (usage.cache_write_5m, usage.cache_write_1h),
        (Some(0), Some(8))
    );
    assert_eq!((usage.output, usage.input_total()), (15, 133));
    let raw = response.raw_usage.as_ref().unwrap();
    assert_eq!(
        (&raw["service_tier"], &raw["output_tokens"]),
        (&json!("standard"), &json!(15))
    );
}

#[test]
fn output_tokens_are_cumulative_and_the_last_report_counts() {
    let more = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":30,"output_tokens":20,"output_tokens_details":{"thinking_tokens":6}}}"#;
    let usage = anthropic(&[START, DELTA, more, STOP])
        .end
        .response
        .usage
        .unwrap();
    assert_eq!(
        (usage.input_uncached, usage.output, usage.reasoning),
        (30, 20, Some(6))
    );
}

#[test]
fn a_cut_stream_is_truncated_and_keeps_what_came() {
    let read = anthropic(&[START, BLOCK, GRUESS]);
    assert_eq!(
        (read.fault(), read.text(), read.terminal),
        (Some(FailureKind::Truncated), "Grüß", false)
    );
    assert_eq!(read.end.response.usage.unwrap().input_uncached, 25);
    // Even with its stop reason: only `message_stop` ends a message.
    assert_eq!(
        anthropic(&[START, GRUESS, DELTA]).fault(),
        Some(FailureKind::Truncated)
    );
}

#[test]
fn thinking_is_a_token_but_not_visible() {
    let read = anthropic(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
        BLOCK_STOP,
        DELTA,
        STOP,
    ]);
    assert_eq!(read.end.response.reasoning.as_deref(), Some("hm"));
    assert_eq!((read.n_visible, read.any_token), (0, true));
    let hidden = r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"Ab=="}}"#;
    let read = anthropic(&[START, hidden, DELTA, STOP]);
    assert_eq!((read.n_visible, read.any_token), (0, true));
    let read = anthropic(&[START, BLOCK, DELTA, STOP]);
    assert_eq!((read.n_visible, read.any_token), (0, false));
}

#[test]
fn tool_calls_come_in_pieces_and_server_tools_are_skipped() {
    let read = anthropic(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\":1}"}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Bonn\"}"}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
        STOP,
    ]);
    let expected = [
        call("toolu_1", "weather", json!({"city": "Bonn"})),
        call("toolu_2", "now", json!({})),
    ];
    assert_eq!(read.end.response.tool_calls, expected);
    assert_eq!(read.end.response.finish, Some(FinishReason::ToolCalls));
    assert_eq!((read.n_visible, read.text()), (4, ""));
}

#[test]
fn a_forced_json_answer_is_text() {
    let read = anthropic(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"trilemma_json_answer","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"label\": "}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"b\"}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
        STOP,
    ]);
    assert_eq!((read.text(), read.n_visible), (r#"{"label": "b"}"#, 2));
    assert_eq!(read.end.response.tool_calls, []);
    assert_eq!(read.end.response.finish, Some(FinishReason::Stop));
}

#[test]
fn every_stop_reason_is_understood() {
    for (word, expected) in [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("tool_use", FinishReason::ToolCalls),
        ("refusal", FinishReason::Refusal),
        ("pause_turn", FinishReason::Other("pause_turn".to_owned())),
    ] {
        let delta = format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"{word}"}},"usage":{{"output_tokens":1}}}}"#
        );
        let read = anthropic(&[START, &delta, STOP]);
        assert_eq!(read.end.response.finish, Some(expected), "{word}");
    }
    let refusal = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber","explanation":"Not this."}},"usage":{"output_tokens":1}}"#;
    let read = anthropic(&[START, refusal, STOP]);
    assert_eq!(read.end.response.refusal.as_deref(), Some("Not this."));
    assert_eq!(read.n_visible, 0);
}

#[test]
fn overload_may_come_after_http_200() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let read = anthropic(&[START, BLOCK, GRUESS, error]);
    let fault = read.end.fault.unwrap();
    assert_eq!(
        (fault.kind, fault.retry),
        (FailureKind::InStream, Retry::Backoff)
    );
    assert_eq!(fault.message, "overloaded_error: Overloaded");
    assert_eq!(read.end.response.text, "Grüß");
    let mine = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    assert_eq!(anthropic(&[mine]).end.fault.unwrap().retry, Retry::No);
}

#[test]
fn unknown_events_deltas_and_blocks_are_skipped() {
    let read = anthropic(&[
        START,
        r#"{"type":"brand_new_event","payload":{"a":[1,2]}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"novel","thing":1}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location"}}}"#,
        GRUESS,
        DELTA,
        STOP,
    ]);
    assert_eq!((read.fault(), read.text()), (None, "Grüß"));
}
