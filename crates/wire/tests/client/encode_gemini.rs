//! Requests in Gemini's words.

use serde_json::{Value, json};
use trilemma_domain::{ChatRequest, Dialect, Part, ResponseFormat, Role, Tool, ToolChoice};
use trilemma_wire::client::{EncodeError, encode_request};

use crate::support::{
    body as body_of, call, encode, object, parts, request, result, says, target, text,
};

const OLD: &str = "gemini-2.5-flash";
const NEW: &str = "gemini-3.8-flash";

fn body(request: &ChatRequest) -> Value {
    body_of(Dialect::Gemini, request)
}

fn simple(model: &str) -> ChatRequest {
    request(
        model,
        vec![says(Role::System, "Be brief."), says(Role::User, "Hi")],
    )
}

#[test]
fn a_plain_request_is_small() {
    let wire = encode(Dialect::Gemini, &simple(NEW)).unwrap();
    assert_eq!(
        wire.path_and_query,
        "/models/gemini-3.8-flash:generateContent"
    );
    assert_eq!(
        String::from_utf8(wire.body).unwrap(),
        r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]}}"#
    );
}

#[test]
fn the_path_says_whether_it_streams_and_escapes_names() {
    let path = |model: &str, stream| {
        let mut request = simple("ignored");
        request.stream = stream;
        encode_request(&target(Dialect::Gemini, model), &request)
            .unwrap()
            .path_and_query
    };
    assert_eq!(
        path(NEW, true),
        "/models/gemini-3.8-flash:streamGenerateContent?alt=sse"
    );
    assert_eq!(
        path("tunedModels/mine", false),
        "/tunedModels/mine:generateContent"
    );
    assert_eq!(
        path("a?key=b", false),
        "/models/a%3Fkey%3Db:generateContent"
    );
}

#[test]
fn parameters_live_in_generation_config() {
    let mut request = simple(NEW);
    request.params.max_output_tokens = Some(100);
    request.params.temperature = Some(0.0);
    request.params.top_p = Some(0.5);
    request.params.seed = Some(3);
    request.params.stop = vec!["END".to_owned()];
    request.params.extra_body = object(json!({"generationConfig": {"topK": 40}}));
    let expected = json!({"maxOutputTokens": 100, "temperature": 0.0, "topP": 0.5, "seed": 3, "stopSequences": ["END"], "topK": 40});
    assert_eq!(body(&request)["generationConfig"], expected);
}

#[test]
fn effort_is_a_budget_or_a_level() {
    for (model, effort, expected) in [
        (OLD, "low", json!({"thinkingBudget": 1024})),
        (OLD, "high", json!({"thinkingBudget": 24_576})),
        (OLD, "none", json!({"thinkingBudget": 0})),
        (NEW, "low", json!({"thinkingLevel": "LOW"})),
        (NEW, "xhigh", json!({"thinkingLevel": "XHIGH"})),
    ] {
        let mut request = simple(model);
        request.params.reasoning_effort = Some(effort.to_owned());
        assert_eq!(
            body(&request)["generationConfig"]["thinkingConfig"],
            expected,
            "{model} {effort}"
        );
        request.params.reasoning_tokens = Some(512);
        let budget = json!({"thinkingBudget": 512});
        assert_eq!(body(&request)["generationConfig"]["thinkingConfig"], budget);
    }
}

#[test]
fn structured_output_takes_a_json_schema() {
    let mut request = simple(NEW);
    let schema = json!({"type": "object", "additionalProperties": false});
    request.response_format = Some(ResponseFormat::JsonSchema {
        name: "n".to_owned(),
        schema: schema.clone(),
        strict: None,
    });
    let expected = json!({"responseMimeType": "application/json", "responseJsonSchema": schema});
    assert_eq!(body(&request)["generationConfig"], expected);
    request.response_format = Some(ResponseFormat::JsonObject);
    assert_eq!(
        body(&request)["generationConfig"],
        json!({"responseMimeType": "application/json"})
    );
}

