//! OpenAI chat completions, also in Azure's form.

mod logprobs;
mod request;
mod response;
mod stream;

pub(super) use request::decode;
pub(super) use response::{arguments_text, response};
pub(super) use stream::Encoder;
