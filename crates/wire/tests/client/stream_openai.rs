//! Streams of OpenAI, Azure and compatible servers.

use serde_json::json;
use trilemma_domain::{Dialect, FailureKind, FinishReason, Retry};

use crate::support::{Streamed, call, events, stream, stream_in};

const ROLE: &str = r#"{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null,"obfuscation":"x8Fa"}"#;
const HEL: &str = r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null}"#;
const LO: &str = r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"lö"},"logprobs":null}]}"#;
const STOP: &str = r#"{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4}}}"#;

fn openai(data: &[&str]) -> Streamed {
    stream(Dialect::OpenAi, events(data))
}

#[test]
fn a_whole_stream_is_read() {
    let read = openai(&[ROLE, HEL, LO, STOP, USAGE, "[DONE]"]);
    assert_eq!(read.fault(), None);
    assert_eq!(
        (read.n_visible, read.any_token, read.terminal),
        (2, true, true)
    );
    let response = &read.end.response;
    assert_eq!(response.text, "Hellö");
    assert_eq!(response.finish, Some(FinishReason::Stop));
    assert_eq!(response.served_model.as_deref(), Some("gpt-4o-2024-08-06"));
    assert_eq!(response.system_fingerprint.as_deref(), Some("fp_1"));
    assert_eq!(response.response_id.as_deref(), Some("c1"));
    let usage = response.usage.unwrap();
    assert_eq!(
        (usage.input_uncached, usage.cache_read, usage.output),
        (5, Some(4), 2)
    );
    let raw = response.raw_usage.as_ref().unwrap();
    assert_eq!(raw["prompt_tokens_details"]["cached_tokens"], 4);
}

#[test]
fn role_null_and_empty_deltas_count_as_nothing() {
    let read = openai(&[
        ROLE,
        r#"{"choices":[{"index":0,"delta":{"content":null}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"","reasoning_content":"","refusal":null}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{}}]}"#,
        STOP,
        "[DONE]",
    ]);
    assert_eq!((read.n_visible, read.any_token), (0, false));
    assert_eq!((read.fault(), read.text()), (None, ""));
}

#[test]
fn each_read_tells_what_it_brought() {
    let mut decoder = trilemma_wire::client::StreamDecoder::new(Dialect::OpenAi);
    let mut read = |data: &str| {
        let progress = decoder.push(events(&[data]).as_bytes());
        (
            progress.any_token,
            progress.n_visible,
            progress.terminal,
            progress.fault,
        )
    };
    assert_eq!(read(ROLE), (false, 0, false, false));
    let thought = r#"{"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}"#;
    assert_eq!(read(thought), (true, 0, false, false));
    assert_eq!(read(HEL), (true, 1, false, false));
    assert_eq!(read(STOP), (false, 0, false, false));
    assert_eq!(read("[DONE]"), (false, 0, true, false));
}

#[test]
fn several_events_in_one_read_count_each() {
    let both = events(&[HEL, LO]);
    assert_eq!(stream_in(Dialect::OpenAi, &[both.as_bytes()]).n_visible, 2);
}

#[test]
fn done_may_be_missing_but_not_the_finish_reason() {
    let read = openai(&[HEL, LO, STOP]);
    assert_eq!((read.fault(), read.terminal), (None, false));
    let read = openai(&[HEL, LO]);
    assert_eq!(read.fault(), Some(FailureKind::Truncated));
    assert_eq!(read.text(), "Hellö");
    let read = openai(&[HEL, "[DONE]"]);
    assert_eq!(
        (read.fault(), read.terminal),
        (Some(FailureKind::Truncated), false)
    );
    let read = openai(&[]);
    assert_eq!(read.fault(), Some(FailureKind::Truncated));
}

#[test]
fn reasoning_has_two_names_and_is_not_visible() {
    for delta in [
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":"hm"}"#,
        r#"{"reasoning_content":null,"reasoning":"hm","content":""}"#,
    ] {
        let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
        let read = openai(&[&chunk, STOP, "[DONE]"]);
        assert_eq!(
            read.end.response.reasoning.as_deref(),
            Some("hm"),
            "{delta}"
        );
        assert_eq!((read.n_visible, read.any_token), (0, true), "{delta}");
    }
}

#[test]
fn tool_calls_come_in_pieces() {
    let read = openai(&[
        ROLE,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","function":{"name":"time","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\"}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        "[DONE]",
    ]);
    let expected = [
        call("call_a", "weather", json!({"city": "Köln"})),
        call("call_b", "time", json!({})),
    ];
    assert_eq!(read.end.response.tool_calls, expected);
    assert_eq!(read.end.response.finish, Some(FinishReason::ToolCalls));
    // Nothing but calls: their deltas are what can be timed.
    assert_eq!(read.n_visible, 4);
}