#[test]
fn tools_and_choices_are_encoded() {
    let mut request = simple(NEW);
    request.tools = vec![
        Tool {
            name: "f".to_owned(),
            description: Some("d".to_owned()),
            parameters: json!({"type": "object"}),
            strict: None,
        },
        Tool {
            name: "g".to_owned(),
            description: None,
            parameters: json!({}),
            strict: None,
        },
    ];
    let encoded = body(&request);
    assert_eq!(
        encoded["tools"],
        json!([{"functionDeclarations": [
            {"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}},
            {"name": "g"},
        ]}])
    );
    assert_eq!(encoded.get("toolConfig"), None);
    for (choice, expected) in [
        (ToolChoice::None, json!({"mode": "NONE"})),
        (ToolChoice::Required, json!({"mode": "ANY"})),
        (
            ToolChoice::Named("f".to_owned()),
            json!({"mode": "ANY", "allowedFunctionNames": ["f"]}),
        ),
    ] {
        request.tool_choice = choice;
        assert_eq!(
            body(&request)["toolConfig"]["functionCallingConfig"],
            expected
        );
    }
}

#[test]
fn results_name_their_tool_by_id_or_by_order() {
    let messages = vec![
        says(Role::User, "Weather?"),
        parts(
            Role::Assistant,
            vec![
                Part::ToolCall(call("a", "weather", json!({"city": "Bonn"}))),
                Part::ToolCall(call("", "now", Value::Null)),
                Part::ToolCall(call("", "then", json!({}))),
            ],
        ),
        parts(
            Role::Tool,
            vec![result("", "noon"), result("a", "rain"), result("", "late")],
        ),
        says(Role::User, "So?"),
    ];
    let expected = |signed: bool| {
        let mut calls = json!([
            {"functionCall": {"id": "a", "name": "weather", "args": {"city": "Bonn"}}},
            {"functionCall": {"name": "now", "args": {}}},
            {"functionCall": {"name": "then", "args": {}}},
        ]);
        if signed {
            for call in calls.as_array_mut().unwrap() {
                call["thoughtSignature"] = json!("skip_thought_signature_validator");
            }
        }
        json!([
            {"role": "user", "parts": [{"text": "Weather?"}]},
            {"role": "model", "parts": calls},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "now", "response": {"output": "noon"}}},
                {"functionResponse": {"id": "a", "name": "weather", "response": {"output": "rain"}}},
                {"functionResponse": {"name": "then", "response": {"output": "late"}}},
                {"text": "So?"},
            ]},
        ])
    };
    assert_eq!(
        body(&request(OLD, messages.clone()))["contents"],
        expected(false)
    );
    assert_eq!(body(&request(NEW, messages))["contents"], expected(true));
}

#[test]
fn images_and_files_are_inline_or_addressed() {
    let messages = vec![parts(
        Role::User,
        vec![
            Part::Image {
                url: Some("https://x/y".to_owned()),
                data: None,
                media_type: None,
            },
            Part::Image {
                url: None,
                data: Some("QUJD".to_owned()),
                media_type: Some("image/png".to_owned()),
            },
            Part::File {
                data: "JVBE".to_owned(),
                media_type: "application/pdf".to_owned(),
                name: None,
            },
            Part::CacheBreakpoint,
            text(""),
        ],
    )];
    let expected = json!([
        {"fileData": {"fileUri": "https://x/y"}},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
    ]);
    assert_eq!(
        body(&request(NEW, messages))["contents"][0]["parts"],
        expected
    );
}

#[test]
fn what_cannot_be_said_is_refused() {
    let refused = |part, role| {
        encode(
            Dialect::Gemini,
            &request(NEW, vec![parts(role, vec![part])]),
        )
        .unwrap_err()
    };
    assert!(matches!(
        refused(result("x", "y"), Role::Tool),
        EncodeError::OrphanResult { .. }
    ));
    assert!(matches!(
        refused(result("", "y"), Role::Tool),
        EncodeError::OrphanResult { .. }
    ));
    let broken = Part::ToolCall(call("a", "f", json!([1])));
    assert!(matches!(
        refused(broken, Role::Assistant),
        EncodeError::ToolArguments { .. }
    ));
    assert!(matches!(
        refused(result("x", "y"), Role::Assistant),
        EncodeError::Misplaced { .. }
    ));
}
