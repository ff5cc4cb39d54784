//! Requests for Gemini.
//!
//! In: a neutral request. Out: the body, borrowed from it. System messages are taken out into
//! `systemInstruction`; neighbouring turns of one speaker are joined. Results name their tool,
//! found by the call's id; calls without ids are answered in order. Images and files of a result
//! stand behind it in the same turn.
//!
//! Schemas go into `responseJsonSchema` and `parametersJsonSchema`, which take JSON Schema;
//! `responseSchema` takes a dialect of OpenAPI that refuses ordinary schemas. Effort: models up to
//! 2.5 take only a budget, later ones a level; the budgets are those of the vendor's
//! OpenAI-compatible endpoint. Gemini 3 demands a signature on earlier calls; calls that came from
//! elsewhere carry the vendor's documented stand-in.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use trilemma_domain::{
    ChatRequest, Message, Params, Part, ResponseFormat, Role, Target, Tool, ToolCall, ToolChoice,
};

use super::body::{
    Blob, Body, CallingConfig, Declaration, Declarations, FileData, Generation, Instruction, Level,
    Output, ThinkingConfig, ToolConfig, Turn, WireCall, WirePart, WireResult,
};
use crate::client::request::{
    EncodeError, ImageSource, WireRequest, assemble, image_source, misplaced, path_segment,
};

/// Stands in for the signature of a call that Gemini did not make itself
/// (ai.google.dev/gemini-api/docs/thought-signatures).
const FOREIGN_CALL_SIGNATURE: &str = "skip_thought_signature_validator";

/// Encodes a request.
///
/// # Errors
///
/// As `encode_request`.
pub(crate) fn encode(target: &Target, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    let params = &request.params;
    let generation = Generation {
        max_output_tokens: params.max_output_tokens,
        temperature: params.temperature,
        top_p: params.top_p,
        seed: params.seed,
        stop_sequences: &params.stop,
        response_mime_type: request.response_format.as_ref().map(|_| "application/json"),
        response_json_schema: match &request.response_format {
            Some(ResponseFormat::JsonSchema { schema, .. }) => Some(schema),
            Some(ResponseFormat::JsonObject) | None => None,
        },
        thinking_config: thinking(&target.model, params),
    };
    let (system_instruction, contents) =
        Conversation::new(&target.model).read(&request.messages)?;
    let body = Body {
        contents,
        system_instruction,
        tools: (!request.tools.is_empty()).then(|| {
            [Declarations {
                function_declarations: request.tools.iter().map(declaration).collect(),
            }]
        }),
        tool_config: tool_config(request),
        generation_config: generation,
    };
    assemble(path(target, request.stream), request, &body)
}

fn path(target: &Target, is_stream: bool) -> String {
    // `models/…` and `tunedModels/…` are names with their collection.
    let name: Vec<String> = target.model.split('/').map(path_segment).collect();
    let collection = if name.len() > 1 { "" } else { "models/" };
    let method = if is_stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    format!("/{collection}{}:{method}", name.join("/"))
}

fn thinking<'a>(model: &str, params: &'a Params) -> Option<ThinkingConfig<'a>> {
    let budget = |thinking_budget| Some(ThinkingConfig::Budget { thinking_budget });
    if let Some(tokens) = params.reasoning_tokens {
        return budget(tokens);
    }
    match params.reasoning_effort.as_deref()? {
        "none" => budget(0),
        level if !is_budget_model(model) => Some(ThinkingConfig::Level {
            thinking_level: Level(level),
        }),
        "minimal" | "low" => budget(1_024),
        "medium" => budget(8_192),
        "high" => budget(24_576),
        // Not a word that maps to a budget: the vendor shall say so.
        level => Some(ThinkingConfig::Level {
            thinking_level: Level(level),
        }),
    }
}

/// Whether a model knows budgets but no levels: all before Gemini 3.
fn is_budget_model(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    name.starts_with("gemini-1") || name.starts_with("gemini-2")
}

fn declaration(tool: &Tool) -> Declaration<'_> {
    let is_empty = tool
        .parameters
        .as_object()
        .is_some_and(serde_json::Map::is_empty);
    Declaration {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters_json_schema: (!is_empty).then_some(&tool.parameters),
    }
}

fn tool_config(request: &ChatRequest) -> Option<ToolConfig<'_>> {
    if request.tools.is_empty() {
        return None;
    }
    let (mode, allowed_function_names) = match &request.tool_choice {
        ToolChoice::Auto => return None,
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Named(name) => ("ANY", Some([name.as_str()])),
    };
    Some(ToolConfig {
        function_calling_config: CallingConfig {
            mode,
            allowed_function_names,
        },
    })
}