#[test]
fn calls_after_text_are_tokens_but_not_visible() {
    let read = openai(&[
        HEL,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        STOP,
        "[DONE]",
    ]);
    assert_eq!(read.n_visible, 1);
    assert_eq!(read.end.response.finish, Some(FinishReason::ToolCalls));
}

#[test]
fn parallel_calls_with_the_same_index_are_told_apart_by_id() {
    let read = openai(&[
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\":2}"}}]}}]}"#,
        STOP,
    ]);
    let expected = [
        call("a", "f", json!({"x": 1})),
        call("b", "f", json!({"x": 2})),
    ];
    assert_eq!(read.end.response.tool_calls, expected);
}

#[test]
fn calls_without_index_or_with_object_arguments_are_read() {
    let read = openai(&[
        r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"1}"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":{"y":2}}}]}}]}"#,
        STOP,
    ]);
    let expected = [
        call("a", "f", json!({"x": 1})),
        call("b", "g", json!({"y": 2})),
    ];
    assert_eq!(read.end.response.tool_calls, expected);
}

#[test]
fn broken_arguments_stay_text() {
    let read = openai(&[
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
    ]);
    assert_eq!(
        read.end.response.tool_calls,
        [call("a", "f", json!("{\"x\":"))]
    );
    assert_eq!(read.end.response.finish, Some(FinishReason::Length));
}

#[test]
fn the_old_form_of_one_call_is_read() {
    let read = openai(&[
        r#"{"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{\"x\""}}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"function_call":{"arguments":":1}"}}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"function_call"}]}"#,
    ]);
    assert_eq!(
        read.end.response.tool_calls,
        [call("", "f", json!({"x": 1}))]
    );
    assert_eq!(read.end.response.finish, Some(FinishReason::ToolCalls));
}

#[test]
fn refusals_are_visible_and_kept_apart() {
    let read = openai(&[
        r#"{"choices":[{"index":0,"delta":{"refusal":"I can"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"refusal":"not."}}]}"#,
        STOP,
        "[DONE]",
    ]);
    assert_eq!((read.n_visible, read.text()), (2, ""));
    assert_eq!(read.end.response.refusal.as_deref(), Some("I cannot."));
    assert_eq!(read.end.response.finish, Some(FinishReason::Refusal));
}

#[test]
fn azure_begins_with_a_filter_report_and_has_chunks_without_delta() {
    let body = events(&[
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        ROLE,
        HEL,
        r#"{"choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{"check_offset":44}}]}"#,
        STOP,
        "[DONE]",
    ]);
    let read = stream(Dialect::Azure, body);
    assert_eq!((read.fault(), read.text()), (None, "Hel"));
    assert_eq!(
        read.end.response.served_model.as_deref(),
        Some("gpt-4o-2024-08-06")
    );
    assert_eq!(read.end.response.response_id.as_deref(), Some("c1"));
}

#[test]
fn usage_may_stand_in_odd_places() {
    let groq = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.01,"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}}"#;
    let moonshot = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}]}"#;
    for chunk in [groq, moonshot] {
        let usage = openai(&[HEL, chunk, "[DONE]"]).end.response.usage.unwrap();
        assert_eq!((usage.input_uncached, usage.output), (7, 3), "{chunk}");
    }
    // Continuous usage: the last report counts.
    let early = r#"{"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
    let usage = openai(&[early, STOP, USAGE, "[DONE]"])
        .end
        .response
        .usage
        .unwrap();
    assert_eq!(usage.output, 2);
}

#[test]
fn deepseek_cache_hits_are_read() {
    let chunk = r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":50,"completion_tokens":3,"total_tokens":53,"prompt_cache_hit_tokens":32,"prompt_cache_miss_tokens":18}}"#;
    let usage = openai(&[HEL, chunk, "[DONE]"]).end.response.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.cache_read), (18, Some(32)));
}

#[test]
fn errors_inside_a_stream_are_failures_with_the_text_so_far() {
    let vllm_new = r#"{"error":{"message":"engine died","type":"InternalServerError","param":null,"code":500}}"#;
    let vllm_old = r#"{"object":"error","message":"engine died","type":"InternalServerError","param":null,"code":500}"#;
    let openrouter = r#"{"id":"g1","error":{"code":502,"message":"Upstream died"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#;
    let groq = r#"{"x_groq":{"error":"over_capacity"}}"#;
    for chunk in [vllm_new, vllm_old, openrouter, groq] {
        let read = openai(&[HEL, chunk, "[DONE]"]);
        let fault = read.end.fault.as_ref().unwrap();
        assert_eq!(
            (fault.kind, fault.retry),
            (FailureKind::InStream, Retry::Backoff),
            "{chunk}"
        );
        assert!(
            fault.message.contains("died") || fault.message.contains("over_capacity"),
            "{fault:?}"
        );
        assert_eq!(read.text(), "Hel");
    }
    let mine = r#"{"error":{"code":400,"message":"context length exceeded"}}"#;
    let fault = openai(&[mine]).end.fault.unwrap();
    assert_eq!(fault.retry, Retry::No);
}

