//! Test sets and configurations of other tools, as the parts of a project.
//!
//! In: files. Out: a [`Draft`]: items, checks, scorers, prompts and candidates, and a list of what has no
//! counterpart here, each with the reason. It decides nothing and writes nothing; `cli` does.

mod detect;
mod draft;
mod graders;
mod litellm;
mod promptfoo;
mod records;
mod source;
mod template;
mod yaml;

pub use detect::read_setup;
pub use draft::{Draft, DraftCall, DraftCandidate, SetupTool, Unmapped};
