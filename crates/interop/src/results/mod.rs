//! Finished results of other tools: from a file to neutral rows.

mod detect;
mod exports;
mod inspect;
mod lines;
mod lm_eval;
mod openai_evals;
mod options;
mod promptfoo;
mod read;
mod row;
mod table;
mod take;
mod values;

pub use exports::Export;
pub use options::{Field, ReadOptions};
pub use read::read_results;
pub use row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
pub use take::{Claim, Claimed, Origin, Take, Tool};
