//! Names of reserved things shared by encoding and decoding.
//!
//! Anthropic has no "any JSON object" mode: [`JSON_ANSWER_TOOL`] is a tool that the model is made
//! to call, whose arguments are the answer. Decoding turns them back into text.

/// Name of the tool whose arguments are the answer.
pub(crate) const JSON_ANSWER_TOOL: &str = "trilemma_json_answer";
