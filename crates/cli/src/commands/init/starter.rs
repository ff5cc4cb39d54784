//! The texts that `init` starts from: prompt, items, scorers and rubric of each kind of task.

use trilemma_domain::TaskKind;

/// The project file, with `@NAMES@` to fill in.
pub(super) const PROJECT: &str = include_str!("../../../starters/project.toml");

/// The texts of one kind of task; `@NAMES@` are to be filled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Starter {
    pub(super) prompt: &'static str,
    pub(super) golden: &'static str,
    pub(super) scorers: &'static str,
    /// The rubric of its judge; `None` = it needs no judge.
    pub(super) rubric: Option<&'static str>,
}

macro_rules! starter {
    ($kind:literal) => {
        Starter {
            prompt: include_str!(concat!("../../../starters/", $kind, "/prompt.md")),
            golden: include_str!(concat!("../../../starters/", $kind, "/golden.jsonl")),
            scorers: include_str!(concat!("../../../starters/", $kind, "/scorers.toml")),
            rubric: None,
        }
    };
    ($kind:literal, judged) => {
        Starter {
            rubric: Some(include_str!(concat!(
                "../../../starters/",
                $kind,
                "/rubric.md"
            ))),
            ..starter!($kind)
        }
    };
}

impl Starter {
    /// The texts of a kind of task.
    pub(super) fn of(kind: TaskKind) -> Self {
        match kind {
            TaskKind::Classification => starter!("classification"),
            TaskKind::Extraction => starter!("extraction"),
            TaskKind::Generation => starter!("generation", judged),
            TaskKind::Summarization => starter!("summarization", judged),
            TaskKind::Reasoning => starter!("reasoning"),
            TaskKind::Code => starter!("code"),
            TaskKind::Rag => starter!("rag", judged),
            TaskKind::ToolUse => starter!("tool-use"),
            TaskKind::Other => starter!("other"),
        }
    }

    /// Retrieval where the documents are part of the input already.
    pub(super) fn rag_in_input() -> Self {
        Self {
            prompt: include_str!("../../../starters/rag/prompt_plain.md"),
            rubric: Some(include_str!("../../../starters/rag/rubric_plain.md")),
            ..Self::of(TaskKind::Rag)
        }
    }
}