/// Reads messages in order, with the calls that results may answer.
struct Conversation<'a> {
    signature: Option<&'static str>,
    tool_of_id: HashMap<&'a str, &'a str>,
    unanswered: VecDeque<&'a str>,
}

impl<'a> Conversation<'a> {
    fn new(model: &str) -> Self {
        Self {
            signature: (!is_budget_model(model)).then_some(FOREIGN_CALL_SIGNATURE),
            tool_of_id: HashMap::new(),
            unanswered: VecDeque::new(),
        }
    }

    fn read(
        mut self,
        messages: &'a [Message],
    ) -> Result<(Option<Instruction<'a>>, Vec<Turn<'a>>), EncodeError> {
        let mut system = Vec::new();
        let mut turns: Vec<Turn<'a>> = Vec::with_capacity(messages.len());
        for message in messages {
            let mut parts = Vec::with_capacity(message.parts.len());
            for part in &message.parts {
                parts.extend(self.part(part, message.role)?);
            }
            let role = match message.role {
                Role::System => {
                    system.append(&mut parts);
                    continue;
                }
                Role::User | Role::Tool => "user",
                Role::Assistant => "model",
            };
            match turns.last_mut() {
                Some(turn) if turn.role == role => turn.parts.append(&mut parts),
                _ => turns.push(Turn { role, parts }),
            }
        }
        let system = (!system.is_empty()).then_some(Instruction { parts: system });
        Ok((system, turns))
    }

    fn part(&mut self, part: &'a Part, role: Role) -> Result<Option<WirePart<'a>>, EncodeError> {
        Ok(Some(match (part, role) {
            (Part::CacheBreakpoint, _) => return Ok(None),
            (Part::Text { text }, _) if text.is_empty() => return Ok(None),
            (Part::Text { text }, Role::System | Role::User | Role::Assistant) => {
                WirePart::Text { text }
            }
            (
                Part::Image {
                    url,
                    data,
                    media_type,
                },
                Role::User | Role::Tool,
            ) => {
                let source = image_source(url.as_deref(), data.as_deref(), media_type.as_deref())?;
                image(source, media_type.as_deref())
            }
            (
                Part::File {
                    data, media_type, ..
                },
                Role::User | Role::Tool,
            ) => WirePart::Inline {
                inline_data: Blob {
                    mime_type: media_type,
                    data,
                },
            },
            (
                Part::FileUrl {
                    url, media_type, ..
                },
                Role::User | Role::Tool,
            ) => WirePart::Address {
                file_data: FileData {
                    mime_type: media_type.as_deref(),
                    file_uri: url,
                },
            },
            (Part::ToolCall(call), Role::Assistant) => self.call(call)?,
            (Part::ToolResult { id, text }, Role::User | Role::Tool) => WirePart::Result {
                function_response: WireResult {
                    id,
                    name: self.tool_of(id)?,
                    response: Output { output: text },
                },
            },
            (part, role) => return Err(misplaced(part, role)),
        }))
    }

    fn call(&mut self, call: &'a ToolCall) -> Result<WirePart<'a>, EncodeError> {
        if call.id.is_empty() {
            self.unanswered.push_back(&call.name);
        } else {
            self.tool_of_id.insert(&call.id, &call.name);
        }
        let args = match &call.arguments {
            Value::Null => Cow::Owned(serde_json::json!({})),
            Value::Object(_) => Cow::Borrowed(&call.arguments),
            _ => {
                return Err(EncodeError::ToolArguments {
                    tool: call.name.clone(),
                });
            }
        };
        Ok(WirePart::Call {
            function_call: WireCall {
                id: &call.id,
                name: &call.name,
                args,
            },
            thought_signature: self.signature,
        })
    }

    fn tool_of(&mut self, id: &str) -> Result<&'a str, EncodeError> {
        let name = if id.is_empty() {
            self.unanswered.pop_front()
        } else {
            self.tool_of_id.get(id).copied()
        };
        name.ok_or_else(|| EncodeError::OrphanResult { id: id.to_owned() })
    }
}

fn image<'a>(source: ImageSource<'a>, media_type: Option<&'a str>) -> WirePart<'a> {
    match source {
        ImageSource::Url(file_uri) => WirePart::Address {
            file_data: FileData {
                mime_type: media_type,
                file_uri,
            },
        },
        ImageSource::Inline { media_type, data } => WirePart::Inline {
            inline_data: Blob {
                mime_type: media_type,
                data,
            },
        },
    }
}
