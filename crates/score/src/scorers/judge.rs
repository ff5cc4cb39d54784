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
            "The judge, as `provider/model`; this or `models` is required.",
        ),
        OptionDoc::bare(
            "models",
            OptionType::Texts,
            "Several judges, each asked about every answer.",
        ),
        OptionDoc::new(
            "combine",
            OptionType::Choice(&["mean", "majority"]),
            r#""mean""#,
            "How several judges make one score: `\"mean\"`, or `\"majority\"` of those who give at least 0.7.",
        ),
        OptionDoc::new(
            "mode",
            OptionType::Choice(&["rubric", "reference", "pairwise"]),
            r#""rubric""#,
            "`\"rubric\"`: grade the answer; `\"reference\"`: grade how well it agrees with the expected one; `\"pairwise\"`: compare it with another, in both orders: 1 = better, 0.5 = tie or a word that changes with the order, 0 = worse.",
        ),
        OptionDoc::new(
            "against",
            OptionType::Choice(&["incumbent", "expected"]),
            r#""incumbent""#,
            "The other answer of a pair: the `\"incumbent\"`'s to the same item, or the `\"expected\"` one.",
        ),
        OptionDoc::bare(
            "rubric",
            OptionType::TextOrFile,
            "What to judge by; a template that sees the item's fields; required with `mode = \"rubric\"`.",
        ),
        OptionDoc::new(
            "recheck",
            OptionType::Number,
            "0",
            "Share of the answers that each judge is asked about twice, to see how steady it is.",
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
            "The user message in place of the built-in one; sees `rubric`, `criteria`, `input`, `answer` (of a pair `answer_a` and `answer_b`), `expected`.",
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
        OptionDoc::bare(
            "price",
            OptionType::Table,
            "USD per million tokens of the judge's calls, as for a candidate; else the catalog's.",
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
extract = ["without_reasoning"]
params = { max_output_tokens = 500 }
"#,
    build: |options| Some(Engine::Judge(Box::new(read_judge(options)?))),
};
