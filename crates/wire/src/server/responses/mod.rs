//! OpenAI Responses, without stored state.

mod input;
mod request;
mod response;
mod stream;

pub(super) use request::decode;
pub(super) use response::response;
pub(super) use stream::Encoder;
