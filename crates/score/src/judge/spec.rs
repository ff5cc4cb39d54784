//! Scorer `judge`: a model grades the answer by a rubric.
//!
//! In: options. Out: a specification that renders prompts and reads replies. Who may judge (a
//! family other than the candidates', privacy terms) is checked elsewhere.

use trilemma_domain::{Item, Params, ScoredOutcome};

use super::prompt::{self, DEFAULT_TEMPLATE, JudgePrompt, environment};
use super::reply;
use super::scale::Scale;
use crate::answer::Answer;
use crate::kind::{DefaultSteps, ExpectedUse, Needs, OptionDoc, OptionType, Runs, ScorerKind};
use crate::options::Options;
use crate::scorer::Engine;

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
    build,
};

/// A judge of a project, described.
#[derive(Debug, Clone)]
pub struct JudgeSpec {
    /// The judge, as `provider/model`.
    pub model: String,
    /// Parameters of its calls.
    pub params: Params,
    /// Its grades.
    pub scale: Scale,
    pub(super) rubric: String,
    pub(super) template: String,
    pub(super) show_expected: bool,
    pub(super) structured: bool,
    pub(super) max_chars: usize,
}

impl JudgeSpec {
    /// Renders the call for one answer, whose text has been extracted to `text`.
    pub(crate) fn prompt(
        &self,
        item: &Item,
        answer: &Answer<'_>,
        text: &str,
    ) -> Result<JudgePrompt, ScoredOutcome> {
        prompt::render(self, item, answer, text)
    }

    /// Reads the judge's reply; unreadable = `Failed`, never 0.
    #[must_use]
    pub fn read(&self, reply: &str) -> ScoredOutcome {
        reply::read(&self.scale, reply)
    }
}

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let model = options.required_text("model").map(str::to_owned);
    if let Some(name) = &model
        && trilemma_domain::ModelName::parse(name).is_none()
    {
        options.problem(
            "model",
            format!("`{name}` names no provider"),
            "write `provider/model`",
        );
    }
    let scale = Scale::read(options);
    let show_expected = options.flag("show_expected", true);
    let structured = options.flag("structured", false);
    let max_chars = options
        .count("max_chars", 1..=100_000_000)
        .unwrap_or(200_000);
    let params = read_params(options);
    let rubric = options.required_text("rubric").map(str::to_owned);
    let template = options.text("template").unwrap_or(DEFAULT_TEMPLATE);
    for (name, source) in [
        ("rubric", rubric.as_deref().unwrap_or_default()),
        ("template", template),
    ] {
        if let Err(error) = environment().template_from_str(source) {
            options.problem(
                name,
                format!("`{name}` is no valid template: {error}"),
                "see the minijinja syntax; write `{% raw %}…{% endraw %}` around literal braces",
            );
        }
    }
    Some(Engine::Judge(Box::new(JudgeSpec {
        model: model?,
        params: params?,
        scale: scale?,
        rubric: rubric?,
        template: template.to_owned(),
        show_expected,
        structured,
        max_chars: usize::try_from(max_chars).unwrap_or(usize::MAX),
    })))
}

fn read_params(options: &mut Options<'_>) -> Option<Params> {
    if !options.has("params") {
        return Some(Params::default());
    }
    let table = options.table("params")?;
    match serde_json::from_value(serde_json::Value::Object(table.clone())) {
        Ok(params) => Some(params),
        Err(error) => {
            options.problem(
                "params",
                format!("`params` cannot be read: {error}"),
                "write such as `{ max_output_tokens = 500, temperature = 0 }`",
            );
            None
        }
    }
}
