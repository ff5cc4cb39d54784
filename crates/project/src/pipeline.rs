//! What a pipeline is asked for one item: the body of an HTTP request, or a program's input.
//!
//! In: the pipeline's template, the candidate, an item. Out: JSON. The texts of a body are minijinja
//! templates; a text that is one expression, such as `"{{ messages }}"`, becomes what the expression
//! is, with its type. Templates see what prompts see, and besides `prompt` (the last user text of the
//! candidate's prompt variant, or the item's own), `tools` and `params`. Neither they nor programs ever
//! see what is expected.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value, json};
use trilemma_domain::{Candidate, Item, Message, PipelineCall, Role};

use crate::prompt::{FUEL, Prompt, PromptError, context, conversation, describe};

/// Version of what programs read.
const INPUT_VERSION: u32 = 1;
/// Name of a body in messages.
const NAME: &str = "body";

/// The template of a body, parsed.
#[derive(Debug)]
pub struct Body {
    environment: Environment<'static>,
    body: Value,
}

impl Body {
    /// Parses every text of a body.
    ///
    /// # Errors
    /// [`PromptError::Syntax`] for the first text that is no template.
    pub fn parse(body: &Value) -> Result<Self, PromptError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // A JSON text is written by the JSON encoder, not by the template.
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let parsed = Self {
            environment,
            body: body.clone(),
        };
        parsed.check(body)?;
        Ok(parsed)
    }

    fn check(&self, value: &Value) -> Result<(), PromptError> {
        let syntax = |error: &minijinja::Error| PromptError::Syntax {
            name: NAME.to_owned(),
            line: error.line().unwrap_or(1),
            detail: describe(error),
        };
        match value {
            Value::String(text) => match expression(text) {
                Some(source) => self
                    .environment
                    .compile_expression(source)
                    .map(|_| ())
                    .map_err(|error| syntax(&error)),
                None => self
                    .environment
                    .template_from_str(text)
                    .map(|_| ())
                    .map_err(|error| syntax(&error)),
            },
            Value::Array(list) => list.iter().try_for_each(|value| self.check(value)),
            Value::Object(fields) => fields.values().try_for_each(|value| self.check(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    /// Whether anything in it depends on the item.
    #[must_use]
    pub fn uses_item(&self) -> bool {
        fn depends(environment: &Environment<'_>, value: &Value) -> bool {
            match value {
                Value::String(text) => environment
                    .template_from_str(text)
                    .is_ok_and(|template| !template.undeclared_variables(false).is_empty()),
                Value::Array(list) => list.iter().any(|value| depends(environment, value)),
                Value::Object(fields) => fields.values().any(|value| depends(environment, value)),
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
            }
        }
        depends(&self.environment, &self.body)
    }

    fn fill(&self, value: &Value, context: &minijinja::Value) -> Result<Value, minijinja::Error> {
        Ok(match value {
            Value::String(text) => match expression(text) {
                Some(source) => {
                    let found = self.environment.compile_expression(source)?.eval(context)?;
                    if found.is_undefined() {
                        return Err(minijinja::Error::new(
                            minijinja::ErrorKind::UndefinedError,
                            format!("`{source}` is not defined"),
                        ));
                    }
                    serde_json::to_value(&found).unwrap_or(Value::Null)
                }
                None => Value::String(self.environment.render_str(text, context)?),
            },
            Value::Array(list) => list
                .iter()
                .map(|value| self.fill(value, context))
                .collect::<Result<_, _>>()?,
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), self.fill(value, context)?)))
                .collect::<Result<Map<_, _>, minijinja::Error>>()?
                .into(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }
}

/// What stands between the braces of a text that is one expression and nothing else.
fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    (!inner.contains("{{") && !inner.contains("}}")).then(|| inner.trim())
}

/// Builds what a pipeline reads for one item; `body` = the parsed template of an HTTP body.
///
/// # Errors
/// [`PromptError::Render`] from the prompt or the body.
pub fn pipeline_request(
    candidate: &Candidate,
    (prompt, body): (Option<&Prompt>, Option<&Body>),
    item: &Item,
) -> Result<Vec<u8>, PromptError> {
    let messages = match prompt {
        Some(prompt) => prompt.render(item)?,
        None => conversation(item),
    };
    let runs_code = candidate
        .target
        .pipeline
        .as_ref()
        .is_some_and(|pipeline| matches!(pipeline.call, PipelineCall::Command { .. }));
    let request = match body {
        Some(body) if !runs_code => {
            let mut fields = context(item);
            fields.extend(asked(candidate, &messages));
            let tools = json!(item.extras.tools);
            fields.insert("tools".to_owned(), tools);
            let context = minijinja::Value::from(Serde(fields));
            body.fill(&body.body, &context)
                .map_err(|error| PromptError::Render {
                    name: NAME.to_owned(),
                    item: item.id.to_string(),
                    detail: describe(&error),
                })?
        }
        Some(_) | None => program_input(candidate, &messages, item),
    };
    Ok(request.to_string().into_bytes())
}

/// The object that a program reads, version 1.
fn program_input(candidate: &Candidate, messages: &[Message], item: &Item) -> Value {
    let mut input = json!({
        "schema_version": INPUT_VERSION,
        "candidate": candidate.id,
        "id": item.id,
        "input": item.input.last_user_text(),
        "tags": item.extras.tags,
        "metadata": item.extras.metadata,
        "tools": item.extras.tools,
    });
    if let Value::Object(fields) = &mut input {
        fields.extend(asked(candidate, messages));
        // Whole messages, with images and files.
        fields.insert("messages".to_owned(), json!(messages));
    }
    input
}

/// What the prompt variant and the parameters make of an item.
fn asked(candidate: &Candidate, messages: &[Message]) -> Map<String, Value> {
    let last = messages
        .iter()
        .rev()
        .find(|message| message.role == Role::User);
    let texts: Vec<Value> = messages
        .iter()
        .map(|message| json!({ "role": message.role, "content": message.joined_text() }))
        .collect();
    Map::from_iter([
        (
            "prompt".to_owned(),
            Value::from(last.map(Message::joined_text).unwrap_or_default()),
        ),
        ("messages".to_owned(), Value::Array(texts)),
        ("params".to_owned(), json!(candidate.params)),
    ])
}
