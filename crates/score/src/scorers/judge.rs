//! Scorer `judge`: a model grades the answer by a rubric.
//!
//! In: options. Out: the table row; everything else is in the module `judge`.

use crate::engine::Engine;
use crate::extract::DefaultSteps;
use crate::judge::read_judge;
use crate::kind::{ExpectedUse, Needs, Runs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "judge",
    doc: "The grade that a judge model gives by a rubric, with its explanation.",
    needs: Needs {
        expected: ExpectedUse::Optional,
        runs: Runs::Judge,
    },
    options: &[
        OptionDoc::bare(
            "model",
            OptionType::Text,
            "The judge, as `provider/model`; required.",
        ),
        OptionDoc::bare(
            "rubric",
            OptionType::TextOrFile,
            "What to grade by; a template that sees the item's fields; required.",
        ),
        OptionDoc::new(
            "scale",
            OptionType::Text,
            r#""1-5""#,
            "`\"0-1\"`, `\"1-10\"`, any `\"MIN-MAX\"`, `\"A-F\"`, `\"pass/fail\"`, or a table of words with scores.",
        ),
        OptionDoc::bare(
            "template",
            OptionType::TextOrFile,
            "The user message in place of the built-in one; sees `rubric`, `criteria`, `input`, `answer`, `expected`.",
        ),
        OptionDoc::new(
            "show_expected",
            OptionType::Flag,
            "true",
            "Whether the judge sees the expected value as a reference.",
        ),
        OptionDoc::new(
            "structured",
            OptionType::Flag,
            "false",
            "Ask the vendor to force the reply into its JSON Schema.",
        ),
        OptionDoc::new(
            "max_chars",
            OptionType::Count,
            "200000",
            "Longest task plus answer in characters; beyond it the score is missing.",
        ),
        OptionDoc::new(
            "params",
            OptionType::Table,
            "{}",
            "Parameters of the judge's calls, as for a candidate.",
        ),
    ],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "judge"
model = "anthropic/claude-sonnet-4-5"
rubric = "5: every claim is supported by the task and nothing is missing. 1: wrong or invented."
scale = "1-5"
extract = ["without_reasoning"]
params = { max_output_tokens = 500 }
"#,
    build: |options| Some(Engine::Judge(Box::new(read_judge(options)?))),
};