#[test]
fn comments_line_ends_and_missing_spaces_do_not_matter() {
    let text = format!(
        ": OPENROUTER PROCESSING\n\n: again\ndata:{HEL}\n\nid: 7\nretry: 10\ndata: {STOP}\n\ndata:[DONE]\n\n"
    );
    for ends in ["\n", "\r\n", "\r"] {
        let read = stream(Dialect::OpenAi, text.replace('\n', ends));
        assert_eq!(
            (read.fault(), read.text(), read.terminal),
            (None, "Hel", true)
        );
    }
}

#[test]
fn one_object_may_span_several_data_lines() {
    let body = "data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"a\"},\ndata: \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let read = stream(Dialect::OpenAi, body);
    assert_eq!((read.fault(), read.text()), (None, "a"));
}

#[test]
fn events_may_lack_the_empty_line_between_or_at_the_end() {
    let between = format!("data: {HEL}\ndata: {LO}\ndata: {STOP}\ndata: [DONE]\n\n");
    let read = stream(Dialect::OpenAi, &between);
    assert_eq!(
        (read.fault(), read.text(), read.n_visible),
        (None, "Hellö", 2)
    );
    let no_end = format!("data: {HEL}\n\ndata: {STOP}\n\ndata: [DONE]");
    assert_eq!(stream(Dialect::OpenAi, &no_end).fault(), None);
}

#[test]
fn finish_words_of_compatible_servers_are_understood() {
    for (word, expected) in [
        ("eos_token", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("eos", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("model_length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        (
            "insufficient_system_resource",
            FinishReason::Other("insufficient_system_resource".to_owned()),
        ),
    ] {
        let chunk =
            format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{word}"}}]}}"#);
        assert_eq!(
            openai(&[HEL, &chunk]).end.response.finish,
            Some(expected),
            "{word}"
        );
    }
    let empty = r#"{"choices":[{"index":0,"delta":{},"finish_reason":""}]}"#;
    assert_eq!(openai(&[HEL, empty]).fault(), Some(FailureKind::Truncated));
}

#[test]
fn a_server_that_ignores_the_wish_for_a_stream_is_understood() {
    let body = r#"{"id":"c2","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"all at once"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}}"#;
    let read = stream(Dialect::OpenAi, body);
    assert_eq!(
        (read.fault(), read.text(), read.n_visible, read.terminal),
        (None, "all at once", 1, true)
    );
    assert_eq!(read.end.response.usage.unwrap().output, 3);
    let error = stream(
        Dialect::OpenAi,
        r#"{"error":{"message":"no","type":"server_error"}}"#,
    );
    assert_eq!(error.fault(), Some(FailureKind::InStream));
}

#[test]
fn a_message_repeated_beside_each_delta_is_not_counted_twice() {
    let read = openai(&[
        r#"{"choices":[{"index":0,"delta":{"content":"a"},"message":{"content":"a"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"b"},"message":{"content":"ab"},"finish_reason":"stop"}]}"#,
    ]);
    assert_eq!((read.text(), read.n_visible), ("ab", 2));
}

#[test]
fn other_choices_and_unknown_fields_are_skipped() {
    let read = openai(&[
        r#"{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"}}],"new":{"deep":[1]}}"#,
        STOP,
    ]);
    assert_eq!(read.text(), "yes");
}

#[test]
fn log_probabilities_of_the_first_tokens_are_kept() {
    let chunk = |token: &str, logprob: f64| {
        json!({"choices": [{"index": 0, "delta": {"content": token}, "logprobs": {"content": [
            {"token": token, "logprob": logprob, "bytes": [1], "top_logprobs": [
                {"token": token, "logprob": logprob, "bytes": null}, {"token": "no", "logprob": -9999.0}]}],
            "refusal": null}}]})
        .to_string()
    };
    let chunks: Vec<String> = (0..12).map(|n| chunk(&format!("t{n}"), -0.5)).collect();
    let mut data: Vec<&str> = vec![ROLE, LO];
    data.extend(chunks.iter().map(String::as_str));
    data.extend([STOP, "[DONE]"]);
    let read = openai(&data);
    assert_eq!(read.fault(), None);
    let places = &read.end.response.first_tokens;
    assert_eq!(places.len(), 8, "the beginning, whatever else comes");
    assert_eq!(places[1].taken.token, "t1");
    assert_eq!(places[1].likely[1].logprob, -9_999.0);
    // What is none of theirs loses no answer.
    for odd in [
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":7}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":3}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"tokens":["a"],"token_logprobs":[-1]}}]}"#,
        r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":5}]}}]}"#,
    ] {
        let read = openai(&[ROLE, odd, STOP, "[DONE]"]);
        assert_eq!((read.fault(), read.text()), (None, "a"), "{odd}");
        assert!(
            read.end
                .response
                .first_tokens
                .iter()
                .all(|place| place.taken.logprob <= 0.0)
        );
    }
}
