//! Extraction: from what a model wrote to the part that is scored.
//!
//! In: a list of steps from the project, and a text. Out: the text that the last step left, or the
//! reason why a step found nothing. `steps` is the table, `pipeline` runs it, the other modules
//! hold one step each. Steps never fail on any text and take linear time.

mod cut;
mod defaults;
mod fence;
mod json_field;
mod number;
mod pattern;
mod pipeline;
mod ratio;
mod reasoning;
mod step;
mod steps;

pub use defaults::DefaultSteps;
pub(crate) use number::{Number, read_number};
pub(crate) use pipeline::Pipeline;
pub use pipeline::{Extraction, Missing};
pub(crate) use reasoning::without_reasoning;
pub use step::StepKind;
pub use steps::STEPS;

#[cfg(test)]
mod tests;
