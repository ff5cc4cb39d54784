//! The one table of scorer kinds.
//!
//! In: nothing. Out: the rows. A new scorer is a file in `scorers` and a row here.

use crate::kind::ScorerKind;
use crate::option_doc::{OptionDoc, OptionType};
use crate::scorers;

/// Every kind of scorer, in the order in which `trilemma scorers` lists them.
pub static SCORERS: &[ScorerKind] = &[
    scorers::exact::KIND,
    scorers::normalised::KIND,
    scorers::contains::ANY,
    scorers::contains::ALL,
    scorers::contains::START,
    scorers::pattern::KIND,
    scorers::numeric::KIND,
    scorers::multiple_choice::KIND,
    scorers::json_valid::KIND,
    scorers::json_schema::KIND,
    scorers::json_fields::KIND,
    scorers::tool_calls::KIND,
    scorers::label_set::KIND,
    scorers::levenshtein::KIND,
    scorers::token_f1::KIND,
    scorers::rouge::KIND,
    scorers::bleu::KIND,
    scorers::chrf::KIND,
    scorers::checks::KIND,
    scorers::refusal::KIND,
    scorers::limits::LENGTH,
    scorers::limits::LATENCY,
    scorers::limits::COST,
    scorers::limits::FINISH,
    scorers::judge::KIND,
    scorers::command::KIND,
];

/// Options of every scorer.
pub static COMMON_OPTIONS: &[OptionDoc] = &[
    OptionDoc::new(
        "invert",
        OptionType::Flag,
        "false",
        "Score 1 becomes 0 and 0 becomes 1, as for texts that must not occur.",
    ),
    OptionDoc::bare(
        "only",
        OptionType::Texts,
        "Score only items that have one of these tags; by default all.",
    ),
];

/// Options of scorers that look at the answer's text.
pub static EXTRACTION_OPTIONS: &[OptionDoc] = &[
    OptionDoc::bare(
        "extract",
        OptionType::Steps,
        "Steps applied to the answer, in order; in place of the scorer's own.",
    ),
    OptionDoc::bare(
        "expected_extract",
        OptionType::Steps,
        "Steps applied to the expected value, in order; in place of the scorer's own.",
    ),
];
