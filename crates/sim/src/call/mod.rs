//! One call, from its bytes to the plan of its answer.

mod answer;
mod body;
mod context;
mod embed;
mod errors;
mod handle;
mod head;
mod logprobs;
mod plan;
mod reply;

pub(crate) use handle::handle;
