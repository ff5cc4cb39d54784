//! Scorer `command`: a program of the project scores the answer.
//!
//! In: options. Out: the table row; the protocol is in the module `command`.

use crate::command::read_command;
use crate::engine::Engine;
use crate::extract::DefaultSteps;
use crate::kind::{ExpectedUse, Needs, Runs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "command",
    doc: "The score that a program of the project gives; needs `--allow-code`.",
    needs: Needs {
        expected: ExpectedUse::Optional,
        runs: Runs::Code,
    },
    options: &[
        OptionDoc::bare(
            "command",
            OptionType::Texts,
            "The program and its arguments, run without a shell; required.",
        ),
        OptionDoc::new(
            "timeout_s",
            OptionType::Number,
            "30",
            "Longest run in seconds.",
        ),
        OptionDoc::new(
            "options",
            OptionType::Table,
            "{}",
            "Passed on to the program as they are.",
        ),
    ],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "command"
command = ["python3", "score_sql.py"]
timeout_s = 10
"#,
    build: |options| Some(Engine::Command(read_command(options)?)),
};
